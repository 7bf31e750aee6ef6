"""One run of ``scan``: codes in, decisions out, with one memory of what was admitted."""

from collections.abc import Iterable, Iterator
from typing import Any

from schemas.bundle import TrustBundle
from schemas.catalogues import sentence
from schemas.hours import hour_at
from schemas.languages import Language
from shell.clock import Clock
from shell.command_line import warn
from shell.errors import CommandError
from verifier.commands.report import keys_text
from verifier.door.condition import condition_at
from verifier.door.decision import Code, Decision, decide, typed_code
from verifier.door.seen import SeenSet
from verifier.door.verification import Venue
from verifier.presence.bindings import BindingsOfDevice
from verifier.trust.settings import CheckIn
from verifier.trust.store import TrustStore, choose_policy


class Door:
    """A device that checks codes; ``policy`` None stands for the one of set-up.

    A run may last for days, so a bundle or check-in code that another command puts in force
    meanwhile counts from the next pass on. What was admitted is remembered in memory, for three
    minutes.
    """

    def __init__(
        self, store: TrustStore, *, clock: Clock, policy: str | None, language: Language
    ) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy if policy is not None else store.settings().policy
        self._language = language
        self._seen = SeenSet()
        self._bindings = BindingsOfDevice(store)
        self._warned_of: TrustBundle | None = None
        self._warned_in: int | None = None

    def check_policy(self) -> None:
        """Raise CommandError for a policy that does not exist, before the first code."""
        bundle = self._store.bundle()
        if bundle is not None:
            choose_policy(bundle, self._policy)

    def decide_all(self, codes: Iterable[Code]) -> Iterator[Decision]:
        """Each decision as soon as its code is there."""
        for code in codes:
            yield self._decide(code, self._store.bundle(), self._clock())

    def decide_text(self, text: str) -> dict[str, Any]:
        """The JSON object of one decision; whoever asked knows where the text came from."""
        decision = self._decide(typed_code("", text), self._store.bundle(), self._clock())
        return {**decision.members(), "source": None}

    def _decide(self, code: Code, bundle: TrustBundle | None, now: int) -> Decision:
        policy = None
        if bundle is not None:
            policy = choose_policy(bundle, self._policy)
            self._warn_when_old(bundle, now)
        venue = self._venue(now)
        return decide(code, bundle=bundle, policy=policy, now=now, venue=venue, seen=self._seen)

    def _venue(self, now: int) -> Venue | None:
        """What proofs may be bound to at ``now``; None where no check-in code is shown."""
        check_in = self._store.settings().check_in
        if check_in is CheckIn.OFF:
            return None
        is_strict = check_in is CheckIn.STRICT
        try:
            bindings = self._bindings.at(now)
        except CommandError as error:
            if is_strict:
                raise
            # Passes that are bound to nothing need no seed.
            self._warn_in(hour_at(now), error.message)
            return None
        if hour_at(now) not in bindings:
            self._warn_in(hour_at(now), sentence("check_in_not_shown", self._language))
        return Venue(bindings, strict=is_strict)

    def _warn_in(self, hour: int, what: str) -> None:
        """Once in an hour in which no pass can be bound to this venue."""
        if hour != self._warned_in:
            self._warned_in = hour
            warn(what)

    def _warn_when_old(self, bundle: TrustBundle, now: int) -> None:
        """Once for each bundle; it still works."""
        condition = condition_at(bundle, now)
        if condition.name == "old" and bundle is not self._warned_of:
            self._warned_of = bundle
            warn(keys_text(bundle, condition, self._language))
