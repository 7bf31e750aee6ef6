/** The page as a whole: which screen is shown, and what moves it to another. */

import {CheckIn} from "./check-in.ts";
import {now} from "./clock.ts";
import {type Device, keepDevice} from "./device.ts";
import {Doorkeeper} from "./doorkeeper.ts";
import {choose} from "./held.ts";
import type {Venue, Wanted} from "./keeper.ts";
import {keepPage} from "./offline.ts";
import {Reader} from "./reader.ts";
import {goRounds} from "./rounds.ts";
import type {Bytes} from "./schemas/encoding.ts";
import type {Language} from "./schemas/languages.ts";
import type {SetupLink} from "./setup.ts";
import {allowSound} from "./signals.ts";
import {Tabs} from "./tabs.ts";
import {say, type TextName} from "./texts.ts";
import {type Trouble, Troubled, troubleText} from "./trouble.ts";
import {Trust} from "./trust.ts";
import {offerLargeCode, showCheckIn} from "./ui/check-in.ts";
import {Complaint} from "./ui/complaint.ts";
import {type Standing, showDoor} from "./ui/door.ts";
import {
  button,
  closeDialogsByButton,
  element,
  keepFocus,
  onClick,
  onFile,
  show,
} from "./ui/elements.ts";
import {onLanguage, translate} from "./ui/language.ts";
import {takeLink} from "./ui/link.ts";
import {SettingsScreen} from "./ui/settings.ts";
import {SetupScreen} from "./ui/setup.ts";
import {listenForText} from "./ui/text-entry.ts";
import {listenForCodes} from "./ui/typing.ts";
import {Viewfinder} from "./ui/viewfinder.ts";

const RETRY_MS = 300_000;

export class Page {
  #device: Device;
  #venue: Venue | null = null;
  #ahead: number | null = null;
  #trouble: Trouble | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #useNewPage: (() => void) | null = null;
  /** Whether visitors are checked: a device may be set up while its kind is still asked for. */
  #isAtDoor = false;
  /** Whether another tab checks them. */
  #isElsewhere = false;

  readonly #complaint = new Complaint();
  readonly #checkIn = new CheckIn();
  readonly #doorkeeper = new Doorkeeper(this.#checkIn, () => this.#setState());
  readonly #trust = new Trust();
  readonly #reader = new Reader();
  readonly #viewfinder = new Viewfinder(
    (frame) => this.#reader.read(frame),
    () => this.#showHint(false),
  );
  readonly #tabs = new Tabs((message) => void this.#hear(message));
  readonly #settings = new SettingsScreen({
    change: (change) => this.#change(change),
    choose: (policy) => void this.#attempt(this.#trust.choose(policy)),
    remove: () => void this.#remove(),
    language: () => this.#device.language,
    update: async () => {
      await this.#refresh();
      return this.#trouble;
    },
    load: async (data) => (await this.#attempt(this.#trust.load(data))) !== null,
    showCode: async (setting) => (await this.#attempt(this.#trust.showCode(setting))) !== null,
    venue: () => this.#venue,
    dates: () => this.#purge(),
    trace: (hours, recipient) => this.#checkIn.trace(hours, recipient),
  });
  readonly #setup = new SetupScreen({
    language: () => this.#device.language,
    readPicture: (file) => this.#readPicture(file),
    watch: (onCodes) => void this.#viewfinder.open(null, this.#device.language, onCodes),
    stopWatching: () => this.#viewfinder.close(),
    setUp: (wanted, data) => this.#setUp(wanted, data),
    begin: (policy) => void this.#begin(policy),
    complain: (fault) => this.#complain((language) => say(fault, language), fault),
  });

  constructor(device: Device) {
    this.#device = device;
  }

  /** Show the door where the device is set up, else the set-up. */
  async start(): Promise<void> {
    this.#listen();
    translate(this.#device.language);
    if (!isSecureContext) {
      this.#refuseToWork();
      return;
    }
    const link = takeLink();
    void this.#purge();
    await this.#open();
    if (link !== null) await this.#follow(link);
    else this.#enter();
    void keepPage((use) => {
      this.#useNewPage = use;
      this.#render();
    });
  }

  /** Browsers give a page over plain http neither a camera nor what checks signatures. */
  #refuseToWork(): void {
    this.#enter();
    element("setup").hidden = true;
    this.#complain((language) => say("insecure", language));
  }

  // The set-up

  async #open(): Promise<void> {
    try {
      this.#venue = await this.#trust.open();
    } catch (error) {
      this.#complainOf(error);
    }
  }

  async #follow(link: SetupLink | TextName): Promise<void> {
    if (typeof link !== "string") {
      if (link.language !== null) this.#change({language: link.language});
      await this.#setUp(link, null);
    }
    this.#enter();
    if (typeof link === "string") this.#complain((language) => say(link, language), link);
    else if (this.#venue === null) this.#setup.show(link);
  }

  async #setUp(wanted: Wanted, data: Bytes | null): Promise<Venue | null> {
    this.#complain();
    show("busy", say("getting_keys", this.#device.language));
    const venue = await this.#attempt(this.#trust.setUp(wanted, data));
    show("busy", null);
    // Browsers may clear what a page has stored unless it asks them not to.
    if (venue !== null) void navigator.storage?.persist?.();
    return venue;
  }

  async #begin(policy: string): Promise<void> {
    await this.#attempt(this.#trust.choose(policy));
    this.#enter();
  }

  async #remove(): Promise<void> {
    await this.#trust.forget();
    this.#venue = null;
    this.#tabs.tell("forgotten");
    this.#leave();
  }

  /** What the trust answers, put in force; null when it fails, and the page says why. */
  async #attempt(answer: Promise<Venue>): Promise<Venue | null> {
    try {
      this.#venue = await answer;
      this.#tabs.tell("changed");
      this.#complain();
      this.#render();
      return this.#venue;
    } catch (error) {
      this.#complainOf(error);
      return null;
    }
  }

  // The door

  /** Show the screen that fits what is known. */
  #enter(isElsewhere = false): void {
    const focused = document.activeElement;
    this.#isAtDoor = this.#venue !== null;
    element("setup").hidden = this.#isAtDoor;
    element("door").hidden = !this.#isAtDoor;
    for (const place of document.querySelectorAll<HTMLElement>("[data-in]")) {
      place.hidden = (place.dataset.in === "door") !== this.#isAtDoor;
    }
    this.#setState();
    if (this.#isAtDoor) {
      if (isElsewhere) this.#pause();
      else this.#scanHere();
      void this.#refresh();
    } else {
      this.#viewfinder.close();
      void this.#showCode();
      show("heading", say("setup_heading", this.#device.language));
      show("authority", null);
      this.#setup.show();
    }
    keepFocus(focused);
  }

  /** The set-up is gone, and all that stood over the door with it. */
  #leave(): void {
    this.#doorkeeper.dismiss();
    for (const open of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) open.close();
    [this.#ahead, this.#trouble] = [null, null];
    this.#checkIn.forget();
    this.#enter();
  }

  #setState(): void {
    const door = this.#doorkeeper.isTelling ? "verdict" : "scanning";
    document.documentElement.dataset.state = this.#isAtDoor ? door : "setup";
  }

  /** Check visitors in this tab, and in no other. */
  #scanHere(): void {
    const focused = document.activeElement;
    this.#isElsewhere = false;
    this.#render();
    this.#showHint(false);
    keepFocus(focused);
    // A tab in the background takes no other's place.
    if (document.hidden) return;
    this.#tabs.tell("here");
    const {camera, language} = this.#device;
    void this.#viewfinder.open(camera, language, (texts) => this.#look(texts));
    void navigator.wakeLock?.request("screen").catch(() => undefined);
  }

  /** Judge what the camera sees, unless a verdict stands or somebody is busy with the page. */
  async #look(texts: readonly string[]): Promise<void> {
    const fresh = this.#doorkeeper.pick(texts);
    if (this.#isBusy) return;
    this.#showHint(texts.length > 0 && fresh === null);
    if (fresh !== null) await this.#judge(fresh);
  }

  /** The large check-in code is for visitors: behind it the door is kept as ever. */
  get #isBusy(): boolean {
    return document.querySelector("dialog[open]:not(#check-in-large)") !== null;
  }

  async #judge(text: string | null): Promise<void> {
    if (this.#venue === null) return;
    if (this.#isElsewhere) this.#scanHere();
    await this.#doorkeeper.judge(text, this.#venue, this.#device);
  }

  /** A code that was typed, pasted or entered: at the door a pass, before it a set-up code. */
  async #take(text: string): Promise<void> {
    if (!this.#isAtDoor) this.#setup.code(text);
    else if (!this.#isBusy || this.#doorkeeper.isTelling) await this.#judge(text);
  }

  async #readPicture(file: File): Promise<string[]> {
    return this.#reader.read(file).catch((error) => {
      this.#complainOf(error);
      return [];
    });
  }

  // Beside the door

  async #refresh(): Promise<void> {
    if (this.#venue === null) return;
    const before = this.#venue.digest;
    try {
      const {venue, ahead, trouble} = await this.#trust.refresh();
      // The set-up may have been removed while the network was slow.
      if (venue === null || this.#venue === null) return;
      this.#venue = venue;
      this.#ahead = ahead ?? this.#ahead;
      this.#trouble = trouble;
      if (venue.digest !== before) this.#tabs.tell("changed");
    } catch (error) {
      this.#trouble = error instanceof Troubled ? error.trouble : {kind: "failed"};
    }
    clearTimeout(this.#retry);
    // A network may be gone without the browser's knowing, and so it may return.
    if (this.#trouble?.kind === "unreachable") {
      this.#retry = setTimeout(() => void this.#refresh(), RETRY_MS);
    }
    this.#render();
  }

  async #hear(message: "here" | "changed" | "forgotten"): Promise<void> {
    if (message === "here") this.#pause();
    if (message === "changed") {
      await this.#open();
      // Whoever has set the device up checks visitors there.
      if (this.#venue !== null && !this.#isAtDoor) this.#enter(true);
    }
    if (message === "forgotten") {
      await this.#trust.forget();
      this.#venue = null;
      this.#leave();
    }
    this.#render();
  }

  /** Another tab checks visitors now. */
  #pause(): void {
    if (!this.#isAtDoor) return;
    this.#isElsewhere = true;
    this.#viewfinder.close();
    this.#showHint(false);
  }

  #change(change: Partial<Device>): void {
    const camera = this.#device.camera;
    this.#device = {...this.#device, ...change};
    void keepDevice(this.#device);
    if (change.language !== undefined) this.#translate();
    if (this.#device.camera !== camera && this.#isAtDoor) this.#scanHere();
  }

  #translate(): void {
    translate(this.#device.language);
    this.#setup.translate();
    this.#settings.translate();
    this.#viewfinder.translate(this.#device.language);
    this.#complaint.translate(this.#device.language);
    if (!this.#isAtDoor) show("heading", say("setup_heading", this.#device.language));
    this.#render();
    this.#showHint(false);
  }

  #render(): void {
    void this.#showCode();
    const standing = this.#standing();
    if (standing === null) return;
    showDoor(standing, this.#device.language);
    this.#settings.fill(standing, this.#device);
    button("scan-here").hidden = !this.#isElsewhere;
  }

  /** The check-in code of this moment. */
  async #showCode(): Promise<void> {
    const venue = this.#isAtDoor ? this.#venue : null;
    const standing = venue && (await this.#checkIn.at(venue));
    // Making a code takes a moment, and what it was made for may be gone.
    if (venue !== (this.#isAtDoor ? this.#venue : null)) return;
    showCheckIn(standing, venue?.checkIn.mode ?? "off", this.#device.language);
  }

  /** Destroy the keys of check-in codes whose time is over; the dates that have some still. */
  #purge(): Promise<string[]> {
    return this.#trust.purge().catch(() => []);
  }

  #showHint(isHeld: boolean): void {
    let name: TextName = this.#viewfinder.camera === null ? "ready" : "point_camera";
    if (isHeld) name = "already_checked";
    if (this.#isElsewhere) name = "other_tab";
    show("hint", say(name, this.#device.language));
  }

  #standing(): Standing | null {
    if (!this.#isAtDoor || this.#venue === null) return null;
    return {
      venue: this.#venue,
      now: now(),
      ahead: this.#ahead,
      trouble: this.#trouble,
      isOnline: navigator.onLine,
      hasNewPage: this.#useNewPage !== null,
    };
  }

  #complainOf(error: unknown): void {
    const trouble: Trouble = error instanceof Troubled ? error.trouble : {kind: "failed"};
    const fault = trouble.kind === "fault" ? trouble.fault : trouble.kind;
    this.#complain((language) => troubleText(trouble, language), fault);
  }

  #complain(text?: (language: Language) => string, fault?: string): void {
    this.#complaint.set(this.#device.language, text, fault);
  }

  /** A page that nobody sees must not film. */
  #leaveCamera(): void {
    this.#setup.stop();
    this.#viewfinder.close();
  }

  // Events

  #listen(): void {
    onLanguage((language) => this.#change({language}));
    closeDialogsByButton();
    if (!isSecureContext) return;
    listenForCodes((text) => void this.#take(text));
    this.#listenAtDoor();
    this.#listenToBrowser();
  }

  #listenAtDoor(): void {
    onClick("scan-here", () => this.#scanHere());
    onClick("use-new-page", () => this.#useNewPage?.());
    offerLargeCode();
    listenForText((text) => void this.#take(text));
    onFile("picture", async (file) => this.#judge(choose(await this.#readPicture(file))));
    onClick("open-settings", () => {
      const standing = this.#standing();
      if (standing) this.#settings.open(standing, this.#device, this.#viewfinder.camera?.id);
    });
  }

  #listenToBrowser(): void {
    // Also keys of a scanner, which go no further.
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, allowSound, true);
    addEventListener("hashchange", () => {
      const link = takeLink();
      if (link !== null) void this.#follow(link);
    });
    addEventListener("online", () => void this.#refresh());
    addEventListener("offline", () => this.#render());
    addEventListener("focus", () => this.#isElsewhere && this.#scanHere());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#leaveCamera();
      else if (this.#isAtDoor) this.#scanHere();
    });
    goRounds({
      everyHour: () => {
        void this.#purge();
        void this.#refresh();
      },
      often: () => {
        this.#doorkeeper.forget();
        this.#render();
      },
      whenTimeJumped: () => {
        this.#ahead = null;
        void this.#purge();
        void this.#refresh();
      },
    });
  }
}
