"""``make demo`` tells its story to the end, and every outcome in it is as it must be."""

from tests.support.processes import run_real

VERDICTS = ["admit", "already_shown", "bad_signature", "unknown_key", "expired"]


def test_the_demo_ends_well_within_a_minute() -> None:
    outcome = run_real("qupia-wallet", "demo", "--json")
    assert outcome.status == 0, outcome
    told = outcome.members
    assert told["failure"] is None
    assert told["seconds"] < 60
    outcomes = [check["outcome"] for check in told["checks"]]
    # A day can end while it runs; then the old screenshot is yesterday's.
    assert [verdict for verdict in outcomes if verdict in VERDICTS] in (
        VERDICTS,
        ["admit", "expired", *VERDICTS[1:]],
    )
    assert [check["what"] for check in told["checks"] if check["outcome"] == "stale"] in (
        ["a screenshot, two minutes old"],
        [],
    )
    searches = {check["what"]: check["outcome"] for check in told["checks"]}
    assert searches["her data in the issuer's files"] == "[]"
    assert searches["keys of those days in any file"] == "[]"
    assert searches["records left"] == "0"
