"""A root statement is put in force and a bundle of its signer published, as two officers do."""

from issuer.authority import Authority
from issuer.publication.root_statements import publish_with_new_signer, take_statement
from issuer.staff import Account


def publish_statement(
    authority: Authority, statement: bytes, now: int, *, account: Account | None = None
) -> str:
    """The thumbprint of the signer; raises StatementRefused and CommandError."""
    with authority.making():
        signer = take_statement(authority, statement, now, account=account)
    publish_with_new_signer(authority, now)
    return signer
