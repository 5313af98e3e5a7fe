"""What was heard of units: which says who may examine what, and when."""

from collections.abc import Iterable
from datetime import date

from services.assessment.mirrors.domain.mirrored import Mirrored, levels_of
from shared.errors import Fault, Kind
from shared.events.registry import Grant, Standing, UnitLapsed, UnitReinstated


class NotAuthorised(Fault):
    """The unit has no filed plan that holds on the day of the exam."""

    slug, kind = "unit-not-authorised", Kind.CONFLICT


class Suspended(Fault):
    """The unit is suspended and may not examine."""

    slug, kind = "unit-suspended", Kind.CONFLICT


class OccupationOutOfScope(Fault):
    """The unit's filed plan does not name the occupation."""

    slug, kind = "occupation-out-of-scope", Kind.CONFLICT


class LevelOutOfScope(Fault):
    """The unit's filed plan does not name the level of the occupation."""

    slug, kind = "level-out-of-scope", Kind.CONFLICT


class Unit(Mirrored):
    """A pilot unit's standing: what each of its filed plans lets it examine, and whether it is suspended."""

    SCHEMA = 2

    unit: str
    name: str
    grants: tuple[Grant, ...]
    suspended_on: date | None
    reason: str

    def is_suspended(self, on: date) -> bool:
        """Whether it has no standing that day."""
        return self.suspended_on is not None and self.suspended_on <= on

    def must_cover(self, occupation: str, level: str, exam_on: date, today: date) -> Grant:
        """The grant that covers an exam, of the unit's present line if there is one, and of several the newest.

        If none does: why, by those that come nearest, and what to do.
        """
        if self.is_suspended(max(today, exam_on)):
            raise Suspended(f"suspended from {self.suspended_on} ({self.reason}); turn to your authority")
        if not self.grants:
            raise NotAuthorised("the unit has no filed plan in force; submit one to the Center")
        naming = _that_name(self.grants, occupation, level)
        covering = [grant for grant in naming if grant.valid_from <= exam_on <= grant.valid_until]
        if not covering:
            days = ", ".join(f"{grant.valid_from} to {grant.valid_until}" for grant in naming)
            raise NotAuthorised(
                f"the filed plan holds from {days}; choose a day within it, or submit a further plan", field="/exam_on"
            )
        own = [grant for grant in covering if grant.authority == self.authority]
        return max(own or covering, key=lambda grant: (grant.valid_from, grant.edition, grant.plan))


def _that_name(grants: Iterable[Grant], occupation: str, level: str) -> list[Grant]:
    named = [(grant, levels_of(grant.scopes)) for grant in grants]
    of_occupation = [(grant, levels[occupation]) for grant, levels in named if occupation in levels]
    if not of_occupation:
        all_named = ", ".join(sorted({name for _, levels in named for name in levels}))
        raise OccupationOutOfScope(f"the filed plan names: {all_named}; submit a further plan", field="/occupation")
    found = [grant for grant, levels in of_occupation if level in levels]
    if not found:
        all_levels = ", ".join(dict.fromkeys(name for _, levels in of_occupation for name in levels))
        raise LevelOutOfScope(f"the filed plan names level {all_levels}; submit a further plan", field="/level")
    return found


def unit_of(said: Standing, authority: str, sequence: int) -> Unit:
    """A unit as its newest standing tells it."""
    return Unit(
        id=said.unit,
        authority=authority,
        sequence=sequence,
        unit=said.unit,
        name=said.name,
        grants=said.grants or _newest_only(said, authority),
        suspended_on=said.suspended_on,
        reason=said.reason,
    )


def _newest_only(said: Standing, authority: str) -> tuple[Grant, ...]:
    """The one plan that events from before grants name; where grants were always said, none named means none left."""
    if isinstance(said, UnitLapsed | UnitReinstated) or said.valid_from is None or said.valid_until is None:
        return ()
    days = {"valid_from": said.valid_from, "valid_until": said.valid_until}
    return (Grant(plan=said.plan, authority=authority, scopes=said.scopes, **days),)
