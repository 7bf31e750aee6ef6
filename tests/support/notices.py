"""What the venue's page says beside its verdicts, and how its user asks it for more.

Texts are looked up where the page itself has them from.
"""

from schemas.bundle_faults import BundleFault
from schemas.resources import load_json
from tests.support.browser import ROOT, wait_until
from tests.support.catalogues import PAGE_TEXTS, by_name
from tests.support.door import Door

_SHARED = by_name(ROOT / "schemas/texts")


def text(name: str, lang: str = "en") -> str:
    """A text of the page's own."""
    return PAGE_TEXTS[name][lang]


def sentence(name: str, lang: str = "en", **values: int) -> str:
    """A sentence that page and command have in common."""
    return _SHARED[name][lang].format(**values)


def fault_text(fault: BundleFault, lang: str = "en") -> str:
    codes = load_json("bundle_faults.json")
    return f"{_SHARED[f'{fault}_bundle_fault'][lang]} ({codes[fault]['helpdesk']})"


def reason_text(reason: str, lang: str = "en") -> str:
    """With its ``{placeholders}``."""
    return _SHARED[f"{reason}_refusal"][lang]


def notices(door: Door) -> list[str]:
    """What stands on the page while visitors are checked."""
    return door.page.locator("#notices li").all_text_contents()


def wait_for_notice(door: Door, wanted: str) -> None:
    wait_until(door.page, lambda: wanted in notices(door), f"the notice {wanted!r}")


def wait_for_no_notice(door: Door, unwanted: str) -> None:
    wait_until(door.page, lambda: unwanted not in notices(door), f"the end of {unwanted!r}")


def open_settings(door: Door) -> None:
    door.page.locator("#open-settings").click()
    door.page.locator("#settings").wait_for()


def close_settings(door: Door) -> None:
    door.page.locator("#settings > [data-closes]").click()
    door.page.locator("#settings").wait_for(state="hidden")


def facts(door: Door) -> list[str]:
    """All that the settings say about keys and clock."""
    return door.page.locator("#facts li").all_text_contents()


def update(door: Door, lang: str = "en") -> str:
    """Press the button in the settings; what the page answers."""
    open_settings(door)
    door.page.locator("#update-now").click()
    answer = door.page.locator("#settings-answer")
    unfinished = ("", text("getting_keys", lang))
    wait_until(door.page, lambda: answer.text_content() not in unfinished, "an answer")
    told = str(answer.text_content())
    close_settings(door)
    return told


def version(door: Door) -> int:
    """Of the bundle in force, as the page tells it in English."""
    [line] = [line for line in facts(door) if "bundle version" in line]
    return int(line.rpartition(" ")[2].rstrip("."))


def wait_for_version(door: Door, wanted: int) -> None:
    wait_until(door.page, lambda: version(door) == wanted, f"version {wanted}")


def network_is_back(door: Door) -> None:
    """As browsers tell a page; it asks for newer keys then."""
    door.page.evaluate("void dispatchEvent(new Event('online'))")
