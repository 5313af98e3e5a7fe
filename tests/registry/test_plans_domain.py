"""The rules of work plans, without a server: what one holds, and how it lives."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.registry.plans.domain import (
    IN_FORCE,
    IncompletePlan,
    OutsideStandards,
    Plan,
    PlanKind,
    RepeatedScope,
    State,
    WrongPeriod,
    WrongState,
    begun,
    check,
)
from shared.errors import Fault
from shared.events.base import Event
from shared.events.registry import PlanExpired, PlanFiled, PlanReturned, PlanSubmitted, PlanWithdrawn
from tests.registry.planning import ALL_SECTIONS, TODAY, content, of, submitted

OFFERED = {"rebar_worker": frozenset({"5", "4", "3", "2"}), "mason": frozenset({"5", "4"})}


def checked(**changes: Any) -> None:
    check(content(**changes), PlanKind.UNIT, OFFERED, ALL_SECTIONS, 3)


def test_a_submitted_plan_waits_for_the_center_and_says_so() -> None:
    made, (event,) = begun("plan-1", "unit-33-001", "33", PlanKind.UNIT, content()).sent()
    assert made.state is State.SUBMITTED
    assert isinstance(event, PlanSubmitted)
    assert (event.plan, event.unit, event.kind, event.edition) == ("plan-1", "unit-33-001", "unit", 1)
    assert (event.valid_until, event.numbers) == (date(2020, 8, 31), {"rebar_worker": 100})


def test_a_filed_plan_says_what_the_unit_may_examine() -> None:
    filed, (event,) = submitted().filed(TODAY)
    assert (filed.state, filed.filed_on, filed.edition) == (State.FILED, TODAY, 1)
    assert isinstance(event, PlanFiled)
    assert event.scopes == filed.told_scopes
    assert "numbers" not in event.scopes[0].model_dump()


def test_a_returned_plan_carries_the_remarks_until_it_comes_back() -> None:
    returned, (event,) = submitted().returned("请补充。", {"staff": "几名?"})
    assert isinstance(event, PlanReturned)
    assert (event.remarks, event.sections) == ("请补充。", {"staff": "几名?"})
    assert (returned.state, returned.remarks, returned.section_remarks) == (State.RETURNED, "请补充。", event.sections)
    again, _ = returned.mended(content(title="补充后的方案"), submit=True)
    assert (again.state, again.remarks, again.section_remarks) == (State.SUBMITTED, "", {})
    assert again.title == "补充后的方案"


def test_the_edition_on_file_stays_until_the_amendment_is_filed() -> None:
    filed, _ = submitted().filed(TODAY)
    asked, (event,) = filed.amended(content(title="第二版", scopes=of(("mason", 5))), submit=True)
    assert isinstance(event, PlanSubmitted)
    assert (event.edition, event.title) == (2, "第二版")
    assert (asked.title, asked.edition, asked.state, asked.stage) == (filed.title, 1, State.FILED, State.SUBMITTED)
    back, (said,) = asked.returned("请说明。", {})
    assert (back.state, back.stage) == (State.FILED, State.RETURNED)
    assert said.model_dump()["edition"] == 2
    again, _ = back.mended(content(title="第二版改"), submit=True)
    second, (told,) = again.filed(TODAY + timedelta(days=9))
    assert isinstance(told, PlanFiled)
    assert (second.title, second.state, second.edition, told.edition) == ("第二版改", State.AMENDED, 2, 2)
    assert second.amendment is None


def test_a_plan_whose_last_day_is_over_is_not_filed() -> None:
    with pytest.raises(WrongPeriod, match="2020-08-31"):
        submitted().filed(date(2020, 9, 1))


def test_a_plan_expires_on_the_day_after_its_last() -> None:
    filed, _ = submitted().filed(TODAY)
    assert filed.expired(date(2020, 8, 31)) == (filed, [])
    over, (event,) = filed.expired(date(2020, 9, 1))
    assert isinstance(event, PlanExpired)
    assert (over.state, over.ended_on, event.expired_on) == (State.EXPIRED, date(2020, 9, 1), date(2020, 9, 1))


def test_nobody_hears_of_a_draft_that_is_given_up() -> None:
    draft = begun("plan-1", "unit-33-001", "33", PlanKind.UNIT, content())
    assert draft.withdrawn("reason", TODAY)[1] == []
    (event,) = submitted().withdrawn("reason", TODAY)[1]
    assert isinstance(event, PlanWithdrawn)
    assert event.edition == 0


@pytest.mark.parametrize(
    ("changes", "fault", "field"),
    [
        ({"scopes": of(("plumber", 9), levels=("5",))}, OutsideStandards, "/scopes/0/occupation"),
        ({"scopes": of(("mason", 9), levels=("5", "1"))}, OutsideStandards, "/scopes/0/levels"),
        ({"scopes": of(("mason", 9), levels=())}, OutsideStandards, "/scopes/0/levels"),
        ({"scopes": of(("mason", 9), ("mason", 9))}, RepeatedScope, "/scopes/1/occupation"),
        ({"valid_until": "2019-08-31"}, WrongPeriod, "/valid_until"),
        ({"valid_until": "2022-09-01"}, WrongPeriod, "/valid_until"),
    ],
)
def test_what_cannot_be_filed_is_refused_with_the_field(
    changes: dict[str, Any], fault: type[Fault], field: str
) -> None:
    with pytest.raises(fault) as refused:
        checked(**changes)
    assert refused.value.field == field


@pytest.mark.parametrize("kind", PlanKind)
def test_each_section_that_its_kind_must_have_is_missed_by_name(kind: PlanKind) -> None:
    required = {section.id for section in ALL_SECTIONS if kind in section.required}
    with pytest.raises(IncompletePlan) as refused:
        check(content(sections={"goal": " ", "hobby": "x"}), kind, OFFERED, ALL_SECTIONS, 3)
    assert {fault.field for fault in refused.value.further} == {f"/sections/{name}" for name in required | {"hobby"}}
    check(content(sections=dict.fromkeys(required, "text")), kind, OFFERED, ALL_SECTIONS, 3)


def test_the_two_kinds_need_different_sections() -> None:
    needs = {kind: {section.id for section in ALL_SECTIONS if kind in section.required} for kind in PlanKind}
    assert "coordination" in needs[PlanKind.OVERALL] - needs[PlanKind.UNIT]
    assert "sites" in needs[PlanKind.UNIT] - needs[PlanKind.OVERALL]


@pytest.mark.parametrize("last", ["2019-09-01", "2022-08-31"])
def test_a_plan_may_hold_from_one_day_to_three_years(last: str) -> None:
    checked(valid_until=last)


def test_a_plan_may_begin_on_29_february() -> None:
    checked(valid_from="2020-02-29", valid_until="2023-02-28")
    with pytest.raises(WrongPeriod):
        checked(valid_from="2020-02-29", valid_until="2023-03-01")


Step = Callable[[Plan, date], tuple[Plan, Any]]
STEPS: dict[str, Step] = {
    "mend": lambda plan, _: plan.mended(content(title="mended"), submit=False),
    "resubmit": lambda plan, _: plan.mended(content(title="mended"), submit=True),
    "send": lambda plan, _: plan.sent(),
    "return": lambda plan, _: plan.returned("remarks", {"staff": "how many"}),
    "file": lambda plan, today: plan.filed(today),
    "amend": lambda plan, _: plan.amended(content(title="amended"), submit=False),
    "withdraw": lambda plan, today: plan.withdrawn("reason", today),
    "expire": lambda plan, today: plan.expired(today),
}
NEXT = {
    ("mend", "draft"): "draft",
    ("mend", "returned"): "returned",
    ("resubmit", "draft"): "submitted",
    ("resubmit", "returned"): "submitted",
    ("send", "draft"): "submitted",
    ("send", "returned"): "submitted",
    ("return", "submitted"): "returned",
    ("file", "submitted"): "on file",
    ("amend", "on file"): "draft",
}
"""Where a plan, or the amendment of one on file, goes from where it stands; all else is refused."""
SILENT = {("mend", "draft"), ("mend", "returned"), ("amend", "on file")}


class PlansLife(RuleBasedStateMachine):
    """A model of one sentence per state, beside the plan; every step in every state, time going on."""

    @initialize()
    def begin(self) -> None:
        self.plan = begun("plan-1", "unit-33-001", "33", PlanKind.UNIT, content())
        self.today = TODAY
        self.stage, self.editions, self.over = "draft", 0, False
        self.on_file: str = ""

    @rule(days=st.integers(0, 200))
    def time_goes_on(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(step=st.sampled_from(sorted(set(STEPS) - {"withdraw", "expire"})))
    def somebody_asks(self, step: str) -> None:
        wanted = NEXT.get((step, self.stage)) if not self.over else None
        late = step == "file" and self.today > self.plan.proposal.valid_until
        if wanted is None or late:
            with pytest.raises(WrongPeriod if wanted and late else WrongState):
                STEPS[step](self.plan, self.today)
            return
        before = self.stage
        self.plan, events = STEPS[step](self.plan, self.today)
        assert len(events) == ((step, before) not in SILENT)
        self.stage = wanted
        if step == "file":
            self.editions, self.on_file = self.editions + 1, self.plan.title

    @rule()
    def it_is_withdrawn(self) -> None:
        if self.over:
            with pytest.raises(WrongState):
                STEPS["withdraw"](self.plan, self.today)
            return
        self.plan, _ = STEPS["withdraw"](self.plan, self.today)
        self.over = True

    @rule()
    def the_clock_looks(self) -> None:
        due = self.editions and not self.over and self.today > self.plan.valid_until
        self.plan, events = STEPS["expire"](self.plan, self.today)
        assert [type(event) for event in events] == ([PlanExpired] if due else [])
        self.over = self.over or bool(due)

    @invariant()
    def it_is_where_the_model_says(self) -> None:
        if self.over:
            assert self.plan.state in (State.EXPIRED, State.WITHDRAWN)
            assert self.plan.amendment is None
        elif self.editions:
            assert self.plan.state is (State.FILED if self.editions == 1 else State.AMENDED)
            assert self.plan.stage == self.stage or (self.stage == "on file" and self.plan.stage in IN_FORCE)
        else:
            assert self.plan.state == self.stage

    @invariant()
    def what_is_on_file_changes_by_filing_alone(self) -> None:
        assert self.plan.edition == self.editions
        if self.editions:
            assert self.plan.title == self.on_file
            assert self.plan.as_filed().id == f"plan-1@{self.editions}"

    @invariant()
    def it_can_be_kept_and_read_again(self) -> None:
        assert Plan.model_validate(self.plan.model_dump()) == self.plan


TestPlansLife = PlansLife.TestCase


def test_every_event_of_a_plan_is_read_as_it_was_said() -> None:
    filed, (said,) = submitted().filed(TODAY)
    events: list[Event] = [said, *submitted().returned("x", {"staff": "y"})[1], *filed.withdrawn("z", TODAY)[1]]
    assert all(type(event).model_validate_json(event.model_dump_json()) == event for event in events)
