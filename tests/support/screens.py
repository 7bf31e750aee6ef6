"""Every screen of the venue's page in turn, for whoever looks at them all.

::

    for name in Tour(door, url=venue_page, issuer=server, town=World(hint="month")).screens():
        screenshot(door.page, name)
"""

from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

from schemas.kinds import HOUR
from schemas.presentation import slot_at
from tests.support.browser import let_pass, lose_camera, wait_until
from tests.support.bundle_server import BundleServer
from tests.support.catalogues import PAGE_TEXTS
from tests.support.door import Door
from tests.support.world import NOON, World

VENUE = "Кафе «Қайырлы таң», Алматы қ."
"""52 bytes."""

VERDICTS = ("admit", "paper", "refuse", "cannot_check")
SCREENS = (
    "setup",
    "setup_error",
    "venue_kind",
    "scanning",
    "text",
    "settings",
    "remove",
    "check_in",
    "check_in_large",
    "check_in_settings",
    "trace",
    *VERDICTS,
    "notices",
    "unusable",
    "camera_fault",
)


@dataclass(frozen=True)
class Tour:
    """A walk over all screens with a page that was prepared at noon and not opened yet."""

    door: Door
    url: str
    issuer: BundleServer
    town: World

    def screens(self) -> Iterator[str]:
        """The names of ``SCREENS``, each while its screen is shown.

        Whoever looks may resize the page and scroll, and leaves everything else as it is.
        """
        yield from self._setting_up()
        yield from self._dialogs()
        yield from self._check_in()
        yield from self._verdicts()
        yield from self._troubles()

    def _setting_up(self) -> Iterator[str]:
        page = self.door.page
        page.goto(self.url)
        self.door.wait_for("setup")
        yield "setup"
        page.locator("#setup-root").fill(self.town.pin)
        page.locator("#setup-url").fill("passes")
        page.keyboard.press("Enter")
        page.locator("#alert:not(:empty)").wait_for()
        yield "setup_error"
        page.locator("#setup-url").fill(self.issuer.origin)
        page.keyboard.press("Enter")
        page.locator("#venue-form").wait_for()
        yield "venue_kind"
        page.locator("#venue-form button").click()
        self.door.wait_for("scanning")

    def _dialogs(self) -> Iterator[str]:
        page = self.door.page
        wait_until(page, lambda: is_told(page, "point_camera"), "a picture of the camera")
        yield "scanning"
        page.locator("#open-text").click()
        yield "text"
        page.keyboard.press("Escape")
        page.locator("#open-settings").click()
        page.locator("#stays").check()
        yield "settings"
        page.locator("#remove").click()
        yield "remove"
        page.keyboard.press("Escape")

    def _check_in(self) -> Iterator[str]:
        """A strict door with a name that is as long as can be; then it shows no code any more."""
        page = self.door.page
        self.door.show_code("strict", VENUE)
        page.locator("#check-in").scroll_into_view_if_needed()
        yield "check_in"
        page.locator("#open-check-in").click()
        yield "check_in_large"
        page.keyboard.press("Escape")
        page.locator("#open-settings").click()
        page.locator("#trace-form").wait_for()
        page.locator("#check-in-name").fill(2 * VENUE)
        page.keyboard.press("Enter")
        page.locator("#check-in-answer:not(:empty)").wait_for()
        yield "check_in_settings"
        page.locator("#trace-from").fill("2026-03-17T04:00")
        page.locator("#trace-to").fill("2026-03-17T12:00")
        page.keyboard.press("Enter")
        page.locator("#trace-question").wait_for()
        page.locator("#trace-question").evaluate("(place) => place.scrollIntoView({block: 'end'})")
        yield "trace"
        page.keyboard.press("Escape")
        self.door.show_code("off")

    def _verdicts(self) -> Iterator[str]:
        """Those that have the longest texts; they stay, as the settings say now."""
        slot, held = slot_at(NOON), self.town.issue(NOON)
        stale = self.town.show(held, slot - 20)
        for name, outcome, text, now in (
            ("admit", "admit", self.town.show(held, slot), NOON),
            ("paper", "admit", self.town.paper(NOON), NOON),
            ("refuse", "refuse", stale, NOON),
            ("cannot_check", "cannot_check", stale, NOON - HOUR),
        ):
            self.door.page.clock.set_fixed_time(now)
            self.door.type_code(text)
            self.door.wait_for("verdict")
            assert self.door.attributes["outcome"] == outcome
            yield name
            self.door.dismiss()

    def _troubles(self) -> Iterator[str]:
        """The keys age, the clock is wrong, the network is gone, and then the camera."""
        page, notices = self.door.page, self.door.page.locator("#notices li")
        self._age(30 * HOUR)
        # The page compares its clock with the issuer's as soon as it sees that time has jumped.
        wait_until(page, lambda: notices.count() == 2, "the notice about the clock")
        page.context.set_offline(True)
        wait_until(page, lambda: notices.count() == 3, "the notice about the network")
        yield "notices"
        self._age(100 * HOUR)
        page.locator("#door[data-usable='false']").wait_for()
        yield "unusable"
        lose_camera(page)
        page.locator("#camera-fault").wait_for()
        yield "camera_fault"

    def _age(self, seconds: int) -> None:
        self.door.page.clock.set_fixed_time(NOON + seconds)
        let_pass(self.door.page, 5)


def is_told(page: Page, name: str) -> bool:
    """Whether the line below the camera's picture is this text of the page."""
    lang = page.evaluate("document.documentElement.lang")
    return page.locator("#hint").text_content() == PAGE_TEXTS[name][lang]
