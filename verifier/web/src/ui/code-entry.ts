/** Codes that are entered without the camera: by a handheld scanner, by pasting, as text. */

import {KeyboardScanner} from "../scanning/keyboard.ts";
import {dialog, element, input, onClick} from "./elements.ts";

const END_KEYS = ["Enter", "Tab"];

/** Call `onText` with each code that is typed or pasted outside of a field. */
export function listenForCodes(onText: (text: string) => void): void {
  const scanner = new KeyboardScanner();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (text: string | null): void => {
    if (text !== null) onText(text);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!isTyped(event, scanner.isEmpty)) return;
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(timer);
    if (END_KEYS.includes(event.key)) {
      tell(scanner.finish());
    } else {
      scanner.add(event);
      timer = setTimeout(() => tell(scanner.pause()), scanner.patience);
    }
  };
  addEventListener("keydown", onKey, {capture: true});
  // Some browsers press a button when the space bar comes up again.
  addEventListener("keyup", (event) => scanner.isEmpty || event.preventDefault(), {capture: true});
  document.addEventListener("paste", (event) => {
    if (isInField(event)) return;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text !== "") onText(text);
  });
}

/**
 * Call `onText` with what is entered in the dialog.
 *
 * However the dialog is left, nothing of a code stays in it.
 */
export function listenForText(onText: (text: string) => void): void {
  onClick("open-text", () => dialog("text-entry").showModal());
  dialog("text-entry").addEventListener("close", () => {
    input("text-code").value = "";
  });
  element("text-form").addEventListener("submit", () => {
    const text = input("text-code").value;
    dialog("text-entry").close();
    if (text !== "") onText(text);
  });
}

/** With nothing typed yet, Enter, Tab and the space bar keep their meaning for whoever uses keys. */
function isTyped(event: KeyboardEvent, isEmpty: boolean): boolean {
  if (isInField(event) || event.ctrlKey || event.metaKey || event.altKey) return false;
  const isEnd = END_KEYS.includes(event.key);
  return isEnd || event.key === " " ? !isEmpty : event.key.length === 1;
}

/** Where a person writes or chooses something. */
function isInField(event: Event): boolean {
  const place = event.target instanceof Element ? event.target : null;
  return place?.closest("input:not([type=checkbox], [type=radio], [type=file]), select") != null;
}
