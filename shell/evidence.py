"""The folder of pairs of bundles that contradict each other, and the file that is handed on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.bundle_faults import BundleRejected
from schemas.catalogues import sentence
from schemas.codec import from_json, to_json
from schemas.evidence import MOST_PAIRS, EvidencePair
from schemas.languages import Language
from shell.command_line import answer
from shell.errors import CommandError
from shell.files import (
    create_private,
    destroy,
    make_private_directory,
    read_private,
    write_private,
)


def keep_evidence(folder: Path, evidence: EvidencePair) -> None:
    """Keep a pair, unless there are enough; the same pair again changes nothing."""
    make_private_directory(folder)
    path = folder / f"{evidence.name}.json"
    if path.exists() or len(list(folder.glob("*.json"))) < MOST_PAIRS:
        write_private(path, to_json(evidence))


def forget_evidence(folder: Path) -> None:
    """Destroy every pair, and what unfinished writes left."""
    if folder.is_dir():
        for path in folder.iterdir():
            destroy(path)
        folder.rmdir()


def load_evidence(folder: Path) -> list[EvidencePair]:
    """The pairs that are kept; raises CommandError for one that is damaged."""
    return [_load(path) for path in sorted(folder.glob("*.json"))]


def evidence_members(pairs: Sequence[EvidencePair]) -> dict[str, Any]:
    """All of it, as whoever looks into it gets it: the bundles as they were signed."""
    return {
        "pairs": [
            {"fault": pair.fault.value, "held": pair.held, "offered": pair.offered}
            for pair in pairs
        ]
    }


EvidenceOut = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the pairs to a file.")
]


def answer_evidence(
    pairs: Sequence[EvidencePair], *, out: Path | None, as_json: bool, language: Language
) -> None:
    """Print the pairs, or write them to a new file and say what each of them proves."""
    members = evidence_members(pairs)
    if out is not None:
        _create(out, json.dumps(members, indent=1).encode("ascii"))
    lines = [_line(pair, language) for pair in pairs]
    answer(
        as_json=as_json,
        members=members,
        text="\n".join(lines) if lines else sentence("no_evidence", language),
    )


def evidence_line(pairs: Sequence[EvidencePair], command: str, language: Language) -> str:
    """What a status says of the pairs that are kept."""
    return sentence("evidence_kept", language, count=len(pairs), command=command)


def _line(pair: EvidencePair, language: Language) -> str:
    held, offered = pair.digests
    return f"{BundleRejected(pair.fault).text(language)}\n  {held}\n  {offered}"


def _create(path: Path, data: bytes) -> None:
    try:
        create_private(path, data)
    except FileExistsError:
        raise CommandError(f"{path} exists and is never overwritten; choose another") from None


def _load(path: Path) -> EvidencePair:
    try:
        return from_json(EvidencePair, read_private(path))
    except ValueError:
        raise CommandError(f"{path} is damaged; remove it") from None
