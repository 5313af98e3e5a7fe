"""A replay's life: it goes through the history of one subscription in turns, until it is done or cancelled."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from services.notification.replays.commands import Redrive
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event

TURN = 500  # events or deliveries in one turn
AHEAD = 2_000  # deliveries made and not yet sent, at most, so that a million documents are not piled up


class State(StrEnum):
    """Whether it goes on."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class PositionsReversed(Fault):
    """A back-fill ends after the position it begins at."""

    slug, kind = "positions-reversed", Kind.INVALID


class StillWaiting(Fault):
    """A delivery that is still being tried cannot be redriven."""

    slug, kind = "delivery-waiting", Kind.CONFLICT


class Replay(Entity):
    """Either positions of the feed are sent anew, or (`redrive`) deliveries that ended are tried anew."""

    SCHEMA: ClassVar[int] = 1

    subscription: str
    owner: str
    unit: str | None
    from_position: int = 0
    until_position: int = 0
    redrive: Redrive | None = None
    reached: int = 0
    reached_delivery: str = ""
    made: int = 0
    state: State = State.RUNNING
    asked_at: datetime
    ended_at: datetime | None = None

    def went_on(self, before: "Replay", after: "Replay") -> "tuple[Replay, Sequence[Event]]":
        """A turn is over: only if no other process has noted it, so that nothing is counted twice."""
        same = (self.reached, self.reached_delivery) == (before.reached, before.reached_delivery)
        if self.state is not State.RUNNING or not same:
            return self, []
        changes = ("reached", "reached_delivery", "made", "state", "ended_at")
        return self.having(**{name: getattr(after, name) for name in changes}), []

    def turned(self, made: int, *, now: datetime, over: bool, position: int = 0, delivery: str = "") -> "Replay":
        """How it stands after a turn."""
        return self.having(
            made=self.made + made,
            reached=position or self.reached,
            reached_delivery=delivery or self.reached_delivery,
            state=State.DONE if over else State.RUNNING,
            ended_at=now if over else None,
        )

    def cancelled(self) -> "tuple[Replay, Sequence[Event]]":
        """Make no more; what is made and not sent is dropped, then it is over. What is done stays as it is."""
        if self.state is not State.RUNNING:
            return self, []
        return self.having(state=State.CANCELLED), []

    def over(self, now: datetime) -> "tuple[Replay, Sequence[Event]]":
        """Nothing of it is left."""
        if self.ended_at is not None:
            return self, []
        return self.having(state=State.CANCELLED, ended_at=now), []


def must_run_forward(begin: int, end: int | None) -> None:
    """Refuse a back-fill of nothing."""
    if end is not None and end <= begin:
        raise PositionsReversed(
            f"until_position {end} is not after from_position {begin}; ask for a later end or an earlier beginning",
            field="/until_position",
        )
