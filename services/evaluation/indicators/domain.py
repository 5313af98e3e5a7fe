"""What is measured of a unit: facts, one for each event heard, and the figures they add up to."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Self

from pydantic import Field

from shared.events.base import Event, Record
from shared.events.registry import Standing

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

    @classmethod
    def added_up(cls, sums: Mapping[str, Any]) -> Self:
        """The figures of a unit from the sums over its facts."""
        entries, timed = sums["entries"], sums["timed"]
        return cls(
            **{name: sums[name] for name in _SUMS},
            pass_rate=sums["passed"] / entries if entries else None,
            filing_lag_seconds=FilingLag(mean=sums["lag"] / timed, max=sums["longest"]) if timed else None,
        )


_SUMS = ("unit", "authority", "batches", "entries", "passed", "failed", "filed", "rejected", "last_event_at")
