/** The elements of index.html by their ids, and files for the user. */

import type {Bytes} from "../schemas/encoding.ts";

/** The element; throws where the page and its script do not belong together. */
export function element<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found as Element as T;
}

export const button = (id: string): HTMLButtonElement => element(id);
export const dialog = (id: string): HTMLDialogElement => element(id);
export const input = (id: string): HTMLInputElement => element(id);
export const select = (id: string): HTMLSelectElement => element(id);

/** Show a text, or hide the element for null. What stays the same is not announced again. */
export function show(id: string, text: string | null): void {
  const place = element(id);
  place.hidden = text === null;
  if (place.textContent !== (text ?? "")) place.textContent = text;
}

/** Give a select its choices; `chosen` is the value that is selected. The same are left alone. */
export function offer(
  place: HTMLSelectElement,
  choices: readonly (readonly [value: string, name: string])[],
  chosen: string,
): void {
  const offered = Array.from(place.options, ({value, text}) => [value, text]);
  // A list that somebody has opened must not be taken away under the finger.
  if (JSON.stringify(offered) !== JSON.stringify(choices)) {
    place.replaceChildren(...choices.map(([value, name]) => new Option(name, value)));
  }
  if (place.value !== chosen) place.value = chosen;
}

/** Replace a list's items. A list that stays the same is left alone, so nobody reads it out again. */
export function list(id: string, lines: readonly string[]): void {
  const place = element(id);
  const shown = Array.from(place.children, (item) => item.textContent);
  if (lines.join("\n") === shown.join("\n")) return;
  const items = lines.map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  });
  place.replaceChildren(...items);
}

/**
 * Send the focus to the heading if `focused`, which had it before a change, is shown no more.
 *
 * Some browsers take the focus away at once and others never, so what has it now does not tell.
 */
export function keepFocus(focused: Element | null): void {
  if (focused === null || focused === document.body) return;
  if (focused.getClientRects().length > 0) return;
  const now = document.activeElement;
  if (now === focused || now === document.body) element("heading").focus();
}

/** Call `take` with each file that is chosen; the same one can be chosen again. */
export function onFile(id: string, take: (file: File) => void): void {
  const place = input(id);
  place.addEventListener("change", () => {
    const [file] = place.files ?? [];
    if (file !== undefined) take(file);
    place.value = "";
  });
}

export function onClick(id: string, act: () => void): void {
  element(id).addEventListener("click", act);
}

/** Let the buttons that are marked for it close the dialog that they stand in. */
export function closeDialogsByButton(): void {
  for (const place of document.querySelectorAll("[data-closes]")) {
    place.addEventListener("click", () => place.closest("dialog")?.close());
  }
}

/** Milliseconds for which it is said why nothing happens. */
const SAID_MS = 5000;

let saying: ReturnType<typeof setTimeout> | undefined;

/** Say something for a few seconds at the top of the dialog that is open. */
export function sayInDialog(text: string): void {
  const place = element("said");
  document.querySelector("dialog[open]")?.prepend(place);
  show("said", text);
  clearTimeout(saying);
  saying = setTimeout(() => show("said", null), SAID_MS);
}

/** Let the browser save a file, as it saves whatever is downloaded. */
export function saveFile(name: string, data: Bytes): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([data]));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
