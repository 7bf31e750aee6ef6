/** What a door says besides the reasons to refuse, in three languages: the texts of the command. */

import texts from "@schemas/door_texts.json";
import {fill, type Language} from "./languages.ts";
import type {Outcome} from "./refusals.ts";

/** A shape and a word for an outcome, so that it is never told by colour alone. */
export function outcomeSign(outcome: Outcome): string {
  return texts.outcomes[outcome].sign;
}

export function outcomeWord(outcome: Outcome, language: Language): string {
  return texts.outcomes[outcome][language];
}

/** The word that marks a pass on paper, and what staff must know of one. */
export function paperTexts(language: Language): {mark: string; advice: string} {
  return {mark: texts.paper.mark[language], advice: texts.paper.advice[language]};
}

/** What staff look for in an ID; `holder` is `"03"` or `"03-17"`. */
export function checkId(holder: string, language: Language): string {
  const [month, day] = holder.split("-").map(Number);
  const form = day === undefined ? "month" : "day";
  const name = texts.months[form][language][Number(month) - 1] ?? "";
  return fill(texts.check_id[form][language], {month: name, day: day ?? 0});
}

/** The sentence `name` of the file with its `{placeholders}` filled. */
export function sentence(
  name: keyof typeof texts.sentences,
  language: Language,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return fill(texts.sentences[name][language], values);
}
