"""The root statements of a home: who may sign trust bundles, said by keys that stay offline.

The form is docs/formats.md, "Root statements".
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from issuer.home import Home
from issuer.keys.keyring import SigningKey, signer_path
from schemas.bundle_faults import BundleRejected
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.log.notes import VerifierKey
from schemas.root_statements import (
    LONGEST_DELEGATION,
    Chain,
    RootStatement,
    SignedStatement,
    Witness,
    encode_payload,
    encode_signed,
    parse_signed,
    walk_chain,
)
from shell.errors import CommandError
from shell.files import destroy, read_private, write_private

WARN_BEFORE_END = 10 * DAY
"""From here on every command and the metrics say that a new signer is needed."""


@dataclass(frozen=True)
class Changes:
    """What a new statement says otherwise than the one before; None where it stays as it was."""

    roots: tuple[Mapping[str, Any], ...] | None = None
    threshold: int | None = None
    sunset: int | None = None
    log: VerifierKey | None = None
    witnesses: tuple[Witness, ...] | None = None
    quorum: int | None = None


def load_delegations(home: Home) -> list[dict[str, Any]]:
    """The root statements as they are carried, oldest first; raises CommandError."""
    try:
        return _parse_list(read_private(home.delegations))
    except FileNotFoundError:
        raise missing_chain(home) from None


def load_chain(home: Home) -> Chain:
    """The same, verified. Raises CommandError when the chain is damaged."""
    return verified_chain(load_delegations(home))


def parse_chain(data: bytes) -> Chain:
    """:func:`load_chain` from the content of the file."""
    return verified_chain(_parse_list(data))


def verified_chain(delegations: Sequence[Mapping[str, Any]]) -> Chain:
    """The chain of a home begins with its own first statement; raises CommandError."""
    try:
        return walk_chain(delegations, anchor=parse_signed(delegations[0]).statement.anchor)
    except (ValueError, IndexError, BundleRejected):
        raise _damaged() from None


def signer_member(signer: SigningKey, nbf: int) -> dict[str, Any]:
    """How a root statement names a signer: its JWK, and 35 days from ``nbf`` on."""
    return {**signer.jwk, "nbf": nbf, "exp": nbf + LONGEST_DELEGATION}


def next_payload(before: RootStatement, signer: Mapping[str, Any], changes: Changes) -> bytes:
    """The payload of the statement after ``before``, which names one signer."""
    roots = before.roots.values() if changes.roots is None else changes.roots
    witnesses = before.witnesses if changes.witnesses is None else changes.witnesses
    return statement_payload(
        version=before.version + 1,
        threshold=before.threshold if changes.threshold is None else changes.threshold,
        roots=roots,
        signer=signer,
        sunset=before.sunset if changes.sunset is None else changes.sunset,
        log=changes.log or before.log,
        witnesses=witnesses,
        quorum=before.quorum if changes.quorum is None else changes.quorum,
    )


def statement_payload(
    *,
    version: int,
    threshold: int,
    roots: Iterable[Mapping[str, Any]],
    signer: Mapping[str, Any],
    sunset: int,
    log: VerifierKey,
    witnesses: Iterable[Witness] = (),
    quorum: int = 0,
) -> bytes:
    """Every member of a statement, as docs/formats.md, "Root statements" names them."""
    members = {
        "version": version,
        "threshold": threshold,
        "roots": [dict(root) for root in roots],
        "signers": [dict(signer)],
        "sunset": sunset,
        "log": log.text,
        "witnesses": [{"key": one.key.text, "url": one.url} for one in witnesses],
        "quorum": quorum,
    }
    return encode_payload(members)


def sign_statement(payload: bytes, roots: Iterable[SigningKey]) -> dict[str, Any]:
    """A payload under the signatures of these roots."""
    return encode_signed(payload, [_signature(payload, root) for root in roots])


def add_signature(signed: Mapping[str, Any], root: SigningKey) -> dict[str, Any]:
    """``signed`` with one more signature."""
    payload = parse_signed(signed).statement.payload
    return encode_signed(payload, [*signed["signatures"], _signature(payload, root)])


def is_complete(signed: SignedStatement, before: RootStatement | None) -> bool:
    """Whether enough roots have signed for what stands in ``signed`` after ``before``."""
    own = before is None or not signed.statement.has_roots_of(before)
    return (before is None or signed.is_signed_for(before)) and (
        not own or signed.is_signed_for(signed.statement)
    )


def put_in_force(home: Home, delegations: Sequence[Mapping[str, Any]], *, signer: str) -> None:
    """Write the chain, then destroy every other signer, also those that no root has named."""
    write_private(home.delegations, json.dumps(list(delegations), indent=1).encode("ascii"))
    for path in [*home.keys.glob("signer-*.pem"), *home.keys.glob("pending-*.pem")]:
        if path != signer_path(home, signer):
            destroy(path)


def load_roots(chain: Chain, paths: Iterable[Path]) -> list[SigningKey]:
    """The root keys in these files; raises CommandError for one that is not (any more) a root."""
    roots = {path: SigningKey.load(path, Typ.ROOT, at_home=False) for path in paths}
    for path, root in roots.items():
        if root.thumbprint not in chain.last.roots:
            raise CommandError(f"{path} is not a root of this issuer; give the right ROOT.pem")
    return list({root.thumbprint: root for root in roots.values()}.values())


def load_signer(home: Home, chain: Chain, now: int) -> tuple[SigningKey, int]:
    """The signer in force and its end. Raises CommandError when there is none at ``now``."""
    for name, jwk in chain.last.signers.items():
        if jwk["nbf"] <= now < jwk["exp"]:
            return SigningKey.load(signer_path(home, name), Typ.TRUST), int(jwk["exp"])
    raise CommandError(
        "no signer is in force now; check the clock, or run: "
        "qupia-issuer keys delegate --root ROOT.pem"
    )


def signer_end(chain: Chain) -> int:
    """When the last signer's delegation ends, Unix seconds."""
    return max((int(jwk["exp"]) for jwk in chain.last.signers.values()), default=0)


def _signature(payload: bytes, root: SigningKey) -> dict[str, str]:
    protected, _, signature = root.sign_bytes(payload).split(".")
    return {"protected": protected, "signature": signature}


def _parse_list(data: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise _damaged() from None
    if not isinstance(found, list) or not found:
        raise _damaged()
    return found


def missing_chain(home: Home) -> CommandError:
    """What is said of a home without root statements: none is signed yet, or they are lost."""
    if home.awaits_roots:
        return CommandError(
            f"the roots have not signed yet; take {home.first_request} to them (qupia-issuer keys "
            "sign), then run: qupia-issuer keys take SIGNED"
        )
    return CommandError(
        f"{home.delegations} is missing; restore it from a backup or take it from a bundle"
    )


def _damaged() -> CommandError:
    return CommandError(
        "delegations.json is damaged; restore it from a backup or take it from a bundle"
    )
