"""A unit's standing: what filed plans give, what a suspension takes, and why a result is not filed."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.organisations.domain import Organisation, OrganisationKind
from services.registry.standings.domain import NotSuspended, Refusal, Standing, unborn
from shared.events.registry import PlanFiled, Scope, UnitAuthorised, UnitLapsed, UnitReinstated, UnitSuspended

DAY = date(2019, 9, 10)


def at(days: int) -> datetime:
    """Noon in Shanghai, so many days after the first."""
    return datetime.combine(DAY + timedelta(days=days), time(4), UTC)


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


def filed(
    plan: str = "plan-1", edition: int = 1, occupation: str = "mason", levels: tuple[str, ...] = ("5", "4")
) -> PlanFiled:
    return PlanFiled(
        plan=plan,
        unit="unit-33-001",
        scopes=(Scope(occupation=occupation, levels=levels),),
        valid_from=DAY,
        valid_until=DAY + timedelta(days=100),
        edition=edition,
    )


def fresh() -> Standing:
    return unborn("unit-33-001", "33", "示例鉴定站")


def authorised() -> Standing:
    return fresh().authorised(filed(), "33", at(0))[0]


def refusal(found: Standing, occupation: str = "mason", level: str = "5", exam_on: date = DAY, **more: date) -> str:
    said = found.refuses(occupation, level, exam_on, more.pop("today", DAY), **more)
    return said[0] if said else ""


def test_a_filed_plan_authorises_the_unit_and_tells_its_whole_standing() -> None:
    found, (event,) = fresh().authorised(filed(), "33", at(0))
    assert isinstance(event, UnitAuthorised)
    assert (event.plan, event.scopes, event.valid_until) == ("plan-1", filed().scopes, DAY + timedelta(days=100))
    assert [(grant.plan, grant.edition, grant.authority) for grant in event.grants] == [("plan-1", 1, "33")]
    assert [grant.plan for grant in found.grants] == ["plan-1"]


def test_a_grant_tells_the_numbers_of_its_plan_and_an_amendment_tells_the_new_ones() -> None:
    first = filed().model_copy(update={"numbers": {"mason": 300}})
    found, (event,) = fresh().authorised(first, "33", at(0))
    assert isinstance(event, UnitAuthorised)
    assert [grant.numbers for grant in event.grants] == [{"mason": 300}]
    amended = filed(edition=2).model_copy(update={"numbers": {"mason": 500}})
    found, (event,) = found.authorised(amended, "33", at(1))
    assert isinstance(event, UnitAuthorised)
    assert [grant.numbers for grant in event.grants] == [{"mason": 500}]
    assert [grant.numbers for grant in found.past] == [{"mason": 300}]


def test_a_standing_kept_from_before_grants_told_numbers_names_none() -> None:
    kept = authorised().model_dump()
    for row in kept["grants"]:
        del row["numbers"]
    assert [grant.numbers for grant in Standing.model_validate(kept).grants] == [{}]


def test_the_same_edition_again_changes_nothing() -> None:
    found = authorised()
    assert found.authorised(filed(), "33", at(0)) == (found, [])


def test_a_unit_may_have_plans_in_two_lines_and_the_newest_is_named_on_top() -> None:
    found, (event,) = authorised().authorised(filed("plan-2", occupation="rebar_worker"), "C01", at(1))
    assert (event.plan, [grant.authority for grant in event.grants]) == ("plan-2", ["33", "C01"])  # type: ignore[attr-defined]
    assert refusal(found) == refusal(found, "rebar_worker") == ""


def test_a_later_edition_takes_the_place_of_the_one_before() -> None:
    found, (event,) = authorised().authorised(filed(edition=2, levels=("5",)), "33", at(20))
    assert isinstance(event, UnitAuthorised)
    assert [(grant.plan, grant.edition) for grant in event.grants] == [("plan-1", 2)]
    assert refusal(found, level="4", exam_on=DAY + timedelta(days=30)) == Refusal.LEVEL_OUT_OF_SCOPE


def test_what_began_under_an_edition_is_filed_though_a_later_one_does_not_name_it() -> None:
    found, _ = authorised().authorised(filed(edition=2, levels=("5",)), "33", at(20))
    late = DAY + timedelta(days=30)
    assert refusal(found, level="4", exam_on=late, begun_on=DAY + timedelta(days=10)) == ""
    assert refusal(found, level="4", exam_on=late, begun_on=DAY + timedelta(days=20)) == Refusal.LEVEL_OUT_OF_SCOPE
    assert refusal(found, level="4", exam_on=DAY + timedelta(days=19)) == ""


def test_a_plan_that_is_over_leaves_the_others_and_says_what_is_left() -> None:
    both, _ = authorised().authorised(filed("plan-2", occupation="rebar_worker"), "33", at(1))
    found, (event,) = both.lapsed("plan-2", DAY + timedelta(days=5))
    assert isinstance(event, UnitLapsed)
    assert (event.plan, [grant.plan for grant in event.grants]) == ("plan-1", ["plan-1"])
    none, (last,) = found.lapsed("plan-1", DAY + timedelta(days=6))
    assert isinstance(last, UnitLapsed)
    assert (last.plan, last.scopes, last.valid_from, last.grants) == ("", (), None, ())
    assert none.lapsed("plan-1", DAY + timedelta(days=6)) == (none, [])


def test_an_exam_held_before_the_plan_expired_is_filed_afterwards() -> None:
    found, _ = authorised().lapsed("plan-1", DAY + timedelta(days=101))
    assert refusal(found, exam_on=DAY + timedelta(days=100), today=DAY + timedelta(days=120)) == ""
    assert refusal(found, exam_on=DAY + timedelta(days=101)) == Refusal.UNIT_NOT_AUTHORISED


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_is_heard_of_a_plan_in_any_order_ends_in_the_same_standing(order: tuple[int, ...]) -> None:
    words = [
        lambda found: found.authorised(filed(), "33", at(0)),
        lambda found: found.authorised(filed(edition=2), "33", at(20)),
        lambda found: found.lapsed("plan-1", DAY + timedelta(days=40)),
    ]
    found = fresh()
    for place in (*order, *order):  # and everything once more
        found, _ = words[place](found)
    assert found.grants == ()
    assert sorted((grant.edition, grant.ended_on) for grant in found.past) == [
        (1, DAY + timedelta(days=20)),
        (2, DAY + timedelta(days=40)),
    ]


def test_a_suspension_stays_when_another_plan_is_filed() -> None:
    suspended, _ = authorised().suspended(DAY, "dishonesty", "basis", "center")
    found, (event,) = suspended.authorised(filed("plan-2"), "33", at(1))
    assert isinstance(event, UnitSuspended)
    assert (event.plan, found.suspended_on) == ("plan-2", DAY)


def test_a_lifted_suspension_is_told_and_kept_with_both_reasons() -> None:
    suspended, _ = authorised().suspended(DAY, "管理失序", "意见书1号", "center")
    found, (event,) = suspended.lifted("整改合格", "复查记录1号", "center", at(9))
    assert isinstance(event, UnitReinstated)
    assert (event.suspended_on, event.reason, event.plan) == (None, "", "plan-1")
    (kept,) = found.suspensions
    assert (kept.reason, kept.lift_reason, kept.lifted_at) == ("管理失序", "整改合格", at(9))
    assert refusal(found) == ""
    with pytest.raises(NotSuspended):
        found.lifted("整改合格", "复查记录1号", "center", at(10))


@pytest.mark.parametrize(
    ("occupation", "level", "exam_on", "expected"),
    [
        ("mason", "5", DAY, ""),
        ("mason", "4", DAY + timedelta(days=100), ""),
        ("mason", "5", DAY - timedelta(days=1), Refusal.UNIT_NOT_AUTHORISED),
        ("mason", "5", DAY + timedelta(days=101), Refusal.UNIT_NOT_AUTHORISED),
        ("rebar_worker", "5", DAY, Refusal.OCCUPATION_OUT_OF_SCOPE),
        ("mason", "3", DAY, Refusal.LEVEL_OUT_OF_SCOPE),
    ],
)
def test_a_result_is_filed_only_within_the_standing_of_that_day(
    occupation: str, level: str, exam_on: date, expected: str
) -> None:
    assert refusal(authorised(), occupation, level, exam_on, today=DAY + timedelta(days=200)) == expected


def test_a_unit_without_a_filed_plan_files_nothing() -> None:
    assert refusal(fresh()) == Refusal.UNIT_NOT_AUTHORISED


def test_a_suspended_unit_files_nothing_from_that_day_on() -> None:
    suspended, _ = authorised().suspended(DAY + timedelta(days=20), "dishonesty: forged scores", "", "system")
    assert suspended.refuses("mason", "5", DAY, DAY + timedelta(days=19)) is None
    found = suspended.refuses("mason", "5", DAY, DAY + timedelta(days=20))
    assert found is not None
    assert found[0] is Refusal.UNIT_SUSPENDED
    assert "dishonesty" in found[1]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_suspensions_in_any_order_begin_on_the_first_day_named(days: list[int]) -> None:
    found = authorised()
    for day in days:
        found, _ = found.suspended(DAY + timedelta(days=day), "reason", "", "system")
    assert found.suspended_on == DAY + timedelta(days=min(days))


def test_what_comes_upon_a_suspension_is_entered_beside_it_and_lifted_with_it() -> None:
    suspended, _ = authorised().suspended(DAY, "管理失序", "意见书1号", "center")
    found, said = suspended.suspended(DAY + timedelta(days=9), "dishonesty: forged scores", "event-1", "system")
    assert (found.suspended_on, found.reason, said) == (DAY, "管理失序", [])
    assert [row.basis for row in found.suspensions] == ["意见书1号", "event-1"]
    lifted, _ = found.lifted("整改合格", "复查记录1号", "center", at(9))
    assert all(row.lifted_at for row in lifted.suspensions)
