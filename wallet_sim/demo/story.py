"""The story itself, chapter by chapter."""

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
from wallet_sim.demo.laboratory import NAME, PHONE, write_export
from wallet_sim.demo.stage import Result, Stage, free_port

_FLIPPED = 100
"""Which byte of the signature gets a changed bit."""


@dataclass(frozen=True)
class Founded:
    """An issuer: where it is reached and the thumbprint of its root."""

    url: str
    root: str


def tell(stage: Stage, *, now: int) -> str:
    """All chapters; raises WentWrong when one ends otherwise than it must.

    What comes back is the address that set up the venue's page.
    """
    stage.chapter("1. A health authority founds an issuer")
    authority = found(stage)
    stage.narrate(
        f"Its root key goes to a safe. Whoever knows [bold]{authority.root[:12]}…[/], the root's "
        "thumbprint, can check all that follows. The service makes one signing key for each "
        "month of birth, status and day, ahead of time."
    )
    with stage.serving("qupia-issuer", authority.url + HEALTH_PATH):
        secrets = _laboratory(stage, now)
        _activate(stage, secrets["link"])
        page = _set_up_venue(stage, authority)
    sync = stage.run("qupia-verifier", "sync", told=False)
    stage.expect("asking the issuer again", sync.status, EXIT_USAGE)
    stage.narrate("From here on the issuer is [bold]stopped[/]: nothing below can ask it.")
    shown = _at_the_door(stage)
    _refusals(stage, shown, now)
    _what_is_known(stage, secrets)
    _oblivion(stage, now)
    return page


def found(stage: Stage) -> Founded:
    """An issuer on this machine, its root key moved to a safe."""
    url = f"http://127.0.0.1:{free_port()}"
    init = ("init", "--name", "Health Department", "--url", url, "--json")
    members = stage.run("qupia-issuer", *init).members
    offline = stage.folder / "safe" / "ROOT.pem"
    offline.parent.mkdir()
    (stage.folder / "issuer" / "ROOT.pem").rename(offline)
    return Founded(url, members["root"])


def _laboratory(stage: Stage, now: int) -> dict[str, str]:
    stage.chapter("2. A laboratory hands in this morning's results")
    export, out = stage.folder / "results.csv", stage.folder / "codes.csv"
    iin = write_export(export, now=now)
    result = stage.run("qupia-issuer", "intake", str(export), "--out", str(out), "--json")
    summary = result.members
    stage.expect("intake of 7 rows", (summary["rows"], summary["codes"]), (7, 4))
    stage.expect("rows rejected", [entry["line"] for entry in summary["rejected"]], [7, 8])
    stage.narrate(
        f"7 rows: {summary['codes']} activation codes, {summary['withdrawals']} withdrawal "
        "(a positive test stops passes), and two rows back to the laboratory, by line number "
        "and reason only: "
        + ", ".join(f"line {entry['line']} {entry['reason']}" for entry in summary["rejected"])
        + ". Names and telephones were never read; IINs left the process as keyed hashes."
    )
    with out.open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    return {"iin": iin, "code": first["code"], "link": first["activation_url"]}


def _activate(stage: Stage, link: str) -> None:
    stage.chapter("3. A citizen scans her slip")
    result = stage.run("qupia-wallet", "activate", "-", "--json", given=link + "\n")
    stage.expect("activation", result.members["status"], "green")
    stage.narrate(
        "Her wallet now holds an entitlement; the issuer keeps no result and no identity. It "
        "signed 8 passes for today and 8 for tomorrow without seeing one of them."
    )


def _set_up_venue(stage: Stage, authority: Founded) -> str:
    stage.chapter("4. A cinema gets the public keys, once")
    words = ("setup", authority.url, "--root", authority.root, "--json")
    stage.expect("set-up of the venue", stage.run("qupia-verifier", *words).status, 0)
    with page_served(stage, authority) as link:
        stage.narrate(
            "Or without any command: a page for phones and laptops that decides the same way, and "
            "that is set up by a link, a QR code or a file."
        )
        return link


@contextmanager
def page_served(stage: Stage, authority: Founded) -> Iterator[str]:
    """The venue's page as a real process, up when this begins; the address that sets it up."""
    page = f"http://127.0.0.1:{free_port()}"
    with stage.serving("qupia-verifier", page, "--port", page.rpartition(":")[2]):
        yield f"{page}/#{urlencode({'setup': authority.url, 'root': authority.root})}"


def _at_the_door(stage: Stage) -> Result:
    stage.chapter("5. At the door, without a network")
    picture = stage.folder / "screen.png"
    show = stage.run("qupia-wallet", "show", "--png", str(picture), "--json")
    stage.expect("version of the QR code", _is_version_13(show.members["qr"]), True)
    again = ("show", "--again", "--lang", stage.language.value)
    stage.show(stage.run("qupia-wallet", *again, told=False).text)
    stage.expect("read back from the PNG", read_codes(picture), [show.members["qr"]])
    _scan(stage, "the live code", str(picture), wanted="admit", told=True)
    stage.narrate("All that the door learns: a status, today, and a month of birth for the ID.")
    return show


def _refusals(stage: Stage, show: Result, now: int) -> None:
    stage.chapter("6. What the door refuses")
    code, ends = show.members["qr"], parse_time(show.members["window_ends"])
    later = parse_presentation(code).slot * SLOT_SECONDS + 2 * MINUTE
    # A day can end while this runs.
    stale = "stale" if later < ends else "expired"
    _scan(stage, "a screenshot, two minutes old", code, at=later, wanted=stale)
    twice = stage.run(
        "qupia-verifier", "scan", "-", "--json", given=f"{code}\n{code}\n", told=False
    ).objects[1]
    _tell_verdict(stage, "the same pass for a friend", twice["reason"], "already_shown")
    _scan(stage, "one changed bit", _flip_a_bit(code), wanted="bad_signature")
    _scan(stage, "another issuer's pass", _foreign_pass(stage, now), wanted="unknown_key")
    _scan(stage, "yesterday's pass", code, at=ends, wanted="expired")


def _scan(
    stage: Stage, what: str, code: str, *, wanted: str, at: int | None = None, told: bool = False
) -> None:
    clock = ("--at", format_time(at)) if at else ()
    lang = ("--lang", stage.language.value)
    verdict = stage.run("qupia-verifier", "scan", code, *clock, "--json", told=told).members
    if told:
        stage.show("  " + stage.run("qupia-verifier", "scan", code, *lang, told=False).text)
    _tell_verdict(stage, what, verdict["reason"] or verdict["outcome"], wanted)
    if verdict["reason"]:
        text = stage.run("qupia-verifier", "scan", code, *clock, *lang, told=False).text
        stage.show("      " + text.partition(": ")[2])


def _tell_verdict(stage: Stage, what: str, outcome: str, wanted: str) -> None:
    stage.expect(what, outcome, wanted)
    stage.narrate(f"  {what:<34} [bold]{outcome}[/]")


def _foreign_pass(stage: Stage, now: int) -> str:
    """A pass that is right in every way, from an issuer that this venue does not know."""
    home, wallet = str(stage.folder / "other"), str(stage.folder / "other-wallet")
    url = f"http://127.0.0.1:{free_port()}"
    issuer = ("--home", home, "--json")
    init = ("init", "--name", "Elsewhere", "--url", url, "--hint", "none")
    stage.run("qupia-issuer", *init, *issuer, told=False)
    register = ("register", "--evidence", "pcr_negative", "--at", format_time(now - MINUTE))
    link = stage.run("qupia-issuer", *register, *issuer, told=False).members["activation_url"]
    holder = ("--home", wallet, "--json")
    with stage.serving("qupia-issuer", url + HEALTH_PATH, "--home", home, told=False):
        stage.run("qupia-wallet", "activate", "-", *holder, given=link, told=False)
    code: str = stage.run("qupia-wallet", "show", *holder, told=False).members["qr"]
    return code


def _what_is_known(stage: Stage, secrets: dict[str, str]) -> None:
    stage.chapter("7. Who knows what now")
    held = ", ".join(f"{number} {kind}" for kind, number in _held(stage).items())
    wallet = stage.run("qupia-wallet", "data", "--json", "--lang", stage.language.value, told=False)
    kinds = [entry["what"] for entry in wallet.members["wallet"]]
    venue = len(list((stage.folder / "verifier").iterdir()))
    stage.table(
        "who",
        "holds",
        rows=[
            ("issuer", f"sealed, each with a day to die on: {held}"),
            ("venue", f"public keys and settings ({venue} files); no visitor, no visit"),
            ("wallet", ", ".join(dict.fromkeys(kinds)).replace("_", " ")),
        ],
    )
    found = _search(stage.folder / "issuer", _encodings(secrets))
    stage.expect("her data in the issuer's files", found, [])
    stage.narrate(
        "Every byte of the issuer's files was searched for her name, telephone, IIN and code: "
        "nothing."
    )


def _oblivion(stage: Stage, now: int) -> None:
    stage.chapter("8. Time passes")
    home = stage.folder / "issuer"
    held, keys = sum(_held(stage).values()), _day_keys(home)
    later = format_time(now + 15 * DAY)
    for action in ("run", "verify"):
        done = stage.run("qupia-issuer", "retention", action, "--at", later, "--json")
        stage.expect(f"retention {action}", done.status, EXIT_DONE)
    left = sum(_held(stage, later).values())
    stage.table(
        "",
        "today",
        "in 15 days",
        rows=[
            ("records", str(held), str(left)),
            ("keys of days", str(len(keys)), str(len(_day_keys(home)))),
        ],
    )
    stage.expect("records left", left, 0)
    stage.expect("keys of those days in any file", _search(home, keys), [])
    stage.narrate("With their day's key the records died in every copy and backup, too.")


def _held(stage: Stage, at: str | None = None) -> dict[str, int]:
    clock = ("--at", at) if at else ()
    status = stage.run("qupia-issuer", "retention", "status", *clock, "--json", told=False)
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
