"""Sites: what they must have, where they stand, and which exams they serve on which day."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.organisations.domain import By
from services.registry.sites.commands import LedgerLine, RegisterSite, ReinstateSite, RemoveSite, SuspendSite
from services.registry.sites.domain import (
    NotFit,
    Site,
    SiteOutsideStandards,
    State,
    WrongConditions,
    WrongLedger,
    WrongSiteState,
    check,
    equipment,
    registered,
)
from shared.errors import NotFound
from shared.events.base import Event
from shared.events.registry import SiteChanged, SiteRegistered, SiteRemoved, SiteState

DAY = date(2019, 9, 2)
BY = By(at=datetime(2019, 9, 2, 1, tzinfo=UTC), actor="somebody", today=DAY)
ASKED: dict[str, Any] = RegisterSite.model_json_schema()["examples"][0]
CONDITIONS = [answer["condition"] for answer in ASKED["conditions"]]
OFFERED = {"rebar_worker": frozenset({"5", "4"})}
LEAST, MOST = 90.0, 5


def asked(**changes: Any) -> RegisterSite:
    return RegisterSite.model_validate({**ASKED, **changes})


def site(**changes: Any) -> Site:
    return registered("site-1", "unit-33-001", "33", asked(**changes), BY)[0]


def line(identity: str = "line-1", count: int = 10, fit: int = 9) -> Any:
    return equipment(identity, LedgerLine(name="弯曲机", count=count, fit=fit, keeper="张三"), ("sealed-text", "张*"))


def equipped() -> Site:
    return site().line_added(line(), MOST, BY)[0]


def confirmed() -> Site:
    return equipped().confirmed(LEAST, BY)[0]


def test_a_site_is_registered_with_all_of_it_told() -> None:
    made, (event,) = registered("site-1", "unit-33-001", "33", asked(), BY)
    assert isinstance(event, SiteRegistered)
    assert (event.unit, event.state, event.scopes, event.conditions_met) == (
        "unit-33-001",
        "registered",
        made.scopes,
        tuple(CONDITIONS),
    )


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ({"occupation": "cook", "levels": ["5"], "stations": 1}, "/scopes/0/occupation"),
        ({"occupation": "rebar_worker", "levels": ["1"], "stations": 1}, "/scopes/0/levels"),
        ({"occupation": "rebar_worker", "levels": [], "stations": 1}, "/scopes/0/levels"),
        ({"occupation": "rebar_worker", "levels": ["5"], "stations": 0}, "/scopes/0/stations"),
    ],
)
def test_a_site_fits_what_a_standard_offers(scope: dict[str, Any], field: str) -> None:
    check(asked(), OFFERED, CONDITIONS)
    with pytest.raises(SiteOutsideStandards) as refused:
        check(asked(scopes=[scope]), OFFERED, CONDITIONS)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "answers",
    [
        ASKED["conditions"][1:],
        [*ASKED["conditions"], ASKED["conditions"][0]],
        [{**ASKED["conditions"][0], "evidence": " "}, *ASKED["conditions"][1:]],
    ],
)
def test_each_condition_is_answered_once_and_met_with_evidence(answers: list[dict[str, Any]]) -> None:
    with pytest.raises(WrongConditions):
        check(asked(conditions=answers), OFFERED, CONDITIONS)


def test_a_site_is_confirmed_with_every_condition_met_and_its_equipment_fit() -> None:
    unmet = [{**ASKED["conditions"][0], "met": False}, *ASKED["conditions"][1:]]
    for lacking in (
        site(),
        site(conditions=unmet).line_added(line(), MOST, BY)[0],
        site().line_added(line(fit=8), MOST, BY)[0],
    ):
        with pytest.raises(NotFit):
            lacking.confirmed(LEAST, BY)
    found, (event,) = equipped().confirmed(LEAST, BY)
    assert isinstance(event, SiteChanged)
    assert (found.state, event.confirmed_on, event.equipment, event.equipment_fit) == (State.CONFIRMED, DAY, 10, 9)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), max_size=5))
def test_the_fit_rate_is_that_of_all_pieces_in_use(pairs: list[tuple[int, int]]) -> None:
    lines = [line(f"line-{at}", count, min(fit, count)) for at, (count, fit) in enumerate(pairs)]
    found, _ = site().ledger_replaced(lines, MOST, BY)
    pieces, fit = sum(row.count for row in lines), sum(row.fit for row in lines)
    assert found.fit_percent() == (100 * fit / pieces if pieces else None)
    if lines:
        without, _ = found.line_retired("line-0", "报废", MOST, BY)
        assert (without.fit_percent() is None) == (len(lines) == 1)
        assert len(without.ledger) == len(lines)


def test_a_ledger_line_counts_no_more_fit_pieces_than_there_are() -> None:
    with pytest.raises(WrongLedger) as refused:
        line(count=1, fit=2)
    assert refused.value.field == "/fit"


def test_a_ledger_has_an_end_and_a_line_is_changed_only_while_in_use() -> None:
    with pytest.raises(WrongLedger):
        site().ledger_replaced([line(f"line-{at}") for at in range(MOST + 1)], MOST, BY)
    retired, _ = equipped().line_retired("line-1", "报废", MOST, BY)
    with pytest.raises(NotFound):
        retired.line_changed(line(), MOST, BY)
    with pytest.raises(NotFound):
        retired.line_retired("line-1", "r", MOST, BY)


def test_no_event_names_the_keeper() -> None:
    _, (event,) = site().line_added(line(), MOST, BY)
    assert isinstance(event, SiteState)
    assert not any(word in event.model_dump_json() for word in ("sealed-text", "张"))


def test_what_is_changed_on_a_confirmed_site_is_confirmed_anew() -> None:
    found, _ = confirmed().changed(asked(address="示例路2号"), BY)
    assert (found.state, found.serves("rebar_worker", "5", DAY)) == (State.REGISTERED, False)
    same = confirmed()
    assert same.changed(asked(), BY) == (same, [])


def test_a_site_serves_what_fits_it_from_its_confirmation_until_a_suspension_or_removal() -> None:
    found = confirmed()
    assert found.serves("rebar_worker", "5", DAY)
    assert not found.serves("rebar_worker", "5", DAY - timedelta(days=1))
    assert not found.serves("rebar_worker", "3", DAY)
    assert not found.serves("mason", "5", DAY)
    later = DAY + timedelta(days=10)
    halted, _ = found.suspended(SuspendSite(on=later, reason="检修"), BY)
    assert [halted.serves("rebar_worker", "5", day) for day in (DAY, later)] == [True, False]
    again, _ = halted.reinstated(ReinstateSite(reason="完成"), BY)
    gone, (event,) = again.removed(RemoveSite(on=later, reason="退租"), BY)
    assert isinstance(event, SiteRemoved)
    assert (event.on, event.reason) == (later, "退租")
    assert [gone.serves("rebar_worker", "5", day) for day in (DAY, later)] == [True, False]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_removals_in_any_order_hold_from_the_first_day_named(days: list[int]) -> None:
    found = confirmed()
    for day in days:
        found, _ = found.removed(RemoveSite(on=DAY + timedelta(days=day), reason="r"), BY)
    assert found.removed_on == DAY + timedelta(days=min(days))


STEPS: dict[str, Callable[[Site, int], tuple[Site, Sequence[Event]]]] = {
    "confirm": lambda found, _: found.confirmed(LEAST, BY),
    "suspend": lambda found, _: found.suspended(SuspendSite(on=DAY, reason="r"), BY),
    "reinstate": lambda found, _: found.reinstated(ReinstateSite(reason="r"), BY),
    "change": lambda found, number: found.changed(asked(address=f"另一路{number}号"), BY),
    "ledger": lambda found, _: found.ledger_replaced([line()], MOST, BY),
    "remove": lambda found, _: found.removed(RemoveSite(on=DAY, reason="r"), BY),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=10))
def test_whatever_is_done_a_removed_site_stays_removed_and_the_event_tells_the_state(steps: list[str]) -> None:
    found = equipped()
    for number, step in enumerate(steps):
        before = found
        try:
            found, events = STEPS[step](before, number)
        except WrongSiteState:
            continue
        if before.state is State.REMOVED:
            assert (found, events) == (before, [])
        else:
            assert found.history[:-1] == before.history
            assert [event.state for event in events if isinstance(event, SiteState)] == [found.state]
