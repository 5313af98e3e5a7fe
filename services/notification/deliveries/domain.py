"""A delivery's life: tried again and again by the schedule, until it is taken or given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from services.notification.feed.domain.event import FeedEvent
from services.notification.subscriptions.domain import Subscription

KEPT = 200  # attempts a delivery remembers
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
    retry_after: float | None = Field(default=None, description="seconds the endpoint asked to be left alone")

    @property
    def taken(self) -> bool:
        """Only a 2xx answer says the event was received."""
        return len(self.answer) == len(GONE) and self.answer.startswith("2")


@dataclass(frozen=True)
class Schedule:
    """When a delivery is tried: seconds before each attempt, each made longer by up to a fraction of itself."""

    delays: Sequence[float]
    jitter: float = 0.0

    def wait(self, delivery: str, tried: int, asked: float | None = None) -> timedelta:
        """How long until the next attempt: never shorter than the endpoint asked for, up to the longest delay."""
        delay = self.delays[tried] * (1 + self.jitter * _share(f"{delivery}@{tried}"))
        return timedelta(seconds=max(delay, min(asked or 0.0, max(self.delays))))


def _share(text: str) -> float:
    """A number from 0 to below 1 that the text alone decides, so that a repeat comes to the same instant."""
    return int.from_bytes(sha256(text.encode()).digest()[:6]) / 2**48


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
    replay: str = Field(default="", description="the replay that sends it again; empty: it is sent as it happened")
    redriven: str = Field(default="", description="who last had it tried anew: an act or a replay")
    again: bool = Field(default=False, description="it is sent again: new events go before it")
    claim: str = Field(default="", exclude=True, repr=False)

    @property
    def gone(self) -> bool:
        """The endpoint said that it is there no more."""
        return bool(self.attempts) and self.attempts[-1].answer == GONE

    def after(self, attempt: Attempt, schedule: Schedule) -> "Delivery":
        """What becomes of it by an attempt.

        An endpoint that is gone fails nothing: it is disabled, and what waits is there if it comes back.
        """
        tried = self.tried + 1
        known = {"attempts": (*self.attempts, attempt)[-KEPT:], "tried": tried}
        if attempt.taken:
            return self.model_copy(update={**known, "state": State.DELIVERED, "ended_at": attempt.at})
        if tried >= len(schedule.delays):
            return self.model_copy(update={**known, "state": State.FAILED, "ended_at": attempt.at})
        return self.model_copy(update={**known, "due": attempt.at + schedule.wait(self.id, tried, attempt.retry_after)})


def identity(subscription: str, position: int, replay: str = "") -> str:
    """A delivery's id: the same event to the same subscription is the same delivery, once for each replay.

    Ids sort by position.
    """
    return f"{subscription}/{position:012d}{replay and '/'}{replay}"


def made_for(
    subscription: Subscription,
    event: FeedEvent,
    now: datetime,
    *,
    replay: str = "",
    again: bool = False,
    claim: str = "",
) -> Delivery:
    """An event on its way to a subscription."""
    return Delivery(
        id=identity(subscription.id, event.position, replay),
        subscription=subscription.id,
        position=event.position,
        event=event.event,
        type=event.type,
        authority=subscription.authority,
        unit=subscription.unit,
        owner=subscription.owner,
        due=now,
        replay=replay,
        again=again,
        claim=claim,
    )


def within_reach(
    subscriptions: Sequence[Subscription], reached: Mapping[str, int], width: int
) -> list[list[Subscription]]:
    """Groups that one run of events serves, those nearest to the end first: in a group none is `width` behind."""
    groups: list[list[Subscription]] = []
    for row in sorted(subscriptions, key=lambda row: -reached[row.id]):
        if groups and reached[groups[-1][0].id] - reached[row.id] < width:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


class Lag(NamedTuple):
    """How far a subscription is behind what is said, as it is known at one moment."""

    subscription: str
    position: int
    newest: int
    behind: int
    waiting: int
    at_least: bool
    oldest_due_at: datetime | None
    last_taken_at: datetime | None
    failing_since: datetime | None


class Errand(NamedTuple):
    """One attempt to make, by the rules of its day, begun before `until` (monotonic): then it ends within its lease."""

    delivery: Delivery
    event: FeedEvent
    seconds: float
    schedule: Schedule
    days: float
    until: float


class Health(BaseModel):
    """How an endpoint has answered lately."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    failing_since: datetime | None = Field(default=None, description="first failed attempt since it last took anything")
    well_at: datetime | None = Field(default=None, description="it took something, or was no longer tried, at last")
    taken_at: datetime | None = Field(default=None, description="it took something at last")

    def here_since(self, moved_at: datetime | None) -> "Health":
        """The same, of the URL that stands since then: what another one before it failed does not count."""
        if self.failing_since is None or moved_at is None:
            return self
        return self.model_copy(update={"failing_since": max(self.failing_since, moved_at)})

    def is_dead(self, attempt: Attempt, days: float) -> bool:
        """Whether this failed attempt is the one too many."""
        since = self.failing_since
        return since is not None and not attempt.taken and attempt.at - since >= timedelta(days=days)
