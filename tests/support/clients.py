"""A venue's device, a phone and a monitor that trust one authority, and what adversaries forge."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_encode
from schemas.log.entries import join_carried, split_carried
from schemas.log.notes import Note, Signature
from schemas.log.proofs import parse_proof
from schemas.trust import TrustState
from tests.support.keys import rsa_key
from tests.support.logs import MemoryLog, MemoryWitness, ed25519_key
from tests.support.served_log import ServedLog
from tests.support.vectors import VECTORS
from tests.support.world import NOON, World
from verifier.monitor.findings import LogFinding
from verifier.monitor.following import Run, follow
from verifier.monitor.memory import Memory
from verifier.trust.settings import CheckIn, Settings
from verifier.trust.store import TrustStore
from wallet_sim.fetching.trust import accept
from wallet_sim.passes.state import PinnedAuthority

WITNESSES = tuple(MemoryWitness(f"witness-{number}.example") for number in range(3))
SETTINGS = Settings(policy="first-only", check_in=CheckIn.STRICT, name="Abai Café")


class Clients:
    """All three. The venue has settings and a seed, which nothing that is offered may touch."""

    def __init__(self, home: Path, world: World) -> None:
        first = world.bundle(NOON)
        self.world = world
        self.venue = TrustStore(home)
        self.venue.set_up(first, anchor=world.pin, settings=SETTINGS, now=NOON)
        self.seed = self.venue.seeds / "2026-03-17.seed"
        self.seed.parent.mkdir(parents=True)
        self.seed.write_bytes(bytes(range(32)))
        pinned = PinnedAuthority(world.iss, TrustState(anchor=world.pin))
        self.phone = accept(pinned, first, now=NOON).authority
        self._logs: dict[int, MemoryLog] = {}
        self._memory = Memory(world.pin)
        assert self._watch(world, first, NOON).findings == ()

    def take(
        self,
        data: bytes,
        now: int = NOON,
        *,
        served_by: World | None = None,
        found: Sequence[str] = (),
    ) -> None:
        """Venue and phone take a bundle, without being set up anew; what the monitor finds."""
        self.phone = accept(self.phone, data, now=now).authority
        self.venue.accept(data, now=now)
        assert self.venue.state() == self.phone.trust
        run = self._watch(served_by or self.world, data, now)
        assert list(map(_named, run.findings)) == list(found)
        self._check_untouched()

    def fault(self, data: bytes, now: int = NOON, leaves: list[bytes] | None = None) -> BundleFault:
        """Why venue and phone refuse it; what they hold stays in force."""
        return self.rejected(data, now, leaves).fault

    def rejected(
        self, data: bytes, now: int = NOON, leaves: list[bytes] | None = None
    ) -> BundleRejected:
        before = self.venue.state()
        with pytest.raises(BundleRejected) as of_phone:
            accept(self.phone, data, now=now, leaves=leaves)
        with pytest.raises(BundleRejected) as of_venue:
            self.venue.accept(data, now=now, leaves=leaves)
        assert of_phone.value.fault is of_venue.value.fault
        assert self.venue.state() == before
        assert self.venue.bundle() is not None
        self._check_untouched()
        return of_venue.value

    def found(self, served_by: World, data: bytes, now: int = NOON) -> list[str]:
        """What the monitor finds where this world serves that bundle; it goes on as before."""
        memory, logs = self._memory, dict(self._logs)
        run = self._watch(served_by, data, now)
        self._memory, self._logs = memory, logs
        return list(map(_named, run.findings))

    def serve(self, log: MemoryLog) -> None:
        """What the owner serves from now on under the number of that log."""
        self._logs[log.number] = log

    def _watch(self, world: World, data: bytes, now: int) -> Run:
        self._logs[world.log.number] = world.log
        served = ServedLog(world, in_force=data, logs=self._logs)
        run = follow(served, self._memory, now=now, tell=lambda *_done: None)
        self._memory = run.memory
        return run

    def _check_untouched(self) -> None:
        assert self.venue.settings() == SETTINGS
        assert self.seed.read_bytes() == bytes(range(32))


Begin = Callable[[World], Clients]


def _named(finding: LogFinding) -> str:
    """A finding in one or two words."""
    return " ".join(filter(None, (finding.finding, finding.fault or finding.what or finding.odd)))


def on_the_page(vector: str) -> BundleFault | None:
    """What the page says of a bundle of that kind.

    Its tests read every file of ``tests/vectors/bundles`` (``bundle-vectors.test.ts``), so that
    what stands there is what it says.
    """
    path = VECTORS / "bundles" / f"{vector}.json"
    fault = json.loads(path.read_text(encoding="utf-8"))["fault"]
    return None if fault is None else BundleFault(fault)


@dataclass
class OtherLog(MemoryLog):
    """A log that somebody made who has not the key of the right one."""

    @property
    def key(self) -> Ed25519PrivateKey:
        return ed25519_key("a thief")


def copied(world: World) -> World:
    """Everything that a server has, in the hands of a thief."""
    return deepcopy(world)


def other_keys(world: World, now: int = NOON, **members: Any) -> bytes:
    """A bundle with another key in the place of the first, and what is said of it."""
    payload = world.payload(now)
    key = rsa_key(197)
    payload["pass_keys"][0] |= {"id": b64url_encode(key.id), "n": b64url_encode(key.modulus)}
    return world.sign(payload | members)


def cosigned(data: bytes, change: Callable[[Signature], Signature]) -> bytes:
    """A bundle under a proof whose last signature was changed."""
    text, proof = split_carried(data)
    parsed = parse_proof(proof)
    *others, last = parsed.note.signatures
    note = Note(parsed.note.text, (*others, change(last)))
    return join_carried(text, replace(parsed, note=note).text)
