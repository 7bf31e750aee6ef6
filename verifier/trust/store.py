"""What a venue's device keeps. Nothing in it is about visitors.

::

    settings.json       format version, where bundles are fetched, which policy applies, whether a
                        check-in code is shown and under which name
    trust.json          the pinned anchor, the other pins and the newest version seen
    bundle-DIGEST.jws   the bundle in force; trust.json names it by its digest
    clock.json          how far the clock was off when it was last compared
    evidence/           pairs of bundles that contradict each other
    no-backup/seeds/    DATE.seed: 32 random bytes for a UTC date, for 14 days
    lock                held by whoever changes these files

Settings written before there were check-in codes lack both members, and mean that none is shown.

A new bundle is written first and under a name of its own. Replacing ``trust.json`` then raises the
floor and puts the bundle in force in one step, so a crash leaves the old pair or the new one, never
a bundle that is newer than the floor.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from schemas.bundle import TrustBundle, VenuePolicy
from schemas.bundle_faults import BundleRejected
from schemas.check_in import check_name
from schemas.codec import decode, encode, from_json, to_json
from schemas.evidence import FAULTS, EvidencePair
from schemas.jws import parse_json_object
from schemas.trust import Accepted, TrustState, accept_bundle, leads_to, read_bundle
from schemas.validation import matches
from shell.errors import CommandError
from shell.evidence import keep_evidence, load_evidence
from shell.files import (
    check_private_tree,
    claim_directory,
    locked,
    make_private_directory,
    read_private,
    remove_drafts,
    write_private,
)
from shell.fresh import FreshFile
from verifier.trust.settings import CheckIn, ClockCheck, Settings

FORMAT = 1
"""The version of this layout."""

_OTHERS = ("monitor", "witness")
"""Folders of the commands that need no set-up."""

_BEFORE_CHECK_IN = {"check_in": CheckIn.OFF.value, "name": ""}

_RENEW_TRUST = (
    "remove it and run qupia-verifier setup again, with the newest bundle of the authority"
)
_RENEW_SETTINGS = "remove it and run qupia-verifier setup again"
_RENEW_BUNDLE = "run qupia-verifier sync, or import the newest bundle of the authority"

NOT_SET_UP = "this device is not set up; run: qupia-verifier setup URL --root THUMBPRINT"


class TrustStore:
    """The files in ``home``.

    Every method raises CommandError for a file that is damaged or open to others, and OSError when
    a file cannot be read or written; what was there then is there still.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.seeds = home / "no-backup" / "seeds"
        self.lock = home / "lock"
        self._settings = home / "settings.json"
        self._trust = home / "trust.json"
        self._clock = home / "clock.json"
        self._evidence = home / "evidence"
        self._in_force = FreshFile(self._trust, self._load_bundle)
        self._chosen = FreshFile(self._settings, self._parse_settings)

    def check_private(self) -> None:
        """Raise CommandError when anyone but the owner can reach one of the files.

        Whoever named a folder of something else by mistake is not told to close that.
        """
        if self._settings.exists() or self.is_set_up():
            check_private_tree(self.home)

    def is_set_up(self) -> bool:
        return self._trust.exists()

    def check_set_up(self) -> None:
        """Raise CommandError before the set-up."""
        if not self.is_set_up():
            raise CommandError(NOT_SET_UP)

    def settings(self) -> Settings:
        """What was chosen, as it is now."""
        if not self.is_set_up():
            return Settings()
        chosen = self._chosen.get()
        if chosen is None:
            raise _damaged(self._settings, _RENEW_SETTINGS)
        return chosen

    def earlier_settings(self) -> Settings:
        """The same for a set-up that is repeated, which also repairs a file that was removed."""
        return self.settings() if self._settings.exists() else Settings()

    def choose_check_in(self, *, check_in: CheckIn, name: str) -> Settings:
        """Change what is said and asked at the entrance; raises CommandError before the set-up."""
        self.check_set_up()
        with locked(self.lock):
            settings = replace(self.settings(), check_in=check_in, name=name)
            self._write_settings(settings)
        return settings

    def state(self) -> TrustState:
        """What this device has seen; raises CommandError when it is not set up."""
        self.check_set_up()
        return self._parse_state(read_private(self._trust))

    def bundle(self) -> TrustBundle | None:
        """The bundle in force, verified whenever it is another one; None before the set-up."""
        return self._in_force.get()

    def pin(self, anchor: str) -> TrustState:
        """What is known under that anchor; raises CommandError when another one is pinned.

        A newer anchor of the same authority, which the pinned one leads to, changes nothing.
        """
        if not self.is_set_up():
            return TrustState(anchor=anchor)
        state = self.state()
        held = self._held(state)
        if state.anchor != anchor and not (held and leads_to(held, state.anchor, anchor)):
            raise CommandError(
                f"{self.home} is set up with another root; name another folder with --home"
            )
        return state

    def evidence(self) -> list[EvidencePair]:
        """The pairs of bundles that contradict each other."""
        return load_evidence(self._evidence)

    def forget_warnings(self) -> None:
        """A person has read them."""
        with locked(self.lock):
            write_private(self._trust, to_json(replace(self.state(), log_replaced=False), indent=1))

    def set_up(self, data: bytes, *, anchor: str, settings: Settings, now: int) -> TrustBundle:
        """Pin ``anchor`` and accept the first bundle; again, with the same one, it only updates.

        Raises BundleRejected.
        """
        self._prepare_home()
        with locked(self.lock):
            state = self.pin(anchor)
            accepted = self._judge(data, state, now, None)
            choose_policy(accepted.bundle, settings.policy)
            # trust.json is what makes a device set up, so it comes last.
            self._write_settings(settings)
            self._put_in_force(accepted, state)
        return accepted.bundle

    def judge(self, data: bytes, *, now: int) -> Accepted:
        """What would come of a newer bundle; raises BundleRejected. Only evidence is stored."""
        return self._judge(data, self.state(), now, None)

    def accept(self, data: bytes, *, now: int, leaves: Sequence[bytes] | None = None) -> Accepted:
        """Judge a newer bundle by all that was seen and put it in force; raises BundleRejected.

        ``leaves`` are those of the whole log, where they were fetched.
        """
        self.check_set_up()
        with locked(self.lock):
            state = self.state()
            accepted = self._judge(data, state, now, leaves)
            self._put_in_force(accepted, state)
        return accepted

    def clock_check(self) -> ClockCheck | None:
        """The last comparison of the clock; None when there was none."""
        if not self._clock.exists():
            return None
        try:
            return from_json(ClockCheck, read_private(self._clock))
        except (FileNotFoundError, ValueError):
            raise _damaged(self._clock, "remove it") from None

    def keep_clock_check(self, check: ClockCheck) -> None:
        """Remember it; the clock itself is never changed."""
        with locked(self.lock):
            write_private(self._clock, to_json(check, indent=1))

    def _prepare_home(self) -> None:
        if self._settings.exists() or self._trust.exists():
            make_private_directory(self.home)
        else:
            known = [self.lock, self._evidence, *(self.home / name for name in _OTHERS)]
            claim_directory(self.home, known=known)

    def _judge(
        self, data: bytes, state: TrustState, now: int, leaves: Sequence[bytes] | None
    ) -> Accepted:
        held = self._held(state)
        try:
            return accept_bundle(data, state=state, now=now, held=held, leaves=leaves)
        except BundleRejected as rejected:
            if rejected.fault in FAULTS and held is not None:
                pair = EvidencePair(rejected.fault, held.decode("utf-8"), data.decode("utf-8"))
                keep_evidence(self._evidence, pair)
            raise

    def _held(self, state: TrustState) -> bytes | None:
        """The bundle in force as it was carried; None before the first, or where it is damaged."""
        try:
            data = read_private(self._bundle_path(state))
            verified = read_bundle(data, anchor=state.anchor)
        except (FileNotFoundError, BundleRejected):
            return None
        return data if verified.digest == state.digest else None

    def _put_in_force(self, accepted: Accepted, state: TrustState) -> None:
        """The bundle before is kept once more, for a process that is about to read it."""
        following = accepted.state
        write_private(self._bundle_path(following), accepted.data)
        write_private(self._trust, to_json(following, indent=1))
        kept = {self._bundle_path(following), self._bundle_path(state)}
        for replaced in set(self.home.glob("bundle-*.jws")) - kept:
            replaced.unlink(missing_ok=True)
        remove_drafts(self.home)

    def _write_settings(self, settings: Settings) -> None:
        members = {"format": FORMAT, **encode(settings)}
        write_private(self._settings, json.dumps(members, indent=1).encode("ascii"))

    def _parse_settings(self, data: bytes) -> Settings:
        members = _BEFORE_CHECK_IN | _parse(self._settings, data, _RENEW_SETTINGS)
        version = members.pop("format", None)
        if type(version) is int and version > FORMAT:
            raise CommandError(f"{self.home} was made by a newer program; install that program")
        try:
            settings: Settings = decode(Settings, members)
            if version == FORMAT and check_name(settings.name) == settings.name:
                return settings
        except ValueError:
            pass
        raise _damaged(self._settings, _RENEW_SETTINGS)

    def _load_bundle(self, trust: bytes) -> TrustBundle:
        state = self._parse_state(trust)
        path = self._bundle_path(state)
        try:
            verified = read_bundle(read_private(path), anchor=state.anchor)
        except (FileNotFoundError, BundleRejected):
            raise _damaged(path, _RENEW_BUNDLE) from None
        if verified.digest != state.digest:
            raise _damaged(path, _RENEW_BUNDLE)
        return verified.bundle

    def _parse_state(self, data: bytes) -> TrustState:
        members = _parse(self._trust, data, _RENEW_TRUST)
        if not matches("trust-state", members):
            raise _damaged(self._trust, _RENEW_TRUST)
        state: TrustState = decode(TrustState, members)
        return state

    def _bundle_path(self, state: TrustState) -> Path:
        return self.home / f"bundle-{state.digest}.jws"


def choose_policy(bundle: TrustBundle, policy_id: str | None) -> VenuePolicy:
    """The policy of that id, or the bundle's first; raises CommandError with the ids there are."""
    policy = bundle.policy(policy_id)
    if policy is None:
        known = ", ".join(policy.id for policy in bundle.policies)
        raise CommandError(f"there is no such policy; use --policy with one of: {known}")
    return policy


def _parse(path: Path, data: bytes, remedy: str) -> dict[str, Any]:
    try:
        return parse_json_object(data)
    except ValueError:
        raise _damaged(path, remedy) from None


def _damaged(path: Path, remedy: str) -> CommandError:
    return CommandError(f"{path} is missing or damaged; {remedy}")
