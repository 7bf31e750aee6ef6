// Keeps the code fresh: a new proof each half minute from the server, a ring that counts down,
// a screen that stays on. Whoever leaves the page and comes back is asked before it is seen again.
"use strict";

const live = document.getElementById("live");
const modules = document.getElementById("modules");
const rest = document.getElementById("rest");
const seconds = document.getElementById("seconds");
const sentence = document.getElementById("say-new").content.textContent;

const SLOT = 30;
// Seconds that a venue takes a proof at most, from the beginning of its half minute.
const GOOD_FOR = 75;
const RETRY = 3;

let next = performance.now() + live.dataset.left * 1000;
let ends = performance.now() + live.dataset.stays * 1000;
let asking = false;

function remove(reason) {
  live.hidden = true;
  modules.setAttribute("d", "");
  document.getElementById(reason).hidden = false;
  clearInterval(timer);
}

function draw() {
  const now = performance.now();
  const left = Math.min(SLOT, Math.max(0, Math.ceil((next - now) / 1000)));
  seconds.textContent = sentence.replace("#", String(left));
  rest.setAttribute("stroke-dashoffset", String(SLOT - left));
  if (now >= ends) remove("over");
  else if (now >= next + (GOOD_FOR - SLOT) * 1000) remove("lost");
  else if (now >= next && !asking) renew();
}

async function renew() {
  asking = true;
  try {
    const answer = await fetch(live.dataset.address, { cache: "no-store" });
    if (answer.ok) {
      const code = await answer.json();
      if (document.visibilityState === "visible") modules.setAttribute("d", code.drawn);
      next = performance.now() + code.left * 1000;
      ends = performance.now() + code.stays * 1000;
    } else {
      remove(answer.status === 410 ? "over" : "lost");
    }
  } catch {
    await new Promise((resolve) => setTimeout(resolve, RETRY * 1000));
  }
  asking = false;
}

async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // The battery is low, or the browser does not do it: the person keeps the screen on.
  }
}

// Out of sight: another app, a locked screen, or another tab. It may be another door when they
// come back, so the code goes, and is not in the pictures by which a phone shows its apps.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") modules.setAttribute("d", "");
  else location.replace(live.dataset.again);
});

const timer = setInterval(draw, 1000);
stayAwake();
draw();
