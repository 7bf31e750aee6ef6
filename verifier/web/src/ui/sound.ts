/** A verdict that can be heard and felt: each outcome has a pattern of its own. */

import type {Outcome} from "../schemas/refusals.ts";

/** Hertz of tones of 120 ms each: rising, one long low tone, twice the same. */
const TONES: Readonly<Record<Outcome, readonly number[]>> = {
  admit: [660, 990],
  refuse: [165, 165, 165],
  cannot_check: [440, 0, 440],
};
const TONE_SECONDS = 0.12;
const VOLUME = 0.2;

/** Milliseconds of vibration and rest. */
const SHAKES: Readonly<Record<Outcome, number[]>> = {
  admit: [80],
  refuse: [400],
  cannot_check: [80, 80, 80],
};

let audio: AudioContext | undefined;

/** Browsers let a page sound only after somebody has touched it. */
export function allowSound(): void {
  audio ??= new AudioContext();
  void audio.resume();
}

/** Whether somebody has touched the page, so that it may sound. */
export function isSoundAllowed(): boolean {
  return audio !== undefined;
}

export function canVibrate(): boolean {
  return "vibrate" in navigator;
}

export function playSound(outcome: Outcome): void {
  if (audio?.state !== "running") return;
  const volume = audio.createGain();
  volume.gain.value = VOLUME;
  volume.connect(audio.destination);
  const tone = audio.createOscillator();
  TONES[outcome].forEach((hertz, place) => {
    tone.frequency.setValueAtTime(hertz, (audio?.currentTime ?? 0) + place * TONE_SECONDS);
  });
  tone.connect(volume);
  tone.start();
  tone.stop(audio.currentTime + TONES[outcome].length * TONE_SECONDS);
}

export function vibrate(outcome: Outcome): void {
  // Nor does a device shake before; browsers would complain on the console each time.
  if (canVibrate() && navigator.userActivation?.hasBeenActive !== false) {
    navigator.vibrate(SHAKES[outcome]);
  }
}
