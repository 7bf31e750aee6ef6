"""One run of ``scan``: codes in, decisions out, with one memory of what was admitted."""

from collections.abc import Iterable, Iterator

from schemas.bundle import TrustBundle
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

    def __init__(
        self, store: TrustStore, *, clock: Clock, policy: str | None, language: Language
    ) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy if policy is not None else store.settings().policy
        self._language = language
        self._seen = SeenSet()
        self._warned_of: TrustBundle | None = None

    def check_policy(self) -> None:
        """Raise CommandError for a policy that does not exist, before the first code."""
        bundle = self._store.bundle()
        if bundle is not None:
            choose_policy(bundle, self._policy)

    def decide_all(self, codes: Iterable[Code]) -> Iterator[Decision]:
        """Each decision as soon as its code is there."""
        for code in codes:
            yield self._decide(code, self._store.bundle(), self._clock())

    def _decide(self, code: Code, bundle: TrustBundle | None, now: int) -> Decision:
        policy = None
        if bundle is not None:
            policy = choose_policy(bundle, self._policy)
            self._warn_when_old(bundle, now)
        return decide(code, bundle=bundle, policy=policy, now=now, seen=self._seen)

    def _warn_when_old(self, bundle: TrustBundle, now: int) -> None:
        """Once for each bundle; it still works."""
        condition = condition_at(bundle, now)
        if condition.name == "old" and bundle is not self._warned_of:
            self._warned_of = bundle
            warn(keys_text(bundle, condition, self._language))
