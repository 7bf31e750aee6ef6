/** Codes that are entered without the camera: by a handheld scanner, by pasting, as text. */

import {isEnd, KeyboardScanner, LastEnd} from "../scanning/keyboard.ts";
import {readTyped, type Typed, typed} from "../scanning/typed.ts";
import {dialog, element, input, onClick} from "./elements.ts";

/** What browsers call keys that have no character of their own yet. */
const UNNAMED = ["Dead", "Process", "Unidentified"];

/** Characters of the shortest code: one for the set-up. */
const SHORTEST_CODE = 50;

const lastEnd = new LastEnd();

/** Call `onCode` with each code that is typed or pasted outside of a field. */
export function listenForCodes(onCode: (code: Typed) => void): void {
  const scanner = new KeyboardScanner();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (code: Typed | null): void => {
    if (code !== null) onCode(code);
  };
  const onEnd = (event: KeyboardEvent): void => {
    clearTimeout(timer);
    lastEnd.mark(event.timeStamp);
    tell(scanner.finish());
  };
  const onCharacter = (event: KeyboardEvent): void => {
    clearTimeout(timer);
    scanner.add(event);
    timer = setTimeout(() => tell(scanner.pause()), scanner.patience);
  };
  const onKey = (event: KeyboardEvent): void => {
    const isLate = isEnd(event) && scanner.isEmpty && lastEnd.takes(event.timeStamp);
    if (!isLate && !isTyped(event, scanner.isEmpty)) return;
    stop(event);
    if (isLate) return;
    if (isEnd(event)) onEnd(event);
    else onCharacter(event);
  };
  addEventListener("keydown", onKey, {capture: true});
  // Some browsers press a button when the space bar comes up again.
  addEventListener("keyup", (event) => scanner.isEmpty || event.preventDefault(), {capture: true});
  for (const event of ["pointerdown", "input", "paste"]) {
    addEventListener(event, () => lastEnd.forget(), {capture: true});
  }
  addEventListener("input", ({target}) => {
    const code = codeInField(target);
    if (code !== null) onCode(code);
  });
  document.addEventListener("paste", (event) => {
    if (isInField(event)) return;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text !== "") onCode({text, isGarbled: false});
  });
}

/**
 * Call `onCode` with what is entered in the dialog.
 *
 * However the dialog is left, nothing of a code stays in it.
 */
export function listenForText(onCode: (code: Typed) => void): void {
  const field = input("text-code");
  const enter = (): void => {
    const text = field.value;
    dialog("text-entry").close();
    if (text !== "") onCode(typed(text));
  };
  onClick("open-text", () => dialog("text-entry").showModal());
  dialog("text-entry").addEventListener("close", () => {
    field.value = "";
  });
  field.addEventListener("keydown", (event) => {
    // A person's Tab goes to the next control; a scanner's is the end of a whole code.
    if (!isEnd(event) || (event.key !== "Enter" && readTyped(field.value) === null)) return;
    stop(event);
    lastEnd.mark(event.timeStamp);
    enter();
  });
  element("text-form").addEventListener("submit", (event) => {
    event.preventDefault();
    enter();
  });
}

function stop(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

/** With nothing typed yet, the space bar keeps its meaning for whoever uses keys. */
function isTyped(event: KeyboardEvent, isEmpty: boolean): boolean {
  if (isInField(event)) return false;
  if (isEnd(event)) return !isEmpty;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === " ") return !isEmpty;
  return event.key.length === 1 || (UNNAMED.includes(event.key) && event.code !== "");
}

/**
 * Where a person writes something.
 *
 * A list is none: a scanner would choose in it, whatever its characters happen to begin.
 */
function isInField(event: Event): boolean {
  const place = event.target instanceof Element ? event.target : null;
  return place?.closest("input:not([type=checkbox], [type=radio], [type=file])") != null;
}

/** A code that a scanner has typed into a field that is for something else; it is taken out. */
function codeInField(target: EventTarget | null): Typed | null {
  if (!(target instanceof HTMLInputElement) || target.type === "file") return null;
  if (target.id === "text-code" || target.value.length < SHORTEST_CODE) return null;
  const text = readTyped(target.value);
  if (text === null) return null;
  target.value = "";
  return {text, isGarbled: false};
}
