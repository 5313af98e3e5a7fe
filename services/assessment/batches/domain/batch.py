"""The life of a batch: filed, publicised, closed, finalised. Frozen while its unit has lost its standing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from services.assessment.batches.commands import AssignBatch, FileBatch
from services.assessment.batches.domain.assignment import Cards, must_be_fit
from services.assessment.mirrors.domain import Standard, Unit
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.assessment import BatchClosed, BatchFiled, BatchFrozen, BatchReleased, ResultsPublicised
from shared.events.base import Event, Record
from shared.events.registry import Grant, Part
from shared.workdays import PeriodEnd


class State(StrEnum):
    """Where a batch stands."""

    FILED = "filed"
    """Candidates are entered and scored."""
    PUBLICISED = "publicised"
    """Results are on public notice and do not change any more."""
    CLOSED = "closed"
    """The period is over; results are being said chunk by chunk."""
    FINALISED = "finalised"
    """Every qualified worker has been handed over for filing."""


OPEN = (State.FILED, State.PUBLICISED, State.CLOSED)


class Frozen(Fault):
    """The batch is frozen because its unit lost its standing."""

    slug, kind = "batch-frozen", Kind.CONFLICT


class WrongState(Fault):
    """The batch is not in a state that allows this."""

    slug, kind = "batch-state", Kind.CONFLICT


class NoEntries(Fault):
    """The batch has no entries, so it has no results."""

    slug, kind = "no-entries", Kind.CONFLICT


class NotScored(Fault):
    """Some entries of the batch have no scores."""

    slug, kind = "entries-not-scored", Kind.CONFLICT


class PeriodOpen(Fault):
    """The objection period is not over."""

    slug, kind = "period-open", Kind.CONFLICT


class Busy(Fault):
    """Rows are being written into the batch at this moment; repeat the same request."""

    slug, kind = "batch-busy", Kind.UNAVAILABLE


class Tally(Record):
    """How many entries of a batch are in each state."""

    enrolled: int = 0
    passed: int = 0
    failed: int = 0
    certified: int = 0
    rejected: int = 0

    @property
    def entries(self) -> int:
        """All of them."""
        return self.enrolled + self.passed + self.failed + self.certified + self.rejected


class Notice(Record):
    """The public notice of the results, and the period in which objections can be raised."""

    entries: int
    passed: int
    failed: int
    opens_on: date
    closes_on: date
    ends_at: datetime
    provisional: bool


class Batch(Entity):
    """One exam of one unit; `parts` are those of its edition at its level and hold to its end.

    `writers` are the acts that write rows into it right now, each with the second of real time at which it has
    given up: entries are documents of their own, and results must not be publicised between a row's check and
    its write. `standing` is the registry's count of the unit's standing by which it was frozen or released last.
    """

    unit: str
    occupation: str
    level: str
    standard: str
    exam_on: date
    planned: int
    parts: tuple[Part, ...]
    state: State
    begun_on: date | None = None
    plan: str = ""
    plan_edition: int = 1
    site: str = ""
    assessors: tuple[str, ...] = ()
    supervisor: str = ""
    frozen: bool = False
    frozen_for: str = ""
    standing: int = 0
    notice: Notice | None = None
    chunks: int = 0
    chunk_rows: int = 0
    writers: Mapping[str, float] = {}

    def must_take_rows(self) -> None:
        """Refuse rows once results are publicised, or while it is frozen."""
        self._must_be(State.FILED, "entries and scores are taken until results are publicised")

    def publicised(
        self, tally: Tally, today: date, period: PeriodEnd, seconds: float
    ) -> "tuple[Batch, Sequence[Event]]":
        """Results go on public notice; `seconds` of real time tell which writers are still at work."""
        self._must_be(State.FILED, "results are publicised once")
        if any(gives_up > seconds for gives_up in self.writers.values()):
            raise Busy("entries or scores are being written; repeat the request when they are")
        _must_be_scored(tally)
        notice = Notice(
            entries=tally.entries,
            passed=tally.passed,
            failed=tally.failed,
            opens_on=today,
            closes_on=period.last_day,
            ends_at=period.ends_at,
            provisional=period.provisional,
        )
        batch = self.having(state=State.PUBLICISED, notice=notice, writers={})
        return batch, [ResultsPublicised(**self.named(), **notice.model_dump())]

    def closed(self, now: datetime, chunk_rows: int) -> "tuple[Batch, Sequence[Event]]":
        """The period is over: results are final and will be said in chunks of `chunk_rows`."""
        self._must_be(State.PUBLICISED, "only publicised results can be made final")
        assert self.notice is not None
        if now < self.notice.ends_at:
            ends = f"{self.notice.closes_on}, which is over at {self.notice.ends_at:%FT%TZ}"
            raise PeriodOpen(f"objections can be raised until {ends}; repeat this then")
        chunks = -(-self.notice.passed // chunk_rows)
        batch = self.having(state=State.CLOSED, chunks=chunks, chunk_rows=chunk_rows)
        return batch, [BatchClosed(**self.named(), passed=self.notice.passed, chunks=chunks)]

    def finalised(self) -> "tuple[Batch, Sequence[Event]]":
        """Every chunk has been said. A freeze after closing does not hold this up: the registry judges the chunks."""
        if self.state is State.FINALISED:
            return self, []
        if self.state is not State.CLOSED:
            raise WrongState(f"only a closed batch is finalised; this one is {self.state}")
        return self.having(state=State.FINALISED), []

    def assigned(self, asked: AssignBatch, cards: Cards) -> "tuple[Batch, Sequence[Event]]":
        """Where it is held and who assesses and supervises it, while it is filed; results carry the last word."""
        self._must_be(State.FILED, "assessors are assigned until results are publicised")
        must_be_fit(asked, (self.occupation, self.level, self.exam_on), cards)
        return self.having(site=asked.site, assessors=asked.assessors, supervisor=asked.supervisor), []

    def freeze(self, reason: str, standing: int) -> "tuple[Batch, Sequence[Event]]":
        """Nothing in it moves any more; what is finalised stays as it is, and an older standing says nothing."""
        if self.frozen or self.state is State.FINALISED or standing < self.standing:
            return self, []
        batch = self.having(frozen=True, frozen_for=reason, standing=standing)
        return batch, [BatchFrozen(**self.named(), reason=reason)]

    def release(self, standing: int) -> "tuple[Batch, Sequence[Event]]":
        """The unit's standing is restored: it goes on in the state in which it was frozen."""
        if not self.frozen or standing < self.standing:
            return self, []
        batch = self.having(frozen=False, frozen_for="", standing=standing)
        return batch, [BatchReleased(**self.named(), state=self.state)]

    def named(self) -> dict[str, Any]:
        """What every event about a batch carries."""
        return {"batch": self.id, "unit": self.unit, "occupation": self.occupation, "level": self.level}

    def _must_be(self, state: State, rule: str) -> None:
        if self.frozen:
            raise Frozen(f"frozen: {self.frozen_for}; turn to your authority")
        if self.state is not state:
            raise WrongState(f"{rule}; this batch is {self.state}")


def _must_be_scored(tally: Tally) -> None:
    if tally.entries == 0:
        raise NoEntries("enter and score candidates before results are publicised")
    if tally.enrolled:
        raise NotScored(f"{tally.enrolled} of {tally.entries} entries are not scored; score them, then publicise")


def filed(
    identity: str, unit: Unit, standard: Standard, asked: FileBatch, *, today: date, cards: Cards
) -> tuple[Batch, Sequence[Event]]:
    """A new batch, announced within the unit's standing; it keeps the plan and the edition that hold on its day."""
    grant = unit.must_cover(asked.occupation, asked.level, asked.exam_on, today)
    batch = _announced(identity, unit.id, grant, standard, asked, today)
    must_be_fit(asked, (asked.occupation, asked.level, asked.exam_on), cards)
    return batch, [_announcement(batch)]


def _announced(identity: str, unit: str, grant: Grant, standard: Standard, asked: FileBatch, today: date) -> Batch:
    return Batch(
        id=identity,
        authority=grant.authority,
        unit=unit,
        standard=standard.id,
        parts=standard.parts_of(asked.level),
        state=State.FILED,
        begun_on=today,
        plan=grant.plan,
        plan_edition=grant.edition,
        **asked.model_dump(),
    )


def _announcement(batch: Batch) -> BatchFiled:
    kept = ("standard", "exam_on", "planned", "begun_on", "plan", "plan_edition")
    return BatchFiled(**batch.named(), **{name: getattr(batch, name) for name in kept})
