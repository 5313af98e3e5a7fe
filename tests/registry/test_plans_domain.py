"""The rules of work plans, without a server."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.plans.commands import SubmitPlan
from services.registry.plans.domain import (
    OutsideStandards,
    Plan,
    RepeatedScope,
    State,
    WrongPeriod,
    WrongState,
    check,
    submitted,
)
from shared.errors import Fault
from shared.events.registry import PlanFiled, PlanReturned, PlanSubmitted

OFFERED = {"rebar_worker": frozenset({"5", "4", "3", "2"}), "mason": frozenset({"5", "4"})}
TODAY = date(2019, 9, 2)


def asked(**changes: Any) -> SubmitPlan:
    content = {
        "title": "试点工作方案",
        "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4"]}],
        "valid_from": "2019-09-01",
        "valid_until": "2020-08-31",
    }
    return SubmitPlan.model_validate({**content, **changes})


def plan(state: State = State.SUBMITTED) -> Plan:
    made, _ = submitted("plan-1", "unit-33-001", "33", asked())
    return made.having(state=state)


def test_a_submitted_plan_waits_for_the_center_and_says_so() -> None:
    made, events = submitted("plan-1", "unit-33-001", "33", asked())
    assert made.state is State.SUBMITTED
    (event,) = events
    assert isinstance(event, PlanSubmitted)
    assert (event.plan, event.unit, event.valid_until) == ("plan-1", "unit-33-001", date(2020, 8, 31))


def test_a_filed_plan_says_what_the_unit_may_examine() -> None:
    filed, events = plan().filed(TODAY)
    (event,) = events
    assert (filed.state, filed.filed_on) == (State.FILED, TODAY)
    assert isinstance(event, PlanFiled)
    assert event.scopes == filed.scopes


def test_a_returned_plan_carries_the_remarks_until_it_comes_back() -> None:
    returned, (event,) = plan().returned("请补充考评员名单。")
    assert isinstance(event, PlanReturned)
    assert (returned.state, returned.remarks) == (State.RETURNED, "请补充考评员名单。")
    again, _ = returned.resubmitted(asked(title="补充后的方案"))
    assert (again.state, again.remarks, again.title) == (State.SUBMITTED, "", "补充后的方案")


def test_a_plan_whose_last_day_is_over_is_not_filed() -> None:
    with pytest.raises(WrongPeriod, match="2020-08-31"):
        plan().filed(date(2020, 9, 1))


@pytest.mark.parametrize(
    ("changes", "fault", "field"),
    [
        ({"scopes": [{"occupation": "plumber", "levels": ["5"]}]}, OutsideStandards, "/scopes/0/occupation"),
        ({"scopes": [{"occupation": "mason", "levels": ["5", "1"]}]}, OutsideStandards, "/scopes/0/levels"),
        ({"scopes": [{"occupation": "mason", "levels": []}]}, OutsideStandards, "/scopes/0/levels"),
        ({"scopes": [{"occupation": "mason", "levels": ["5"]}] * 2}, RepeatedScope, "/scopes/1/occupation"),
        ({"valid_until": "2019-08-31"}, WrongPeriod, "/valid_until"),
        ({"valid_until": "2022-09-01"}, WrongPeriod, "/valid_until"),
    ],
)
def test_what_cannot_be_filed_is_refused_with_the_field(
    changes: dict[str, Any], fault: type[Fault], field: str
) -> None:
    with pytest.raises(fault) as refused:
        check(asked(**changes), OFFERED, 3)
    assert refused.value.field == field


@pytest.mark.parametrize("last", ["2019-09-01", "2022-08-31"])
def test_a_plan_may_hold_from_one_day_to_three_years(last: str) -> None:
    check(asked(valid_until=last), OFFERED, 3)


def test_a_plan_may_begin_on_29_february() -> None:
    check(asked(valid_from="2020-02-29", valid_until="2023-02-28"), OFFERED, 3)
    with pytest.raises(WrongPeriod):
        check(asked(valid_from="2020-02-29", valid_until="2023-03-01"), OFFERED, 3)


STEPS = {
    "return": lambda found: found.returned("remark"),
    "resubmit": lambda found: found.resubmitted(asked()),
    "file": lambda found: found.filed(TODAY),
}
ALLOWED = {
    (State.SUBMITTED, "return"): State.RETURNED,
    (State.SUBMITTED, "file"): State.FILED,
    (State.RETURNED, "resubmit"): State.SUBMITTED,
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_no_order_of_commands_reaches_a_state_the_rules_forbid(steps: list[str]) -> None:
    found = plan()
    for step in steps:
        before = found.state
        if (before, step) in ALLOWED:
            found, events = STEPS[step](found)
            assert found.state is ALLOWED[before, step]
            assert len(events) == 1
        else:
            with pytest.raises(WrongState):
                STEPS[step](found)
