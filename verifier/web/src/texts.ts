/** What the page says besides the sentences that it shares with the command. */

import {Catalogue, type NameIn} from "./schemas/catalogues.ts";
import type {Language} from "./schemas/languages.ts";
import en from "./texts/en.json";
import kk from "./texts/kk.json";
import ru from "./texts/ru.json";

export type TextName = NameIn<typeof en>;

const CATALOGUE = new Catalogue<TextName>({kk, ru, en});

/** The text `name` with its `{placeholders}` filled. */
export function say(
  name: TextName,
  language: Language,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return CATALOGUE.say(name, language, values);
}

export function isTextName(name: string): name is TextName {
  return CATALOGUE.knows(name);
}
