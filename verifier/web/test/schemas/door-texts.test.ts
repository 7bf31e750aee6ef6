import texts from "@schemas/door_texts.json";
import {describe, expect, test} from "vitest";
import {
  checkId,
  outcomeSign,
  outcomeWord,
  paperTexts,
  sentence,
} from "../../src/schemas/door-texts.ts";
import {allHints} from "../../src/schemas/hints.ts";
import {LANGUAGES} from "../../src/schemas/languages.ts";
import type {Outcome} from "../../src/schemas/refusals.ts";

const OUTCOMES: Outcome[] = ["admit", "refuse", "cannot_check"];
const NAMES = Object.keys(texts.sentences) as (keyof typeof texts.sentences)[];

test("each outcome has a sign and a word of its own", () => {
  expect(new Set(OUTCOMES.map(outcomeSign)).size).toBe(3);
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
    expect([mark, advice]).toEqual([texts.paper.mark[language], texts.paper.advice[language]]);
    expect(mark).toBe(mark.toUpperCase());
  });

  test.each(NAMES)(
    "the sentence %s has its placeholders filled, as often as in English",
    (name) => {
      const placeholders = (text: string) => new Set(text.match(/\{\w+\}/g));
      expect(placeholders(texts.sentences[name][language])).toEqual(
        placeholders(texts.sentences[name].en),
      );
      const values = Object.fromEntries(
        [...placeholders(texts.sentences[name].en)].map((place) => [place.slice(1, -1), "$& {x}"]),
      );
      const told = sentence(name, language, values);
      expect(told).not.toBe("");
      expect(told.replaceAll("$& {x}", "")).not.toMatch(/[{}]/);
    },
  );
});
