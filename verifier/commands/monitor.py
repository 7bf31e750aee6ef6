"""``monitor``: follow an authority's public log, and tell what an honest one would not do."""

from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.catalogues import sentence
from schemas.languages import Language
from shell.clock import system_clock
from shell.command_line import (
    EXIT_DONE,
    EXIT_REFUSED,
    JsonOption,
    LocalLanguageOption,
    answer,
    home_path,
)
from shell.errors import CommandError
from shell.times import zoned_time
from verifier.commands.arguments import check_thumbprint, issuer_origin
from verifier.commands.opening import HomeOption
from verifier.monitor.files import MonitorFiles
from verifier.monitor.following import Run, follow
from verifier.monitor.sources import FolderSource, Source


def monitor(
    source: Annotated[
        str,
        typer.Argument(metavar="URL|FOLDER", help="The issuer, or a copy of what it serves."),
    ],
    *,
    root: Annotated[str, typer.Option("--root", metavar="ANCHOR", help="The root to trust.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> int:
    """Read on in the authority's log; exit 1 for what somebody has to look into. No set-up."""
    # Imported where it is used, so that a scan does not even load what draws bars.
    from shell.progress import progress_bar

    check_thumbprint(root)
    where = _source(source)
    files = MonitorFiles(home_path(home, "verifier"), root)
    now = system_clock()
    with files.opened() as before:
        if before.sunset is not None and now >= before.sunset:
            run = Run(before, ())
        else:
            with progress_bar(sentence("monitor_reads", language)) as tell:
                run = follow(where, before, now=now, tell=tell)
        # Whoever is interrupted is told again, so it is remembered last.
        files.keep_evidence(run.findings)
        answer(as_json=as_json, members=_members(run), text=_text(run, now, language))
        files.save(run.memory)
    return EXIT_REFUSED if any(one.is_alarm for one in run.findings) else EXIT_DONE


def _source(text: str) -> Source:
    if "://" in text:
        # Imported where it is used, so that a scan does not even load the web client.
        from verifier.monitor.issuer_source import IssuerSource

        return IssuerSource(issuer_origin(text))
    folder = Path(text)
    if not text or not folder.is_dir():
        raise CommandError(
            f"there is no folder {text}; name a copy of what the issuer serves, or a URL such as "
            "https://qupia.example"
        )
    return FolderSource(folder)


def _members(run: Run) -> dict[str, Any]:
    log = run.memory.log
    checkpoint = log and {"log": log.origin, "size": log.size, "root": log.root}
    findings = [dict(finding.members) for finding in run.findings]
    return {"bundles": run.bundles, "checkpoint": checkpoint, "findings": findings}


def _text(run: Run, now: int, language: Language) -> str:
    lines = [finding.text(language) for finding in run.findings]
    log, sunset = run.memory.log, run.memory.sunset
    if log is not None:
        lines.append(sentence("monitor_log", language, log=log.origin, count=log.size))
    if sunset is not None and now >= sunset:
        lines.append(sentence("monitor_ended", language, at=zoned_time(sunset)))
    else:
        lines.append(sentence("monitor_read", language, count=run.bundles))
    if not run.findings:
        lines.append(sentence("monitor_nothing", language))
    return "\n".join(lines)
