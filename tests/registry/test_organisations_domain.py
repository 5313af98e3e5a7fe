"""A unit's standing: what a filed plan gives, what a suspension takes, and why a result is not filed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.organisations.domain import Organisation, OrganisationKind, Refusal
from shared.events.registry import PlanFiled, Scope, UnitAuthorised, UnitSuspended

DAY = date(2019, 9, 10)


def unit() -> Organisation:
    return Organisation(
        id="unit-33-001",
        authority="33",
        unit="unit-33-001",
        kind=OrganisationKind.UNIT,
        name="示例鉴定站",
        name_en="Example station",
        example=True,
        issuer_code="99002001",
    )


def filed(plan: str = "plan-1") -> PlanFiled:
    return PlanFiled(
        plan=plan,
        unit="unit-33-001",
        scopes=(Scope(occupation="mason", levels=("5", "4")),),
        valid_from=DAY,
        valid_until=DAY + timedelta(days=100),
    )


def authorised() -> Organisation:
    return unit().authorised(filed())[0]


def test_a_filed_plan_authorises_the_unit_and_tells_its_whole_standing() -> None:
    found, (event,) = unit().authorised(filed())
    assert isinstance(event, UnitAuthorised)
    assert (event.plan, event.scopes, event.valid_until) == ("plan-1", found.scopes, DAY + timedelta(days=100))


def test_the_same_plan_again_changes_nothing() -> None:
    found = authorised()
    assert found.authorised(filed()) == (found, [])


def test_a_suspension_stays_when_another_plan_is_filed() -> None:
    suspended, _ = authorised().suspended(DAY, "dishonesty")
    found, (event,) = suspended.authorised(filed("plan-2"))
    assert isinstance(event, UnitSuspended)
    assert (found.plan, found.suspended_on) == ("plan-2", DAY)


@pytest.mark.parametrize(
    ("occupation", "level", "exam_on", "refusal"),
    [
        ("mason", "5", DAY, None),
        ("mason", "4", DAY + timedelta(days=100), None),
        ("mason", "5", DAY - timedelta(days=1), Refusal.UNIT_NOT_AUTHORISED),
        ("mason", "5", DAY + timedelta(days=101), Refusal.UNIT_NOT_AUTHORISED),
        ("rebar_worker", "5", DAY, Refusal.OCCUPATION_OUT_OF_SCOPE),
        ("mason", "3", DAY, Refusal.LEVEL_OUT_OF_SCOPE),
    ],
)
def test_a_result_is_filed_only_within_the_standing_of_that_day(
    occupation: str, level: str, exam_on: date, refusal: Refusal | None
) -> None:
    found = authorised().refuses(occupation, level, exam_on, DAY + timedelta(days=200))
    assert (found[0] if found else None) is refusal


def test_a_unit_without_a_filed_plan_files_nothing() -> None:
    found = unit().refuses("mason", "5", DAY, DAY)
    assert found is not None
    assert found[0] is Refusal.UNIT_NOT_AUTHORISED


def test_a_suspended_unit_files_nothing_from_that_day_on() -> None:
    suspended, _ = authorised().suspended(DAY + timedelta(days=20), "dishonesty: forged scores")
    assert suspended.refuses("mason", "5", DAY, DAY + timedelta(days=19)) is None
    found = suspended.refuses("mason", "5", DAY, DAY + timedelta(days=20))
    assert found is not None
    assert found[0] is Refusal.UNIT_SUSPENDED
    assert "dishonesty" in found[1]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_suspensions_in_any_order_begin_on_the_first_day_named(days: list[int]) -> None:
    found = authorised()
    for day in days:
        found, _ = found.suspended(DAY + timedelta(days=day), "reason")
    assert found.suspended_on == DAY + timedelta(days=min(days))
