"""Commands about exposure notices: bring an export, agree to it, withdraw what was published."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from issuer.authority import Authority
from issuer.commands.opening import HomeOption, opened_before_sunset
from issuer.notices.exports import NoticeFault, NoticeRefused, Proposal
from issuer.notices.publishing import (
    KIND,
    Publication,
    agree_to_notice,
    hours_of,
    last_end,
    propose_notice,
    publications,
    withdraw_notice,
)
from issuer.notices.words import warning_texts
from issuer.oversight.approvals import ApprovalFault, ApprovalRefused, Pending, pending, reject
from schemas.encoding import format_time
from schemas.hours import begin_of
from schemas.languages import Language
from schemas.trace import TRACE_LIMIT
from shell.command_line import (
    EXIT_REFUSED,
    JsonOption,
    answer,
    new_app,
    read_secret,
    time_argument,
)
from shell.errors import CommandError
from shell.files import read_given
from shell.times import local_span, spans

notice_app = new_app("Exposure notices: add, list, agree, reject, withdraw.")

_REFUSALS: dict[NoticeFault | ApprovalFault, str] = {
    NoticeFault.NOT_AN_EXPORT: "the file is no export of a venue; give the one that "
    "qupia-verifier trace wrote",
    NoticeFault.OTHER_AUTHORITY: "the export is sealed to another authority; send it there",
    NoticeFault.KEY_GONE: "the key of the day to which the export is sealed is gone; ask the "
    "venue for a new export",
    NoticeFault.DAMAGED: "the export was changed or cut short, or is sealed to a key that was "
    "lost; ask the venue for a new one",
    NoticeFault.NO_HOURS: "the export has no hour between --from and --to; look at the times",
    NoticeFault.NOT_OVER: "these hours are not over yet; wait, or choose an earlier --to",
    NoticeFault.SEED_GONE: "the authority's keys of these hours are gone, over 14 days old or "
    "lost; leave the hours out",
    NoticeFault.PUBLISHED_ALREADY: "this is published already; see: qupia-issuer notice list",
    NoticeFault.FULL: "the list is full: 100,000 hours; withdraw some first",
    NoticeFault.UNKNOWN_NAME: "nothing of that name is published; see: qupia-issuer notice list",
    ApprovalFault.NOT_OFFICER: "this is no officer's key; another officer has to agree",
    ApprovalFault.SAME_OFFICER: "whoever brought it cannot agree; another officer has to",
    ApprovalFault.PROPOSER_GONE: "whoever brought it is no officer any more; reject it, and add "
    "the file anew",
    ApprovalFault.UNKNOWN: "nothing of that digest waits; see: qupia-issuer notice list",
    ApprovalFault.CHANGED: "the proposal was changed; add the file anew",
    ApprovalFault.EXPIRED: "the proposal is over seven days old; add the file anew",
    ApprovalFault.PENDING_ALREADY: "this waits for another officer already; see: "
    "qupia-issuer notice list",
    ApprovalFault.TOO_MANY: "too many proposals wait; agree to some, or reject them",
    ApprovalFault.TOO_LARGE: "the export is too large; ask the venue for fewer hours",
}
_BAD_INPUT = {NoticeFault.NOT_AN_EXPORT, NoticeFault.NO_HOURS, ApprovalFault.TOO_LARGE}


@notice_app.command()
def add(
    file: Annotated[Path, typer.Argument(help="The export, from the venue.")],
    from_: Annotated[str, typer.Option("--from", metavar="TIME", help="From this time on.")],
    to: Annotated[str, typer.Option("--to", metavar="TIME", help="Until before this time.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose the hours of a venue's export; nothing is published until an officer agrees."""
    start, end = time_argument(from_), time_argument(to)
    with _authority(home) as (authority, now):
        proposal = Proposal.of(_read(file), start=start, end=end)
        hours = hours_of(authority, proposal, now)
        zone = authority.policy.zone
        told = f"{_told(hours, zone)}\n{_texts(hours, zone)}"
        if _ask(f"{told}\nPropose these hours?"):
            told = ""
        waiting = propose_notice(authority, proposal, None, now)
    members = {
        "digest": waiting.digest,
        "hours": _times(hours),
        "text": {language.value: text for language, text in warning_texts(hours, zone).items()},
        "expires_at": format_time(waiting.expires_at),
    }
    answer(as_json=as_json, members=members, text=_added_text(members, told))


@notice_app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What waits for an officer, and what is published until when."""
    with _authority(home) as (authority, now):
        waiting = [_waiting(authority, one, now) for one in pending(authority.home, KIND, now)]
        published = publications(authority, now)
        text = _list_text(waiting, published, authority.policy.zone)
    members = {
        "waiting": waiting,
        "published": [
            {"name": one.name, "hours": _times(one.hours), "expires_at": format_time(one.ends)}
            for one in published
        ],
    }
    answer(as_json=as_json, members=members, text=text)


@notice_app.command()
def agree(
    digest: Annotated[str, typer.Argument(help="What notice add printed.")],
    key: Annotated[str, typer.Argument(help="- reads an officer's key from standard input.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish what somebody else proposed; an officer's key says who agrees."""
    with _authority(home) as (authority, now):
        if hours := _hours_waiting(authority, digest, now):
            zone = authority.policy.zone
            _ask(f"{_told(hours, zone)}\n{_texts(hours, zone)}\nPublish these hours?")
        account = authority.staff.authenticate(read_secret(key, "officer's key"), now)
        if account is None:
            raise ApprovalRefused(ApprovalFault.NOT_OFFICER)
        publication = agree_to_notice(authority, digest, account, now)
    members = {
        "name": publication.name,
        "hours": _times(publication.hours),
        "expires_at": format_time(publication.ends),
    }
    number = len(publication.hours)
    answer(
        as_json=as_json,
        members=members,
        text=f"Published {publication.name}: {number} hours, until {members['expires_at']}. "
        "Wallets warn at their next look at the list.\n"
        f"If it was a mistake: qupia-issuer notice withdraw {publication.name}",
    )


@notice_app.command("reject")
def reject_(digest: str, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Drop a proposal."""
    with _authority(home) as (authority, now):
        reject(authority.home, KIND, digest, None, now)
    answer(as_json=as_json, members={"rejected": digest}, text="The proposal is gone.")


@notice_app.command()
def withdraw(
    name: Annotated[str, typer.Argument(help="The publication, as notice list names it.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a publication out of the list at once: one person is enough to end a mistake."""
    with _authority(home) as (authority, now):
        if hours := next((p.hours for p in publications(authority, now) if p.name == name), ()):
            _ask(f"{_told(hours, authority.policy.zone)}\nWithdraw these hours?")
        number = withdraw_notice(authority, name, None, now)
    answer(
        as_json=as_json,
        members={"withdrawn": name, "hours": number},
        text=f"Withdrawn: {number} hours. Wallets take their warnings back at their next look; "
        "hours that another publication has, too, stay.",
    )


@contextmanager
def _authority(home: Path | None) -> Iterator[tuple[Authority, int]]:
    """The authority, with refusals as one line that names the hours at fault."""
    with opened_before_sunset(home) as (authority, now):
        try:
            yield authority, now
        except (NoticeRefused, ApprovalRefused) as refused:
            hours = refused.hours if isinstance(refused, NoticeRefused) else ()
            named = ", ".join(local_span(span, authority.policy.zone) for span in spans(hours))
            message = _REFUSALS[refused.fault] + (f": {named}" if named else "")
            code = 2 if refused.fault in _BAD_INPUT else EXIT_REFUSED
            raise CommandError(message, exit_code=code) from None


def _read(file: Path) -> bytes:
    try:
        return read_given(file, limit=TRACE_LIMIT)
    except FileNotFoundError:
        raise CommandError(f"{file} is missing; give the venue's export") from None


def _ask(question: str) -> bool:
    """On a terminal the hours are shown and somebody says yes; whether anybody was asked."""
    asked = sys.stdin.isatty()
    if asked and not typer.confirm(question, err=True):
        raise typer.Abort
    return asked


def _hours_waiting(authority: Authority, digest: str, now: int) -> tuple[int, ...]:
    for waiting in pending(authority.home, KIND, now):
        if waiting.digest == digest:
            return hours_of(authority, Proposal.decode(waiting.value), now)
    return ()


def _waiting(authority: Authority, waiting: Pending, now: int) -> dict[str, Any]:
    """``hours`` is empty and ``problem`` says why where it can no longer be published."""
    hours: tuple[int, ...] = ()
    problem = None
    try:
        hours = hours_of(authority, Proposal.decode(waiting.value), now)
    except NoticeRefused as refused:
        problem = refused.fault.value
    return {
        "digest": waiting.digest,
        "hours": _times(hours),
        "expires_at": format_time(waiting.expires_at),
        "problem": problem,
    }


def _times(hours: Iterable[int]) -> list[str]:
    return [format_time(begin_of(hour)) for hour in hours]


def _told(hours: tuple[int, ...], zone: tzinfo) -> str:
    """The hours in local time and UTC, how many, and until when wallets can find them."""
    lines = [f"{local_span(span, zone)}  ({local_span(span, UTC)} UTC)" for span in spans(hours)]
    number = f"{len(hours)} hours, in the list until {format_time(last_end(hours))}"
    return "\n".join([*lines, number])


def _texts(hours: tuple[int, ...], zone: tzinfo) -> str:
    """What wallets will say, in all languages."""
    texts = warning_texts(hours, zone)
    lines = [f"  {line}" for language in Language for line in texts[language].split("\n")]
    return "\n".join(["Wallets of those who were there will say:", *lines])


def _added_text(members: dict[str, Any], told: str) -> str:
    waits = (
        f"{len(members['hours'])} hours wait for an officer until {members['expires_at']}.\n"
        f"To publish: qupia-issuer notice agree {members['digest']} -"
    )
    return f"{told}\n{waits}" if told else waits


def _list_text(waiting: list[dict[str, Any]], published: list[Publication], zone: tzinfo) -> str:
    lines = [
        f"waits      {one['digest']}  {one['problem'] or str(len(one['hours'])) + ' hours'}, "
        f"until {one['expires_at']}"
        for one in waiting
    ]
    for one in published:
        lines.append(f"published  {one.name}  until {format_time(one.ends)}")
        lines += [f"           {local_span(span, zone)}" for span in spans(one.hours)]
    return "\n".join(lines) or "Nothing waits, and nothing is published."
