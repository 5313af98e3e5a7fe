"""Each rule an entry must fulfil is held against what is stored of it, whatever state it says it has."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.assessment.batches.domain import Assignment, Batch, Group, Override, State
from services.assessment.eligibility.domain import Met
from services.assessment.entries.domain import Entry, FoundWrong, Rejection, Resit, Reviewed, Score
from services.assessment.entries.domain import State as EntryState
from services.assessment.explanations.domain import Explanation, Known, explain
from services.assessment.results.domain import chunk_of
from services.assessment.scores.domain import sealed_by
from shared.events.registry import Alternative, Conditions, Predicate
from tests.assessment.examples import ASSIGNED, CARDS, EXAM, NOW, card, standard
from tests.assessment.made import AFTER, MET, examined, final, sheets

UNIT = "unit-33-001"
TRAINED = Alternative(all_of=(Predicate(predicate="apprenticeship_done"),))
EDITION = standard(
    eligibility=(Conditions(level="5", alternatives=(TRAINED,), source="template of 2018"),),
)
SUPERVISOR = card(card="card-9", kind="supervisor")
KNOWN = {row: card(card=row) for row in CARDS} | {"card-9": SUPERVISOR}
BATCH = final(UNIT, id="batch-1")
SAID = examined(BATCH, 1, EntryState.CERTIFIED, filings=1, chunk=1)
UNSAID = SAID.having(state=EntryState.PASSED, filings=0, chunk=0)
SAID_IN, _ = chunk_of(BATCH, 1, [UNSAID])


def explained(entry: Entry = SAID, batch: Batch = BATCH, **known: Any) -> Explanation:
    return explain(entry, batch, Known(**{"edition": EDITION, "cards": KNOWN, "chunks": (SAID_IN,), **known}))


def broken(found: Explanation) -> set[str]:
    return {check.rule for check in found.checks if not check.holds}


def test_an_entry_that_went_the_whole_way_is_explained_by_edition_sheets_signatures_assessors_and_dates() -> None:
    chunk, _ = chunk_of(BATCH, 1, [UNSAID])
    found = explained(chunks=(chunk,))
    assert broken(found) == set()
    assert found.holds
    assert found.model_dump()["holds"] is True
    assert (found.edition.standard, found.edition.edition) == ("rebar_worker-2019p", "2019年试点版")
    practical = next(part for part in found.parts if part.part == "practical")
    assert [row.card for row in practical.assessors if row.head] == ["card-1"]
    assert {(sheet.scorer, sheet.checker) for sheet in practical.sheets} == {("评分人", "核分人")}
    assert (practical.points, practical.pass_mark, practical.on) == (80.5, 60, EXAM)
    assert (found.filed.plan, found.chunks, found.eligibility.met) == ("plan-1", (1,), SAID.eligibility)
    assert all(check.evidence and check.source for check in found.checks)
    assert "v1.sealed" not in found.model_dump_json()


def other_sheets(**changes: Any) -> tuple[Any, ...]:
    theory, first, *rest = sheets()
    return (theory, first.model_copy(update=changes), *rest)


def theory(points: float) -> tuple[Score, ...]:
    return (Score(part="theory", points=points), *SAID.scores[1:])


ASIDE = Override(rule="card-term", subject="card-1", reason="换证期间", actor="center", at=NOW)
NOTE = FoundWrong(
    scores={"theory": 80, "practical": 41}, passes=False, reason="错", basis="复核", scorer="甲", checker="乙",
    actor="center", at=NOW,
)  # fmt: skip
SPOILT_ENTRIES: dict[str, tuple[str, dict[str, Any]]] = {
    "nobody decided on eligibility": ("eligibility", {"eligibility": None}),
    "the alternative is not the edition's": ("eligibility", {"eligibility": Met(alternative=2, evidence=MET.evidence)}),
    "a condition has no evidence": ("eligibility", {"eligibility": Met(alternative=1, evidence=())}),
    "a reviewer gave no reason": (
        "eligibility",
        {"reviewed": Reviewed(reason="", rule="eligibility", actor="center", at=NOW)},
    ),
    "a sheet is missing": ("sheets", {"sheets": sheets()[:-1]}),
    "the theory sheet is missing": ("sheets", {"sheets": sheets()[1:]}),
    "one person signed twice": ("sheets", {"sheets": other_sheets(checker="评分人")}),
    "nobody checked": ("sheets", {"sheets": other_sheets(checker="")}),
    "a stranger scored": ("sheets", {"sheets": other_sheets(assessor="card-8")}),
    "a later version has no reason": ("sheets", {"sheets": (*sheets(), *other_sheets(version=2)[1:2])}),
    "a sheet was never sealed": ("sheets", {"sheets": other_sheets(digest="")}),
    "a part is below its mark": ("parts", {"sheets": sheets(59.9), "scores": theory(59.9)}),
    "the points are not those of the sheets": ("parts", {"scores": theory(99)}),
    "an accident disqualified": ("parts", {"sheets": other_sheets(accident="坠落")}),
    "a part was missed": (
        "attendance",
        {"attendance": (SAID.attendance[0].model_copy(update={"mark": "absent"}),)},
    ),
    "an objection is open": ("objection", {"objection": "objection-1"}),
    "it was never said": ("said", {"filings": 0, "chunk": 0}),
    "it waits to be said anew": ("said", {"chunk": 0}),
    "it was found wrong": ("still-right", {"found_wrong": (NOTE,)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT_ENTRIES)
def test_an_entry_is_not_borne_out_when(name: str) -> None:
    rule, changes = SPOILT_ENTRIES[name]
    found = explained(SAID.having(**changes))
    assert rule in broken(found)
    assert not found.holds


def staffed(*assessors: str, **changes: Any) -> Assignment:
    group = Group(part="practical", assessors=assessors, head="card-1")
    return ASSIGNED.model_copy(update={"groups": (group,), **changes})


SPOILT_BATCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "it was filed on the day of the exam": ("filed", {"begun_on": EXAM}),
    "no plan covered it": ("filed", {"plan": ""}),
    "nobody assessed": ("assessors", {"assignment": Assignment(supervisor="card-9")}),
    "two assessed": ("assessors", {"assignment": staffed("card-1", "card-2")}),
    "four assessed": ("assessors", {"assignment": staffed("card-1", "card-2", "card-3", "card-4")}),
    "one was counted twice": ("assessors", {"assignment": staffed("card-1", "card-2", "card-2")}),
    "the head is not in the group": ("assessors", {"assignment": staffed("card-2", "card-3", "card-4")}),
    "an unknown card assessed": ("assessors", {"assignment": staffed("card-1", "card-2", "card-x")}),
    "nobody supervised": ("supervisor", {"assignment": staffed(*CARDS, supervisor="")}),
    "an assessor supervised": ("supervisor", {"assignment": staffed(*CARDS, supervisor="card-1")}),
    "an unknown card supervised": ("supervisor", {"assignment": staffed(*CARDS, supervisor="card-x")}),
    "the sheets were not sealed": ("seal", {"seal": None}),
    "there was no notice": ("period", {"notice": None}),
    "it was closed before the period was over": (
        "period",
        {"moments": {State.CLOSED.value: AFTER - timedelta(days=1)}},
    ),
}


@pytest.mark.parametrize("name", SPOILT_BATCHES)
def test_an_entry_is_not_borne_out_when_in_its_batch(name: str) -> None:
    rule, changes = SPOILT_BATCHES[name]
    cards = KNOWN | {"card-4": card(card="card-4")}
    assert rule in broken(explained(batch=BATCH.having(**changes), cards=cards))


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_until": EXAM - timedelta(days=1)},
        {"valid_from": EXAM + timedelta(days=1)},
        {"suspended_on": EXAM},
        {"ended_on": EXAM},
        {"scopes": ()},
    ],
)
def test_a_card_that_did_not_hold_on_the_day_breaks_the_group(changes: dict[str, Any]) -> None:
    found = explained(cards=KNOWN | {"card-1": card(card="card-1", **changes)})
    assert broken(found) == {"assessors"}
    [part] = [row for row in found.parts if row.part == "practical"]
    assert part.assessors[0].faults


def test_a_card_that_ended_after_the_exam_held_on_its_day() -> None:
    later = card(card="card-1", ended_on=EXAM + timedelta(days=1), reason="fraud")
    assert explained(cards=KNOWN | {"card-1": later}).holds


def test_what_was_set_aside_with_a_reason_does_not_break_the_group_and_is_shown() -> None:
    expired = KNOWN | {"card-1": card(card="card-1", valid_until=date(2019, 10, 1))}
    aside = BATCH.having(assignment=ASSIGNED.model_copy(update={"overrides": (ASIDE,)}))
    found = explained(batch=aside, cards=expired)
    assert found.holds
    assert found.overrides == (ASIDE,)
    silent = ASIDE.model_copy(update={"reason": ""})
    assert not explained(
        batch=aside.having(assignment=ASSIGNED.model_copy(update={"overrides": (silent,)})), cards=expired
    ).holds


@pytest.mark.parametrize("changes", [{"valid_until": EXAM - timedelta(days=1)}, {"ended_on": EXAM}])
def test_a_supervisors_card_must_hold_through_the_exam(changes: dict[str, Any]) -> None:
    cards = KNOWN | {"card-9": card(card="card-9", kind="supervisor", **changes)}
    assert broken(explained(cards=cards)) == {"supervisor"}


def test_a_reviewers_reason_stands_for_a_condition() -> None:
    reviewed = Reviewed(reason="原件核对无误", rule="eligibility", actor="authority@33", at=NOW)
    found = explained(SAID.having(eligibility=None, reviewed=reviewed))
    assert found.holds
    assert found.eligibility.override == reviewed


def test_a_level_without_conditions_is_open_only_by_its_edition() -> None:
    open_level = SAID.having(eligibility=None)
    assert explained(open_level, edition=standard()).holds
    assert broken(explain(open_level, BATCH, Known(cards=KNOWN, chunks=(SAID_IN,)))) == {"eligibility"}


def test_a_carried_part_needs_no_sheet_and_no_attendance_and_still_its_mark() -> None:
    def resat(points: float) -> Entry:
        carried = Score(part="theory", points=points, state="carried", carried_from="entry-before")
        resit = Resit(entry="entry-before", exam_on=date(2019, 8, 1), carried=(carried,))
        return SAID.having(resit=resit, sheets=sheets()[1:], scores=(carried, SAID.scores[1]), attendance=())

    found = explained(resat(62))
    assert found.holds
    assert found.parts[0].carried_from == "entry-before"
    assert broken(explained(resat(59))) == {"parts"}


def test_an_objection_raised_after_the_result_was_said_does_not_undo_it() -> None:
    said = datetime(2019, 10, 22, tzinfo=UTC)
    chunk, _ = chunk_of(BATCH, 1, [UNSAID], said)
    row = {"_id": "objection-1", "state": "raised", "is_open": True}
    for days, rules in ((1, set()), (-1, {"objection"})):
        raised = {**row, "steps": [{"state": "raised", "at": said + timedelta(days=days), "by": "unit"}]}
        assert broken(explained(objections=(raised,), chunks=(chunk,))) == rules


def test_an_open_objection_that_is_stored_elsewhere_is_seen() -> None:
    rows = ({"_id": "objection-1", "state": "accepted", "is_open": True}, {"_id": "objection-2", "state": "rejected"})
    found = explained(objections=rows)
    assert broken(found) == {"objection"}
    assert [(row.objection, row.is_open) for row in found.objections] == [("objection-1", True), ("objection-2", False)]


def test_a_filing_that_is_in_two_chunks_or_in_none_is_seen() -> None:
    first, _ = chunk_of(BATCH, 1, [UNSAID])
    again, _ = chunk_of(BATCH, 2, [UNSAID])
    assert broken(explained(chunks=(first, again))) == {"said"}
    rejection = Rejection(reason="x", detail="", chunk=1, mended="y", actor="unit", at=NOW)
    twice = SAID.having(filings=2, chunk=2, rejections=(rejection,))
    second, _ = chunk_of(BATCH, 2, [UNSAID.having(filings=1)])
    assert explained(twice, chunks=(first, second)).holds
    assert broken(explained(twice, chunks=(first,))) == {"said"}


def test_a_sheet_that_differs_from_its_digest_is_seen() -> None:
    assert explained(sealed_by=sealed_by).holds
    assert broken(explained(sealed_by=lambda _: "2" * 64)) == {"sheets"}
    assert broken(explained(SAID.having(sheets=other_sheets(checker="另一人")), sealed_by=sealed_by)) == {"sheets"}
