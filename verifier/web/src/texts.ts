/** What the page says besides the texts that it shares with the command, in three languages. */

import {fill, type Language} from "./schemas/languages.ts";
import texts from "./texts.json";

export type TextName = keyof typeof texts;

/** The text `name` with its `{placeholders}` filled. */
export function say(
  name: TextName,
  language: Language,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return fill(texts[name][language], values);
}

export function isTextName(name: string): name is TextName {
  return Object.hasOwn(texts, name);
}
