/** Files for the user of the page. */

import type {Bytes} from "../schemas/encoding.ts";

/** Let the browser save a file, as it saves whatever is downloaded. */
export function saveFile(name: string, data: Bytes): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([data]));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
