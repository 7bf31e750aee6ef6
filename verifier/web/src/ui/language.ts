/** The page in the language of its user. */

import {isLanguage, LANGUAGES, type Language} from "../schemas/languages.ts";
import {isTextName, say} from "../texts.ts";
import {offer} from "./elements.ts";

const NAMES: Readonly<Record<Language, string>> = {kk: "Қазақша", ru: "Русский", en: "English"};

/** Fill every text of index.html. */
export function translate(language: Language): void {
  document.documentElement.lang = language;
  document.title = say("title", language);
  for (const place of document.querySelectorAll<HTMLElement>("[data-text], [data-label]")) {
    const {text = "", label = ""} = place.dataset;
    if (isTextName(text)) place.textContent = say(text, language);
    if (isTextName(label)) place.ariaLabel = say(label, language);
  }
  for (const place of languageSelects()) {
    offer(
      place,
      LANGUAGES.map((id) => [id, NAMES[id]] as const),
      language,
    );
    for (const option of place.options) option.lang = option.value;
  }
}

function languageSelects(): Iterable<HTMLSelectElement> {
  return document.querySelectorAll<HTMLSelectElement>("select.languages");
}

/** Call `take` with the language that somebody chooses, wherever on the page. */
export function onLanguage(take: (language: Language) => void): void {
  for (const place of languageSelects()) {
    place.addEventListener("change", () => {
      if (isLanguage(place.value)) take(place.value);
    });
  }
}
