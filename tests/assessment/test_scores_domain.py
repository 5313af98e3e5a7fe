"""Every dimension within its points, every part within its range, every part passed by itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.scores.domain import Scores, Unmarked, has_passed, marked
from tests.assessment.examples import DIMENSIONS, SHEET, batch

HALF = 0.5


def _mark(level: str = "5", **given_: Any) -> Scores:
    return marked(batch(level).parts, {"theory": 78.5, "practical": SHEET, **given_}, HALF)


def test_the_practical_score_is_the_sum_of_its_dimensions() -> None:
    theory, practical = _mark()
    assert (theory.points, practical.points, practical.dimensions) == (78.5, 80.5, SHEET)


@pytest.mark.parametrize(
    ("given_", "rule", "field"),
    [
        ({"theory": 100.5}, "above-points", "/theory"),
        ({"theory": 10**400}, "above-points", "/theory"),
        ({"theory": float("inf")}, "above-points", "/theory"),
        ({"theory": -1}, "below-zero", "/theory"),
        ({"theory": 60.25}, "not-a-step", "/theory"),
        ({"theory": "80"}, "not-a-number", "/theory"),
        ({"theory": True}, "not-a-number", "/theory"),
        ({"theory": float("nan")}, "not-a-number", "/theory"),
        ({"review": 80}, "part-unknown", "/review"),
        ({"practical": 80}, "no-score-sheet", "/practical"),
        ({"practical": {**SHEET, "charm": 5}}, "dimension-unknown", "/practical"),
        ({"practical": {"conduct": 5}}, "dimension-missing", "/practical/operating_rules"),
        ({"practical": {**SHEET, "conduct": 10.5}}, "above-points", "/practical/conduct"),
        ({"practical": {**SHEET, "conduct": -0.5}}, "below-zero", "/practical/conduct"),
        ({"practical": {**SHEET, "conduct": None}}, "not-a-number", "/practical/conduct"),
    ],
)
def test_a_score_that_does_not_fit_the_edition_is_refused(given_: dict[str, Any], rule: str, field: str) -> None:
    with pytest.raises(Unmarked) as refused:
        _mark(**given_)
    assert (refused.value.rule, refused.value.field) == (rule, field)


def test_an_unknown_dimension_is_never_repeated() -> None:
    with pytest.raises(Unmarked) as refused:
        _mark(practical={**SHEET, "张三": 5})
    assert "张三" not in refused.value.detail


@pytest.mark.parametrize("part", ["theory", "practical"])
def test_a_part_without_a_score_is_refused(part: str) -> None:
    given_ = {"theory": 78.5, "practical": SHEET}
    del given_[part]
    with pytest.raises(Unmarked) as refused:
        marked(batch().parts, given_, HALF)
    assert (refused.value.rule, refused.value.field) == ("part-missing", f"/{part}")


def test_levels_with_a_review_require_it() -> None:
    with pytest.raises(Unmarked) as refused:
        _mark("2")
    assert (refused.value.rule, refused.value.field) == ("part-missing", "/review")
    assert has_passed(batch("2").parts, _mark("2", review=60))
    assert not has_passed(batch("2").parts, _mark("2", review=59.5))


def test_parts_are_never_averaged() -> None:
    assert not has_passed(batch().parts, _mark(theory=59.5, practical=DIMENSIONS))


def test_the_pass_mark_itself_passes() -> None:
    assert has_passed(batch().parts, _mark(theory=60))


_points = {name: st.integers(0, int(points * 2)).map(lambda n: n / 2) for name, points in DIMENSIONS.items()}


@given(st.integers(0, 200).map(lambda n: n / 2), st.fixed_dictionaries(_points))
def test_whoever_reaches_every_mark_passes_and_nobody_else(theory: float, sheet: dict[str, float]) -> None:
    scores = _mark(theory=theory, practical=sheet)
    assert has_passed(batch().parts, scores) == (theory >= 60 and sum(sheet.values()) >= 60)
