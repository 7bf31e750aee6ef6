/** What is said of this device's keys and clock, and times as people here write them. */

import {conditionAt} from "../door/condition.ts";
import type {TrustBundle} from "../schemas/bundle.ts";
import {sentence} from "../schemas/catalogues.ts";
import type {Language} from "../schemas/languages.ts";

const HOUR = 3600;

/** How old the keys are, or why nothing can be checked and what to do. */
export function keysText(bundle: TrustBundle, now: number, language: Language): string {
  const {refused, isFresh} = conditionAt(bundle, now);
  if (refused !== null) return refused.text(language);
  const hours = Math.floor(Math.max(0, now - bundle.iat) / HOUR);
  const left = Math.floor((bundle.exp - now) / HOUR);
  return sentence(isFresh ? "keys_fresh" : "keys_old", language, {hours, left});
}

const DATES: Readonly<Record<Language, [locale: string, form: Intl.DateTimeFormatOptions]>> = {
  en: ["en-GB", {dateStyle: "medium", timeStyle: "short"}],
  ru: ["ru", {dateStyle: "medium", timeStyle: "short"}],
  // Not every browser knows the Kazakh months; in digits Kazakh dates look as Russian ones do.
  kk: [
    "ru",
    {year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit"},
  ],
};

/** A time as people at this device write it. */
export function localTime(seconds: number, language: Language): string {
  const [locale, form] = DATES[language];
  return new Intl.DateTimeFormat(locale, form).format(seconds * 1000);
}

/** The hour and minute of a time, where its date goes without saying. */
export function localHour(seconds: number, language: Language): string {
  const form = new Intl.DateTimeFormat(DATES[language][0], {hour: "2-digit", minute: "2-digit"});
  return form.format(seconds * 1000);
}
