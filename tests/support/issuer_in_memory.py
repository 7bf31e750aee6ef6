"""An issuer in one process: the calls of a wallet, answered over an authority in memory.

It checks what the wallet sends as a real one does, and can be told to lose answers, to refuse, to
lie about the time or to cheat.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas import jws
from schemas.activation import Activation, format_activation_url
from schemas.encoding import b64url_decode, b64url_encode, format_time
from schemas.jwk import key_from_jwk, thumbprint
from schemas.log.reading import log_path
from schemas.log.tiles import FULL, TilePath
from schemas.notices import Notice
from schemas.paths import NOTICES_PATH
from schemas.problems import STATUS, ApiProblem, Problem
from schemas.validation import matches
from shell.errors import CommandError
from shell.fetching import Answer
from tests.support.texts import jws as make_jws
from tests.support.world import NOON, World
from wallet_sim.fetching.activation import ActivationSlip, activate
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.session import Session, open_session
from wallet_sim.fetching.tools import Tools
from wallet_sim.passes.state import Wallet

CODE = "7K3M9QX2VT00AC5H"
OTHER_CODE = "0000111122223333"

Cheat = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Time:
    """A clock that is set by hand; ``sleep`` passes the time at once."""

    now: int = NOON

    def __call__(self) -> int:
        return self.now

    def count(self) -> float:
        """For a device that never sleeps, and whose clock nobody sets meanwhile."""
        return float(self.now)

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds)


@dataclass(frozen=True)
class Request:
    """What came over the wire."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def members(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class IssuerInMemory:
    """``clock`` is the issuer's own. ``codes`` says when the entitlement of each code ends."""

    world: World
    clock: Time
    codes: dict[str, int]
    requests: list[Request] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    markers: dict[tuple[str, str], bytes] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    refuse: dict[str, Problem] = field(default_factory=dict)
    cheat: dict[str, Cheat] = field(default_factory=dict)
    raw: dict[str, Answer] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    hides_log: bool = False
    unreachable: bool = False
    date_wrong_by: int = 0
    age: str = ""

    @property
    def posted(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    def batches_asked(self) -> list[list[str]]:
        """The key ids of each call for passes."""
        return [
            [batch["key_id"] for batch in request.members["batches"]]
            for request in self.posted
            if request.path == "/v1/passes"
        ]

    def send(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The transport that is handed to the wallet."""
        path = url.removeprefix(self.world.iss)
        if self.unreachable:
            raise CommandError("no answer from the issuer")
        request = Request(method, path, body or b"", headers or {})
        self.requests.append(request)
        answer = self._file_of_log(path) or self._answer(request)
        assert len(answer.body) <= limit
        if path in self.lost:
            raise CommandError("no answer from the issuer")
        return self.raw.get(path, answer)

    def _answer(self, request: Request) -> Answer:
        try:
            body, status = self._route(request), 200
        except ApiProblem as problem:
            body, status = _problem(problem), problem.status
        return Answer(
            status, body, formatdate(self.clock() + self.date_wrong_by, usegmt=True), self.age
        )

    def _file_of_log(self, path: str) -> Answer | None:
        """A tile of today's log, of the newest tree only: older partial tiles are gone."""
        log = self.world.log
        root = f"{log_path(log.origin)}/tile/"
        if not path.startswith(root):
            return None
        width = log.tree.size % FULL
        tiles = {TilePath(0, at // FULL).text: (at, FULL) for at in range(0, log.tree.size, FULL)}
        if width:
            last = log.tree.size - width
            del tiles[TilePath(0, last // FULL).text]
            tiles[TilePath(0, last // FULL, width).text] = (last, width)
        start, count = tiles.get(path.removeprefix(root), (0, 0))
        if self.hides_log or not count:
            return Answer(404, b"", "", "")
        return Answer(200, b"".join(log.tree.leaves(start, start + count)), "", "")

    def _route(self, request: Request) -> bytes:
        if request.path in self.refuse:
            raise ApiProblem(self.refuse[request.path])
        if request.path == "/.well-known/qupia/trust-bundle":
            return self.bundle()
        if request.path == NOTICES_PATH:
            return self.list_of_notices()
        if request.path == "/healthz":
            return b'{"status": "ok"}'
        jkt = self._proven_key(request)
        members = {
            "/v1/entitlements": self._entitlements,
            "/v1/passes": self._passes,
            "/v1/me": self._me,
            "/v1/me/end": self._end,
        }[request.path](request.members, jkt)
        return json.dumps(self.cheat.get(request.path, dict)(members)).encode()

    def bundle(self) -> bytes:
        """The newest bundle: made anew only when a key was retired or six hours have passed."""
        if self._made is None or self.clock() - self._made[0] >= 6 * 3600:
            self.publish()
        assert self._made is not None
        return self._made[1]

    _made: tuple[int, bytes] | None = None

    def publish(self, **overrides: Any) -> bytes:
        """Make a new bundle now."""
        data = self.world.bundle(self.clock(), **overrides)
        self._made = (self.clock(), data)
        return data

    # The list of notices

    def list_of_notices(self) -> bytes:
        """The newest list; one of nothing until there was something to publish."""
        if self._listed is None:
            self.publish_notices()
        assert self._listed is not None
        return self._listed

    _listed: bytes | None = None
    _list_version: int = 0

    def publish_notices(self, *notices: Notice, **overrides: Any) -> bytes:
        """Make a new list now; ``overrides`` replace members of its payload."""
        now = self.clock()
        self._list_version = max(self._list_version + 1, now)
        payload = {
            "iss": self.world.iss,
            "version": self._list_version,
            "iat": now,
            "exp": now + 72 * 3600,
            "notices": [notice.member() for notice in notices],
        } | overrides
        self._listed = make_jws(payload, typ=jws.Typ.NOTICES, key=self.world.notices_key).encode()
        return self._listed

    def _proven_key(self, request: Request) -> str:
        proof = jws.parse(request.headers["DPoP"])
        jwk = proof.unverified_header["jwk"]
        claims = jws.verify(proof, typ=jws.Typ.DPOP, key=key_from_jwk(jwk))
        expected = {
            "htm": "POST",
            "htu": self.world.iss + request.path,
            "bh": b64url_encode(sha256(request.body).digest()),
        }
        assert matches("dpop", claims)
        assert claims | expected == claims
        if abs(claims["iat"] - self.clock()) > 60:
            raise ApiProblem(Problem.BAD_DPOP)
        return thumbprint(jwk)

    def _entitlements(self, members: dict[str, Any], jkt: str) -> dict[str, Any]:
        assert matches("entitlement-request", members)
        code = members["code"].replace("-", "")
        if code not in self.codes:
            raise ApiProblem(Problem.CODE_UNKNOWN)
        if self.used.setdefault(code, jkt) != jkt:
            raise ApiProblem(Problem.CODE_USED)
        until = self.codes[code]
        token = make_jws({"jkt": jkt, "exp": until}, typ="t", key=self.world.entitlement_key)
        return {
            "entitlement": token,
            "status": self.world.statuses[0],
            "holder": self.world.holder,
            "until": format_time(until),
        }

    def _passes(self, members: dict[str, Any], jkt: str) -> dict[str, Any]:
        assert matches("passes-request", members)
        self._check_standing(members, jkt)
        taken = [self._take(batch, jkt) for batch in members["batches"]]
        self.markers.update(taken)
        return {
            "batches": [
                {"key_id": batch["key_id"], "signatures": self._sign(batch)}
                for batch in members["batches"]
            ]
        }

    def _take(self, batch: dict[str, Any], jkt: str) -> tuple[tuple[str, str], bytes]:
        assert len(set(batch["blinded"])) == self.world.batch_size
        if b64url_decode(batch["key_id"]) not in self._own_keys():
            raise ApiProblem(Problem.WRONG_KEY)
        marker, digest = (jkt, batch["key_id"]), sha256(str(batch["blinded"]).encode()).digest()
        if self.markers.get(marker, digest) != digest:
            raise ApiProblem(Problem.BATCH_ALREADY_ISSUED)
        return marker, digest

    def _own_keys(self) -> list[bytes]:
        current = self.world.calendar.window_at(self.clock())
        windows = (current, self.world.calendar.next_window(current))
        return [self.world.key(window).id for window in windows]

    def _sign(self, batch: dict[str, Any]) -> list[str]:
        key_id = b64url_decode(batch["key_id"])
        return [
            b64url_encode(self.world.sign_blinded(key_id, b64url_decode(value)))
            for value in batch["blinded"]
        ]

    def _me(self, members: dict[str, Any], jkt: str) -> dict[str, Any]:
        assert matches("me-request", members)
        dies = format_time(self.clock() + 3600)
        return {
            "held": [{"what": "batch", "dies": dies} for owner, _ in self.markers if owner == jkt]
        }

    def _end(self, members: dict[str, Any], jkt: str) -> dict[str, Any]:
        assert matches("me-request", members)
        self.ended.add(jkt)
        return {"done": True}

    def _check_standing(self, members: dict[str, Any], jkt: str) -> None:
        payload = jws.parse(members["entitlement"]).unverified_payload
        assert payload["jkt"] == jkt
        if jkt in self.ended:
            raise ApiProblem(Problem.ENDED)
        if payload["exp"] <= self.clock():
            raise ApiProblem(Problem.ENTITLEMENT_EXPIRED)


def _problem(problem: ApiProblem) -> bytes:
    return json.dumps(
        {"title": problem.fault, "status": STATUS[problem.fault], "code": problem.fault}
    ).encode()


@dataclass
class Phone:
    """A wallet with its own clock, and the issuer that it talks to."""

    home: Path
    issuer: IssuerInMemory
    clock: Time

    @property
    def file(self) -> WalletFile:
        return WalletFile(self.home, self.clock)

    @property
    def path(self) -> Path:
        return self.home / "wallet.json"

    @property
    def wallet(self) -> Wallet:
        return self.file.load()

    @property
    def slip(self) -> ActivationSlip:
        return ActivationSlip(self.issuer.world.iss, self.issuer.world.pin, CODE)

    def link_to(self, code: str = CODE) -> str:
        """What a slip's QR code holds."""
        return format_activation_url(Activation(self.slip.issuer, code, self.slip.root))

    def tools(self) -> Tools:
        """What the commands of this phone reach the world with; chance always gives 0."""
        return Tools(
            self.issuer.send,
            self.clock,
            self.clock.sleep,
            below=lambda n: 0,
            monotonic=self.clock.count,
        )

    def session(self) -> Session:
        return open_session(
            self.file,
            issuer=self.issuer.world.iss,
            offset=self.wallet.clock_offset,
            send=self.issuer.send,
            below=lambda n: n // 2,
            monotonic=self.clock.count,
        )

    def activate(self, code: str = CODE) -> Wallet:
        return activate(self.session(), replace(self.slip, code=code))

    def windows(self) -> tuple[Any, Any]:
        """The current and the next window by the issuer's clock."""
        current = self.issuer.world.calendar.window_at(self.issuer.clock())
        return current, self.issuer.world.calendar.next_window(current)
