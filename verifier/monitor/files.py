"""What a monitor keeps: one file for each authority that it follows.

::

    monitor/ANCHOR.json    how far it has come, replaced in one step at the end of a run
    monitor/lock           held by whoever runs
    evidence/              pairs of bundles that contradict each other

An interrupted run leaves the file of the run before: what was found is then found again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.codec import from_json, to_json
from schemas.log.faults import LogRejected
from shell.errors import CommandError
from shell.evidence import keep_evidence
from shell.files import (
    check_private_tree,
    locked,
    make_private_directory,
    read_private,
    remove_drafts,
    write_private,
)
from verifier.monitor.findings import LogFinding
from verifier.monitor.judging import Position
from verifier.monitor.memory import Memory

FORMAT = 1


@dataclass(frozen=True)
class MonitorFile:
    """The file."""

    format: int
    memory: Memory


@dataclass(frozen=True)
class MonitorFiles:
    """The files under ``home`` for one anchor."""

    home: Path
    anchor: str

    @contextmanager
    def opened(self) -> Iterator[Memory]:
        """What the last run remembered, for one run alone; raises CommandError and OSError."""
        make_private_directory(self._folder)
        check_private_tree(self._folder)
        with locked(self._folder / "lock"):
            remove_drafts(self._folder)
            yield self._load()

    def keep_evidence(self, findings: tuple[LogFinding, ...]) -> None:
        """Keep the pairs of bundles that prove what was found."""
        for finding in findings:
            if finding.pair is not None:
                keep_evidence(self.home / "evidence", finding.pair)

    def save(self, memory: Memory) -> None:
        """Replace what is remembered in one step; only while it is opened."""
        write_private(self._path, to_json(MonitorFile(FORMAT, memory)))

    @property
    def _folder(self) -> Path:
        return self.home / "monitor"

    @property
    def _path(self) -> Path:
        return self._folder / f"{self.anchor}.json"

    def _load(self) -> Memory:
        if not self._path.exists():
            return Memory(self.anchor)
        try:
            file = from_json(MonitorFile, read_private(self._path))
            if file.format == FORMAT and file.memory.anchor == self.anchor:
                Position.of(file.memory, ())
                return file.memory
        except (ValueError, KeyError, LogRejected):
            pass
        raise CommandError(
            f"{self._path} is damaged or of a newer program; remove it: the next run begins anew "
            "and cannot compare with what was seen before"
        )
