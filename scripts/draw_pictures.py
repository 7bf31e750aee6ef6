"""Draw the pictures of the venue's page that docs/operating.md shows: ``make pictures`` runs it.

It photographs the built page in a real Chromium, at a fixed time and with a wall before the camera,
so that a picture changes only with the page (or with the fonts of the machine).
"""

import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.support.browser import ROOT, chromium, visit
from tests.support.bundle_server import serving
from tests.support.door import Door
from tests.support.films import Scene, write_film
from tests.support.page_folder import page_folder
from tests.support.screens import Tour
from tests.support.world import NOON, World

PICTURES = ROOT / "docs/pictures"
SHOWN = {
    "setup": "setup",
    "venue_kind": "kind",
    "scanning": "scanning",
    "settings": "settings",
    "check_in": "check-in",
    "check_in_large": "check-in-large",
    "trace": "trace",
    "admit": "admit",
    "refuse": "refuse",
    "cannot_check": "cannot-check",
}
"""Names of the screens and of their pictures."""

KINDS = ("Concert hall", "Hospital", "Library")
SAME_SEEDS = "crypto.getRandomValues = (seed) => seed.fill(7);\n"
"""So that the check-in code of a picture is always the same."""

COLOURS = 64
"""So many are enough for a page, and make a small file."""


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    town = World(hint="month", tracing=True)
    policies = [
        {"id": f"kind-{place}", "name": named(kind), "admit": list(town.statuses), "hint": "ask"}
        for place, kind in enumerate(KINDS)
    ]
    data = town.bundle(NOON, name=named("Health Department"), policies=policies)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(data, NOON) as issuer,
        page_folder(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        server.put_before("presence.worker", SAME_SEEDS)
        wall = Path(folder) / "wall.y4m"
        write_film(wall, [Scene()], fps=5, size=(320, 240))
        with chromium(playwright, camera=wall) as browser:
            with visit(browser, now=NOON) as seen:
                tour = Tour(Door.of(seen), url=server.url, issuer=issuer, town=town)
                for screen in tour.screens():
                    if screen in SHOWN:
                        draw(seen.page, SHOWN[screen])
            with visit(browser, now=NOON, may_use_camera=False) as seen:
                Door.of(seen).set_up(server.url, issuer=issuer.origin, root=town.pin)
                seen.page.locator("#camera-fault").wait_for()
                draw(seen.page, "camera-refused")


def named(name: str) -> dict[str, str]:
    return dict.fromkeys(("kk", "ru", "en"), name)


def draw(page: Page, name: str) -> None:
    data = page.screenshot(animations="disabled", caret="hide")
    picture = Image.open(BytesIO(data)).convert("RGB").quantize(COLOURS)
    picture.save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
