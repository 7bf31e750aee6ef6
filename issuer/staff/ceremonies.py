"""The two ceremonies of WebAuthn Level 3: a passkey is made, and a passkey proves who is there.

What is asked of a browser and how its answer is judged; nothing is stored here. The library
verifies; what it may accept is fixed: three algorithms, no attestation, this issuer's origin alone.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from schemas.errors import QupiaError
from shell.errors import CommandError

CHALLENGE_BYTES = 32
LONGEST_ANSWER = 16_384
"""Characters of a browser's answer; one without attestation has about a thousand."""

TIMEOUT_MS = 5 * 60 * 1000
"""For somebody to find the key; WebAuthn Level 3, section 15.1, recommends five minutes."""

ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""What WebAuthn Level 3, section 5.4, says that every site should take."""


class PasskeyRefused(QupiaError):
    """The answer of a browser proves nothing; why is nobody's business."""


@dataclass(frozen=True)
class RelyingParty:
    """``id`` is the host of the issuer's URL, ``origin`` the URL itself."""

    id: str
    origin: str


@dataclass(frozen=True)
class Passkey:
    """What is stored of one: ``signatures`` is what it said last of how often it was used.

    ``public_key`` is a COSE key (RFC 9052 section 7).
    """

    id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    signatures: int


def relying_party(url: str) -> RelyingParty | None:
    """Who asks; None where the host of ``url`` is an address, which browsers refuse."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return RelyingParty(host, url)
    return None


def party_of(url: str) -> RelyingParty:
    """Raises CommandError where browsers take no passkeys."""
    party = relying_party(url)
    if party is None:
        raise CommandError("browsers take passkeys only where the issuer's --url has a name")
    return party


def creation_options(
    party: RelyingParty, *, account: str, handle: bytes, challenge: bytes, known: Sequence[bytes]
) -> str:
    """What a browser is asked for a new passkey (JSON); ``known`` are ids that it must not repeat.

    ``handle`` is random: it stays on the key and must say nothing about anybody.
    """
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.id,
        user_name=account,
        user_id=handle,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.DISCOURAGED,
        ),
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json(options)


def request_options(party: RelyingParty, *, challenge: bytes, known: Sequence[bytes]) -> str:
    """What a browser is asked for a proof by one of the passkeys ``known`` (JSON)."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=_descriptors(known),
        # The password is the other factor.
        user_verification=UserVerificationRequirement.DISCOURAGED,
    )
    return options_to_json(options)


def verify_creation(answer: str, *, party: RelyingParty, challenge: bytes) -> Passkey:
    """The new passkey (WebAuthn Level 3, section 7.1). Raises PasskeyRefused."""
    try:
        verified = verify_registration_response(
            credential=_bounded(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            supported_pub_key_algs=ALGORITHMS,
        )
    except _UNREADABLE:
        raise PasskeyRefused from None
    return Passkey(verified.credential_id, verified.credential_public_key, verified.sign_count)


def answered_id(answer: str) -> bytes:
    """The id of the passkey that a browser says it used. Raises PasskeyRefused."""
    try:
        return parse_authentication_credential_json(_bounded(answer)).raw_id
    except _UNREADABLE:
        raise PasskeyRefused from None


def verify_proof(answer: str, passkey: Passkey, *, party: RelyingParty, challenge: bytes) -> int:
    """How often the passkey says it was used (WebAuthn Level 3, section 7.2).

    Raises PasskeyRefused, also for a count that does not grow, which is that of a copy.
    """
    try:
        verified = verify_authentication_response(
            credential=_bounded(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.signatures,
        )
    except _UNREADABLE:
        raise PasskeyRefused from None
    if verified.credential_id != passkey.id:
        raise PasskeyRefused
    return verified.new_sign_count


_UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError)
"""What the library raises for an answer that is wrong or none: not all of it is its own."""


def _bounded(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("longer than any answer of a browser")
    return answer


def _descriptors(ids: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one) for one in ids]
