// Looks for a venue's code: a few pictures a second go from the camera to the wallet program on this
// very device, which reads them in memory. What it finds is sent by the form, as typed text is.
"use strict";

const scanner = document.getElementById("scanner");
const view = document.getElementById("view");
const hint = document.getElementById("hint");
const fault = document.getElementById("fault");
const start = document.getElementById("start");
const stop = document.getElementById("stop");
const picture = document.getElementById("picture");
const code = document.getElementById("code-text");
const canvas = document.createElement("canvas");

// Milliseconds between an answer and the next picture.
const PAUSE = 300;
// Pixels of a picture's longer side; more only take longer.
const SIDE = 1280;
const QUALITY = 0.85;

const CAMERA = {
  video: { facingMode: { ideal: "environment" }, width: { ideal: SIDE }, height: { ideal: 720 } },
};
const FAULTS = {
  NotAllowedError: "camera_refused",
  SecurityError: "camera_refused",
  NotFoundError: "camera_missing",
  NotReadableError: "camera_busy",
  AbortError: "camera_busy",
};

// The camera that is on, or null. Whoever waited meanwhile looks whether it still is the same one.
let stream = null;
let opening = false;
let found = false;

function say(name) {
  return scanner.querySelector(`[data-say="${name}"]`).content.textContent;
}

function tell(name) {
  const sentence = say(name);
  if (hint.textContent !== sentence) hint.textContent = sentence;
}

function complain(name) {
  fault.textContent = name ? `! ${say(name)}` : "";
  fault.hidden = !name;
}

function arrange() {
  view.hidden = stop.hidden = stream === null;
  start.hidden = stream !== null;
}

async function open() {
  if (stream !== null || opening || found) return;
  opening = true;
  complain("");
  try {
    if (navigator.mediaDevices === undefined) throw new DOMException("", "NotFoundError");
    const opened = await navigator.mediaDevices.getUserMedia(CAMERA);
    if (document.visibilityState === "hidden" || found) {
      for (const track of opened.getTracks()) track.stop();
      return;
    }
    stream = opened;
    stream.getVideoTracks()[0].addEventListener("ended", () => lose("camera_lost"));
    view.srcObject = stream;
    arrange();
    tell("camera_point");
    await view.play().catch(() => undefined);
    look(opened);
  } catch (error) {
    lose(FAULTS[error.name] ?? "camera_failed");
  } finally {
    opening = false;
  }
}

function close() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = view.srcObject = null;
  arrange();
  if (!found) tell("camera_private");
}

function lose(name) {
  close();
  complain(name);
}

async function look(mine) {
  while (stream === mine && !found) {
    if (view.videoWidth) {
      const read = await ask(view, view.videoWidth, view.videoHeight);
      if (stream !== mine) return;
      if (read === null) return lose("scan_gone");
      if (read.code) return arrive(read.code);
      tell(read.other ? "camera_wrong" : "camera_point");
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

// What the program reads in a picture; null when it does not answer.
async function ask(source, width, height) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  const body = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  try {
    const headers = { "Content-Type": "image/jpeg", "Qupia-Form": scanner.dataset.form };
    const address = scanner.dataset.address;
    const answer = await fetch(address, { method: "POST", body, headers, cache: "no-store" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function arrive(text) {
  if (found) return;
  found = true;
  close();
  complain("");
  tell("camera_found");
  code.value = text;
  code.form.requestSubmit();
}

async function readPicture() {
  const [file] = picture.files;
  if (!file) return;
  close();
  complain("");
  const bitmap = await createImageBitmap(file).catch(() => null);
  const read = bitmap ? await ask(bitmap, bitmap.width, bitmap.height) : { code: null };
  picture.value = "";
  if (read?.code) arrive(read.code);
  else complain(read ? "picture_none" : "scan_gone");
}

start.addEventListener("click", open);
stop.addEventListener("click", close);
picture.addEventListener("change", readPicture);

// Out of sight nothing is looked at; whoever comes back goes on as before.
let goesOn = false;
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    goesOn = stream !== null || opening;
    close();
  } else if (goesOn) {
    open();
  }
});
addEventListener("pagehide", close);

scanner.hidden = false;
if (scanner.dataset.starts) open();
