"""The life of an evaluation: which step follows which, what each says, when filing is due."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from services.evaluation.evaluations.commands import Ground
from services.evaluation.evaluations.domain import (
    Decision,
    Evaluation,
    PublicNotice,
    Revocation,
    SelfCheck,
    State,
    new_evaluation,
)
from services.evaluation.evaluations.domain.evaluation import NoticeOpen, NotQualified, WrongState
from services.evaluation.indicators.domain import UnitIndicators
from shared.events.evaluation import PilotRevoked, UnitApplied, UnitFailed, UnitFiled, UnitPassed, UnitSelfChecked
from tests.evaluation.examples import FORM, FRIDAY, FULL, LINES, Scores, less

REVOCATION = Revocation(ground=Ground.DISHONESTY, reason="forged", revoked_by="center", revoked_on=FRIDAY)


def self_check(scores: Scores, *vetoes: str) -> SelfCheck:
    tally = FORM.tally(scores, vetoes, LINES)
    return SelfCheck(scores=scores, evidence={}, tally=tally, qualified=tally.passes, checked_on=FRIDAY)


def decision(scores: Scores, *vetoes: str) -> Decision:
    return Decision(
        scores=scores,
        tally=FORM.tally(scores, vetoes, LINES),
        reason="the panel's words",
        proposes_revocation=False,
        indicators=UnitIndicators(unit="unit-33-001", authority="33"),
        decided_by="center",
        decided_on=FRIDAY,
    )


def begun() -> Evaluation:
    return new_evaluation("unit-33-001", "33", "2019", FORM.id)


def notice() -> PublicNotice:
    return PublicNotice.counted(FRIDAY, 5, 1)


def at(state: State) -> Evaluation:
    """An evaluation that came to a state by its own steps."""
    checked, _ = begun().self_checked(self_check(FULL), FORM.id)
    applied, _ = checked.applied(FRIDAY)
    passed, _ = applied.decided(decision(FULL), notice())
    failed, _ = applied.decided(decision(less(3, *FULL)), notice())
    filed, _ = passed.filed(notice().ends_at)
    revoked, _ = filed.revoked(REVOCATION)
    return {row.state: row for row in (checked, applied, passed, failed, filed, revoked)}[state]


def test_a_unit_has_one_evaluation_in_each_cycle() -> None:
    assert begun().id == "evaluation-2019-unit-33-001"


def test_a_self_check_says_its_score_and_can_be_repeated() -> None:
    first, said = begun().self_checked(self_check(less(3, *FULL)), FORM.id)
    assert said == [UnitSelfChecked(evaluation=first.id, unit="unit-33-001", cycle="2019", score=31, qualified=False)]
    again, said = first.self_checked(self_check(FULL), FORM.id)
    assert again.self_check == self_check(FULL)
    assert isinstance(said[0], UnitSelfChecked)
    assert said[0].qualified


@pytest.mark.parametrize("check", [self_check(less(2, *FULL)), self_check(FULL, "V6")])
def test_only_a_qualified_self_check_may_apply(check: SelfCheck) -> None:
    checked, _ = begun().self_checked(check, FORM.id)
    with pytest.raises(NotQualified, match=r"points, 80 are needed|veto V6"):
        checked.applied(FRIDAY)


def test_a_qualified_unit_applies_once() -> None:
    applied, said = at(State.SELF_CHECKED).applied(FRIDAY)
    assert said == [UnitApplied(evaluation=applied.id, unit="unit-33-001", cycle="2019")]
    with pytest.raises(WrongState):
        applied.applied(FRIDAY)


def test_a_passed_unit_goes_on_public_notice_past_the_holiday() -> None:
    passed, said = at(State.APPLIED).decided(decision(FULL), notice())
    assert isinstance(said[0], UnitPassed)
    assert said[0].publicised_until == date(2019, 10, 10)
    assert passed.notice is not None
    assert passed.notice.ends_at == datetime(2019, 10, 10, 16, tzinfo=UTC)
    assert passed.notice.files_at == datetime(2019, 10, 11, 16, tzinfo=UTC)


def test_a_unit_between_the_lines_fails_and_is_told_that_it_may_rectify() -> None:
    failed, said = at(State.APPLIED).decided(decision(less(1, *FULL)), notice())
    assert failed.state is State.FAILED
    assert failed.notice is None
    assert isinstance(said[0], UnitFailed)
    assert said[0].reason == "77 points, 80 are needed; the unit may rectify. the panel's words"


def test_a_veto_fails_a_unit_with_full_points_for_good() -> None:
    _, said = at(State.APPLIED).decided(decision(FULL, "V2"), notice())
    assert isinstance(said[0], UnitFailed)
    assert (said[0].score, said[0].vetoes) == (100, ("V2",))
    assert "rectify" not in said[0].reason


def test_filing_before_the_notice_is_over_is_refused_with_its_end() -> None:
    passed = at(State.PASSED)
    with pytest.raises(NoticeOpen, match=r"2019-10-10; file it from 2019-10-10T16:00:00Z"):
        passed.filed(notice().ends_at - timedelta(microseconds=1))


def test_a_passed_unit_is_filed_from_the_end_of_its_notice() -> None:
    filed, said = at(State.PASSED).filed(notice().ends_at)
    assert (filed.state, filed.filed_on) == (State.FILED, date(2019, 10, 11))
    assert said == [UnitFiled(evaluation=filed.id, unit="unit-33-001", cycle="2019", score=100)]


def test_a_filing_that_is_due_happens_once_and_never_after_a_revocation() -> None:
    filed, said = at(State.PASSED).filed_when_due(notice().files_at)
    assert [type(event) for event in said] == [UnitFiled]
    assert filed.filed_when_due(notice().files_at) == (filed, [])
    revoked, _ = at(State.PASSED).revoked(REVOCATION)
    assert revoked.filed_when_due(notice().files_at) == (revoked, [])


def test_a_provisional_notice_is_counted_anew_before_it_is_held_over() -> None:
    real = notice()
    wrong = real.model_copy(
        update={"ends_at": real.ends_at - timedelta(days=6), "files_at": real.files_at - timedelta(days=6)}
    )
    provisional = at(State.PASSED).having(notice=wrong.model_copy(update={"provisional": True}))
    with pytest.raises(NoticeOpen):
        provisional.filed(wrong.files_at)
    waiting, said = provisional.filed_when_due(wrong.files_at)
    assert (waiting.state, waiting.notice, said) == (State.PASSED, real, [])


@pytest.mark.parametrize("state", [state for state in State if state is not State.REVOKED])
def test_pilot_status_can_be_revoked_from_any_state(state: State) -> None:
    revoked, said = at(state).revoked(REVOCATION)
    assert revoked.state is State.REVOKED
    assert said == [
        PilotRevoked(
            evaluation=revoked.id,
            unit="unit-33-001",
            cycle="2019",
            ground="dishonesty",
            reason="forged",
            revoked_on=FRIDAY,
        )
    ]


def test_a_unit_without_evaluation_can_lose_pilot_status_too() -> None:
    revoked, said = begun().revoked(REVOCATION)
    assert revoked.state is State.REVOKED
    assert isinstance(said[0], PilotRevoked)


def test_after_a_revocation_nothing_moves() -> None:
    revoked = at(State.REVOKED)
    steps: list[Callable[[], object]] = [
        lambda: revoked.self_checked(self_check(FULL), FORM.id),
        lambda: revoked.applied(FRIDAY),
        lambda: revoked.decided(decision(FULL), notice()),
        lambda: revoked.filed(notice().files_at),
        lambda: revoked.revoked(REVOCATION),
    ]
    for step in steps:
        with pytest.raises(WrongState):
            step()


@pytest.mark.parametrize("state", [State.SELF_CHECKED, State.PASSED, State.FAILED, State.FILED])
def test_only_a_unit_that_applied_is_decided_upon(state: State) -> None:
    with pytest.raises(WrongState):
        at(state).decided(decision(FULL), notice())
