"""A bundle is carried with its proof, and its entry is that of its JWS alone."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64_decode
from schemas.log.entries import bundle_entry, join_carried, split_carried, statement_entry
from schemas.log.faults import LogRejected
from tests.support.vectors import log_cases


@pytest.mark.parametrize("case", log_cases("carried"), ids=lambda case: str(case["name"]))
def test_what_is_carried_is_split_as_the_vector_says(case: dict[str, Any]) -> None:
    data = b64_decode(case["data"])
    if case["reason"]:
        with pytest.raises(LogRejected, match=case["reason"]):
            split_carried(data)
        return
    jws, proof = split_carried(data)
    assert (jws.decode(), proof) == (case["jws"], case["proof"])
    assert bundle_entry(jws) == b64_decode(case["entry"])


@given(st.text("abc._-", min_size=1), st.text("abc \n—", max_size=50))
def test_a_bundle_goes_there_and_back(jws: str, proof: str) -> None:
    proof = f"first{proof}last\n"
    assert split_carried(join_carried(jws.encode(), proof)) == (jws.encode(), proof)


def test_a_statement_is_no_bundle() -> None:
    assert statement_entry(b"{}") == sha256(b"qupia-root-v1{}").digest()
    assert statement_entry(b"{}") != bundle_entry(b"{}")
