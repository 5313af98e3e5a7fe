"""What was heard of units, standards and cards: the newest word counts, and says who may examine what, and how."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Self

from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import (
    CardStanding,
    Conditions,
    Edition,
    Grant,
    Part,
    Scope,
    Standing,
    UnitLapsed,
    UnitReinstated,
)


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


class CardRefused(Fault):
    """A card does not let its holder assess or supervise this exam; `rule` says why."""

    slug, kind = "card-refused", Kind.CONFLICT


class Mirrored(Entity):
    """Something another service owns; `sequence` is the owner's version of what is known here."""

    sequence: int

    def replaced_by(self, said: Self) -> tuple[Self, Sequence[Event]]:
        """Whatever is newer by the owner's count; what arrives late changes nothing."""
        if said.sequence <= self.sequence:
            return self, []
        return said.having(version=self.version, taken=self.taken), []


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
    named = [(grant, _levels_of(grant.scopes)) for grant in grants]
    of_occupation = [(grant, levels[occupation]) for grant, levels in named if occupation in levels]
    if not of_occupation:
        all_named = ", ".join(sorted({name for _, levels in named for name in levels}))
        raise OccupationOutOfScope(f"the filed plan names: {all_named}; submit a further plan", field="/occupation")
    found = [grant for grant, levels in of_occupation if level in levels]
    if not found:
        all_levels = ", ".join(dict.fromkeys(name for _, levels in of_occupation for name in levels))
        raise LevelOutOfScope(f"the filed plan names level {all_levels}; submit a further plan", field="/level")
    return found


def _levels_of(scopes: Iterable[Scope]) -> dict[str, tuple[str, ...]]:
    return {scope.occupation: scope.levels for scope in scopes}


class Standard(Mirrored):
    """One edition of an occupation's standard."""

    occupation: str
    occupation_name: str
    edition: str
    levels: tuple[str, ...]
    effective: date
    parts: tuple[Part, ...]
    regime: str = "appraisal"
    superseded_on: date | None = None
    eligibility: tuple[Conditions, ...] = ()
    related: tuple[str, ...] = ()

    def is_in_force(self, on: date) -> bool:
        """Whether exams of that day are held by it; the first day of the newer edition is not its own any more."""
        return self.effective <= on and (self.superseded_on is None or on < self.superseded_on)

    def conditions_of(self, level: str) -> Conditions | None:
        """Who may enter a level; None: everybody."""
        return next((row for row in self.eligibility if row.level == level and row.alternatives), None)

    def parts_of(self, level: str) -> tuple[Part, ...]:
        """The parts that are examined at a level."""
        return tuple(part for part in self.parts if level in part.levels)


class Card(Mirrored):
    """The card of an assessor or supervisor; `person` is sealed, bound to the card, for finding conflicts."""

    number: str
    kind: str
    holder: str
    person: str
    employer: str
    scopes: tuple[Scope, ...]
    valid_from: date
    valid_until: date
    suspended_on: date | None
    ended_on: date | None
    reason: str

    def must_cover(self, occupation: str, level: str, exam_on: date, field: str) -> None:
        """Refuse an exam that its holder may not assess or supervise."""
        if not self.valid_from <= exam_on <= self.valid_until:
            days = f"{self.valid_from} to {self.valid_until}"
            raise CardRefused(f"card {self.id} holds from {days}; name another", field=field, rule="card-term")
        if any(day is not None and day <= exam_on for day in (self.suspended_on, self.ended_on)):
            raise CardRefused(
                f"card {self.id} does not hold on {exam_on}; name another", field=field, rule="card-status"
            )
        if level not in _levels_of(self.scopes).get(occupation, ()):
            raise CardRefused(
                f"card {self.id} does not name {occupation}, level {level}; name another",
                field=field,
                rule="card-scope",
            )


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


def standard_of(said: Edition, authority: str, sequence: int) -> Standard:
    """An edition as it was published, or as it now stands."""
    return Standard(id=said.standard, authority=authority, sequence=sequence, **said.model_dump(exclude={"standard"}))


def card_of(said: CardStanding, authority: str, sequence: int) -> Card:
    """A card as its newest word tells it."""
    known = said.model_dump(include=set(Card.model_fields))
    return Card(id=said.card, authority=authority, sequence=sequence, **known)


def edition_for(editions: Iterable[Standard], level: str, exam_on: date) -> Standard:
    """The edition in force that day, if it offers the level."""
    in_force = [edition for edition in editions if edition.is_in_force(exam_on)]
    if not in_force:
        raise NoStandard(f"no edition of the standard is in force on {exam_on}; choose another day", field="/exam_on")
    edition = max(in_force, key=lambda row: (row.effective, row.sequence, row.id))
    if level not in edition.levels or not edition.parts_of(level):
        offered = ", ".join(edition.levels)
        raise NoStandard(f"edition {edition.id} offers level {offered}; choose one of them", field="/level")
    return edition
