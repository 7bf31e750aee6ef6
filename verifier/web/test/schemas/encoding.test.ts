/** Text forms of bytes against Node's own coders, and against the examples of RFC 9285. */

import {expect, test} from "vitest";
import {
  ascii,
  b64urlDecode,
  b64urlEncode,
  base45Decode,
  base45Encode,
  bigEndian,
  concat,
  hex,
  InvalidText,
} from "../../src/schemas/encoding.ts";

const EVERY_BYTE = Uint8Array.from({length: 256}, (_, byte) => byte);

test("bytes of each length become the base64url that Node makes, and come back", () => {
  for (let length = 0; length <= 256; length++) {
    for (const data of [EVERY_BYTE.slice(0, length), EVERY_BYTE.slice(256 - length)]) {
      const text = Buffer.from(data).toString("base64url");
      expect(b64urlEncode(data)).toBe(text);
      expect(b64urlDecode(text)).toEqual(data);
    }
  }
});

test("all pairs of bytes come back", () => {
  for (let pair = 0; pair < 65_536; pair++) {
    const data = Uint8Array.of(pair >> 8, pair & 0xff);
    expect(hex(b64urlDecode(b64urlEncode(data)))).toBe(pair.toString(16).padStart(4, "0"));
  }
});

test("of all texts of two and three digits only those with unused bits of zero are read", () => {
  const digits = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
  const isRead = (text: string) => {
    try {
      return b64urlEncode(b64urlDecode(text)) === text;
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidText);
      return false;
    }
  };
  expect(digits.filter((last) => isRead(`A${last}`)).join("")).toBe("AQgw");
  expect(digits.filter((last) => isRead(`AA${last}`)).join("")).toBe("AEIMQUYcgkosw048");
});

test.each(["A", "AAAAA", "AA==", "A+", "A/", "AA\n", " AA", "AАAA", "AA😀", "\ud800A", "\0A"])(
  "%j is not base64url",
  (text) => expect(() => b64urlDecode(text)).toThrow(InvalidText),
);

test.each([
  ["BB8", "AB"],
  ["%69 VD92EX0", "Hello!!"],
  ["UJCLQE7W581", "base-45"],
])("the example %s of RFC 9285 is read and written", (text, words) => {
  expect(base45Decode(text)).toEqual(ascii(words));
  expect(base45Encode(ascii(words))).toBe(text);
});

test("all pairs of bytes have one form in base45", () => {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
  for (let pair = 0; pair < 65_536; pair++) {
    const [c, d, e] = [pair % 45, Math.floor(pair / 45) % 45, Math.floor(pair / 2025)];
    const text = [c, d, e].map((value) => alphabet[value]).join("");
    expect(hex(base45Decode(text))).toBe(pair.toString(16).padStart(4, "0"));
  }
});

test("a last single byte has one form of two characters", () => {
  for (const byte of EVERY_BYTE) {
    const text = base45Encode(Uint8Array.of(1, 2, byte));
    expect(text.length).toBe(5);
    expect(base45Decode(text)).toEqual(Uint8Array.of(1, 2, byte));
  }
});

test.each(["GGW", ":::", "0", "::", "V5", "0000", "00a", "00А", "00\n", "00_", "0😀"])(
  "%j is not base45",
  (text) => expect(() => base45Decode(text)).toThrow(InvalidText),
);

test("numbers and parts stand in their order", () => {
  expect(bigEndian(0xfffefdfc, 4)).toEqual(Uint8Array.of(0xff, 0xfe, 0xfd, 0xfc));
  expect(bigEndian(258, 2)).toEqual(Uint8Array.of(1, 2));
  expect(concat(Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3))).toEqual(
    Uint8Array.of(1, 2, 3),
  );
});
