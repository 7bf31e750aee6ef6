"""``qupia-issuer policy check``: the rules before the service is started anew with them."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from issuer.commands.opening import HomeOption, ProfileOption, issuer_home, warn_of_signer
from issuer.documents.bundle import check_size
from issuer.home import Config
from issuer.intake.rows import ExportRow, Rejected, read_export
from issuer.keys.roots import load_chain
from issuer.rules.cells import cells_warning, smallest_cell
from issuer.rules.policy import Policy, load_policy
from schemas.encoding import format_time
from shell.clock import system_clock
from shell.command_line import JsonOption, answer, warn
from shell.times import local_time

ROWS_SHOWN = 3
"""Of an export that is tried."""


def check(
    tried: Annotated[
        Path | None,
        typer.Option("--try", metavar="FILE", help="Show how an export's first rows are read."),
    ] = None,
    profile: ProfileOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check policy.toml before the service is started anew."""
    place = issuer_home(home)
    place.check()
    config, now = Config.load(place), system_clock()
    warn_of_signer(place, now)
    sunset = load_chain(place).last.sunset
    policy = load_policy(place.policy)
    check_size(config.hint, policy, sunset=sunset, now=now)
    for warning in _warnings(policy, cells_warning(policy, config.hint)):
        warn(warning)
    rows = [] if tried is None else _try(tried, policy.with_profile(profile), now)
    told = [_row_members(row) for row in rows]
    members = {
        "ok": True,
        "people": policy.people,
        "smallest_cell": smallest_cell(policy, config.hint),
    } | ({} if tried is None else {"tried": told})
    lines = [_row_text(row, policy) for row in rows]
    answer(as_json=as_json, members=members, text="\n".join(["policy.toml is fine.", *lines]))


def _warnings(policy: Policy, of_cells: str | None) -> Iterator[str]:
    if of_cells is not None:
        yield of_cells
    places = {"export": policy.export.results}
    places |= {f"profiles.{name}": one.results for name, one in policy.profiles.items()}
    for place, results in places.items():
        if "positive" not in results.values():
            yield (
                f"no text of [{place}] means a positive result, so no export withdraws anybody; "
                'add [[results]] with evidence = "positive"'
            )


def _try(path: Path, policy: Policy, now: int) -> list[ExportRow | Rejected]:
    """The first rows as they would be read."""
    return list(islice(read_export(path, policy=policy, now=now), ROWS_SHOWN))


def _row_members(row: ExportRow | Rejected) -> dict[str, Any]:
    """Not whose it is."""
    if isinstance(row, Rejected):
        return {"line": row.line, "reason": row.reason.value}
    return {"line": row.line, "evidence": row.evidence, "at": format_time(row.at)}


def _row_text(row: ExportRow | Rejected, policy: Policy) -> str:
    if isinstance(row, Rejected):
        return f"  line {row.line}: rejected, {row.reason.value}"
    sample = ", with a sample number" if row.sample else ""
    return (
        f"  line {row.line}: {row.evidence}, taken {local_time(row.at, policy.zone)} "
        f"({policy.time_zone}){sample}"
    )
