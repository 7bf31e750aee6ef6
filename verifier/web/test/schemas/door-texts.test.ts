import {readFileSync} from "node:fs";
import en from "@schemas/texts/en.json";
import kk from "@schemas/texts/kk.json";
import ru from "@schemas/texts/ru.json";
import {describe, expect, test} from "vitest";
import {Catalogue, type SentenceName, sentence} from "../../src/schemas/catalogues.ts";
import {checkId, outcomeWord, paperTexts} from "../../src/schemas/door-texts.ts";
import {allHints} from "../../src/schemas/hints.ts";
import {LANGUAGES} from "../../src/schemas/languages.ts";
import type {Outcome} from "../../src/schemas/refusals.ts";

const OUTCOMES: Outcome[] = ["admit", "refuse", "cannot_check"];
const TEXTS = {kk, ru, en};
const NAMES = Object.keys(en) as (keyof typeof en)[];
const PLURALS = new URL("../../../../tests/vectors/plurals.json", import.meta.url);

test("each outcome has a word of its own", () => {
  for (const language of LANGUAGES) {
    expect(new Set(OUTCOMES.map((outcome) => outcomeWord(outcome, language))).size).toBe(3);
  }
});

test("staff are told a month, or a day and its month", () => {
  expect(checkId("03", "en")).toBe("check ID: born in March");
  expect(checkId("03-07", "en")).toBe("check ID: born on 7 March");
  expect(checkId("03-17", "ru")).toBe("проверьте документ: день рождения — 17 марта");
  expect(checkId("12", "kk")).toBe("құжатын тексеріңіз: желтоқсанда туған");
});

describe.each(LANGUAGES)("in %s", (language) => {
  test("each hint is told in words of its own, with nothing left to fill", () => {
    const hints = [...allHints("month"), ...allHints("day")] as string[];
    const told = hints.map((hint) => checkId(hint, language));
    expect(new Set(told).size).toBe(12 + 366);
    expect(told.filter((text) => /[{}]|undefined|NaN/.test(text))).toEqual([]);
  });

  test("paper is marked with a word, and staff are told why they look at the ID", () => {
    const {mark, advice} = paperTexts(language);
    expect(mark).toBe(mark.toUpperCase());
    expect(advice).toMatch(/\.$/);
  });

  test("a word takes the form that goes with its number", () => {
    const forms = ["one", "few", "many", "other"].map((form) => [`passes_${form}`, form]);
    const texts = Object.fromEntries(forms);
    const catalogue = new Catalogue<"passes">({kk: texts, ru: texts, en: texts});
    const wanted = JSON.parse(readFileSync(PLURALS, "utf-8"))[language];
    for (const [form, counts] of Object.entries<number[]>(wanted)) {
      const told = counts.map((count) => catalogue.say("passes", language, {count}));
      expect(new Set(told)).toEqual(new Set([form]));
    }
  });

  test.each(NAMES)(
    "the sentence %s has its placeholders filled, as often as in English",
    (name) => {
      const placeholders = (text: string) => new Set(text.match(/\{\w+\}/g));
      expect(placeholders(TEXTS[language][name])).toEqual(placeholders(en[name]));
      const values = Object.fromEntries(
        [...placeholders(en[name])].map((place) => [place.slice(1, -1), "$& {x}"]),
      );
      const told = sentence(name as SentenceName, language, values);
      expect(told).not.toBe("");
      expect(told.replaceAll("$& {x}", "")).not.toMatch(/[{}]/);
    },
  );
});
