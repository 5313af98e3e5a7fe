"""The life of a work plan: submitted, returned and submitted again, filed. Filed is not approved: it is on record."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TypeVar

from services.registry.plans.commands import SubmitPlan
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import PlanFiled, PlanReturned, PlanSubmitted, Scope

Offered = Mapping[str, frozenset[str]]
"""Levels offered by the standard editions in force, by occupation."""
Said = TypeVar("Said", PlanSubmitted, PlanFiled)


class State(StrEnum):
    """Where a plan stands."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    FILED = "filed"


class OutsideStandards(Fault):
    """The plan names an occupation or level that no published standard offers."""

    slug, kind = "plan-outside-standards", Kind.CONFLICT


class RepeatedScope(Fault):
    """The plan names an occupation twice."""

    slug, kind = "plan-scope-repeated", Kind.CONFLICT


class WrongPeriod(Fault):
    """The plan's days do not form a period that can be filed."""

    slug, kind = "plan-period", Kind.CONFLICT


class WrongState(Fault):
    """The plan is not in a state that allows this."""

    slug, kind = "plan-state", Kind.CONFLICT


class Plan(Entity):
    """One unit's work plan."""

    unit: str
    title: str
    state: State
    scopes: tuple[Scope, ...]
    valid_from: date
    valid_until: date
    remarks: str = ""
    filed_on: date | None = None

    def resubmitted(self, asked: SubmitPlan) -> "tuple[Plan, Sequence[Event]]":
        """A returned plan comes back mended."""
        self._must_be(State.RETURNED, "only a returned plan can be submitted again")
        plan = self.having(**_content(asked), state=State.SUBMITTED, remarks="")
        return plan, [plan.saying(PlanSubmitted)]

    def returned(self, remarks: str) -> "tuple[Plan, Sequence[Event]]":
        """The Center sends it back."""
        self._must_be(State.SUBMITTED, "only a submitted plan can be returned")
        plan = self.having(state=State.RETURNED, remarks=remarks)
        return plan, [PlanReturned(plan=self.id, unit=self.unit, remarks=remarks)]

    def filed(self, today: date) -> "tuple[Plan, Sequence[Event]]":
        """The Center puts it on file; the unit's authorisation follows from the event."""
        self._must_be(State.SUBMITTED, "only a submitted plan can be filed")
        if self.valid_until < today:
            raise WrongPeriod(
                f"its last day, {self.valid_until}, is over; return it to be mended", field="/valid_until"
            )
        plan = self.having(state=State.FILED, filed_on=today)
        return plan, [plan.saying(PlanFiled)]

    def saying(self, kind: type[Said]) -> Said:
        """The event that says what the plan asks for or holds."""
        return kind(
            plan=self.id,
            unit=self.unit,
            scopes=self.scopes,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )

    def _must_be(self, state: State, rule: str) -> None:
        if self.state is not state:
            raise WrongState(f"{rule}; this one is {self.state}")


def submitted(identity: str, unit: str, authority: str, asked: SubmitPlan) -> tuple[Plan, Sequence[Event]]:
    """A new plan, waiting for the Center."""
    plan = Plan(id=identity, unit=unit, authority=authority, state=State.SUBMITTED, **_content(asked))
    return plan, [plan.saying(PlanSubmitted)]


def check(asked: SubmitPlan, offered: Offered, longest_years: int) -> None:
    """Refuse what no standard offers and what is no period (`body.filing_years` bounds it)."""
    named: set[str] = set()
    for place, scope in enumerate(asked.scopes):
        _check_scope(scope, offered, named, f"/scopes/{place}")
        named.add(scope.occupation)
    if asked.valid_until < asked.valid_from:
        raise WrongPeriod("the last day lies before the first", field="/valid_until")
    if asked.valid_until >= _years_later(asked.valid_from, longest_years):
        raise WrongPeriod(f"a plan holds at most {longest_years} years", field="/valid_until", rule="body.filing_years")


def _check_scope(scope: Scope, offered: Offered, named: set[str], pointer: str) -> None:
    if scope.occupation not in offered:
        raise OutsideStandards(f"no standard of {scope.occupation} is published", field=f"{pointer}/occupation")
    if scope.occupation in named:
        raise RepeatedScope(f"{scope.occupation} is named before; put its levels there", field=f"{pointer}/occupation")
    if not scope.levels:
        raise OutsideStandards("name at least one level", field=f"{pointer}/levels")
    if beyond := set(scope.levels) - offered[scope.occupation]:
        levels = ", ".join(sorted(beyond))
        raise OutsideStandards(f"level {levels} is not offered for {scope.occupation}", field=f"{pointer}/levels")


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, month=3, day=1)


def _content(asked: SubmitPlan) -> dict[str, object]:
    return {name: getattr(asked, name) for name in SubmitPlan.model_fields}
