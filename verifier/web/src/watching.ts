/** Reads what the camera sees, one frame after the other. */

/**
 * Hand every frame of `video` to `read` until `signal` says to stop.
 *
 * The next frame is taken when the one before has been read, so none wait in a queue.
 */
export async function watch(
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

function nextFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else requestAnimationFrame(() => resolve());
  });
}
