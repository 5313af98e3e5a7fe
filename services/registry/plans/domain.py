"""The life of a work plan: submitted, returned and submitted again, filed. Filed is not approved: it is on record."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from services.registry.plans.commands import SubmitPlan
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import PlanFiled, PlanReturned, PlanSubmitted, Scope

Offered = Mapping[str, frozenset[str]]
"""Levels offered by the standard editions in force, by occupation."""


class State(StrEnum):
    """Where a plan stands."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    FILED = "filed"


class OutsideStandards(Fault):
    """The plan names an occupation or level that no published standard offers."""

    slug, kind = "plan-outside-standards", Kind.CONFLICT


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
        return plan, [plan.submission()]

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
        event = PlanFiled(
            plan=self.id,
            unit=self.unit,
            scopes=self.scopes,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )
        return plan, [event]

    def submission(self) -> PlanSubmitted:
        """The event that says it waits for the Center."""
        return PlanSubmitted(
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
    return plan, [plan.submission()]


def check(asked: SubmitPlan, offered: Offered, longest_years: int) -> None:
    """Refuse what no standard offers and what is no period (`body.filing_years` bounds it)."""
    for place, scope in enumerate(asked.scopes):
        _check_scope(scope, offered, f"/scopes/{place}")
    if asked.valid_until < asked.valid_from:
        raise WrongPeriod("the last day lies before the first", field="/valid_until")
    end = asked.valid_from.replace(year=asked.valid_from.year + longest_years, day=min(asked.valid_from.day, 28))
    if asked.valid_until > end:
        raise WrongPeriod(f"a plan holds at most {longest_years} years", field="/valid_until", rule="body.filing_years")


def _check_scope(scope: Scope, offered: Offered, pointer: str) -> None:
    if scope.occupation not in offered:
        raise OutsideStandards(f"no standard of {scope.occupation} is published", field=f"{pointer}/occupation")
    if beyond := set(scope.levels) - offered[scope.occupation]:
        named = ", ".join(sorted(beyond))
        raise OutsideStandards(f"level {named} is not offered for {scope.occupation}", field=f"{pointer}/levels")
    if not scope.levels:
        raise OutsideStandards("name at least one level", field=f"{pointer}/levels")


def _content(asked: SubmitPlan) -> dict[str, object]:
    return {name: getattr(asked, name) for name in SubmitPlan.model_fields}
