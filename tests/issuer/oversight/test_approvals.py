"""Two different officers agree to the same bytes, or nothing happens."""

import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from issuer.home import Home
from issuer.oversight.approvals import (
    LARGEST,
    ApprovalFault,
    ApprovalKind,
    ApprovalRefused,
    agreeing,
    overdue_approvals,
    pending,
    propose,
    reject,
    sweep_approvals,
)
from issuer.oversight.audit import Audit
from issuer.staff import Account, Role, Staff
from schemas.kinds import DAY
from tests.support.world import NOON

KIND = ApprovalKind.ROOT_STATEMENT
FIRST = Account(1, "First", Role.OFFICER, 0)
SECOND = Account(2, "Second", Role.OFFICER, 0)
VALUE = b"a statement\n"
DIGEST = sha256(VALUE).hexdigest()
LATER = NOON + 7 * DAY


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """It has the accounts of both officers."""
    home = Home(tmp_path)
    staff = Staff(home.staff)
    staff.create()
    for officer in (FIRST, SECOND):
        staff.add(officer.name, officer.role, NOON)
    return home


@pytest.fixture
def proposed(home: Home) -> Home:
    """A home in which the first officer proposed the value."""
    propose(home, KIND, VALUE, FIRST, NOON)
    return home


def fault(call: Callable[[], object]) -> ApprovalFault:
    with pytest.raises(ApprovalRefused) as caught:
        call()
    return caught.value.fault


def agree(home: Home, kind: ApprovalKind, digest: str, account: Account, now: int) -> bytes:
    """Nothing else has to be done with the value."""
    with agreeing(home, kind, digest, account, now) as value:
        return value


def actions(home: Home) -> list[tuple[str, int]]:
    return [(line.action, line.account) for line in reversed(Audit.of(home).recent(99))]


def file_of(home: Home) -> Path:
    [path] = home.approvals.glob("*.json")
    return path


def test_a_second_officer_agrees_and_the_value_is_taken_once(proposed: Home) -> None:
    [waiting] = pending(proposed, KIND, NOON)
    assert (waiting.digest, waiting.value, waiting.proposer) == (DIGEST, VALUE, 1)
    assert waiting.expires_at == LATER
    assert agree(proposed, KIND, DIGEST, SECOND, NOON) == VALUE
    assert pending(proposed, KIND, NOON) == []
    again = fault(lambda: agree(proposed, KIND, DIGEST, SECOND, NOON))
    assert again is ApprovalFault.UNKNOWN


def test_a_value_that_cannot_be_put_in_force_waits_on(proposed: Home) -> None:
    with (
        pytest.raises(OSError, match="No space"),
        agreeing(proposed, KIND, DIGEST, SECOND, NOON),
    ):
        raise OSError(28, "No space left on device")
    assert len(pending(proposed, KIND, NOON)) == 1
    assert agree(proposed, KIND, DIGEST, SECOND, NOON) == VALUE
    assert pending(proposed, KIND, NOON) == []


def test_a_proposal_is_gone_only_when_its_value_is_in_force(proposed: Home) -> None:
    with agreeing(proposed, KIND, DIGEST, SECOND, NOON):
        assert file_of(proposed).exists()
    assert pending(proposed, KIND, NOON) == []


def test_each_step_is_a_line_of_the_audit(proposed: Home) -> None:
    agree(proposed, KIND, DIGEST, SECOND, NOON)
    propose(proposed, KIND, VALUE, SECOND, NOON)
    reject(proposed, KIND, DIGEST, FIRST, NOON)
    assert actions(proposed) == [("propose", 1), ("agree", 2), ("propose", 2), ("reject", 1)]


def test_one_officer_does_not_agree_alone(proposed: Home) -> None:
    refused = fault(lambda: agree(proposed, KIND, DIGEST, FIRST, NOON))
    assert refused is ApprovalFault.SAME_OFFICER
    assert len(pending(proposed, KIND, NOON)) == 1
    assert actions(proposed) == [("propose", 1)]


def test_an_officer_who_is_gone_is_none_of_the_two(proposed: Home) -> None:
    staff = Staff(proposed.staff)
    staff.remove(FIRST.name)
    # The same person comes back under another number.
    staff.add(FIRST.name, FIRST.role, NOON)
    refused = fault(lambda: agree(proposed, KIND, DIGEST, SECOND, NOON))
    assert refused is ApprovalFault.PROPOSER_GONE
    assert len(pending(proposed, KIND, NOON)) == 1
    reject(proposed, KIND, DIGEST, SECOND, NOON)
    assert pending(proposed, KIND, NOON) == []
    assert actions(proposed) == [("propose", 1), ("reject", 2)]


def test_another_role_than_officer_is_none_of_the_two(home: Home) -> None:
    Staff(home.staff).add("Third", Role.AUDITOR, NOON)
    propose(home, KIND, VALUE, Account(3, "Third", Role.OFFICER, 0), NOON)
    refused = fault(lambda: agree(home, KIND, DIGEST, SECOND, NOON))
    assert refused is ApprovalFault.PROPOSER_GONE


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.AUDITOR])
def test_only_officers_take_part(proposed: Home, role: Role) -> None:
    other = Account(3, "Third", role, 0)
    for call in (
        lambda: propose(proposed, KIND, b"other", other, NOON),
        lambda: agree(proposed, KIND, DIGEST, other, NOON),
        lambda: reject(proposed, KIND, DIGEST, other, NOON),
    ):
        assert fault(call) is ApprovalFault.NOT_OFFICER


@pytest.mark.parametrize("digest", ["", "0" * 64, "../" + DIGEST, "*", DIGEST.upper(), "a\0b"])
def test_another_digest_is_unknown(proposed: Home, digest: str) -> None:
    for call in (agree, reject):
        refused = fault(lambda call=call: call(proposed, KIND, digest, SECOND, NOON))
        assert refused is ApprovalFault.UNKNOWN


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b'["x","",1,1]', b"null"])
def test_a_damaged_proposal_is_nothing_to_agree_to(proposed: Home, content: bytes) -> None:
    file_of(proposed).write_bytes(content)
    refused = fault(lambda: agree(proposed, KIND, DIGEST, SECOND, NOON))
    assert refused is ApprovalFault.CHANGED
    assert pending(proposed, KIND, NOON) == []
    assert sweep_approvals(proposed, NOON) == 1


def test_a_value_changed_under_its_digest_is_not_agreed_to(proposed: Home) -> None:
    path = file_of(proposed)
    kind, _, proposer, expires_at = json.loads(path.read_bytes())
    path.write_text(json.dumps([kind, "b3RoZXI", proposer, expires_at]))
    refused = fault(lambda: agree(proposed, KIND, DIGEST, SECOND, NOON))
    assert refused is ApprovalFault.CHANGED


def test_a_proposal_is_over_after_seven_days(proposed: Home) -> None:
    assert fault(lambda: agree(proposed, KIND, DIGEST, SECOND, LATER)) is ApprovalFault.EXPIRED
    assert pending(proposed, KIND, LATER) == []
    assert sweep_approvals(proposed, LATER - 1) == 0
    assert sweep_approvals(proposed, LATER) == 1
    assert list(proposed.approvals.glob("*.json")) == []


def test_a_proposal_can_be_rejected_by_whoever_made_it(proposed: Home) -> None:
    reject(proposed, KIND, DIGEST, FIRST, NOON)
    assert fault(lambda: agree(proposed, KIND, DIGEST, SECOND, NOON)) is ApprovalFault.UNKNOWN


def test_the_same_value_waits_once(proposed: Home) -> None:
    refused = fault(lambda: propose(proposed, KIND, VALUE, SECOND, NOON))
    assert refused is ApprovalFault.PENDING_ALREADY
    assert pending(proposed, KIND, NOON)[0].proposer == 1


def test_at_most_five_wait_and_those_that_are_over_make_room(proposed: Home) -> None:
    for number in range(4):
        propose(proposed, KIND, bytes([number]), FIRST, NOON)
    refused = fault(lambda: propose(proposed, KIND, b"more", FIRST, NOON))
    assert refused is ApprovalFault.TOO_MANY
    propose(proposed, KIND, b"more", FIRST, LATER)
    assert len(pending(proposed, KIND, LATER)) == 1


def test_a_value_has_a_largest_size(home: Home) -> None:
    propose(home, KIND, b"x" * LARGEST, FIRST, NOON)
    refused = fault(lambda: propose(home, KIND, b"x" * (LARGEST + 1), FIRST, NOON))
    assert refused is ApprovalFault.TOO_LARGE


def test_what_waits_is_its_owners(proposed: Home) -> None:
    assert stat.S_IMODE(file_of(proposed).stat().st_mode) == 0o600
    assert stat.S_IMODE(proposed.approvals.stat().st_mode) == 0o700


def test_at_the_end_everything_that_waits_goes(proposed: Home) -> None:
    assert sweep_approvals(proposed, NOON, everyone=True) == 1
    assert pending(proposed, KIND, NOON) == []


def test_a_home_without_proposals_has_no_folder_for_them(home: Home) -> None:
    assert pending(home, KIND, NOON) == []
    assert sweep_approvals(home, NOON) == 0
    assert not home.approvals.exists()


def test_of_several_who_agree_at_once_one_takes_the_value(proposed: Home) -> None:
    def take(number: int) -> bytes | None:
        try:
            account = Account(number, f"{number}", Role.OFFICER, 0)
            return agree(proposed, KIND, DIGEST, account, NOON)
        except ApprovalRefused:
            return None

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(2, 10)))
    assert [value for value in taken if value is not None] == [VALUE]
    assert [action for action, _ in actions(proposed)] == ["propose", "agree"]


def test_a_proposal_that_outlives_its_days_is_found(proposed: Home) -> None:
    assert overdue_approvals(proposed, LATER - 1) == 0
    assert overdue_approvals(proposed, LATER) == 1
    assert sweep_approvals(proposed, LATER) == 1
    assert overdue_approvals(proposed, LATER) == 0


def test_whoever_can_write_to_the_home_brings_and_rejects_and_never_agrees(home: Home) -> None:
    for officer in (FIRST, SECOND):
        waiting = propose(home, ApprovalKind.NOTICE, VALUE, None, NOON)
        assert waiting.proposer == 0
        assert agree(home, ApprovalKind.NOTICE, waiting.digest, officer, NOON) == VALUE
    propose(home, ApprovalKind.NOTICE, VALUE, FIRST, NOON)
    reject(home, ApprovalKind.NOTICE, DIGEST, None, NOON)
    assert pending(home, ApprovalKind.NOTICE, NOON) == []
    assert actions(home)[-2:] == [("propose", 1), ("reject", 0)]


def test_a_digest_is_agreed_to_as_what_it_was_proposed_for(proposed: Home) -> None:
    refused = fault(lambda: agree(proposed, ApprovalKind.NOTICE, DIGEST, SECOND, NOON))
    assert refused is ApprovalFault.UNKNOWN
    assert pending(proposed, ApprovalKind.NOTICE, NOON) == []


def test_many_notices_that_wait_hold_up_no_statement(home: Home) -> None:
    for number in range(20):
        propose(home, ApprovalKind.NOTICE, bytes([number]), None, NOON)
    refused = fault(lambda: propose(home, ApprovalKind.NOTICE, b"more", None, NOON))
    assert refused is ApprovalFault.TOO_MANY
    propose(home, KIND, VALUE, FIRST, NOON)
