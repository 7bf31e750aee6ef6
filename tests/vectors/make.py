"""Makes ``tests/vectors/doors`` anew, byte by byte the same: python -m tests.vectors.make

One file for each way to be admitted or refused at a door, so that every verifier, in whatever
language, can be checked against the same cases. A case has these members:

``bundle``       file of the trust bundle, or null where the device has none
``root``         thumbprint of the root that the device has pinned
``policy``       id of the venue's policy
``now``          the device's clock, Unix seconds
``venue``        null, or ``bindings`` (16 bytes in hex, by hour since 1970) and ``strict``
``before``       codes scanned earlier in the same run, each with its ``now``; all are admitted
``text``         what the scanner read
``outcome``, ``reason``, ``seconds``, ``status``, ``holder``, ``asks_hint``, ``paper``    what is to
                 come out
"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from schemas.encoding import b64url_decode, b64url_encode
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.presentation import (
    PREFIX,
    UNBOUND,
    Presentation,
    format_presentation,
    proof_message,
    slot_at,
)
from schemas.refusals import Reason, Refused
from schemas.token import DevicePoint
from tests.support.keys import EcKey, ec_key
from tests.support.texts import compact, jws, signed, to_json
from tests.support.world import NOON, Pass, World

DOORS = Path(__file__).parent / "doors"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SLOT = slot_at(NOON)
THIS_HOUR = NOON // HOUR
BINDING = sha256(b"a venue's hour").digest()[:16]
OTHER_BINDING = sha256(b"another venue's hour").digest()[:16]
MIDNIGHT = NOON + 12 * HOUR
OLD_PAPER_KEY = ec_key("a paper key that is over")
NEXT_PAPER_KEY = ec_key("a paper key of next week")


@dataclass(frozen=True)
class Case:
    """``now`` and the rest are those of an ordinary scan at noon unless a case needs others."""

    name: str
    about: str
    text: str
    reason: Reason | None = None
    now: int = NOON
    bundle: str | None = "authority.jws"
    policy: str = "everyone"
    venue: dict[str, Any] | None = None
    before: list[dict[str, Any]] = field(default_factory=list)
    seconds: int = 0
    status: str | None = None
    holder: str | None = None
    asks_hint: bool = False
    paper: bool = False


def shown_by(bindings: dict[int, bytes], *, strict: bool = False) -> dict[str, Any]:
    """The ``venue`` of a case."""
    return {"bindings": {str(h): b.hex() for h, b in bindings.items()}, "strict": strict}


def other_s(r_and_s: bytes) -> bytes:
    """The other signature of the same message that verifies, 64 bytes."""
    s = int.from_bytes(r_and_s[32:], "big")
    return r_and_s[:32] + (P256_ORDER - s).to_bytes(32, "big")


class Authority:
    """The two authorities of the vectors, and the passes that the cases spoil."""

    def __init__(self) -> None:
        self.world = World(hint="month")
        self.world.life = 36 * HOUR
        self.today = self.world.calendar.window_at(NOON)
        self.tomorrow = self.world.calendar.next_window(self.today)
        self.world.payload(NOON)
        self.of_retired_key = self.world.issue(NOON, holder="07")
        self.world.retire(self.today, holder="07")
        self.of_retiring_key = self.world.issue(NOON, holder="08")
        self.retires = NOON + HOUR
        self.world.retire(self.today, holder="08", at=self.retires)
        self.world.version = 0
        self.training = World(
            iss="https://training.qupia.example", hint="none", specimen=True, first_key=100
        )
        self.training.life = 24 * HOUR
        self.other = World(iss="https://other.example", hint="month", first_key=110)
        self.other.life = 12 * HOUR
        self.other.payload(NOON)
        self.bundles = {
            "authority.jws": self.world.bundle(NOON, paper_keys=self.paper_keys()),
            "training.jws": self.training.bundle(NOON),
        }
        self.green = self.world.issue(NOON)
        self.second = self.world.issue(NOON)
        self.blue = self.world.issue(NOON, status="blue", holder="12")

    def paper_keys(self) -> list[dict[str, Any]]:
        """The key in force, one that is over and one of a week to come."""
        week = 7 * DAY
        lives = ((self.world.paper_key, -DAY), (OLD_PAPER_KEY, -3 * week), (NEXT_PAPER_KEY, week))
        return [
            key.jwk | {"kid": key.kid, "nbf": NOON + begins, "exp": NOON + begins + 2 * week}
            for key, begins in lives
        ]

    def slip(self, **claims: Any) -> str:
        """A pass on paper, with some of its claims replaced."""
        return self.world.paper(NOON, **claims)

    def paper_jws(
        self, claims: dict[str, Any] | None = None, key: EcKey | None = None, **header: Any
    ) -> str:
        """A JWT whose header names the paper key in force, whoever signs it."""
        members: dict[str, Any] = {"typ": Typ.PAPER, "kid": self.world.paper_key.kid} | header
        claims = self.world.slip(NOON) if claims is None else claims
        return jws(claims, key=key or self.world.paper_key, **members)

    def show(self, a_pass: Pass | None = None, slot: int = SLOT, venue: bytes = UNBOUND) -> str:
        return self.world.show(a_pass or self.green, slot, venue=venue)

    def spoiled(self, a_pass: Pass | None = None, **members: Any) -> str:
        """A code with some of its fields replaced."""
        return format_presentation(self.fields(a_pass, **members))

    def proof(self, a_pass: Pass, slot: int = SLOT) -> bytes:
        return self.world.present(a_pass, slot).proof

    def fields(self, a_pass: Pass | None = None, **members: Any) -> Presentation:
        return replace(self.world.present(a_pass or self.green, SLOT), **members)


def admitted(authority: Authority) -> Iterator[Case]:
    """Cases that end with ADMIT."""
    green: dict[str, Any] = {"status": "green", "holder": "03", "asks_hint": True}
    text, tomorrow = authority.show(), authority.world.issue(NOON, window=authority.tomorrow)
    edges = ((authority.today.exp - 1, authority.green), (authority.tomorrow.nbf, tomorrow))
    yield Case("admit", "A fresh pass.", text, **green)
    yield Case(
        "admit_second_status",
        "A pass of another status and another month.",
        authority.show(authority.blue),
        status="blue",
        holder="12",
        asks_hint=True,
    )
    yield Case(
        "admit_until_its_key_retires",
        "A pass of a key that is withdrawn from the next second on.",
        authority.show(authority.of_retiring_key, slot_at(authority.retires - 1)),
        now=authority.retires - 1,
        **green | {"holder": "08"},
    )
    yield Case(
        "admit_beside_a_retiring_key",
        "A pass of the key that takes its place.",
        authority.show(authority.world.issue(NOON, holder="08")),
        **green | {"holder": "08"},
    )
    yield Case(
        "admit_hint_ignored",
        "The policy does not ask for an ID.",
        text,
        policy="no-hint",
        **green | {"asks_hint": False},
    )
    for name, end in (("cr", "\r"), ("lf", "\n"), ("crlf", "\r\n")):
        yield Case(f"admit_{name}", f"The scanner ended the line with {name}.", text + end, **green)
    for slots, name in ((-2, "two_slots_old"), (2, "two_slots_ahead")):
        shown = authority.show(slot=SLOT + slots)
        yield Case(f"admit_{name}", "The furthest slot that is still good.", shown, **green)
    for name, (now, a_pass) in zip(("last_second", "first_second"), edges, strict=True):
        shown = authority.show(a_pass, slot_at(now))
        yield Case(f"admit_{name}", "A pass at an edge of its window.", shown, now=now, **green)
    yield Case(
        "admit_clock_120_seconds_behind",
        "The device's clock may lie this much before the bundle's iat.",
        authority.show(slot=slot_at(NOON - 120)),
        now=NOON - 120,
        **green,
    )
    yield Case(
        "admit_again_after_three_minutes",
        "A pass is remembered for 180 seconds.",
        authority.show(slot=slot_at(NOON + 180)),
        now=NOON + 180,
        before=[{"text": text, "now": NOON}],
        **green,
    )
    yield Case(
        "admit_another_pass_at_once",
        "Another pass right after the first.",
        authority.show(authority.second),
        before=[{"text": text, "now": NOON}],
        **green,
    )
    for name, binding, strict in (
        ("unbound_where_a_code_is_shown", UNBOUND, False),
        ("bound_where_a_code_is_shown", BINDING, False),
        ("bound_where_that_is_required", BINDING, True),
    ):
        yield Case(
            f"admit_{name}",
            "A proof with and without the binding of the venue's check-in code.",
            authority.show(venue=binding),
            venue=shown_by({THIS_HOUR: BINDING}, strict=strict),
            **green,
        )


def not_a_pass(authority: Authority) -> Iterator[Case]:
    """Step 1."""
    text = authority.show()
    largest = PREFIX + ":::" + text[len(PREFIX) + 3 :]
    for name, about, spoiled in (
        ("empty", "Nothing.", ""),
        ("other_text", "Another code.", "https://qupia.example"),
        ("no_prefix", "Without its prefix.", text.removeprefix(PREFIX)),
        ("other_version", "Of a version to come.", text.replace("QP1:", "QP2:")),
        ("lower_case", "In lower case.", text.lower()),
        ("one_character_less", "Cut short.", text[:-1]),
        ("one_character_more", "One character too long.", text + "0"),
        ("one_byte_less", "391 bytes.", text[:-2]),
        ("two_line_ends", "Two line ends.", text + "\n\n"),
        ("lf_cr", "LF before CR.", text + "\n\r"),
        ("leading_space", "A space before it.", " " + text),
        ("trailing_space", "A space after it.", text + " "),
        ("letter_outside_base45", "A letter that base45 has not.", text[:-1] + "_"),
        ("base45_overflow", "Three digits above 65,535.", largest),
        ("cyrillic", "A Cyrillic letter that looks like a Latin one.", text[:-1] + "А"),
        ("jwt_under_a_pass_key", "A JWT that the pass key has signed.", pass_key_jwt(authority)),
    ):
        yield Case(f"not_a_pass_{name}", about, spoiled, Reason.NOT_A_PASS)


def pass_key_jwt(authority: Authority) -> str:
    """A blind signer cannot see what it signs, so it may well have signed this."""
    header = to_json({"alg": "PS384", "typ": "qupia-paper+jwt", "kid": "x"})
    payload = to_json({"iss": authority.world.iss, "status": "green", "holder": "03-17"})
    message = f"{b64url_encode(header)}.{b64url_encode(payload)}"
    signature = authority.green.key.sign_pss(message.encode())
    return f"{message}.{b64url_encode(signature)}"


def bundle_and_key(authority: Authority) -> Iterator[Case]:
    """Steps 2 to 4."""
    text, world = authority.show(), authority.world
    yield Case("no_bundle", "The device is not set up.", text, Reason.NO_BUNDLE, bundle=None)
    end = NOON + world.life
    yield Case("bundle_expired", "At its exp.", text, Reason.BUNDLE_EXPIRED, now=end)
    yield Case("sunset", "The system has ended.", text, Reason.SUNSET, now=world.sunset)
    yield Case(
        "clock_behind",
        "The device's clock is 121 seconds before the bundle's iat.",
        text,
        Reason.CLOCK_BEHIND,
        now=NOON - 121,
        seconds=121,
    )
    foreign = authority.other.show(authority.other.issue(NOON), SLOT)
    yield Case("unknown_key", "A pass of another issuer.", foreign, Reason.UNKNOWN_KEY)
    retired = authority.show(authority.of_retired_key)
    yield Case("key_retired", "A pass of a withdrawn key.", retired, Reason.KEY_RETIRED)
    yield Case(
        "key_retired_from_its_time_on",
        "A pass of a key whose time was set ahead, when it has come.",
        authority.show(authority.of_retiring_key, slot_at(authority.retires)),
        Reason.KEY_RETIRED,
        now=authority.retires,
    )
    tomorrow = world.issue(NOON, window=authority.tomorrow)
    early = authority.tomorrow.nbf - 1
    yield Case(
        "not_yet_valid",
        "A second before its window begins.",
        authority.show(tomorrow, slot_at(early)),
        Reason.NOT_YET_VALID,
        now=early,
    )
    yield Case(
        "expired",
        "The second in which its window has ended.",
        authority.show(slot=slot_at(authority.today.exp)),
        Reason.EXPIRED,
        now=authority.today.exp,
    )


def bad_signature(authority: Authority) -> Iterator[Case]:
    """Step 5."""
    green, blue, private = authority.green, authority.blue, authority.green.key.private_key
    stranger = ec_key("a stranger's device").point
    foreign = World(iss="https://other.example", hint="month")
    foreign.life = authority.world.life
    foreign.payload(NOON)
    same_key = foreign.issue_to(green.device, green.point, authority.today)
    spoilt: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("one_bit", "One bit of the signature.", {"signature": one_bit(green.signature)}),
        ("zero", "A signature of zeros.", {"signature": bytes(256)}),
        ("above_n", "A signature above the modulus.", {"signature": b"\xff" * 256}),
        ("other_device", "Under a device key it was not made for.", {"device": stranger}),
        ("other_status", "A blue signature under a green key.", {"signature": blue.signature}),
        ("other_challenge", "For another issuer's name.", {"signature": same_key.signature}),
        (
            "other_key_named",
            "The first four bytes name the key of another status.",
            {"key_prefix": blue.key.id[:4]},
        ),
        (
            "short_salt",
            "A salt of 32 bytes instead of 48.",
            {"signature": green.key.sign_pss(green.token_input, salt=bytes(32))},
        ),
        (
            "pkcs1",
            "Of the older padding, which has no salt.",
            {"signature": private.sign(green.token_input, padding.PKCS1v15(), hashes.SHA384())},
        ),
    )
    for name, about, members in spoilt:
        text = authority.spoiled(**members)
        yield Case(f"bad_signature_{name}", about, text, Reason.BAD_SIGNATURE)


def one_bit(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def bad_proof(authority: Authority) -> Iterator[Case]:
    """Step 6."""
    world, green = authority.world, authority.green
    proof, stranger = authority.fields().proof, ec_key("a stranger's device")
    elsewhere = replace(green, device=stranger)
    off_curve = DevicePoint(green.point.x, one_bit(green.point.y))
    crooked = world.issue_to(green.device, off_curve, authority.today)
    shown = {"key_prefix": crooked.key.id[:4], "device": off_curve, "signature": crooked.signature}
    der = green.device.sign_der(proof_message(token=green.token, slot=SLOT, venue=UNBOUND))
    spoilt: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("one_bit", "One bit of the proof.", {"proof": one_bit(proof)}),
        ("zero", "r and s are zero.", {"proof": bytes(64)}),
        ("swapped", "s before r.", {"proof": proof[32:] + proof[:32]}),
        (
            "of_another_pass",
            "The proof of another pass.",
            {"proof": authority.proof(authority.second)},
        ),
        (
            "of_another_slot",
            "The proof of the slot before.",
            {"proof": authority.proof(green, SLOT - 1)},
        ),
        ("by_another_key", "Signed by a stranger.", {"proof": authority.proof(elsewhere)}),
        ("der", "The beginning of a DER signature.", {"proof": der[:64]}),
        ("high_s", "The larger s, which tells wallets apart.", {"proof": other_s(proof)}),
        ("off_the_curve", "A signed token of a point that is not on the curve.", shown),
    )
    for name, about, members in spoilt:
        text = authority.spoiled(**members)
        yield Case(f"bad_proof_{name}", about, text, Reason.BAD_PROOF)
    bound, last_hour = authority.show(venue=BINDING), {THIS_HOUR - 1: BINDING}
    for name, about, text, venue in (
        ("bound_where_no_code_is_shown", "A proof for one venue.", bound, None),
        (
            "bound_elsewhere",
            "A proof for another venue.",
            authority.show(venue=OTHER_BINDING),
            shown_by({THIS_HOUR: BINDING}),
        ),
        (
            "bound_elsewhere_strict",
            "A proof for another venue, where a binding is required.",
            authority.show(venue=OTHER_BINDING),
            shown_by({THIS_HOUR: BINDING}, strict=True),
        ),
        ("bound_to_the_hour_before", "The hour is over.", bound, shown_by(last_hour)),
    ):
        yield Case(f"bad_proof_{name}", about, text, Reason.BAD_PROOF, venue=venue)
    here = world.present(green, SLOT, venue=BINDING)
    for name, fields in (("bound", here), ("unbound", authority.fields())):
        yield Case(
            f"bad_proof_high_s_{name}_strict",
            "The larger s, where a binding is required.",
            format_presentation(replace(fields, proof=other_s(fields.proof))),
            Reason.BAD_PROOF,
            venue=shown_by({THIS_HOUR: BINDING}, strict=True),
        )
    yield Case(
        "not_bound",
        "An unbound proof where a binding is required.",
        authority.show(),
        Reason.NOT_BOUND,
        venue=shown_by({THIS_HOUR: BINDING}, strict=True),
    )
    yield Case(
        "not_bound_without_an_hour",
        "A binding is required, but there is none for this hour.",
        authority.show(),
        Reason.NOT_BOUND,
        venue=shown_by({}, strict=True),
    )


def time_and_policy(authority: Authority) -> Iterator[Case]:
    """Steps 7 to 10."""
    text = authority.show()
    for name, slots, reason in (
        ("stale", -3, Reason.STALE),
        ("stale_two_minutes", -4, Reason.STALE),
        ("from_the_future", 3, Reason.FROM_THE_FUTURE),
        ("from_the_last_slot_there_is", 2**32 - 1 - SLOT, Reason.FROM_THE_FUTURE),
    ):
        shown = authority.show(slot=SLOT + slots)
        yield Case(name, "A proof of another time.", shown, reason, seconds=abs(slots) * 30)
    yield Case(
        "already_shown",
        "The same pass with a fresh proof, 179 seconds later.",
        authority.show(slot=slot_at(NOON + 179)),
        Reason.ALREADY_SHOWN,
        now=NOON + 179,
        before=[{"text": text, "now": NOON}],
        seconds=179,
    )
    yield Case(
        "status_not_admitted",
        "A blue pass where only green is admitted.",
        authority.show(authority.blue),
        Reason.STATUS_NOT_ADMITTED,
        policy="first-only",
    )
    training = authority.training
    for name, status, policy, reason in (
        ("specimen", "green", "everyone", Reason.SPECIMEN),
        ("specimen_not_admitted", "blue", "first-only", Reason.STATUS_NOT_ADMITTED),
    ):
        shown = training.show(training.issue(NOON, status=status), SLOT)
        yield Case(name, "A training pass.", shown, reason, bundle="training.jws", policy=policy)


def paper_admitted(authority: Authority) -> Iterator[Case]:
    """Paper that is admitted, always with an ID check."""
    slip: dict[str, Any] = {"status": "green", "holder": "03-17", "asks_hint": True, "paper": True}
    text, week = authority.slip(), 7 * DAY
    yield Case("admit_paper", "A slip for seven days.", text, **slip)
    yield Case(
        "admit_paper_hint_ignored", "The ID check is no choice.", text, policy="no-hint", **slip
    )
    yield Case("admit_paper_crlf", "The scanner ended the line.", text + "\r\n", **slip)
    yield Case(
        "admit_paper_again_at_once",
        "The same slip right after the first: it may be another person's.",
        text,
        before=[{"text": text, "now": NOON}],
        **slip,
    )
    yield Case(
        "admit_paper_where_a_binding_is_required",
        "Paper cannot be bound to a venue.",
        text,
        venue=shown_by({THIS_HOUR: BINDING}, strict=True),
        **slip,
    )
    for name, about, claims, members in (
        ("one_day", "A slip for a day.", {"exp": MIDNIGHT}, {}),
        ("second_status", "Another status.", {"status": "blue"}, {"status": "blue"}),
        ("29_february", "A birthday in leap years.", {"holder": "02-29"}, {"holder": "02-29"}),
        ("unknown_claim", "Unknown claims are ignored.", {"x": [1]}, {}),
        ("first_second", "At its nbf.", {"nbf": MIDNIGHT}, {"now": MIDNIGHT}),
        (
            "last_second",
            "A second before its exp.",
            {"nbf": MIDNIGHT - week, "exp": MIDNIGHT},
            {"now": MIDNIGHT - 1},
        ),
    ):
        yield Case(f"admit_paper_{name}", about, authority.slip(**claims), **slip | members)
    start, _, signature = text.rpartition(".")
    yield Case(
        "admit_paper_other_s",
        "Either s of an ECDSA signature is accepted in a JWT.",
        f"{start}.{b64url_encode(other_s(b64url_decode(signature)))}",
        **slip,
    )


def paper_shapes(authority: Authority) -> Iterator[Case]:
    """Step 1 for texts that look like paper."""
    world, good = authority.world, authority.slip()
    key, claims = world.paper_key, world.slip(NOON)
    header = to_json({"alg": "ES256", "kid": key.kid, "typ": Typ.PAPER})
    nameless = to_json({"alg": "ES256", "typ": Typ.PAPER})
    twice = to_json(claims)[:-1] + b',"status":"blue"}'
    nbf = claims["nbf"]
    entitlement = {
        "iss": world.iss,
        "aud": world.iss,
        "cnf": {"jkt": key.kid},
        "jti": b64url_encode(bytes(16)),
        "status": "green",
        "holder": "03",
        "rid": b64url_encode(bytes(32)),
        "exp": MIDNIGHT,
    }
    for name, about, spoiled in (
        ("over_seven_days", "Good for a second too long.", {"exp": nbf + 7 * DAY + 1}),
        ("for_a_year", "Good for a year.", {"exp": nbf + 365 * DAY}),
        ("for_no_time", "exp is nbf.", {"exp": nbf}),
        ("backwards", "exp is before nbf.", {"exp": nbf - 1}),
        ("time_as_text", "exp is a text.", {"exp": str(nbf + DAY)}),
        ("half_a_second", "exp is not whole.", {"exp": nbf + DAY + 0.5}),
        ("holder_null", "Nothing to check an ID with.", {"holder": None}),
        ("holder_month", "A month is too little.", {"holder": "03"}),
        ("holder_no_such_day", "No such day.", {"holder": "02-30"}),
        ("status_list", "A list of statuses.", {"status": ["green"]}),
        ("status_capital", "No id of a status.", {"status": "Green"}),
        ("iss_null", "From nobody.", {"iss": None}),
        ("over_long", "More characters than a slip has.", {"x": "x" * 800}),
    ):
        yield _no_paper(name, about, authority.slip(**spoiled))
    for name in ("iss", "nbf", "exp", "status", "holder"):
        rest = {member: value for member, value in claims.items() if member != name}
        yield _no_paper(f"without_{name}", f"No {name}.", authority.paper_jws(rest))
    for name, about, text in (
        ("without_kid", "No key is named.", signed(nameless, to_json(claims), key)),
        ("claim_twice", "Two statuses.", signed(header, twice, key)),
        ("claims_no_object", "A list.", signed(header, b"[]", key)),
        ("two_parts", "No signature.", good.rpartition(".")[0]),
        ("four_parts", "A part too many.", good + ".AAAA"),
        ("padded", "With padding.", good + "="),
        ("not_canonical", "Unused bits that are set.", good[:-1] + _set_unused(good[-1])),
        ("leading_space", "A space before it.", " " + good),
        ("two_line_ends", "Two line ends.", good + "\n\n"),
        ("prefix", "A phone's prefix.", PREFIX + good),
        ("cyrillic", "A Cyrillic letter.", "е" + good[1:]),
        (
            "entitlement",
            "An entitlement, which is for the issuer only.",
            jws(entitlement, typ=Typ.ENTITLEMENT, key=world.entitlement_key),
        ),
        (
            "entitlement_under_the_paper_key",
            "An entitlement that the paper key has signed.",
            authority.paper_jws(entitlement, typ=Typ.ENTITLEMENT),
        ),
    ):
        yield _no_paper(name, about, text)


def _no_paper(name: str, about: str, text: str) -> Case:
    return Case(f"not_a_pass_paper_{name}", about, text, Reason.NOT_A_PASS)


def _set_unused(digit: str) -> str:
    """64 bytes leave four bits of the last digit unused."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return digits[digits.index(digit) | 1]


def paper_keys_and_times(authority: Authority) -> Iterator[Case]:
    """Steps 2 to 4 for paper."""
    world, text, claims = authority.world, authority.slip(), authority.world.slip(NOON)
    for name, reason, now, bundle in (
        ("no_bundle", Reason.NO_BUNDLE, NOON, None),
        ("bundle_expired", Reason.BUNDLE_EXPIRED, NOON + world.life, "authority.jws"),
        ("sunset", Reason.SUNSET, world.sunset, "authority.jws"),
        ("clock_behind", Reason.CLOCK_BEHIND, NOON - 121, "authority.jws"),
    ):
        seconds = 121 if reason is Reason.CLOCK_BEHIND else 0
        about = "As for a pass on a phone."
        yield Case(f"{name}_paper", about, text, reason, now=now, bundle=bundle, seconds=seconds)
    retention, pass_key = world.retention_key, authority.green.key
    by_pass_key = {"alg": "PS384", "typ": Typ.PAPER, "kid": b64url_encode(pass_key.id)}
    message = f"{b64url_encode(to_json(by_pass_key))}.{b64url_encode(to_json(claims))}"
    blind = f"{message}.{b64url_encode(pass_key.sign_pss(message.encode()))}"
    prefix = b64url_decode(world.paper_key.kid)[:4]
    empty = to_json({"alg": "ES256", "kid": "", "typ": Typ.PAPER})
    other = authority.other.paper(NOON)
    for name, about, text in (
        ("of_another_issuer", "Of another issuer.", other),
        ("service_key", "Under a service key.", jws(claims, typ=Typ.PAPER, key=retention)),
        ("signer", "Under the bundle's signer.", jws(claims, typ=Typ.PAPER, key=world.signer)),
        ("root", "Under the root.", jws(claims, typ=Typ.PAPER, key=world.root)),
        (
            "entitlement_key",
            "Under the key of entitlements.",
            jws(claims, typ=Typ.PAPER, key=world.entitlement_key),
        ),
        ("pass_key", "A pass key, which signs blind, may have signed this.", blind),
        ("kid_of_an_object", "A name that every object has.", authority.paper_jws(kid="toString")),
        ("kid_empty", "A key without a name.", signed(empty, to_json(claims), world.paper_key)),
        (
            "phone_code",
            "A phone's code that names a paper key.",
            authority.spoiled(key_prefix=prefix),
        ),
    ):
        yield Case(f"unknown_key_paper_{name}", about, text, Reason.UNKNOWN_KEY)
    week = 7 * DAY
    tomorrow, yesterday = {"nbf": MIDNIGHT}, {"nbf": MIDNIGHT - 2 * DAY, "exp": MIDNIGHT - DAY}
    late = {"nbf": MIDNIGHT - week, "exp": MIDNIGHT}
    for name, about, text, reason, now in (
        ("not_yet_valid", "For tomorrow.", authority.slip(**tomorrow), Reason.NOT_YET_VALID, NOON),
        ("expired", "Of yesterday.", authority.slip(**yesterday), Reason.EXPIRED, NOON),
        ("expired_at_exp", "At its exp.", authority.slip(**late), Reason.EXPIRED, MIDNIGHT),
        (
            "not_yet_valid_by_its_key",
            "Under a key of next week.",
            jws(claims, typ=Typ.PAPER, key=NEXT_PAPER_KEY),
            Reason.NOT_YET_VALID,
            NOON,
        ),
        (
            "expired_by_its_key",
            "Under a key that is over.",
            jws(claims, typ=Typ.PAPER, key=OLD_PAPER_KEY),
            Reason.EXPIRED,
            NOON,
        ),
    ):
        yield Case(f"{name}_paper", about, text, reason, now=now)


def paper_signatures(authority: Authority) -> Iterator[Case]:
    """Step 5 for paper."""
    world, text = authority.world, authority.slip()
    key, claims, stranger = world.paper_key, world.slip(NOON), ec_key("a stranger")
    header, _, signature = text.split(".")
    raw = b64url_decode(signature)
    message = text.rpartition(".")[0]
    changed = b64url_encode(to_json(claims | {"holder": "03-18"}))
    symmetric = {"alg": "HS256", "kid": key.kid, "typ": Typ.PAPER}
    start = f"{b64url_encode(to_json(symmetric))}.{b64url_encode(to_json(claims))}"
    point = b"\x04" + key.point.x + key.point.y
    hashed = hmac.digest(point, start.encode(), "sha256")
    none = to_json(symmetric | {"alg": "none"})
    for name, about, text in (
        ("one_bit", "One bit.", f"{message}.{b64url_encode(one_bit(raw))}"),
        ("zero", "r and s are zero.", f"{message}.{b64url_encode(bytes(64))}"),
        ("swapped", "s before r.", f"{message}.{b64url_encode(raw[32:] + raw[:32])}"),
        ("empty", "None.", f"{message}."),
        ("der", "In DER.", f"{message}.{b64url_encode(key.sign_der(message.encode()))}"),
        ("birthday_changed", "For another birthday.", f"{header}.{changed}.{signature}"),
        ("by_a_stranger", "A stranger's.", authority.paper_jws(key=stranger)),
        (
            "by_a_key_it_brings",
            "A stranger's, whose key is in the header.",
            authority.paper_jws(key=stranger, jwk=stranger.jwk),
        ),
        ("by_a_service_key", "A service key's.", authority.paper_jws(key=world.retention_key)),
        ("other_issuer", "For another issuer.", authority.slip(iss="https://other.example")),
        ("alg_none", "Unsigned.", compact(none, to_json(claims), b"")),
        ("alg_hs256", "Hashed with the public key.", f"{start}.{b64url_encode(hashed)}"),
        ("alg_es384", "Another algorithm is named.", authority.paper_jws(alg="ES384")),
        ("alg_lower_case", "In lower case.", authority.paper_jws(alg="es256")),
        ("typ_jwt", "Any JWT.", authority.paper_jws(typ="JWT")),
        ("typ_null", "No typ.", authority.paper_jws(typ=None)),
        ("crit", "An extension is critical.", authority.paper_jws(crit=["exp"])),
        ("b64", "Another encoding of what is signed.", authority.paper_jws(b64=True)),
        *(
            (f"typ_{typ.name.lower()}", "Of another use.", authority.paper_jws(typ=typ.value))
            for typ in Typ
            if typ is not Typ.PAPER
        ),
    ):
        yield Case(f"bad_signature_paper_{name}", about, text, Reason.BAD_SIGNATURE)


def paper_policy(authority: Authority) -> Iterator[Case]:
    """Steps 9 and 10 for paper."""
    for name, about, claims in (
        ("status_not_admitted_paper", "Blue where only green is admitted.", {"status": "blue"}),
        ("status_not_admitted_paper_unknown", "A status that is none.", {"status": "amber"}),
    ):
        text = authority.slip(**claims)
        yield Case(name, about, text, Reason.STATUS_NOT_ADMITTED, policy="first-only")
    slip = authority.training.paper(NOON)
    yield Case("specimen_paper", "For training.", slip, Reason.SPECIMEN, bundle="training.jws")


def files() -> dict[str, bytes]:
    """Every file of the folder by its name."""
    authority = Authority()
    parts = (admitted, not_a_pass, bundle_and_key, bad_signature, bad_proof, time_and_policy)
    papers = (paper_admitted, paper_shapes, paper_keys_and_times, paper_signatures, paper_policy)
    cases = [case for part in (*parts, *papers) for case in part(authority)]
    made = {f"{case.name}.json": as_json(case, authority) for case in cases}
    if len(made) != len(cases):
        raise ValueError("two cases have one name")
    return authority.bundles | made


def as_json(case: Case, authority: Authority) -> bytes:
    world = authority.training if case.bundle == "training.jws" else authority.world
    refused = Refused(case.reason) if case.reason is not None else None
    members = {
        "name": case.name,
        "about": case.about,
        "bundle": case.bundle,
        "root": world.pin,
        "policy": case.policy,
        "now": case.now,
        "venue": case.venue,
        "before": case.before,
        "text": case.text,
        "outcome": refused.outcome.value if refused is not None else "admit",
        "reason": case.reason,
        "seconds": case.seconds,
        "status": case.status,
        "holder": case.holder,
        "asks_hint": case.asks_hint,
        "paper": case.paper,
    }
    return json.dumps(members, indent=1, ensure_ascii=False).encode() + b"\n"


def main() -> None:
    """Write the folder."""
    DOORS.mkdir(exist_ok=True)
    made = files()
    for path in DOORS.iterdir():
        if path.name not in made:
            path.unlink()
    for name, data in made.items():
        (DOORS / name).write_bytes(data)


if __name__ == "__main__":
    main()
