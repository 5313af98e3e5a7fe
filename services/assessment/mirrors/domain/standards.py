"""What was heard of standard editions: which says how a level is examined, and who may enter it."""

from collections.abc import Iterable
from datetime import date

from services.assessment.mirrors.domain.mirrored import Mirrored
from shared.errors import Fault, Kind
from shared.events.registry import Conditions, Edition, Part


class NoStandard(Fault):
    """No standard edition in force on the day of the exam offers the level."""

    slug, kind = "no-standard", Kind.CONFLICT


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


def standard_of(said: Edition, authority: str, sequence: int) -> Standard:
    """An edition as it was published, or as it now stands."""
    return Standard(id=said.standard, authority=authority, sequence=sequence, **said.model_dump(exclude={"standard"}))


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
