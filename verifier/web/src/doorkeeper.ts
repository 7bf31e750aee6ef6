/** Judges one code after the other, and tells each verdict once. */

import type {CheckIn} from "./check-in.ts";
import {now} from "./clock.ts";
import {decide, outcomeOf} from "./decision.ts";
import type {Device} from "./device.ts";
import {Held} from "./held.ts";
import type {Venue} from "./keeper.ts";
import {SeenSet} from "./seen.ts";
import {playSound, vibrate} from "./signals.ts";
import {VerdictScreen} from "./ui/verdict.ts";

export class Doorkeeper {
  readonly #seen = new SeenSet();
  readonly #held = new Held();
  readonly #screen: VerdictScreen;
  readonly #checkIn: CheckIn;

  /** `onGone` is called when a verdict leaves the screen. */
  constructor(checkIn: CheckIn, onGone: () => void) {
    this.#checkIn = checkIn;
    this.#screen = new VerdictScreen(onGone);
  }

  /** Whether a verdict is on the screen. */
  get isTelling(): boolean {
    return this.#screen.isStanding;
  }

  /** The code to judge among those that the camera sees; null for one that is held there. */
  pick(texts: readonly string[]): string | null {
    return this.#held.pick(texts, performance.now());
  }

  /** Judge a code and tell the verdict; null is a picture in which none can be read. */
  async judge(text: string | null, venue: Venue, device: Device): Promise<void> {
    const tie = await this.#checkIn.tie(venue);
    const decision = await decide(text, venue, tie, now(), this.#seen);
    const outcome = outcomeOf(decision);
    if (text !== null) this.#held.hold(text, outcome === "admit", performance.now());
    this.#screen.show(decision, device.language, device.stays);
    if (device.sound) playSound(outcome);
    if (device.vibration) vibrate(outcome);
  }

  /** Take away a verdict that stands. */
  dismiss(): void {
    this.#screen.leave();
  }

  /** Forget passes whose three minutes are over and codes out of view, also when nobody comes. */
  forget(): void {
    this.#held.forget(performance.now());
    this.#seen.prune(now());
  }
}
