"""What assessment says of results: on public notice, closed, final; and what follows for the batch."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import Field

from shared.events.assessment.batches import BatchEvent
from shared.events.base import Record


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
    passed: int = Field(description="entries that passed every part and that no objection holds back")
    chunks: int = Field(description="how many `results.finalised` events follow; further ones may come later")


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
    """A chunk of at most 500 qualified workers, ready to be filed.

    After the chunks counted at the closing come further ones, numbered on: in them are entries that an objection
    held back and that passed, and rejected ones that were mended. Each chunk is decided by itself.
    """

    type: ClassVar[str] = "assessment.results.finalised.v1"
    standard: str = Field(description="the edition they were examined by", examples=["rebar_worker-2019p"])
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    closed_at: datetime = Field(description="when the objection period ended; filing lag counts from here")
    chunk: int = Field(description="1 … chunks; a number above `chunks` is a further chunk, said after the closing")
    chunks: int = Field(description="how many chunks were counted at the closing; further ones are not counted in")
    results: tuple[FinalResult, ...] = Field(description="at most 500; who failed is not among them")
    begun_on: date | None = Field(
        default=None, description="day the batch was filed; decides the regime it ends under. Null: the day of the exam"
    )
    plan: str = Field(default="", description="id of the filed plan the batch was held under")
    plan_edition: int = Field(default=1, description="edition of that plan")
    site: str = Field(default="", description="id of the site; empty when none was named")
    assessors: tuple[str, ...] = Field(default=(), description="ids of the assessors' cards")
    supervisor: str = Field(default="", description="id of the supervisor's card; empty when none was named")


class BatchCertified(BatchEvent):
    """Every qualified entry has its certificate or was rejected, and no objection is open."""

    type: ClassVar[str] = "assessment.batch.certified.v1"
    certified: int = Field(description="entries with a certificate")
    rejected: int = Field(description="qualified entries the registry did not file")
