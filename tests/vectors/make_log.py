"""Make ``tests/vectors/log`` anew, byte by byte the same: python -m tests.vectors.make_log

One file for each kind, read by every program: ``source`` and ``cases``, and a case has a ``name``,
what goes in, and what is to come out: ``ok``, or ``reason`` (null where it is accepted) with the
values that are read. Hashes and other bytes are in base64, sizes and indexes are decimal texts
because they go beyond 2^53. ``trees``, ``inclusion`` and ``consistency`` are vectors of others and
are not made here.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support import merkle

LOG = Path(__file__).parent / "log"
OURS = "made by tests/vectors/make_log.py"
NOTE_SOURCE = (
    "golang/mod at fe2ec04f7c3c3aa6fad97631aafcff6e49e2d1db, sumdb/note/note_test.go, BSD-3-Clause"
)
C2SP = "C2SP/C2SP at 5ba5ee830903e91240fc6f9f3a7a9293d49e69c9, signed-note.md, CC BY 4.0"
COSIGNATURE_SOURCE = (
    "transparency-dev/formats at 0b850f1a7b4a5b70deeacac6535e4b8023809d21, "
    "note/note_cosigv1_test.go, Apache-2.0"
)
ORIGIN = "qupia.example/.well-known/qupia/log/1"
SEEN = 1_773_730_800

Case = dict[str, Any]

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
PETERS_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETERS_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
ENOCHS_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WW"
    "d1RvMc+QQ=\n"
)
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOOS_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw"
    "HjG1Yu72IneyaQM=\n"
)


def b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


class Signer:
    """A key from a fixed seed, with the forms of signed-note written out once more."""

    def __init__(self, name: str, kind: int = 1) -> None:
        self.name, self.kind = name, kind
        self.seed = sha256(f"log vector {name}".encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.private.public_key().public_bytes_raw()
        material = bytes((kind,)) + self.public
        self.id = sha256(name.encode() + b"\n" + material).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(material)}"

    def line(self, text: str, at: int = SEEN) -> str:
        signed = text if self.kind == 1 else f"cosignature/v1\ntime {at}\n{text}"
        time = b"" if self.kind == 1 else at.to_bytes(8, "big")
        return self.spell(time + self.private.sign(signed.encode()))

    def spell(self, signature: bytes) -> str:
        return f"— {self.name} {b64(self.id + signature)}\n"

    def key(self) -> Case:
        return {"vkey": self.vkey, "type": self.kind}


THE_LOG = Signer(ORIGIN)
WITNESSES = [Signer(f"witness.example/{number}", 4) for number in (1, 2, 3)]
STRANGER = Signer("stranger.example/w", 4)
NAMESAKE = Signer("namesake.example/w", 4)


def vkey_cases() -> Iterator[Case]:
    def case(name: str, text: str, kind: int = 1, *, ok: bool = False) -> Case:
        return {"name": name, "text": text, "type": kind, "ok": ok}

    yield case("the example of signed-note", FOO, ok=True)
    yield case("PeterNeumann", PETER, ok=True)
    yield case(
        "a witness",
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        4,
        ok=True,
    )
    yield case("a log where a witness belongs", FOO, 4)
    yield case("a witness where a log belongs", WITNESSES[0].vkey)
    yield case("another id", PETER.replace("c74f20a3", "c74f20a4"))
    yield case("an id in upper case", PETER.replace("c74f20a3", "C74F20A3"))
    yield case("another name", PETER.replace("Peter", "Pater"))
    yield case("no name", PETER.replace("PeterNeumann", ""))
    yield case("nothing", "")
    yield case("two parts", PETER.rpartition("+")[0])
    yield case("four parts", PETER + "+")
    yield case("a key that is too long", f"PeterNeumann+cc469956+{PETER.split('+')[2]}BADKEY==")
    yield case("an unknown type", "PeterNeumann+173116ae+Z" + PETER.split("+")[2][1:])
    yield case("space at the end", PETER + " ")
    yield case("a line at the end", PETER + "\n")
    yield case("a name in Kazakh", Signer("куәгер.example").vkey, ok=True)
    for code in (0x20, 0x85, 0xA0, 0x1680, 0x2003, 0x2028, 0x3000, 0x2B):
        yield case(f"U+{code:04X} in the name", Signer(f"a{chr(code)}b").vkey)
    for code in (0x7F, 0x200B, 0xFEFF):
        yield case(f"U+{code:04X} in the name is no space", Signer(f"a{chr(code)}b").vkey, ok=True)
    yield case("padding where none belongs", PETER + "=")


def note_cases() -> Iterator[Case]:
    """``signers`` is how many of ``keys`` signed; ``reason`` says why the note is refused."""

    def case(
        name: str, note: str, keys: list[Case], signers: int = 0, reason: str | None = None
    ) -> Case:
        return {"name": name, "keys": keys, "note": note, "signers": signers, "reason": reason}

    foo, peter, enoch = ({"vkey": vkey, "type": 1} for vkey in (FOO, PETER, ENOCH))
    both = f"{PETERS_TEXT}\n{PETERS_LINE}{ENOCHS_LINE}"
    spoilt = PETERS_LINE.replace("x08go/ZJ", "x08go/ZK")
    yield case("the example of signed-note", FOOS_NOTE, [foo], 1)
    yield case("one of two is known", both, [peter], 1)
    yield case("two of two are known", both, [peter, enoch], 2)
    yield case("none of two is known", both, [], 0)
    yield case("twice the same key", f"{PETERS_TEXT}\n{PETERS_LINE * 2}", [peter], 1)
    yield case("sixteen lines", f"{PETERS_TEXT}\n{PETERS_LINE * 16}", [peter], 1)
    wrong, malformed = "wrong_signature", "malformed"
    yield case("another text", "x" + both, [peter], reason=wrong)
    yield case("a wrong line", f"{PETERS_TEXT}\n{spoilt}", [peter], reason=wrong)
    yield case(
        "a wrong line after a right one",
        f"{PETERS_TEXT}\n{PETERS_LINE}{spoilt}",
        [peter],
        reason=wrong,
    )
    yield case("a wrong line of a key that is not known", f"{PETERS_TEXT}\n{spoilt}", [enoch], 0)
    yield case(
        "a name that is known with an id that is not",
        f"{PETERS_TEXT}\n{PETERS_LINE.replace('x08g', 'x08h')}",
        [peter],
        0,
    )
    yield case(
        "a signature of one byte",
        f"{PETERS_TEXT}\n— PeterNeumann {b64(bytes.fromhex('c74f20a300'))}\n",
        [peter],
        reason=wrong,
    )
    yield case("seventeen lines", f"{PETERS_TEXT}\n{PETERS_LINE * 17}", [peter], reason=malformed)
    yield case("no lines", f"{PETERS_TEXT}\n", [peter], reason=malformed)
    yield case("no empty line", f"{PETERS_TEXT}{PETERS_LINE}", [peter], reason=malformed)
    yield case("no end", both[:-1], [peter], reason=malformed)
    yield case("a line too many at the end", both + "\n", [peter], reason=malformed)
    yield case("carriage returns", both.replace("\n", "\r\n"), [peter], reason=malformed)
    yield case("a tab", "\t" + both, [peter], reason=malformed)
    yield case("a hyphen", both.replace("— P", "- P"), [peter], reason=malformed)
    yield case("no space after the dash", both.replace("— P", "—P"), [peter], reason=malformed)
    yield case("two spaces", both.replace("n x", "n  x"), [peter], reason=malformed)
    yield case("no name", both.replace("— PeterNeumann", "— "), [peter], reason=malformed)
    yield case("a plus in a name", both.replace("rN", "+N"), [peter], reason=malformed)
    yield case("no padding", both.replace("=\n", "\n"), [peter], reason=malformed)
    yield case(
        "base64 that is not canonical", both.replace("nAM=", "nAN="), [peter], reason=malformed
    )
    yield case("base64url", both.replace("/", "_"), [peter], reason=malformed)
    yield case(
        "an id alone", f"{PETERS_TEXT}\n— PeterNeumann x08gow==\n", [peter], reason=malformed
    )
    yield case("an empty text", f"\n{PETERS_LINE}", [peter], reason=malformed)
    witness = WITNESSES[0]
    text = checkpoint(3)
    yield case("a cosignature", f"{text}\n{witness.line(text)}", [witness.key()], 1)
    yield case("a cosignature of long ago", f"{text}\n{witness.line(text, 0)}", [witness.key()], 1)
    yield case(
        "a cosignature of the last second",
        f"{text}\n{witness.line(text, 2**63 - 1)}",
        [witness.key()],
        1,
    )
    moved = (SEEN + 1).to_bytes(8, "big") + witness.private.sign(
        f"cosignature/v1\ntime {SEEN}\n{text}".encode()
    )
    yield case(
        "another time than was signed",
        f"{text}\n{witness.spell(moved)}",
        [witness.key()],
        reason=wrong,
    )
    bare = bytes(8) + witness.private.sign(text.encode())
    yield case(
        "the text alone cosigned", f"{text}\n{witness.spell(bare)}", [witness.key()], reason=wrong
    )
    yield case(
        "a time beyond the last",
        f"{text}\n{witness.line(text, 2**63)}",
        [witness.key()],
        reason=wrong,
    )


def checkpoint_cases() -> Iterator[Case]:
    root = b64(bytes(range(32)))

    def case(name: str, text: str, size: str | None = None) -> Case:
        return {"name": name, "text": text, "ok": size is not None, "size": size}

    yield case(
        "the example of tlog-checkpoint",
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "20852163",
    )
    for size in ("0", "1", "9007199254740993", "9223372036854775807"):
        yield case(f"size {size}", f"o\n{size}\n{root}\n", size)
    for size in (
        "00",
        "01",
        "-1",
        "+1",
        "1.0",
        "1e3",
        " 1",
        "1 ",
        "",
        "0x1",
        "１",
        "٣",
        "9223372036854775808",
        "10000000000000000000",
    ):
        yield case(f"size written {size!r}", f"o\n{size}\n{root}\n")
    yield case("extension lines", f"o\n1\n{root}\nmore\nand more\n", "1")
    yield case("an empty extension line", f"o\n1\n{root}\n\n")
    yield case("an origin with a space", f"an origin\n1\n{root}\n", "1")
    yield case("no origin", f"\n1\n{root}\n")
    yield case("two lines", "o\n1\n")
    yield case("no end", f"o\n1\n{root}")
    yield case("a root of 31 bytes", f"o\n1\n{b64(bytes(31))}\n")
    yield case("a root of 33 bytes", f"o\n1\n{b64(bytes(33))}\n")
    yield case("a root in hex", f"o\n1\n{bytes(32).hex()}\n")
    yield case("a root without padding", f"o\n1\n{root.rstrip('=')}\n")
    yield case("a root that is not canonical", f"o\n1\n{root[:-2]}9=\n")
    yield case("nothing", "")


def entries(size: int) -> list[bytes]:
    return [sha256(f"entry {number}".encode()).digest() for number in range(size)]


def leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def checkpoint(size: int, origin: str = ORIGIN) -> str:
    return f"{origin}\n{size}\n{b64(merkle.tree_hash(entries(size)))}\n"


def tail(size: int) -> bytes:
    start = max(0, size - 28)
    hashes = merkle.subtrees(start, entries(size)) + list(map(leaf, entries(size)[start:]))
    return start.to_bytes(8, "big") + b"".join(hashes)


def note(text: str, *lines: str) -> str:
    return text + "\n" + "".join(lines)


def proof_text(size: int, at: int, /, *, path: list[bytes] | None = None, **parts: str) -> str:
    """A right proof, but for what ``parts`` put in another place."""
    path = merkle.audit_path(at, entries(size)) if path is None else path
    text = checkpoint(size)
    given = {
        "first": "c2sp.org/tlog-proof@v1\n",
        "extra": f"extra {b64(tail(size))}\n",
        "index": f"index {at}\n",
        "path": "".join(f"{b64(node)}\n" for node in path),
        "between": "\n",
        "note": note(text, THE_LOG.line(text)),
    }
    return "".join((given | parts).values())


def proof_cases() -> Iterator[Case]:
    """``cosigners`` is how many of ``witnesses`` cosigned."""

    def case(
        name: str,
        proof: str,
        index: int,
        reason: str | None = None,
        *,
        size: int = 40,
        cosigners: int = 0,
    ) -> Case:
        read = {} if reason else {"size": str(size), "index": str(index), "cosigners": cosigners}
        return {
            "name": name,
            "entry": b64(entries(index + 1)[index]),
            "log": THE_LOG.vkey,
            "witnesses": [witness.vkey for witness in WITNESSES],
            "proof": proof,
            "reason": reason,
            **read,
        }

    for size, index in ((1, 0), (2, 1), (28, 3), (29, 0), (40, 39), (64, 33), (70, 69)):
        yield case(f"entry {index} of {size}", proof_text(size, index), index, size=size)
    text = checkpoint(40)
    ours = THE_LOG.line(text)
    seen = [witness.line(text) for witness in WITNESSES]

    def signed(*lines: str) -> str:
        return proof_text(40, 7, note=note(text, *lines))

    yield case("three cosignatures", signed(ours, *seen), 7, cosigners=3)
    yield case("two cosignatures before the log's line", signed(*seen[:2], ours), 7, cosigners=2)
    yield case(
        "one witness twice", signed(ours, seen[0], WITNESSES[0].line(text, 5)), 7, cosigners=1
    )
    yield case("a stranger is ignored", signed(ours, STRANGER.line(text), seen[1]), 7, cosigners=1)
    other_text = checkpoint(39)
    yield case("a stranger's wrong line is ignored", signed(ours, STRANGER.line(other_text)), 7)
    yield case(
        "a wrong cosignature",
        signed(ours, seen[0], WITNESSES[1].line(other_text)),
        7,
        "not_cosigned",
    )
    yield case(
        "a wrong cosignature beside a right one of the same witness",
        signed(ours, seen[0], WITNESSES[0].line(other_text)),
        7,
        "not_cosigned",
    )

    def refused(name: str, proof: str, index: int = 7) -> Case:
        return case(name, proof, index, "not_in_log")

    yield refused("not signed by the log", signed(*seen))
    yield refused("signed by the log for another tree", signed(THE_LOG.line(other_text)))
    yield refused(
        "a wrong line of the log beside a right one", signed(ours, THE_LOG.line(other_text))
    )
    elsewhere = checkpoint(40, ORIGIN[:-1] + "2")
    yield refused(
        "another origin under the log's key",
        proof_text(40, 7, note=note(elsewhere, THE_LOG.line(elsewhere))),
    )
    yield refused("another entry", proof_text(40, 8))
    yield refused("another index", proof_text(40, 7, index="index 8\n"))
    yield refused("an index beyond the tree", proof_text(40, 7, index="index 40\n"))
    yield refused(
        "an index of nineteen digits", proof_text(40, 7, index="index 9223372036854775807\n")
    )
    right = merkle.audit_path(7, entries(40))
    yield refused("a path that is too short", proof_text(40, 7, path=right[:-1]))
    yield refused("a path that is too long", proof_text(40, 7, path=[*right, bytes(32)]))
    yield refused("a path in another order", proof_text(40, 7, path=right[::-1]))
    yield refused("sixty-four hashes", proof_text(40, 7, path=[bytes(32)] * 64))
    yield refused("a path hash of 31 bytes", proof_text(40, 7, path=[*right[:-1], bytes(31)]))
    yield refused("another version", proof_text(40, 7, first="c2sp.org/tlog-proof@v2\n"))
    yield refused("no extra line", proof_text(40, 7, extra=""))
    yield refused("an empty extra line", proof_text(40, 7, extra="extra \n"))
    yield refused(
        "the extra line of another tree", proof_text(40, 7, extra=f"extra {b64(tail(41))}\n")
    )
    swapped = (11).to_bytes(8, "big") + tail(40)[8:]
    yield refused(
        "an extra line with another start", proof_text(40, 7, extra=f"extra {b64(swapped)}\n")
    )
    yield refused(
        "an extra line with more at its end",
        proof_text(40, 7, extra=f"extra {b64(tail(40) + bytes(32))}\n"),
    )
    yield refused(
        "index before extra", proof_text(40, 7, extra="index 7\n", index=f"extra {b64(tail(40))}\n")
    )
    yield refused("an index with a zero before it", proof_text(40, 7, index="index 07\n"))
    yield refused("no empty line", proof_text(40, 7, between=""))
    yield refused("two empty lines", proof_text(40, 7, between="\n\n"))
    yield refused("carriage returns", proof_text(40, 7).replace("\n", "\r\n"))
    yield refused("nothing below", proof_text(40, 7, note=""))
    yield refused("seventeen lines", signed(*[ours] * 17))
    yield refused("nothing", "")


def tail_cases() -> Iterator[Case]:
    """``roots`` by size and ``leaves`` by index are what the tail of a tree gives."""

    def case(name: str, size: int, data: bytes, *, ok: bool) -> Case:
        return {"name": name, "size": str(size), "extra": b64(data), "ok": ok}

    for size in (0, 1, 27, 28, 29, 31, 32, 56, 63, 64, 70):
        start = max(0, size - 28)
        yield {
            **case(f"{size} leaves", size, tail(size), ok=True),
            "start": str(start),
            "roots": {
                str(old): b64(merkle.tree_hash(entries(old))) for old in range(start, size + 1)
            },
            "leaves": {str(at): b64(leaf(entries(size)[at])) for at in range(start, size)},
        }
    yield case("nothing", 0, b"", ok=False)
    yield case("seven bytes", 0, bytes(7), ok=False)
    yield case("one byte more", 40, tail(40) + b"\x00", ok=False)
    yield case("one hash less", 40, tail(40)[:-32], ok=False)
    yield case("a start that is too small", 40, (11).to_bytes(8, "big") + tail(40)[8:], ok=False)
    yield case(
        "all leaves of a tree over 28", 29, bytes(8) + b"".join(map(leaf, entries(29))), ok=False
    )
    yield case("a size that nobody has", 2**63 - 1, tail(40), ok=False)


def carried_cases() -> Iterator[Case]:
    """``entry`` is that of the bundle, which is the JWS before the first empty line."""
    jws, proof = "eyJ.eyJ.c2ln", proof_text(3, 1)

    def case(name: str, data: bytes, reason: str | None = None) -> Case:
        read = (
            {}
            if reason
            else {"jws": jws, "proof": proof, "entry": b64(sha256(jws.encode()).digest())}
        )
        return {"name": name, "data": b64(data), "reason": reason, **read}

    whole = f"{jws}\n\n{proof}".encode()
    yield case("as it is served", whole)
    yield case("without its last line end", whole[:-1])
    yield case("with white space around it", b"\n " + whole + b" \r\n\n")
    yield case("the JWS alone", jws.encode(), "not_in_log")
    yield case("a JWS and a line end", f"{jws}\n\n".encode(), "not_in_log")
    yield case("a line end where an empty line belongs", f"{jws}\nproof\n".encode(), "not_in_log")
    yield case("not UTF-8", whole + b"\xff\n", "not_in_log")
    yield case("nothing", b"", "not_in_log")


def cosignature_cases() -> Iterator[Case]:
    """The ``line`` that the witness with this ``seed`` gives for a ``text`` at ``at``."""
    for witness, size, at in ((WITNESSES[0], 3, SEEN), (WITNESSES[1], 40, 0)):
        text = checkpoint(size)
        yield {
            "name": f"{witness.name}, {size} leaves",
            "seed": b64(witness.seed),
            "key_name": witness.name,
            "vkey": witness.vkey,
            "at": str(at),
            "text": text,
            "line": witness.line(text, at),
        }


def tile_cases() -> Iterator[Case]:
    """Paths below ``tile/``: level (or entries), index and width."""

    def case(path: str, level: str = "", index: int = 0, width: int = 256) -> Case:
        read = {"level": level, "index": str(index), "width": width} if level else {}
        return {"name": repr(path), "path": path, "ok": bool(level), **read}

    yield case("1/x001/x234/067", "1", 1_234_067)
    yield case("0/000", "0", 0)
    yield case("63/999", "63", 999)
    yield case("0/x001/000.p/1", "0", 1000, 1)
    yield case("entries/002.p/255", "entries", 2, 255)
    yield case("entries/x999/999", "entries", 999_999)
    for path in (
        *("", "0", "0/", "0/0", "0/00", "0/0000", "00/000", "64/000", "-1/000", "x/000"),
        *("0/x000/001", "0/001/002", "0/x001", "0/x001/x002", "0/000/", "/0/000", "0//000"),
        *("0/000.p", "0/000.p/", "0/000.p/0", "0/000.p/01", "0/000.p/256", "0/000.p/1000"),
        *("0/000.p/1/", "entries", "Entries/000", "data/000", "0/٠٠٠", "0/000\n", "0/x001/x"),
        "0/" + "x001/" * 7 + "000",
    ):
        yield case(path)


def make() -> Mapping[str, dict[str, Any]]:
    """The files by their kind."""
    notes = f"{NOTE_SOURCE}; {C2SP}; the others are {OURS}"
    vkeys = f"{NOTE_SOURCE}; {C2SP}; {COSIGNATURE_SOURCE}; the others are {OURS}"
    made = {
        "vkeys": (vkeys, vkey_cases()),
        "notes": (notes, note_cases()),
        "checkpoints": (OURS, checkpoint_cases()),
        "cosignatures": (OURS, cosignature_cases()),
        "proofs": (OURS, proof_cases()),
        "tails": (OURS, tail_cases()),
        "carried": (OURS, carried_cases()),
        "tiles": (OURS, tile_cases()),
    }
    return {
        kind: {"source": source, "cases": list(cases)} for kind, (source, cases) in made.items()
    }


def main() -> None:
    for kind, content in make().items():
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (LOG / f"{kind}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
