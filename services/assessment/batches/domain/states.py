"""Where a batch can stand, and what it refuses there."""

from datetime import date
from enum import StrEnum

from shared.errors import Fault, Kind


class State(StrEnum):
    """Where a batch stands, in the order of its life."""

    PLANNED = "planned"
    """Prepared by the unit; nobody else is told."""
    FILED = "filed"
    """Announced, before the exam and within the unit's standing."""
    REGISTERING = "registering"
    """Candidates are entered."""
    ARRANGED = "arranged"
    """Candidates are given tickets, rooms and stations; assessors are assigned."""
    IN_EXAM = "in_exam"
    """Candidates are examined."""
    MARKING = "marking"
    """The exam is over, sheets are being signed."""
    SCORED = "scored"
    """Every sheet is sealed."""
    PUBLICISED = "publicised"
    """Results are on public notice."""
    CLOSED = "closed"
    """The period is over; results are being said chunk by chunk."""
    FINALISED = "finalised"
    """Every qualified worker has been handed over for filing."""
    CERTIFIED = "certified"
    """Each of them has a certificate or was rejected."""
    ARCHIVED = "archived"
    """The archive of the batch is complete and signed."""
    CANCELLED = "cancelled"
    """Given up before its results were publicised."""


BEFORE_EXAM = (State.PLANNED, State.FILED, State.REGISTERING, State.ARRANGED)
UNTIL_PUBLICISED = (*BEFORE_EXAM, State.IN_EXAM, State.MARKING, State.SCORED)
OPEN = (*UNTIL_PUBLICISED, State.PUBLICISED, State.CLOSED)
"""What a suspension of the unit freezes."""
EXAMINED = (State.IN_EXAM, State.MARKING)
"""When sheets and attendance are taken."""


class Frozen(Fault):
    """The batch is frozen because its unit lost its standing."""

    slug, kind = "batch-frozen", Kind.CONFLICT


class WrongState(Fault):
    """The batch is not in a state that allows this."""

    slug, kind = "batch-state", Kind.CONFLICT


class WrongDay(Fault):
    """The day does not fit the batch."""

    slug, kind = "batch-day", Kind.CONFLICT


class WrongSittings(Fault):
    """The sittings do not examine each part of the level once."""

    slug, kind = "batch-sittings", Kind.CONFLICT


class NoEntries(Fault):
    """The batch has no entries, so it has no results."""

    slug, kind = "no-entries", Kind.CONFLICT


class BatchFull(Fault):
    """The batch was filed for fewer candidates."""

    slug, kind = "batch-full", Kind.CONFLICT


class NotScored(Fault):
    """Some entries of the batch have no result."""

    slug, kind = "entries-not-scored", Kind.CONFLICT


class NotReady(Fault):
    """Something the exam needs is missing; `rule` says what."""

    slug, kind = "batch-not-ready", Kind.CONFLICT


class PeriodOpen(Fault):
    """The objection period is not over."""

    slug, kind = "period-open", Kind.CONFLICT


class Busy(Fault):
    """Rows are being written into the batch at this moment; repeat the same request."""

    slug, kind = "batch-busy", Kind.UNAVAILABLE


def must_lie_ahead(exam_on: date, today: date) -> None:
    """Refuse an exam today or earlier: it is announced before its day."""
    if today >= exam_on:
        raise WrongDay("a batch is filed before the day of its exam; choose a later day", field="/exam_on")
