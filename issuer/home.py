"""The issuer's folder: what lies where, and what was fixed when it was made.

::

    issuer.json            what init fixed; clients pin it
    policy.toml            rules that the authority edits
    ROOT.pem               only until it is taken offline
    delegations.txt        the root statements, oldest first
    bundle.jws             the trust bundle now in force
    retention.jws          the public statement of the day
    notices.jws            the list of hours to warn of, as everyone fetches it
    retired.json           ids of keys withdrawn before their time, with the end of their window
    log.jsonl              one line a day: what the retention module did
    audit.jsonl            what staff did, each line bound to the one before
    staff.db               staff accounts and their sessions
    approvals/             what waits for a second officer, for 7 days
    keys/                  signer, entitlement, statement, notices and paper keys, and signers no
                           root has named yet
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

from schemas.activation import Activation, format_activation_url
from schemas.codec import decode, encode
from schemas.hints import HintForm
from schemas.jws import parse_json_object
from shell.errors import CommandError
from shell.files import (
    check_private_tree,
    create_private,
    make_private_directory,
    read_private,
    write_private,
)

FORMAT = 1
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
        return self.path / "ROOT.pem"

    @property
    def delegations(self) -> Path:
        return self.path / "delegations.txt"

    @property
    def bundle(self) -> Path:
        return self.path / "bundle.jws"

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
    def log(self) -> Path:
        return self.path / "log.jsonl"

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
    """What ``init`` fixed. ``sunset`` is Unix seconds and may only be moved earlier."""

    url: str
    token_issuer: str
    root: str
    hint: HintForm
    sunset: int
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

    def activation_url(self, code: str) -> str:
        """The link of a slip with this code."""
        return format_activation_url(Activation(self.url, code, self.root))

    @property
    def setup_code(self) -> str:
        """What a venue's page scans to be set up: ``QS1:``, URL, ``#``, thumbprint of the root."""
        return f"QS1:{self.url}#{self.root}"

    def create(self, home: Home) -> None:
        """Raises FileExistsError when the home has a configuration already."""
        create_private(home.config, self._encode())

    def save(self, home: Home) -> None:
        write_private(home.config, self._encode())

    def _encode(self) -> bytes:
        return json.dumps({"format": FORMAT, **encode(self)}, indent=2).encode()
