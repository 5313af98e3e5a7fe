"""Conditions are weighed as the standards word them; more evidence never shuts anybody out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.drive.people import CLAIMS
from services.assessment.eligibility.domain import (
    NOTHING,
    Eligibility,
    Evidence,
    Exam,
    Holding,
    NotEligible,
    UnderWay,
    born_on,
    judged,
    years_between,
)
from services.assessment.eligibility.domain.claims import Claims, Diploma, EarlierCertificate, Title, Worked
from shared.events.registry import Alternative, Conditions, Predicate
from tests.assessment.examples import resident_id

FILE = Path(__file__).parents[2] / "services" / "registry" / "data" / "standards.json"
DATA = json.loads(FILE.read_text(encoding="utf-8"))
SETS: dict[str, dict[str, Any]] = DATA["eligibility_sets"]
EXAM = date(2023, 10, 12)
BORN = date(1890, 3, 1)
LINES = [(name, level) for name, levels in SETS.items() for level in levels]


def conditions(name: str, level: str) -> Conditions:
    """The conditions of a level as the registry's data file has them."""
    row = SETS[name][level]
    return Conditions(level=level, alternatives=row["alternatives"], source=row["source"])


def known(claims: Claims = NOTHING, *holdings: Holding, related: tuple[str, ...] = ()) -> Evidence:
    return Evidence("rebar_worker", related, EXAM, claims, holdings, BORN)


def holding(level: str, since: date, occupation: str = "rebar_worker") -> Holding:
    return Holding(level, occupation, since, "1999002001500001", "certificate", since)


def worked(years: float, kind: Any = "cumulative", occupation: str | None = None) -> Claims:
    return Claims(years=(Worked(years=years, kind=kind, occupation=occupation),))


def met(name: str, level: str, evidence: Evidence) -> int | None:
    """The place of the alternative that lets somebody in."""
    found = judged(conditions(name, level), evidence)
    assert found.eligible == (found.met is not None)
    return found.met.alternative if found.met else None


DAYS = st.dates(date(1990, 1, 1), EXAM)
LEVELS = st.sampled_from(["5", "4", "3", "2", "pre_technician"])
OCCUPATIONS = st.sampled_from(["rebar_worker", "mason", "carpenter"])
SCHOOLS = st.sampled_from(["technical_school", "senior_technical_school", "college"])
CLAIMED = st.builds(
    Claims,
    years=st.lists(
        st.builds(
            Worked,
            years=st.integers(0, 20),
            kind=st.sampled_from(["cumulative", "continuous"]),
            occupation=st.none() | OCCUPATIONS,
        ),
        max_size=4,
    ).map(tuple),
    diplomas=st.lists(
        st.builds(Diploma, kind=SCHOOLS, state=st.sampled_from(["graduated", "graduating_year"])), max_size=2
    ).map(tuple),
    training_hours=st.sampled_from([0, 180, 240, 280, 400]),
    apprenticeship_done=st.booleans(),
    titles=st.lists(st.builds(Title, kind=st.just("junior"), since=DAYS), max_size=1).map(tuple),
    certificates=st.lists(
        st.builds(EarlierCertificate, level=LEVELS, number=st.just("1"), issued_on=DAYS), max_size=2
    ).map(tuple),
)
HOLDINGS = st.lists(st.builds(holding, LEVELS, DAYS, OCCUPATIONS), max_size=3)


def together(one: Claims, two: Claims) -> Claims:
    """All that two claims hold."""
    return Claims(
        years=one.years + two.years,
        diplomas=one.diplomas + two.diplomas,
        training_hours=max(one.training_hours, two.training_hours),
        apprenticeship_done=one.apprenticeship_done or two.apprenticeship_done,
        titles=one.titles + two.titles,
        certificates=one.certificates + two.certificates,
    )


@given(st.sampled_from(LINES), CLAIMED, CLAIMED, HOLDINGS, HOLDINGS)
def test_more_evidence_never_makes_an_eligible_person_ineligible(
    line: tuple[str, str], one: Claims, two: Claims, first: list[Holding], further: list[Holding]
) -> None:
    asked = conditions(*line)
    less = known(one, *first, related=("mason",))
    more = replace(less, claims=together(one, two), holdings=(*first, *further))
    assert judged(asked, more).eligible >= judged(asked, less).eligible


@given(CLAIMED, HOLDINGS)
def test_a_level_without_conditions_is_open_to_everybody(claims: Claims, holdings: list[Holding]) -> None:
    nobody_said = Conditions(level="5", alternatives=(), source="")
    for asked in (None, nobody_said):
        assert judged(asked, known(claims, *holdings)) == Eligibility(eligible=True)


@given(st.sampled_from(LINES), st.randoms(use_true_random=False), CLAIMED, HOLDINGS)
def test_the_order_of_the_alternatives_decides_nothing(
    line: tuple[str, str], chance: Any, claims: Claims, holdings: list[Holding]
) -> None:
    asked = conditions(*line)
    shuffled = list(asked.alternatives)
    chance.shuffle(shuffled)
    other = asked.model_copy(update={"alternatives": tuple(shuffled)})
    evidence = known(claims, *holdings)
    assert judged(asked, evidence).eligible == judged(other, evidence).eligible


@given(st.sampled_from(LINES), CLAIMED, HOLDINGS)
def test_who_is_refused_is_told_of_every_alternative_what_is_missing(
    line: tuple[str, str], claims: Claims, holdings: list[Holding]
) -> None:
    asked = conditions(*line)
    found = judged(asked, known(claims, *holdings))
    if found.eligible:
        found.must_hold()
        return
    assert [row.alternative for row in found.missing] == list(range(1, len(asked.alternatives) + 1))
    assert all(row.missing and all(one.zh and one.en for one in row.missing) for row in found.missing)
    with pytest.raises(NotEligible) as refused:
        found.must_hold()
    assert (refused.value.rule, refused.value.field) == ("eligibility", "/claims")
    assert asked.source in refused.value.detail


@pytest.mark.parametrize("line", LINES)
def test_every_predicate_of_the_data_file_is_understood_and_worded(line: tuple[str, str]) -> None:
    everything = Claims(
        years=(Worked(years=60, kind="continuous"),),
        diplomas=tuple(Diploma(kind=kind) for kind in ("technical_school", "senior_technical_school", "college")),
        training_hours=5000,
        apprenticeship_done=True,
    )
    held = [holding(level, date(1990, 1, 1)) for level in ("5", "4", "3", "2", "pre_technician")]
    for alternative in conditions(*line).alternatives:
        alone = Conditions(level=line[1], alternatives=(alternative,), source="")
        assert judged(alone, known(everything, *held)).eligible, alternative
        [nothing] = judged(alone, known()).missing
        assert not any("None" in one.zh + one.en for one in nothing.missing)


# -- set A: the template of 2018 ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "evidence", "alternative"),
    [
        ("5", known(worked(1)), 1),
        ("5", known(worked(0.5)), None),
        ("5", known(Claims(apprenticeship_done=True)), 2),
        ("4", known(worked(6)), 2),
        ("4", known(worked(5.5)), None),
        ("4", known(worked(4), holding("5", date(2019, 10, 12))), 1),
        ("4", known(worked(4), holding("5", date(2019, 10, 13))), None),
        ("4", known(worked(3), holding("5", date(2010, 1, 1))), None),
        ("4", known(Claims(diplomas=(Diploma(kind="technical_school", state="graduating_year"),))), 3),
        ("3", known(NOTHING, holding("4", date(2023, 1, 1))), None),
        (
            "3",
            known(
                Claims(diplomas=(Diploma(kind="senior_technical_school"),)),
                holding("4", date(2022, 1, 1)),
            ),
            2,
        ),
        ("2", known(Claims(diplomas=(Diploma(kind="senior_technical_school", state="graduating_year"),))), None),
        (
            "2",
            known(
                Claims(
                    years=(Worked(years=2),),
                    certificates=(EarlierCertificate(level="pre_technician", number="7", issued_on=date(2020, 1, 1)),),
                )
            ),
            3,
        ),
        ("1", known(worked(30), holding("2", date(2019, 10, 12))), 1),
    ],
)
def test_set_a_lets_in_whom_the_template_lets_in(level: str, evidence: Evidence, alternative: int | None) -> None:
    assert met("template-2018", level, evidence) == alternative


# -- set B: older standards -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "level", "evidence", "alternative"),
    [
        ("older-rebar_worker", "4", known(worked(6, "cumulative")), None),
        ("older-rebar_worker", "4", known(worked(6, "continuous")), 3),
        ("older-rebar_worker", "5", known(Claims(training_hours=1)), 1),
        ("older-waterproofer", "5", known(Claims(training_hours=239)), None),
        ("older-waterproofer", "5", known(Claims(training_hours=240)), 1),
        ("older-scaffolder", "4", known(worked(6.5, "continuous")), None),
        ("older-concrete_worker", "3", known(worked(7), holding("4", date(2016, 10, 12))), 2),
        ("older-concrete_worker", "3", known(worked(7), holding("4", date(2017, 10, 12))), None),
    ],
)
def test_set_b_wants_unbroken_years_and_hours(
    name: str, level: str, evidence: Evidence, alternative: int | None
) -> None:
    assert met(name, level, evidence) == alternative


@pytest.mark.parametrize("standard", DATA["standards"], ids=lambda row: row["occupation"])
@pytest.mark.parametrize("level", ["5", "4"])
def test_generated_candidates_may_enter_levels_5_and_4_of_every_pilot_standard(
    standard: Mapping[str, Any], level: str
) -> None:
    if level not in {row["level"] for row in standard["levels"]}:
        return
    evidence = Evidence(standard["occupation"], (), EXAM, Claims.model_validate(CLAIMS), (), BORN)
    assert judged(conditions(standard["eligibility"], level), evidence).eligible


# -- what counts ----------------------------------------------------------------------------------------


def test_related_occupations_count_where_the_standard_names_them() -> None:
    elsewhere = worked(6, occupation="mason")
    assert met("template-2018", "4", known(elsewhere)) is None
    assert met("template-2018", "4", known(elsewhere, related=("mason",))) == 2
    half = Claims(years=(Worked(years=3), Worked(years=3, occupation="mason")))
    assert met("template-2018", "4", known(half, related=("mason",))) == 2
    only_this = Predicate(predicate="min_years", years=6, kind="cumulative", scope="this")
    asked = Conditions(level="4", alternatives=(Alternative(all_of=(only_this,)),), source="")
    assert not judged(asked, known(elsewhere, related=("mason",))).eligible


def test_of_several_claims_for_one_occupation_the_highest_counts() -> None:
    claims = Claims(years=(Worked(years=3), Worked(years=4, kind="continuous"), Worked(years=2)))
    assert known(claims).worked("cumulative", "related") == 4


def test_a_certificate_counts_from_its_day_on_and_in_its_occupation() -> None:
    late, other = holding("4", date(2023, 10, 13)), holding("4", date(2010, 1, 1), "mason")
    school = Claims(diplomas=(Diploma(kind="senior_technical_school"),))
    assert met("template-2018", "3", known(school, late)) is None
    assert met("template-2018", "3", known(school, other)) is None
    assert met("template-2018", "3", known(school, other, related=("mason",))) == 2


def test_a_claimed_certificate_counts_like_one_on_file_and_no_id_number_in_it_is_repeated() -> None:
    number = resident_id(7)
    claims = Claims(
        years=(Worked(years=5),),
        certificates=(EarlierCertificate(level="4", number=number, issued_on=date(2015, 1, 1)),),
    )
    found = judged(conditions("template-2018", "3"), known(claims))
    assert found.met is not None
    [proof] = found.met.evidence
    assert (proof.by, proof.amount) == ("claim", 5)
    assert number not in found.model_dump_json()


def test_age_is_read_from_the_id_number() -> None:
    sixteen = Predicate(predicate="age_min", years=16)
    asked = Conditions(level="5", alternatives=(Alternative(all_of=(sixteen,)),), source="")
    young = replace(known(), born=date(2007, 10, 13))
    assert not judged(asked, young).eligible
    assert judged(asked, replace(young, born=date(2007, 10, 12))).eligible
    assert born_on("330106189309141015") == date(1893, 9, 14)


def test_a_title_counts_once_it_is_held_long_enough() -> None:
    junior = Predicate(predicate="title", kind="junior", years=1)
    asked = Conditions(level="3", alternatives=(Alternative(all_of=(junior,)),), source="")
    assert judged(asked, known(Claims(titles=(Title(kind="junior", since=date(2022, 10, 12)),)))).eligible
    assert not judged(asked, known(Claims(titles=(Title(kind="junior", since=date(2022, 10, 13)),)))).eligible


def test_a_condition_that_is_not_known_here_is_met_by_nothing() -> None:
    asked = Conditions(level="3", alternatives=(Alternative(all_of=(Predicate(predicate="new"),)),), source="")
    [row] = judged(asked, known()).missing
    assert "new" in row.missing[0].en


@pytest.mark.parametrize(
    ("since", "until", "years"),
    [
        (date(2019, 10, 12), date(2023, 10, 12), 4),
        (date(2019, 10, 12), date(2023, 10, 11), 47 / 12),
        (date(2020, 2, 29), date(2021, 2, 28), 11 / 12),
        (date(2020, 2, 29), date(2021, 3, 1), 1),
    ],
)
def test_years_between_days_are_whole_months(since: date, until: date, years: float) -> None:
    assert years_between(since, until) == years


# -- one level a year -----------------------------------------------------------------------------------


def exam(level: str = "4") -> Exam:
    return Exam("rebar_worker", level, EXAM, (), conditions("older-rebar_worker", level), 1, "Beijing rules")


@pytest.mark.parametrize(
    ("reached", "rule"),
    [
        (holding("5", date(2022, 10, 13)), "level.max_levels_per_year"),
        (holding("5", date(2022, 10, 12)), ""),
        (holding("4", date(2023, 1, 1)), ""),
        (holding("5", date(2023, 1, 1), "mason"), ""),
    ],
)
def test_no_two_levels_of_an_occupation_are_reached_within_a_year(reached: Holding, rule: str) -> None:
    found = exam().judge(worked(8, "continuous"), [reached], BORN)
    assert (found.eligible, found.rule) == (not rule, rule)
    if rule:
        with pytest.raises(NotEligible, match="Beijing rules"):
            found.must_hold()


def test_a_certificate_claimed_from_elsewhere_counts_as_a_level_reached_within_the_year() -> None:
    recent = EarlierCertificate(level="5", number="7", issued_on=EXAM - timedelta(days=90))
    claims = worked(8, "continuous").model_copy(update={"certificates": (recent,)})
    assert exam().judge(claims, [], BORN).rule == "level.max_levels_per_year"
    before = recent.model_copy(update={"issued_on": EXAM - timedelta(days=400)})
    assert exam().judge(claims.model_copy(update={"certificates": (before,)}), [], BORN).eligible


@pytest.mark.parametrize(
    ("level", "days", "rule"),
    [
        ("5", -30, "level.max_levels_per_year"),
        ("5", 30, "level.max_levels_per_year"),
        ("5", -366, ""),
        ("5", 366, ""),
        ("4", -30, ""),
    ],
)
def test_nobody_is_examined_in_two_levels_of_an_occupation_within_a_year(level: str, days: int, rule: str) -> None:
    other = UnderWay(level, EXAM + timedelta(days=days))
    assert exam().judge(worked(8, "continuous"), [], BORN, [other]).rule == rule


# -- step by step --------------------------------------------------------------------------------------

BY_FIVE = Alternative(all_of=(Predicate(predicate="years_since_certificate", level="5", years=2),))
BY_FOUR = Alternative(all_of=(Predicate(predicate="years_since_certificate", level="4", years=2),))
BY_YEARS = Alternative(all_of=(Predicate(predicate="min_years", years=10),))
FIVE = holding("5", date(2010, 1, 1))
FOUR = holding("4", date(2015, 1, 1))


def step(*alternatives: Alternative, skips_allowed: bool = False) -> Exam:
    """An exam of level 3."""
    asked = Conditions(level="3", alternatives=alternatives, source="the standard")
    return Exam("rebar_worker", "3", EXAM, (), asked, 1, "", skips_allowed, "Beijing rules")


def test_who_holds_level_5_and_enters_level_3_is_told_that_a_level_is_skipped() -> None:
    found = step(BY_FOUR, BY_YEARS).judge(worked(5), [FIVE], BORN)
    assert (found.eligible, found.rule, found.source) == (False, "level.skip_allowed", "Beijing rules")
    assert [row.alternative for row in found.missing] == [0, 1, 2]
    with pytest.raises(NotEligible, match="a level 4 certificate comes first") as refused:
        found.must_hold()
    assert refused.value.rule == "level.skip_allowed"


def test_a_claimed_certificate_skips_a_level_like_one_on_file() -> None:
    claims = Claims(certificates=(EarlierCertificate(level="5", number="7", issued_on=date(2010, 1, 1)),))
    assert step(BY_FOUR).judge(claims, [], BORN).rule == "level.skip_allowed"


def test_the_ways_of_the_standard_without_a_certificate_lead_past_a_level() -> None:
    found = step(BY_FOUR, BY_YEARS).judge(worked(10), [FIVE], BORN)
    assert found.met is not None
    assert found.met.alternative == 2


def test_a_way_by_a_certificate_far_below_is_open_only_where_levels_may_be_skipped() -> None:
    asked = (BY_FIVE, BY_FOUR)
    assert step(*asked).judge(worked(5), [FIVE], BORN).rule == "level.skip_allowed"
    assert step(*asked, skips_allowed=True).judge(worked(5), [FIVE], BORN).eligible
    assert (
        step(*asked).judge(worked(5), [FIVE, FOUR], BORN).met
        == judged(
            Conditions(level="3", alternatives=asked, source="the standard"),
            known(worked(5), FOUR),
        ).met
    )


@pytest.mark.parametrize("held", [[], [FOUR], [FIVE, FOUR], [holding("5", date(2010, 1, 1), "mason")]])
def test_who_skips_nothing_is_refused_by_the_conditions(held: list[Holding]) -> None:
    found = step(BY_FOUR, BY_YEARS).judge(worked(1), held, BORN)
    assert (found.eligible, found.rule, found.source) == (False, "eligibility", "the standard")


@given(st.sampled_from(LINES), CLAIMED, HOLDINGS)
def test_no_level_of_the_data_file_is_closed_by_the_steps_to_whom_its_conditions_let_in(
    line: tuple[str, str], claims: Claims, holdings: list[Holding]
) -> None:
    evidence = known(claims, *holdings)
    asked = conditions(*line)
    assert judged(asked, evidence, level=line[1]).met == judged(asked, evidence).met


# -- birth dates ---------------------------------------------------------------------------------------


def test_an_age_is_met_by_nobody_whose_birth_date_is_unknown_and_the_exam_says_that_it_asks() -> None:
    sixteen = Alternative(all_of=(Predicate(predicate="age_min", years=16),))
    assert step(sixteen).needs_birth
    assert not step(BY_YEARS).needs_birth
    assert not step(sixteen).judge(NOTHING, [], None).eligible
