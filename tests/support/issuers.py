"""A real issuer for tests: founded in a folder at a fixed clock, its API called without a network.

::

    with pool_keys():
        service = Service.found(folder / "issuer")
    wallet = service.wallet()
    wallet.activate(service.code())
    wallet.fetch().json["batches"]

Pass keys come from the pool of ready-made RSA keys, and every answer is held against the issuer's
own OpenAPI document, so that no test can receive one that is not described there.
"""

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsonschema_rs
from cryptography.hazmat.primitives import serialization

from issuer.api.app import create_app
from issuer.api.openapi import openapi_document
from issuer.authority import Authority
from issuer.home import Home
from issuer.init import RootChoice, init_issuer
from issuer.keys import grid
from issuer.keys.grid import Cell
from issuer.publication.making import make_missing_keys, publish
from issuer.registration.codes import IssuedCode
from issuer.staff import Role
from schemas.bundle import PassKey
from schemas.encoding import b64url_encode, format_time
from schemas.hints import HintForm
from schemas.jws import Typ, parse
from schemas.kinds import HOUR
from schemas.problems import ApiProblem, Problem
from schemas.references import normalise_reference
from shell.fetching import Answer
from tests.support.asgi import Reply, ask
from tests.support.keys import EcKey, ec_key, pool_size, rsa_key
from tests.support.texts import signed, to_json
from tests.support.world import NOON

__all__ = ["NOON", "MovableClock", "Service", "Wallet", "blinded", "pool_keys"]

URL = "https://qupia.example"
NAME = "Test authority"


@dataclass
class MovableClock:
    """Stands still until a test moves it."""

    now: int = NOON

    def __call__(self) -> int:
        return self.now


# Keys from the pool


@cache
def _pem(i: int) -> tuple[bytes, bytes]:
    key = rsa_key(i).private_key
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, rsa_key(i).id


def pool_generator(first: int = 0) -> Callable[[list[Cell]], Iterator[tuple[Cell, bytes, bytes]]]:
    """Stands in for ``issuer.keys.grid.generate_all``: the keys of the pool, from ``first`` on.

    Those that a copied home has already are made and thrown away, as on a collision.
    """
    numbers = count(first)

    def generate(cells: list[Cell]) -> Iterator[tuple[Cell, bytes, bytes]]:
        for cell in cells:
            yield cell, *_pem(next(numbers) % pool_size())

    return generate


@contextmanager
def pool_keys(first: int = 0) -> Iterator[None]:
    """While it lasts, the issuer in this process makes its pass keys from the pool."""
    with patch.object(grid, "generate_all", pool_generator(first)):
        yield


# The API


@cache
def _validator(url: str, schema: str) -> jsonschema_rs.Draft202012Validator:
    components = openapi_document(url)["components"]
    return jsonschema_rs.Draft202012Validator(json.loads(schema) | {"components": components})


def _template(url: str, path: str) -> str:
    """The path of the document that an address belongs to."""
    for template in openapi_document(url)["paths"]:
        if re.fullmatch(re.sub(r"\{\w+\}", ".+", template), path):
            return str(template)
    raise KeyError(path)


def check_documented(url: str, method: str, path: str, reply: Reply) -> None:
    """Assert that the OpenAPI document describes the answer, and that a refusal says no more."""
    if reply.status >= 400:
        problem = ApiProblem(Problem(reply.json["code"]), status=reply.status)
        assert {name: said for name, said in reply.json.items() if name != "pad"} == {
            "type": "about:blank",
            "title": problem.text("en"),
            "status": reply.status,
            "code": problem.fault.value,
        }
        assert reply.headers["content-type"] == "application/problem+json"
    if reply.status == 404 and reply.json["code"] == Problem.NOT_FOUND:
        return
    operation = openapi_document(url)["paths"][_template(url, path)][method.lower()]
    described = operation["responses"][str(reply.status)]
    if reply.status >= 400:
        assert reply.json["code"] in described["description"].split(", "), reply.json["code"]
    for media_type, content in described.get("content", {}).items():
        assert reply.headers["content-type"].startswith(media_type)
        if media_type.endswith("json"):
            validator = _validator(url, json.dumps(content["schema"], sort_keys=True))
            assert validator.is_valid(reply.json), path


class Service:
    """One issuer over its home. Each call comes from a new address unless the test names one."""

    def __init__(self, home: Home, clock: MovableClock) -> None:
        self.home = home
        self.clock = clock
        self.open()
        self._addresses = count(1)
        self._wallets = count(1)
        self._references = count(1)
        self._staff: dict[Role, str] = {}

    @classmethod
    def found(
        cls,
        path: Path,
        *,
        now: int = NOON,
        hint: HintForm | str = HintForm.NONE,
        url: str = URL,
        sunset: str | None = None,
        specimen: bool = False,
        roots: RootChoice | None = None,
    ) -> "Service":
        """A new home with keys and a bundle; call it within :func:`pool_keys`."""
        init_issuer(
            path,
            name=NAME,
            url=url,
            hint=HintForm(hint),
            sunset=sunset,
            specimen=specimen,
            roots=roots or RootChoice(),
            now=now,
        )
        service = cls(Home(path), MovableClock(now))
        make_missing_keys(service.authority, now)
        publish(service.authority, now)
        return service

    def open(self) -> None:
        """Open the home (again), as a program that is started does."""
        self.authority = Authority.open(self.home)
        self.app = create_app(self.authority, self.clock, step=0)

    def close(self) -> None:
        self.authority.store.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    @property
    def now(self) -> int:
        return self.clock.now

    # Calls

    def call(
        self,
        method: str,
        path: str,
        *,
        chunks: Sequence[bytes] = (b"",),
        headers: Sequence[tuple[str, str]] = (),
        address: str | None = None,
    ) -> Reply:
        """One request, its body in ``chunks``."""
        if address is None:
            number = next(self._addresses)
            address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        reply = asyncio.run(
            ask(self.app, method, path, chunks, headers, origin=URL, address=address)
        )
        check_documented(self.authority.config.url, method, path, reply)
        return reply

    def get(self, path: str, **headers: str) -> Reply:
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return self.call("GET", path, headers=named)

    def post(self, path: str, members: Any, *, key: str | None = None, **more: Any) -> Reply:
        """Post JSON (or bytes as they are) with a bearer key."""
        body = members if isinstance(members, bytes) else to_json(members)
        headers = [("Authorization", f"Bearer {key}")] if key else []
        return self.call("POST", path, chunks=(body,), headers=headers, **more)

    def send(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The transport that a wallet or a venue is handed instead of the network."""
        origin = self.authority.config.url
        assert url.startswith(origin)
        named = list((headers or {}).items())
        reply = self.call(method, url.removeprefix(origin), chunks=(body or b"",), headers=named)
        assert len(reply.body) <= limit
        return Answer(reply.status, reply.body, reply.headers.get("date", ""), "")

    # Staff

    def staff(self, role: Role | str) -> str:
        """The key of an account of that role."""
        role = Role(role)
        if role not in self._staff:
            self._staff[role] = self.authority.staff.add(role.value, role, self.now)
        return self._staff[role]

    def result(self, **members: Any) -> dict[str, Any]:
        """The body of ``POST /v1/codes`` for a test taken an hour ago, of a new person."""
        body = {
            "evidence": "pcr_negative",
            "at": format_time(self.now - HOUR),
            "birthday": "03-17",
            "reference": f"P{next(self._references):07}",
        } | members
        return {name: value for name, value in body.items() if value is not None}

    def register(self, **members: Any) -> Reply:
        return self.post("/v1/codes", self.result(**members), key=self.staff(Role.REGISTRAR))

    def code(self, **members: Any) -> str:
        """A fresh activation code, registered at the home itself."""
        body = self.result(**members)
        at = int(body.pop("at_seconds", self.now - HOUR))
        with self.authority.store.transaction(self.now) as tx:
            issued = self.authority.registrar.register(
                tx,
                evidence=body["evidence"],
                at=at,
                birthday=body.get("birthday"),
                reference=body.get("reference"),
                now=self.now,
            )
        assert isinstance(issued, IssuedCode)
        return issued.code

    def withdraw(self, reference: str, evidence: str, *, at: int | None = None) -> int:
        """Withdraw at the home itself; until when."""
        with self.authority.store.transaction(self.now) as tx:
            return self.authority.registrar.withdraw_reference(
                tx,
                reference=normalise_reference(reference),
                evidence=evidence,
                at=self.now if at is None else at,
                now=self.now,
            ).until

    # Wallets

    def wallet(self) -> "Wallet":
        """A wallet with an account key of its own."""
        return Wallet(self, ec_key(f"account {next(self._wallets)}"))

    def activated(self, **members: Any) -> "Wallet":
        """A wallet with an entitlement."""
        wallet = self.wallet()
        reply = wallet.activate(self.code(**members))
        assert reply.status == 200
        return wallet

    def pass_key(self, wallet: "Wallet", *, ahead: int = 0) -> PassKey:
        """The wallet's own key of the current window, or ``ahead`` windows later."""
        calendar = self.authority.policy.calendar
        window = calendar.window_at(self.now)
        for _ in range(ahead):
            window = calendar.next_window(window)
        claims = wallet.claims
        key = self.authority.bundle().key_for(
            status=claims["status"], holder=claims["holder"], window=window
        )
        assert key is not None
        return key


@dataclass
class Wallet:
    """What calls the API with DPoP proofs, right ones or wrong ones."""

    service: Service
    account: EcKey
    entitlement: str = field(default="", repr=False)
    _proofs: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    def proof(
        self,
        path: str,
        body: bytes,
        *,
        header: Mapping[str, Any] | None = None,
        key: EcKey | None = None,
        **claims: Any,
    ) -> str:
        """A proof for one call; members that are None are left out."""
        head = {"alg": "ES256", "typ": Typ.DPOP.value, "jwk": self.account.jwk, **(header or {})}
        members = {
            "htm": "POST",
            "htu": self.service.authority.config.url + path,
            "iat": self.service.now,
            "jti": f"{self.account.label} {next(self._proofs)}",
            "bh": b64url_encode(sha256(body).digest()),
        } | claims
        kept = [{n: v for n, v in part.items() if v is not None} for part in (head, members)]
        return signed(to_json(kept[0]), to_json(kept[1]), key or self.account)

    def post(self, path: str, members: Any, *, proof: str | None = None, **more: Any) -> Reply:
        """Post JSON (or bytes as they are) with a right proof, unless the test gives another."""
        body = members if isinstance(members, bytes) else to_json(members)
        headers = [("DPoP", self.proof(path, body) if proof is None else proof)]
        return self.service.call("POST", path, chunks=(body,), headers=headers, **more)

    def activate(self, code: str) -> Reply:
        reply = self.post("/v1/entitlements", {"code": code})
        if reply.status == 200:
            self.entitlement = reply.json["entitlement"]
        return reply

    @property
    def claims(self) -> dict[str, Any]:
        """What the entitlement says."""
        return parse(self.entitlement).unverified_payload

    def batch(self, key: PassKey, *, label: str = "", size: int = 8) -> dict[str, Any]:
        """One entry of ``batches``; another ``label`` gives other values."""
        return {"key_id": b64url_encode(key.id), "blinded": blinded(key, label=label, size=size)}

    def fetch(self, *batches: dict[str, Any]) -> Reply:
        """Ask for passes; for the current window's unless told."""
        wanted = batches or (self.batch(self.service.pass_key(self)),)
        body = {"entitlement": self.entitlement, "batches": list(wanted)}
        return self.post("/v1/passes", body)

    def me(self) -> Reply:
        return self.post("/v1/me", {"entitlement": self.entitlement})

    def end(self) -> Reply:
        return self.post("/v1/me/end", {"entitlement": self.entitlement})


def blinded(key: PassKey, *, label: str = "", size: int = 8) -> list[str]:
    """Values that a wallet might send: any number between 1 and n - 1 looks like one."""
    values = [
        b"".join(sha256(f"{label}/{i}/{part}".encode()).digest() for part in range(8))
        for i in range(size)
    ]
    # With the first byte 0 each is below any modulus of 2048 bits.
    return [b64url_encode(b"\x00" + value[1:]) for value in values]


class Foundry:
    """Founds an issuer once for each kind and copies its home for every test that wants one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[str] = set()

    def copy(self, target: Path, *, hint: HintForm | str = HintForm.NONE) -> Service:
        name = str(hint)
        if name not in self._made:
            with pool_keys():
                Service.found(self._folder / name, hint=hint).close()
            self._made.add(name)
        shutil.copytree(self._folder / name, target)
        return Service(Home(target), MovableClock(NOON))
