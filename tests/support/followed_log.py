"""An authority in memory whose log a monitor follows from run to run."""

from dataclasses import dataclass, field

from schemas.kinds import HOUR
from schemas.root_statements import parse_signed
from tests.support.served_log import ServedLog
from tests.support.world import NOON, World
from verifier.monitor.findings import LogFinding
from verifier.monitor.following import Run, follow
from verifier.monitor.memory import Memory

SIX = 6 * HOUR


@dataclass
class Followed:
    """The authority, what it serves, and what the monitor remembers."""

    served: ServedLog
    memory: Memory
    now: int = NOON
    told: list[tuple[int, int | None]] = field(default_factory=list)

    @classmethod
    def new(cls, **members: object) -> "Followed":
        world = World(statuses=("green",), **members)  # type: ignore[arg-type]
        world.life = 12 * HOUR
        followed = cls(ServedLog(world), Memory(world.pin))
        followed.served.make(NOON)
        return followed

    @property
    def world(self) -> World:
        return self.served.world

    def later(self, seconds: int = SIX, **members: object) -> bytes:
        """Time goes by, and the next bundle is published."""
        self.now += seconds
        return self.served.make(self.now, **members)

    def run(self) -> Run:
        """One run, whose memory is kept as the command keeps it."""
        run = follow(
            self.served, self.memory, now=self.now, tell=lambda *done: self.told.append(done)
        )
        self.memory = run.memory
        return run

    def found(self) -> list[LogFinding]:
        return list(self.run().findings)

    def kinds(self) -> list[str]:
        """What a run finds, by name."""
        return [finding.finding.value for finding in self.run().findings]

    def last_statement(self) -> int:
        return parse_signed(self.world.statements[-1]).statement.version
