"""Bundles that an authority would never make: each by a name, as a chain of offers to a device.

Every one is signed where that is possible, so that what is wrong with it is found by reading.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from schemas.bundle import BUNDLE_LIMIT
from schemas.encoding import b64url_decode, b64url_encode
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.log.entries import join_carried, split_carried
from schemas.root_statements import encode_signed
from tests.support import texts
from tests.support.engines import Offers
from tests.support.keys import EcKey, ec_key
from tests.support.spellings import NUMBERS, TIMES, VALUES
from tests.support.world import NOON, World, signed_statement

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
STRANGER = ec_key("a stranger")
OTHER_VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, "", "x", [], {}, [None], [[]], [{}], ["x"])
]
EIGHTS = [b"8.0", b"8e0", b"80e-1", b"0.8e1", b"8.00000000000000000001", b"7.99999999999999999999"]
"""What an ordinary batch has, in other spellings."""

Named = Iterator[tuple[str, Offers]]


def offers(world: World, *data: bytes, now: int = NOON) -> Offers:
    return Offers(world.pin, [(one, now) for one in data])


def signed(payload: bytes, *, world: World, header: bytes | None = None) -> bytes:
    """Whatever bytes as header and payload, under the signer's signature, and in the log."""
    text = texts.signed(header or header_of(world), payload, world.signer)
    return world.log.carry(text.encode())


def header_of(world: World, **members: Any) -> bytes:
    ordinary = {"alg": "ES256", "kid": world.signer.kid, "typ": Typ.TRUST.value}
    return texts.to_json(ordinary | members)


def one_signature(header: bytes, payload: bytes, key: EcKey) -> dict[str, Any]:
    """A root statement of whatever bytes under one signature that verifies."""
    protected, _, signature = texts.signed(header, payload, key).split(".")
    return encode_signed(payload, [{"protected": protected, "signature": signature}])


# Spellings


def _written() -> Named:
    """Payloads and headers in other letters than an authority writes."""
    for name, value in VALUES.items():
        world = World()
        payload, extra = texts.to_json(world.payload(NOON)), b'{"extra":' + value + b","
        statement = texts.to_json(world.statement_members(1, now=NOON))
        yield f"payload with {name}", offers(world, signed(extra + payload[1:], world=world))
        header = extra + header_of(world)[1:]
        if len(header) < 65_536:
            data = signed(payload, world=world, header=header)
            yield f"header with {name}", offers(world, data)
            root_header = texts.to_json({"alg": "ES256", "kid": world.root.kid, "typ": Typ.ROOT})
            root = one_signature(extra + root_header[1:], statement, world.root)
            yield (
                f"root's header with {name}",
                offers(world, world.bundle(NOON, delegations=[root])),
            )
            root = one_signature(root_header, extra + statement[1:], world.root)
            data = world.bundle(NOON, delegations=[root])
            yield f"statement with {name}", Offers(anchor_of(root), [(data, NOON)])
    for member, ordinary, forms in (
        ("version", b"1", NUMBERS),
        ("batch_size", b"8", (*NUMBERS, *EIGHTS)),
        ("iat", str(NOON).encode(), TIMES),
    ):
        for form in forms:
            world = World()
            payload, written = texts.to_json(world.payload(NOON)), f'"{member}":'.encode()
            assert written + ordinary in payload
            other = payload.replace(written + ordinary, written + form, 1)
            name = f"{member} as {form.decode()[:30]} ({len(form)} characters)"
            yield name, offers(world, signed(other, world=world), world.bundle(NOON))
    world = World()
    members = world.payload(NOON)
    text = json.dumps(members, ensure_ascii=False)
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp1251"):
        data = signed(text.encode(encoding, "replace"), world=world)
        yield f"payload in {encoding}", offers(world, data)
    spellings = {
        "with indents": json.dumps(members, indent=1, ensure_ascii=False),
        "in ASCII": json.dumps(members),
        "twice": text + text,
        "as a list": f"[{text}]",
        "as a text": json.dumps(text),
        "with NUL after it": text + "\0",
        "with a space before it": " " + text,
        "as null": "null",
        "empty": "",
    }
    for name, spelling in spellings.items():
        yield f"payload {name}", offers(world, signed(spelling.encode(), world=world))


# Headers and the compact form


def _headers() -> Named:
    world = World()
    payload = texts.to_json(world.payload(NOON))
    members: list[dict[str, Any]] = [
        *({"alg": alg} for alg in ("none", "HS256", "ES384", "es256", "", None, ["ES256"], 7)),
        *({"typ": typ.value} for typ in Typ),
        *({"typ": typ} for typ in ("JWT", "QUPIA-TRUST+JWT", "", None, ["qupia-trust+jwt"])),
        *({"kid": kid} for kid in (7, 1e43, None, True, "", "x", "__proto__", "constructor")),
        {"kid": [world.signer.kid]},
        {"kid": {"toString": world.signer.kid}},
        {"kid": {"toString": 1, "valueOf": 1}},
        {"kid": world.root.kid},
        {"kid": world.signer.kid + "="},
        {"crit": []},
        {"crit": ["exp"]},
        {"crit": None},
        {"b64": True},
        {"b64": False},
        {"jwk": STRANGER.jwk},
        {"extra": {"deep": [1]}},
    ]
    for more in members:
        data = signed(payload, world=world, header=header_of(world, **more))
        yield f"header with {more}", offers(world, data)
    plain = json.loads(header_of(world))
    for name in plain:
        rest = {key: value for key, value in plain.items() if key != name}
        inside = texts.to_json(rest | {"__proto__": {name: plain[name]}})
        yield (
            f"header without {name}",
            offers(world, signed(payload, world=world, header=texts.to_json(rest))),
        )
        yield (
            f"{name} hidden in __proto__",
            offers(world, signed(payload, world=world, header=inside)),
        )
    for header in (b"[]", b"null", b"7", b'"x"', b"{}", b"\xef\xbb\xbf" + header_of(world)):
        yield f"header {header[:8]!r}", offers(world, signed(payload, world=world, header=header))


def _forms() -> Named:
    world = World()
    good = world.bundle(NOON)
    text, proof = split_carried(good)
    header, payload, signature = text.decode().split(".")
    for name, data in {
        "as it is": good,
        "with a line end": good + b"\n",
        "after a space": b" " + good,
        "with NUL": good + b"\0",
        "with a dot": good + b".",
        "without its proof": text,
        "without its signature": join_carried(text.rpartition(b".")[0], proof),
        "with an empty signature": join_carried(text.rpartition(b".")[0] + b".", proof),
        "with padding": join_carried(text + b"=", proof),
        "with a line end after it": join_carried(text + b"\n", proof),
        "with CRLF": good.replace(b"\n", b"\r\n"),
        "with half its proof": good[:-200],
        "with its proof twice": good + proof.encode(),
        "with a letter that is not ASCII": "А".encode() + good[1:],
        "with a byte that is not UTF-8": b"\xff" + good[1:],
        "after a byte order mark": b"\xef\xbb\xbf" + good,
        "in UTF-16": good.decode().encode("utf-16"),
        "with another last digit": join_carried(text[:-1] + bytes([text[-1] + 1]), proof),
        "with a line end inside": good[:50] + b"\n" + good[50:],
        "with a plus": join_carried(text[:-9] + b"+" + text[-8:], proof),
        "with four parts": join_carried(text + b"." + text[:8], proof),
        "with its parts swapped": join_carried(f"{payload}.{header}.{signature}".encode(), proof),
        "as JSON": json.dumps(
            {"protected": header, "payload": payload, "signature": signature}
        ).encode(),
        "empty": b"",
        "dots": b"..",
    }.items():
        yield f"bundle {name}", offers(world, data)
    message = f"{header}.{payload}"
    right = world.signer.sign(message.encode())
    r, s = (int.from_bytes(half, "big") for half in (right[:32], right[32:]))
    for name, pair in {
        "the other s": (r, P256_ORDER - s),
        "r zero": (0, s),
        "s zero": (r, 0),
        "r the order": (P256_ORDER, s),
        "s the order": (r, P256_ORDER),
        "r and s swapped": (s, r),
        "all ones": (2**256 - 1, 2**256 - 1),
    }.items():
        raw = b"".join(number.to_bytes(32, "big") for number in pair)
        data = world.log.carry(f"{message}.{b64url_encode(raw)}".encode())
        yield f"signature with {name}", offers(world, data)
    for name, raw in {
        "a byte less": right[:-1],
        "a byte more": right + b"\0",
        "DER": world.signer.sign_der(message.encode()),
        "two of them": right * 2,
    }.items():
        data = world.log.carry(f"{message}.{b64url_encode(raw)}".encode())
        yield f"signature as {name}", offers(world, data)


def _sizes() -> Named:
    for name, size in (("at the limit", BUNDLE_LIMIT), ("above the limit", BUNDLE_LIMIT + 1)):
        world = World()
        yield f"bundle {name}", offers(world, _of_size(size, world))
        yield f"letters {name}", offers(world, b"a" * size)
        yield f"dots {name}", offers(world, b"." * size)


def _of_size(size: int, world: World) -> bytes:
    """A good bundle of so many bytes."""
    payload, header = world.payload(NOON), header_of(world)
    _, proof = split_carried(world.log.fork(0).carry(b"of the same length"))
    room = size - len("..\n\n") - len(proof.encode())
    room -= len(b64url_encode(header)) + len(b64url_encode(bytes(64)))
    letters = room * 3 // 4 - len(texts.to_json(payload | {"extra": ""}))
    data = signed(texts.to_json(payload | {"extra": "x" * letters}), world=world)
    # Base64 has no text of every length; white space at the end is ignored.
    missing = size - len(data)
    assert missing in {0, 1}
    return data + b"\n" * missing


# Members


def _withdrawn(*ids: str) -> list[Any]:
    return [{"id": key_id, "at": 0} for key_id in ids]


def _members() -> Named:
    for name in World().payload(NOON):
        world = World()
        payload = world.payload(NOON)
        del payload[name]
        yield f"without {name}", offers(world, world.sign(payload))
        hidden = payload | {"__proto__": {name: World().payload(NOON)[name]}}
        yield f"{name} hidden in __proto__", offers(world, world.sign(hidden))
        for value in OTHER_VALUES:
            world = World()
            data = world.bundle(NOON, **{name: value})
            yield f"{name} as {value!r}", offers(world, data)
    texts_of = {"one letter": "a", "200 letters": "a" * 200, "201 letters": "a" * 201}
    astral = {f"{n} astral letters": "😀" * n for n in (100, 101, 200, 201)}
    for name, text in {**texts_of, **astral, "no letter": "", "NUL": "\0"}.items():
        world = World()
        names = {"kk": "a", "ru": "a", "en": text}
        yield f"a name of {name}", offers(world, world.bundle(NOON, name=names))
    values_of: dict[str, Sequence[Any]] = {
        "iss": (
            "https://a.b",
            "HTTPS://a.b",
            "https://",
            "https://a\n",
            "https://a/b",
            "https://é",
        ),
        "token_issuer": ("a" * 100, "a" * 101, "a b", "a\n", "é", "~!"),
        "tracing": ([{"hour": 0, "x": "A" * 43}], [{"hour": 2**32, "x": "A" * 43}]),
        "tracing_exports": ([{"day": 0, "x": "A" * 43}], [{"day": 49_710, "x": "A" * 43}]),
        "retired": (
            _withdrawn("A" * 43),
            _withdrawn("A" * 42 + "B"),
            _withdrawn("A" * 43, "A" * 43),
            _withdrawn("A" * 43, "A" * 42 + "E"),
            [{"id": "A" * 43, "at": at} for at in (0, 1)],
            [{"id": "A" * 43, "at": 253402300800}],
            ["A" * 43],
        ),
        "unknown": (None, {"a": [1]}),
        "__proto__": (None, {"iss": 1}, 7),
        "constructor": (None, 7),
        "toString": (7,),
        "hasOwnProperty": (7,),
        "length": (7,),
    }
    for member, values in values_of.items():
        for number, value in enumerate(values):
            world = World()
            data = world.bundle(NOON, **{member: value})
            yield f"{member} {number}: {str(value)[:40]!r}", offers(world, data)


# The chain, the pins and the history


def statement(world: World, *, by: EcKey | None = None, **members: Any) -> dict[str, Any]:
    """A root statement with some of its members replaced."""
    ordinary = world.statement_members(1, now=NOON)
    return signed_statement(ordinary | members, [by or world.root])


def anchor_of(statement: dict[str, Any]) -> str:
    """Of whatever payload."""
    return b64url_encode(sha256(b"qupia-anchor-v1" + b64url_decode(statement["payload"])).digest())


def _statements() -> Named:
    longest = 35 * DAY
    world = World()
    x, signer = world.root.jwk["x"], world.signer.jwk
    off_the_curve = world.root.jwk | {"y": x}
    statements: dict[str, dict[str, Any]] = {
        "version 0": {"version": 0},
        "version 1.0": {"version": 1.0},
        "version 7": {"version": 7},
        "version a million": {"version": 10**6},
        "version above a million": {"version": 10**6 + 1},
        "no root": {"roots": []},
        "nine roots": {"roots": [world.root.jwk] * 9},
        "another root": {"roots": [STRANGER.jwk]},
        "a root twice": {"roots": [world.root.jwk, world.root.jwk | {"extra": 1}]},
        "a root with a private member": {"roots": [world.root.jwk | {"d": x}]},
        "a root with k": {"roots": [world.root.jwk | {"k": x}]},
        "a root of another curve": {"roots": [world.root.jwk | {"crv": "P-384"}]},
        "a root off the curve too": {"roots": [world.root.jwk, off_the_curve]},
        "a root with __proto__": {"roots": [world.root.jwk | {"__proto__": {"d": x}}]},
        "a root as a text": {"roots": [world.root.kid]},
        "no signer": {"signers": []},
        "null for signers": {"signers": None},
        "half a signer": {"signers": [{"kty": "EC"}]},
        "a signer for 35 days": {"signers": [signer | {"nbf": NOON, "exp": NOON + longest}]},
        "a signer for longer": {"signers": [signer | {"nbf": NOON, "exp": NOON + longest + 1}]},
        "a signer for no time": {"signers": [signer | {"nbf": NOON, "exp": NOON}]},
        "a signer until now": {"signers": [signer | {"nbf": NOON - 1, "exp": NOON + 1}]},
        "a signer from later": {"signers": [signer | {"nbf": NOON + 1, "exp": NOON + 2}]},
        "a signer with q": {"signers": [signer | {"nbf": NOON, "exp": NOON + 9, "q": x}]},
        "a signer twice": {
            "signers": [
                signer | {"nbf": NOON, "exp": NOON + DAY},
                signer | {"nbf": NOON - DAY, "exp": NOON},
            ]
        },
        "a signer off the curve": {
            "signers": [signer | {"y": signer["x"], "nbf": NOON, "exp": NOON + DAY}]
        },
        "an x in another spelling": {
            "roots": [world.root.jwk | {"x": x[:-1] + chr(ord(x[-1]) + 1)}]
        },
    }
    for name, members in statements.items():
        one = statement(world, **members)
        data = world.bundle(NOON, delegations=[one])
        yield f"statement with {name}", Offers(anchor_of(one), [(data, NOON), (data, NOON + 1)])
    for name, delegations in {
        "none": [],
        "a letter": ["x"],
        "three letters": ["x.y.z"],
        "a number": [7],
        "a text": "x",
        "null": None,
        "an object": {"0": world.statements[0], "length": 1},
        "a half and a whole": ["", world.statements[0]],
        "Cyrillic": ["ж"],
        "one that is too long": [statement(world, more="A" * 65_536)],
        "a thousand and one": world.statements * 1001,
        "a bundle": [world.bundle(NOON).decode()],
        "by a stranger": [statement(world, by=STRANGER)],
        "by a stranger whom it names": [
            statement(world, by=STRANGER, roots=[world.root.jwk, STRANGER.jwk])
        ],
        "of the compact form": [texts.jws({"version": 1}, typ=Typ.ROOT, key=world.root)],
        "of another typ": [
            signed_statement(world.statement_members(1, now=NOON), world.roots, typ=Typ.TRUST.value)
        ],
        "without a signature": [world.statements[0] | {"signatures": []}],
        "with another member": [world.statements[0] | {"header": {}}],
        "with its signature twice": [
            world.statements[0] | {"signatures": world.statements[0]["signatures"] * 2}
        ],
        "version 2 by a stranger": [*world.statements, statement(world, by=STRANGER, version=2)],
        "version 1 again": world.statements * 2,
        "version 3 after 1": [*world.statements, statement(world, version=3)],
        "version 2 with more": [*world.statements, statement(world, version=2, extra=1)],
        "version 2.0": [*world.statements, statement(world, version=2.0)],
    }.items():
        data = world.bundle(NOON, delegations=delegations)
        yield f"delegations: {name}", offers(world, data)
    for role in ("root", "paper_key", "retention_key", "notices_key", "entitlement_key"):
        data = world.sign(world.payload(NOON), key=getattr(world, role))
        yield f"signed by the {role}", offers(world, data)
    text = texts.jws(world.payload(NOON), typ=Typ.TRUST, key=STRANGER, kid=world.signer.kid)
    carried = world.log.carry(text.encode())
    yield "signed by a stranger in the signer's name", offers(world, carried)
    other = World(iss="https://other.example", first_key=50)
    yield "of another root", Offers(world.pin, [(other.bundle(NOON), NOON)])
    for pin in ("", "x", "__proto__", "constructor"):
        yield f"pinned to {pin!r}", Offers(pin, [(world.bundle(NOON), NOON)])


def _histories() -> Named:
    def story(name: str, tell: Callable[[World], list[bytes]]) -> tuple[str, Offers]:
        world = World()
        return name, offers(world, *tell(world))

    def again(world: World) -> list[bytes]:
        return [world.bundle(NOON)] * 2

    def back(world: World) -> list[bytes]:
        older, newer = world.bundle(NOON), world.bundle(NOON)
        return [newer, older, newer]

    def split(world: World) -> list[bytes]:
        return [world.bundle(NOON, version=7), world.bundle(NOON + 1, version=7)]

    def marked(world: World) -> list[bytes]:
        payload = world.payload(NOON)
        header = header_of(world, extra=1)
        return [world.sign(payload), signed(texts.to_json(payload), world=world, header=header)]

    def rotated(world: World) -> list[bytes]:
        world.version = 40
        shown = [world.bundle(NOON)]
        for _ in range(5):
            world.rotate_root(NOON)
            shown.append(world.bundle(NOON))
        return [*shown, *shown, shown[-1]]

    def delegated(world: World) -> list[bytes]:
        world.version = 40
        first, old = world.bundle(NOON), world.signer
        world.delegate(NOON)
        return [first, world.sign(world.payload(NOON), key=old), world.bundle(NOON), first]

    def named_by_an_old_root(world: World) -> list[bytes]:
        first, old = world.bundle(NOON), world.root
        world.rotate_root(NOON)
        world.statements.append(world.statement(3, by=[old], now=NOON))
        return [first, world.bundle(NOON)]

    def rewritten(world: World) -> list[bytes]:
        world.delegate(NOON)
        first = world.bundle(NOON)
        world.statements[1] = world.statement(2, by=world.roots, now=NOON + 1)
        world.delegate(NOON)
        return [first, world.bundle(NOON)]

    def two_chains(world: World) -> list[bytes]:
        twin, first = World(), world.bundle(NOON)
        twin.delegate(NOON)
        twin.delegate(NOON)
        world.signer = ec_key("another second signer")
        world.statements.append(world.statement(2, by=world.roots, now=NOON))
        return [first, world.bundle(NOON), twin.bundle(NOON)]

    def begun_later(world: World) -> list[bytes]:
        """The chain of a later bundle begins in the middle of what was seen, or after it."""
        first = world.bundle(NOON)
        world.delegate(NOON)
        world.delegate(NOON)
        whole, chain = world.bundle(NOON), world.statements
        cut = [world.bundle(NOON, delegations=chain[start:]) for start in (1, 2)]
        gap = world.bundle(NOON, delegations=[chain[0], chain[2]])
        return [first, *cut, gap, whole, *cut, world.bundle(NOON, delegations=chain[:2])]

    def moved_sunset(world: World) -> list[bytes]:
        shown = [world.bundle(NOON)]
        for days in (-1, -2, 1):
            world.move_sunset(world.sunset + days * DAY, NOON)
            shown.append(world.bundle(NOON))
        return shown

    def pins(world: World) -> list[bytes]:
        changes: list[dict[str, Any]] = [
            {"iss": "https://other.example"},
            {"token_issuer": "other.example"},
            {"specimen": True},
            {"batch_size": 9},
            {"batch_size": 8.0},
            {"name": {"kk": "x", "ru": "x", "en": "x"}},
        ]
        return [world.bundle(NOON), *(world.bundle(NOON, **change) for change in changes)]

    def hint(world: World) -> list[bytes]:
        other = World(hint="month")
        other.version = 1
        return [world.bundle(NOON), other.bundle(NOON)]

    def pins_after_rotation(world: World) -> list[bytes]:
        first = world.bundle(NOON)
        world.rotate_root(NOON)
        return [first, world.bundle(NOON, iss="https://other.example"), world.bundle(NOON)]

    yield story("the same again", again)
    yield story("an older one", back)
    yield story("two of one version", split)
    yield story("one payload under two headers", marked)
    yield story("five new roots", rotated)
    yield story("a new signer", delegated)
    yield story("a signer named by an old root", named_by_an_old_root)
    yield story("a chain that rewrites the past", rewritten)
    yield story("two chains of one length", two_chains)
    yield story("chains that begin later", begun_later)
    yield story("a sunset that moves", moved_sunset)
    yield story("pins that change", pins)
    yield story("a hint form that changes", hint)
    yield story("pins after a new root", pins_after_rotation)
    world = World()
    world.life = 72 * HOUR
    data, end = world.bundle(NOON), NOON + world.life
    moments = (NOON - 30 * DAY, 0, end - 1, end, end + 1, NOON)
    yield "at any time", Offers(world.pin, [(data, now) for now in moments])
    world = World()
    world.life = 7 * DAY
    end = NOON + 34 * DAY
    data = world.bundle(end - DAY)
    times = [(data, now) for now in (end - 1, end)]
    yield "from a signer whose time ends", Offers(world.pin, times)
    for iat in (NOON - DAY - 1, NOON - DAY, NOON + 34 * DAY - 1, NOON + 34 * DAY):
        world = World()
        data = world.bundle(iat)
        yield f"made {iat - NOON} s after noon", Offers(world.pin, [(data, iat), (data, NOON)])


@cache
def hostile() -> dict[str, Offers]:
    """Every chain of offers by its name."""
    parts = (_written, _headers, _forms, _sizes, _members, _statements, _histories)
    named = [pair for part in parts for pair in part()]
    assert len(dict(named)) == len(named), "two stories have one name"
    return dict(named)
