"""A pass on a screen: drawn in the terminal, as text, as a picture, or as JSON."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.encoding import format_time
from schemas.hours import begin_of, hour_at
from schemas.languages import Language
from shell.command_line import EXIT_REFUSED, answer, say, warn
from shell.errors import CommandError
from shell.pictures import qr_for_terminal, save_qr
from shell.times import local_time
from wallet_sim.passes.presentation import Showing, present
from wallet_sim.texts import text

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
"""Clear the screen and what could be scrolled back to, and begin at the top."""


@dataclass(frozen=True)
class Display:
    """Where a code goes, and in which language the lines around it are.

    ``bindings`` are those of a venue's code by hour, 16 bytes each; without them a pass works
    everywhere.
    """

    language: Language
    png: Path | None = None
    as_text: bool = False
    as_json: bool = False
    watching: bool = False
    bindings: Mapping[int, bytes] | None = None

    @property
    def ends(self) -> int | None:
        """When the hours of the venue's code are over; None where there is no such code."""
        return begin_of(max(self.bindings) + 1) if self.bindings else None

    def check_png(self) -> None:
        """Raise CommandError while no pass is used up yet if there is no place for the picture."""
        if self.png is not None and (not self.png.parent.is_dir() or self.png.is_dir()):
            raise CommandError(f"{self.png} cannot be written; name a file in a folder that exists")

    def draw(self, showing: Showing, now: int) -> None:
        """Show the pass with a proof of this half minute.

        Raises CommandError when the venue's code is not for this hour.
        """
        self._check_hour(now)
        code = present(showing, now=now, bindings=self.bindings)
        if self.png is not None:
            save_qr(code, self.png)
        if self.watching and sys.stdout.isatty():
            say(_CLEAR)
        if self.as_text or self.as_json:
            for note in _notes(showing):
                warn(text(note, self.language))
        answer(
            as_json=self.as_json,
            members=members(showing, code),
            text="\n".join(self._lines(showing, code)),
        )

    def _check_hour(self, now: int) -> None:
        if self.bindings is not None and hour_at(now) not in self.bindings:
            raise CommandError(text("venue_over", self.language), exit_code=EXIT_REFUSED)

    def _lines(self, showing: Showing, code: str) -> list[str]:
        if self.as_text:
            return [code]
        language, ends = self.language, local_time(showing.batch.ends)
        name = getattr(showing.entitlement.name, language)
        lines = [] if self.png is not None else [qr_for_terminal(code)]
        lines.append(text("shown", language, status=name, ends=ends, number=showing.remaining))
        lines += [text(note, language) for note in _notes(showing)]
        if self.ends is not None:
            lines.append(text("bound", language, until=local_time(self.ends)))
        if self.png is not None:
            lines.append(text("written", language, file=self.png))
        if self.watching:
            lines.append(text("renewed", language))
        return lines


def members(showing: Showing, code: str) -> dict[str, Any]:
    """``show --json``."""
    return {
        "qr": code,
        "status": showing.entitlement.status,
        "holder": showing.entitlement.holder,
        "window_ends": format_time(showing.batch.window.exp),
        "remaining": showing.remaining,
        "reused": showing.reused,
    }


def _notes(showing: Showing) -> list[str]:
    notes = ["reused"] if showing.reused else []
    return [*notes, "specimen"] if showing.authority.pins.specimen else notes
