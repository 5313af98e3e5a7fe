"""A candidate in a batch: enrolled, passed or failed, and in the end certified or rejected by the registry."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from services.assessment.batches.domain import Batch
from services.assessment.eligibility.domain import Met
from services.assessment.eligibility.domain.claims import Claims
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain.employers import employer_key
from services.assessment.entries.domain.records import (
    Attendance,
    Certificate,
    FoundWrong,
    Handling,
    Place,
    Rejection,
    Resit,
    Reviewed,
    Score,
    Sheet,
)
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.assessment import EntryCertified, EntryFoundWrong, EntryRejected
from shared.events.base import Event
from shared.events.registry import Part
from shared.privacy import mask_id, mask_name, scrub


class State(StrEnum):
    """Where an entry stands; the names are those of the batch's tally."""

    INELIGIBLE = "ineligible"
    """Refused by the conditions of the level; entered again with more evidence, or let in by a reviewer."""
    ENROLLED = "enrolled"
    """To be examined, or examined and without a result yet."""
    WITHDRAWN = "withdrawn"
    """Given up before the exam."""
    PASSED = "passed"
    """Each part reached its mark."""
    FAILED = "failed"
    """Some part did not, or was missed, or is void."""
    CERTIFIED = "certified"
    """The registry filed a certificate."""
    REJECTED = "rejected"
    """The registry did not."""


QUALIFIED = (State.PASSED, State.CERTIFIED, State.REJECTED)
"""Who passed, whatever became of it afterwards."""


class NotQualified(Fault):
    """The registry answered for an entry that never passed here."""

    slug, kind = "entry-not-qualified", Kind.CONFLICT


class Enrolled(Fault):
    """This person is entered in the batch already."""

    slug, kind = "duplicate", Kind.CONFLICT


class SameDay(Fault):
    """This person is examined in another batch on the same day."""

    slug, kind = "same-day", Kind.CONFLICT


class Entry(Entity):
    """One candidate; `person` is the sealed name and ID number, `particulars` all else that is personal, sealed too.

    Both are bound to the entry. `employer_key` is the employer as it is compared, `teachers` and `relatives` name the
    cards of assessors by whom conflicts are found. `handled` is what was done with it beside examining.
    `days` are the days of the exam, on which nobody is examined twice; empty once the entry ended before it.
    `sheets` are all versions of all sheets, `scores` the points that follow from them. `objection` is the open one
    that holds the entry back, `filings` counts how often its result was said to the registry, `chunk` is the chunk in
    which it was said last: 0 while it waits to be said, for the first time or anew. `reason` and `detail` are the rule
    that keeps an ineligible entry out, or why the registry rejected it.
    """

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
    employer_key: str = ""
    particulars: str = ""
    teachers: tuple[str, ...] = ()
    relatives: tuple[str, ...] = ()
    entered_at: datetime | None = None
    days: tuple[date, ...] = ()
    claims: Claims | None = None
    eligibility: Met | None = None
    reviewed: Reviewed | None = None
    resit: Resit | None = None
    ticket: str = ""
    arrangement: int = 0
    places: tuple[Place, ...] = ()
    attendance: tuple[Attendance, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    scores: tuple[Score, ...] = ()
    objection: str = ""
    filings: int = 0
    chunk: int = 0
    rejections: tuple[Rejection, ...] = ()
    found_wrong: tuple[FoundWrong, ...] = ()
    number: str = ""
    certificate: Certificate | None = None
    reason: str = ""
    detail: str = ""
    handled: tuple[Handling, ...] = ()

    def points(self, part: str) -> float:
        """The points of a part, 0 where the edition has no such part."""
        return next((score.points for score in self.scores if score.part == part), 0.0)

    def standing_sheets(self, part: str) -> tuple[Sheet, ...]:
        """The newest version of each assessor's sheet on a part."""
        mine = sorted((sheet for sheet in self.sheets if sheet.part == part), key=lambda row: row.version)
        return tuple({sheet.assessor: sheet for sheet in mine}.values())

    def noted(self, part: str) -> str:
        """How the candidate attended a part; a violation at any part counts at all of them."""
        marks = {row.part: row.mark for row in self.attendance}
        return "violation" if "violation" in marks.values() else marks.get(part, "present")

    def to_sit(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """The parts this candidate is examined in: all, or at a resit those that were not passed."""
        carried = {score.part for score in self.resit.carried} if self.resit else set()
        return tuple(part for part in parts if part.id not in carried)

    def certified(self, said: Certificate) -> "tuple[Entry, Sequence[Event]]":
        """The registry filed a certificate, or said what became of it, whichever is heard first."""
        self._must_be_qualified()
        certificate = self.certificate.joined(said) if self.certificate else said
        if self.state is not State.CERTIFIED:
            event = EntryCertified.model_construct(**self._named(), number=said.number)
            certified = {"state": State.CERTIFIED, "number": said.number, "reason": "", "detail": ""}
            entry = self.having(**certified, certificate=certificate)
            return entry, [event, *([entry.wrong(entry.found_wrong[-1])] if self._was_said_wrong() else [])]
        if certificate == self.certificate:
            return self, []
        return self.having(certificate=certificate), []

    def rejected(self, reason: str, detail: str) -> "tuple[Entry, Sequence[Event]]":
        """The registry did not file it; a certificate, once there, outweighs a refusal that arrives late."""
        self._must_be_qualified()
        if self.state is State.CERTIFIED or (self.state is State.REJECTED and self.reason == reason):
            return self, []
        event = EntryRejected.model_construct(**self._named(), reason=reason, detail=detail)
        return self.having(state=State.REJECTED, reason=reason, detail=detail), [event]

    def wrong(self, note: FoundWrong) -> EntryFoundWrong:
        """What the registry is told of a final result that was found wrong."""
        points = {part: note.scores.get(part, 0.0) for part in ("theory", "practical")}
        why = {"reason": note.reason, "basis": note.basis}
        return EntryFoundWrong(**self._named(), number=self.number, passes=note.passes, **points, **why)

    def _was_said_wrong(self) -> bool:
        """Whether it was found wrong after the filing that the registry now answers was said."""
        return bool(self.found_wrong) and not any(row.at >= self.found_wrong[-1].at for row in self.rejections)

    def _named(self) -> dict[str, Any]:
        about = {"batch": self.batch, "unit": self.unit, "occupation": self.occupation, "level": self.level}
        return {**about, "entry": self.id}

    def _must_be_qualified(self) -> None:
        if self.state not in QUALIFIED:
            raise NotQualified(f"entry {self.id} is {self.state}; compare it with the registry's certificate")


def entry_id(batch: str, person_index: str) -> str:
    """A person has one entry in a batch: whoever enters twice meets the same id, which tells nothing of them."""
    return f"entry-{blake2b(f'{batch} {person_index}'.encode(), digest_size=16).hexdigest()}"


def blank(batch: Batch, now: datetime | None = None) -> Entry:
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
        entered_at=now,
        days=days_of(batch),
    )


def days_of(batch: Batch, resit: Resit | None = None) -> tuple[date, ...]:
    """The days on which a candidate of a batch is examined; at a resit those of the parts that are sat again."""
    carried = {score.part for score in resit.carried} if resit else set()
    return tuple(sorted({sitting.on for sitting in batch.sittings if sitting.part not in carried}))


def enrolled(
    identity: str,
    start: Entry,
    row: EnrolRow,
    sealed: str,
    person_index: str,
    met: Met | None = None,
    *,
    claims: Claims | None = None,
    particulars: str = "",
    resit: Resit | None = None,
) -> Entry:
    """A new entry of a row that was just checked; `met` is why the candidate is eligible, null for an open level."""
    employer = scrub(row.employer) if row.employer else None
    return start.having(
        id=identity,
        holder=mask_name(row.name),
        id_masked=mask_id(row.id_number),
        person=sealed,
        person_index=person_index,
        employer=employer,
        employer_key=employer_key(employer),
        particulars=particulars,
        teachers=row.teachers,
        relatives=row.relatives,
        claims=claims or row.claims,
        eligibility=met,
        resit=resit,
    )


def kept_out(entry: Entry, rule: str, detail: str) -> Entry:
    """The same entry, refused by the conditions: it takes no day and waits for more evidence or a reviewer."""
    return entry.having(state=State.INELIGIBLE, days=(), eligibility=None, reason=rule, detail=detail)
