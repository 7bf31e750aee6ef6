"""Inside Chromium, with its own WebCrypto, the page's code decides as everywhere else."""

import http.server
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page

from schemas.languages import Language
from schemas.plurals import category
from tests.support.browser import Watched
from tests.support.engines import Offers, Python, build_laboratory
from tests.support.hostile import hostile
from tests.support.vectors import has_high_s, number_of, wycheproof
from tests.vectors.make import DOORS

VECTORS = [json.loads(path.read_text()) for path in sorted(DOORS.glob("*.json"))]
LARGEST = 200_000
"""Bytes; what is larger takes long to hand over, and Node reads it with the same engine."""

HOSTILE = {
    name: chain
    for name, chain in hostile().items()
    if all(len(data) < LARGEST for data, _ in chain.offers)
}
IN_LABORATORY = """async ([call, given]) => {
  const laboratory = await import("/laboratory.js");
  const answers = [];
  if (call === "accept") {
    for (const {root, offers} of given) answers.push(await laboratory.accept(root, offers));
    return answers;
  }
  for (const {vector, bundle} of given) {
    const read = bundle && (await laboratory.read(bundle, vector.root));
    answers.push(await laboratory.decide(vector, read));
  }
  return answers;
}"""


class _Laboratory(http.server.BaseHTTPRequestHandler):
    """A blank page and the module; nothing else is asked for."""

    module = b""

    def do_GET(self) -> None:
        is_module = self.path == "/laboratory.js"
        body = self.module if is_module else b"<!doctype html><title>laboratory</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_module else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """A test's server says nothing."""


@pytest.fixture(scope="module")
def laboratory() -> Iterator[str]:
    """Its address: WebCrypto needs a secure context, which this machine's own addresses are."""
    handler = type("Laboratory", (_Laboratory,), {"module": build_laboratory().read_bytes()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(laboratory: str, open_page: Callable[..., Watched]) -> Page:
    page = open_page().page
    page.goto(laboratory)
    return page


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def members(chain: Offers) -> dict[str, Any]:
    offers = [{"data": base64(data), "now": now} for data, now in chain.offers]
    return {"root": chain.root, "offers": offers}


def bundle_of(vector: dict[str, Any]) -> str | None:
    return base64((DOORS / vector["bundle"]).read_bytes()) if vector["bundle"] else None


def test_every_vector_is_decided_as_it_says(page: Page) -> None:
    given = [{"vector": vector, "bundle": bundle_of(vector)} for vector in VECTORS]
    decided = page.evaluate(IN_LABORATORY, ["scan", given])
    for vector, found in zip(VECTORS, decided, strict=True):
        assert found == {name: vector[name] for name in found}, vector["name"]
        assert {"outcome", "reason", "seconds"} < found.keys()


def test_every_hostile_bundle_meets_the_same_fault(page: Page) -> None:
    chains = list(HOSTILE.values())
    faults = page.evaluate(IN_LABORATORY, ["accept", [members(chain) for chain in chains]])
    for name, here, there in zip(HOSTILE, Python().accept(chains), faults, strict=True):
        assert there == here, name


@pytest.mark.parametrize(
    ("kind", "file"),
    [("ecdsa", "ecdsa_p256_sha256_p1363"), ("pss", "rsa_pss_2048_sha384_salt_48")],
)
def test_a_signature_is_right_or_wrong_as_wycheproof_says(page: Page, kind: str, file: str) -> None:
    cases = wycheproof(file)
    found = page.evaluate(
        """async ([kind, cases]) => {
          const {signatures} = await import("/laboratory.js");
          const answers = [];
          for (const one of cases) answers.push(await signatures[kind](one));
          return answers;
        }""",
        [kind, cases],
    )
    for case, is_right in zip(cases, found, strict=True):
        if kind == "ecdsa" and case["result"] == "valid" and has_high_s(case):
            continue
        assert is_right == (case["result"] == "valid"), number_of(case)


@pytest.mark.parametrize("language", Language)
def test_numbers_have_the_same_forms(page: Page, language: Language) -> None:
    counted = page.evaluate(
        """(language) => {
          const rules = new Intl.PluralRules(language);
          return Array.from({length: 250}, (_, number) => rules.select(number));
        }""",
        language.value,
    )
    assert counted == [category(number, language).value for number in range(250)]
