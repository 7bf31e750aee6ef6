"""Root statements that tests put in force: as two officers do, or as if ``init`` had."""

import json

from issuer.authority import Authority
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import sign_statement
from issuer.publication.root_statements import publish_with_new_signer, take_statement
from issuer.staff import Account
from schemas.jws import Typ
from schemas.root_statements import encode_payload
from shell.files import write_private
from tests.support.issuers import Service


def publish_statement(
    authority: Authority, statement: bytes, now: int, *, account: Account | None = None
) -> str:
    """The thumbprint of the signer; raises StatementRefused and CommandError."""
    with authority.making():
        signer = take_statement(authority, statement, now, account=account)
    publish_with_new_signer(authority, now)
    return signer


def begin_with_sunset(service: Service, sunset: int) -> None:
    """As if ``init`` had been told this sunset; the bundle that is out does not know of it."""
    root = SigningKey.load(service.home.root_key, Typ.ROOT)
    members = json.loads(service.authority.chain.last.payload) | {"sunset": sunset}
    statement = sign_statement(encode_payload(members), [root])
    write_private(service.home.delegations, json.dumps([statement]).encode())
