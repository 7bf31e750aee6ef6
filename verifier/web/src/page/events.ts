/** Events from outside the page's own controls: other tabs, the browser, keys and time. */

import {now} from "../browser/clock.ts";
import type {Typed} from "../scanning/typed.ts";
import {parseSetupLink, type SetupFault, type SetupLink} from "../trust/setup.ts";
import {listenForCodes} from "../ui/code-entry.ts";

const HOUR_MS = 3_600_000;
const REFRESH_MS = 5000;

/** From this difference on the clock was set, or the device has slept. */
const JUMP_SECONDS = 20;

/** Visitors are checked in the tab that says so; the keys have changed; the set-up is gone. */
export type TabMessage = "here" | "changed" | "removed";

/** Several tabs of this page in one browser: one checks visitors, all trust the same keys. */
const tabs = new BroadcastChannel("qupia");

/** Tell all other tabs. */
export function tellTabs(message: TabMessage): void {
  tabs.postMessage(message);
}

export interface PageEvents {
  /** A code was typed by a handheld scanner, or pasted. */
  readonly onCode: (code: Typed) => void;
  /** Another tab said something. */
  readonly onMessage: (message: TabMessage) => void;
  /** A finger, a mouse or a key: from now on the page may sound. */
  readonly onTouch: () => void;
  readonly onLink: (link: SetupLink | SetupFault) => void;
  readonly onVisible: (isVisible: boolean) => void;
  readonly onFocus: () => void;
  /** Every hour, and when the network is back. */
  readonly update: () => void;
  /** Every few seconds, and when the network is gone. */
  readonly refresh: () => void;
  readonly onTimeJump: () => void;
}

export function listen(events: PageEvents): void {
  tabs.onmessage = ({data}: MessageEvent<TabMessage>) => events.onMessage(data);
  listenForCodes(events.onCode);
  // Also keys of a scanner, which go no further.
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, events.onTouch, true);
  addEventListener("hashchange", () => {
    const link = takeLink();
    if (link !== null) events.onLink(link);
  });
  addEventListener("online", events.update);
  addEventListener("offline", events.refresh);
  addEventListener("focus", events.onFocus);
  document.addEventListener("visibilitychange", () => events.onVisible(!document.hidden));
  watchTime(events);
}

/** The set-up in the address, which is taken out of it: it belongs into no history. */
export function takeLink(): SetupLink | SetupFault | null {
  const link = parseSetupLink(location.hash);
  if (link !== null) history.replaceState(null, "", location.pathname + location.search);
  return link;
}

/** A page can stay open for days. */
function watchTime({update, refresh, onTimeJump}: PageEvents): void {
  setInterval(update, HOUR_MS);
  let before = now();
  setInterval(() => {
    const jump = Math.abs(now() - before - REFRESH_MS / 1000);
    before = now();
    if (jump > JUMP_SECONDS) onTimeJump();
    refresh();
  }, REFRESH_MS);
}
