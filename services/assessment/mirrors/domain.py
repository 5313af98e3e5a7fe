"""What was heard of units and standards: the newest word counts, and says what a unit may examine by which edition."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Self

from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import Part, Scope, StandardPublished, Standing


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


class NoStandard(Fault):
    """No standard edition in force on the day of the exam offers the level."""

    slug, kind = "no-standard", Kind.CONFLICT


class Mirrored(Entity):
    """Something another service owns; `sequence` is the owner's version of what is known here."""

    sequence: int

    def replaced_by(self, said: Self) -> tuple[Self, Sequence[Event]]:
        """Whatever is newer by the owner's count; what arrives late changes nothing."""
        if said.sequence <= self.sequence:
            return self, []
        return said.having(version=self.version, taken=self.taken), []


class Unit(Mirrored):
    """A pilot unit's standing."""

    unit: str
    name: str
    plan: str
    scopes: tuple[Scope, ...]
    valid_from: date | None
    valid_until: date | None
    suspended_on: date | None
    reason: str

    def is_suspended(self, on: date) -> bool:
        """Whether it has no standing that day."""
        return self.suspended_on is not None and self.suspended_on <= on

    def must_cover(self, occupation: str, level: str, exam_on: date, today: date) -> None:
        """Refuse an exam that the unit may not hold, and say what to do."""
        if self.is_suspended(max(today, exam_on)):
            raise Suspended(f"suspended from {self.suspended_on} ({self.reason}); turn to your authority")
        if self.valid_from is None or self.valid_until is None:
            raise NotAuthorised("the unit has no filed plan; submit one to the Center")
        if not self.valid_from <= exam_on <= self.valid_until:
            days = f"{self.valid_from} to {self.valid_until}"
            raise NotAuthorised(
                f"the filed plan holds from {days}; choose a day within it, or submit a further plan", field="/exam_on"
            )
        self._must_name(occupation, level)

    def _must_name(self, occupation: str, level: str) -> None:
        levels = {scope.occupation: scope.levels for scope in self.scopes}
        if occupation not in levels:
            named = ", ".join(sorted(levels))
            raise OccupationOutOfScope(f"the filed plan names: {named}; submit a further plan", field="/occupation")
        if level not in levels[occupation]:
            named = ", ".join(levels[occupation])
            raise LevelOutOfScope(f"the filed plan names level {named}; submit a further plan", field="/level")


class Standard(Mirrored):
    """One edition of an occupation's standard."""

    occupation: str
    occupation_name: str
    edition: str
    levels: tuple[str, ...]
    effective: date
    parts: tuple[Part, ...]

    def parts_of(self, level: str) -> tuple[Part, ...]:
        """The parts that are examined at a level."""
        return tuple(part for part in self.parts if level in part.levels)


def unit_of(said: Standing, authority: str, sequence: int) -> Unit:
    """A unit as its newest standing tells it."""
    return Unit(id=said.unit, authority=authority, sequence=sequence, **said.model_dump())


def standard_of(said: StandardPublished, authority: str, sequence: int) -> Standard:
    """An edition as it was published."""
    return Standard(id=said.standard, authority=authority, sequence=sequence, **said.model_dump(exclude={"standard"}))


def edition_for(editions: Iterable[Standard], level: str, exam_on: date) -> Standard:
    """The edition in force that day, if it offers the level."""
    in_force = [edition for edition in editions if edition.effective <= exam_on]
    if not in_force:
        raise NoStandard(f"no edition of the standard is in force on {exam_on}; choose a later day", field="/exam_on")
    edition = max(in_force, key=lambda row: (row.effective, row.sequence, row.id))
    if level not in edition.levels or not edition.parts_of(level):
        offered = ", ".join(edition.levels)
        raise NoStandard(f"edition {edition.id} offers level {offered}; choose one of them", field="/level")
    return edition
