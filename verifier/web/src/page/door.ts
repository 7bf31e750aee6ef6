/** The door: this tab's camera, and every code decided on once. */

import {now} from "../browser/clock.ts";
import {decide, outcomeOf} from "../door/decision.ts";
import {SeenSet} from "../door/seen.ts";
import {CodesInView, type Nothing, type SeenCode} from "../scanning/in-view.ts";
import type {Typed} from "../scanning/typed.ts";
import {policyOf} from "../schemas/bundle.ts";
import type {Outcome} from "../schemas/refusals.ts";
import {say, type TextName} from "../texts.ts";
import {keepFocus, sayInDialog, show} from "../ui/elements.ts";
import type {Preferences} from "../ui/preferences.ts";
import {playSound, vibrate} from "../ui/sound.ts";
import {VerdictScreen} from "../ui/verdict.ts";
import type {Viewfinder} from "../ui/viewfinder.ts";
import type {PresenceThread} from "../workers/presence.ts";
import {tellTabs} from "./events.ts";
import type {DeviceSetup} from "./setup.ts";

const HINTS: Readonly<Partial<Record<Nothing, TextName>>> = {
  foreign: "foreign_code",
  aside: "code_aside",
  several: "one_code",
  judged: "already_checked",
};

export class Door {
  #isOpen = false;
  #isElsewhere = false;
  readonly #seen = new SeenSet();
  readonly #inView = new CodesInView();
  readonly #screen = new VerdictScreen(
    () => this.#preferences().language,
    () => this.#showState(),
  );
  readonly #setup: DeviceSetup;
  readonly #viewfinder: Viewfinder;
  readonly #presence: PresenceThread;
  readonly #preferences: () => Preferences;
  readonly #onChange: () => void;

  /** `onChange` is called when visitors are checked in this tab from now on. */
  constructor(
    setup: DeviceSetup,
    viewfinder: Viewfinder,
    presence: PresenceThread,
    preferences: () => Preferences,
    onChange: () => void,
  ) {
    this.#setup = setup;
    this.#viewfinder = viewfinder;
    this.#presence = presence;
    this.#preferences = preferences;
    this.#onChange = onChange;
  }

  /** Whether visitors are checked: a device may be set up while its kind is still asked for. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether another tab checks them. */
  get isElsewhere(): boolean {
    return this.#isElsewhere;
  }

  /** Check visitors from now on, here or in another tab. */
  open(isElsewhere: boolean): void {
    this.#isOpen = true;
    this.#showState();
    if (isElsewhere) this.pause();
    else this.scanHere();
  }

  close(): void {
    this.#isOpen = false;
    this.#screen.forget();
    this.#showState();
    this.#viewfinder.close();
  }

  /** Check visitors in this tab, and in no other. */
  scanHere(): void {
    if (!this.#isOpen) return;
    const focused = document.activeElement;
    this.#isElsewhere = false;
    this.#onChange();
    this.showHint();
    keepFocus(focused);
    // A tab in the background takes no other's place.
    if (document.hidden) return;
    tellTabs("here");
    const {camera, language} = this.#preferences();
    void this.#viewfinder.open(camera, language, (codes) => this.#look(codes));
    void navigator.wakeLock?.request("screen").catch(() => undefined);
  }

  /** Another tab checks visitors now. */
  pause(): void {
    if (!this.#isOpen) return;
    this.#isElsewhere = true;
    this.#viewfinder.close();
    this.showHint();
  }

  /** A code that was typed, pasted or entered. */
  async take({text, isGarbled}: Typed): Promise<void> {
    if (!this.#isBusy || this.#screen.isStanding) await this.judge(text, isGarbled);
    else this.#sayNotJudged();
  }

  /** Decide on a code and show the verdict; null is a picture in which none can be read. */
  async judge(text: string | null, isGarbled = false): Promise<void> {
    const [device, preferences] = [this.#setup.device, this.#preferences()];
    if (device === null) return;
    if (this.#isElsewhere) this.scanHere();
    const {bundle} = device;
    const venue = await this.#presence.venue(device);
    const policy = policyOf(bundle, device.policy);
    const door = {bundle, policy, venue, now: now(), seen: this.#seen};
    const decision = await decide(text, door, isGarbled);
    const outcome = outcomeOf(decision);
    if (text !== null) this.#inView.add(text, outcome === "admit", performance.now());
    this.#screen.show(decision, preferences.stays);
    this.#signal(outcome);
  }

  #signal(outcome: Outcome): void {
    const {sound, vibration} = this.#preferences();
    if (sound) playSound(outcome);
    if (vibration) vibrate(outcome);
  }

  /** Somebody scans while a dialog is open, and must not take the silence for a verdict. */
  #sayNotJudged(): void {
    sayInDialog(say("not_judged", this.#preferences().language));
    this.#signal("cannot_check");
  }

  /** Take away a verdict that is on the screen. */
  dismiss(): void {
    this.#screen.leave();
  }

  /** Forget passes whose three minutes are over and codes out of view, also when nobody comes. */
  forget(): void {
    if (this.#screen.isStanding) this.#inView.keep(performance.now());
    this.#inView.forget(performance.now());
    this.#seen.prune(now());
  }

  /** Say what visitors or staff are to do; `nothing` is why a picture holds nothing to judge. */
  showHint(nothing: Nothing = "empty"): void {
    let name: TextName = HINTS[nothing] ?? "point_camera";
    if (this.#viewfinder.camera === null) name = "ready";
    if (this.#isElsewhere) name = "other_tab";
    show("hint", say(name, this.#preferences().language));
  }

  /** Judge what the camera sees, unless a verdict has to stand or somebody uses a dialog. */
  async #look(codes: readonly SeenCode[]): Promise<void> {
    if (this.#screen.isStanding) this.#inView.keep(performance.now());
    const picked = this.#inView.pick(codes, performance.now());
    if (this.#isBusy && !this.#screen.givesWay) return;
    if ("text" in picked) await this.judge(picked.text);
    else this.showHint(picked.nothing);
  }

  /** The large check-in code is for visitors: passes are checked behind it as ever. */
  get #isBusy(): boolean {
    return document.querySelector("dialog[open]:not(#check-in-large)") !== null;
  }

  #showState(): void {
    const door = this.#screen.isStanding ? "verdict" : "scanning";
    document.documentElement.dataset.state = this.#isOpen ? door : "setup";
  }
}
