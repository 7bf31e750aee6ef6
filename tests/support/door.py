"""The venue's page as the person at the door uses it, and what it says to them.

::

    door = Door.of(seen)
    door.set_up(venue_page, issuer=server.origin, root=world.pin)
    assert door.judge(world.code(NOON)) == ADMITTED
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from playwright.sync_api import Page

from schemas.check_in import CheckInCode, parse_check_in
from tests.support.browser import Watched, wait_until
from tests.support.films import MARKER_PIXELS, MARKER_STEP, SIZE


@dataclass(frozen=True)
class Verdict:
    """``outcome`` and ``reason`` with the names that the page's root element carries."""

    outcome: str
    reason: str | None


ADMITTED = Verdict("admit", None)


@dataclass(frozen=True)
class Kept:
    """A verdict that stood on the page; ``at`` is milliseconds of its ``performance.now()``."""

    verdict: Verdict
    at: float


@dataclass(frozen=True)
class Door:
    """What a person at the door does with the page, and sees on it."""

    page: Page

    @classmethod
    def of(cls, seen: Watched) -> Self:
        """At the page of a context in which nothing was opened yet."""
        seen.context.add_init_script(_KEEP_VERDICTS)
        return cls(seen.page)

    # Opening and setting up

    def set_up(
        self,
        url: str,
        *,
        issuer: str,
        root: str,
        policy: str | None = None,
        lang: str | None = None,
    ) -> None:
        """Open the page at its set-up link, and wait until it scans or has judged a code."""
        self.page.goto(setup_link(url, issuer=issuer, root=root, policy=policy, lang=lang))
        open_door = 'html[data-state="scanning"], html[data-state="verdict"]'
        self.page.locator(open_door).wait_for(state="attached")

    @property
    def attributes(self) -> dict[str, str]:
        """``state``, ``outcome``, ``reason`` and ``fault`` as far as there are any, and others."""
        found: Mapping[str, str] = self.page.evaluate("({...document.documentElement.dataset})")
        return dict(found)

    @property
    def state(self) -> str:
        return self.attributes["state"]

    def wait_for(self, state: str, *, fault: str | None = None) -> None:
        """Wait for ``setup``, ``scanning`` or ``verdict``."""
        told = f'[data-fault="{fault}"]' if fault else ""
        self.page.locator(f'html[data-state="{state}"]{told}').wait_for(state="attached")

    # Codes

    def type_code(self, text: str) -> None:
        """As a handheld scanner does: key by key, about one a millisecond, and Enter."""
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def paste(self, text: str) -> None:
        """Out of the clipboard, with the keys that people use; the clipboard is the browser's."""
        self.page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
        self.page.keyboard.press("Control+V")

    def choose_picture(self, path: Path) -> None:
        """Give the page a picture file, at the set-up or at the door."""
        shown = "section:not([hidden])"
        self.page.locator(f'{shown} input[type="file"][accept="image/*"]').set_input_files(path)

    def judge(self, text: str) -> Verdict:
        """Type a code at the scanning page; what the page says to it."""
        self.wait_for("scanning")
        before = len(self.verdicts())
        self.type_code(text)
        return self.next_verdict(before)

    # Verdicts

    def verdicts(self) -> list[Kept]:
        """All that stood on the page since it was loaded, in order."""
        kept = self.page.evaluate("qupiaTestVerdicts")
        return [Kept(Verdict(one["outcome"], one["reason"]), one["at"]) for one in kept]

    def next_verdict(self, before: int = 0) -> Verdict:
        """The verdict after so many; waits for it, and finds it when it has gone already."""
        wait_until(self.page, lambda: len(self.verdicts()) > before, "a verdict")
        return self.verdicts()[before].verdict

    def dismiss(self) -> None:
        """Go on before the time of the verdict is over.

        A code in view may have its verdict at once, so that nobody sees the scanner in between.
        """
        before = self._judged()
        self.page.keyboard.press("Escape")
        wait_until(
            self.page,
            lambda: self.state == "scanning" or self._judged() > before,
            "the end of a verdict",
        )

    def _judged(self) -> int:
        """How many verdicts are kept; 0 in a page that keeps none."""
        return int(self.page.evaluate("(window.qupiaTestVerdicts ?? []).length"))

    # Checking in

    def show_code(self, mode: str, name: str = "") -> None:
        """Choose in the settings whether visitors check in here, and wait until it is so."""
        page = self.page
        page.locator("#open-settings").click()
        page.locator("#check-in-mode").select_option(mode)
        page.locator("#check-in-name").fill(name)
        page.locator("#check-in-save").click()
        page.locator(f'html[data-check-in="{mode}"]').wait_for(state="attached")
        page.locator("#settings > [data-closes]").click()
        if mode != "off":
            page.locator("#check-in-code[data-code]").wait_for(state="attached")

    @property
    def check_in_text(self) -> str | None:
        """The text of the check-in code that stands beside the scanner."""
        return self.page.locator("#check-in-code").get_attribute("data-code")

    @property
    def check_in(self) -> CheckInCode:
        """What a visitor's phone reads there."""
        text = self.check_in_text
        assert text is not None
        return parse_check_in(text)

    def seed_dates(self) -> list[str]:
        """The UTC dates that have a seed in the browser's storage."""
        return [str(date) for date in self.page.evaluate(_SEED_DATES)]

    # The camera

    def follow_scenes(self) -> None:
        """Note from now on when a frame of another scene of the film is shown."""
        self.page.evaluate(_FOLLOW_SCENES, [MARKER_PIXELS / SIZE[0], MARKER_STEP])

    def scenes(self) -> list[tuple[int, float]]:
        """The marker of each scene and when its first frame was shown, as ``Kept.at``."""
        return [(int(marker), float(at)) for marker, at in self.page.evaluate("qupiaTestScenes")]

    def delays(self) -> list[tuple[int, float]]:
        """For each scene in which a verdict came: its marker, and how many ms after it began."""
        scenes = self.scenes()
        ends = [at for _, at in scenes[1:]] + [inf]
        verdicts = [kept.at for kept in self.verdicts()]
        first = [
            (marker, next((at - start for at in verdicts if start <= at < end), None))
            for (marker, start), end in zip(scenes, ends, strict=True)
        ]
        return [(marker, delay) for marker, delay in first if delay is not None]


def setup_link(
    url: str, *, issuer: str, root: str, policy: str | None = None, lang: str | None = None
) -> str:
    """The address that sets the page up."""
    members = {"setup": issuer, "root": root, "policy": policy, "lang": lang}
    return f"{url}#{urlencode({name: value for name, value in members.items() if value})}"


_KEEP_VERDICTS = """
(() => {
  const kept = window.qupiaTestVerdicts = [];
  const look = (changes) => {
    const root = document.documentElement;
    const {state, outcome, reason = null} = root.dataset;
    // An outcome is set for each verdict, also for one that is the same as before.
    const isNew = changes.some((one) => one.target === root);
    if (isNew && state === "verdict") kept.push({outcome, reason, at: performance.now()});
  };
  const what = {subtree: true, attributeFilter: ["data-outcome"]};
  new MutationObserver(look).observe(document, what);
})();
"""

_SEED_DATES = """async () => {
  const database = await new Promise((resolve) => {
    indexedDB.open("qupia").onsuccess = ({target}) => resolve(target.result);
  });
  const asked = database.transaction("records").objectStore("records").get("seeds");
  await new Promise((resolve) => { asked.onsuccess = resolve; });
  database.close();
  return [...(asked.result ?? new Map()).keys()].sort();
}"""

_FOLLOW_SCENES = """
([part, step]) => {
  const video = document.querySelector("video");
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const shown = window.qupiaTestScenes = [];
  const look = () => {
    const at = performance.now();
    const side = video.videoWidth * part;
    pixel.drawImage(video, side / 4, side / 4, side / 2, side / 2, 0, 0, 1, 1);
    const marker = Math.round(pixel.getImageData(0, 0, 1, 1).data[0] / step) - 1;
    if (marker !== shown.at(-1)?.[0]) shown.push([marker, at]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}
"""
