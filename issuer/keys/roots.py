"""Root statements: who may sign trust bundles, said by a key that stays offline.

The form is docs/formats.md, "Root statements".
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from issuer.home import Config, Home
from issuer.keys.keyring import SigningKey, signer_path
from schemas.bundle_faults import BundleRejected
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.trust import LONGEST_DELEGATION, RootStatement, walk_chain
from shell.errors import CommandError
from shell.files import destroy, read_private, write_private

WARN_BEFORE_END = 10 * DAY
"""From here on every command and the metrics say that a new signer is needed."""


def load_delegations(home: Home) -> list[str]:
    """The root statements, oldest first. Raises CommandError when there are none to read."""
    try:
        return read_private(home.delegations).decode("ascii").split()
    except (FileNotFoundError, UnicodeDecodeError):
        raise _damaged(home) from None


def current_statement(home: Home, config: Config) -> RootStatement:
    """What the last root statement says. Raises CommandError when the chain is damaged."""
    try:
        return walk_chain(load_delegations(home), root=config.root)
    except BundleRejected:
        raise _damaged(home) from None


def delegate(
    home: Home,
    *,
    root: SigningKey,
    next_root: SigningKey | None,
    earlier: Sequence[str],
    version: int,
    now: int,
) -> str:
    """Sign a root statement with a fresh signer for 35 days; its thumbprint is returned.

    With ``next_root`` the roots are replaced by it. The signer's key is on disk before the
    statement that names it, and signers of earlier statements are destroyed after it.
    """
    signer = SigningKey.generate(Typ.TRUST)
    signer.create(signer_path(home, signer.thumbprint))
    statement = sign_statement(
        root, next_root=next_root, signer=signer_member(signer, now), version=version
    )
    put_in_force(home, [*earlier, statement], signer=signer.thumbprint)
    return signer.thumbprint


def signer_member(signer: SigningKey, nbf: int) -> dict[str, Any]:
    """How a root statement names a signer: its JWK, and 35 days from ``nbf`` on."""
    return {**signer.jwk, "nbf": nbf, "exp": nbf + LONGEST_DELEGATION}


def sign_statement(
    root: SigningKey, *, next_root: SigningKey | None, signer: Mapping[str, Any], version: int
) -> str:
    """A root statement for one signer; with ``next_root`` the roots are replaced by it."""
    return root.sign(
        {"version": version, "roots": [(next_root or root).jwk], "signers": [dict(signer)]}
    )


def put_in_force(home: Home, delegations: Sequence[str], *, signer: str) -> None:
    """Write the chain, then destroy every other signer, also those that no root has named."""
    write_private(home.delegations, "\n".join(delegations).encode("ascii"))
    for path in [*home.keys.glob("signer-*.pem"), *home.keys.glob("pending-*.pem")]:
        if path != signer_path(home, signer):
            destroy(path)


def load_root(home: Home, config: Config, path: Path) -> SigningKey:
    """The root key in ``path``; raises CommandError for one that is not (any more) a root here."""
    root = SigningKey.load(path, Typ.ROOT, at_home=False)
    if root.thumbprint not in current_statement(home, config).roots:
        raise CommandError(f"{path} is not a root of this issuer; give the right ROOT.pem")
    return root


def delegate_next(
    home: Home, config: Config, *, root: SigningKey, next_root: SigningKey | None, now: int
) -> str:
    """Continue the chain with a root of its last statement; the signer's thumbprint."""
    last = current_statement(home, config)
    return delegate(
        home,
        root=root,
        next_root=next_root,
        earlier=load_delegations(home),
        version=last.version + 1,
        now=now,
    )


def load_signer(home: Home, config: Config, now: int) -> tuple[SigningKey, int]:
    """The signer in force and its end. Raises CommandError when there is none at ``now``."""
    for name, jwk in current_statement(home, config).signers.items():
        if jwk["nbf"] <= now < jwk["exp"]:
            return SigningKey.load(signer_path(home, name), Typ.TRUST), int(jwk["exp"])
    raise CommandError(
        "no signer is in force now; check the clock, or run: "
        "qupia-issuer keys delegate --root ROOT.pem"
    )


def signer_end(home: Home, config: Config) -> int:
    """When the last signer's delegation ends, Unix seconds."""
    signers = current_statement(home, config).signers.values()
    return max((int(jwk["exp"]) for jwk in signers), default=0)


def _damaged(home: Home) -> CommandError:
    return CommandError(
        f"{home.delegations} is damaged; restore it from a backup or take it from a bundle"
    )
