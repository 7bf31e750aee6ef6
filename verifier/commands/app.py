"""``qupia-verifier``: set a venue's device up, keep its keys fresh, scan codes, serve the page.

The commands of presence tracing and of retention are in modules of their own.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import typer

from schemas.bundle import BUNDLE_LIMIT
from schemas.bundle_faults import BundleFault, BundleRejected, TrustWarning
from schemas.catalogues import sentence
from schemas.languages import Language
from schemas.origins import is_loopback
from schemas.trust import Accepted
from shell.clock import system_clock
from shell.command_line import (
    EXIT_REFUSED,
    AtOption,
    JsonOption,
    LocalLanguageOption,
    answer,
    clock_at,
    new_app,
    run,
    say,
    warn,
)
from shell.errors import CommandError
from shell.files import read_given
from verifier.commands.arguments import check_thumbprint, issuer_origin
from verifier.commands.codes import Typed, codes_of
from verifier.commands.evidence import evidence
from verifier.commands.monitor import monitor
from verifier.commands.opening import HomeOption, open_store
from verifier.commands.presence import checkin, trace
from verifier.commands.report import clock_text, make_report, report_members, report_text
from verifier.commands.retention import retention_app
from verifier.commands.scanning import Door
from verifier.commands.witness import witness
from verifier.door.condition import CLOCK_WARNING
from verifier.door.decision import EXIT_CODES
from verifier.presence.retention import swept
from verifier.trust.store import TrustStore

PROGRAM = "qupia-verifier"
NO_TLS = (
    "phones give a page neither camera nor service worker over plain http; "
    "give --tls-cert and --tls-key"
)

app = new_app("A venue's device: it checks passes offline and keeps nothing about visitors.")

PolicyOption = Annotated[
    str | None, typer.Option("--policy", metavar="ID", help="What kind of venue this is.")
]


@app.command()
def setup(
    source: Annotated[str, typer.Argument(metavar="URL|FILE", help="The issuer, or a bundle.")],
    *,
    root: Annotated[str, typer.Option("--root", metavar="THUMBPRINT", help="The root to pin.")],
    policy: PolicyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Pin the authority's root and take its bundle; a second time, change what is given."""
    store = open_store(home, system_clock())
    check_thumbprint(root)
    store.pin(root)
    earlier = store.earlier_settings()
    url = issuer_origin(source) if "://" in source else None
    settings = replace(earlier, url=url or earlier.url, policy=policy or earlier.policy)
    data = _fetch(url) if url is not None else _read_bundle(Path(source))
    try:
        store.set_up(data, anchor=root, settings=settings, now=system_clock())
    except BundleRejected as rejected:
        _check_clock(rejected, url, language)
        raise _refusal(rejected, language) from None
    _compare_clock(store)
    _report(store, as_json=as_json, language=language)


@app.command()
def sync(
    *,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Fetch the newest bundle and compare the clock."""
    store = open_store(home, system_clock())
    store.check_set_up()
    url = store.settings().url
    if url is None:
        raise CommandError("this device was set up from a file; run: qupia-verifier import FILE")
    _accept(store, _fetch(url), language, url=url)
    _compare_clock(store)
    _report(store, as_json=as_json, language=language)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A bundle, from a USB stick.")],
    *,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Take a newer bundle from a file; a venue that is never online works with this alone."""
    store = open_store(home, system_clock())
    store.check_set_up()
    _accept(store, _read_bundle(file), language)
    _report(store, as_json=as_json, language=language)


@app.command()
def status(
    *,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """How old the keys are, whether the clock is right, and the next thing to do."""
    _report(open_store(home, system_clock()), as_json=as_json, language=language)


@app.command()
def scan(
    codes: Annotated[
        list[str], typer.Argument(metavar="IMAGE…|TEXT|-", help="Pictures, a code, or - for lines.")
    ],
    *,
    policy: PolicyOption = None,
    at: AtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> int:
    """Check codes without any network: ADMIT (exit 0), REFUSE (1) or CANNOT CHECK (2)."""
    clock = clock_at(at)
    # A time to judge by is no reason to destroy what is needed in the true one.
    store = open_store(home, system_clock())
    door = Door(store, clock=clock, policy=policy, language=language)
    door.check_policy()
    exit_codes = []
    # Closed at once when something fails, so that a terminal gets its echo back.
    typed = cast(Typed, sys.stdin.buffer)
    with swept(store, system_clock), closing(codes_of(codes, typed)) as given:
        for decision in door.decide_all(given):
            members = json.dumps(decision.members(), ensure_ascii=False)
            say(members if as_json else decision.text(language))
            exit_codes.append(EXIT_CODES[decision.outcome])
    if not exit_codes:
        raise CommandError("no code was given; scan or paste one")
    return max(exit_codes)


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8001,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", metavar="FILE")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE")] = None,
    decide: Annotated[
        bool, typer.Option("--decide", help="Answer POST /decide of programs on this machine.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Give the venue's page to browsers; without --decide it reads nothing of a device."""
    # Imported where they are used, so that a scan does not even load the web server.
    from shell.serving import Listen
    from verifier.serving import PAGE, serve_page

    listen = Listen(host, port, tls_cert, tls_key)

    def ready() -> None:
        if not listen.is_tls and not is_loopback(host):
            warn(NO_TLS)
        members = {"url": listen.address, "host": host, "port": port}
        text = f"serving the page on {listen.address}; stop with Ctrl-C"
        answer(as_json=as_json, members=members, text=text)

    if not decide:
        serve_page(PAGE, listen, ready=ready)
        return
    store = open_store(home, system_clock())
    store.check_set_up()
    door = Door(store, clock=system_clock, policy=None, language=language)
    door.check_policy()
    with swept(store, system_clock):
        serve_page(PAGE, listen, ready=ready, decide=door.decide_text)


app.command()(checkin)
app.command()(trace)
app.command()(evidence)
app.command()(monitor)
app.command()(witness)
app.add_typer(retention_app, name="retention")


def _fetch(url: str) -> bytes:
    # Imported where it is used, so that a scan does not even load the web client.
    from verifier.trust.update import fetch_bundle

    return fetch_bundle(url)


def _read_bundle(path: Path) -> bytes:
    """The bytes of a bundle file, not verified; it came on a USB stick, or by mail.

    Its proof has lines, which editors and mail programs end in their own way.
    """
    try:
        return read_given(path, limit=BUNDLE_LIMIT).replace(b"\r\n", b"\n")
    except FileNotFoundError:
        raise CommandError(
            f"there is no file {path}; name a bundle file, or a URL such as https://qupia.example"
        ) from None


def _accept(store: TrustStore, data: bytes, language: Language, url: str | None = None) -> None:
    try:
        leaves = None if url is None else _fetch_leaves(url, store.judge(data, now=system_clock()))
        accepted = store.accept(data, now=system_clock(), leaves=leaves)
    except BundleRejected as rejected:
        raise _refusal(rejected, language) from None
    if TrustWarning.CONTINUITY_UNKNOWN in accepted.warnings:
        warn(sentence("continuity_unknown", language))


def _fetch_leaves(url: str, judged: Accepted) -> Sequence[bytes] | None:
    """The whole log, where the device was away for longer than the proof reaches back."""
    if TrustWarning.CONTINUITY_UNKNOWN not in judged.warnings or judged.log is None:
        return None
    from verifier.trust.update import fetch_leaves

    return fetch_leaves(url, judged.log)


def _refusal(rejected: BundleRejected, language: Language) -> CommandError:
    return CommandError(f"{rejected.text(language)} ({rejected.helpdesk})", exit_code=EXIT_REFUSED)


def _check_clock(rejected: BundleRejected, url: str | None, language: Language) -> None:
    """Raise CommandError where a clock that is ahead lets a bundle look expired."""
    from verifier.trust.update import compare_clock

    if url is None or rejected.fault is not BundleFault.EXPIRED:
        return
    check = compare_clock(url, system_clock)
    if check is not None and check.ahead > CLOCK_WARNING:
        raise CommandError(clock_text(check.ahead, language), exit_code=EXIT_REFUSED)


def _compare_clock(store: TrustStore) -> None:
    from verifier.trust.update import compare_clock

    url = store.settings().url
    check = compare_clock(url, system_clock) if url is not None else None
    if check is not None:
        store.keep_clock_check(check)


def _report(store: TrustStore, *, as_json: bool, language: Language) -> None:
    report = make_report(store, system_clock())
    answer(as_json=as_json, members=report_members(report), text=report_text(report, language))


def main() -> None:
    """The command line."""
    run(app, PROGRAM)


if __name__ == "__main__":
    main()
