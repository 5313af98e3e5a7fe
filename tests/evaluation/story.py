"""What is heard of one unit, and what it adds up to."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.evaluation.indicators.domain import Fact, FilingLag, UnitIndicators, fact
from shared.events.assessment import BatchClosed, BatchFiled, ResultsPublicised
from shared.events.base import Event
from shared.events.registry import CertificateFiled, FilingRejected, UnitAuthorised, UnitSuspended

BEGINS = datetime(2019, 9, 27, 4, tzinfo=UTC)
Told = tuple[Event, str, int, float]
"""An event, its subject, its sequence, and the second after `BEGINS` at which it happens."""


def standing(unit: str, suspended_on: date | None = None) -> UnitAuthorised | UnitSuspended:
    """The registry's description of a unit."""
    kind = UnitAuthorised if suspended_on is None else UnitSuspended
    return kind(
        unit=unit,
        name="浙江某公司（虚构）",
        plan=f"plan-{unit}",
        scopes=(),
        valid_from=date(2019, 9, 1),
        valid_until=date(2020, 8, 31),
        suspended_on=suspended_on,
        reason="",
    )


def story(unit: str) -> Iterator[Told]:
    """One batch to its end, with results publicised twice, and one that is not known to be closed."""
    first, second = f"{unit}-batch-1", f"{unit}-batch-2"
    yield standing(unit), unit, 2, 0
    yield _filed(unit, first), first, 1, 1
    yield _publicised(unit, first, passed=1, failed=7), first, 2, 2
    yield _publicised(unit, first, passed=5, failed=3), first, 3, 3
    yield BatchClosed(**_of(unit, first), passed=5, chunks=1), first, 4, 100
    for n in range(4):
        yield _certificate(unit, first, f"{first}-{n}"), f"{first}-{n}", 1, 110 + 10 * n
    refused = FilingRejected(entry=f"{first}-4", batch=first, unit=unit, reason="already-certified", detail="")
    yield refused, f"{first}-filing", 1, 150
    yield _filed(unit, second), second, 1, 200
    yield _publicised(unit, second, passed=1, failed=1), second, 2, 201
    yield _certificate(unit, second, f"{second}-0"), f"{second}-0", 1, 300


def adds_up(unit: str) -> UnitIndicators:
    """The figures of the story: newest results per batch, lag of 10, 20, 30 and 40 seconds."""
    return UnitIndicators(
        unit=unit,
        authority="33",
        batches=2,
        entries=10,
        passed=6,
        failed=4,
        pass_rate=0.6,
        filed=5,
        rejected=1,
        filing_lag_seconds=FilingLag(mean=25, max=40),
        last_event_at=BEGINS + timedelta(seconds=300),
    )


def facts(unit: str) -> list[Fact]:
    """The facts of the story."""
    return [
        fact(event, id=f"{subject}@{sequence}", authority="33", sequence=sequence, at=BEGINS + timedelta(seconds=at))
        for event, subject, sequence, at in story(unit)
    ]


def _of(unit: str, batch: str) -> dict[str, Any]:
    return {"batch": batch, "unit": unit, "occupation": "rebar_worker", "level": "5"}


def _filed(unit: str, batch: str) -> BatchFiled:
    return BatchFiled(**_of(unit, batch), standard="rebar_worker-2019p", exam_on=BEGINS.date(), planned=8)


def _publicised(unit: str, batch: str, passed: int, failed: int) -> ResultsPublicised:
    return ResultsPublicised(
        **_of(unit, batch),
        entries=passed + failed,
        passed=passed,
        failed=failed,
        opens_on=BEGINS.date(),
        closes_on=BEGINS.date(),
        ends_at=BEGINS,
        provisional=False,
    )


def _certificate(unit: str, batch: str, entry: str) -> CertificateFiled:
    return CertificateFiled(
        **_of(unit, batch),
        certificate=entry,
        number="1999002001500001",
        entry=entry,
        holder="张*",
        exam_on=BEGINS.date(),
        filed_on=BEGINS.date(),
    )
