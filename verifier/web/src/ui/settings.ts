/** Settings of the device, and all there is to know about its keys. */

import {windowAt} from "../door/condition.ts";
import {clockText, type DeviceFault, deviceFaultText} from "../faults.ts";
import {listCameras} from "../scanning/camera.ts";
import {sentence} from "../schemas/catalogues.ts";
import type {Language} from "../schemas/languages.ts";
import {say} from "../texts.ts";
import {evidenceFile, loadEvidence} from "../trust/evidence.ts";
import type {Device} from "../trust/store.ts";
import {CheckInForm, type CheckInFormUses} from "./check-in-form.ts";
import type {DeviceState} from "./door.ts";
import {
  button,
  dialog,
  element,
  input,
  list,
  offer,
  onClick,
  onFile,
  saveFile,
  select,
  show,
} from "./elements.ts";
import type {Preferences} from "./preferences.ts";
import {keysText, localTime} from "./report.ts";
import {bundleIn} from "./setup.ts";
import {canVibrate} from "./sound.ts";
import {TraceForm, type TraceFormUses} from "./trace-form.ts";

/** What the settings ask of the rest of the page. */
export interface SettingsUses extends CheckInFormUses, TraceFormUses {
  readonly changePreferences: (change: Partial<Preferences>) => void;
  readonly remove: () => void;
  readonly setup: CheckInFormUses["setup"] &
    TraceFormUses["setup"] & {
      /** Resolves to why it failed, if it did. */
      update(): Promise<DeviceFault | null>;
    };
}

const SWITCHES = ["sound", "vibration", "stays"] as const;

export class SettingsScreen {
  readonly #uses: SettingsUses;
  readonly #checkIn: CheckInForm;
  readonly #trace: TraceForm;

  constructor(uses: SettingsUses) {
    this.#uses = uses;
    this.#checkIn = new CheckInForm(uses);
    this.#trace = new TraceForm(uses);
    for (const name of SWITCHES) {
      input(name).addEventListener("change", () =>
        uses.changePreferences({[name]: input(name).checked}),
      );
    }
    element("vibration-choice").hidden = !canVibrate();
    select("cameras").addEventListener("change", () => {
      uses.changePreferences({camera: select("cameras").value});
    });
    select("venue-kind").addEventListener(
      "change",
      () => void uses.setup.change({kind: "choose_policy", policy: select("venue-kind").value}),
    );
    onClick("remove", () => this.#ask(true));
    onClick("remove-no", () => {
      this.#ask(false);
      button("remove").focus();
    });
    onClick("remove-yes", () => {
      this.#ask(false);
      dialog("settings").close();
      uses.remove();
    });
    listenForKeys(uses);
    offerInstallation();
  }

  open(state: DeviceState, preferences: Preferences, camera: string | undefined): void {
    this.#ask(false);
    show("settings-answer", "");
    this.fill(state, preferences);
    void offerCameras(camera, preferences.language);
    void offerEvidence();
    this.#checkIn.open(state.device.checkIn);
    this.#trace.open([]);
    void this.#offerTrace();
    dialog("settings").showModal();
  }

  /** Say what is said already in another language. */
  translate(): void {
    this.#checkIn.translate();
    this.#trace.translate();
  }

  fill(state: DeviceState, preferences: Preferences): void {
    for (const name of SWITCHES) input(name).checked = preferences[name];
    offerKinds(state.device, preferences.language);
    list("facts", facts(state, preferences.language));
    button("warnings-read").hidden = state.device.warnings.length === 0;
    // A device that is never online takes bundles from files.
    button("update-now").hidden = state.device.url === null;
  }

  async #offerTrace(): Promise<void> {
    const dates = await this.#uses.setup.sweep();
    this.#trace.open(dates);
    element("remove-seeds").hidden = dates.length === 0;
  }

  #ask(isAsked: boolean): void {
    element("remove-question").hidden = !isAsked;
    button("remove").hidden = isAsked;
    if (isAsked) button("remove-no").focus();
  }
}

/** New keys from the network or from a file, and the proof that old ones contradict each other. */
function listenForKeys({language, setup}: SettingsUses): void {
  onClick("update-now", async () => {
    show("settings-answer", say("getting_keys", language()));
    const fault = await setup.update();
    void offerEvidence();
    const answer = fault ? deviceFaultText(fault, language()) : say("up_to_date", language());
    show("settings-answer", answer);
  });
  onFile("load-keys", async (file) => {
    const device = await setup.change({kind: "accept", data: await bundleIn(file)});
    void offerEvidence();
    if (device !== null) show("settings-answer", say("up_to_date", language()));
  });
  onClick("save-evidence", () => void saveEvidence());
  onClick("warnings-read", async () => {
    await setup.change({kind: "forget_warnings"});
    select("language").focus();
  });
}

/** Show the button that saves them, where there are any. */
async function offerEvidence(): Promise<void> {
  button("save-evidence").hidden = (await loadEvidence()).length === 0;
}

/** A file for the authority, or for whoever watches it. */
async function saveEvidence(): Promise<void> {
  saveFile("evidence.json", evidenceFile(await loadEvidence()));
}

function offerKinds({bundle, policy}: Device, language: Language): void {
  const kinds = bundle.policies.map(({id, name}) => [id, name[language]] as const);
  offer(select("venue-kind"), kinds, policy ?? kinds[0]?.[0] ?? "");
}

async function offerCameras(current: string | undefined, language: Language): Promise<void> {
  const cameras = await listCameras().catch(() => []);
  const names = cameras.map(({deviceId, label}, place) => {
    return [deviceId, label || say("camera_number", language, {number: place + 1})] as const;
  });
  offer(select("cameras"), names, current ?? "");
  element("camera-choice").hidden = names.length < 2;
}

function facts({device, now, ahead}: DeviceState, language: Language): string[] {
  const {bundle, anchor, warnings} = device;
  const {name, iss: issuer, version, exp} = bundle;
  const window = windowAt(bundle, now);
  const lines = [
    keysText(bundle, now, language),
    say("works_until", language, {time: localTime(exp, language)}),
    sentence("bundle", language, {authority: name[language], issuer, version}),
    sentence("root", language, {root: anchor}),
    clockText(ahead, language),
    ...warnings.map((warning) => sentence(warning, language)),
  ];
  if (window !== undefined) {
    const [begins, ends] = [localTime(window.nbf, language), localTime(window.exp, language)];
    lines.splice(2, 0, sentence("window", language, {begins, ends}));
  }
  return lines;
}

/** Only some browsers let a page offer this itself. */
function offerInstallation(): void {
  let offered: (Event & {prompt?: () => Promise<void>}) | null = null;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offered = event;
    button("install").hidden = false;
  });
  onClick("install", () => {
    void offered?.prompt?.();
    button("install").hidden = true;
  });
}
