/** JSON read as strictly as the other programs of Qupia read it. */

import {InvalidText} from "./encoding.ts";

export type JsonObject = {readonly [name: string]: unknown};

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|-?\d[^\s,\]}]*|[a-z]+/g;

/** A JSON object without duplicate members or numbers out of range; throws InvalidText. */
export function parseJsonObject(data: Uint8Array): JsonObject {
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(data);
    value = JSON.parse(text);
    checkTokens(text);
  } catch {
    throw new InvalidText("not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidText("not a JSON object");
  }
  return value as JsonObject;
}

/**
 * JSON.parse forgives what two readers could understand in two ways: of members with one name it
 * takes the last, of a number out of range it makes infinity, and it accepts half characters.
 */
function checkTokens(text: string): void {
  const objects: (Set<string> | null)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    switch (token) {
      case "{":
        objects.push(new Set());
        break;
      case "[":
        objects.push(null);
        break;
      case "}":
      case "]":
        objects.pop();
        break;
      case ":":
        addMember(objects.at(-1), JSON.parse(last));
        break;
      default:
        checkScalar(token);
    }
    last = token;
  }
}

function addMember(names: Set<string> | null | undefined, name: string): void {
  if (names?.has(name)) throw new InvalidText("duplicate member");
  names?.add(name);
}

function checkScalar(token: string): void {
  const isText = token.startsWith('"');
  const bad = isText
    ? token.includes("\\u") && !(JSON.parse(token) as string).isWellFormed()
    : /\d/.test(token) && !Number.isFinite(Number(token));
  if (bad) throw new InvalidText("not a text or number of JSON");
}
