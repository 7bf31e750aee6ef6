"""Nothing about a visitor is kept or sent, and the page loads nothing that is not its own."""

import gzip
import http.client
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from schemas.hours import hour_at
from schemas.presentation import parse_presentation, slot_at
from tests.support.browser import Watched, wait_until
from tests.support.bundle_server import BundleServer
from tests.support.catalogues import PAGE_TEXTS
from tests.support.counting import wire_to
from tests.support.door import ADMITTED, Door
from tests.support.films import Scene, frame, write_film
from tests.support.venue_server import VenueServer
from tests.support.world import NOON, World
from verifier.serving import CONTENT_SECURITY_POLICY, GZIP_LEVEL, PAGE

FIRST_LOAD = 1_500_000
PIECE = 16
"""Bytes of a secret that must not be found anywhere, not even as a part of something else."""

OpenPage = Callable[..., Watched]


def await_worker(page: Page) -> None:
    """Wait until the page is kept on the device, so that nothing more is fetched for that."""
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    cached = "caches.keys().then((names) => names.length)"
    wait_until(page, lambda: page.evaluate(cached) > 0)


# What is left of a visitor


def test_no_way_to_scan_leaves_or_sends_anything(
    tmp_path: Path,
    launch: Callable[[Path | None], Browser],
    open_page: OpenPage,
    own_server: VenueServer,
    world: World,
    issuer: BundleServer,
) -> None:
    texts = [world.code(NOON)]
    film = tmp_path / "film.y4m"
    write_film(film, [Scene(frames=20), Scene(texts[0], frames=20)])
    seen = open_page(browser=launch(film), now=NOON)
    door = Door.of(seen)
    page = door.page
    with wire_to(own_server.port) as wire:
        page.goto(wire.url)
        await_worker(page)
        door.set_up(wire.url, issuer=issuer.origin, root=world.pin)
        assert door.next_verdict() == ADMITTED
        door.dismiss()
        # The others have scanned the venue's code first, and are bound to it.
        door.show_code("strict", "Кафе")
        binding = door.check_in.bindings()[hour_at(NOON)]
        texts += [world.show(world.issue(NOON), slot_at(NOON), venue=binding) for _ in range(4)]
        frame(Scene(texts[4])).save(tmp_path / "picture.png")
        wait_until(page, lambda: "/healthz" in issuer.asked)
        page.wait_for_load_state("networkidle")
        seen.forget()
        history = page.evaluate("history.length")
        wire.asked.clear()
        before = own_server.log.read_bytes(), list(issuer.asked)

        during = scan_in_all_ways(door, texts[1:], tmp_path / "picture.png")
        assert [kept.verdict for kept in door.verdicts()] == [ADMITTED] * 5
        # With the first sound the browser looks for the page's icon in its cache.
        assert [url for url in seen.requests if "/assets/icon-" not in url] == []
        assert (own_server.log.read_bytes(), issuer.asked) == before
        # After a page was loaded the browser itself looks once whether there is a newer one.
        assert set(wire.asked) <= {"/sw.js"}
        assert (page.url, page.evaluate("history.length")) == (wire.url, history)
    assert (seen.console, seen.complaints) == ([], [])
    # The record of the device holds what staff prefer, here that they know of the first touch.
    assert page.evaluate(_RECORDS) == ["device", "seeds", "venue"]
    assert seen.context.cookies() == []
    left = [b64decode(one) for one in page.evaluate(_LEFT)]
    assert sum(map(len, left)) > 10_000
    heap = b"\0".join([*left, during.encode()])
    assert [kind for text in texts for kind in found_in(heap, text)] == []
    # The search itself finds what it looks for, in every spelling.
    data = texts[0].encode()
    for spelt in (data, data[100:].hex().encode(), b64encode(data[1:]), b64encode(data[2:])):
        assert list(found_in(heap + spelt, texts[0])) == ["text"]
    assert_cached_is_built(page)


def scan_in_all_ways(door: Door, texts: list[str], picture: Path) -> str:
    """Type, paste and enter a code, and choose a picture; all that stands on the page meanwhile."""
    typed, pasted, entered, _ = texts
    before = len(door.verdicts())

    def enter(text: str) -> None:
        door.page.locator("#open-text").click()
        door.page.locator("#text-code").fill(text)
        door.page.keyboard.press("Enter")

    during = ""
    for number, scan in enumerate(
        [
            partial(door.type_code, typed),
            partial(door.paste, pasted),
            partial(enter, entered),
            partial(door.choose_picture, picture),
        ]
    ):
        scan()
        door.next_verdict(before + number)
        during += door.page.title() + door.page.url + door.page.content()
        door.dismiss()
    return during


def found_in(heap: bytes, text: str) -> Iterator[str]:
    """What of a code stands in ``heap``, as it is or in hexadecimal or base64."""
    presentation = parse_presentation(text)
    point = presentation.device
    secrets = {
        "text": text[4:].encode(),
        "x": point.x,
        "y": point.y,
        "fingerprint": sha256(point.x + point.y).digest(),
        "nonce": point.nonce,
        "signature": presentation.signature,
        "proof": presentation.proof,
    }
    for name, secret in secrets.items():
        for start in range(0, len(secret) - PIECE + 1, PIECE):
            piece = secret[start : start + PIECE]
            if any(spelt in heap for spelt in spellings(piece)):
                yield name
                break


def spellings(piece: bytes) -> Iterator[bytes]:
    """As it is, in hexadecimal, and in base64 wherever it begins there."""
    yield piece
    yield piece.hex().encode()
    yield piece.hex().upper().encode()
    for before in range(3):
        # Only the characters that depend on nothing but the piece.
        first, last = -(-before * 8 // 6), (before + PIECE) * 8 // 6
        spelt = b64encode(bytes(before) + piece)[first:last]
        yield spelt
        yield spelt.translate(bytes.maketrans(b"+/", b"-_"))


_RECORDS = """async () => {
  const names = [];
  for (const {name} of await indexedDB.databases()) {
    const database = await new Promise((resolve) => {
      indexedDB.open(name).onsuccess = ({target}) => resolve(target.result);
    });
    for (const store of database.objectStoreNames) {
      const asked = database.transaction(store).objectStore(store).getAllKeys();
      await new Promise((resolve) => { asked.onsuccess = resolve; });
      names.push(...asked.result);
    }
    database.close();
  }
  return names.sort();
}"""

_LEFT = """async () => {
  const left = [];
  const add = (bytes) => {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    left.push(btoa(text));
  };
  const walk = (value) => {
    if (value instanceof ArrayBuffer) add(new Uint8Array(value));
    else if (ArrayBuffer.isView(value)) {
      add(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (typeof value === "object" && value !== null) {
      const pairs = value instanceof Map ? [...value] : Object.entries(value);
      for (const pair of pairs) pair.forEach(walk);
    } else add(new TextEncoder().encode(String(value)));
  };
  for (const {name} of await indexedDB.databases()) {
    walk(name);
    const database = await new Promise((resolve) => {
      indexedDB.open(name).onsuccess = ({target}) => resolve(target.result);
    });
    for (const store of database.objectStoreNames) {
      const place = database.transaction(store).objectStore(store);
      for (const asked of [place.getAllKeys(), place.getAll()]) {
        await new Promise((resolve) => { asked.onsuccess = resolve; });
        walk(asked.result);
      }
    }
    database.close();
  }
  walk({...localStorage});
  walk({...sessionStorage});
  walk([document.cookie, document.title, location.href, JSON.stringify(history.state)]);
  walk(document.documentElement.outerHTML);
  walk([...document.querySelectorAll("input")].map(({value}) => value));
  for (const name of await caches.keys()) {
    walk((await (await caches.open(name)).keys()).map(({url}) => url));
  }
  return left;
}"""


def assert_cached_is_built(page: Page) -> None:
    """The caches hold the files of the page as they were built, and nothing else."""
    cached: dict[str, str] = page.evaluate(_CACHED)
    assert cached
    for url, digest in cached.items():
        path = PAGE / (urlsplit(url).path.lstrip("/") or "index.html")
        assert sha256(path.read_bytes()).hexdigest() == digest, url


_CACHED = """async () => {
  const cached = {};
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const body = await (await cache.match(request)).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
      cached[request.url] = Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
    }
  }
  return cached;
}"""


def test_the_page_promises_it_in_three_languages(
    open_page: OpenPage, venue_page: str, world: World, issuer: BundleServer
) -> None:
    door = Door.of(open_page(now=NOON))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin)
    for language in ("en", "ru", "kk"):
        door.page.locator("#open-settings").click()
        door.page.locator("#language").select_option(language)
        door.page.keyboard.press("Escape")
        promise = door.page.get_by_text(PAGE_TEXTS["nothing_kept"][language], exact=True)
        expect(promise).to_be_visible()


# What is loaded


def test_the_first_start_is_small_and_the_next_needs_no_network(
    open_page: OpenPage, page_server: VenueServer
) -> None:
    with wire_to(page_server.port) as wire:
        seen = open_page()
        page = seen.page
        page.goto(wire.url)
        page.locator('html[data-state="setup"]').wait_for(state="attached")
        await_worker(page)
        [decoder] = (PAGE / "assets").glob("*.wasm")
        assert any(url.endswith(decoder.name) for url in seen.requests)
        of_decoder = len(gzip.compress(decoder.read_bytes(), GZIP_LEVEL))
        assert any(decoder.name in path for path in wire.asked)
        assert wire.received <= FIRST_LOAD
        assert wire.received > of_decoder > wire.received / 2

        wire.asked.clear()
        seen.context.set_offline(True)
        page.goto("about:blank")
        seen.forget()
        page.goto(wire.url)
        page.locator('html[data-state="setup"]').wait_for(state="attached")
        assert seen.complaints == []
        assert wire.asked == []


def test_nobody_else_is_ever_asked(
    open_page: OpenPage, venue_page: str, world: World, issuer: BundleServer
) -> None:
    seen = open_page(now=NOON)
    door = Door.of(seen)
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin)
    await_worker(door.page)
    assert door.judge(world.code(NOON)) == ADMITTED
    ours = {venue_page.rstrip("/"), issuer.origin}
    hosts = {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in seen.requests}
    assert {host for host in hosts if not host.startswith("blob:")} == ours
    assert set(issuer.asked) == {"/.well-known/qupia/trust-bundle", "/healthz"}
    for headers in issuer.headers:
        assert headers.keys().isdisjoint({"cookie", "referer", "authorization", "if-none-match"})
    seen.assert_quiet()


# What the page may do


class _Page(HTMLParser):
    """Notes the policy of a page and whatever in it a policy should forbid."""

    def __init__(self) -> None:
        super().__init__()
        self.policy, self.sources = "", list[str]()
        self.inline = list[str]()
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: dict[str, Any] = dict(attrs)
        self._open = tag
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        self.sources += [str(found[name]) for name in ("src", "href") if name in found]
        self.inline += [f"{tag} {name}" for name in found if name == "style" or name[:2] == "on"]

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and data.strip():
            self.inline.append(data)


@pytest.fixture(scope="module")
def built() -> _Page:
    page = _Page()
    page.feed((PAGE / "index.html").read_text())
    return page


def test_the_served_and_the_built_policy_are_one(built: _Page, page_server: VenueServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", page_server.port)
    connection.request("GET", "/")
    served = connection.getresponse().headers["Content-Security-Policy"]
    connection.close()
    assert served == CONTENT_SECURITY_POLICY
    assert f"{built.policy}; frame-ancestors 'none'" == served


def test_the_built_page_has_nothing_inline_and_nothing_of_others(built: _Page) -> None:
    assert built.inline == []
    assert built.sources
    for source in built.sources:
        assert (PAGE / source).is_file(), source


def test_the_policy_forbids_what_the_page_does_not_need(
    open_page: OpenPage, venue_page: str
) -> None:
    seen = open_page()
    seen.page.goto(venue_page)
    seen.page.locator('html[data-state="setup"]').wait_for(state="attached")
    assert seen.violations == []
    seen.page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "document.title = 'run'";
      document.head.append(script);
      document.body.setAttribute("style", "color: red");
      const picture = document.createElement("img");
      picture.src = "http://127.0.0.1:9/pixel.png";
      document.body.append(picture);
      setTimeout("document.title = 'run'");
    }""")
    for kind in ("script-src-elem inline", "style-src-attr inline", "img-src http"):
        await_violation(seen, kind)
    await_violation(seen, "script-src eval")
    expect(seen.page).to_have_title(PAGE_TEXTS["title"]["en"])


def await_violation(seen: Watched, what: str) -> None:
    wait_until(seen.page, lambda: any(what in one for one in seen.violations), what)
