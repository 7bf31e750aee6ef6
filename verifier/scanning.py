"""One run of ``scan``: codes in, decisions out, with one memory of what was admitted."""

from collections.abc import Iterable, Iterator

from schemas.languages import Language
from shell.clock import Clock
from shell.command_line import warn
from verifier.condition import condition_at
from verifier.decision import Code, Decision, decide
from verifier.policies import choose_policy
from verifier.report import keys_text
from verifier.seen import SeenSet
from verifier.trust_store import TrustStore


class Door:
    """A device that checks codes; ``policy`` None stands for the one of set-up.

    A run may last for days, so a bundle that another command puts in force meanwhile counts from
    the next code on. What was admitted is remembered in memory, for three minutes.
    """

    def __init__(self, store: TrustStore, clock: Clock, policy: str | None) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy if policy is not None else store.settings().policy
        self._seen = SeenSet()

    def check_ready(self, language: Language) -> None:
        """Warn when the keys are old; raises CommandError for a policy that does not exist."""
        bundle = self._store.bundle()
        if bundle is None:
            return
        choose_policy(bundle, self._policy)
        condition = condition_at(bundle, self._clock())
        if condition.name == "old":
            warn(keys_text(bundle, condition, language))

    def decide_all(self, codes: Iterable[Code]) -> Iterator[Decision]:
        """Each decision as soon as its code is there."""
        for code in codes:
            bundle = self._store.bundle()
            policy = choose_policy(bundle, self._policy) if bundle is not None else None
            now = self._clock()
            yield decide(code, bundle=bundle, policy=policy, now=now, seen=self._seen)
