/** The dialog in which a code is entered as text. */

import {dialog, element, input, onClick} from "./elements.ts";

/** Call `onText` with what is entered. However the dialog is left, nothing of a code stays in it. */
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
