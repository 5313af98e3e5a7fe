"""A chunk of results follows from its batch and entries alone; filing again and finding wrong keep what was."""

from datetime import timedelta
from typing import Any

import pytest

from services.assessment.batches.domain import Batch, State, Tally
from services.assessment.entries.domain import Certificate, Entry, FoundWrong, Score
from services.assessment.entries.domain import State as EntryState
from services.assessment.objections.domain import is_disqualified
from services.assessment.results.commands import FindWrong, RefileEntry
from services.assessment.results.domain import (
    NotCertified,
    NothingWrong,
    NotPassed,
    NotRejected,
    OneSignature,
    WrongPoints,
    chunk_of,
    found_wrong,
    refiled,
    reviewed_wrong,
    standing_points,
    supplemented,
)
from shared.errors import Fault
from shared.events.assessment import EntryFoundWrong, EntryRefiled, ObjectionDecided, ResultsFinalised
from tests.assessment.examples import ASSIGNED, BEGUN, CARDS, EXAM, NOW, PERIOD, closed, entry

SCORES = (Score(part="theory", points=80), Score(part="practical", points=75.5))
MENDED = RefileEntry(reason="编码已补录")
WRONG: dict[str, Any] = {
    "reason": "漏计",
    "basis": "复核",
    "scores": {"practical": 90},
    "scorer": "甲",
    "checker": "乙",
}


def passed(number: int = 1, **changes: Any) -> Entry:
    return entry(number).having(state=EntryState.PASSED, scores=SCORES, **changes)


def test_a_chunk_carries_what_the_registry_needs_to_file() -> None:
    of = closed(passed=3, chunk_rows=2)
    rows = [passed(number) for number in (1, 2)]
    chunk, [said] = chunk_of(of, 1, rows)
    assert isinstance(said, ResultsFinalised)
    assert (chunk.id, chunk.authority, chunk.unit, chunk.results) == ("batch-1.1", "33", of.unit, 2)
    assert dict(chunk.filings) == {rows[0].id: 1, rows[1].id: 1}
    assert (said.chunk, said.chunks, said.exam_on, said.closed_at) == (1, 2, EXAM, PERIOD.ends_at)
    assert [(row.entry, row.holder, row.theory, row.practical) for row in said.results] == [
        (row.id, "测*", 80, 75.5) for row in rows
    ]


def test_a_chunk_carries_where_the_batch_comes_from_and_who_examined() -> None:
    _, [said] = chunk_of(closed().having(assignment=ASSIGNED), 1, [passed()])
    assert isinstance(said, ResultsFinalised)
    assert (said.begun_on, said.plan, said.plan_edition) == (BEGUN, "plan-1", 1)
    assert (said.site, said.assessors, said.supervisor) == (closed().site, CARDS, "card-9")


def test_the_same_chunk_made_again_is_the_same() -> None:
    rows = [passed(number) for number in (1, 2)]
    assert chunk_of(closed(), 1, rows) == chunk_of(closed(), 1, rows)


def test_a_chunk_survives_its_way_over_the_bus() -> None:
    _, [said] = chunk_of(closed(), 1, [passed()])
    assert ResultsFinalised.model_validate_json(said.model_dump_json()) == said


def test_a_further_chunk_tells_how_many_were_counted_and_which_filing_it_is_of_each_entry() -> None:
    of = closed(passed=3, chunk_rows=2)
    chunk, [said] = chunk_of(of, 3, [passed(1), passed(2, filings=1)])
    assert isinstance(said, ResultsFinalised)
    assert (said.chunk, said.chunks) == (3, 2)
    assert sorted(chunk.filings.values()) == [1, 2]


def test_further_chunks_are_counted_once() -> None:
    of = closed(passed=3, chunk_rows=2)
    once, _ = supplemented(of, 3)
    assert once.supplements == 1
    assert supplemented(once, 3)[0] is once


def test_a_batch_is_certified_once_nobody_waits() -> None:
    of, _ = closed().finalised(NOW)
    assert of.certified(Tally(passed=1, certified=2), NOW)[0] is of
    done, [said] = of.certified(Tally(certified=2, rejected=1), NOW)
    assert (done.state, said.model_dump()["certified"]) == (State.CERTIFIED, 2)
    assert done.certified(Tally(certified=3), NOW) == (done, [])


def test_a_rejected_entry_waits_again_and_keeps_what_it_was_rejected_for() -> None:
    row = passed(filings=1, chunk=2).having(state=EntryState.REJECTED, reason="issuer-without-code", detail="enter one")
    again, [said] = refiled(row, MENDED, "unit@unit-33-001", NOW)
    assert (again.state, again.chunk, again.filings, again.reason) == (EntryState.PASSED, 0, 1, "")
    [kept] = again.rejections
    assert (kept.reason, kept.chunk, kept.mended, kept.actor) == (
        "issuer-without-code", 2, "编码已补录", "unit@unit-33-001",
    )  # fmt: skip
    assert isinstance(said, EntryRefiled)
    assert (said.filing, said.rejected_for) == (2, "issuer-without-code")


def test_a_refused_filing_counts_even_if_a_crash_left_it_unmarked() -> None:
    row = passed().having(state=EntryState.REJECTED, reason="x")
    again, _ = refiled(row, MENDED, "unit", NOW)
    assert (again.filings, again.chunk) == (1, 0), "else its first chunk, marked late, would count as the one to come"


@pytest.mark.parametrize("state", [state for state in EntryState if state is not EntryState.REJECTED])
def test_only_a_rejected_entry_is_filed_again(state: EntryState) -> None:
    with pytest.raises(NotRejected):
        refiled(passed().having(state=state), MENDED, "unit", NOW)


def test_what_does_not_pass_after_all_is_not_filed_again() -> None:
    note = FoundWrong(
        scores={"theory": 80, "practical": 41}, passes=False, reason="", basis="", scorer="", checker="",
        actor="", at=NOW,
    )  # fmt: skip
    with pytest.raises(NotPassed):
        refiled(passed(found_wrong=(note,)).having(state=EntryState.REJECTED), MENDED, "unit", NOW)


def test_what_is_filed_again_is_said_with_the_points_that_are_right() -> None:
    note = FoundWrong(
        scores={"theory": 80, "practical": 91},
        passes=True,
        reason="",
        basis="",
        scorer="",
        checker="",
        actor="",
        at=NOW,
    )
    _, [said] = chunk_of(closed(), 3, [passed(found_wrong=(note,))])
    assert isinstance(said, ResultsFinalised)
    assert said.results[0].practical == 91


def wrong(row: Entry, of: Batch | None = None, **changes: Any) -> tuple[Entry, Any]:
    asked = FindWrong.model_validate({**WRONG, **changes})
    found, events = found_wrong(row, of or closed(), asked, 0.5, "center", NOW)
    return found, events[0]


def test_a_result_found_wrong_is_noted_beside_what_was() -> None:
    row = passed().having(state=EntryState.CERTIFIED, number="1")
    found, said = wrong(row)
    assert found.scores == row.scores
    assert found.state is EntryState.CERTIFIED
    assert isinstance(said, EntryFoundWrong)
    assert (said.passes, said.theory, said.practical, said.number) == (True, 80, 90, "1")
    lower, said = wrong(found, scores={"theory": 59.5})
    assert (said.passes, said.theory, said.practical) == (False, 59.5, 90)
    assert standing_points(lower) == {"theory": 59.5, "practical": 90}
    assert len(lower.found_wrong) == 2


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"checker": " 甲 "}, OneSignature),
        ({"scorer": "card-1", "checker": "ＣＡＲＤ－ 1"}, OneSignature),
        ({"scores": {"practical": 75.5}}, NothingWrong),
        ({"scores": {"practical": 100.5}}, WrongPoints),
        ({"scores": {"practical": 80.3}}, WrongPoints),
        ({"scores": {"review": 80}}, WrongPoints),
    ],
)
def test_what_cannot_be_right_is_refused(changes: dict[str, Any], fault: type[Fault]) -> None:
    with pytest.raises(fault):
        wrong(passed().having(state=EntryState.CERTIFIED), **changes)


@pytest.mark.parametrize("state", [state for state in EntryState if state is not EntryState.CERTIFIED])
def test_only_a_final_result_is_found_wrong(state: EntryState) -> None:
    with pytest.raises(NotCertified):
        wrong(passed().having(state=state))


def by_objection(row: Entry, of: Batch | None = None, **changes: Any) -> tuple[Entry, list[Any]]:
    about = {"batch": "batch-1", "unit": "unit-33-001", "occupation": "rebar_worker", "level": "5", "entry": row.id}
    said = {"objection": "o-1", "kind": "score", "outcome": "changed", "certified": True, "before": "passed"}
    points = {"theory": 80.0, "practical": 75.5}
    told = ObjectionDecided.model_validate(
        {**about, **said, "after": "passed", "passes": True, "scores": points, "reason": "漏计。", **changes}
    )
    found, events = reviewed_wrong(row, of or closed(), told, NOW)
    return found, list(events)


def test_what_an_objection_finds_before_the_registry_answers_is_said_with_the_certificate() -> None:
    row = passed(filings=1, chunk=1)
    noted, events = by_objection(row, scores={"theory": 80, "practical": 78.5})
    assert (noted.state, noted.scores, events) == (EntryState.PASSED, row.scores, [])
    filed = Certificate(number="1", regime="appraisal", exam_on=NOW.date(), filed_on=NOW.date(), sequence=1)
    certified, [_, said] = noted.certified(filed)
    assert isinstance(said, EntryFoundWrong)
    assert (said.number, said.practical, said.passes) == ("1", 78.5, True)
    assert certified.certified(filed)[1] == []
    with pytest.raises(NothingWrong):
        by_objection(noted, scores={"theory": 80, "practical": 78.5})
    rejected, _ = noted.rejected("issuer-without-code", "")
    again, _ = refiled(rejected, MENDED, "unit", NOW + timedelta(days=1))
    assert len(again.certified(filed)[1]) == 1, "it was filed again with the points that are right"


def test_a_second_objection_undoes_nothing_of_what_was_put_right_before() -> None:
    row = passed().having(state=EntryState.CERTIFIED, number="1")
    first, [said] = by_objection(row, scores={"theory": 82, "practical": 75.5})
    assert (said.theory, said.practical) == (82, 75.5)
    _, [said] = by_objection(first, scores={"theory": 80, "practical": 77})
    assert (said.theory, said.practical, said.passes) == (82, 77, True)
    failed, [said] = by_objection(first, outcome="upheld", passes=False, scores={"theory": 0, "practical": 0})
    assert (said.passes, standing_points(failed)) == (False, {"theory": 0, "practical": 0})
    assert is_disqualified(failed)
    assert not is_disqualified(first)
