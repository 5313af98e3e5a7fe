"""Points against the form and the lines of the day, as the commands bring them."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.evaluation.evaluations.commands import DecideEvaluation, RevokePilot, SelfCheckUnit
from services.evaluation.evaluations.domain.form import (
    EvidenceMissing,
    IndicatorMissing,
    PointsBeyondMaximum,
    UnknownIndicator,
    UnknownVeto,
    check_vetoes,
)
from tests.evaluation.examples import FORM, FULL, LINES, VETOES, Scores, less

AT_THE_LINE = {**less(0.9, *FULL), "A1": 3.8}
any_scores = st.fixed_dictionaries(
    {code: st.integers(0, int(most * 100)).map(lambda value: value / 100) for code, most in FULL.items()}
)
any_vetoes = st.lists(st.sampled_from([veto.id for veto in VETOES]), min_size=1, max_size=4)


def exact(points: float) -> Fraction:
    return Fraction(str(points))


def total(scores: Scores) -> Fraction:
    return sum((exact(points) for points in scores.values()), Fraction(0))


def test_full_points_pass() -> None:
    tally = FORM.tally(FULL, (), LINES)
    assert (tally.score, tally.passes, tally.shortfall) == (100, True, "")


@given(any_scores, any_vetoes)
def test_no_scores_with_a_veto_ever_pass_or_may_rectify(scores: Scores, vetoes: list[str]) -> None:
    tally = FORM.tally(scores, vetoes, LINES)
    assert not tally.passes
    assert not tally.may_rectify
    assert all(f"veto {code}" in tally.shortfall for code in vetoes)


@given(any_scores)
def test_the_score_is_the_exact_sum_of_the_points(scores: Scores) -> None:
    assert exact(FORM.tally(scores, (), LINES).score) == total(scores)


@given(any_scores)
def test_a_group_is_weak_just_when_it_is_below_its_share(scores: Scores) -> None:
    weak = [
        group.id
        for group in FORM.groups
        if total({row.id: scores[row.id] for row in group.indicators}) < exact(group.points) * Fraction(60, 100)
    ]
    assert list(FORM.tally(scores, (), LINES).weak_groups) == weak


@given(any_scores)
def test_scores_pass_just_when_the_line_is_reached_and_no_group_is_weak(scores: Scores) -> None:
    tally = FORM.tally(scores, (), LINES)
    assert tally.passes == (total(scores) >= 80 and not tally.weak_groups)
    assert tally.passes == (not tally.shortfall)
    assert tally.may_rectify == (not tally.passes and total(scores) >= 70)


def test_the_pass_line_itself_passes_although_binary_fractions_would_miss_it() -> None:
    assert total(AT_THE_LINE) == 80
    assert sum(AT_THE_LINE.values()) < 80
    assert FORM.tally(AT_THE_LINE, (), LINES).passes


def test_a_hundredth_below_the_pass_line_does_not_pass() -> None:
    tally = FORM.tally({**AT_THE_LINE, "A1": 3.79}, (), LINES)
    assert (tally.score, tally.passes, tally.may_rectify) == (79.99, False, True)
    assert tally.shortfall == "79.99 points, 80 are needed"


def test_one_weak_group_fails_a_high_score() -> None:
    tally = FORM.tally({**FULL, "H1": 0.5, "H2": 3}, (), LINES)
    assert (tally.score, tally.weak_groups, tally.passes, tally.may_rectify) == (97.5, ("H",), False, True)
    assert tally.shortfall == "group H is below 60 % of its points"


def test_points_beyond_an_indicators_maximum_are_refused_by_its_name() -> None:
    with pytest.raises(PointsBeyondMaximum, match="B2 takes at most 5 points") as refused:
        FORM.check({**FULL, "B2": 5.01})
    assert refused.value.field == "/scores/B2"


def test_a_form_that_is_not_filled_in_is_refused() -> None:
    with pytest.raises(IndicatorMissing) as refused:
        FORM.check({code: points for code, points in FULL.items() if code != "F3"})
    assert refused.value.field == "/scores/F3"


@pytest.mark.parametrize("code", ["A", "A9", "Z1"])
def test_points_for_what_the_form_does_not_have_are_refused(code: str) -> None:
    with pytest.raises(UnknownIndicator) as refused:
        FORM.check({**FULL, code: 1})
    assert refused.value.field == f"/scores/{code}"


def test_points_need_evidence_and_none_need_none() -> None:
    evidence = dict.fromkeys(FULL, "台账")
    FORM.check_evidence({**FULL, "G2": 0}, {code: text for code, text in evidence.items() if code != "G2"})
    with pytest.raises(EvidenceMissing) as refused:
        FORM.check_evidence(FULL, {code: text for code, text in evidence.items() if code != "G2"})
    assert refused.value.field == "/evidence/G2"
    with pytest.raises(UnknownIndicator):
        FORM.check_evidence(FULL, {**evidence, "Z1": "台账"})


def test_a_veto_item_the_rules_do_not_have_is_refused() -> None:
    check_vetoes(["V1", "V7"], LINES, "vetoes")
    with pytest.raises(UnknownVeto) as refused:
        check_vetoes(["V1", "V8"], LINES, "vetoes")
    assert refused.value.field == "/vetoes/1"


@pytest.mark.parametrize("points", [-1, 100.01, 3.333, float("nan"), float("inf"), "much"])
def test_what_is_no_number_of_points_is_refused(points: object) -> None:
    with pytest.raises(ValidationError):
        DecideEvaluation.model_validate({"scores": {**FULL, "A1": points}, "reason": "…"})


@given(any_scores)
def test_points_of_two_decimals_are_taken_as_they_are(scores: Scores) -> None:
    assert DecideEvaluation(scores=scores, reason="…").scores == scores


def test_an_id_number_in_free_text_is_masked_as_it_comes_in() -> None:
    number = "330102189001010017"
    asked = RevokePilot.model_validate(
        {"unit": "unit-33-001", "cycle": "2019", "ground": "dishonesty", "reason": f"{number} 的成绩系伪造"}
    )
    assert number not in asked.reason
    assert "的成绩系伪造" in asked.reason


@pytest.mark.parametrize("command", [SelfCheckUnit, DecideEvaluation, RevokePilot])
def test_the_example_of_a_command_is_one(command: type[SelfCheckUnit | DecideEvaluation | RevokePilot]) -> None:
    for example in command.model_json_schema()["examples"]:
        asked = command.model_validate_json(json.dumps(example))
        if not isinstance(asked, RevokePilot):
            FORM.check(asked.scores)
            assert FORM.tally(asked.scores, (), LINES).passes
