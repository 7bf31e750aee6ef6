/** The codes in pictures, read in a thread of its own. */

import {Thread} from "./asking.ts";

export class Reader {
  readonly #thread = new Thread<ImageBitmap | Blob>(
    new Worker(new URL("./reader.worker.ts", import.meta.url), {type: "module"}),
  );

  /** The texts of the codes in a frame of the camera, which is used up, or in a picture file. */
  read(picture: ImageBitmap | Blob): Promise<string[]> {
    return this.#thread.ask(picture, picture instanceof ImageBitmap ? [picture] : []);
  }
}
