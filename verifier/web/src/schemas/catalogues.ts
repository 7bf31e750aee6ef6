/** What people read: a catalogue is one flat file a language, of names and sentences. */

import en from "@schemas/texts/en.json";
import kk from "@schemas/texts/kk.json";
import ru from "@schemas/texts/ru.json";
import {fill, type Language} from "./languages.ts";

type Values = Readonly<Record<string, string | number>>;
type Texts = Readonly<Record<string, string>>;

/** The names of a file; a sentence that counts has a form for each category, and one name. */
export type NameIn<File> = Plain<Extract<keyof File, string>>;
type Plain<Key> = Key extends `${infer Name}_${"one" | "few" | "many" | "other"}` ? Name : Key;

export class Catalogue<Name extends string> {
  readonly #texts: Readonly<Record<Language, Texts>>;

  constructor(texts: Readonly<Record<Language, Texts>>) {
    this.#texts = texts;
  }

  knows(name: string): name is Name {
    return Object.hasOwn(this.#texts.en, name) || Object.hasOwn(this.#texts.en, `${name}_other`);
  }

  /** The sentence `name` with its `{placeholders}` filled; `count` chooses among its forms. */
  say(name: Name, language: Language, values: Values = {}): string {
    const texts = this.#texts[language];
    const form = () => `${name}_${new Intl.PluralRules(language).select(Number(values.count))}`;
    return fill(texts[name] ?? texts[form()] ?? "", values);
  }
}

export type SentenceName = NameIn<typeof en>;

/** What the page says in common with the command. */
export const sentences = new Catalogue<SentenceName>({kk, ru, en});

export function sentence(name: SentenceName, language: Language, values: Values = {}): string {
  return sentences.say(name, language, values);
}
