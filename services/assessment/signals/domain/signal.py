"""A signal: one finding in the sheets of a batch, with the counts that led to it and the remarks on it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from pydantic import Field

from services.assessment.batches.domain import Batch
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.assessment import SignalRaised
from shared.events.base import Event, Record

MOST_REMARKS = 100


class Found(StrEnum):
    """What looks wrong."""

    SPREAD = "assessor-spread"
    """One assessor's points lie far from the group's on the same candidates."""
    SAME_SHEETS = "same-sheets"
    """One assessor gave many candidates the same points, element by element."""
    TWIN_SHEETS = "twin-sheets"
    """Two assessors, who assess alone, gave nearly all candidates the same points, element by element."""
    TOO_SHORT = "too-short"
    """Candidates ended before they began, or after a fraction of the time their part takes."""
    SIGNED_EARLY = "signed-early"
    """Sheets were signed before the candidate began."""
    OTHER_DAY = "other-day"
    """Candidates began on a day on which their part was not examined."""
    TWO_PLACES = "two-places"
    """One assessor assessed in two rooms or turns at the same time."""


class TooMany(Fault):
    """A signal has as many remarks as are kept."""

    slug, kind = "too-many-remarks", Kind.CONFLICT


class Remark(Record):
    """What somebody found when they looked into it."""

    remark: str
    actor: str
    at: datetime


class Finding(Record):
    """What was counted, and the bound it reached."""

    kind: Found
    part: str
    cards: tuple[str, ...] = Field(default=(), description="cards of the assessors; empty in theory")
    candidates: int = Field(description="candidates whose sheets were compared")
    measured: float = Field(description="what was found: points, sheets, a fraction or sittings, by the kind")
    bound: float = Field(description="the rule's bound that it reached")
    examples: tuple[str, ...] = Field(default=(), description="ids of some of the entries")


class Signal(Entity):
    """A finding that somebody should look into; it punishes nobody."""

    unit: str
    batch: str
    occupation: str
    level: str
    finding: Finding
    found_at: datetime
    remarks: tuple[Remark, ...] = ()

    def noted(self, remark: Remark) -> "tuple[Signal, Sequence[Event]]":
        """The same with a remark more."""
        if len(self.remarks) >= MOST_REMARKS:
            raise TooMany(f"{MOST_REMARKS} remarks are kept of a signal; write to the authority")
        return self.having(remarks=(*self.remarks, remark)), []


def raised(batch: Batch, finding: Finding, at: datetime) -> tuple[Signal, Sequence[Event]]:
    """A new signal; the same finding of a batch is always the same one."""
    about: Mapping[str, str] = {name: getattr(batch, name) for name in ("unit", "occupation", "level")}
    signal = Signal(
        id=signal_id(batch.id, finding),
        authority=batch.authority,
        batch=batch.id,
        **about,
        finding=finding,
        found_at=at,
    )
    said = SignalRaised(**batch.named(), signal=signal.id, **finding.model_dump(exclude={"examples"}))
    return signal, [said]


def signal_id(batch: str, finding: Finding) -> str:
    """By batch, kind, part and cards."""
    named = " ".join((batch, finding.kind, finding.part, *finding.cards))
    return f"signal-{blake2b(named.encode(), digest_size=16).hexdigest()}"
