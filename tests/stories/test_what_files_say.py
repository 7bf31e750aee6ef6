"""What stands in the raw bytes of files: nothing about people while records live, nothing after."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from issuer.issuance import BatchRequest
from issuer.staff import Role
from schemas.encoding import b64url_decode, format_time
from schemas.jws import parse
from schemas.kinds import DAY, HOUR
from schemas.presentation import parse_presentation
from schemas.references import derive_rid, normalise_reference
from tests.support.issuers import Wallet
from tests.support.lab_export import local, make_row, write_text
from tests.support.perishable import files_of
from tests.support.processes import RealIssuer, RealWallet
from tests.support.secrets import found
from tests.support.town import Town

pytestmark = pytest.mark.process

REFERENCE = "N 1234-567 Ж"


class Person:
    """Everything that the issuer was told or that follows from it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.row = make_row(1, date=local(0.1, now=town.now))
        self.secrets: dict[str, str | bytes] = {
            "IIN": self.row[0],
            "name": self.row[1],
            "surname": self.row[1].split()[1],
            "phone": self.row[2],
            "reference": REFERENCE,
            "reference as compared": normalise_reference(REFERENCE),
        }
        self.take_in()
        self.register()
        self.activate()

    def take_in(self) -> None:
        export, out = self.town.folder / "export.csv", self.town.folder / "codes.csv"
        export.write_text(write_text([self.row]), encoding="cp1251")
        self.town.office.done("intake", str(export), "--out", str(out))
        with out.open(encoding="utf-8", newline="") as file:
            [slip] = csv.DictReader(file)
        self._keep_code("code of the intake", slip["code"])
        self._keep_rid("rid of the IIN", self.row[0])

    def register(self) -> None:
        service = self.town.service
        answer = service.register(reference=REFERENCE, evidence="vaccinated_full")
        self._keep_code("code", answer.json["code"])
        self._keep_rid("rid of the reference", REFERENCE)
        self.secrets["staff key"] = service.staff(Role.REGISTRAR)
        service.withdraw("N 7654321", "contact")
        self._keep_rid("rid of the withdrawn", "N 7654321")
        self.secrets["reference of the withdrawn"] = "N7654321"

    def activate(self) -> None:
        """One wallet that waits and one that has ended; both have fetched passes."""
        for name, code in (("wallet", "code"), ("ended wallet", "code of the intake")):
            wallet = self.town.service.wallet()
            assert wallet.activate(str(self.secrets[code])).status == 200
            batch = wallet.batch(self.town.service.pass_key(wallet))
            reply = wallet.fetch(batch)
            assert reply.status == 200
            self._keep_wallet(name, wallet, batch["blinded"], reply.json["batches"][0])
        assert wallet.end().status == 200

    def _keep_code(self, name: str, code: str) -> None:
        self.secrets[name] = code
        self.secrets[f"{name} without hyphens"] = code.replace("-", "")

    def _keep_rid(self, name: str, reference: str) -> None:
        key = self.town.service.home.reference_key.read_bytes()
        rid = derive_rid(key, normalise_reference(reference))
        self.secrets[name] = rid
        self.secrets[f"{name} as bytes"] = b64url_decode(rid)

    def _keep_wallet(
        self, name: str, wallet: Wallet, blinded: list[str], answer: dict[str, list[str]]
    ) -> None:
        claims = parse(wallet.entitlement).unverified_payload
        key = self.town.service.pass_key(wallet)
        batch = BatchRequest(key, tuple(b64url_decode(value) for value in blinded))
        self.secrets |= {
            f"id of the {name}": claims["jti"],
            f"id of the {name} as bytes": b64url_decode(claims["jti"]),
            f"key of the {name}": wallet.account.kid,
            f"key of the {name} as bytes": b64url_decode(wallet.account.kid),
            f"x of the {name}": b64url_decode(wallet.account.jwk["x"]),
            f"entitlement of the {name}": wallet.entitlement.rpartition(".")[2],
            f"request of the {name}": batch.blinded[0],
            f"digest of the {name}": batch.digest,
            f"answer to the {name}": b64url_decode(answer["signatures"][0]),
        }


@pytest.fixture
def person(town: Town) -> Person:
    return Person(town)


def rows(town: Town) -> list[tuple[str, str, bytes, bytes]]:
    """Day, kind, tag and sealed payload of every record."""
    path = town.service.home.perishable / "store" / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute("SELECT day, kind, tag, sealed FROM records"))


def day_keys(town: Town) -> dict[str, bytes]:
    folder = town.service.home.perishable / "day-keys"
    return {path.stem: path.read_bytes() for path in folder.glob("*.key")}


# While records live


def test_nothing_about_a_person_stands_in_any_file_while_the_records_live(
    town: Town, person: Person
) -> None:
    town.work()
    contents = files_of(town.service.home.path)
    assert "no-backup/store/store.db-wal" in contents
    assert {kind for _, kind, _, _ in rows(town)} == {
        "activation", "row", "batch", "withdrawal", "ended", "count",
    }  # fmt: skip
    assert found(person.secrets, contents) == []


def test_nor_after_the_files_were_closed_and_written_anew(town: Town, person: Person) -> None:
    town.service.close()
    assert found(person.secrets, files_of(town.service.home.path)) == []
    town.service.open()
    town.until(town.window_end())
    assert found(person.secrets, files_of(town.service.home.path)) == []


def test_the_search_finds_what_is_there(town: Town, person: Person) -> None:
    (town.service.home.path / "notes").write_text(f"called {person.row[2]}\n", encoding="utf-16")
    (town.service.home.path / "more").write_bytes(
        b"x" + bytes(person.secrets["key of the wallet as bytes"])
    )
    listed = found(person.secrets, files_of(town.service.home.path))
    assert listed == ["key of the wallet as bytes in more", "phone in notes"]


def test_two_records_of_one_person_cannot_be_told_to_belong_together(
    town: Town, person: Person
) -> None:
    """Neither by tag nor by length nor by a moment that is exact to the second."""
    stored = rows(town)
    assert len({tag for _, _, tag, _ in stored}) == len(stored)
    for kind in {kind for _, kind, _, _ in stored}:
        assert len({len(sealed) for _, k, _, sealed in stored if k == kind}) == 1
    path = town.service.home.perishable / "store" / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        ends = [row[0] for row in connection.execute("SELECT expires_at FROM records")]
    assert {end % 600 for end in ends} == {0}


def test_no_address_stands_in_any_file(town: Town, person: Person) -> None:
    for number in range(5):
        reply = town.service.post("/v1/codes", {}, key="wrong", address=f"203.0.113.{number}")
        assert reply.code == (401, "not_allowed")
    secrets: dict[str, str | bytes] = {"address": "203.0.113.", "address as bytes": b"\xcb\x00\x71"}
    assert found(secrets, files_of(town.service.home.path)) == []


# After the day is over


def test_after_a_day_nothing_of_its_records_and_no_key_stands_in_any_file(
    town: Town, person: Person
) -> None:
    remembered, keys = rows(town), day_keys(town)
    today = format_time(town.now)[:10]
    assert {day for day, _, _, _ in remembered} == set(keys)
    day_over = town.now - town.now % DAY + DAY
    town.until(day_over)

    over = [(tag, sealed) for day, _, tag, sealed in remembered if day == today]
    assert over
    gone: dict[str, str | bytes] = {f"tag {i}": tag for i, (tag, _) in enumerate(over)}
    gone |= {f"payload {i}": sealed[12:44] for i, (_, sealed) in enumerate(over)}
    gone |= {"day key": keys[today]}
    contents = files_of(town.service.home.path)
    assert found(gone, contents) == []
    assert not any(today.encode() in contents[name] for name in contents if "store.db" in name)
    living = {day: key for day, key in keys.items() if day > today}
    assert sorted(found(dict(living), contents)) == sorted(
        f"{day} in no-backup/day-keys/{day}.key" for day in living
    )


def test_after_the_last_day_nothing_of_any_record_is_left(town: Town, person: Person) -> None:
    remembered, keys = rows(town), day_keys(town)
    for _ in range(20):
        town.until(town.now + DAY)
        assert town.office.done("retention", "verify")["ok"]
    gone: dict[str, str | bytes] = {f"key of {day}": key for day, key in keys.items()}
    for number, (_, _, tag, sealed) in enumerate(remembered):
        gone |= {f"tag {number}": tag, f"payload {number}": sealed[12:44]}
    contents = files_of(town.service.home.path)
    assert found(gone | person.secrets, contents) == []
    assert rows(town) == []
    assert day_keys(town) == {}


def test_the_row_of_an_activation_goes_within_the_hour(town: Town, person: Person) -> None:
    before = {tag for _, kind, tag, _ in rows(town) if kind == "activation"}
    town.until(town.now + HOUR)
    assert before.isdisjoint({tag for _, _, tag, _ in rows(town)})
    assert town.office.done("retention", "verify")["ok"]


# The other parties' files


def test_a_venue_s_files_say_nothing_about_visitors_and_do_not_change_when_it_scans(
    town: Town,
) -> None:
    citizen, venue = town.activated(), town.venue()
    before = files_of(venue.home)
    codes = [citizen.show() for _ in range(8)]
    assert venue.scan(*codes).outcomes == ["admit"] * 8
    assert files_of(venue.home) == before
    secrets: dict[str, str | bytes] = {}
    for number, code in enumerate(codes):
        shown = parse_presentation(code)
        secrets |= {f"{number} x": shown.device.x, f"{number} signature": shown.signature[:32]}
    assert found(secrets, before) == []


def test_a_used_pass_is_gone_from_the_wallet_after_five_minutes(town: Town) -> None:
    citizen = town.activated()
    code = parse_presentation(citizen.show())
    secrets: dict[str, str | bytes] = {"signature": code.signature[:48]}
    assert found(secrets, files_of(citizen.home)) == ["signature in wallet.json"]
    town.clock.now += 301
    citizen.run("status")
    assert found(secrets, files_of(citizen.home)) == []


def test_a_wallet_that_erased_itself_leaves_nothing(town: Town) -> None:
    citizen = town.activated()
    wallet = citizen.file.load()
    assert wallet.entitlement is not None
    secrets: dict[str, str | bytes] = {
        "entitlement": wallet.entitlement.token,
        "account key": wallet.entitlement.account_key,
        "device key": wallet.batches[0].passes[0].device_key,
    }
    assert len(found(secrets, files_of(citizen.home))) == 3
    citizen.done("erase")
    assert found(secrets, files_of(citizen.home)) == []


# What a running service says


def test_a_running_service_says_nothing_about_anybody(tmp_path: Path) -> None:
    issuer = RealIssuer.found(tmp_path)
    [code] = issuer.codes(1)
    iin, reference = make_row(1)[0], "N7654321"
    wallet = RealWallet(issuer, tmp_path / "wallet", code)
    with issuer.serving():
        wallet.activate()
        wallet.sync()
        bearer = {"Authorization": f"Bearer {issuer.registrar}"}
        body = json.dumps({"reference": reference, "iin": iin, "code": code}).encode()
        for path in ("/v1/codes", "/v1/withdrawals", "/v1/passes", f"/{iin}", f"/v1/codes?{iin}"):
            for content in (body, body[:-1], body * 9000, b"\xff" + body):
                issuer.call("POST", path, content, bearer)
                issuer.call("POST", path, content, {"DPoP": code, "X-Forwarded-For": "203.0.113.7"})
        issuer.call("GET", f"/activate?{code}", headers={"Cookie": iin, "Authorization": iin})
    entitlement = wallet.file.load().entitlement
    assert entitlement is not None
    secrets: dict[str, str | bytes] = {
        "code": code,
        "IIN": iin,
        "reference": reference,
        "entitlement": entitlement.token[-40:],
        "staff key": issuer.registrar,
        "address": "203.0.113.7",
    }
    said = issuer.log.read_bytes()
    assert found(secrets, {"log": said}) == []
    lines = said.decode().splitlines()
    assert [line for line in lines if "Traceback" in line or "/v1/" in line] == []
    assert lines[0].startswith("warning: ")
    assert lines[1] == f"serving {issuer.url} on 127.0.0.1:{issuer.port}; stop with Ctrl-C"
    assert lines[2:] == []
