"""What looks wrong in sealed sheets is found from its bound on, and what is in order is not."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.assessment.entries.domain import Entry
from services.assessment.scores.domain import part_of
from services.assessment.signals.domain import Bounds, Finding, Found, Piece, Remark, TooMany, raised, watches
from services.assessment.signals.domain.watches import MOST_KINDS, SameSheets
from shared.events.assessment import SignalRaised
from tests.assessment.examples import CARDS, DIMENSIONS, EXAM, SHEET, in_exam
from tests.assessment.sheets import placed, places, practical, sign, theory

BOUNDS = Bounds(spread=8, candidates=10, same_sheets=10, twin_fraction=0.95, shortest_fraction=0.25)
BEGAN = datetime(2019, 10, 12, 1, 0, tzinfo=UTC)
LATER = BEGAN + timedelta(hours=8)
BATCH = in_exam()


def points(number: int, less: float = 0) -> dict[str, float]:
    """Another sheet for each number below 80; `less` in the biggest dimension."""
    return {**SHEET, "task_completion": 24 - less, "conduct": number % 10 + 0.5, "problem_solving": number // 10 + 4}


def assessed(number: int, sheets: Sequence[dict[str, Any]], turn: int = 1) -> Entry:
    """A candidate with a practical sheet of each assessor; what a row does not say is as it should be."""
    entry = placed(number)
    entry = entry.having(places=places(entry.id, turn=turn))
    for card, asked in zip(CARDS, sheets, strict=True):
        about = {"points": points(number), "began_at": BEGAN.isoformat(), "ended_at": _after(60), **asked}
        entry = sign(entry, practical(entry.id, card, **about), at=LATER)
    return entry


def _after(minutes: int) -> str:
    return (BEGAN + timedelta(minutes=minutes)).isoformat()


def in_order(number: int, **last: Any) -> Entry:
    """Three assessors who differ a little; the last as given."""
    return assessed(number, [{"points": points(number, 2)}, {"points": points(number, 1)}, last])


def found(entries: Iterable[Entry], part: str = "practical") -> list[Finding]:
    watching = watches(BOUNDS)
    for entry in entries:
        place = next(place for place in entry.places if place.part == part)
        for watch in watching:
            watch.look(Piece(entry.id, part_of(BATCH, part), entry.standing_sheets(part), place, EXAM))
    return [finding for watch in watching for finding in watch.found()]


def test_sheets_that_are_in_order_raise_no_signal() -> None:
    assert found(in_order(number) for number in range(40)) == []


@pytest.mark.parametrize(("many", "less", "raises"), [(10, 14, True), (9, 14, False), (10, 10, False)])
def test_an_assessor_far_from_the_group_on_enough_candidates_is_a_finding(many: int, less: float, raises: bool) -> None:
    findings = found(in_order(number, points=points(number, less)) for number in range(many))
    assert [(row.kind, row.cards) for row in findings] == ([(Found.SPREAD, CARDS[2:])] if raises else [])
    if raises:
        # 14 below beside 2 and 1 below: the median is 2 below
        assert (findings[0].candidates, findings[0].measured, findings[0].bound) == (10, -12, 8)


@pytest.mark.parametrize(("many", "raises"), [(10, True), (9, False)])
def test_many_identical_sheets_of_one_assessor_are_a_finding(many: int, raises: bool) -> None:
    same = [in_order(number, points=SHEET) for number in range(many)]
    findings = found([*same, *(in_order(number) for number in range(20, 30))])
    assert [(row.kind, row.cards, row.measured) for row in findings] == (
        [(Found.SAME_SHEETS, CARDS[2:], 10)] if raises else []
    )


@pytest.mark.parametrize(("same", "other", "raises"), [(19, 1, True), (18, 2, False), (9, 0, False)])
def test_two_assessors_whose_sheets_are_nearly_all_the_same_are_a_finding(same: int, other: int, raises: bool) -> None:
    twins = [in_order(number, points=points(number, 1)) for number in range(same)]
    findings = found([*twins, *(in_order(number) for number in range(40, 40 + other))])
    assert [(row.kind, row.cards) for row in findings] == ([(Found.TWIN_SHEETS, CARDS[1:])] if raises else [])


@pytest.mark.parametrize(("minutes", "raises"), [(14, True), (15, False), (-5, True)])
def test_far_too_short_an_exam_is_a_finding(minutes: int, raises: bool) -> None:
    findings = found([in_order(1, ended_at=_after(minutes)), in_order(2)])
    assert [(row.kind, row.cards, row.measured) for row in findings] == (
        [(Found.TOO_SHORT, CARDS[2:], 1)] if raises else []
    )
    if raises:
        assert findings[0].examples == (placed(1).id,)


def test_an_accident_may_end_an_exam_at_once() -> None:
    assert found([in_order(1, ended_at=_after(3), accident="坠落")]) == []


def test_a_sheet_signed_before_the_exam_began_is_a_finding() -> None:
    early = in_order(1, began_at=(LATER + timedelta(minutes=1)).isoformat(), ended_at=None)
    assert [(row.kind, row.cards) for row in found([early])] == [(Found.SIGNED_EARLY, CARDS[2:])]


@pytest.mark.parametrize(("hours", "raises"), [(-10, True), (0, False), (16, False), (38, False), (39, True)])
def test_who_began_on_another_day_than_the_parts_is_looked_into(hours: int, raises: bool) -> None:
    times = [(BEGAN + timedelta(hours=hours + after)).isoformat() for after in (0, 1)]
    late = assessed(1, [{}, {}, {"began_at": times[0], "ended_at": times[1]}])
    kinds = [(row.kind, row.cards) for row in found([late]) if row.kind is not Found.SIGNED_EARLY]
    assert kinds == ([(Found.OTHER_DAY, CARDS[2:])] if raises else [])


def test_an_assessor_in_two_turns_at_once_is_a_finding_and_ten_stations_of_one_turn_are_none() -> None:
    def at(turn: int, number: int, begins: int, ends: int) -> Entry:
        times = {"began_at": _after(begins), "ended_at": _after(ends)}
        sheets = [{"points": points(number, less), **times} for less in (2, 1, 0)]
        return assessed(number, sheets, turn)

    first = [at(1, number, 0, 60) for number in range(3)]
    assert found([*first, at(2, 4, 60, 120)]) == []
    findings = found([*first, at(2, 4, 59, 120)])
    assert [(row.kind, row.cards, row.measured) for row in findings] == [
        (Found.TWO_PLACES, (card,), 1) for card in CARDS
    ]
    assert findings[0].examples == (placed(4).id,)


def test_theory_papers_of_the_same_points_raise_no_signal() -> None:
    entries = [sign(placed(number), theory(placed(number).id, 80), at=LATER) for number in range(30)]
    assert found(entries, "theory") == []


def test_however_many_different_sheets_there_are_only_some_are_remembered_and_none_is_invented() -> None:
    watch = SameSheets(BOUNDS)
    entry = in_order(1, points=SHEET)
    [*_, sheet] = entry.standing_sheets("practical")
    for number in range(MOST_KINDS + 100):
        marks = (sheet.marks[0].model_copy(update={"points": float(number)}), *sheet.marks[1:])
        watch.look(Piece(entry.id, BATCH.parts[1], [sheet.model_copy(update={"marks": marks})], None, EXAM))
    assert len(watch.kinds["practical", CARDS[2]]) <= MOST_KINDS
    assert list(watch.found()) == []
    for _ in range(10):
        watch.look(Piece(entry.id, BATCH.parts[1], [sheet], None, EXAM))
    assert [row.measured for row in watch.found()] in ([10], [11])


# -- the signal ----------------------------------------------------------------------------------------


def test_the_same_finding_is_the_same_signal_and_says_what_was_counted() -> None:
    finding = Finding(kind=Found.SPREAD, part="practical", cards=CARDS[:1], candidates=16, measured=-9.25, bound=8)
    signal, [said] = raised(BATCH, finding, LATER)
    again, _ = raised(BATCH, finding.model_copy(update={"measured": -10}), LATER + timedelta(days=1))
    assert signal.id == again.id
    other, _ = raised(BATCH, finding.model_copy(update={"cards": CARDS[1:2]}), LATER)
    assert other.id != signal.id
    assert isinstance(said, SignalRaised)
    assert (said.signal, said.kind, said.cards, said.measured) == (signal.id, "assessor-spread", CARDS[:1], -9.25)


def test_remarks_are_kept_one_after_the_other_up_to_a_bound() -> None:
    finding = Finding(kind=Found.TOO_SHORT, part="theory", candidates=1, measured=1, bound=1)
    signal, _ = raised(BATCH, finding, LATER)
    for number in range(100):
        signal, said = signal.noted(Remark(remark=f"第{number}次核对", actor="card-9", at=LATER))
        assert said == []
    assert [row.remark for row in signal.remarks[:2]] == ["第0次核对", "第1次核对"]
    with pytest.raises(TooMany):
        signal.noted(Remark(remark="再一次", actor="card-9", at=LATER))


def test_the_biggest_sheet_is_no_finding_by_itself() -> None:
    assert found([in_order(1, points=DIMENSIONS)]) == []
