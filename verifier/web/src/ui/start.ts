/** Whether this browser has what the page needs; index.html says what to do where it has not. */

import {element} from "./elements.ts";

/** Functions without which nothing can be scanned or decided; plain http is told elsewhere. */
const NEEDED = ["WebAssembly", "Worker", "MessageChannel", "createImageBitmap", "indexedDB"];

/** Take away what is said of a page that does not start; false where it cannot start. */
export function begin(): boolean {
  const hasAll = NEEDED.every((name) => name in globalThis);
  if (hasAll) element("unstarted").remove();
  else document.documentElement.dataset.unstarted = "";
  return hasAll;
}
