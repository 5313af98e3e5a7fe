"""A delivery's life: tried again and again by the schedule, until it is taken or given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

KEPT = 20  # attempts a delivery remembers
GONE = "410"


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"
    """Its subscription was deleted first."""


class Attempt(BaseModel):
    """One try."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    answer: str = Field(
        description="status code, or why there was none: timeout, unreachable, broken, webhook-private-host",
        examples=["204"],
    )
    ms: int = Field(description="how long it took, milliseconds")

    @property
    def taken(self) -> bool:
        """Only a 2xx answer says the event was received."""
        return len(self.answer) == len(GONE) and self.answer.startswith("2")


class Delivery(BaseModel):
    """One event on its way to one subscription."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    subscription: str
    position: int = Field(description="of the event in the feed")
    event: str
    type: str
    authority: str
    unit: str | None
    owner: str
    state: State = State.WAITING
    due: datetime = Field(description="when it is tried next, or was tried last")
    attempts: tuple[Attempt, ...] = ()
    tried: int = 0
    ended_at: datetime | None = None
    claim: str = Field(default="", exclude=True, repr=False)

    @property
    def failing_since(self) -> datetime:
        """The first attempt remembered."""
        return self.attempts[0].at if self.attempts else self.due

    @property
    def gone(self) -> bool:
        """The endpoint said that it is there no more."""
        return bool(self.attempts) and self.attempts[-1].answer == GONE

    def after(self, attempt: Attempt, delays: Sequence[float]) -> "Delivery":
        """What becomes of it by an attempt; `delays` are the seconds before each.

        An endpoint that is gone fails nothing: it is disabled, and what waits is there if it comes back.
        """
        tried = self.tried + 1
        known = {"attempts": (*self.attempts, attempt)[-KEPT:], "tried": tried}
        if attempt.taken:
            return self.model_copy(update={**known, "state": State.DELIVERED, "ended_at": attempt.at})
        if tried >= len(delays):
            return self.model_copy(update={**known, "state": State.FAILED, "ended_at": attempt.at})
        return self.model_copy(update={**known, "due": attempt.at + timedelta(seconds=delays[tried])})


def identity(subscription: str, position: int) -> str:
    """A delivery's id: the same event to the same subscription is the same delivery; ids sort by position."""
    return f"{subscription}/{position:012d}"
