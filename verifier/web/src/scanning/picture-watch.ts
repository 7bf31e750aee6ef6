/** Whether a camera that is open shows anything: some give no picture, or a black one. */

/** What a camera does that shows nothing: names of texts that say what to do. */
export type Silence = "camera_still" | "camera_dark";

/** Milliseconds after which it is noticed. */
const SILENT_MS = 3000;

/** The brightest of 255 in a picture of a covered lens or a shut cover. */
const BLACK = 24;

export class PictureWatch {
  #frameAt: number;
  #lightAt: number;

  /** `at` is in milliseconds, here and below: when the camera was opened. */
  constructor(at: number) {
    this.#frameAt = at;
    this.#lightAt = at;
  }

  /** A frame came, and this is the brightest place in it. */
  see(brightest: number, at: number): void {
    this.#frameAt = at;
    if (brightest > BLACK) this.#lightAt = at;
  }

  /** Why nothing is seen; null while there is a picture, or may be one at once. */
  silenceAt(at: number): Silence | null {
    if (at - this.#frameAt >= SILENT_MS) return "camera_still";
    return at - this.#lightAt >= SILENT_MS ? "camera_dark" : null;
  }
}
