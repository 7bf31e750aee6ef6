"""The venue's page in a headless Chromium: from the camera to the verdict, and each part alone.

A code is in view from the first frame that shows it. What nobody can be faster than is told beside
it: the time from one frame of the camera to the next, and the decoder on a frame of the same film.
"""

import http.server
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.figures import Figure
from schemas.presentation import slot_at
from tests.support.browser import chromium, visit, wait_until
from tests.support.bundle_server import serving
from tests.support.counting import wire_to
from tests.support.door import Door
from tests.support.engines import build_laboratory
from tests.support.films import Scene, hard, write_film
from tests.support.logs import MemoryLog, MemoryWitness
from tests.support.venue_server import VenueServer, venue_server
from tests.support.world import NOON, World
from verifier.serving import PAGE

FPS = 15
CODES = 9
"""In one turn of the film, half of them hard to read."""

WALL_FRAMES, CODE_FRAMES = 6, 8
TURNS = 5
DECODINGS = 100
DECISIONS = 500
PROOFS = 200
A_YEAR = 1_460
"""Bundles, one every six hours."""

MEGABYTE = 1e6


def run() -> list[Figure]:
    """Delays in milliseconds, and what the first start loads."""
    world = World()
    bundle = world.bundle(NOON)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        film = Path(folder) / "film.y4m"
        write_film(film, _scenes(world), fps=FPS)
        with (
            venue_server(Path(folder)) as server,
            chromium(playwright, camera=film) as browser,
        ):
            loaded = _first_load(browser, server)
            with serving(bundle, NOON) as issuer, visit(browser, now=NOON) as seen:
                door = Door.of(seen)
                door.set_up(server.url, issuer=issuer.origin, root=world.pin)
                delays = _camera_to_verdict(door)
                decodings = _times(door.page, _DECODE, [_script("reader.worker"), DECODINGS])
                codes = _times(door.page, _MAKE_CODE, [_script("presence.worker"), NOON, CODES])
            decisions, checks = _decide(browser, world, bundle)
            proofs = _prove(browser)
    return [
        Figure("from one frame of the camera to the next", 1000 / FPS, "ms"),
        Figure("the decoder alone on a frame, p50", median(decodings), "ms"),
        Figure("the decoder alone on a frame, p95", _p95(decodings), "ms"),
        Figure("code in view to verdict, p50", median(delays), "ms"),
        Figure("code in view to verdict, p95", _p95(delays), "ms", 250),
        Figure("WebCrypto: verify RSA-PSS and ECDSA, p50", median(checks), "ms"),
        Figure("WebCrypto: verify RSA-PSS and ECDSA, p95", _p95(checks), "ms"),
        Figure("text to verdict, p50", median(decisions), "ms"),
        Figure("text to verdict, p95", _p95(decisions), "ms", 5),
        Figure("proof with its end and three cosignatures, p50", median(proofs), "ms"),
        Figure("proof with its end and three cosignatures, p95", _p95(proofs), "ms", 5),
        Figure("check-in code of 4 hours with its bindings, p50", median(codes), "ms"),
        Figure("first start: bytes carried, with headers", loaded / MEGABYTE, "MB", 1.5),
    ]


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def _times(page: Page, script: str, given: object) -> list[float]:
    return [float(time) for time in page.evaluate(script, given)]


# The first start


def _first_load(browser: Browser, server: VenueServer) -> int:
    """Bytes from the server until the page works and is kept on the device."""
    with wire_to(server.port) as wire, visit(browser) as seen:
        seen.page.goto(wire.url)
        kept = "navigator.serviceWorker.ready.then(() => caches.keys()).then((all) => all.length)"
        wait_until(seen.page, lambda: seen.page.evaluate(kept) > 0)
        return wire.received


# The camera


def _scenes(world: World) -> Iterator[Scene]:
    """Each code from a new pass, and a wall before it; out of view for more than 3 s a turn."""
    for number in range(1, CODES + 1):
        text = world.code(NOON)
        yield Scene(frames=WALL_FRAMES, marker=0)
        if number % 2:
            yield hard(text, frames=CODE_FRAMES, marker=number)
        else:
            yield Scene(text, frames=CODE_FRAMES, marker=number)


def _camera_to_verdict(door: Door) -> list[float]:
    """A delay for every time that a code came into view, after the first."""
    door.page.evaluate(_GO_ON_AT_ONCE)
    door.next_verdict()
    door.follow_scenes()
    for turn in range(TURNS):
        # Between two turns something is heard of it, so that a page that hangs is noticed.
        after = len(door.verdicts()) + CODES
        wait_until(door.page, lambda after=after: len(door.verdicts()) >= after, f"turn {turn}")  # type: ignore[misc]
    # The scene in which it was begun to look had begun before.
    return [delay for marker, delay in door.delays()[1:] if marker > 0]


_GO_ON_AT_ONCE = """
() => new MutationObserver(() => {
  if (document.documentElement.dataset.state !== "verdict") return;
  setTimeout(() => document.querySelector("#verdict-next").click(), 30);
}).observe(document.documentElement, {attributeFilter: ["data-outcome"]})
"""


def _script(name: str) -> str:
    """The address of one of the page's threads, as built."""
    [path] = (PAGE / "assets").glob(f"{name}-*.js")
    return f"assets/{path.name}"


_DECODE = """async ([reader, number]) => {
  const worker = new Worker(reader, {type: "module"});
  const video = document.querySelector("video");
  const ask = (question) => new Promise((resolve) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = ({data}) => resolve(data.answer);
    worker.postMessage({question, port: port2}, [port2, question]);
  });
  const times = [];
  while (times.length < number) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    const frame = await createImageBitmap(video);
    const start = performance.now();
    const texts = await ask(frame);
    // The first reading waits for the decoder to be compiled; a wall is no code.
    if (texts.length > 0) times.push(performance.now() - start);
  }
  worker.terminate();
  return times.slice(1);
}"""


# Checking in


_MAKE_CODE = """async ([script, now, number]) => {
  const worker = new Worker(script, {type: "module"});
  const ask = (question) => new Promise((resolve, reject) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = ({data}) => data.answer ? resolve(data.answer) : reject(new Error("no code"));
    worker.postMessage({question, port: port2}, [port2]);
  });
  const times = [];
  while (times.length <= number) {
    const start = performance.now();
    await ask({kind: "code", code: {name: "", grid: new Uint8Array(8)}, now});
    times.push(performance.now() - start);
  }
  worker.terminate();
  // The first one waits for the thread to start, and makes the seeds.
  return times.slice(1);
}"""


# The decision


def _decide(browser: Browser, world: World, bundle: bytes) -> tuple[list[float], list[float]]:
    """Decisions on new passes, and two raw signature checks, by turns in one page."""
    slot = slot_at(NOON)
    cases: list[dict[str, Any]] = [
        {
            "text": world.show(world.issue(NOON), slot),
            "root": world.pin,
            "policy": "everyone",
            "now": NOON,
            "venue": None,
            "before": [],
        }
        for _ in range(DECISIONS)
    ]
    with _laboratory() as url, visit(browser) as seen:
        seen.page.goto(url)
        given = [b64encode(bundle).decode(), world.pin, cases]
        found = json.loads(seen.page.evaluate(_DECIDE, given))
    return found["decisions"], found["checks"]


_DECIDE = """async ([bundle, root, cases]) => {
  const laboratory = await import("/laboratory.js");
  const read = await laboratory.read(bundle, root);
  const pss = {name: "RSA-PSS", saltLength: 48}, ecdsa = {name: "ECDSA", hash: "SHA-256"};
  const rsa = {...pss, hash: "SHA-384", modulusLength: 2048,
               publicExponent: new Uint8Array([1, 0, 1])};
  const one = await crypto.subtle.generateKey(rsa, false, ["sign", "verify"]);
  const other = await crypto.subtle.generateKey(
    {name: "ECDSA", namedCurve: "P-256"}, false, ["sign", "verify"]);
  const message = crypto.getRandomValues(new Uint8Array(98));
  const token = await crypto.subtle.sign(pss, one.privateKey, message);
  const proof = await crypto.subtle.sign(ecdsa, other.privateKey, message);
  const checks = [], decisions = [];
  for (const given of cases) {
    let start = performance.now();
    const {outcome} = await laboratory.decide(given, read);
    decisions.push(performance.now() - start);
    if (outcome !== "admit") throw new Error(outcome);
    start = performance.now();
    await crypto.subtle.verify(pss, one.publicKey, token, message);
    await crypto.subtle.verify(ecdsa, other.publicKey, proof, message);
    checks.push(performance.now() - start);
  }
  return JSON.stringify({checks, decisions});
}"""


# The log


def _prove(browser: Browser) -> list[float]:
    """The proof of the last of a year's bundles, verified again and again in one page."""
    witnesses = [MemoryWitness(f"witness-{number}.example") for number in range(3)]
    log = MemoryLog("pass.health-authority.example", witnesses=witnesses)
    for number in range(A_YEAR):
        log.append(sha256(b"%d" % number).digest())
    keys = [witness.vkey.text for witness in witnesses]
    given = [log.entries[-1].hex(), log.proof(A_YEAR - 1).text, log.vkey.text, keys, PROOFS]
    with _laboratory() as url, visit(browser) as seen:
        seen.page.goto(url)
        return _times(seen.page, _PROVE, given)


_PROVE = """async ([entry, text, log, witnesses, number]) => {
  const laboratory = await import("/laboratory.js");
  const times = [];
  while (times.length <= number) {
    const start = performance.now();
    const cosigners = await laboratory.prove(entry, text, log, witnesses);
    times.push(performance.now() - start);
    if (cosigners !== witnesses.length) throw new Error(`cosigned by ${cosigners}`);
  }
  return times.slice(1);
}"""


class _Handler(http.server.BaseHTTPRequestHandler):
    """A blank page and the page's own decisions; isolated pages have a clock in microseconds."""

    module = b""

    def do_GET(self) -> None:
        is_module = self.path == "/laboratory.js"
        body = self.module if is_module else b"<!doctype html><title>laboratory</title>"
        self.send_response_only(200)
        self.send_header("Content-Type", "text/javascript" if is_module else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is printed between the figures."""


@contextmanager
def _laboratory() -> Iterator[str]:
    handler = type("Handler", (_Handler,), {"module": build_laboratory().read_bytes()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
