/** Certificates and cards of other systems at the door, as tests/foreign has them in Python. */

import {describe, expect, test} from "vitest";
import {SeenSet} from "../../src/door/seen.ts";
import {verify} from "../../src/door/verification.ts";
import {parseCheckIn} from "../../src/schemas/check-in.ts";
import {foreignTexts} from "./vectors.ts";

const DOOR = {bundle: null, policy: undefined, now: 0, seen: new SeenSet()};

describe.each(["eu_certificates", "smart_cards"])("%s:", (name) => {
  test.each(foreignTexts(name))("text %# is no pass and no check-in code", async (text) => {
    for (const spelt of [text, `${text}\r\n`, text.trim(), text.toUpperCase()]) {
      await expect(verify(spelt, DOOR)).rejects.toMatchObject({reason: "not_a_pass"});
      expect(() => parseCheckIn(spelt)).toThrow();
    }
  });
});
