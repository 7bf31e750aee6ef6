"""What a device must refuse from the issuer's address, each with the fault that it must name."""

from typing import Any

from schemas.bundle import BUNDLE_LIMIT
from schemas.bundle_faults import BundleFault
from schemas.encoding import b64url_decode, b64url_encode
from schemas.kinds import DAY, HOUR
from schemas.log.entries import join_carried, split_carried
from tests.support.keys import ec_key, rsa_key
from tests.support.world import World, signed_statement

WEB_PAGE = b"<!doctype html><title>Sign in to the network</title><form></form>"


def hostile_bundles(world: World, now: int) -> dict[str, tuple[BundleFault, bytes]]:
    """By name, for a device that accepted the newest bundle of ``world`` not later than ``now``."""
    seen = world.version
    newer = world.bundle(now)
    stranger = World(iss="https://other.example", first_key=100)
    return {
        "nothing": (BundleFault.NOT_A_BUNDLE, b""),
        "a web page": (BundleFault.NOT_A_BUNDLE, WEB_PAGE),
        "half of it": (BundleFault.NOT_A_BUNDLE, newer[: len(newer) // 2]),
        "4 MB of letters": (BundleFault.NOT_A_BUNDLE, b"a" * BUNDLE_LIMIT),
        "over 4 MB": (BundleFault.TOO_LARGE, b"a" * (BUNDLE_LIMIT + 1)),
        "another authority": (BundleFault.UNKNOWN_ROOT, stranger.bundle(now)),
        "another signer": (
            BundleFault.UNKNOWN_SIGNER,
            world.sign(world.payload(now), key=ec_key("a stranger")),
        ),
        "a wrong signature": (BundleFault.UNKNOWN_SIGNER, _with_wrong_signature(newer)),
        "split view": (BundleFault.SPLIT_VIEW, world.bundle(now + 1, version=seen)),
        "run out": (BundleFault.EXPIRED, _run_out(world, now)),
        "another name": (BundleFault.PIN_CHANGED, world.bundle(now, batch_size=9)),
        "a later sunset": (BundleFault.SUNSET_LATER, _with_later_sunset(world, now)),
        "no proof": (BundleFault.NOT_IN_LOG, split_carried(newer)[0]),
        "other keys": (BundleFault.KEYS_REPLACED, _with_other_keys(world, now)),
        "a key too few": (
            BundleFault.BROKEN_GRID,
            world.bundle(now, pass_keys=world.payload(now)["pass_keys"][1:]),
        ),
    }


def _later(world: World, now: int) -> dict[str, Any]:
    """A statement that moves the end to a later day."""
    version = len(world.statements) + 1
    return world.statement(version, by=world.roots, now=now, sunset=world.sunset + DAY)


def _run_out(world: World, now: int) -> bytes:
    """A bundle whose last second was just before ``now``."""
    payload = world.payload(now - HOUR, exp=now)
    payload["pass_keys"] = [key for key in payload["pass_keys"] if key["nbf"] < now]
    return world.sign(payload)


def _with_wrong_signature(bundle: bytes) -> bytes:
    text, proof = split_carried(bundle)
    signed, _, signature = text.decode().rpartition(".")
    flipped = bytearray(b64url_decode(signature))
    flipped[40] ^= 1
    return join_carried(f"{signed}.{b64url_encode(bytes(flipped))}".encode(), proof)


def _with_later_sunset(world: World, now: int) -> bytes:
    """Under a statement of the roots that moves the end."""
    version = len(world.statements) + 1
    members = world.statement_members(version, now=now) | {"sunset": world.sunset + DAY}
    later = signed_statement(members, world.roots)
    return world.bundle(now, delegations=[*world.statements, later])


def _with_other_keys(world: World, now: int) -> bytes:
    """One in the place of a known one, and nothing said of it."""
    payload = world.payload(now)
    key = rsa_key(197)
    payload["pass_keys"][0] |= {"id": b64url_encode(key.id), "n": b64url_encode(key.modulus)}
    return world.sign(payload)
