"""What is measured of a unit: facts, one for each event heard, and the figures they add up to."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import Field

from shared.events.assessment import BatchClosed, BatchFiled
from shared.events.base import Event, Record
from shared.events.registry import CertificateFiled, FilingRejected, Standing

SAID = frozenset({"unit", "batch", "occupation", "level", "entries", "passed", "failed"})
"""What a fact takes over from its event, as far as the event says it."""


class Fact(Record):
    """One event as far as it counts; it takes its id from the event, so that hearing it twice makes one fact."""

    id: str = Field(description="id of the event")
    kind: str = Field(description="type of the event", examples=["assessment.batch.filed.v1"])
    authority: str
    unit: str
    batch: str = ""
    occupation: str = ""
    level: str = ""
    entries: int = 0
    passed: int = 0
    failed: int = 0
    sequence: int = Field(description="version of what the event is about")
    at: datetime = Field(description="when it happened, UTC")


def fact(said: Event, *, id: str, authority: str, sequence: int, at: datetime) -> Fact:  # noqa: A002 - the event's own
    """The fact of one event."""
    counted: dict[str, Any] = said.model_dump(include=set(SAID))
    return Fact(**counted, id=id, kind=said.type, authority=authority, sequence=sequence, at=at)


class Unit(Record):
    """A pilot unit as the registry last described it."""

    id: str
    unit: str
    authority: str
    name: str
    plan: str
    suspended_on: date | None
    sequence: int = Field(description="version of the registry's record; an older one is ignored")


def unit(said: Standing, *, authority: str, sequence: int) -> Unit:
    """The unit an event of its standing describes."""
    return Unit(
        id=said.unit,
        unit=said.unit,
        authority=authority,
        name=said.name,
        plan=said.plan,
        suspended_on=said.suspended_on,
        sequence=sequence,
    )


class Counted(Record):
    """The facts of one kind that one batch has: how many, and when they happened."""

    unit: str
    authority: str
    kind: str
    batch: str
    facts: int
    first_at: datetime
    last_at: datetime
    mean_ms: float = Field(description="mean of the instants, milliseconds since 1970 UTC")


class FilingLag(Record):
    """Seconds from the end of a batch's objection period to the filing of its certificates."""

    mean: float = Field(description="over all certificates filed from closed batches")
    max: float


class UnitIndicators(Record):
    """A unit's figures; every one can be followed to the facts behind it."""

    unit: str
    authority: str
    batches: int = Field(default=0, description="batches filed")
    entries: int = Field(default=0, description="candidates whose results were publicised")
    passed: int = 0
    failed: int = 0
    pass_rate: float | None = Field(default=None, description="passed ÷ entries; null while there are no entries")
    filed: int = Field(default=0, description="certificates filed")
    rejected: int = Field(default=0, description="results the registry did not file")
    filing_lag_seconds: FilingLag | None = Field(default=None, description="null until a closed batch has filings")
    last_event_at: datetime | None = Field(default=None, description="when the latest of the events happened, UTC")


def add_up(counted: Sequence[Counted], publicised: Iterable[Fact]) -> UnitIndicators:
    """The figures of one unit; results that are publicised again replace the earlier ones of their batch."""
    newest = {row.batch: row for row in sorted(publicised, key=lambda row: row.sequence)}.values()
    entries, passed = sum(row.entries for row in newest), sum(row.passed for row in newest)
    return UnitIndicators(
        unit=counted[0].unit,
        authority=counted[0].authority,
        batches=len(_of(counted, BatchFiled)),
        entries=entries,
        passed=passed,
        failed=sum(row.failed for row in newest),
        pass_rate=passed / entries if entries else None,
        filed=sum(row.facts for row in _of(counted, CertificateFiled)),
        rejected=sum(row.facts for row in _of(counted, FilingRejected)),
        filing_lag_seconds=_lag(counted),
        last_event_at=max(row.last_at for row in counted),
    )


def _of(counted: Iterable[Counted], kind: type[Event]) -> list[Counted]:
    return [row for row in counted if row.kind == kind.type]


def _lag(counted: Sequence[Counted]) -> FilingLag | None:
    closed = {row.batch: row.first_at.timestamp() for row in _of(counted, BatchClosed)}
    timed = [row for row in _of(counted, CertificateFiled) if row.batch in closed]
    if not timed:
        return None
    waited = sum(row.facts * (row.mean_ms / 1000 - closed[row.batch]) for row in timed)
    longest = max(row.last_at.timestamp() - closed[row.batch] for row in timed)
    # instants are kept to the millisecond
    return FilingLag(mean=round(waited / sum(row.facts for row in timed), 3), max=round(longest, 3))
