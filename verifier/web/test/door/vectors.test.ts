/** The same cases as Python's, one file for each way to be admitted or refused. */

import {readdirSync, readFileSync} from "node:fs";
import {describe, expect, test} from "vitest";
import {type Decided, decide, type Given, read} from "../laboratory.ts";

const DOORS = new URL("../../../../tests/vectors/doors/", import.meta.url);
const cases = readdirSync(DOORS)
  .filter((file) => file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(new URL(file, DOORS), "utf-8")))
  .map((members) => members as Given & Decided & {name: string; bundle: string | null});

describe("a case decides as in Python:", () => {
  test.each(cases)("$name", async (members) => {
    const {bundle, root, outcome, reason, seconds, status, holder, asks_hint, paper} = members;
    const file = bundle && readFileSync(new URL(bundle, DOORS)).toString("base64");
    const decided = await decide(members, file ? await read(file, root) : null);
    expect(decided).toEqual({outcome, reason, seconds, status, holder, asks_hint, paper});
  });

  test("there are as many as there are files", () => {
    expect(cases.length).toBeGreaterThan(60);
  });
});
