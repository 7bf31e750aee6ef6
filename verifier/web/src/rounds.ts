/** What a page that stays open for days does from time to time. */

import {now} from "./clock.ts";

const HOUR_MS = 3_600_000;
const LOOK_AROUND_MS = 5000;

/** From this difference on the clock was set, or the device has slept. */
const JUMP_SECONDS = 20;

export interface Rounds {
  readonly everyHour: () => void;
  /** Every few seconds. */
  readonly often: () => void;
  readonly whenTimeJumped: () => void;
}

export function goRounds({everyHour, often, whenTimeJumped}: Rounds): void {
  setInterval(everyHour, HOUR_MS);
  let before = now();
  setInterval(() => {
    const jump = Math.abs(now() - before - LOOK_AROUND_MS / 1000);
    before = now();
    if (jump > JUMP_SECONDS) whenTimeJumped();
    often();
  }, LOOK_AROUND_MS);
}
