from schemas.kinds import DAY, HELD_ELSEWHERE, HOUR, STORED_KINDS, Kind


def test_every_kind_is_in_the_table_and_dies() -> None:
    assert set(STORED_KINDS) == set(Kind)
    for kind, entry in STORED_KINDS.items():
        assert entry.kind is kind
        assert 0 < entry.period <= entry.longest <= 367 * DAY
        assert entry.rounding > 0
        assert entry.content
        assert entry.dies


def test_codes_live_for_72_hours_and_withdrawals_for_the_longest_evidence() -> None:
    assert STORED_KINDS[Kind.CODE].longest == 72 * HOUR
    assert STORED_KINDS[Kind.WITHDRAWAL].period == 14 * DAY
    assert STORED_KINDS[Kind.WITHDRAWAL].longest == 366 * DAY


def test_what_is_held_elsewhere_names_holder_and_end() -> None:
    assert {entry.holder for entry in HELD_ELSEWHERE} == {"issuer", "wallet", "verifier"}
    assert all(entry.name and entry.content and entry.dies for entry in HELD_ELSEWHERE)
