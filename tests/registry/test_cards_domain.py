"""The rules of cards, without a server: papers, numbers, terms, suspensions, grades."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.cards.commands import (
    ChangeEmployer,
    ChangeScopes,
    GradeCard,
    RenewCard,
    RevokeCard,
    SuspendCard,
)
from services.registry.cards.domain.card import Card
from services.registry.cards.domain.history import AlreadyGraded, Refusal, Status, WrongState
from services.registry.cards.domain.issue import issued, numbered
from services.registry.cards.domain.rules import (
    NoIssuerCode,
    NotQualified,
    OutsideStandards,
    OutsideWindow,
    RepeatedScope,
    SeriesExhausted,
    UnknownGrade,
    WrongDay,
)
from shared.errors import Fault
from shared.events.registry import CardChanged, CardGraded, CardRevoked, CardStanding, Scope
from shared.workdays import years_later
from tests.registry.card_examples import (
    CERTIFICATE,
    EXAM,
    OFFERED,
    SEALED,
    TITLE,
    TODAY,
    TRAINING,
    asked,
    card,
    practice,
    rules,
)

LAST = date(2022, 9, 1)
DAY = timedelta(days=1)


def renewal(since: date = date(2022, 7, 15), **changed: Any) -> RenewCard:
    paper = {"kind": "training", "document": "结业证", "since": since.isoformat()}
    return RenewCard.model_validate({"evidence": [paper], **changed})


def renewed(found: Card, on: date) -> Card:
    return found.renewed(renewal(on - DAY), rules(today=on), "clerk")[0]


def suspension(since: date | None = None) -> SuspendCard:
    return SuspendCard(since=since, reason="调查期间", basis="考评人员管理办法")


def suspended(found: Card, since: date, today: date = TODAY) -> Card:
    return found.suspended(suspension(since), today, "clerk")[0]


def revoked(found: Card, on: date = TODAY) -> Card:
    return found.revoked(RevokeCard(reason="弄虚作假", basis="办法"), on)[0]


# -- papers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "papers"),
    [
        ("assessor", [CERTIFICATE, TRAINING, EXAM]),
        ("assessor", [{**CERTIFICATE, "level": "2"}, TRAINING, EXAM]),
        ("assessor", [TITLE, TRAINING, EXAM]),
        ("senior_assessor", [{**CERTIFICATE, "level": "1"}, practice("assessor", "2018-09-02"), TRAINING, EXAM]),
        ("senior_assessor", [{**TITLE, "level": "senior"}, practice("assessor", "2010-01-01"), TRAINING, EXAM]),
        ("supervisor", [practice("assessor", "2016-09-02"), TRAINING, EXAM]),
        ("supervisor", [practice("appraisal_administration", "2017-09-02"), TRAINING, EXAM]),
    ],
)
def test_each_alternative_of_papers_qualifies(kind: str, papers: list[dict[str, Any]]) -> None:
    rules(kind).check_qualified(asked(evidence=papers).evidence)


@pytest.mark.parametrize(
    ("kind", "papers"),
    [
        ("assessor", [{**CERTIFICATE, "level": "4"}, TRAINING, EXAM]),
        ("assessor", [{**CERTIFICATE, "level": "master"}, TRAINING, EXAM]),
        ("assessor", [{**TITLE, "level": "junior"}, TRAINING, EXAM]),
        ("assessor", [CERTIFICATE, EXAM]),
        ("assessor", [CERTIFICATE, TRAINING]),
        ("assessor", [CERTIFICATE, TRAINING, {**EXAM, "since": "2019-09-03"}]),
        ("senior_assessor", [CERTIFICATE, practice("assessor", "2010-01-01"), TRAINING, EXAM]),
        ("senior_assessor", [{**CERTIFICATE, "level": "1"}, practice("assessor", "2018-09-03"), TRAINING, EXAM]),
        ("senior_assessor", [{**CERTIFICATE, "level": "1"}, TRAINING, EXAM]),
        ("supervisor", [practice("assessor", "2016-09-03"), TRAINING, EXAM]),
        ("supervisor", [practice("assessor", "9999-12-31"), TRAINING, EXAM]),
        ("supervisor", [CERTIFICATE, TRAINING, EXAM]),
    ],
)
def test_papers_short_of_every_alternative_do_not(kind: str, papers: list[dict[str, Any]]) -> None:
    with pytest.raises(NotQualified) as refusal:
        rules(kind).check_qualified(asked(evidence=papers).evidence)
    assert (refusal.value.field, refusal.value.rule) == ("/evidence", "card.qualification")
    assert "training + exam" in refusal.value.detail


def test_an_id_number_in_a_free_text_is_masked_before_it_is_kept() -> None:
    made = asked(employer="个体 330106189309141015")
    assert made.employer == "个体 330106********1015"


# -- numbers and scopes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "line", "number"),
    [
        ("supervisor", "36", "R36190007"),
        ("assessor", "33", "A33190007"),
        ("senior_assessor", "national", "S00190007"),
        ("assessor", "C01", "A91190007"),
        ("assessor", "66", "A66190007"),
    ],
)
def test_a_number_names_kind_issuer_year_and_serial(kind: str, line: str, number: str) -> None:
    made, (said,) = numbered(card().having(kind=rules(kind).kind, authority=line), 7, rules(kind))
    assert made.number == number
    assert isinstance(said, CardStanding)
    assert said.number == number


def test_after_the_last_serial_of_a_year_no_card_is_numbered() -> None:
    numbered(card(), 9999, rules())
    with pytest.raises(SeriesExhausted):
        numbered(card(), 10_000, rules())


def test_an_issuer_without_a_two_digit_code_is_told_so() -> None:
    with pytest.raises(NoIssuerCode):
        issued("card-1", "C02", asked(), SEALED, rules(), "clerk")


@pytest.mark.parametrize(
    ("scopes", "fault", "field"),
    [
        ([("rebar_worker", ["2"])], OutsideStandards, "/scopes/0/levels"),
        ([("plumber", ["5"])], OutsideStandards, "/scopes/0/occupation"),
        ([("rebar_worker", [])], OutsideStandards, "/scopes/0/levels"),
        ([("rebar_worker", ["5"]), ("rebar_worker", ["4"])], RepeatedScope, "/scopes/1/occupation"),
    ],
)
def test_scopes_beyond_standards_or_kind_are_refused(
    scopes: list[tuple[str, list[str]]], fault: type[Fault], field: str
) -> None:
    named = [Scope(occupation=occupation, levels=tuple(levels)) for occupation, levels in scopes]
    with pytest.raises(fault) as refusal:
        rules().check_scopes(named, OFFERED)
    assert refusal.value.field == field


def test_a_senior_assessor_reaches_every_level_the_standard_offers_and_no_more() -> None:
    every = Scope(occupation="rebar_worker", levels=("5", "4", "3", "2", "1"))
    rules("senior_assessor").check_scopes([every], OFFERED)
    with pytest.raises(OutsideStandards):
        rules("senior_assessor").check_scopes([Scope(occupation="mason", levels=("2",))], OFFERED)


# -- terms ---------------------------------------------------------------------------------------------


def test_a_term_is_three_years_both_days_included() -> None:
    made = card()
    assert (made.valid_from, made.valid_until) == (TODAY, LAST)
    assert made.status(TODAY - DAY) is Status.UPCOMING
    assert made.status(TODAY) is made.status(LAST) is Status.VALID
    assert made.status(LAST + DAY) is Status.LAPSED


@pytest.mark.parametrize("days", [-31, 91])
def test_a_card_begins_around_the_day_it_is_issued(days: int) -> None:
    with pytest.raises(WrongDay):
        card(valid_from=(TODAY + timedelta(days=days)).isoformat())


def test_a_renewed_term_begins_when_the_old_one_ends() -> None:
    made = renewed(card(), LAST - timedelta(days=90))
    assert (made.valid_from, made.valid_until) == (TODAY, date(2025, 9, 1))
    assert [term.valid_from for term in made.terms] == [TODAY, LAST + DAY]
    assert made.status(LAST + DAY) is Status.VALID


def test_before_its_window_and_after_it_a_card_is_not_renewed() -> None:
    for on in (LAST - timedelta(days=91), LAST + timedelta(days=181)):
        with pytest.raises(OutsideWindow):
            renewed(card(), on)


def test_a_card_renewed_late_did_not_hold_in_between() -> None:
    on = LAST + timedelta(days=180)
    found, _ = card().lapsed(on)
    made = renewed(found, on)
    assert (made.valid_from, made.lapsed_on) == (on, None)
    assert [made.status(day) for day in (LAST, on - DAY, on)] == [Status.VALID, Status.LAPSED, Status.VALID]


def test_a_renewal_needs_training_after_the_last_term_began() -> None:
    with pytest.raises(NotQualified) as refusal:
        card().renewed(renewal(TODAY), rules(today=LAST), "clerk")
    assert refusal.value.rule == "card.renewal"


def test_a_lapse_is_said_once_for_each_term() -> None:
    assert card().lapsed(LAST) == (card(), [])
    found, events = card().lapsed(LAST + DAY)
    assert len(events) == 1
    assert found.lapsed(LAST + timedelta(days=2)) == (found, [])
    again = renewed(found, LAST + DAY)
    assert len(again.lapsed(again.valid_until + DAY)[1]) == 1


def test_a_card_gives_way_to_a_new_one_only_when_it_can_be_renewed_no_more() -> None:
    with pytest.raises(WrongState):
        card().gives_way(rules(today=LAST + timedelta(days=180)))
    gone, events = card().gives_way(rules(today=LAST + timedelta(days=181)))
    assert (gone.held, len(events)) == (False, 1)
    with pytest.raises(WrongState):
        gone.reinstated("x", LAST)


def test_a_year_after_29_february_ends_on_1_march() -> None:
    assert years_later(date(2020, 2, 29), 1) == date(2021, 3, 1)
    assert years_later(date(2020, 2, 29), 4) == date(2024, 2, 29)


# -- suspension and end --------------------------------------------------------------------------------


def test_a_suspension_holds_from_its_day_until_it_is_lifted_and_is_remembered() -> None:
    begins, lifted = TODAY + timedelta(days=5), TODAY + timedelta(days=9)
    made, _ = suspended(card(), begins).reinstated("无违规", lifted)
    seen = [made.status(day) for day in (begins - DAY, begins, lifted - DAY, lifted)]
    assert seen == [Status.VALID, Status.SUSPENDED, Status.SUSPENDED, Status.VALID]
    assert (made.suspended_on, made.reason) == (None, "")


def test_a_suspension_lifted_before_it_begins_never_was() -> None:
    begins = TODAY + timedelta(days=5)
    made, _ = suspended(card(), begins).reinstated("误报", TODAY)
    assert made.status(begins) is Status.VALID


def test_a_suspension_does_not_reach_back_nor_beyond_the_term() -> None:
    for since in (TODAY - DAY, LAST + DAY):
        with pytest.raises(WrongDay):
            suspended(card(), since)


def test_a_suspended_card_lapses_and_is_renewed_only_when_it_is_reinstated() -> None:
    on = LAST + DAY
    found, events = suspended(card(), LAST, LAST).lapsed(on)
    assert len(events) == 1
    assert found.status(on) is Status.LAPSED
    with pytest.raises(WrongState):
        renewed(found, on)
    lifted, _ = found.reinstated("无违规", on)
    assert renewed(lifted, on).status(on) is Status.VALID


def test_nothing_moves_a_revoked_card() -> None:
    gone = revoked(card())
    moves: list[Callable[[], object]] = [
        lambda: gone.renewed(renewal(), rules(today=LAST), "clerk"),
        lambda: gone.suspended(suspension(), TODAY, "clerk"),
        lambda: gone.reinstated("x", TODAY),
        lambda: revoked(gone),
        lambda: gone.graded(GradeCard(year=2019, grade="qualified"), rules(), "clerk"),
        lambda: gone.rescoped(ChangeScopes(scopes=gone.scopes, reason="x"), rules(), OFFERED, "clerk"),
        lambda: gone.employed(ChangeEmployer(employer="x", reason="x"), TODAY, "clerk"),
    ]
    for move in moves:
        with pytest.raises(WrongState):
            move()
    assert gone.lapsed(LAST + DAY) == (gone, [])
    assert gone.status(TODAY) is gone.status(LAST) is Status.REVOKED


# -- may act -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "occupation", "level", "refusal"),
    [
        (card(), "rebar_worker", "4", None),
        (card(), "rebar_worker", "2", Refusal.LEVEL_OUT_OF_SCOPE),
        (card(), "mason", "5", Refusal.OCCUPATION_OUT_OF_SCOPE),
        (suspended(card(), TODAY), "rebar_worker", "4", Refusal.SUSPENDED),
        (revoked(card()), "rebar_worker", "4", Refusal.REVOKED),
        (card(valid_from="2019-09-03"), "rebar_worker", "4", Refusal.UPCOMING),
    ],
)
def test_who_may_not_act_is_told_why(found: Card, occupation: str, level: str, refusal: Refusal | None) -> None:
    answer = found.refuses(TODAY, occupation, level)
    assert (answer[0] if answer else None) == refusal


# -- grades and changes --------------------------------------------------------------------------------


def graded(found: Card, **content: Any) -> Card:
    return found.graded(GradeCard.model_validate({"year": 2019, "grade": "qualified", **content}), rules(), "clerk")[0]


def test_a_year_has_one_grade_and_a_correction_keeps_the_former() -> None:
    made = graded(card())
    with pytest.raises(AlreadyGraded):
        graded(made, grade="excellent")
    made = graded(made, grade="excellent", corrects=True)
    assert [row.grade for row in made.gradings] == ["qualified", "excellent"]
    with pytest.raises(AlreadyGraded):
        graded(card(), corrects=True)


@pytest.mark.parametrize(
    ("content", "fault"),
    [({"grade": "splendid"}, UnknownGrade), ({"year": 2020}, WrongDay), ({"year": 2018}, WrongDay)],
)
def test_a_grade_is_of_the_list_and_of_a_year_of_the_card(content: dict[str, Any], fault: type[Fault]) -> None:
    with pytest.raises(fault):
        graded(card(), **content)


def test_refusing_as_often_as_the_rule_says_ends_the_card_and_the_grade_tells_it_too() -> None:
    asked_grade = GradeCard(year=2019, grade="unqualified", refusals=3)
    made, events = card().graded(asked_grade, rules(), "clerk")
    assert [type(event) for event in events] == [CardGraded, CardRevoked]
    assert made.basis == "assessor.refusals_per_year"
    assert all(isinstance(event, CardStanding) and event.ended_on == TODAY for event in events)
    assert graded(card(), refusals=2).ended_on is None


def test_a_supervisor_is_not_removed_for_refusals() -> None:
    papers = [practice("assessor", "2010-01-01"), TRAINING, EXAM]
    made = card(kind="supervisor", evidence=papers)
    assert made.graded(GradeCard(year=2019, grade="qualified", refusals=9), rules("supervisor"), "c")[0].held


def test_what_the_card_covered_before_a_change_stays_on_record() -> None:
    scopes = (Scope(occupation="mason", levels=("5",)),)
    made, (said,) = card().rescoped(ChangeScopes(scopes=scopes, reason="改报"), rules(), OFFERED, "clerk")
    assert isinstance(said, CardChanged)
    assert said.scopes == made.scopes == scopes
    made, _ = made.employed(ChangeEmployer(employer="另一公司", reason="调动"), TODAY, "clerk")
    assert [row.employer for row in made.changes] == ["示例建筑工程有限公司"] * 2
    assert made.changes[0].scopes == card().scopes


# -- any life ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(min_value=-90, max_value=180), min_size=1, max_size=6), st.integers(0, 9000))
def test_terms_never_overlap_and_the_days_of_the_card_are_those_of_its_last_run(ends: list[int], after: int) -> None:
    made = card()
    for days in ends:
        made = renewed(made, made.valid_until + timedelta(days=days))
    for one, following in zip(made.terms, made.terms[1:], strict=False):
        assert one.valid_until < following.valid_from
    assert made.terms[-1].valid_until == made.valid_until
    on = TODAY + timedelta(days=after)
    if made.valid_from <= on <= made.valid_until:
        assert made.status(on) is Status.VALID
    elif on > made.valid_until:
        assert made.status(on) is Status.LAPSED
