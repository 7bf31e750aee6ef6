"""Commands of presence tracing: show the check-in code, export the hours of an outbreak."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.bundle import TrustBundle
from schemas.catalogues import sentence
from schemas.check_in import (
    DEFAULT_HOURS,
    MOST_SHOWN_HOURS,
    NAME_BYTES,
    CheckInCode,
    check_name,
    format_check_in,
)
from schemas.encoding import format_time
from schemas.hours import begin_of, date_of, hour_at
from schemas.languages import Language
from schemas.trace import format_trace
from shell.clock import system_clock
from shell.command_line import (
    JsonOption,
    LocalLanguageOption,
    answer,
    time_argument,
    warn,
)
from shell.errors import CommandError
from shell.files import create_private
from shell.pictures import ErrorLevel, qr_for_terminal, save_qr
from shell.times import zoned_time
from verifier.commands.opening import HomeOption, check_usable, open_store
from verifier.commands.report import check_in_line
from verifier.door.condition import condition_at
from verifier.presence.check_in import NoWindow, make_check_in
from verifier.presence.seeds import venue_seeds
from verifier.presence.tracing import HoursAsked, NotBegun, collect, seal_export, stretches
from verifier.trust.settings import CheckIn, Settings
from verifier.trust.store import NOT_SET_UP, TrustStore


def checkin(
    *,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", help="Write the code as a picture.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What visitors read above it; it is kept.")
    ] = None,
    hours: Annotated[
        int, typer.Option("--hours", min=1, max=MOST_SHOWN_HOURS, help="How long the code works.")
    ] = DEFAULT_HOURS,
    strict: Annotated[
        bool | None,
        typer.Option("--strict/--no-strict", help="Admit only passes that are bound to this code."),
    ] = None,
    off: Annotated[
        bool, typer.Option("--off", help="Show no code any more, and take no bound pass.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Show the venue's check-in code for the next hours."""
    now = system_clock()
    store = open_store(home, now)
    if off:
        if png is not None or name is not None or strict is not None:
            raise CommandError(sentence("check_in_off_alone", language))
        _switch_off(store, as_json=as_json, language=language)
        return
    bundle = _usable_bundle(store, now, language)
    settings = _chosen(store.settings(), name, strict, language)
    try:
        code = make_check_in(store, bundle, name=settings.name, hours=hours, now=now)
    except NoWindow:
        raise CommandError(sentence("check_in_no_window", language)) from None
    # Chosen before the code is seen by anyone, so that no visitor comes with a pass bound in vain.
    store.choose_check_in(check_in=settings.check_in, name=settings.name)
    if hour_at(now) not in bundle.tracing:
        warn(sentence("check_in_no_tracing", language))
    _show(code, settings, png=png, as_json=as_json, language=language)


def trace(
    *,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="When the stay began.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="When it ended.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A file that is not there.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Export the keys of some hours, sealed to the authority, after it has asked for them."""
    # No other time can be given: keys of hours to come must not leave the device.
    now = system_clock()
    since, until = time_argument(start), time_argument(end)
    if until <= since:
        raise CommandError(sentence("trace_backwards", language))
    if out.exists():
        raise CommandError(sentence("trace_exists", language, file=out))
    store = open_store(home, now)
    bundle = _usable_bundle(store, now, language)
    try:
        asked = collect(venue_seeds(store), start=since, end=until, now=now)
    except NotBegun:
        raise CommandError(sentence("trace_not_begun", language)) from None
    _Export(asked, bundle, now, language).write(out, as_json=as_json)


@dataclass(frozen=True)
class _Export:
    """Hours on their way to the authority, and the language in which they are named."""

    asked: HoursAsked
    bundle: TrustBundle
    now: int
    language: Language

    def write(self, out: Path, *, as_json: bool) -> None:
        """Name the hours, ask where there is somebody to ask, and write the file."""
        missing = self._missing()
        if not self.asked.keys:
            raise CommandError(" ".join(missing))
        data = self._sealed()
        for line in missing:
            warn(line)
        self._confirm()
        try:
            create_private(out, data)
        except FileExistsError:
            raise CommandError(self._say("trace_exists", file=out)) from None
        text = self._say("trace_done", file=out, hours=len(self.asked.keys))
        answer(as_json=as_json, members=self._members(out), text=text)

    def _sealed(self) -> bytes:
        try:
            sealed = seal_export(self.asked, self.bundle, self.now)
        except ValueError:
            raise CommandError(self._say("trace_bad_key")) from None
        if sealed is None:
            raise CommandError(self._say("trace_no_key"))
        return format_trace(sealed)

    def _missing(self) -> list[str]:
        """A line for each reason why hours are not in the file."""
        lines, dead = [], self.asked.dead
        if dead:
            dates = {"begins": date_of(dead.start), "ends": date_of(dead.stop - 1)}
            lines.append(self._say("trace_dead", **dates))
        if self.asked.unknown:
            lines.append(self._say("trace_unknown", dates=", ".join(self.asked.unknown)))
        return lines

    def _confirm(self) -> None:
        """On standard error, like the question: standard output is for the result."""
        authority = self.bundle.name[self.language]
        lines = [self._say("trace_about", authority=authority)]
        lines += [f"  {self._named(hours)}" for hours in stretches(sorted(self.asked.keys))]
        lines.append(self._say("trace_consequence"))
        typer.echo("\n".join(lines), err=True)
        if sys.stdin.isatty() and not typer.confirm(self._say("trace_ask"), err=True):
            raise typer.Abort

    def _named(self, hours: range) -> str:
        begins, ends = (
            zoned_time(begin_of(hours.start)),
            zoned_time(begin_of(hours.stop)),
        )
        date = date_of(hours.start)
        return self._say("trace_hours", begins=begins, ends=ends, hours=len(hours), date=date)

    def _members(self, out: Path) -> dict[str, Any]:
        dead = self.asked.dead
        return {
            "hours": [format_time(begin_of(hour)) for hour in sorted(self.asked.keys)],
            "destroyed_dates": [date_of(dead.start), date_of(dead.stop - 1)] if dead else [],
            "unknown_dates": self.asked.unknown,
            "file": str(out),
        }

    def _say(self, name: str, **values: object) -> str:
        return sentence(name, self.language, **values)


def _usable_bundle(store: TrustStore, now: int, language: Language) -> TrustBundle:
    bundle = store.bundle()
    if bundle is None:
        raise CommandError(NOT_SET_UP)
    check_usable(condition_at(bundle, now), language)
    return bundle


def _chosen(
    before: Settings, name: str | None, strict: bool | None, language: Language
) -> Settings:
    """The settings with what was given; the first time a code is shown, it counts."""
    try:
        kept = before.name if name is None else check_name(name)
    except ValueError:
        raise CommandError(sentence("check_in_bad_name", language, count=NAME_BYTES)) from None
    check_in = CheckIn.SHOWN if before.check_in is CheckIn.OFF else before.check_in
    if strict is not None:
        check_in = CheckIn.STRICT if strict else CheckIn.SHOWN
    return Settings(before.url, before.policy, check_in, kept)


def _switch_off(store: TrustStore, *, as_json: bool, language: Language) -> None:
    settings = store.choose_check_in(check_in=CheckIn.OFF, name=store.settings().name)
    members = {"check_in": settings.check_in.value, "name": settings.name}
    answer(as_json=as_json, members=members, text=sentence("check_in_off", language))


def _show(
    code: CheckInCode, settings: Settings, *, png: Path | None, as_json: bool, language: Language
) -> None:
    text, until = format_check_in(code), begin_of(code.end_hour)
    if png is not None:
        save_qr(text, png, ErrorLevel.M)
    members = {
        "code": text,
        "first_hour": code.first_hour,
        "hours": len(code.keys),
        "until": format_time(until),
        "name": code.name,
        "check_in": settings.check_in.value,
    }
    lines = [] if png is not None else [qr_for_terminal(text, ErrorLevel.M)]
    lines.append(check_in_line(settings, language))
    lines.append(sentence("check_in_until", language, until=zoned_time(until)))
    if not code.name:
        lines.append(sentence("check_in_give_name", language))
    answer(as_json=as_json, members=members, text="\n".join(lines))
