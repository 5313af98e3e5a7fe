"""A unit's standing: what its filed plans let it examine, what a suspension takes, and why a result is not filed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event, Record
from shared.events.registry import (
    Grant,
    PlanFiled,
    UnitAuthorised,
    UnitLapsed,
    UnitReinstated,
    UnitSuspended,
)
from shared.events.registry import Standing as SaidStanding
from shared.workdays import local_day


class Refusal(StrEnum):
    """Why a result of a unit cannot be filed; each slug is stable."""

    UNIT_NOT_AUTHORISED = "unit-not-authorised"
    UNIT_SUSPENDED = "unit-suspended"
    OCCUPATION_OUT_OF_SCOPE = "occupation-out-of-scope"
    LEVEL_OUT_OF_SCOPE = "level-out-of-scope"


class NotSuspended(Fault):
    """The unit is not suspended, so there is nothing to lift."""

    slug, kind = "standing-not-suspended", Kind.CONFLICT


class HeldGrant(Grant):
    """A grant with the instant it was filed, and the first day on which nothing new may begin under it."""

    filed_at: datetime
    ended_on: date | None = None

    def names(self, occupation: str, level: str | None = None) -> bool:
        """Whether the plan names the occupation, and the level of it."""
        return any(scope.occupation == occupation and (level is None or level in scope.levels) for scope in self.scopes)

    def covers_day(self, exam_on: date, begun_on: date | None) -> bool:
        """Whether an exam of that day was held under it; what began before it ended is brought to its end."""
        if not self.valid_from <= exam_on <= self.valid_until:
            return False
        return self.ended_on is None or min(begun_on or exam_on, exam_on) < self.ended_on


class Suspension(Record):
    """One suspension, and how it ended."""

    on: date
    reason: str
    basis: str
    by: str
    lifted_at: datetime | None = None
    lift_reason: str = ""
    lift_basis: str = ""
    lifted_by: str = ""


class Standing(Entity):
    """One unit's standing; its id is the unit's.

    `past` are grants that ended or that a later edition replaced: results of exams held under them are filed still.
    `ended` names plans that are over and the first day without each, for a word on them that comes late.
    """

    unit: str
    name: str
    grants: tuple[HeldGrant, ...] = ()
    past: tuple[HeldGrant, ...] = ()
    ended: Mapping[str, date] = Field(default={})
    suspended_on: date | None = None
    reason: str = ""
    suspensions: tuple[Suspension, ...] = ()

    # -- by plans --------------------------------------------------------------------------------------

    def authorised(self, filed: PlanFiled, line: str, at: datetime) -> "tuple[Standing, Sequence[Event]]":
        """A filed edition of a plan gives the unit its scopes; a suspension stays until it is lifted."""
        if any((grant.plan, grant.edition) == (filed.plan, filed.edition) for grant in (*self.grants, *self.past)):
            return self, []
        grant = HeldGrant(
            plan=filed.plan,
            edition=filed.edition,
            authority=line,
            scopes=filed.scopes,
            valid_from=filed.valid_from,
            valid_until=filed.valid_until,
            numbers=filed.numbers,
            filed_at=at,
        )
        unit = self._granting((*self.grants, *self.past, grant), self.ended)
        kind = UnitAuthorised if unit.suspended_on is None else UnitSuspended
        return unit, [unit.said(kind)] if unit.grants != self.grants else []

    def lapsed(self, plan: str, on: date) -> "tuple[Standing, Sequence[Event]]":
        """A plan expired or was withdrawn: nothing new may begin under it."""
        if plan in self.ended:
            return self, []
        unit = self._granting((*self.grants, *self.past), {**self.ended, plan: on})
        return unit, [unit.said(UnitLapsed)] if unit.grants != self.grants else []

    def _granting(self, heard: Sequence[HeldGrant], ended: Mapping[str, date]) -> "Standing":
        """Every grant ever heard of put in its place anew, so that the order of hearing does not matter."""
        placed = [grant.model_copy(update={"ended_on": _ended_on(grant, heard, ended)}) for grant in heard]
        placed.sort(key=lambda grant: (grant.filed_at, grant.plan, grant.edition))
        return self.having(
            grants=tuple(grant for grant in placed if grant.ended_on is None),
            past=tuple(grant for grant in placed if grant.ended_on is not None),
            ended=ended,
        )

    # -- by the Center, and by evaluation's word -------------------------------------------------------

    def suspended(self, on: date, reason: str, basis: str, by: str) -> "tuple[Standing, Sequence[Event]]":
        """No standing from that day on; a unit already suspended stays so from its first day.

        What comes upon a suspension that stands is entered too: whoever lifts must see that there was more.
        """
        entered = (*self.suspensions, Suspension(on=on, reason=reason, basis=basis, by=by))
        if self.suspended_on is not None and self.suspended_on <= on:
            return self.having(suspensions=entered), []
        unit = self.having(suspended_on=on, reason=reason, suspensions=entered)
        return unit, [unit.said(UnitSuspended)]

    def lifted(self, reason: str, basis: str, by: str, at: datetime) -> "tuple[Standing, Sequence[Event]]":
        """The suspension is over; the unit may examine again within its filed plans."""
        if self.suspended_on is None:
            raise NotSuspended("read the unit's standing; it names every suspension and how it ended")
        ending = {"lifted_at": at, "lift_reason": reason, "lift_basis": basis, "lifted_by": by}
        suspensions = tuple(
            row if row.lifted_at is not None else row.model_copy(update=ending) for row in self.suspensions
        )
        unit = self.having(suspended_on=None, reason="", suspensions=suspensions)
        return unit, [unit.said(UnitReinstated)]

    # -- what it says ----------------------------------------------------------------------------------

    def said(self, kind: type[SaidStanding]) -> SaidStanding:
        """The whole standing, so that a hearer needs no earlier event; its plan is the newest one on file."""
        newest = self.grants[-1] if self.grants else None
        return kind(
            unit=self.id,
            name=self.name,
            plan=newest.plan if newest else "",
            scopes=newest.scopes if newest else (),
            valid_from=newest.valid_from if newest else None,
            valid_until=newest.valid_until if newest else None,
            suspended_on=self.suspended_on,
            reason=self.reason,
            grants=tuple(Grant.model_validate(row.model_dump()) for row in self.grants),
        )

    def refuses(
        self, occupation: str, level: str, exam_on: date, today: date, begun_on: date | None = None
    ) -> tuple[Refusal, str] | None:
        """Why a result of that exam cannot be filed today, or None; `begun_on` is the day its batch was filed."""
        if self.suspended_on is not None and self.suspended_on <= today:
            return Refusal.UNIT_SUSPENDED, f"the unit is suspended since {self.suspended_on}: {self.reason}"
        known = (*self.grants, *self.past)
        if not known:
            return Refusal.UNIT_NOT_AUTHORISED, "the unit has no filed plan"
        of_the_day = [grant for grant in known if grant.covers_day(exam_on, begun_on)]
        if not of_the_day:
            return Refusal.UNIT_NOT_AUTHORISED, f"the exam was on {exam_on}, the filed plan holds {_days(known)}"
        return _beyond(of_the_day, occupation, level)


def unborn(unit: str, authority: str, name: str) -> Standing:
    """The standing of a unit of which no plan was filed and that was never suspended."""
    return Standing(id=unit, unit=unit, authority=authority, name=name)


def _ended_on(grant: HeldGrant, heard: Sequence[HeldGrant], ended: Mapping[str, date]) -> date | None:
    """The day the next edition of its plan was filed, else the day its plan was over."""
    later = [row for row in heard if row.plan == grant.plan and row.edition > grant.edition]
    if later:
        return local_day(min(later, key=lambda row: row.edition).filed_at)
    return ended.get(grant.plan)


def _beyond(grants: Sequence[HeldGrant], occupation: str, level: str) -> tuple[Refusal, str] | None:
    if any(grant.names(occupation, level) for grant in grants):
        return None
    if any(grant.names(occupation) for grant in grants):
        return Refusal.LEVEL_OUT_OF_SCOPE, f"level {level} of {occupation} is not in the filed plan"
    return Refusal.OCCUPATION_OUT_OF_SCOPE, f"{occupation} is not in the filed plan"


def _days(grants: Iterable[HeldGrant]) -> str:
    return ", ".join(sorted({f"{grant.valid_from} to {_last(grant)}" for grant in grants}))


def _last(grant: HeldGrant) -> date:
    return grant.valid_until if grant.ended_on is None else min(grant.valid_until, grant.ended_on)
