/** What JSON.parse forgives and Qupia does not. */

import {expect, test} from "vitest";
import {ascii, InvalidText} from "../../src/schemas/encoding.ts";
import {NESTING_LIMIT, parseJsonObject} from "../../src/schemas/json.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const nested = (levels: number) => `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;

test.each([
  ["{}", {}],
  [
    '{"a":1.0,"b":-0.5e-2,"c":[1e3,"\\ud83d\\ude00",null,true]}',
    {a: 1, b: -0.005, c: [1000, "😀", null, true]},
  ],
  ['{"a":{"a":{"a":1}},"A":2}', {a: {a: {a: 1}}, A: 2}],
  ['{"\\":\\"":"{\\"a\\":1,\\"a\\":2}"}', {'":"': '{"a":1,"a":2}'}],
])("%s is read", (text, value) => expect(parseJsonObject(utf8(text))).toEqual(value));

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"a":[{"b":{"c":1,"d":2,"c":3}}]}',
  '{"__proto__":1,"__proto__":2}',
  '{"a":1e999}',
  '{"a":[-1e999]}',
  `{"a":${"9".repeat(309)}}`,
  '{"a":"\\ud800"}',
  '{"a":["\\udc00\\ud800"]}',
  '{"\\ud800":1}',
  '{"a":NaN}',
  "[]",
  "null",
  "7",
  '"text"',
  "",
  "{}{}",
  "\ufeff{}",
])("%s is refused", (text) => expect(() => parseJsonObject(utf8(text))).toThrow(InvalidText));

test("bytes that are not UTF-8 are refused", () => {
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf0, 0x9f]]) {
    const data = Uint8Array.of(...ascii('{"a":"'), ...bytes, ...ascii('"}'));
    expect(() => parseJsonObject(data)).toThrow(InvalidText);
  }
});

test("as many levels are read as Python reads, and no more", () => {
  expect(parseJsonObject(utf8(nested(NESTING_LIMIT - 1)))).toHaveProperty("a");
  expect(() => parseJsonObject(utf8(nested(NESTING_LIMIT)))).toThrow(InvalidText);
  expect(() => parseJsonObject(utf8(nested(100_000)))).toThrow(InvalidText);
});

test("a member named __proto__ is a member like others", () => {
  const value = parseJsonObject(utf8('{"__proto__":{"alg":"none"}}'));
  expect(Object.keys(value)).toEqual(["__proto__"]);
  expect(value.alg).toBeUndefined();
});
