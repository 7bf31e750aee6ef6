/** The thread that reads QR codes from pictures, with the decoder of ZXing in WebAssembly. */

import {prepareZXingModule, type ReaderOptions, readBarcodes} from "zxing-wasm/reader";
import decoder from "zxing-wasm/reader/zxing_reader.wasm?url";
import {answerWith} from "./thread.ts";

/** Bytes of a picture file; and as many pixels. A larger photo holds no better code. */
const PICTURE_LIMIT = 20_000_000;

const OPTIONS: ReaderOptions = {formats: ["QRCode"], maxNumberOfSymbols: 4, textMode: "Plain"};

// Unless it is told, the library fetches its decoder from somebody else's server.
// It is made ready before the first code; should that fail, the first reading tells.
prepareZXingModule({overrides: {locateFile: () => decoder}, fireImmediately: true}).catch(() => {});

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext("2d", {willReadFrequently: true, alpha: false});

/** The texts of the codes in a frame or a picture file; none when it is no picture. */
async function read(source: ImageBitmap | Blob): Promise<string[]> {
  const picture = source instanceof Blob ? await openPicture(source) : source;
  if (picture === null) return [];
  const codes = await readBarcodes(pixelsOf(picture), OPTIONS);
  return codes.filter((code) => code.isValid).map((code) => code.text);
}

async function openPicture(file: Blob): Promise<ImageBitmap | null> {
  if (file.size > PICTURE_LIMIT) return null;
  const picture = await createImageBitmap(file).catch(() => null);
  return picture && picture.width * picture.height <= PICTURE_LIMIT ? picture : null;
}

function pixelsOf(picture: ImageBitmap): ImageData {
  if (context === null) throw new Error("no canvas");
  const {width, height} = picture;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  // Transparent pixels are what a screen shows behind them: white.
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0);
  picture.close();
  return context.getImageData(0, 0, width, height);
}

answerWith(read);
