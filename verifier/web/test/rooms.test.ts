/** The order of the rooms of src/, as the import contracts in pyproject.toml keep it for Python. */

import {readdirSync, readFileSync} from "node:fs";
import {dirname, join, relative} from "node:path";
import {fileURLToPath} from "node:url";
import {expect, test} from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** Each knows only those before its own line; rooms on one line do not know each other. */
const ORDER = [
  ["schemas"],
  ["texts"],
  ["texts.ts"],
  ["faults.ts"],
  ["browser"],
  ["trust"],
  ["door", "presence", "scanning"],
  ["workers"],
  ["ui"],
  ["page", "style.css"],
  ["main.ts"],
];

/** Who may import a package: all others see neither a storage nor a picture nor a curve. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  "@hpke/core": /^schemas\/trace\.ts$/,
  "@hpke/dhkem-x25519": /^schemas\/trace\.ts$/,
  "@noble/curves": /^schemas\/(hour-keys|log\/ed25519)\.ts$/,
  "@schemas": /^(schemas\/|faults\.ts$)/,
  "idb-keyval": /^browser\/storage\.ts$/,
  "lean-qr": /^presence\/check-in\.ts$/,
  "virtual:validators": /^schemas\//,
  "zxing-wasm": /^workers\/reader\.worker\.ts$/,
};

const VISITS = /^schemas\/(check-in|hour-keys|hours|trace)\.ts$/;
const PASSES = /^schemas\/(paper|presentation|token)\.ts$/;

const modules = readdirSync(SRC, {recursive: true, encoding: "utf-8"}).filter((file) => {
  return file.endsWith(".ts") && !file.endsWith(".d.ts");
});
const source = (file: string) => readFileSync(join(SRC, file), "utf-8");
const roomOf = (file: string) => file.split("/")[0] ?? "";
const levelOf = (file: string) => ORDER.findIndex((rooms) => rooms.includes(roomOf(file)));

/** What a module imports, types and workers included: files of src/ and names of packages. */
function importsOf(file: string): string[] {
  const names = source(file).matchAll(/(?:\bfrom |\bimport\(?|new URL\()\s*"([^"]+)"/g);
  return [...names].map(([, name = ""]) => {
    return name.startsWith(".") ? relative(SRC, join(SRC, dirname(file), name)) : name;
  });
}

const isPackage = (name: string) => /^(@|virtual:|idb-|lean-|zxing-)/.test(name);
const owner = (name: string) =>
  Object.keys(PACKAGES).find((key) => `${name}/`.startsWith(`${key}/`));

test("each module stands in a room of the order", () => {
  expect(modules.length).toBeGreaterThan(50);
  expect(modules.filter((file) => levelOf(file) < 0)).toEqual([]);
});

test.each(modules)("%s knows only its own room and those before it", (file) => {
  const known = importsOf(file).filter((name) => !isPackage(name));
  const isAllowed = (other: string) =>
    roomOf(other) === roomOf(file) || (levelOf(other) >= 0 && levelOf(other) < levelOf(file));
  expect(known.filter((other) => !isAllowed(other))).toEqual([]);
});

test.each(modules)("%s imports only packages that are its own", (file) => {
  const names = importsOf(file).filter(isPackage);
  expect(names.filter((name) => !PACKAGES[owner(name) ?? ""]?.test(file))).toEqual([]);
});

test("what decides knows neither a network, a storage, an element of the page nor a visit", () => {
  const door = modules.filter((file) => roomOf(file) === "door");
  const known = door.flatMap(importsOf);
  expect(door.length).toBeGreaterThan(0);
  expect(known.filter((name) => !/^(door|schemas)\//.test(name))).toEqual([]);
  expect(known.filter((name) => VISITS.test(name))).toEqual([]);
});

test("what has seeds knows no pass", () => {
  const presence = modules.filter((file) => roomOf(file) === "presence");
  expect(presence.flatMap(importsOf).filter((name) => PASSES.test(name))).toEqual([]);
});

test("only an update uses the network, and one module reads the clock", () => {
  const using = (words: RegExp) => modules.filter((file) => words.test(source(file)));
  expect(using(/\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon/)).toEqual(["trust/update.ts"]);
  expect(using(/\bDate\.now\(|new Date\(\)/)).toEqual(["browser/clock.ts"]);
});
