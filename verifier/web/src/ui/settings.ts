/** Settings of the device, and all there is to know about its keys. */

import {listCameras} from "../camera.ts";
import {clockText, keysText, localTime, windowAt} from "../condition.ts";
import type {Device} from "../device.ts";
import type {Venue} from "../keeper.ts";
import {sentence} from "../schemas/door-texts.ts";
import type {Bytes} from "../schemas/encoding.ts";
import type {Language} from "../schemas/languages.ts";
import {canVibrate} from "../signals.ts";
import {say} from "../texts.ts";
import {type Trouble, troubleText} from "../trouble.ts";
import {CheckInForm, type CheckInFormUses} from "./check-in-form.ts";
import type {Standing} from "./door.ts";
import {
  button,
  dialog,
  element,
  input,
  list,
  offer,
  onClick,
  onFile,
  select,
  show,
} from "./elements.ts";
import {offerEvidence, saveEvidence} from "./evidence.ts";
import {bundleIn} from "./setup.ts";
import {TraceForm, type TraceFormUses} from "./trace-form.ts";

/** What the settings ask of the rest of the page. */
export interface SettingsUses extends CheckInFormUses, TraceFormUses {
  readonly change: (change: Partial<Device>) => void;
  readonly choose: (policy: string) => void;
  readonly remove: () => void;
  /** Resolves to why it failed, if it did. */
  readonly update: () => Promise<Trouble | null>;
  /** Resolves to false when the bundle is refused and the reason is on the page. */
  readonly load: (data: Bytes) => Promise<boolean>;
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
      input(name).addEventListener("change", () => uses.change({[name]: input(name).checked}));
    }
    element("vibration-choice").hidden = !canVibrate();
    select("cameras").addEventListener("change", () => {
      uses.change({camera: select("cameras").value});
    });
    select("venue-kind").addEventListener("change", () => uses.choose(select("venue-kind").value));
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

  open(standing: Standing, device: Device, camera: string | undefined): void {
    this.#ask(false);
    show("settings-answer", "");
    this.fill(standing, device);
    void offerCameras(camera, device.language);
    void offerEvidence();
    this.#checkIn.open(standing.venue.checkIn);
    this.#trace.open([]);
    void this.#offerTrace();
    dialog("settings").showModal();
  }

  /** Say what is said already in another language. */
  translate(): void {
    this.#checkIn.translate();
    this.#trace.translate();
  }

  fill(standing: Standing, device: Device): void {
    for (const name of SWITCHES) input(name).checked = device[name];
    offerKinds(standing.venue, device.language);
    list("facts", facts(standing, device.language));
    // A device that is never online lives on files.
    button("update-now").hidden = standing.venue.url === null;
  }

  async #offerTrace(): Promise<void> {
    const dates = await this.#uses.dates();
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
function listenForKeys({language, update, load}: SettingsUses): void {
  onClick("update-now", async () => {
    show("settings-answer", say("getting_keys", language()));
    const trouble = await update();
    void offerEvidence();
    const answer = trouble ? troubleText(trouble, language()) : say("up_to_date", language());
    show("settings-answer", answer);
  });
  onFile("load-keys", async (file) => {
    const isTaken = await load(await bundleIn(file));
    void offerEvidence();
    if (isTaken) show("settings-answer", say("up_to_date", language()));
  });
  onClick("save-evidence", () => void saveEvidence());
}

function offerKinds({bundle, policy}: Venue, language: Language): void {
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

function facts({venue, now, ahead}: Standing, language: Language): string[] {
  const {bundle, root} = venue;
  const {name, iss: issuer, version, exp} = bundle;
  const window = windowAt(bundle, now);
  const lines = [
    keysText(bundle, now, language),
    say("works_until", language, {time: localTime(exp, language)}),
    sentence("bundle", language, {authority: name[language], issuer, version}),
    sentence("root", language, {root}),
    clockText(ahead, language),
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
