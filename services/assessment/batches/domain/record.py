"""What a batch is: its fields, and what is asked of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Self

from services.assessment.batches.domain.records import Assignment, Manifest, Notice, Room, Seal
from services.assessment.batches.domain.states import (
    BatchFull,
    Busy,
    Frozen,
    State,
    WrongDay,
    WrongState,
    must_lie_ahead,
)
from shared.entity import Entity
from shared.events.assessment import Sitting
from shared.events.registry import Part


class BatchRecord(Entity):
    """One exam of one unit; `parts` are those of its edition at its level and hold to its end.

    `writers` are the acts that write rows into it right now, each with the second of real time at which it has
    given up: entries are documents of their own, and a batch must not move on between a row's check and its write.
    `standing` is the registry's count of the unit's standing by which it was frozen or released last.
    `papers` are ids of the papers its parts are scored by, where one was named.
    `marked_by` asked for the seal over its sheets, which is made afterwards.
    `moments` are the instants at which it reached its states.
    """

    SCHEMA: ClassVar[int] = 2

    unit: str
    occupation: str
    level: str
    standard: str
    exam_on: date
    ends_on: date
    mode: str
    sittings: tuple[Sitting, ...]
    planned: int
    parts: tuple[Part, ...]
    state: State
    begun_on: date | None = None
    plan: str = ""
    plan_edition: int = 1
    registration_until: date | None = None
    rooms: tuple[Room, ...] = ()
    arrangement: int = 0
    tickets: int = 0
    assignment: Assignment = Assignment()
    papers: Mapping[str, str] = {}
    marked_by: str = ""
    seal: Seal | None = None
    frozen: bool = False
    frozen_for: str = ""
    standing: int = 0
    notice: Notice | None = None
    chunks: int = 0
    chunk_rows: int = 0
    supplements: int = 0
    archive: Manifest | None = None
    reason: str = ""
    moments: Mapping[str, datetime] = {}
    writers: Mapping[str, float] = {}

    @property
    def site(self) -> str:
        """The site of its practical part, or of whichever part has one; empty when it is held online."""
        sites = {sitting.part: sitting.site for sitting in self.sittings if sitting.site}
        return sites.get("practical", next(iter(sites.values()), ""))

    @property
    def is_announced(self) -> bool:
        """Whether anybody but its unit was ever told of it."""
        return self.begun_on is not None or self.state is not State.PLANNED

    @property
    def assessors(self) -> tuple[str, ...]:
        """The cards of all who assess in it."""
        return self.assignment.assessors

    @property
    def supervisor(self) -> str:
        """The card of who supervises it."""
        return self.assignment.supervisor

    def sitting(self, part: str) -> Sitting:
        """When and where a part is examined."""
        return next(sitting for sitting in self.sittings if sitting.part == part)

    def must_be(self, states: Sequence[State], rule: str) -> None:
        """Refuse what needs another state, and everything while it is frozen."""
        if self.frozen:
            raise Frozen(f"frozen: {self.frozen_for}; turn to your authority")
        if self.state not in states:
            raise WrongState(f"{rule}; this batch is {self.state}")

    def must_be_ahead(self, today: date) -> None:
        """Refuse to file it on the day of its exam or later."""
        must_lie_ahead(self.exam_on, today)

    def is_filed_under(self, plan: str) -> bool:
        """Whether it takes from a plan's numbers."""
        return self.plan == plan and self.state not in (State.PLANNED, State.CANCELLED)

    def must_register(self, today: date) -> None:
        """Refuse a candidate while registration is not open, and after its last day."""
        self.must_be((State.REGISTERING,), "candidates are entered while registration is open")
        if self.registration_until is not None and today > self.registration_until:
            raise WrongDay(
                f"registration ended on {self.registration_until}; the unit may move its last day", rule="registration"
            )

    def must_hold(self, entries: int) -> None:
        """Refuse more candidates than it was filed for."""
        if entries > self.planned:
            raise self.full()

    def full(self) -> BatchFull:
        """Why it takes no further candidate."""
        return BatchFull(
            f"the batch was filed for {self.planned} candidates; withdraw some, or plan another batch for the others",
            rule="planned-number",
        )

    def named(self) -> dict[str, Any]:
        """What every event about a batch carries."""
        return {"batch": self.id, "unit": self.unit, "occupation": self.occupation, "level": self.level}

    def to(self, state: State, now: datetime, **changes: object) -> Self:
        """The same batch in another state, and when it reached it."""
        moments = {**self.moments, state.value: now}
        return self.having(state=state, moments=moments, **changes)

    def must_be_quiet(self, seconds: float) -> None:
        """Refuse while rows are being written; `seconds` of real time tell which writers are still at work."""
        if any(gives_up > seconds for gives_up in self.writers.values()):
            raise Busy("rows are being written into the batch; repeat the request when they are")
