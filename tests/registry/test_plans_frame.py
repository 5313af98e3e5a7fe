"""Unit plans fit into their authority's overall plan: occupations, levels, days, and the numbers of all together."""

from datetime import date, timedelta
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.plans.domain import (
    LeavesOutside,
    NoOverallPlan,
    OutsideOverallPlan,
    OverallPlanUsed,
    Plan,
    PlanKind,
    Share,
    State,
    begun,
    claim_of,
    must_contain,
)
from tests.registry.planning import TODAY, content, of, overall, submitted

FRAME = {"scopes": of(("rebar_worker", 100), ("mason", 50))}


def held(frame: Plan, plan: Plan) -> Plan:
    """The frame with a unit plan on file in it."""
    reserved, _ = frame.reserved(plan, TODAY)
    return reserved.settled(plan.filed(TODAY)[0])[0]


def test_each_excess_is_named_with_its_field_and_rule() -> None:
    asked = submitted(
        scopes=[*of(("scaffolder", 1)), *of(("mason", 51), levels=("5", "3"))],
        valid_from="2019-08-31",
        valid_until="2020-09-01",
    )
    with pytest.raises(OutsideOverallPlan) as refused:
        overall(**FRAME).must_frame(asked, TODAY)
    assert [(fault.field, fault.rule) for fault in refused.value.further] == [
        ("/scopes/0/occupation", "overall_plan.occupations"),
        ("/scopes/1/levels", "overall_plan.levels"),
        ("/scopes/1/numbers", "overall_plan.numbers"),
        ("/valid_from", "overall_plan.days"),
        ("/valid_until", "overall_plan.days"),
    ]


def test_numbers_are_summed_over_the_units_of_the_line() -> None:
    frame = held(overall(**FRAME), submitted("plan-1", scopes=of(("rebar_worker", 70))))
    frame.must_frame(submitted("plan-2", "unit-33-002", scopes=of(("rebar_worker", 30))), TODAY)
    with pytest.raises(OutsideOverallPlan) as refused:
        frame.must_frame(submitted("plan-2", "unit-33-002", scopes=of(("rebar_worker", 31))), TODAY)
    (fault,) = refused.value.further
    assert "other unit plans take 70, 30 are left" in fault.detail


def test_an_amendment_is_counted_in_place_of_its_own_edition() -> None:
    plan, _ = submitted("plan-1", scopes=of(("rebar_worker", 70))).filed(TODAY)
    frame = held(overall(**FRAME), submitted("plan-1", scopes=of(("rebar_worker", 70))))
    more, _ = plan.amended(content(scopes=of(("rebar_worker", 100))), submit=True)
    reserved, _ = frame.reserved(more, TODAY)
    (share,) = reserved.shares
    assert share.numbers()["rebar_worker"] == 100
    back, _ = more.returned("too many", {})
    (share,) = reserved.settled(back)[0].shares
    assert (share.coming, share.numbers()["rebar_worker"]) == (None, 70)


def test_while_an_amendment_is_being_filed_the_larger_edition_counts() -> None:
    plan, _ = submitted("plan-1", scopes=of(("rebar_worker", 70))).filed(TODAY)
    frame = held(overall(**FRAME), submitted("plan-1", scopes=of(("rebar_worker", 70))))
    fewer, _ = plan.amended(content(scopes=of(("rebar_worker", 10))), submit=True)
    reserved, _ = frame.reserved(fewer, TODAY)
    with pytest.raises(OutsideOverallPlan):
        reserved.must_frame(submitted("plan-2", "unit-33-002", scopes=of(("rebar_worker", 31))), TODAY)
    settled, _ = reserved.settled(fewer.filed(TODAY)[0])
    settled.must_frame(submitted("plan-2", "unit-33-002", scopes=of(("rebar_worker", 90))), TODAY)


def test_a_plan_that_ends_gives_its_numbers_back() -> None:
    frame = held(overall(**FRAME), submitted("plan-1", scopes=of(("rebar_worker", 70))))
    gone, _ = submitted("plan-1", scopes=of(("rebar_worker", 70))).filed(TODAY)[0].withdrawn("reason", TODAY)
    assert frame.settled(gone)[0].shares == ()


def test_an_overall_plan_that_leaves_unit_plans_outside_is_refused_naming_them() -> None:
    frame = held(overall(**FRAME), submitted("plan-1", scopes=of(("rebar_worker", 70))))
    frame = held(frame, submitted("plan-2", "unit-33-002", scopes=of(("rebar_worker", 20), ("mason", 5))))
    narrower, _ = frame.amended(content("overall", scopes=of(("rebar_worker", 80))), submit=True)
    with pytest.raises(LeavesOutside) as refused:
        narrower.filed(TODAY)
    details = [fault.detail for fault in refused.value.further]
    assert [("plan-2 of unit-33-002" in detail) for detail in details] == [True, True]
    wide, _ = frame.amended(content("overall", scopes=of(("rebar_worker", 90), ("mason", 5))), submit=True)
    assert wide.filed(TODAY)[0].state is State.AMENDED


def test_a_line_of_hundreds_of_units_is_added_up_within_a_moment() -> None:
    plan, many = submitted(scopes=of(("rebar_worker", 1), ("mason", 1))), 600
    held = tuple(Share(plan=f"plan-{n}", unit=f"unit-{n}", held=claim_of(plan)) for n in range(many))
    frame = overall(scopes=of(("rebar_worker", many), ("mason", many - 1))).having(shares=held)
    began = perf_counter()
    with pytest.raises(LeavesOutside) as refused:
        must_contain(frame, frame.shares)
    assert perf_counter() - began < 0.4, "this long no other request is answered"
    (fault,) = refused.value.further
    assert f"{many - 1} " in fault.detail


def test_an_overall_plan_is_not_withdrawn_under_its_units() -> None:
    frame = held(overall(**FRAME), submitted())
    with pytest.raises(OverallPlanUsed, match="unit-33-001"):
        frame.withdrawn("reason", TODAY)


def test_nothing_fits_into_an_overall_plan_that_is_not_in_force() -> None:
    draft = begun("plan-overall", "", "33", PlanKind.OVERALL, content("overall"))
    for frame, today in ((draft, TODAY), (overall(), date(2020, 9, 1))):
        with pytest.raises(NoOverallPlan):
            frame.must_frame(submitted(), today)


ASKS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 60), st.sampled_from(["file", "return", "withdraw", "crash"])),
    max_size=20,
)


@given(ASKS)
def test_whatever_is_asked_the_units_on_file_never_exceed_the_frame(asks: list[tuple[int, int, str]]) -> None:
    frame = overall(scopes=of(("rebar_worker", 100)))
    plans: dict[int, Plan] = {}
    for who, numbers, how in asks:
        plan = _asking(plans.get(who), who, numbers)
        try:
            frame, _ = frame.reserved(plan, TODAY)
        except OutsideOverallPlan:
            plan, _ = plan.returned("too many", {})
        else:
            plan = _ended(plan, how)
        if how != "crash":
            frame, _ = frame.settled(plan)
        plans[who] = plan
        on_file = [found.numbers["rebar_worker"] for found in plans.values() if found.edition and not found.ended_on]
        assert sum(on_file) <= 100
    for plan in plans.values():
        frame, _ = frame.settled(plan)
    assert {share.plan for share in frame.shares if share.held} == {
        plan.id for plan in plans.values() if plan.edition and not plan.ended_on
    }


def _asking(plan: Plan | None, who: int, numbers: int) -> Plan:
    asked: dict[str, Any] = {"scopes": of(("rebar_worker", numbers))}
    if plan is None or plan.ended_on:
        return submitted(f"plan-{who}", f"unit-33-00{who}", **asked)
    if plan.stage in (State.FILED, State.AMENDED):
        return plan.amended(content(**asked), submit=True)[0]
    if plan.stage is State.SUBMITTED:
        plan, _ = plan.returned("again", {})
    return plan.mended(content(**asked), submit=True)[0]


def _ended(plan: Plan, how: str) -> Plan:
    if how == "file":
        return plan.filed(TODAY + timedelta(days=1))[0]
    if how == "return":
        return plan.returned("remarks", {})[0]
    return plan.withdrawn("reason", TODAY)[0] if how == "withdraw" else plan
