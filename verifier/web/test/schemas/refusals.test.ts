/** Every reason and fault has its sentence in three languages, and the code of the JSON file. */

import faults from "@schemas/bundle_faults.json";
import refusals from "@schemas/refusals.json";
import en from "@schemas/texts/en.json";
import kk from "@schemas/texts/kk.json";
import ru from "@schemas/texts/ru.json";
import {describe, expect, test} from "vitest";
import {
  type BundleFault,
  BundleRejected,
  faultText,
  ODD_RULES,
} from "../../src/schemas/bundle-faults.ts";
import {durationText} from "../../src/schemas/durations.ts";
import {isLanguage, LANGUAGES} from "../../src/schemas/languages.ts";
import {type Reason, Refused} from "../../src/schemas/refusals.ts";

const REASONS = Object.keys(refusals) as Reason[];
const FAULTS = Object.keys(faults) as BundleFault[];
const TEXTS = {kk, ru, en};

describe.each(REASONS)("the reason %s", (reason) => {
  const refused = new Refused(reason, 4321);

  test("has the outcome and the code of the file", () => {
    expect([refused.outcome, refused.helpdesk]).toEqual([
      refusals[reason].outcome,
      refusals[reason].helpdesk,
    ]);
    expect(["refuse", "cannot_check"]).toContain(refused.outcome);
    expect(refused.helpdesk).toMatch(/^Q\d\d$/);
  });

  test.each(LANGUAGES)("is told in %s, with its minutes", (language) => {
    const text = refused.text(language);
    const difference = durationText(4321, language);
    expect(difference).toContain("72");
    expect(text).toBe(TEXTS[language][`${reason}_refusal`].replaceAll("{difference}", difference));
    expect(text).toMatch(/\p{L}{2}/u);
    expect(text).not.toMatch(/[{}]/);
  });
});

describe.each(FAULTS)("the fault %s", (fault) => {
  test.each(LANGUAGES)("is told in %s, with its code", (language) => {
    const {helpdesk} = faults[fault];
    const text = TEXTS[language][`${fault}_bundle_fault`];
    expect(faultText(fault, null, language)).toBe(`${text} (${helpdesk})`);
    expect(new BundleRejected(fault).fault).toBe(fault);
  });
});

describe.each(ODD_RULES)("what is odd: %s", (odd) => {
  test.each(LANGUAGES)("is told in %s, within the sentence of its fault", (language) => {
    const text = faultText("odd_rules", odd, language);
    expect(text).toContain(TEXTS[language][`${odd}_odd_rule`]);
    expect(text).not.toMatch(/[{}]/);
  });
});

test("no two have one code", () => {
  const codes = [...REASONS.map((reason) => new Refused(reason).helpdesk)];
  const all = [...codes, ...FAULTS.map((fault) => faults[fault].helpdesk)];
  expect(new Set(all).size).toBe(all.length);
});

test("a reason keeps no text of a code, and its seconds are zero unless told", () => {
  const refused = new Refused("stale");
  expect([refused.message, refused.seconds]).toEqual(["stale", 0]);
});

test("three languages are known", () => {
  expect(LANGUAGES.filter(isLanguage)).toEqual(["kk", "ru", "en"]);
  expect([isLanguage("de"), isLanguage(null), isLanguage("toString")]).toEqual([
    false,
    false,
    false,
  ]);
});
