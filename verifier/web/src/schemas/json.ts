/** JSON in the one way in which every reader understands it (RFC 7493): schemas/jws.py likewise. */

import {InvalidText} from "./encoding.ts";

export type JsonObject = {readonly [name: string]: unknown};

/** Levels of lists and objects, so that it does not hang on how deep a reader can go. */
export const NESTING_LIMIT = 64;

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];

/**
 * A JSON object; throws InvalidText for anything else.
 *
 * JSON.parse forgives what two readers could understand in two ways: of members with one name it
 * takes the last, of a number out of range it makes infinity, and it accepts half characters.
 */
export function parseJsonObject(data: Uint8Array): JsonObject {
  const [text, value] = parse(data);
  if (!isContainer(value) || Array.isArray(value)) throw new InvalidText("not a JSON object");
  if (countChecked(value) !== countWritten(text)) throw new InvalidText("duplicate member");
  return value as JsonObject;
}

function parse(data: Uint8Array): [text: string, value: unknown] {
  try {
    const text = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(data);
    return [text, JSON.parse(text)];
  } catch {
    throw new InvalidText("not JSON");
  }
}

/** How many members the value and all in it have, once its scalars and its depth are right. */
function countChecked(value: object): number {
  let members = 0;
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > NESTING_LIMIT) throw new InvalidText("nested too deeply");
    const names = level.flatMap((item) => (Array.isArray(item) ? [] : Object.keys(item)));
    const children = level.flatMap((item) => Object.values(item) as unknown[]);
    level = children.filter(isContainer);
    if (!names.every(isSound) || !children.every(isSound)) throw new InvalidText("not JSON");
    members += names.length;
  }
  return members;
}

/** How many members are written in a text that JSON.parse has read: its colons outside of texts. */
function countWritten(text: string): number {
  let members = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) quoted = !quoted;
    else if (code === BACKSLASH) at++;
    else if (code === COLON && !quoted) members++;
  }
  return members;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isSound(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "string" || value.isWellFormed();
}
