"""The bundles of the last 14 days lie beside the log, each under its digest."""

from pathlib import Path

from issuer.log.bundles import KEPT, ended_bundles, keep_bundle, load_bundle, purge_bundles
from issuer.log.folder import LogFolder
from schemas.encoding import b64url_encode
from schemas.kinds import DAY
from schemas.log.entries import bundle_entry
from tests.support.world import NOON

JWS = b"eyJ.eyJ.c2ln"


def folder(path: Path) -> LogFolder:
    made = LogFolder(path / "log" / "1")
    made.make()
    return made


def test_a_bundle_is_found_by_the_digest_of_its_entry(tmp_path: Path) -> None:
    kept = folder(tmp_path)
    digest = keep_bundle(kept, JWS, NOON)
    assert digest == b64url_encode(bundle_entry(JWS))
    assert load_bundle(kept, digest) == JWS
    assert keep_bundle(kept, JWS, NOON + DAY) == digest
    assert len(list(kept.bundles.iterdir())) == 1


def test_a_bundle_goes_after_14_days_to_the_second(tmp_path: Path) -> None:
    kept = folder(tmp_path)
    digest = keep_bundle(kept, JWS, NOON)
    assert purge_bundles(kept, NOON + KEPT - 1) == 0
    assert len(ended_bundles(kept, NOON + KEPT)) == 1
    assert purge_bundles(kept, NOON + KEPT) == 1
    assert load_bundle(kept, digest) is None


def test_a_digest_is_no_pattern_and_no_path(tmp_path: Path) -> None:
    kept = folder(tmp_path)
    digest = keep_bundle(kept, JWS, NOON)
    for other in ("*", "", "?" * 43, f"../{digest}", digest[:-1], f"{digest}.jws", "[A-z]" * 43):
        assert load_bundle(kept, other) is None
