/** Listens for a handheld scanner on the whole page. */

import {Typing} from "../typing.ts";

const END_KEYS = ["Enter", "Tab"];

/** Call `onText` with each code that is typed or pasted outside of a field. */
export function listenForCodes(onText: (text: string) => void): void {
  const typing = new Typing();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (text: string | null): void => {
    if (text !== null) onText(text);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!isTyped(event, typing.isEmpty)) return;
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(timer);
    if (END_KEYS.includes(event.key)) {
      tell(typing.finish());
    } else {
      typing.add(event);
      timer = setTimeout(() => tell(typing.pause()), typing.patience);
    }
  };
  addEventListener("keydown", onKey, {capture: true});
  // Some browsers press a button when the space bar comes up again.
  addEventListener("keyup", (event) => typing.isEmpty || event.preventDefault(), {capture: true});
  document.addEventListener("paste", (event) => {
    if (isInField(event)) return;
    const text = event.clipboardData?.getData("text/plain") ?? "";
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
