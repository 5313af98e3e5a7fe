"""What assessment says of a batch: announced, arranged, begun, scored, frozen, released, cancelled."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


class Sitting(Record):
    """When and where one part is examined."""

    part: str = Field(description="theory, practical or review", examples=["practical"])
    on: date = Field(description="day, Asia/Shanghai")
    begins: str = Field(default="09:00", description="local time of the beginning, Asia/Shanghai", examples=["18:30"])
    mode: str = Field(default="central", description="slug of the rule `exam.modes`", examples=["evening"])
    site: str = Field(default="", description="id of the site; empty for a part held online")
    place: str = Field(default="", description="where exactly, for example the building site; empty: at the site")


class BatchEvent(Event):
    """What every event about a batch carries."""

    batch: str = Field(description="id of the batch")
    unit: str = Field(description="id of the unit that examines", examples=["unit-33-001"])
    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    level: str = Field(description="level code, 5 junior … 1 senior technician", examples=["5"])


class BatchFiled(BatchEvent):
    """A batch is announced within the unit's filed scope."""

    type: ClassVar[str] = "assessment.batch.filed.v1"
    standard: str = Field(description="the edition the batch is examined by, to its end")
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    planned: int = Field(description="candidates expected")
    begun_on: date | None = Field(
        default=None, description="day the batch was filed; null in events from before 2026-11"
    )
    plan: str = Field(default="", description="id of the filed plan the batch is held under")
    plan_edition: int = Field(default=1, description="edition of that plan")
    ends_on: date | None = Field(default=None, description="last day of the exam; null: it has one day")
    mode: str = Field(
        default="central", description="central, on_site, evening, modular or online_theory", examples=["central"]
    )
    sittings: tuple[Sitting, ...] = Field(default=(), description="when and where each part is examined")


class BatchFrozen(BatchEvent):
    """The unit lost its standing; nothing in this batch moves."""

    type: ClassVar[str] = "assessment.batch.frozen.v1"
    reason: str = Field(description="why the unit lost its standing, as the registry said it")


class BatchReleased(BatchEvent):
    """The unit's standing is restored; the batch goes on where it stood when it was frozen."""

    type: ClassVar[str] = "assessment.batch.released.v1"
    state: str = Field(description="where it goes on: filed, publicised, closed or finalised", examples=["filed"])


class BatchRegistering(BatchEvent):
    """Candidates can be entered until a day."""

    type: ClassVar[str] = "assessment.batch.registering.v1"
    until: date = Field(description="last day on which candidates are entered, Asia/Shanghai")


class BatchArranged(BatchEvent):
    """Entry is over and rooms are named; each candidate is given a ticket next."""

    type: ClassVar[str] = "assessment.batch.arranged.v1"
    entries: int = Field(description="candidates to be examined")
    arrangement: int = Field(description="counts the arrangements of the batch from 1; a later one replaces this")


class BatchBegun(BatchEvent):
    """The exam has begun, under an assignment that was checked that day."""

    type: ClassVar[str] = "assessment.batch.begun.v1"
    on: date = Field(description="day, Asia/Shanghai")
    assessors: tuple[str, ...] = Field(description="ids of the assessors' cards")
    supervisor: str = Field(description="id of the supervisor's card")


class BatchCancelled(BatchEvent):
    """The batch is given up; nobody is examined in it."""

    type: ClassVar[str] = "assessment.batch.cancelled.v1"
    reason: str = Field(description="why, without personal data")


class BatchMarked(BatchEvent):
    """Marking is over; the sheets are being sealed, and nothing is scored any more."""

    type: ClassVar[str] = "assessment.batch.marked.v1"
    entries: int = Field(description="candidates with a result")


class BatchScored(BatchEvent):
    """Every score sheet is sealed; results may be opened."""

    type: ClassVar[str] = "assessment.batch.scored.v1"
    digest: str = Field(description="SHA-256 over the digests of all sheets, hexadecimal")
    sheets: int = Field(description="sheets sealed")
    passed: int = Field(description="entries that passed every part")
    failed: int = Field(description="entries that failed a part")
