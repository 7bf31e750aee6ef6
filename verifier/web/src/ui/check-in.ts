/** The check-in code for visitors' phones: at the door's side, and over the whole screen. */

import type {Language} from "../schemas/languages.ts";
import {say} from "../texts.ts";
import type {CheckInMode} from "../trust/settings.ts";
import type {CheckInShown, ShownCode} from "../workers/presence.ts";
import {button, dialog, element, keepFocus, onClick, show} from "./elements.ts";
import {localHour} from "./report.ts";

/** Modules around a QR code that stay white (ISO/IEC 18004). */
const BORDER = 4;

const PLACES = ["check-in", "check-in-large"] as const;

/** Let the button open the large view. */
export function offerLargeCode(): void {
  onClick("open-check-in", () => dialog("check-in-large").showModal());
}

/** Show a code, or why there is none; null where visitors are not to check in. */
export function showCheckIn(
  shown: CheckInShown | null,
  mode: CheckInMode,
  language: Language,
): void {
  const focused = document.activeElement;
  document.documentElement.dataset.checkIn = mode;
  element("check-in").hidden = shown === null;
  const code = typeof shown === "string" ? null : shown;
  show("check-in-fault", typeof shown === "string" ? say(shown, language) : null);
  button("open-check-in").hidden = code === null;
  if (code === null) dialog("check-in-large").close();
  for (const place of PLACES) showCode(place, code, mode, language);
  keepFocus(focused);
}

function showCode(
  place: (typeof PLACES)[number],
  code: ShownCode | null,
  mode: CheckInMode,
  language: Language,
): void {
  const name = code?.name || say("check_in", language);
  const until = code && say("check_in_until", language, {time: localHour(code.until, language)});
  show(`${place}-heading`, name);
  show(`${place}-until`, until);
  const advice = mode === "strict" ? "check_in_scan_first" : "check_in_scan";
  show(`${place}-advice`, code && say(advice, language));
  drawCode(element<SVGSVGElement>(`${place}-code`), code, say("check_in_label", language, {name}));
}

/** Black on white in every theme. What stays the same is left alone. */
function drawCode(picture: SVGSVGElement, code: ShownCode | null, label: string): void {
  picture.toggleAttribute("hidden", code === null);
  if (picture.getAttribute("aria-label") !== label) picture.setAttribute("aria-label", label);
  if (picture.dataset.code === code?.text) return;
  if (code === null) {
    delete picture.dataset.code;
    picture.firstElementChild?.removeAttribute("d");
    return;
  }
  const side = code.size + 2 * BORDER;
  picture.setAttribute("viewBox", `-${BORDER} -${BORDER} ${side} ${side}`);
  picture.firstElementChild?.setAttribute("d", code.path);
  picture.dataset.code = code.text;
}
