"""The vectors of the log come out the same when they are made again."""

import json

from tests.vectors.make_log import LOG, make


def test_the_stored_vectors_are_those_that_are_made() -> None:
    for kind, content in make().items():
        assert json.loads((LOG / f"{kind}.json").read_text(encoding="utf-8")) == content


def test_every_case_has_a_name_of_its_own_and_every_file_its_source() -> None:
    for path in LOG.glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        names = [case["name"] for case in content["cases"]]
        assert len(set(names)) == len(names) > 0, path.name
        assert content["source"], path.name
