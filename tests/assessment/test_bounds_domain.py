"""A batch is planned and filed within the modes, sites, numbers and days that hold; every excess is named at once."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.assessment.batches.commands import PlanBatch
from services.assessment.batches.domain import (
    Batch,
    OutOfBounds,
    WrongSittings,
    asked_at,
    must_be_possible,
    must_be_within,
    must_still_hold,
    planned,
)
from services.assessment.mirrors.domain import Site
from shared.events.registry import Grant, SiteScope
from tests.assessment.examples import EXAM, LINE, MODES, NOW, UNIT, grant, site, standard

SITES = {"site-1": site()}
LATER = EXAM + timedelta(days=6)


def asked(**changes: Any) -> PlanBatch:
    about = {"occupation": "rebar_worker", "level": "5", "exam_on": EXAM, "planned": 20, "site": "site-1"}
    return PlanBatch.model_validate({**about, **changes})


def made(**changes: Any) -> Batch:
    return planned("batch-1", UNIT, LINE, standard(), asked(**changes), MODES, now=NOW)


def sitting(part: str = "theory", on: date = EXAM, **own: Any) -> dict[str, Any]:
    return {"part": part, "on": on, **own}


def refused_plan(sites: dict[str, Site] = SITES, of: Grant | None = None, **changes: Any) -> list[tuple[Any, Any]]:
    """Field and rule of each excess for which a plan is refused."""
    try:
        must_be_possible(made(**changes), of or grant(), sites, MODES, asked_at(asked(**changes)))
    except OutOfBounds as fault:
        return [(one.field, one.rule) for one in fault.further]
    return []


def refused_filing(sites: dict[str, Site] = SITES, of: Grant | None = None, **changes: Any) -> list[tuple[Any, Any]]:
    """Field and rule of each excess for which a filing is refused."""
    try:
        must_be_within(made(**changes), of or grant(), standard(), sites, MODES)
    except OutOfBounds as fault:
        return [(one.field, one.rule) for one in fault.further]
    return []


def of_both(rule: str) -> list[tuple[str, str]]:
    return [(f"/sittings/{place}/site", rule) for place in (0, 1)]


# -- sittings -------------------------------------------------------------------------------------------


def test_what_a_sitting_does_not_say_is_the_batchs_own() -> None:
    of = made(begins="08:30", sittings=[sitting(on=LATER, begins="14:00")])
    theory, practical = of.sittings
    assert (theory.on, theory.begins, theory.mode, theory.site) == (LATER, "14:00", "central", "site-1")
    assert (practical.on, practical.begins, practical.site) == (EXAM, "08:30", "site-1")
    assert (of.exam_on, of.ends_on) == (EXAM, LATER)


def test_a_part_held_online_does_not_take_the_batchs_site() -> None:
    of = made(sittings=[sitting(mode="online_theory")])
    assert ([row.site for row in of.sittings], of.site) == (["", "site-1"], "site-1")
    assert refused_plan(sittings=[sitting(mode="online_theory")]) == []


@pytest.mark.parametrize(
    ("sittings", "field"),
    [
        ([sitting(), sitting()], "/sittings"),
        ([sitting("review")], "/sittings"),
        ([sitting(on=EXAM - timedelta(days=1))], "/sittings/0/on"),
        ([sitting(on=LATER), sitting("practical", LATER)], "/exam_on"),
    ],
)
def test_each_part_of_the_level_has_one_sitting_from_the_day_of_the_exam_on(
    sittings: list[dict[str, Any]], field: str
) -> None:
    with pytest.raises(WrongSittings) as refused:
        made(sittings=sittings)
    assert refused.value.field == field


def test_a_field_that_a_command_does_not_know_is_refused() -> None:
    for more in ({"room": "一号"}, {"sittings": [sitting(room="一号")]}):
        with pytest.raises(ValidationError):
            asked(**more)


# -- modes ----------------------------------------------------------------------------------------------


def test_every_mode_of_the_rule_has_its_names_and_examines_something() -> None:
    assert set(MODES) == {"central", "on_site", "evening", "modular", "online_theory"}
    assert all(mode.zh and mode.en and mode.parts and mode.days > 0 for mode in MODES.values())


@pytest.mark.parametrize(
    ("changes", "excess"),
    [
        ({"mode": "at_home"}, ("/mode", "mode-unknown")),
        ({"sittings": [sitting(mode="at_home")]}, ("/sittings/0/mode", "mode-unknown")),
        ({"sittings": [sitting("practical", mode="online_theory")]}, ("/sittings/0/mode", "mode-part")),
        ({"sittings": [sitting(mode="online_theory", site="site-1")]}, ("/sittings/0/site", "site-online")),
        ({"mode": "on_site"}, ("/place", "mode-place")),
        ({"sittings": [sitting(mode="on_site")]}, ("/place", "mode-place")),
        ({"sittings": [sitting(mode="on_site", place="")]}, ("/sittings/0/place", "mode-place")),
        ({"mode": "evening"}, ("/begins", "mode-begins")),
        ({"sittings": [sitting(mode="evening", begins="17:29")]}, ("/sittings/0/begins", "mode-begins")),
        ({"site": ""}, ("/site", "site-missing")),
        ({"sittings": [sitting("practical", site="")]}, ("/sittings/0/site", "site-missing")),
        ({"sittings": [sitting(on=EXAM + timedelta(days=7))]}, ("/sittings/0/on", "mode-days")),
    ],
)
def test_what_does_not_fit_its_mode_is_refused_where_it_was_asked(
    changes: dict[str, Any], excess: tuple[str, str]
) -> None:
    assert refused_plan(**changes) == [excess]


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "on_site", "place": "某项目3号楼"},
        {"mode": "evening", "begins": "17:30"},
        {"mode": "modular", "sittings": [sitting(on=EXAM + timedelta(days=89))]},
        {"sittings": [sitting(on=LATER)]},
        {"sittings": [sitting(mode="evening", begins="18:30")]},
    ],
)
def test_what_fits_its_mode_is_planned_and_filed(changes: dict[str, Any]) -> None:
    assert refused_plan(**changes) == refused_filing(**changes) == []


# -- sites ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"unit": "unit-33-other"}, "site-unit"),
        ({"removed_on": EXAM}, "site-removed"),
        ({"removed_on": EXAM, "confirmed_on": None}, "site-removed"),
        ({"suspended_on": EXAM}, "site-suspended"),
        ({"confirmed_on": None}, "site-not-confirmed"),
        ({"confirmed_on": EXAM + timedelta(days=1)}, "site-not-confirmed"),
        ({"scopes": (SiteScope(occupation="mason", levels=("5",), stations=4),)}, "site-scope"),
        ({"scopes": (SiteScope(occupation="rebar_worker", levels=("4",), stations=4),)}, "site-scope"),
    ],
)
def test_a_batch_is_filed_only_where_an_exam_can_be_held_that_day(change: dict[str, Any], rule: str) -> None:
    assert refused_filing({"site-1": site(**change)}) == of_both(rule)


@pytest.mark.parametrize(
    "change",
    [
        {"confirmed_on": EXAM},
        {"suspended_on": EXAM + timedelta(days=1)},
        {"removed_on": EXAM + timedelta(days=1)},
    ],
)
def test_a_site_serves_from_the_day_it_is_confirmed_until_the_day_before_it_is_not(change: dict[str, Any]) -> None:
    assert refused_filing({"site-1": site(**change)}) == []


def test_only_what_can_never_be_is_refused_when_it_is_planned() -> None:
    later: dict[str, Any] = {"confirmed_on": None, "suspended_on": EXAM, "scopes": ()}
    assert refused_plan({"site-1": site(**later)}) == []
    assert refused_plan({"site-1": site(unit="unit-33-other")}) == [("/site", "site-unit")]
    assert refused_plan({"site-1": site(removed_on=EXAM)}) == [("/site", "site-removed")]
    assert refused_plan({}) == [("/site", "site-unknown")]


def test_each_part_is_judged_at_its_own_site_on_its_own_day() -> None:
    closing = {"site-1": site(), "site-2": site(site="site-2", suspended_on=EXAM + timedelta(days=1))}
    two: dict[str, Any] = {"sittings": [sitting("practical", LATER, site="site-2")]}
    assert refused_filing(closing, **two) == [("/sittings/1/site", "site-suspended")]
    assert refused_filing(closing, sittings=[sitting("practical", EXAM, site="site-2")]) == []


# -- numbers, edition, all together -----------------------------------------------------------------------


def test_an_exam_begins_only_where_its_sites_hold_still() -> None:
    of = made()
    must_still_hold(of, {"site-1": site()})
    must_still_hold(of, {})  # one from before sites were registered
    changes: tuple[dict[str, Any], ...] = ({"removed_on": EXAM}, {"suspended_on": EXAM}, {"scopes": ()})
    for change in changes:
        with pytest.raises(OutOfBounds):
            must_still_hold(of, {"site-1": site(**change)})


def test_no_batch_plans_more_candidates_than_its_plan_expects_in_all() -> None:
    few, others, unnamed = ({"rebar_worker": 19}, {"rebar_worker": 20, "mason": 1}, {"mason": 1})
    assert (
        refused_plan(of=grant(numbers=few)) == refused_filing(of=grant(numbers=few)) == [("/planned", "plan-numbers")]
    )
    assert refused_plan(of=grant(numbers=others)) == refused_filing(of=grant(numbers=unnamed)) == []


def test_a_batch_planned_by_an_edition_that_a_newer_one_replaced_meanwhile_is_not_filed() -> None:
    with pytest.raises(OutOfBounds) as refused:
        must_be_within(made(), grant(), standard(standard="rebar_worker-2019q"), SITES, MODES)
    assert [(one.field, one.rule) for one in refused.value.further] == [("/standard", "standard-superseded")]


def test_all_excesses_of_a_batch_are_named_at_once_and_each_once() -> None:
    sittings = [sitting("practical", LATER, mode="online_theory", begins="07:00")]
    found = refused_plan(
        {"site-1": site(unit="unit-33-other")}, grant(numbers={"rebar_worker": 1}),
        mode="evening", site="site-1", begins="09:00", sittings=sittings,
    )  # fmt: skip
    assert found == [
        ("/planned", "plan-numbers"),
        ("/begins", "mode-begins"),
        ("/sittings/0/mode", "mode-part"),
        ("/site", "site-unit"),
    ]
