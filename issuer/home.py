"""The issuer's folder: what lies where, and what was fixed when it was made.

::

    issuer.json            what init fixed; clients pin it
    policy.toml            rules that the authority edits
    ROOT.pem, ROOT-1.pem…  only until they are taken offline
    FIRST-STATEMENT.json   only until roots that are elsewhere have signed it
    delegations.json       the root statements, oldest first
    bundle.jws             the trust bundle now in force, with its proof
    bundle-entered.jws     only until enough witnesses have signed for the next one
    replacement.json       only until the roots have agreed to replace every key
    handover-N.txt         the proof that the log before knows of the last root statement
    tracing-listed.json    the last hour whose key bundles of the log have listed
    retention.jws          the public statement of the day
    notices.jws            the list of hours to warn of, as everyone fetches it
    retired.json           ids of keys withdrawn before their time, with the end of their window
    log.jsonl              one line a day: what the retention module did
    log/                   the public logs of bundles, a folder each: entries, the largest signed
                           checkpoint, and the bundles of the last 14 days
    audit.jsonl            what staff did, each line bound to the one before
    staff.db               staff accounts and their sessions
    approvals/             what waits for a second officer, for 7 days
    keys/                  signer, log, entitlement, statement, notices and paper keys, and signers
                           no root has named yet
    pass-keys/             one RSA key a file, gone with its window
    no-backup/             what must be able to die: no backup may copy it
      reference.key        turns a reference into a rid
      day-keys/            one key a day: the store's records die with it
      store/store.db       the perishable store
      tracing-seeds/       one a date: the hours of presence tracing die with it
      jobs/                what an upload left: report and codes, for an hour
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from schemas.codec import decode, encode
from schemas.hints import HintForm
from schemas.jws import parse_json_object
from shell.errors import CommandError
from shell.files import (
    check_private_tree,
    create_private,
    make_private_directory,
    read_private,
)

FORMAT = 2
"""The version of this layout."""

BATCH_SIZE = 8


@dataclass(frozen=True)
class Home:
    """Paths under the issuer's folder."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "issuer.json"

    @property
    def policy(self) -> Path:
        return self.path / "policy.toml"

    @property
    def root_key(self) -> Path:
        """Where ``init`` writes a root key that is the only one."""
        return self.path / "ROOT.pem"

    def numbered_root_key(self, number: int) -> Path:
        """Where it writes one of several, from 1 on."""
        return self.path / f"ROOT-{number}.pem"

    def root_keys(self) -> list[Path]:
        """The root keys that have not been taken offline yet."""
        return sorted(self.path.glob("ROOT*.pem"))

    @property
    def delegations(self) -> Path:
        return self.path / "delegations.json"

    @property
    def first_request(self) -> Path:
        """What roots elsewhere are to sign before a new issuer can begin."""
        return self.path / "FIRST-STATEMENT.json"

    @property
    def awaits_roots(self) -> bool:
        """Whether the roots have not signed yet what ``init`` asked them to."""
        return self.first_request.exists() and not self.delegations.exists()

    @property
    def bundle(self) -> Path:
        return self.path / "bundle.jws"

    @property
    def entered_bundle(self) -> Path:
        """Only until enough witnesses have signed for it."""
        return self.path / "bundle-entered.jws"

    @property
    def replacement(self) -> Path:
        """Only until the roots have named the log with which all keys are replaced."""
        return self.path / "replacement.json"

    def handover(self, version: int) -> Path:
        """Only while this root statement, which changes what is watched, is the last."""
        return self.path / f"handover-{version}.txt"

    def handovers(self) -> list[Path]:
        """That of the last statement, and what an interruption left of others."""
        return sorted(self.path.glob("handover-*.txt"))

    @property
    def tracing_listed(self) -> Path:
        """How far ahead bundles of the log have listed the keys of hours."""
        return self.path / "tracing-listed.json"

    @property
    def statement(self) -> Path:
        return self.path / "retention.jws"

    @property
    def notices(self) -> Path:
        return self.path / "notices.jws"

    @property
    def retired(self) -> Path:
        return self.path / "retired.json"

    @property
    def retention_log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def logs(self) -> Path:
        """Made with the first log; in it one folder for each, named by its number."""
        return self.path / "log"

    @property
    def staff(self) -> Path:
        return self.path / "staff.db"

    @property
    def audit(self) -> Path:
        return self.path / "audit.jsonl"

    @property
    def audit_lock(self) -> Path:
        """Held for moments by whoever adds a line or removes those over a year old."""
        return self.path / ".audit.lock"

    @property
    def approvals(self) -> Path:
        """Made with the first proposal."""
        return self.path / "approvals"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def pass_keys(self) -> Path:
        return self.path / "pass-keys"

    @property
    def perishable(self) -> Path:
        return self.path / "no-backup"

    @property
    def reference_key(self) -> Path:
        return self.perishable / "reference.key"

    @property
    def tracing_seeds(self) -> Path:
        """Made with the first seed."""
        return self.perishable / "tracing-seeds"

    @property
    def making_lock(self) -> Path:
        """Held for moments by whoever makes keys, publishes or purges."""
        return self.path / ".making.lock"

    @property
    def worker_lock(self) -> Path:
        """Held for life by the one serving process that does the background work."""
        return self.path / ".worker.lock"

    def make(self) -> None:
        """Make the folders, each readable by its owner only."""
        for path in (self.path, self.keys, self.pass_keys):
            make_private_directory(path)
        make_private_directory(self.perishable, in_backups=False)

    def check(self) -> None:
        """Raise CommandError unless the folder is ours, complete and private."""
        if not self.config.exists():
            raise CommandError(f"there is no issuer in {self.path}; run: qupia-issuer init")
        check_private_tree(self.path)


@dataclass(frozen=True)
class Config:
    """What ``init`` fixed for good; what roots can change is in their statements."""

    url: str
    token_issuer: str
    hint: HintForm
    specimen: bool
    batch_size: int = BATCH_SIZE

    @classmethod
    def load(cls, home: Home) -> Self:
        """Raises CommandError for a damaged file or another layout version."""
        return cls.parse(read_private(home.config))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """:meth:`load` from the content of the file."""
        try:
            members = parse_json_object(data)
            version = members.pop("format")
            if version == FORMAT:
                config: Self = decode(cls, members)
                return config
        except (ValueError, KeyError):
            raise CommandError("issuer.json is damaged; restore it from a backup") from None
        raise CommandError(
            f"the home has layout {version}, this program knows {FORMAT}; "
            "use the program that made it, or a later one"
        )

    def create(self, home: Home) -> None:
        """Raises FileExistsError when the home has a configuration already."""
        create_private(home.config, self._encode())

    def _encode(self) -> bytes:
        return json.dumps({"format": FORMAT, **encode(self)}, indent=2).encode()
