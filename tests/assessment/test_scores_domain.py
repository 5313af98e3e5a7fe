"""Papers, sheets and their seal without a server: points, signatures, versions, and who passes by them."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.batches.domain import Assignment, Batch, Group, State
from services.assessment.entries.domain import Attendance, Entry, Resit, Score, Sheet, judged, shown
from services.assessment.entries.domain import State as EntryState
from services.assessment.scores.commands import SetPaper
from services.assessment.scores.domain import (
    Folded,
    Paper,
    SheetChange,
    SheetRefused,
    WrongPaper,
    amended,
    mismatches,
    paper_asked,
    scored,
    sealed_by,
    sealed_sheets,
    signed,
)
from tests.assessment.examples import ASSIGNED, CARDS, DIMENSIONS, SEAL, SHEET, in_exam
from tests.assessment.sheets import HALF, NOW, paper, placed, practical, row, rows_of, sign, sign_all, theory

LINES = {"operating_rules": 20, "safe_production": 15, "problem_solving": 10, "task_completion": 25, "conduct": 8}


def refusal(asked: dict[str, Any], entry: Entry | None = None, batch: Batch | None = None) -> tuple[str | None, ...]:
    with pytest.raises(SheetRefused) as refused:
        sign(entry or placed(), asked, batch)
    return refused.value.rule, refused.value.field


# -- points --------------------------------------------------------------------------------------------


def test_every_sheet_shows_the_four_abilities_and_conduct() -> None:
    entry = placed()
    [sheet] = sign(entry, practical(entry.id)).sheets
    assert sheet.dimensions == SHEET
    assert sheet.points == sum(SHEET.values())
    assert {mark.element: mark.deducted for mark in sheet.marks}["safe_production"] == 3.5


def test_what_was_deducted_for_stays_on_the_sheet_without_any_id_number() -> None:
    entry = placed()
    remarks = {"conduct": "330106189309141015 用语不当"}
    [sheet] = sign(entry, practical(entry.id, remarks=remarks)).sheets
    why = {mark.element: mark.why for mark in sheet.marks}["conduct"]
    assert why.endswith("用语不当")
    assert "18930914" not in why


@pytest.mark.parametrize(
    ("points", "rule", "field"),
    [
        (100.5, "above-points", "/points/points"),
        (10**400, "above-points", "/points/points"),
        (float("inf"), "above-points", "/points/points"),
        (-1, "below-zero", "/points/points"),
        (60.25, "not-a-step", "/points/points"),
        ("80", "not-a-number", "/points/points"),
        (True, "not-a-number", "/points/points"),
        (None, "not-a-number", "/points/points"),
        (float("nan"), "not-a-number", "/points/points"),
        ({"points": 80, "luck": 5}, "element-unknown", "/points"),
        ({}, "element-missing", "/points/points"),
    ],
)
def test_theory_points_that_do_not_fit_are_refused(points: Any, rule: str, field: str) -> None:
    assert refusal(theory(placed().id, points)) == (rule, field)


@pytest.mark.parametrize(
    ("points", "rule", "field"),
    [
        (80, "no-score-sheet", "/points"),
        ({**SHEET, "charm": 5}, "element-unknown", "/points"),
        ({"conduct": 5}, "element-missing", "/points/operating_rules"),
        ({**SHEET, "conduct": 10.5}, "above-points", "/points/conduct"),
        ({**SHEET, "conduct": -0.5}, "below-zero", "/points/conduct"),
        ({**SHEET, "conduct": None}, "not-a-number", "/points/conduct"),
    ],
)
def test_practical_points_that_do_not_fit_are_refused(points: Any, rule: str, field: str) -> None:
    asked = {**practical(placed().id), "points": points}
    assert refusal(asked) == (rule, field)


def test_an_unknown_element_is_never_repeated() -> None:
    for wrong in ({"points": {**SHEET, "张三": 5}}, {"remarks": {"张三": "迟到"}}):
        with pytest.raises(SheetRefused) as refused:
            sign(placed(), {**practical(placed().id), **wrong})
        assert "张三" not in refused.value.detail


@pytest.mark.parametrize(
    ("remarks", "rule"),
    [("迟到", "not-text"), ({"conduct": 5}, "not-text"), ({"conduct": "长" * 201}, "too-long"), ([], "not-text")],
)
def test_remarks_are_texts_by_element(remarks: Any, rule: str) -> None:
    assert refusal(practical(placed().id, remarks=remarks)) == (rule, "/remarks")


# -- signatures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("checker", [CARDS[0], f" {CARDS[0].upper()} ", "ｃａｒｄ-1"])
def test_a_sheet_signed_twice_by_one_person_is_refused(checker: str) -> None:
    assert refusal(practical(placed().id, checker=checker)) == ("same-signature", "/checker")


@pytest.mark.parametrize("checker", ["阅卷 一组", "阅卷一组\u200b", "阅\ufeff卷一\u2060组", "阅卷一组\ufe00"])
def test_a_paper_of_theory_signed_twice_by_one_person_is_refused(checker: str) -> None:
    assert refusal(theory(placed().id, checker=checker)) == ("same-signature", "/checker")


def test_only_those_assigned_to_a_part_score_it() -> None:
    assert refusal(practical(placed().id, "card-4")) == ("not-assigned", "/scorer")


def test_nobody_signs_while_those_who_assess_are_looked_at_again() -> None:
    entry, again = placed(), in_exam(assignment=ASSIGNED.model_copy(update={"state": "reopened"}))
    assert refusal(practical(entry.id), entry, again) == ("assignment", "/scorer")
    assert sign(entry, theory(entry.id), again).sheets


def test_a_part_that_is_assessed_needs_its_group() -> None:
    nobody = in_exam(assignment=Assignment())
    assert refusal(practical(placed().id), batch=nobody) == ("not-assigned", "/scorer")


def test_the_review_of_a_technician_is_scored_by_its_own_panel() -> None:
    panel = Group(part="review", assessors=("card-5", "card-6", "card-7"), head="card-5")
    batch = in_exam("2", assignment=ASSIGNED.model_copy(update={"groups": (*ASSIGNED.groups, panel)}))
    entry = placed(parts=("theory", "practical", "review"))
    asked = {**theory(entry.id, 60), "part": "review", "work_piece": f"R{entry.id[-12:]}", "checker": "核分员"}
    assert refusal({**asked, "scorer": CARDS[0]}, entry, batch) == ("not-assigned", "/scorer")
    entry = sign_all(entry, rows_of(entry.id), batch)
    assert entry.state is EntryState.ENROLLED
    for card in panel.assessors:
        entry = sign(entry, {**asked, "scorer": card}, batch)
    assert entry.state is EntryState.PASSED
    low = sign(entry, {**asked, "scorer": "card-7", "points": 59.5, "correction": "笔误"}, batch)
    assert (low.state, low.points("review")) == (EntryState.FAILED, 59.83)


# -- versions ------------------------------------------------------------------------------------------


def test_the_same_row_again_changes_nothing() -> None:
    entry = placed()
    for asked in rows_of(entry.id):
        entry = sign(entry, asked)
        assert sign(entry, asked, at=NOW + timedelta(hours=1)) is entry


def test_another_row_for_a_signed_sheet_needs_a_reason_and_is_a_further_version() -> None:
    entry = sign(placed(), practical(placed().id))
    other = {**practical(entry.id), "points": LINES}
    assert refusal(other, entry) == ("already-signed", "/correction")
    entry = sign(entry, {**other, "correction": "漏扣两分"})
    first, second = entry.sheets
    assert (first.version, second.version, second.reason) == (1, 2, "漏扣两分")
    assert second.replaces == first.digest
    assert entry.standing_sheets("practical") == (second,)
    assert sign(entry, {**other, "correction": "漏扣两分"}) is entry


def test_a_sheet_is_not_corrected_without_end() -> None:
    entry = placed()
    entry = sign(entry, practical(entry.id))
    often = entry.having(sheets=entry.sheets * 4000)
    changed = {**SHEET, "conduct": 8}
    asked = practical(entry.id, points=changed, correction="更正")
    assert refusal(asked, often) == ("too-many-versions", "/correction")
    assert sign(often, practical(entry.id)) is often
    assert len(sign(entry, asked).sheets) == 2


def test_a_digest_covers_everything_on_a_sheet() -> None:
    entry = placed()
    [sheet] = sign(entry, practical(entry.id, accident="坠落", began_at="2019-10-12T09:00:00+08:00")).sheets
    assert sheet.digest == sealed_by(sheet)
    others = {
        "part": "x",
        "assessor": "x",
        "work_piece": "x",
        "version": 9,
        "marks": sheet.marks[1:],
        "dimensions": {},
        "points": 1.0,
        "accident": "",
        "scorer": "x",
        "checker": "x",
        "began_at": None,
        "ended_at": NOW,
        "signed_at": NOW + timedelta(1),
        "reason": "x",
        "replaces": "x",
        "amends": True,
    }
    assert others.keys() == Sheet.model_fields.keys() - {"digest"}
    for name, value in others.items():
        assert sealed_by(sheet.model_copy(update={name: value})) != sheet.digest, name


def test_a_sheet_reads_back_from_the_database_as_it_was_signed() -> None:
    entry = placed()
    asked = practical(entry.id, began_at="2019-10-12T09:00:00.123456+08:00", ended_at="2019-10-12T10:00:00+08:00")
    [sheet] = sign(entry, asked).sheets
    assert sheet.began_at is not None
    assert sheet.began_at.microsecond == sheet.signed_at.microsecond == 123000  # a database keeps milliseconds
    assert sheet.began_at.utcoffset() == timedelta(0)


# -- who may be scored ---------------------------------------------------------------------------------


def noted(entry: Entry, part: str, mark: str) -> Entry:
    return entry.having(attendance=(Attendance(part=part, mark=mark, at=NOW, by="exam office"),))


def test_who_was_absent_or_broke_the_rules_has_no_sheet() -> None:
    entry = placed()
    assert refusal(theory(entry.id), noted(entry, "theory", "absent")) == ("absent", "/work_piece")
    assert refusal(theory(entry.id), noted(entry, "theory", "violation")) == ("void", "/work_piece")
    assert sign(noted(entry, "theory", "late"), theory(entry.id)).sheets


def test_a_part_that_a_resit_carries_over_is_not_scored() -> None:
    carried = Score(part="theory", points=70, state="carried", carried_from="entry-1")
    resit = Resit(entry="entry-1", exam_on=NOW.date(), carried=(carried,))
    entry = placed(resit=resit)
    assert refusal(theory(entry.id), entry) == ("carried", "/part")
    passed = sign_all(entry, [practical(entry.id, card) for card in CARDS])
    assert (passed.state, passed.points("theory")) == (EntryState.PASSED, 70)


@pytest.mark.parametrize("state", [EntryState.WITHDRAWN, EntryState.INELIGIBLE, EntryState.CERTIFIED])
def test_who_is_not_examined_has_no_sheet(state: EntryState) -> None:
    assert refusal(theory(placed().id), placed(state=state))[0] == "entry-state"


# -- what follows --------------------------------------------------------------------------------------


def test_there_is_no_result_before_the_last_assessor_signed() -> None:
    entry = placed()
    *most, last = rows_of(entry.id)
    entry = sign_all(entry, most)
    assert entry.state is EntryState.ENROLLED
    assert sign(entry, last).state is EntryState.PASSED


def test_the_sheets_of_whoever_left_the_group_stay_and_do_not_count() -> None:
    entry = placed()
    entry = sign_all(entry, rows_of(entry.id, 80))
    assert entry.state is EntryState.PASSED
    others = Group(part="practical", assessors=("card-1", "card-2", "card-4"), head="card-1")
    batch = in_exam(assignment=ASSIGNED.model_copy(update={"groups": (others,)}))
    again = judged(entry, batch)
    assert (again.state, len(again.sheets)) == (EntryState.ENROLLED, 4)
    zero = dict.fromkeys(SHEET, 0)
    assert sign(again, practical(entry.id, "card-4", zero), batch).points("practical") == 53.66
    accident = sign(placed(), practical(entry.id, "card-3", accident="触电"))
    assert judged(accident, batch).scores == ()


def test_parts_are_never_averaged() -> None:
    entry = placed()
    full = [practical(entry.id, card, DIMENSIONS) for card in CARDS]
    assert sign_all(entry, [theory(entry.id, 59.5), *full]).state is EntryState.FAILED
    assert sign_all(entry, [theory(entry.id, 60), *full]).state is EntryState.PASSED


def _sheets(totals: Sequence[float]) -> list[dict[str, float]]:
    """Practical points of each assessor with these totals, all over 50."""
    base = {**DIMENSIONS, "operating_rules": 0.0, "safe_production": 0.0, "conduct": 5.0}
    return [
        {**base, "operating_rules": min(25.0, total - 50), "safe_production": max(0, total - 75)} for total in totals
    ]


def test_a_mean_is_cut_and_not_rounded_to_the_mark() -> None:
    entry = placed()
    # of three sheets one is half a point short: 59.8333; of fifty-one: 59.9902
    rows = [practical(entry.id, card, points) for card, points in zip(CARDS, _sheets((60, 60, 59.5)), strict=True)]
    below = sign_all(entry, [theory(entry.id, 90), *rows])
    assert (below.points("practical"), below.state) == (59.83, EntryState.FAILED)
    many = tuple(f"card-{number}" for number in range(51))
    batch = in_exam(assignment=Assignment(groups=(Group(part="practical", assessors=many),)))
    totals = _sheets([60.0] * 50 + [59.5])
    rows = [practical(entry.id, card, points) for card, points in zip(many, totals, strict=True)]
    below = sign_all(entry, [theory(entry.id, 90), *rows], batch)
    assert (below.points("practical"), below.state) == (59.99, EntryState.FAILED)


def test_a_serious_accident_on_any_sheet_voids_the_part() -> None:
    entry = placed()
    rows = [theory(entry.id), practical(entry.id, points=DIMENSIONS, accident="起重伤人")]
    void = sign_all(entry, rows)
    assert (void.state, [score.state for score in void.scores]) == (EntryState.FAILED, ["scored", "void"])
    assert void.sheets[1].accident == "起重伤人"
    after = sign_all(void, [practical(entry.id, card, DIMENSIONS) for card in CARDS[1:]])
    assert after.state is EntryState.FAILED


def test_results_are_shown_once_all_sheets_are_sealed() -> None:
    entry = sign_all(placed(), rows_of(placed().id))
    assert entry.state is EntryState.PASSED
    for state in (State.IN_EXAM, State.MARKING, State.SCORED, State.CANCELLED):
        hidden = shown(entry, in_exam(state=state))
        assert (hidden.scores, hidden.state) == ((), EntryState.ENROLLED)
    assert shown(entry, in_exam(state=State.SCORED, seal=SEAL)) is entry


HALVES = st.integers(0, 200).map(lambda number: number / 2)


@st.composite
def exams(draw: st.DrawFn) -> tuple[float, list[dict[str, float]], str, str, str]:
    """Theory points, three practical sheets, how each part was attended, and on which sheet is an accident."""
    halves = {name: st.integers(0, int(most * 2)).map(lambda n: n / 2) for name, most in DIMENSIONS.items()}
    sheets = draw(st.lists(st.fixed_dictionaries(halves), min_size=3, max_size=3))
    marks = st.sampled_from(("present", "present", "present", "late", "absent", "violation"))
    return draw(HALVES), sheets, draw(marks), draw(marks), draw(st.sampled_from(("", "", "", *CARDS)))


@given(exams())
def test_whoever_reaches_every_mark_passes_and_nobody_who_was_absent_void_or_had_an_accident(
    exam: tuple[float, list[dict[str, float]], str, str, str],
) -> None:
    points, sheets, in_theory, in_practical, accident = exam
    about = {"at": NOW, "by": "exam office"}
    attendance = (
        Attendance(part="theory", mark=in_theory, **about),
        Attendance(part="practical", mark=in_practical, **about),
    )
    entry = placed()
    asked = [
        practical(entry.id, card, sheet, accident="坠落" if card == accident else "")
        for card, sheet in zip(CARDS, sheets, strict=True)
    ]
    result = judged(sign_all(entry, [theory(entry.id, points), *asked]).having(attendance=attendance), in_exam())
    mean = sum(Fraction(sum(sheet.values())) for sheet in sheets) / len(sheets)
    sat = {in_theory, in_practical} <= {"present", "late"}
    assert (result.state is EntryState.PASSED) == (points >= 60 and mean >= 60 and sat and not accident)


# -- papers --------------------------------------------------------------------------------------------


def tasks(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Two tasks that fill the practical part, with some elements changed."""
    elements = {
        "drawing": {"points": 25, "dimension": "operating_rules"},
        "size": {"points": 30, "dimension": "task_completion"},
        "protection": {"points": 20, "dimension": "safe_production"},
        "faults": {"points": 15, "dimension": "problem_solving"},
        "order": {"points": 4, "dimension": "conduct"},
        "manners": {"points": 6, "dimension": "conduct"},
    }
    made = [{"id": name, "title": name, **about, **changes.get(name, {})} for name, about in elements.items()]
    return [
        {"id": "cage", "title": "梁钢筋笼绑扎", "points": 55, "elements": made[:2]},
        {"id": "safety", "title": "安全文明", "elements": made[2:]},
    ]


def named(asked: list[dict[str, Any]], part: str = "practical") -> Paper:
    return paper_asked(in_exam(), SetPaper.model_validate({"part": part, "tasks": asked}), HALF)


def test_a_paper_has_tasks_with_elements_and_a_sheet_sums_them_by_dimension() -> None:
    batch, entry, asked = in_exam(), placed(), named(tasks())
    assert [task.points for task in asked.tasks] == [55, 45]
    points = {"drawing": 20, "size": 25, "protection": 18, "faults": 12.5, "order": 4, "manners": 3.5}
    [sheet] = scored(entry, batch, signed(batch, asked, row(practical(entry.id, points=points)), NOW)).sheets
    assert sheet.dimensions["conduct"] == 7.5
    assert sheet.dimensions.keys() == DIMENSIONS.keys()


@pytest.mark.parametrize(
    ("asked", "rule", "field"),
    [
        (tasks(order={"points": 3}), "dimension-points", "/tasks"),
        (tasks(order={"dimension": "operating_rules"}), "dimension-points", "/tasks"),
        (tasks(order={"dimension": "charm"}), "dimension-unknown", "/tasks/1/elements/2/dimension"),
        (tasks(order={"dimension": ""}), "dimension-unknown", "/tasks/1/elements/2/dimension"),
        (tasks(order={"points": 4.25}), "not-a-step", "/tasks/1/elements/2/points"),
        (tasks(size={"points": 29}), "task-points", "/tasks/0/points"),
        (tasks(order={"id": "manners"}), "element-twice", "/tasks"),
        ([{**tasks()[0], "id": "safety"}, tasks()[1]], "task-twice", "/tasks"),
        (tasks()[1:], "dimension-points", "/tasks"),
    ],
)
def test_a_paper_that_does_not_fill_its_part_is_refused(asked: list[dict[str, Any]], rule: str, field: str) -> None:
    with pytest.raises(WrongPaper) as refused:
        named(asked)
    assert (refused.value.rule, refused.value.field) == (rule, field)


def test_a_paper_of_theory_fills_the_part_without_dimensions() -> None:
    def of(*points: float, dimension: str = "") -> list[dict[str, Any]]:
        rows = [
            {"id": f"e{at}", "title": "题", "points": many, "dimension": dimension} for at, many in enumerate(points)
        ]
        return [{"id": "paper", "title": "试卷", "elements": rows}]

    assert [element.points for element in named(of(20, 80), "theory").elements] == [20, 80]
    for asked, rule in ((of(20, 79), "part-points"), (of(100, dimension="conduct"), "dimension-unknown")):
        with pytest.raises(WrongPaper) as refused:
            named(asked, "theory")
        assert refused.value.rule == rule


def test_a_paper_for_a_part_that_is_not_examined_is_refused() -> None:
    with pytest.raises(WrongPaper) as refused:
        named(tasks(), "review")
    assert (refused.value.rule, refused.value.field) == ("part-unknown", "/part")


# -- the seal and after --------------------------------------------------------------------------------


def change(**changes: Any) -> SheetChange:
    about: dict[str, Any] = {
        "part": "theory",
        "assessor": "",
        "points": {"points": 61},
        "scorer": "复核员甲",
        "checker": "复核员乙",
        "reason": "第三题漏计三分",
        "remarks": {},
    }
    return SheetChange(**{**about, **changes})


def amend(entry: Entry, **changes: Any) -> Entry:
    batch = in_exam(state=State.PUBLICISED, seal=SEAL)
    asked = change(**changes)
    return amended(entry, batch, paper(batch, asked.part), asked, NOW + timedelta(days=9))


def test_a_58_becomes_a_61_by_a_further_version_with_two_signatures_and_a_reason() -> None:
    failed = sign_all(placed(), rows_of(placed().id, 58))
    assert failed.state is EntryState.FAILED
    passed = amend(failed)
    assert (passed.state, passed.points("theory")) == (EntryState.PASSED, 61)
    assert passed.sheets[: len(failed.sheets)] == failed.sheets
    new = passed.sheets[-1]
    assert (new.version, new.amends, new.scorer, new.checker) == (2, True, "复核员甲", "复核员乙")
    assert new.digest == sealed_by(new)
    assert sealed_sheets(passed.sheets) == sealed_sheets(failed.sheets)
    assert mismatches(passed) == []


def test_elements_that_a_review_does_not_name_keep_their_points() -> None:
    entry = sign_all(placed(), rows_of(placed().id))
    new = amend(entry, part="practical", assessor=CARDS[1], points={"conduct": 10}).sheets[-1]
    assert new.dimensions == {**SHEET, "conduct": 10}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"checker": " 复核员 甲"}, "same-signature"),
        ({"reason": "  "}, "reason-missing"),
        ({"points": {"points": 58}}, "nothing-changed"),
        ({"points": {"points": 101}}, "above-points"),
        ({"points": {"luck": 1}}, "element-unknown"),
        ({"assessor": "card-1"}, "sheet-unknown"),
    ],
)
def test_a_review_that_is_not_right_changes_nothing(changes: dict[str, Any], rule: str) -> None:
    entry = sign_all(placed(), rows_of(placed().id, 58))
    with pytest.raises(SheetRefused) as refused:
        amend(entry, **changes)
    assert refused.value.rule == rule


def test_before_the_seal_nothing_is_amended() -> None:
    entry, batch = sign_all(placed(), rows_of(placed().id, 58)), in_exam()
    with pytest.raises(SheetRefused) as refused:
        amended(entry, batch, paper(batch, "theory"), change(), NOW)
    assert refused.value.rule == "not-sealed"


def test_a_changed_sheet_a_foreign_one_and_a_missing_version_are_found() -> None:
    entry = sign_all(placed(), rows_of(placed().id))
    corrected = sign(entry, theory(entry.id, 90, correction="漏计"))
    assert mismatches(corrected) == []
    raised = corrected.sheets[0].model_copy(update={"points": 99.0})
    assert [row.rule for row in mismatches(corrected.having(sheets=(raised, *corrected.sheets[1:])))] == ["digest"]
    assert [row.rule for row in mismatches(corrected.having(sheets=corrected.sheets[1:]))] == ["version-missing"]
    other = sign_all(placed(2), rows_of(placed(2).id))
    assert {row.rule for row in mismatches(entry.having(sheets=other.sheets))} == {"work-piece"}


def test_a_seal_is_the_same_in_whatever_runs_it_is_folded() -> None:
    digests = [f"{number:064x}" for number in range(7)]
    whole = Folded().with_digests(digests)
    assert whole == Folded().with_digests(digests[:3]).with_digests(digests[3:])
    assert whole != Folded().with_digests(reversed(digests))
    assert whole.sheets == 7
