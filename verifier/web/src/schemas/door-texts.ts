/** What a door says of a verdict besides the reasons to refuse. */

import {type SentenceName, sentence} from "./catalogues.ts";
import type {Language} from "./languages.ts";
import type {Outcome} from "./refusals.ts";

export function outcomeWord(outcome: Outcome, language: Language): string {
  return sentence(`outcome_${outcome}`, language);
}

/** The word that marks a pass on paper, and what staff must know of one. */
export function paperTexts(language: Language): {mark: string; advice: string} {
  return {mark: sentence("paper_mark", language), advice: sentence("paper_advice", language)};
}

/** What staff look for in an ID; `holder` is `"03"` or `"03-17"`. */
export function checkId(holder: string, language: Language): string {
  const [month, day] = holder.split("-");
  const form = day === undefined ? "month" : "day";
  const name = sentence(`born_${form}_${month}` as SentenceName, language);
  return sentence(`check_id_${form}`, language, {month: name, day: Number(day ?? 0)});
}
