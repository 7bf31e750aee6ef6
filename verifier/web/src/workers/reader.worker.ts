/** The thread that reads QR codes from pictures, with the decoder of ZXing in WebAssembly. */

import {
  type Position,
  prepareZXingModule,
  type ReaderOptions,
  readBarcodes,
} from "zxing-wasm/reader";
import decoder from "zxing-wasm/reader/zxing_reader.wasm?url";
import type {SeenCode} from "../scanning/in-view.ts";
import {answerWith} from "./thread.ts";

/** Bytes of a picture file; and as many pixels: phones take photos of 48 megapixels and more. */
const PICTURE_LIMIT = 64_000_000;

/** A larger picture is reduced: some browsers have no larger canvas, and no code needs more. */
const READ_PIXELS = 16_000_000;

const OPTIONS: ReaderOptions = {formats: ["QRCode"], maxNumberOfSymbols: 4, textMode: "Plain"};

// Unless it is told, the library fetches its decoder from somebody else's server.
// It is made ready before the first code; should that fail, the first reading tells.
prepareZXingModule({overrides: {locateFile: () => decoder}, fireImmediately: true}).catch(() => {});

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext("2d", {willReadFrequently: true, alpha: false});

/** The codes in a frame or a picture file; none when it is no picture. */
async function read(source: ImageBitmap | Blob): Promise<SeenCode[]> {
  const picture = source instanceof Blob ? await openPicture(source) : source;
  if (picture === null) return [];
  const pixels = pixelsOf(picture);
  const codes = await readBarcodes(pixels, OPTIONS);
  return codes
    .filter((code) => code.isValid)
    .map(({text, position}) => ({text, ...placeOf(position, pixels)}));
}

/** How much of a picture lies between four corners, and how far from its middle they are. */
function placeOf(
  {topLeft, topRight, bottomRight, bottomLeft}: Position,
  {width, height}: ImageData,
): {share: number; offset: number} {
  const [across, down] = [
    {x: bottomRight.x - topLeft.x, y: bottomRight.y - topLeft.y},
    {x: bottomLeft.x - topRight.x, y: bottomLeft.y - topRight.y},
  ];
  const x = (topLeft.x + topRight.x + bottomRight.x + bottomLeft.x) / 4;
  const y = (topLeft.y + topRight.y + bottomRight.y + bottomLeft.y) / 4;
  return {
    // Half of the cross product of the diagonals is the area of any quadrilateral.
    share: Math.abs(across.x * down.y - across.y * down.x) / 2 / (width * height),
    offset: Math.max(Math.abs((2 * x) / width - 1), Math.abs((2 * y) / height - 1)),
  };
}

async function openPicture(file: Blob): Promise<ImageBitmap | null> {
  if (file.size > PICTURE_LIMIT) return null;
  const picture = await createImageBitmap(file).catch(() => null);
  return picture && picture.width * picture.height <= PICTURE_LIMIT ? picture : null;
}

function pixelsOf(picture: ImageBitmap): ImageData {
  if (context === null) throw new Error("no canvas");
  const scale = Math.min(1, Math.sqrt(READ_PIXELS / (picture.width * picture.height)));
  const width = Math.floor(picture.width * scale);
  const height = Math.floor(picture.height * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  // Transparent pixels are what a screen shows behind them: white.
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return context.getImageData(0, 0, width, height);
}

answerWith(read);
