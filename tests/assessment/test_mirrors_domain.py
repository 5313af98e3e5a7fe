"""The newest word on a unit, standard, card or site counts, and says what may be examined where."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.mirrors.domain import (
    CardRefused,
    LevelOutOfScope,
    NoStandard,
    NotAuthorised,
    OccupationOutOfScope,
    Suspended,
    Unit,
    edition_for,
    unit_of,
)
from shared.events.registry import Grant, Scope, Staffing, UnitAuthorised, UnitLapsed, UnitReinstated
from tests.assessment.examples import EXAM, card, grant, site, standard, standing, unit

TODAY = date(2019, 10, 1)


def test_a_unit_may_examine_what_its_filed_plan_names() -> None:
    unit().must_cover("rebar_worker", "5", EXAM, TODAY)


def test_an_older_word_that_arrives_late_changes_nothing() -> None:
    known = unit(sequence=4, reason="new")
    assert known.replaced_by(unit(sequence=3, reason="old")) == (known, [])


def test_a_newer_word_replaces_everything_but_what_the_store_counts() -> None:
    known = unit(sequence=3).having(version=7, taken=("event-1",))
    news, events = known.replaced_by(unit(sequence=4, name="新名"))
    assert (news.name, news.sequence, news.version, news.taken, events) == ("新名", 4, 7, ("event-1",), [])


@given(st.permutations(range(1, 7)))
def test_the_newest_word_stands_in_whichever_order_all_are_heard(order: list[int]) -> None:
    known: Unit = unit(sequence=order[0], name=str(order[0]))
    for sequence in [*order[1:], *order]:
        known, _ = known.replaced_by(unit(sequence=sequence, name=str(sequence)))
    assert (known.sequence, known.name) == (6, "6")


def test_a_suspended_unit_may_not_examine() -> None:
    with pytest.raises(Suspended, match="dishonesty"):
        unit(suspended_on=TODAY, reason="dishonesty").must_cover("rebar_worker", "5", EXAM, TODAY)


def test_a_suspension_that_begins_by_the_day_of_the_exam_counts_today() -> None:
    with pytest.raises(Suspended):
        unit(suspended_on=EXAM).must_cover("rebar_worker", "5", EXAM, TODAY)


def test_a_unit_without_a_filed_plan_is_not_authorised() -> None:
    with pytest.raises(NotAuthorised):
        unit(plan="", valid_from=None, valid_until=None).must_cover("rebar_worker", "5", EXAM, TODAY)


@pytest.mark.parametrize("exam_on", [date(2019, 8, 31), date(2020, 9, 1)])
def test_an_exam_outside_the_days_of_the_plan_is_not_authorised(exam_on: date) -> None:
    with pytest.raises(NotAuthorised) as refused:
        unit().must_cover("rebar_worker", "5", exam_on, TODAY)
    assert refused.value.field == "/exam_on"


@pytest.mark.parametrize("exam_on", [date(2019, 9, 1), date(2020, 8, 31)])
def test_the_first_and_the_last_day_of_the_plan_count(exam_on: date) -> None:
    unit().must_cover("rebar_worker", "5", exam_on, TODAY)


def test_an_occupation_outside_the_plan_is_refused() -> None:
    with pytest.raises(OccupationOutOfScope, match="rebar_worker"):
        unit().must_cover("mason", "5", EXAM, TODAY)


def test_a_level_outside_the_plan_is_refused() -> None:
    with pytest.raises(LevelOutOfScope, match="5, 4"):
        unit().must_cover("rebar_worker", "3", EXAM, TODAY)


def test_the_newest_edition_in_force_on_the_day_of_the_exam_counts() -> None:
    old, new = standard(), standard(standard="rebar_worker-2021", effective=date(2021, 1, 1))
    assert edition_for([new, old], "5", date(2020, 12, 31)) == old
    assert edition_for([old, new], "5", date(2021, 1, 1)) == new


def test_there_is_no_standard_before_its_first_day() -> None:
    with pytest.raises(NoStandard):
        edition_for([standard()], "5", date(2019, 7, 31))


def test_a_level_that_the_edition_does_not_offer_has_no_standard() -> None:
    with pytest.raises(NoStandard, match="5, 4, 3, 2"):
        edition_for([standard()], "1", EXAM)


def test_a_level_without_any_part_cannot_be_examined() -> None:
    with pytest.raises(NoStandard):
        edition_for([standard(parts=())], "5", EXAM)


def test_an_edition_is_not_in_force_from_the_day_a_newer_one_is() -> None:
    old = standard(superseded_on=date(2021, 1, 1))
    assert edition_for([old], "5", date(2020, 12, 31)) == old
    with pytest.raises(NoStandard):
        edition_for([old], "5", date(2021, 1, 1))


# -- grants ---------------------------------------------------------------------------------------------


def test_any_grant_that_covers_the_exam_will_do_and_the_newest_is_the_one_that_counts() -> None:
    mason = grant(plan="plan-2", scopes=(Scope(occupation="mason", levels=("5",)),))
    newer = grant(plan="plan-3", edition=2, valid_from=date(2019, 10, 1))
    of = unit(grants=(grant(), mason, newer))
    assert of.must_cover("mason", "5", EXAM, TODAY) == mason
    assert of.must_cover("rebar_worker", "5", EXAM, TODAY) == newer
    assert of.must_cover("rebar_worker", "5", date(2019, 9, 30), TODAY) == grant()


def test_a_unit_that_changed_its_line_examines_under_the_plan_of_the_new_one_as_soon_as_it_has_one() -> None:
    elsewhere = grant(plan="plan-2", authority="44", valid_from=date(2019, 10, 1))
    assert unit(grants=(elsewhere,)).must_cover("rebar_worker", "5", EXAM, TODAY) == elsewhere
    assert unit(grants=(elsewhere, grant())).must_cover("rebar_worker", "5", EXAM, TODAY) == grant()


def test_what_events_without_grants_name_is_the_one_grant() -> None:
    assert unit().grants == (grant(),)
    assert unit(plan="", scopes=(), valid_from=None, valid_until=None).grants == ()


@pytest.mark.parametrize("kind", [UnitLapsed, UnitReinstated])
def test_where_grants_are_always_said_none_named_means_none_left(kind: type[UnitLapsed | UnitReinstated]) -> None:
    of = unit_of(standing(kind), "33", 2)
    with pytest.raises(NotAuthorised, match="submit one"):
        of.must_cover("rebar_worker", "5", EXAM, TODAY)


@pytest.mark.parametrize(
    ("occupation", "level", "exam_on", "refusal", "named"),
    [
        ("carpenter", "5", EXAM, OccupationOutOfScope, "mason, rebar_worker"),
        ("mason", "3", EXAM, LevelOutOfScope, "level 5"),
        ("mason", "5", EXAM, NotAuthorised, "2021-01-01 to 2021-12-31"),
    ],
)
def test_the_reason_is_that_of_the_grants_that_come_nearest(
    occupation: str, level: str, exam_on: date, refusal: type[Exception], named: str
) -> None:
    later = grant(
        plan="plan-2",
        scopes=(Scope(occupation="mason", levels=("5",)),),
        valid_from=date(2021, 1, 1),
        valid_until=date(2021, 12, 31),
    )
    with pytest.raises(refusal, match=named):
        unit(grants=(grant(), later)).must_cover(occupation, level, exam_on, TODAY)


@given(st.permutations([grant(plan=f"plan-{place}", valid_from=date(2019, 9, place)) for place in range(1, 5)]))
def test_the_order_of_grants_decides_nothing(grants: list[Grant]) -> None:
    assert unit(grants=tuple(grants)).must_cover("rebar_worker", "5", EXAM, TODAY).plan == "plan-4"


@pytest.mark.parametrize(
    ("exam_on", "ends_on", "field"),
    [
        (date(2020, 8, 31), date(2020, 9, 1), "/sittings"),
        (date(2019, 8, 31), date(2019, 9, 2), "/exam_on"),
        (date(2020, 9, 1), date(2020, 9, 2), "/exam_on"),
    ],
)
def test_one_grant_covers_an_exam_from_its_first_to_its_last_day(exam_on: date, ends_on: date, field: str) -> None:
    following = grant(plan="plan-2", valid_from=date(2020, 9, 2), valid_until=date(2021, 8, 31))
    with pytest.raises(NotAuthorised) as refused:
        unit(grants=(grant(), following)).must_cover("rebar_worker", "5", exam_on, TODAY, ends_on)
    assert refused.value.field == field


def test_a_grant_that_covers_the_last_day_too_goes_before_a_newer_one_that_does_not() -> None:
    short = grant(plan="plan-2", valid_from=date(2019, 10, 1), valid_until=EXAM)
    of = unit(grants=(grant(), short))
    assert of.must_cover("rebar_worker", "5", EXAM, TODAY) == short
    assert of.must_cover("rebar_worker", "5", EXAM, TODAY, date(2019, 10, 13)) == grant()


def test_a_suspension_that_begins_by_the_last_day_of_an_exam_counts_today() -> None:
    last = date(2019, 10, 13)
    of = unit(suspended_on=last)
    assert of.must_cover("rebar_worker", "5", EXAM, TODAY) == grant()
    with pytest.raises(Suspended):
        of.must_cover("rebar_worker", "5", EXAM, TODAY, last)


def test_grants_from_before_there_were_numbers_name_none() -> None:
    old = standing(grants=(grant(),)).model_dump_json(exclude={"grants": {0: {"numbers"}}})
    said = UnitAuthorised.model_validate_json(old)
    assert said.grants[0].numbers == {}


# -- sites ----------------------------------------------------------------------------------------------


def test_an_older_word_on_a_site_that_arrives_late_changes_nothing() -> None:
    removed = site(sequence=3, state="removed", removed_on=EXAM)
    assert removed.replaced_by(site(sequence=2)) == (removed, [])
    assert removed.replaced_by(site(sequence=4, name="新名"))[0].name == "新名"


def test_a_site_has_stations_for_what_fits_it() -> None:
    assert site().stations("rebar_worker", "5") == 12
    assert site().stations("mason", "5") == site(scopes=()).stations("rebar_worker", "5") == 0


# -- cards ----------------------------------------------------------------------------------------------


def test_a_card_holds_within_its_term_and_scope() -> None:
    assert list(card().gaps("rebar_worker", "5", EXAM)) == []


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"valid_until": date(2019, 10, 11)}, ["card-term"]),
        ({"valid_from": date(2019, 10, 13)}, ["card-term"]),
        ({"suspended_on": EXAM}, ["card-status"]),
        ({"suspended_on": date(2019, 10, 13)}, []),
        ({"ended_on": date(2019, 1, 1)}, ["card-status"]),
        ({"scopes": (Scope(occupation="rebar_worker", levels=("4",)),)}, ["card-level"]),
        ({"scopes": (Scope(occupation="mason", levels=("5",)),), "ended_on": EXAM}, ["card-status", "card-occupation"]),
    ],
)
def test_each_rule_that_a_card_does_not_meet_is_named(change: dict[str, Any], rules: list[str]) -> None:
    assert [rule for rule, _ in card(**change).gaps("rebar_worker", "5", EXAM)] == rules


def test_a_card_is_refused_by_the_first_rule_it_does_not_meet() -> None:
    card().must_cover("rebar_worker", "5", EXAM, "/supervisor")
    with pytest.raises(CardRefused) as refused:
        card(scopes=(), ended_on=EXAM).must_cover("rebar_worker", "5", EXAM, "/supervisor")
    assert (refused.value.rule, refused.value.field) == ("card-status", "/supervisor")


def test_a_holder_is_the_same_whichever_card_is_named_once_the_person_is_known() -> None:
    known = card().having(person_index="index-1")
    assert (card().who, known.who, card(card="card-2").having(person_index="index-1").who) == (
        "card-1",
        "index-1",
        "index-1",
    )


def test_an_edition_is_known_with_the_staff_it_asks_for() -> None:
    of = Staffing(part="practical", role="assessor", candidates=5, at_least=3, odd=True, source="the standard")
    assert standard(staffing=(of,)).staffing == (of,)
