/** The page as a whole: which screen is shown, and what is on it. */

import {now} from "../browser/clock.ts";
import {keepPage} from "../browser/offline.ts";
import {chooseCode, type SeenCode, textsOf} from "../scanning/in-view.ts";
import type {Typed} from "../scanning/typed.ts";
import {say} from "../texts.ts";
import type {SetupFault, SetupLink} from "../trust/setup.ts";
import type {Device} from "../trust/store.ts";
import {Alert} from "../ui/alert.ts";
import {offerLargeCode, showCheckIn} from "../ui/check-in.ts";
import {listenForText} from "../ui/code-entry.ts";
import {type DeviceState, showDoor} from "../ui/door.ts";
import {
  button,
  closeDialogsByButton,
  element,
  keepFocus,
  onClick,
  onFile,
  show,
} from "../ui/elements.ts";
import {onLanguage, translate} from "../ui/language.ts";
import {type Preferences, storePreferences} from "../ui/preferences.ts";
import {SettingsScreen} from "../ui/settings.ts";
import {SetupScreen} from "../ui/setup.ts";
import {allowSound, isSoundAllowed} from "../ui/sound.ts";
import {Viewfinder} from "../ui/viewfinder.ts";
import {PresenceThread} from "../workers/presence.ts";
import {Thread} from "../workers/thread.ts";
import {Door} from "./door.ts";
import {listen, type TabMessage, takeLink, tellTabs} from "./events.ts";
import {DeviceSetup} from "./setup.ts";

export class Page {
  #preferences: Preferences;
  #useNewPage: (() => void) | null = null;

  readonly #alert = new Alert();
  readonly #presence = new PresenceThread();
  readonly #reader = new Thread<ImageBitmap | Blob>(
    new Worker(new URL("../workers/reader.worker.ts", import.meta.url), {type: "module"}),
  );
  readonly #viewfinder = new Viewfinder(
    (frame) => this.#reader.ask(frame, [frame]),
    () => this.#door.showHint(),
  );
  readonly #setup: DeviceSetup = new DeviceSetup(
    this.#alert,
    () => this.#preferences.language,
    () => this.#render(),
  );
  readonly #door: Door = new Door(
    this.#setup,
    this.#viewfinder,
    this.#presence,
    () => this.#preferences,
    () => this.#render(),
  );
  readonly #setupScreen = new SetupScreen({
    language: () => this.#preferences.language,
    readPicture: (file) => this.#readPicture(file),
    viewfinder: this.#viewfinder,
    alert: this.#alert,
    setup: this.#setup,
    begin: async (policy) => {
      await this.#setup.change({kind: "choose_policy", policy});
      this.#enter();
    },
  });
  readonly #settings = new SettingsScreen({
    language: () => this.#preferences.language,
    setup: this.#setup,
    changePreferences: (change) => this.#change(change),
    remove: async () => {
      await this.#setup.remove();
      tellTabs("removed");
      this.#leave();
    },
    presence: this.#presence,
  });

  constructor(preferences: Preferences) {
    this.#preferences = preferences;
  }

  /** Show the door where the device is set up, else the set-up. */
  async start(): Promise<void> {
    translate(this.#preferences.language);
    this.#alert.translate(this.#preferences.language);
    onLanguage((language) => this.#change({language}));
    closeDialogsByButton();
    if (!isSecureContext) {
      this.#refuseToWork();
      return;
    }
    this.#listenAtDoor();
    this.#listenToBrowser();
    const link = takeLink();
    void this.#setup.sweep();
    await this.#setup.open();
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
    this.#alert.say("insecure");
  }

  async #follow(link: SetupLink | SetupFault): Promise<void> {
    if (typeof link !== "string") {
      if (link.language !== null) this.#change({language: link.language});
      await this.#setup.setUp(link, null);
    }
    this.#enter();
    if (typeof link === "string") this.#alert.say(link);
    else if (this.#setup.device === null) this.#setupScreen.show(link);
  }

  /** Show the screen that fits what is known. */
  #enter(isElsewhere = false): void {
    const focused = document.activeElement;
    const isAtDoor = this.#setup.device !== null;
    element("setup").hidden = isAtDoor;
    element("door").hidden = !isAtDoor;
    for (const place of document.querySelectorAll<HTMLElement>("[data-in]")) {
      place.hidden = (place.dataset.in === "door") !== isAtDoor;
    }
    if (isAtDoor) {
      this.#door.open(isElsewhere);
      void this.#setup.update();
    } else {
      this.#door.close();
      void this.#showCode();
      show("heading", say("setup_heading", this.#preferences.language));
      show("authority", null);
      this.#setupScreen.show();
    }
    keepFocus(focused);
  }

  /** The set-up is gone, and with it all that is open at the door. */
  #leave(): void {
    this.#door.dismiss();
    for (const open of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) open.close();
    this.#presence.forget();
    this.#enter();
  }

  #change(change: Partial<Preferences>): void {
    const {camera} = this.#preferences;
    this.#preferences = {...this.#preferences, ...change};
    void storePreferences(this.#preferences);
    if (change.language !== undefined) this.#translate();
    if (this.#preferences.camera !== camera) this.#door.scanHere();
  }

  #translate(): void {
    const {language} = this.#preferences;
    translate(language);
    this.#setupScreen.translate();
    this.#settings.translate();
    this.#viewfinder.translate(language);
    this.#alert.translate(language);
    if (!this.#door.isOpen) show("heading", say("setup_heading", language));
    this.#render();
    this.#door.showHint();
  }

  #render(): void {
    void this.#showCode();
    const state = this.#state();
    if (state === null) return;
    showDoor(state, this.#preferences.language);
    this.#settings.fill(state, this.#preferences);
    const {sound, knowsOfTouch} = this.#preferences;
    element("sound-needs-touch").hidden = !sound || knowsOfTouch || isSoundAllowed();
    button("scan-here").hidden = !this.#door.isElsewhere;
  }

  /** The check-in code of this moment. */
  async #showCode(): Promise<void> {
    const device = this.#atDoor;
    const shown = device && (await this.#presence.at(device));
    // Making a code takes a moment, and what it was made for may be gone.
    if (device !== this.#atDoor) return;
    showCheckIn(shown, device?.checkIn.mode ?? "off", this.#preferences.language);
  }

  /** The device while visitors are checked. */
  get #atDoor(): Device | null {
    return this.#door.isOpen ? this.#setup.device : null;
  }

  #state(): DeviceState | null {
    const device = this.#atDoor;
    if (device === null) return null;
    const hasNewPage = this.#useNewPage !== null;
    return {...this.#setup.known, device, now: now(), isOnline: navigator.onLine, hasNewPage};
  }

  async #readPicture(file: File): Promise<SeenCode[]> {
    return this.#reader.ask<SeenCode[]>(file).catch((error) => {
      this.#alert.explain(error);
      return [];
    });
  }

  async #hear(message: TabMessage): Promise<void> {
    if (message === "here") this.#door.pause();
    if (message === "changed") {
      await this.#setup.open();
      // Whoever has set the device up checks visitors there.
      if (this.#setup.device !== null && !this.#door.isOpen) this.#enter(true);
    }
    if (message === "removed") {
      await this.#setup.remove();
      this.#leave();
    }
    this.#render();
  }

  /** A code that was typed, pasted or entered: at the door a pass, before it a set-up code. */
  #take(code: Typed): void {
    if (this.#door.isOpen) void this.#door.take(code);
    else this.#setupScreen.code(code.text);
  }

  #listenAtDoor(): void {
    onClick("scan-here", () => this.#door.scanHere());
    onClick("use-new-page", () => this.#useNewPage?.());
    offerLargeCode();
    listenForText((code) => this.#take(code));
    onFile("picture", async (file) => {
      await this.#door.judge(chooseCode(textsOf(await this.#readPicture(file))));
    });
    onClick("open-settings", () => {
      const state = this.#state();
      if (state) this.#settings.open(state, this.#preferences, this.#viewfinder.camera?.id);
    });
  }

  #listenToBrowser(): void {
    listen({
      onCode: (code) => this.#take(code),
      onMessage: (message) => void this.#hear(message),
      onTouch: () => this.#allowSound(),
      onLink: (link) => void this.#follow(link),
      onFocus: () => this.#door.isElsewhere && this.#door.scanHere(),
      onVisible: (isVisible) => (isVisible ? this.#comeBack() : this.#leaveCamera()),
      update: () => this.#update(),
      refresh: () => {
        this.#door.forget();
        this.#render();
      },
      onTimeJump: () => {
        this.#setup.forgetClock();
        this.#update();
      },
    });
  }

  /** Staff are told once that the page is silent until somebody touches it. */
  #allowSound(): void {
    allowSound();
    if (element("sound-needs-touch").hidden) return;
    element("sound-needs-touch").hidden = true;
    this.#change({knowsOfTouch: true});
  }

  #update(): void {
    void this.#setup.sweep();
    void this.#setup.update();
  }

  #comeBack(): void {
    this.#door.scanHere();
    void this.#setup.updateLate();
  }

  /** A page that nobody sees must not film. */
  #leaveCamera(): void {
    this.#setupScreen.stop();
    this.#viewfinder.close();
  }
}
