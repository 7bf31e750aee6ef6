/** Text forms of bytes: base64url, base64 and base45. Each value has exactly one form. */

/** Bytes that WebCrypto takes: not shared with another thread. */
export type Bytes = Uint8Array<ArrayBuffer>;

const BASE45_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"; // RFC 9285 section 4.2.
const BASE64URL_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NOT_A_DIGIT = 255;
const BASE45_DIGITS = digitsOf(BASE45_ALPHABET);
const BASE64URL_DIGITS = digitsOf(BASE64URL_ALPHABET);

/** A text in an encoding of this module is not in its one form. */
export class InvalidText extends Error {}

/** Base64url without padding (RFC 4648 section 5). */
export function b64urlEncode(data: Bytes): string {
  let text = "";
  for (let at = 0; at < data.length; at += 3) {
    const bits = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    const count = Math.min(data.length - at, 3) + 1;
    for (let place = 0; place < count; place++) {
      text += BASE64URL_ALPHABET.charAt((bits >> (18 - 6 * place)) & 63);
    }
  }
  return text;
}

/** The inverse of {@link b64urlEncode}; throws InvalidText for any other form of the bytes. */
export function b64urlDecode(text: string): Bytes {
  const rest = text.length % 4;
  if (rest === 1) throw new InvalidText("not base64url");
  const data = new Uint8Array((text.length * 3) >> 2);
  let bits = 0;
  for (let at = 0, size = 0; at < text.length; at++) {
    bits = ((bits << 6) | digit(BASE64URL_DIGITS, text.charCodeAt(at))) & 0xffffff;
    if (at % 4 > 0) data[size++] = bits >> (2 * (3 - (at % 4)));
  }
  // Unused bits that are not zero would give the same bytes a second form.
  const unused = rest === 2 ? 15 : rest === 3 ? 3 : 0;
  if (bits & unused) throw new InvalidText("not canonical base64url");
  return data;
}

/** Base64 with padding (RFC 4648 section 4); throws InvalidText for another form of the bytes. */
export function b64Decode(text: string): Bytes {
  const [, digits = ""] = text.match(/^([A-Za-z0-9+/]*)={0,2}$/) ?? [];
  if (text.length % 4 > 0 || text.length - digits.length !== (4 - (digits.length % 4)) % 4) {
    throw new InvalidText("not base64");
  }
  return b64urlDecode(digits.replaceAll("+", "-").replaceAll("/", "_"));
}

/** Base45 (RFC 9285 section 4): three characters for two bytes, two for a last single one. */
export function base45Encode(data: Bytes): string {
  let text = "";
  for (let at = 0; at < data.length; at += 2) {
    const group = data.slice(at, at + 2);
    let value = group.reduce((number, byte) => 256 * number + byte, 0);
    for (let place = 0; place <= group.length; place++) {
      text += BASE45_ALPHABET.charAt(value % 45);
      value = Math.floor(value / 45);
    }
  }
  return text;
}

/**
 * The inverse of {@link base45Encode}; throws InvalidText for anything else.
 *
 * Three digits c, d, e stand for c + 45 d + 45² e, which must fit 16 bits, and two last ones for
 * c + 45 d, which must fit eight (RFC 9285 section 4).
 */
export function base45Decode(text: string): Bytes {
  const rest = text.length % 3;
  if (rest === 1) throw new InvalidText("not base45");
  const whole = text.length - rest;
  const data = new Uint8Array((whole / 3) * 2 + (rest && 1));
  for (let at = 0, size = 0; at < whole; at += 3, size += 2) {
    const pair = base45Value(text, at, 3, 0xffff);
    data[size] = pair >> 8;
    data[size + 1] = pair & 0xff;
  }
  if (rest) data[data.length - 1] = base45Value(text, whole, 2, 0xff);
  return data;
}

function base45Value(text: string, at: number, digits: number, largest: number): number {
  let value = 0;
  for (let place = digits - 1; place >= 0; place--) {
    value = 45 * value + digit(BASE45_DIGITS, text.charCodeAt(at + place));
  }
  if (value > largest) throw new InvalidText("not base45");
  return value;
}

/** Bytes of a text whose characters are all ASCII. */
export function ascii(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** `length` bytes, big-endian, of a whole number below 2³². */
export function bigEndian(value: number, length: number): Bytes {
  return Uint8Array.from({length}, (_, at) => (value / 256 ** (length - 1 - at)) & 0xff);
}

/** One array of all `parts`. */
export function concat(...parts: Bytes[]): Bytes {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether two arrays have the same bytes. */
export function isSame(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Lower-case hex: bytes as the key of a Map. */
export function hex(data: Bytes): string {
  let text = "";
  for (const byte of data) text += byte.toString(16).padStart(2, "0");
  return text;
}

function digitsOf(alphabet: string): Uint8Array {
  const digits = new Uint8Array(128).fill(NOT_A_DIGIT);
  for (const [value, character] of [...alphabet].entries()) {
    digits[character.charCodeAt(0)] = value;
  }
  return digits;
}

function digit(digits: Uint8Array, code: number): number {
  const value = digits[code] ?? NOT_A_DIGIT;
  if (value === NOT_A_DIGIT) throw new InvalidText("a character outside the alphabet");
  return value;
}
