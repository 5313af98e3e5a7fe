"""What assessment says: batches, publicised and finalised results, what became of each entry."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


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


class BatchFrozen(BatchEvent):
    """The unit lost its standing; nothing in this batch moves."""

    type: ClassVar[str] = "assessment.batch.frozen.v1"
    reason: str = Field(description="why the unit lost its standing, as the registry said it")


class BatchReleased(BatchEvent):
    """The unit's standing is restored; the batch goes on where it stood when it was frozen."""

    type: ClassVar[str] = "assessment.batch.released.v1"
    state: str = Field(description="where it goes on: filed, publicised, closed or finalised", examples=["filed"])


class ResultsPublicised(BatchEvent):
    """Results are on public notice; objections can be raised until the period ends."""

    type: ClassVar[str] = "assessment.results.publicised.v1"
    entries: int = Field(description="candidates with a result")
    passed: int = Field(description="entries that passed every part")
    failed: int = Field(description="entries that failed a part")
    opens_on: date = Field(description="day the notice begins, Asia/Shanghai; the period counts from the day after")
    closes_on: date = Field(description="last day of the period, Asia/Shanghai")
    ends_at: datetime = Field(description="the instant the period is over, UTC")
    provisional: bool = Field(description="the holiday calendar of a day counted is not announced yet")


class BatchClosed(BatchEvent):
    """The objection period is over; results are being finalised."""

    type: ClassVar[str] = "assessment.batch.closed.v1"
    passed: int = Field(description="entries that passed every part")
    chunks: int = Field(description="how many `results.finalised` events follow")


class FinalResult(Record):
    """One qualified worker of a batch."""

    entry: str = Field(description="id of the entry")
    holder: str = Field(description="masked name")
    person: str = Field(
        description="sealed name and ID number, bound to the entry; only the registry opens it",
        json_schema_extra={"sealed": True},
    )
    theory: float = Field(description="points of 100")
    practical: float = Field(description="points of 100")


class ResultsFinalised(BatchEvent):
    """A chunk of at most 500 qualified workers, ready to be filed."""

    type: ClassVar[str] = "assessment.results.finalised.v1"
    standard: str = Field(description="the edition they were examined by", examples=["rebar_worker-2019p"])
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    closed_at: datetime = Field(description="when the objection period ended; filing lag counts from here")
    chunk: int = Field(description="1 … chunks")
    chunks: int = Field(description="how many chunks the batch has")
    results: tuple[FinalResult, ...] = Field(description="at most 500; who failed is not among them")
    begun_on: date | None = Field(
        default=None, description="day the batch was filed; decides the regime it ends under. Null: the day of the exam"
    )
    plan: str = Field(default="", description="id of the filed plan the batch was held under")
    plan_edition: int = Field(default=1, description="edition of that plan")
    site: str = Field(default="", description="id of the site; empty when none was named")
    assessors: tuple[str, ...] = Field(default=(), description="ids of the assessors' cards")
    supervisor: str = Field(default="", description="id of the supervisor's card; empty when none was named")


class EntryCertified(BatchEvent):
    """An entry ended with a certificate."""

    type: ClassVar[str] = "assessment.entry.certified.v1"
    entry: str = Field(description="id of the entry")
    number: str = Field(description="certificate number")


class EntryRejected(BatchEvent):
    """The registry did not file an entry's result."""

    type: ClassVar[str] = "assessment.entry.rejected.v1"
    entry: str = Field(description="id of the entry")
    reason: str = Field(description="the registry's slug")
    detail: str = Field(description="the rule and what to do, without personal data")
