"""A candidate in a batch: enrolled, passed or failed, and in the end certified or rejected by the registry."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from services.assessment.batches.domain import Batch
from services.assessment.entries.commands import EnrolRow
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.assessment import EntryCertified, EntryRejected
from shared.events.base import Event, Record
from shared.privacy import mask_id, mask_name, scrub


class State(StrEnum):
    """Where an entry stands; the names are those of the batch's tally."""

    ENROLLED = "enrolled"
    PASSED = "passed"
    FAILED = "failed"
    CERTIFIED = "certified"
    REJECTED = "rejected"


QUALIFIED = (State.PASSED, State.CERTIFIED, State.REJECTED)
"""Who passed, whatever became of it afterwards."""


class NotQualified(Fault):
    """The registry answered for an entry that never passed here."""

    slug, kind = "entry-not-qualified", Kind.CONFLICT


class Enrolled(Fault):
    """This person is entered in the batch already."""

    slug, kind = "duplicate", Kind.CONFLICT


class Score(Record):
    """The points of one part; with its dimensions where the part has a score sheet."""

    part: str
    points: float
    dimensions: Mapping[str, float] = {}


class Entry(Entity):
    """One candidate; `person` is the sealed name and ID number, bound to the entry."""

    batch: str
    unit: str
    occupation: str
    level: str
    state: State
    holder: str
    id_masked: str
    person: str
    person_index: str
    employer: str | None
    scores: tuple[Score, ...] = ()
    number: str = ""
    reason: str = ""
    detail: str = ""

    def points(self, part: str) -> float:
        """The points of a part, 0 where the edition has no such part."""
        return next((score.points for score in self.scores if score.part == part), 0.0)

    def scored(self, scores: tuple[Score, ...], *, passed: bool) -> "tuple[Entry, Sequence[Event]]":
        """Scores, or better ones in their place, until results are publicised."""
        state = State.PASSED if passed else State.FAILED
        if self.state is state and self.scores == scores:
            return self, []
        return self.having(state=state, scores=scores), []

    def certified(self, number: str) -> "tuple[Entry, Sequence[Event]]":
        """The registry filed a certificate."""
        self._must_be_qualified()
        if self.state is State.CERTIFIED:
            return self, []
        event = EntryCertified.model_construct(**self._named(), number=number)
        return self.having(state=State.CERTIFIED, number=number, reason="", detail=""), [event]

    def rejected(self, reason: str, detail: str) -> "tuple[Entry, Sequence[Event]]":
        """The registry did not file it; a certificate, once there, outweighs a refusal that arrives late."""
        self._must_be_qualified()
        if self.state is State.CERTIFIED or (self.state is State.REJECTED and self.reason == reason):
            return self, []
        event = EntryRejected.model_construct(**self._named(), reason=reason, detail=detail)
        return self.having(state=State.REJECTED, reason=reason, detail=detail), [event]

    def _named(self) -> dict[str, Any]:
        about = {"batch": self.batch, "unit": self.unit, "occupation": self.occupation, "level": self.level}
        return {**about, "entry": self.id}

    def _must_be_qualified(self) -> None:
        if self.state not in QUALIFIED:
            raise NotQualified(f"entry {self.id} is {self.state}; compare it with the registry's certificate")


def entry_id(batch: str, person_index: str) -> str:
    """A person has one entry in a batch: whoever enters twice meets the same id, which tells nothing of them."""
    return f"entry-{blake2b(f'{batch} {person_index}'.encode(), digest_size=16).hexdigest()}"


def blank(batch: Batch) -> Entry:
    """What every entry of a batch begins with; copied row by row, which costs a fraction of building each."""
    return Entry(
        id="",
        authority=batch.authority,
        batch=batch.id,
        unit=batch.unit,
        occupation=batch.occupation,
        level=batch.level,
        state=State.ENROLLED,
        holder="",
        id_masked="",
        person="",
        person_index="",
        employer=None,
    )


def enrolled(identity: str, start: Entry, row: EnrolRow, sealed: str, person_index: str) -> Entry:
    """A new entry of a row that was just checked."""
    return start.having(
        id=identity,
        holder=mask_name(row.name),
        id_masked=mask_id(row.id_number),
        person=sealed,
        person_index=person_index,
        employer=scrub(row.employer) if row.employer else None,
    )
