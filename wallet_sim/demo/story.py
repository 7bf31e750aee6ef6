"""The story itself, chapter by chapter."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

from schemas.encoding import format_time, parse_time
from schemas.kinds import DAY, MINUTE
from schemas.presentation import format_presentation, parse_presentation
from shell.clock import system_clock
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


def tell(stage: Stage, *, now: int) -> None:
    """All chapters; raises WentWrong when one ends otherwise than it must."""
    authority = _found(stage, "Health Department", "issuer")
    with stage.serving(authority.url):
        secrets = _laboratory(stage, now)
        _activate(stage, secrets["link"])
        _set_up_venue(stage, authority)
    shown = _at_the_door(stage)
    _refusals(stage, shown, now)
    _what_is_known(stage, secrets)
    _oblivion(stage, secrets, now)


def _found(stage: Stage, name: str, home: str) -> Founded:
    stage.chapter("1. A health authority founds an issuer")
    url = f"http://127.0.0.1:{free_port()}"
    words = ("init", "--name", name, "--url", url, "--home", str(stage.folder / home), "--json")
    members = stage.run("qupia-issuer", *words).members
    offline = stage.folder / "safe" / f"{home}-ROOT.pem"
    offline.parent.mkdir(exist_ok=True)
    (stage.folder / home / "ROOT.pem").rename(offline)
    stage.narrate(
        f"Its root key goes to a safe. Whoever knows [bold]{members['root'][:12]}…[/], the root's "
        "thumbprint, can check all that follows.\nThe service makes one signing key for each "
        "month of birth, status and day, ahead of time."
    )
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
        "(a positive test stops passes),\nand two rows back to the laboratory, by line number "
        "and reason only: "
        + ", ".join(f"line {entry['line']} {entry['reason']}" for entry in summary["rejected"])
        + ".\nNames and telephones were never read; IINs left the process as keyed hashes."
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
        "signed 8 passes\nfor today and 8 for tomorrow without seeing one of them."
    )


def _set_up_venue(stage: Stage, authority: Founded) -> None:
    stage.chapter("4. A cinema gets the public keys, once")
    words = ("setup", authority.url, "--root", authority.root, "--json")
    stage.expect("set-up of the venue", stage.run("qupia-verifier", *words).status, 0)
    stage.narrate("From here on the issuer is [bold]stopped[/]: nothing below can ask it.")


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
    later = system_clock() + 3 * MINUTE
    # A day can end while this runs.
    stale = "stale" if later < ends else "expired"
    _scan(stage, "a screenshot, three minutes old", code, at=later, wanted=stale)
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
    words = ("init", "--name", "Elsewhere", "--url", url, "--hint", "none")
    stage.run("qupia-issuer", *words, *issuer, told=False)
    taken = format_time(now - MINUTE)
    words = ("register", "--evidence", "pcr_negative", "--at", taken)
    link = stage.run("qupia-issuer", *words, *issuer, told=False).members["activation_url"]
    holder = ("--home", wallet, "--json")
    with stage.serving(url, "--home", home):
        stage.run("qupia-wallet", "activate", "-", *holder, given=link, told=False)
    code: str = stage.run("qupia-wallet", "show", *holder, told=False).members["qr"]
    return code


def _what_is_known(stage: Stage, secrets: dict[str, str]) -> None:
    stage.chapter("7. Who knows what now")
    venue = sorted(path.name for path in (stage.folder / "verifier").iterdir())
    held = _held(stage)
    stage.table(
        "who",
        "holds",
        rows=[
            ("issuer", ", ".join(f"{number} {kind}" for kind, number in held.items())),
            ("venue", f"public keys and its settings ({len(venue)} files); no visitor, no visit"),
            ("wallet", "the entitlement, passes and keys; used ones are erased"),
        ],
    )
    found = _search(stage.folder / "issuer", secrets)
    stage.expect("names, IINs or codes in the issuer's files", found, [])
    stage.narrate(
        "Every byte of the issuer's files was searched for her name, IIN, telephone and "
        "code: nothing."
    )


def _oblivion(stage: Stage, secrets: dict[str, str], now: int) -> None:
    stage.chapter("8. Time passes")
    held, before = _held(stage), _keys_and_bytes(stage.folder / "issuer" / "no-backup")
    later = format_time(now + 15 * DAY)
    run = ("retention", "run", "--at", later, "--json")
    stage.expect("retention", stage.run("qupia-issuer", *run).status, 0)
    verify = ("retention", "verify", "--at", later, "--json")
    stage.expect("proof of deletion", stage.run("qupia-issuer", *verify).status, 0)
    after = _keys_and_bytes(stage.folder / "issuer" / "no-backup")
    left = _held(stage, later)
    stage.table(
        "",
        "before",
        "15 days later",
        rows=[
            ("records", str(sum(held.values())), str(sum(left.values()))),
            ("day keys", str(before[0]), str(after[0])),
            ("bytes in the database", str(before[1]), str(after[1])),
        ],
    )
    stage.expect("records left", sum(left.values()), 0)
    stage.narrate(
        "The keys of those days are destroyed, so copies in any backup are unreadable too."
    )


def _held(stage: Stage, at: str | None = None) -> dict[str, int]:
    clock = ("--at", at) if at else ()
    status = stage.run("qupia-issuer", "retention", "status", *clock, "--json", told=False)
    return {entry["kind"]: entry["held"] for entry in status.members["kinds"] if entry["held"]}


def _keys_and_bytes(perishable: Path) -> tuple[int, int]:
    keys = len(list((perishable / "day-keys").glob("*.key")))
    return keys, (perishable / "store" / "store.db").stat().st_size


def _search(home: Path, secrets: dict[str, str]) -> list[str]:
    """Which of her data stands in any file, in any of the usual encodings."""
    code = secrets["code"]
    texts = {"name": NAME, "phone": PHONE, "iin": secrets["iin"], "code": code}
    texts["plain code"] = code.replace("-", "")
    contents = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    return [
        what
        for what, text in texts.items()
        if any(text.encode(name) in data for data in contents for name in ("utf-8", "utf-16-le"))
        or any(text.encode("cp1251") in data for data in contents)
    ]


def _flip_a_bit(code: str) -> str:
    presentation = parse_presentation(code)
    signature = bytearray(presentation.signature)
    signature[_FLIPPED] ^= 1
    return format_presentation(replace(presentation, signature=bytes(signature)))


def _is_version_13(code: str) -> bool:
    return qr_version(code) == 13
