"""Objections decided without any server: in time, by whom, and what follows for the entry."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain import Entry
from services.assessment.entries.domain import State as EntryState
from services.assessment.objections.commands import DecideObjection, Kind, RaisedBy
from services.assessment.objections.domain import (
    UPHELD,
    Correction,
    Disqualified,
    Held,
    NotPublic,
    NotTheirs,
    Objection,
    OutOfScope,
    Review,
    SignedTwice,
    State,
    TooLate,
    WrongKind,
    WrongParty,
    WrongState,
    corrected,
    disqualified,
    held,
    last_day,
    must_be_within,
    must_name,
    raised,
    settled,
    unit_may,
)
from services.assessment.scores.domain import sealed_by
from shared.errors import Fault
from shared.events.assessment import (
    ObjectionAccepted,
    ObjectionDecided,
    ObjectionOverdue,
    ObjectionRaised,
    ObjectionRefused,
)
from tests.assessment.objecting import (
    LIMITS,
    OPENED,
    RAISED_AT,
    SIXTY_ONE,
    examined,
    notice_of,
    objection,
    on_notice,
    papers,
    review,
)

SCOPE = ("arithmetic", "omission")
BY = "subject-1"
PASSING = {"operating_rules": 20, "safe_production": 16, "problem_solving": 11, "task_completion": 24, "conduct": 9}


def correction(asked: Any) -> Correction:
    of = Review.model_validate(asked, from_attributes=True)
    return partial(corrected, batch=on_notice(), papers=papers(), review=of, reason=asked.reason, at=RAISED_AT)


def accepted(kind: Kind = Kind.SCORE, about: Entry | None = None) -> Objection:
    return objection(kind, about).accepted(LIMITS, BY, RAISED_AT)[0]


# -- raising -------------------------------------------------------------------------------------------


def test_raising_says_until_when_it_is_accepted_and_nothing_of_the_person_or_the_text() -> None:
    by = (RaisedBy.CANDIDATE, BY)
    made, [said] = raised("objection-1", examined(), on_notice(), Kind.SCORE, "漏计三分。", by, LIMITS, RAISED_AT)
    assert isinstance(said, ObjectionRaised)
    assert (made.state, made.is_open, made.due and made.due.last_day) == (State.RAISED, True, date(2019, 10, 18))
    assert (said.raised_by, said.accept_by, said.entry) == ("candidate", date(2019, 10, 18), made.entry)
    assert "漏计" not in said.model_dump_json()


@pytest.mark.parametrize(
    ("kind", "last", "rule"),
    [
        (Kind.SCORE, date(2019, 10, 28), "review.apply_wd"),
        (Kind.CONDUCT, date(2019, 10, 21), "notice.result_wd"),
        (Kind.ELIGIBILITY, date(2019, 10, 21), "notice.result_wd"),
        (Kind.OTHER, date(2019, 10, 21), "notice.result_wd"),
    ],
)
def test_each_kind_can_be_raised_until_the_end_of_its_last_day_in_shanghai(kind: Kind, last: date, rule: str) -> None:
    day, ends_at, named = last_day(kind, on_notice(), LIMITS)
    assert (day, named) == (last, rule)
    assert ends_at == datetime(last.year, last.month, last.day, 16, tzinfo=UTC)
    assert objection(kind, now=ends_at - timedelta(microseconds=1)).state is State.RAISED
    with pytest.raises(TooLate, match=str(last)) as late:
        objection(kind, now=ends_at)
    assert late.value.rule == rule


@pytest.mark.parametrize("state", [BatchState.MARKING, BatchState.SCORED, BatchState.CANCELLED, BatchState.ARCHIVED])
def test_what_is_not_public_cannot_be_objected_to(state: BatchState) -> None:
    by = (RaisedBy.UNIT, BY)
    with pytest.raises(NotPublic, match=state.value):
        raised("objection-1", examined(), on_notice(state=state), Kind.SCORE, "?", by, LIMITS, RAISED_AT)


@pytest.mark.parametrize("state", [EntryState.INELIGIBLE, EntryState.WITHDRAWN, EntryState.ENROLLED])
def test_an_entry_without_a_result_cannot_be_objected_to(state: EntryState) -> None:
    with pytest.raises(NotPublic, match=state.value):
        objection(about=examined(state=state))


@pytest.mark.parametrize("own", [RaisedBy.UNIT, RaisedBy.AUTHORITY])
def test_nobody_raises_one_in_the_name_of_another_office(own: RaisedBy) -> None:
    for party in (own, RaisedBy.CANDIDATE, RaisedBy.PUBLIC):
        must_name(own, party)
    (other,) = {RaisedBy.UNIT, RaisedBy.AUTHORITY} - {own}
    with pytest.raises(WrongParty, match=own):
        must_name(own, other)


# -- its steps -----------------------------------------------------------------------------------------


def test_the_days_to_decide_count_from_the_day_it_is_accepted() -> None:
    made, [said] = objection().accepted(LIMITS, BY, RAISED_AT + timedelta(days=1))
    assert isinstance(said, ObjectionAccepted)
    assert made.due
    assert (made.due.last_day, said.decide_by) == (date(2019, 10, 30), date(2019, 10, 30))


def test_a_refused_one_keeps_its_reason_and_ends() -> None:
    made, _ = objection().refused("与本批次无关。", BY, RAISED_AT)
    assert (made.state, made.reason, made.is_open, made.due) == (State.REFUSED, "与本批次无关。", False, None)


def test_nothing_is_done_twice_and_nothing_out_of_turn() -> None:
    upheld = DecideObjection(outcome="upheld", reason="代考。")
    refused = objection(Kind.CONDUCT).refused("无关。", BY, RAISED_AT)[0]
    wrongs: tuple[Callable[[], object], ...] = (
        lambda: accepted().accepted(LIMITS, BY, RAISED_AT),
        lambda: accepted().refused("晚了。", BY, RAISED_AT),
        lambda: objection(Kind.CONDUCT).decided(upheld, examined(), BY, RAISED_AT),
        lambda: objection().reviewed(review(), examined(), correction(review()), BY, RAISED_AT),
        lambda: refused.accepted(LIMITS, BY, RAISED_AT),
        lambda: refused.decided(upheld, examined(), BY, RAISED_AT),
    )
    for wrong in wrongs:
        with pytest.raises(WrongState):
            wrong()


def test_points_are_reviewed_and_everything_else_is_decided() -> None:
    with pytest.raises(WrongKind, match="review"):
        accepted().decided(DecideObjection(outcome="upheld", reason="代考。"), examined(), BY, RAISED_AT)
    with pytest.raises(WrongKind, match="decide"):
        accepted(Kind.CONDUCT).reviewed(review(), examined(), correction(review()), BY, RAISED_AT)


def test_a_unit_refuses_and_reviews_only_what_is_about_points() -> None:
    unit_may(objection())
    with pytest.raises(NotTheirs):
        unit_may(objection(Kind.CONDUCT))


@pytest.mark.parametrize(
    ("changes", "fault", "field", "rule"),
    [
        ({"ground": "leniency"}, OutOfScope, "/ground", "review.scope"),
        ({"checker": " 复核人 丙 "}, SignedTwice, "/checker", None),
        ({"scorer": "card-1", "checker": "ＣＡＲＤ－１"}, SignedTwice, "/checker", None),
    ],
)
def test_a_review_has_a_ground_of_the_rule_and_two_signatures(
    changes: dict[str, Any], fault: type[Fault], field: str, rule: str | None
) -> None:
    with pytest.raises(fault) as refused:
        must_be_within(review(**changes), SCOPE)
    assert (refused.value.field, refused.value.rule) == (field, rule)
    must_be_within(review(ground="arithmetic"), SCOPE)


def test_what_waits_to_be_filed_again_was_not_said() -> None:
    waiting = examined(PASSING, filings=1, chunk=0)
    lower = review(changes=[{"part": "theory", "assessor": "", "points": {"points": 59}}])
    _, [said] = accepted().reviewed(lower, waiting, correction(lower), BY, RAISED_AT)
    assert isinstance(said, ObjectionDecided)
    assert (said.certified, said.after) == (False, "failed"), "else it would be said although it failed"


# -- overdue -------------------------------------------------------------------------------------------


def test_what_is_done_too_late_is_said_even_if_no_clock_looked_in_between() -> None:
    made = objection()
    assert made.due
    late, events = made.accepted(LIMITS, BY, made.due.ends_at)
    assert [type(row) for row in events] == [ObjectionOverdue, ObjectionAccepted]
    assert late.late == ("acceptance",)
    assert late.due
    decided, events = late.reviewed(review(), examined(), correction(review()), BY, late.due.ends_at)
    assert [type(row) for row in events] == [ObjectionOverdue, ObjectionDecided]
    assert (decided.late, decided.overdue, decided.due) == (("acceptance", "decision"), False, None)
    refused, events = made.refused("无关。", BY, made.due.ends_at)
    assert (refused.late, [type(row) for row in events]) == (("acceptance",), [ObjectionOverdue, ObjectionRefused])


def test_a_deadline_that_is_over_is_said_once_for_each_step() -> None:
    made = objection()
    assert made.due
    assert made.looked_at(made.due.ends_at - timedelta(microseconds=1)) == (made, [])
    late, [said] = made.looked_at(made.due.ends_at)
    assert isinstance(said, ObjectionOverdue)
    assert (said.step, said.due, late.overdue) == ("acceptance", date(2019, 10, 18), True)
    assert late.looked_at(made.due.ends_at + timedelta(days=9)) == (late, [])
    taken, _ = late.accepted(LIMITS, BY, made.due.ends_at)
    assert taken.due
    assert not taken.overdue
    again, [said] = taken.looked_at(taken.due.ends_at)
    assert isinstance(said, ObjectionOverdue)
    assert (said.step, again.late) == ("decision", ("acceptance", "decision"))


def test_a_provisional_deadline_is_counted_again_before_it_is_called_over() -> None:
    made = objection()
    assert made.due
    # as it was counted before the holidays of 2019 were announced: Monday to Friday, over the National Day week
    due = made.due.model_copy(
        update={
            "since": date(2019, 9, 30),
            "last_day": date(2019, 10, 3),
            "ends_at": datetime(2019, 10, 3, 16, tzinfo=UTC),
            "provisional": True,
        }
    )
    counted, said = made.having(due=due).looked_at(datetime(2019, 10, 4, tzinfo=UTC))
    assert said == []
    assert counted.due
    assert (counted.due.last_day, counted.due.provisional, counted.overdue) == (date(2019, 10, 10), False, False)


# -- what follows for the entry ------------------------------------------------------------------------


def test_fifty_eight_becomes_sixty_one_by_a_new_version_of_each_sheet_with_two_signatures() -> None:
    before = held(examined(), "objection-1")[0]
    assert (before.state, before.points("practical")) == (EntryState.FAILED, 58)
    made, [said] = accepted().reviewed(review(), before, correction(review()), BY, RAISED_AT)
    assert isinstance(said, ObjectionDecided)
    assert (said.outcome, said.certified, said.before, said.after, said.passes) == (
        *("changed", False),
        *("failed", "passed", True),
    )
    assert said.scores == {"theory": 78.5, "practical": 61}
    after, _ = settled(before, made.id, made.verdict, correction(review()))
    assert (after.state, after.points("practical"), after.objection) == (EntryState.PASSED, 61, "")
    assert after.sheets[: len(before.sheets)] == before.sheets
    new = after.sheets[len(before.sheets) :]
    assert [(row.version, row.points, row.scorer, row.checker) for row in new] == [(2, 61, "复核人丙", "复核人丁")] * 3
    assert all(row.reason and row.amends and row.digest == sealed_by(row) for row in new)
    assert {row.replaces for row in new} == {row.digest for row in before.sheets if row.part == "practical"}


def test_a_review_without_changes_leaves_the_result_as_it_was() -> None:
    before = held(examined(), "objection-1")[0]
    asked = review(changes=())
    made, [said] = accepted().reviewed(asked, before, correction(asked), BY, RAISED_AT)
    assert isinstance(said, ObjectionDecided)
    assert (made.state, said.before, said.after, said.passes) == (State.REJECTED, "failed", "failed", False)
    after, _ = settled(before, made.id, made.verdict, lambda entry: entry)
    assert after == before.having(objection="")


def test_an_upheld_one_disqualifies_and_keeps_the_sheets() -> None:
    about = examined(PASSING)
    before = held(about, "objection-1")[0]
    decision = DecideObjection(outcome="upheld", reason="经查为代考。")
    made, [said] = accepted(Kind.CONDUCT, about).decided(decision, before, BY, RAISED_AT)
    assert isinstance(said, ObjectionDecided)
    assert (said.outcome, said.before, said.after, said.passes) == ("upheld", "passed", "failed", False)
    after, _ = settled(before, made.id, made.verdict, partial(disqualified, reason=made.reason))
    assert (after.state, after.reason, after.detail) == (EntryState.FAILED, UPHELD, "经查为代考。")
    assert {score.state for score in after.scores} == {"void"}
    assert after.sheets == before.sheets


def test_who_was_disqualified_is_not_brought_back_by_a_review_of_points() -> None:
    out = disqualified(examined(PASSING), "经查为代考。")
    with pytest.raises(Disqualified):
        objection(about=out)
    with pytest.raises(Disqualified):  # raised before the disqualification was followed
        accepted().reviewed(review(), out, correction(review()), BY, RAISED_AT)
    stands = review(changes=())
    made, _ = accepted().reviewed(stands, out, correction(stands), BY, RAISED_AT)
    assert (made.state, made.verdict and made.verdict.passes) == (State.REJECTED, False)


@pytest.mark.parametrize("said_before", [{"state": EntryState.CERTIFIED}, {"filings": 1, "chunk": 1}])
def test_a_result_that_was_said_before_is_not_edited_but_found_wrong(said_before: dict[str, Any]) -> None:
    before = held(examined(PASSING, **said_before), "objection-1")[0]
    lower = review(changes=[{"part": "theory", "assessor": "", "points": {"points": 59}}])
    made, [said] = accepted().reviewed(lower, before, correction(lower), BY, RAISED_AT)
    assert isinstance(said, ObjectionDecided)
    assert (said.certified, said.passes, said.scores["theory"]) == (True, False, 59)
    assert said.before == said.after == before.state
    after, _ = settled(before, made.id, made.verdict, correction(lower))
    assert after == before.having(objection="")


def test_what_the_registry_rejected_stays_rejected_with_the_right_points() -> None:
    before = held(examined(PASSING, state=EntryState.REJECTED, filings=1, reason="duplicate"), "objection-1")[0]
    higher = review(changes=[{"part": "theory", "points": {"points": 90}}])
    made, _ = accepted().reviewed(higher, before, correction(higher), BY, RAISED_AT)
    after, _ = settled(before, made.id, made.verdict, correction(higher))
    assert (after.state, after.points("theory"), after.reason) == (EntryState.REJECTED, 90, "duplicate")


def test_settling_again_or_for_another_objection_changes_nothing() -> None:
    before = held(examined(), "objection-1")[0]
    made, _ = accepted().reviewed(review(), before, correction(review()), BY, RAISED_AT)
    after, _ = settled(before, made.id, made.verdict, correction(review()))
    assert settled(after, made.id, made.verdict, correction(review())) == (after, [])
    other = held(after, "objection-2")[0]
    assert settled(other, made.id, made.verdict, correction(review())) == (other, [])
    assert held(other, "objection-2") == (other, [])
    with pytest.raises(Held):
        held(other, "objection-3")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"part": "review", "points": {"points": 61}}, "/changes/0/part"),
        ({"part": "practical", "assessor": "card-8", "points": SIXTY_ONE}, "/changes/0/assessor"),
        ({"part": "practical", "assessor": "card-1", "points": {"kindness": 3}}, "/changes/0/points"),
        (
            {"part": "practical", "assessor": "card-1", "points": {"problem_solving": 15.5}},
            "/changes/0/points/problem_solving",
        ),
    ],
)
def test_a_change_fits_a_sheet_that_stands(change: dict[str, Any], field: str) -> None:
    asked = review(changes=[change])
    with pytest.raises(Fault) as refused:
        accepted().reviewed(asked, examined(), correction(asked), BY, RAISED_AT)
    assert refused.value.field == field


def test_a_review_that_changes_a_sheet_changes_points_of_it() -> None:
    asked = review(changes=[{"part": "theory", "points": {"points": 78.5}}])
    with pytest.raises(Fault) as refused:
        accepted().reviewed(asked, examined(), correction(asked), BY, RAISED_AT)
    assert (refused.value.field, refused.value.rule) == ("/changes/0/points", "nothing-changed")


def test_the_period_of_these_tests_is_five_working_days() -> None:
    notice = notice_of(on_notice())
    assert (notice.opens_on, notice.closes_on) == (OPENED, date(2019, 10, 21))
