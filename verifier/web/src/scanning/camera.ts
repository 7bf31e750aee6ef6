/** The camera: a stream of pictures on a video element, read one frame after the other. */

/** Why there is none: names of texts that say what to do. */
export type CameraFault =
  | "camera_refused"
  | "camera_missing"
  | "camera_busy"
  | "camera_lost"
  | "camera_failed";

/** Thrown by {@link openCamera}. */
export class CameraFailed extends Error {
  readonly fault: CameraFault;

  constructor(fault: CameraFault) {
    super(fault);
    this.fault = fault;
  }
}

export interface Camera {
  /** The browser's id of the camera in use. */
  readonly id: string | undefined;
  readonly hasTorch: boolean;
  light(isOn: boolean): Promise<void>;
  close(): void;
}

const FAULTS: Readonly<Record<string, CameraFault>> = {
  NotAllowedError: "camera_refused",
  SecurityError: "camera_refused",
  NotFoundError: "camera_missing",
  NotReadableError: "camera_busy",
  AbortError: "camera_busy",
};

/** Codes are read at the size of this picture; more pixels only take longer. */
const PICTURE = {width: {ideal: 1280}, height: {ideal: 720}};

/**
 * Show the chosen camera in `video`, or the one at the back; throws CameraFailed.
 *
 * `onLost` is called when the camera goes away by itself. Once `signal` says to stop, `video` is
 * left alone: it may show another camera by then.
 */
export async function openCamera(
  video: HTMLVideoElement,
  chosen: string | null,
  onLost: () => void,
  signal: AbortSignal,
): Promise<Camera> {
  const stream = await openStream(chosen);
  if (signal.aborted) {
    for (const track of stream.getTracks()) track.stop();
    throw new CameraFailed("camera_lost");
  }
  const [track] = stream.getVideoTracks();
  if (track === undefined) throw new CameraFailed("camera_missing");
  track.addEventListener("ended", onLost);
  video.srcObject = stream;
  // Some cameras never give a first frame, so nobody waits for it here.
  void video.play().catch(() => undefined);
  return {
    id: track.getSettings().deviceId,
    hasTorch: "torch" in (track.getCapabilities?.() ?? {}),
    light: (isOn) => track.applyConstraints({advanced: [{torch: isOn} as MediaTrackConstraintSet]}),
    close: () => {
      track.removeEventListener("ended", onLost);
      track.stop();
      if (video.srcObject === stream) video.srcObject = null;
    },
  };
}

/** The cameras there are, once one of them has been allowed. */
export async function listCameras(): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId !== "");
}

async function openStream(chosen: string | null): Promise<MediaStream> {
  // Browsers inside other apps may know no cameras at all.
  if (navigator.mediaDevices === undefined) throw new CameraFailed("camera_missing");
  if (chosen !== null) {
    const video = {...PICTURE, deviceId: {exact: chosen}};
    const stream = await navigator.mediaDevices.getUserMedia({video}).catch(unlessGone);
    if (stream !== null) return stream;
  }
  const video = {...PICTURE, facingMode: {ideal: "environment"}};
  return navigator.mediaDevices.getUserMedia({video}).catch(explain);
}

/** A camera that was chosen earlier may have been unplugged; then any other will do. */
function unlessGone(error: unknown): null {
  const name = error instanceof Error ? error.name : "";
  if (name === "OverconstrainedError" || name === "NotFoundError") return null;
  return explain(error);
}

function explain(error: unknown): never {
  throw new CameraFailed(FAULTS[error instanceof Error ? error.name : ""] ?? "camera_failed");
}

/**
 * Hand every frame of `video` to `read` until `signal` says to stop.
 *
 * The next frame is taken when the one before has been read, so none wait in a queue.
 */
export async function readFrames(
  video: HTMLVideoElement,
  read: (frame: ImageBitmap) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await nextFrame(video);
    if (signal.aborted || video.videoWidth === 0) continue;
    const frame = await createImageBitmap(video).catch(() => null);
    if (frame !== null) await read(frame);
  }
}

/** The pixels of a frame that are looked at for its light: a few of them tell. */
const SAMPLE = 16;

const sample = new OffscreenCanvas(SAMPLE, SAMPLE);

/** The brightest place of a frame, 0 to 255; 255 where that cannot be told. */
export function brightest(frame: ImageBitmap): number {
  const context = sample.getContext("2d", {willReadFrequently: true, alpha: false});
  if (context === null) return 255;
  context.drawImage(frame, 0, 0, SAMPLE, SAMPLE);
  const {data} = context.getImageData(0, 0, SAMPLE, SAMPLE);
  return data.reduce((most, level, place) => (place % 4 === 3 ? most : Math.max(most, level)), 0);
}

function nextFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else requestAnimationFrame(() => resolve());
  });
}
