"""The demo's chapters, in order."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from schemas.encoding import format_time, parse_time
from schemas.kinds import DAY, MINUTE
from schemas.paths import HEALTH_PATH
from schemas.presentation import SLOT_SECONDS, format_presentation, parse_presentation
from shell.command_line import EXIT_DONE, EXIT_USAGE
from shell.pictures import qr_version, read_codes
from wallet_sim.demo.homes import Homes, Result, free_port
from wallet_sim.demo.laboratory import NAME, PHONE, write_export

_FLIPPED = 100
"""Which byte of the signature gets a changed bit."""


@dataclass(frozen=True)
class DemoAuthority:
    """An issuer: where it is reached and the thumbprint of its root."""

    url: str
    root: str


def tell(homes: Homes, *, now: int) -> str:
    """All chapters; raises WentWrong when one ends otherwise than it must.

    What comes back is the address that set up the venue's page.
    """
    homes.chapter("1. A health authority sets an issuer up")
    authority = init_authority(homes)
    homes.narrate(
        f"Its root key goes to a safe. Whoever knows [bold]{authority.root[:12]}…[/], the root's "
        "thumbprint, can check all that follows. The service makes one signing key for each "
        "month of birth, status and day, ahead of time."
    )
    with homes.serving("qupia-issuer", authority.url + HEALTH_PATH):
        secrets = _laboratory(homes, now)
        _activate(homes, secrets["link"])
        page = _set_up_venue(homes, authority)
    sync = homes.run("qupia-verifier", "sync", told=False)
    homes.expect("asking the issuer again", sync.status, EXIT_USAGE)
    homes.narrate("From here on the issuer is [bold]stopped[/]: nothing below can ask it.")
    shown = _at_the_door(homes)
    _refusals(homes, shown, now)
    _what_is_known(homes, secrets)
    _deletion(homes, now)
    return page


def init_authority(homes: Homes) -> DemoAuthority:
    """An issuer on this machine, its root key moved to a safe."""
    url = f"http://localhost:{free_port()}"
    init = ("init", "--name", "Health Department", "--url", url, "--json")
    members = homes.run("qupia-issuer", *init).members
    offline = homes.folder / "safe" / "ROOT.pem"
    offline.parent.mkdir()
    (homes.folder / "issuer" / "ROOT.pem").rename(offline)
    return DemoAuthority(url, members["root"])


def _laboratory(homes: Homes, now: int) -> dict[str, str]:
    homes.chapter("2. A laboratory hands in this morning's results")
    export, out = homes.folder / "results.csv", homes.folder / "codes.csv"
    iin = write_export(export, now=now)
    result = homes.run("qupia-issuer", "intake", str(export), "--out", str(out), "--json")
    summary = result.members
    homes.expect("intake of 7 rows", (summary["rows"], summary["codes"]), (7, 4))
    homes.expect("rows rejected", [entry["line"] for entry in summary["rejected"]], [8, 7])
    homes.narrate(
        f"7 rows: {summary['codes']} activation codes, {summary['withdrawals']} withdrawal "
        "(a positive test stops passes), and two rows back to the laboratory, by line number "
        "and reason only: "
        + ", ".join(f"line {entry['line']} {entry['reason']}" for entry in summary["rejected"])
        + ". Names and telephones were never read; IINs left the process as keyed hashes."
    )
    with out.open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    return {"iin": iin, "code": first["code"], "link": first["activation_url"]}


def _activate(homes: Homes, link: str) -> None:
    homes.chapter("3. A citizen scans her slip")
    result = homes.run("qupia-wallet", "activate", "-", "--json", given=link + "\n")
    homes.expect("activation", result.members["status"], "green")
    homes.narrate(
        "Her wallet now holds an entitlement; the issuer keeps no result and no identity. It "
        "signed 8 passes for today and 8 for tomorrow without seeing one of them."
    )


def _set_up_venue(homes: Homes, authority: DemoAuthority) -> str:
    homes.chapter("4. A cinema gets the public keys, once")
    words = ("setup", authority.url, "--root", authority.root, "--json")
    homes.expect("set-up of the venue", homes.run("qupia-verifier", *words).status, 0)
    with page_served(homes, authority) as link:
        homes.narrate(
            "Or without any command: a page for phones and laptops that decides the same way, and "
            "that is set up by a link, a QR code or a file."
        )
        return link


@contextmanager
def page_served(homes: Homes, authority: DemoAuthority) -> Iterator[str]:
    """The venue's page as a real process, up when this begins; the address that sets it up."""
    page = f"http://127.0.0.1:{free_port()}"
    with homes.serving("qupia-verifier", page, "--port", page.rpartition(":")[2]):
        yield f"{page}/#{urlencode({'setup': authority.url, 'root': authority.root})}"


def _at_the_door(homes: Homes) -> Result:
    homes.chapter("5. At the door, without a network")
    picture = homes.folder / "screen.png"
    show = homes.run("qupia-wallet", "show", "--png", str(picture), "--json")
    homes.expect("version of the QR code", _is_version_13(show.members["qr"]), True)
    again = ("show", "--again", "--lang", homes.language.value)
    homes.show(homes.run("qupia-wallet", *again, told=False).text)
    homes.expect("read back from the PNG", read_codes(picture), [show.members["qr"]])
    _scan(homes, "the live code", str(picture), wanted="admit", told=True)
    homes.narrate("All that the door learns: a status, today, and a month of birth for the ID.")
    return show


def _refusals(homes: Homes, show: Result, now: int) -> None:
    homes.chapter("6. What the door refuses")
    code, ends = show.members["qr"], parse_time(show.members["window_ends"])
    later = parse_presentation(code).slot * SLOT_SECONDS + 2 * MINUTE
    # A day can end while this runs.
    stale = "stale" if later < ends else "expired"
    _scan(homes, "a screenshot, two minutes old", code, at=later, wanted=stale)
    twice = homes.run(
        "qupia-verifier", "scan", "-", "--json", given=f"{code}\n{code}\n", told=False
    ).objects[1]
    _tell_verdict(homes, "the same pass for a friend", twice["reason"], "already_shown")
    _scan(homes, "one changed bit", _flip_a_bit(code), wanted="bad_signature")
    _scan(homes, "another issuer's pass", _foreign_pass(homes, now), wanted="unknown_key")
    _scan(homes, "yesterday's pass", code, at=ends, wanted="expired")


def _scan(
    homes: Homes, what: str, code: str, *, wanted: str, at: int | None = None, told: bool = False
) -> None:
    clock = ("--at", format_time(at)) if at else ()
    lang = ("--lang", homes.language.value)
    verdict = homes.run("qupia-verifier", "scan", code, *clock, "--json", told=told).members
    if told:
        homes.show("  " + homes.run("qupia-verifier", "scan", code, *lang, told=False).text)
    _tell_verdict(homes, what, verdict["reason"] or verdict["outcome"], wanted)
    if verdict["reason"]:
        text = homes.run("qupia-verifier", "scan", code, *clock, *lang, told=False).text
        homes.show("      " + text.partition(": ")[2])


def _tell_verdict(homes: Homes, what: str, outcome: str, wanted: str) -> None:
    homes.expect(what, outcome, wanted)
    homes.narrate(f"  {what:<34} [bold]{outcome}[/]")


def _foreign_pass(homes: Homes, now: int) -> str:
    """A pass that is right in every way, from an issuer that this venue does not know."""
    home, wallet = str(homes.folder / "other"), str(homes.folder / "other-wallet")
    url = f"http://localhost:{free_port()}"
    issuer = ("--home", home, "--json")
    init = ("init", "--name", "Elsewhere", "--url", url, "--hint", "none")
    homes.run("qupia-issuer", *init, *issuer, told=False)
    register = ("register", "--evidence", "pcr_negative", "--at", format_time(now - MINUTE))
    link = homes.run("qupia-issuer", *register, *issuer, told=False).members["activation_url"]
    holder = ("--home", wallet, "--json")
    with homes.serving("qupia-issuer", url + HEALTH_PATH, "--home", home, told=False):
        homes.run("qupia-wallet", "activate", "-", *holder, given=link, told=False)
    code: str = homes.run("qupia-wallet", "show", *holder, told=False).members["qr"]
    return code


def _what_is_known(homes: Homes, secrets: dict[str, str]) -> None:
    homes.chapter("7. Who knows what now")
    held = ", ".join(f"{number} {kind}" for kind, number in _held(homes).items())
    wallet = homes.run("qupia-wallet", "data", "--json", "--lang", homes.language.value, told=False)
    kinds = [entry["what"] for entry in wallet.members["wallet"]]
    venue = len(list((homes.folder / "verifier").iterdir()))
    homes.table(
        "who",
        "holds",
        rows=[
            ("issuer", f"sealed, each with a day to die on: {held}"),
            ("venue", f"public keys and settings ({venue} files); no visitor, no visit"),
            ("wallet", ", ".join(dict.fromkeys(kinds)).replace("_", " ")),
        ],
    )
    found = _search(homes.folder / "issuer", _encodings(secrets))
    homes.expect("her data in the issuer's files", found, [])
    homes.narrate(
        "Every byte of the issuer's files was searched for her name, telephone, IIN and code: "
        "nothing."
    )


def _deletion(homes: Homes, now: int) -> None:
    homes.chapter("8. Time passes")
    home = homes.folder / "issuer"
    held, keys = sum(_held(homes).values()), _day_keys(home)
    later = format_time(now + 15 * DAY)
    for action in ("run", "verify"):
        done = homes.run("qupia-issuer", "retention", action, "--at", later, "--json")
        homes.expect(f"retention {action}", done.status, EXIT_DONE)
    left = sum(_held(homes, later).values())
    homes.table(
        "",
        "today",
        "in 15 days",
        rows=[
            ("records", str(held), str(left)),
            ("keys of days", str(len(keys)), str(len(_day_keys(home)))),
        ],
    )
    homes.expect("records left", left, 0)
    homes.expect("keys of those days in any file", _search(home, keys), [])
    homes.narrate("With their day's key the records died in every copy and backup, too.")


def _held(homes: Homes, at: str | None = None) -> dict[str, int]:
    clock = ("--at", at) if at else ()
    status = homes.run("qupia-issuer", "retention", "status", *clock, "--json", told=False)
    return {entry["kind"]: entry["held"] for entry in status.members["kinds"] if entry["held"]}


def _day_keys(home: Path) -> dict[str, list[bytes]]:
    paths = (home / "no-backup" / "day-keys").glob("*.key")
    return {path.stem: [path.read_bytes()] for path in paths}


def _encodings(secrets: dict[str, str]) -> dict[str, list[bytes]]:
    """How her data could stand in a file."""
    texts = {"name": NAME, "phone": PHONE, "iin": secrets["iin"], "code": secrets["code"]}
    texts["code without hyphens"] = secrets["code"].replace("-", "")
    names = ("utf-8", "cp1251", "utf-16-le")
    return {what: [text.encode(name) for name in names] for what, text in texts.items()}


def _search(home: Path, wanted: dict[str, list[bytes]]) -> list[str]:
    """Which of the wanted things stands in any file under ``home``."""
    contents = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    return [
        what
        for what, forms in wanted.items()
        if any(form in data for data in contents for form in forms)
    ]


def _flip_a_bit(code: str) -> str:
    presentation = parse_presentation(code)
    signature = bytearray(presentation.signature)
    signature[_FLIPPED] ^= 1
    return format_presentation(replace(presentation, signature=bytes(signature)))


def _is_version_13(code: str) -> bool:
    return qr_version(code) == 13
