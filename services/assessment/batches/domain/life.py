"""A batch and what moves it, from planned to archived. Frozen while its unit has lost its standing."""

from collections.abc import Sequence
from datetime import date, datetime

from services.assessment.batches.domain.record import BatchRecord
from services.assessment.batches.domain.records import Assignment, Manifest, Notice, Room, Seal, Tally
from services.assessment.batches.domain.states import (
    OPEN,
    UNTIL_PUBLICISED,
    NoEntries,
    NotReady,
    NotScored,
    PeriodOpen,
    State,
    WrongDay,
    WrongState,
)
from shared.events.assessment import (
    BatchArchived,
    BatchArranged,
    BatchBegun,
    BatchCancelled,
    BatchCertified,
    BatchClosed,
    BatchFiled,
    BatchFrozen,
    BatchMarked,
    BatchRegistering,
    BatchReleased,
    BatchScored,
    ResultsPublicised,
)
from shared.events.base import Event
from shared.events.registry import Grant
from shared.workdays import PeriodEnd

Decided = tuple["Batch", Sequence[Event]]


class Batch(BatchRecord):
    """One exam of one unit, from planned to archived."""

    # -- before the exam -------------------------------------------------------------------------------

    def filed(self, grant: Grant, now: datetime, today: date) -> Decided:
        """It is announced; it keeps the plan that covers its days."""
        self.must_be((State.PLANNED,), "a batch is filed once")
        self.must_be_ahead(today)
        batch = self.to(State.FILED, now, begun_on=today, plan=grant.plan, plan_edition=grant.edition)
        return batch, [batch.announcement()]

    def put_off(self) -> Decided:
        """Whoever is filing it right now decides anew; a batch that is filed already stays as it is."""
        return (self.having() if self.state is State.PLANNED else self), []

    def registering(self, until: date, now: datetime, today: date) -> Decided:
        """Candidates are entered until a day; said anew, it moves that day."""
        self.must_be((State.FILED, State.REGISTERING), "registration opens once the batch is filed")
        if not today <= until <= self.exam_on:
            raise WrongDay(f"registration ends from today until the day of the exam, {self.exam_on}", field="/until")
        batch = self.to(State.REGISTERING, now, registration_until=until)
        return batch, [BatchRegistering(**self.named(), until=until)]

    def arranged(self, rooms: Sequence[Room], tally: Tally, now: datetime, seconds: float) -> Decided:
        """Entry is over, rooms are named; said anew before the exam, it replaces the arrangement before."""
        self.must_be((State.REGISTERING, State.ARRANGED), "rooms are arranged after registration and before the exam")
        self.must_be_quiet(seconds)
        if not tally.entries:
            raise NoEntries("enter candidates before rooms are arranged")
        self.must_hold(tally.entries)
        batch = self.to(State.ARRANGED, now, rooms=tuple(rooms), arrangement=self.arrangement + 1, tickets=0)
        said = BatchArranged(**self.named(), entries=tally.entries, arrangement=batch.arrangement)
        return batch.having(writers={}), [said]

    def ticketed(self, arrangement: int, tickets: int) -> Decided:
        """Every candidate of an arrangement has a ticket; one that was replaced meanwhile says nothing."""
        if self.state is not State.ARRANGED or arrangement != self.arrangement or self.tickets == tickets:
            return self, []
        return self.having(tickets=tickets), []

    def staffed(self, assignment: Assignment) -> Decided:
        """Who assesses, supervises and invigilates, as the rules of assignment let it through or record it."""
        return self.having(assignment=assignment), []

    def cancelled(self, reason: str, now: datetime, seconds: float) -> Decided:
        """It is given up, whatever was reached, while no result is public; its entries and numbers follow."""
        if self.state not in UNTIL_PUBLICISED:
            raise WrongState(f"a batch is cancelled before its results are publicised; this batch is {self.state}")
        self.must_be_quiet(seconds)
        batch = self.to(State.CANCELLED, now, reason=reason, writers={}, frozen=False, frozen_for="")
        return batch, [BatchCancelled(**self.named(), reason=reason)] if self.is_announced else []

    # -- the exam --------------------------------------------------------------------------------------

    def begun(self, now: datetime, today: date) -> Decided:
        """Candidates are examined from now on."""
        self.must_be((State.ARRANGED,), "an exam begins once it is arranged")
        if not self.exam_on <= today <= self.ends_on:
            raise WrongDay(f"the exam is from {self.exam_on} to {self.ends_on}; begin it then")
        if not self.tickets:
            raise NotReady("tickets are being given; repeat this in a moment", rule="tickets")
        if self.assignment.state != "confirmed":
            raise NotReady("assessors and supervisor are not confirmed; assign them", rule="assignment")
        batch = self.to(State.IN_EXAM, now)
        return batch, [BatchBegun(**self.named(), on=today, assessors=self.assessors, supervisor=self.supervisor)]

    def ended(self, now: datetime, today: date) -> Decided:
        """The last part is over; what is missing is marked and signed."""
        self.must_be((State.IN_EXAM,), "only an exam that has begun can end")
        if today < self.ends_on:
            raise WrongDay(f"its last part is on {self.ends_on}; end it then")
        return self.to(State.MARKING, now), []

    def marked(self, tally: Tally, now: datetime, seconds: float, by: str = "") -> Decided:
        """Every entry has a result; sheets are sealed next, and nothing is scored any more."""
        self.must_be((State.MARKING,), "sheets are sealed once, after the exam")
        self.must_be_quiet(seconds)
        _must_be_scored(tally)
        self._must_be_staffed()
        batch = self.to(State.SCORED, now, writers={}, marked_by=by)
        return batch, [BatchMarked(**self.named(), entries=tally.entries)]

    def _must_be_staffed(self) -> None:
        if self.assignment.state == "reopened":
            raise NotReady(f"assessors are to be looked at again: {self.assignment.why}", rule="assignment")
        if self.assignment.judging:
            raise NotReady(
                "entries are judged anew, by the group as it is now; repeat this in a moment", rule="judging"
            )

    def sealed(self, seal: Seal, tally: Tally) -> Decided:
        """The seal over all sheets."""
        if self.seal is not None:
            return self, []
        said = BatchScored(
            **self.named(), digest=seal.digest, sheets=seal.sheets, passed=tally.passed, failed=tally.failed
        )
        return self.having(seal=seal), [said]

    # -- results ---------------------------------------------------------------------------------------

    def publicised(self, tally: Tally, now: datetime, today: date, period: PeriodEnd) -> Decided:
        """Results go on public notice."""
        self.must_be((State.SCORED,), "results are publicised once, when all sheets are sealed")
        if self.seal is None:
            raise NotReady("the sheets are being sealed; repeat this in a moment", rule="seal")
        notice = Notice(
            entries=tally.entries,
            passed=tally.passed,
            failed=tally.failed,
            opens_on=today,
            closes_on=period.last_day,
            ends_at=period.ends_at,
            provisional=period.provisional,
        )
        batch = self.to(State.PUBLICISED, now, notice=notice)
        return batch, [ResultsPublicised(**self.named(), **notice.model_dump())]

    def recounted(self, period: PeriodEnd) -> Decided:
        """A notice whose calendar was not known when it began is counted anew, and said anew when its days moved."""
        if self.state is not State.PUBLICISED or self.notice is None or not self.notice.provisional:
            return self, []
        days = {"closes_on": period.last_day, "ends_at": period.ends_at, "provisional": period.provisional}
        notice = self.notice.model_copy(update=days)
        if notice == self.notice:
            return self, []
        return self.having(notice=notice), [ResultsPublicised(**self.named(), **notice.model_dump())]

    def closed(self, now: datetime, passed: int, chunk_rows: int) -> Decided:
        """The period is over: the results of those who `passed` and are not held back are said in chunks."""
        self.must_be((State.PUBLICISED,), "only publicised results can be made final")
        assert self.notice is not None
        if now < self.notice.ends_at:
            ends = f"{self.notice.closes_on}, which is over at {self.notice.ends_at:%FT%TZ}"
            raise PeriodOpen(f"objections can be raised until {ends}; repeat this then")
        chunks = -(-passed // chunk_rows)
        batch = self.to(State.CLOSED, now, chunks=chunks, chunk_rows=chunk_rows)
        return batch, [BatchClosed(**self.named(), passed=passed, chunks=chunks)]

    def finalised(self, now: datetime) -> Decided:
        """Every chunk has been said. A freeze after closing does not hold this up: the registry judges the chunks."""
        if self.state in (State.FINALISED, State.CERTIFIED, State.ARCHIVED):
            return self, []
        if self.state is not State.CLOSED:
            raise WrongState(f"only a closed batch is finalised; this one is {self.state}")
        return self.to(State.FINALISED, now), []

    def certified(self, tally: Tally, now: datetime) -> Decided:
        """Each qualified entry has ended; `tally.passed` counts those that have not, and keeps it as it is."""
        if self.state is not State.FINALISED or tally.passed:
            return self, []
        said = BatchCertified(**self.named(), certified=tally.certified, rejected=tally.rejected)
        return self.to(State.CERTIFIED, now), [said]

    def archived(self, manifest: Manifest, now: datetime) -> Decided:
        """Its archive is complete and signed; nothing in it moves any more."""
        if self.state is State.ARCHIVED:
            return self, []
        self.must_be((State.CERTIFIED,), "a batch is archived once each entry is certified or rejected")
        return self.to(State.ARCHIVED, now, archive=manifest), [BatchArchived(**self.named(), **manifest.model_dump())]

    # -- the unit's standing ---------------------------------------------------------------------------

    def freeze(self, reason: str, standing: int) -> Decided:
        """Nothing in it moves any more; what is finalised stays as it is, and an older standing says nothing."""
        if self.frozen or self.state not in OPEN or standing < self.standing:
            return self, []
        batch = self.having(frozen=True, frozen_for=reason, standing=standing)
        return batch, [BatchFrozen(**self.named(), reason=reason)] if self.is_announced else []

    def release(self, standing: int) -> Decided:
        """The unit's standing is restored: it goes on in the state in which it was frozen."""
        if not self.frozen or standing < self.standing:
            return self, []
        batch = self.having(frozen=False, frozen_for="", standing=standing)
        return batch, [BatchReleased(**self.named(), state=self.state)] if self.is_announced else []

    # -- what it says ----------------------------------------------------------------------------------

    def announcement(self) -> BatchFiled:
        """What everybody is told of it."""
        kept = (
            *("standard", "exam_on", "ends_on", "mode", "sittings", "planned"),
            *("begun_on", "plan", "plan_edition"),
        )
        return BatchFiled(**self.named(), **{name: getattr(self, name) for name in kept})


def _must_be_scored(tally: Tally) -> None:
    if tally.entries == 0:
        raise NoEntries("enter and score candidates before sheets are sealed")
    if tally.enrolled:
        raise NotScored(f"{tally.enrolled} of {tally.entries} entries have no result; score them, then seal")
