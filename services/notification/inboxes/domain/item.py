"""An item of an inbox: what waits for an organisation, whether it was read, and what settled it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import EVERY_LINE
from services.notification.notices.domain.notice import Both, whole
from shared.entity import Entity
from shared.errors import NotFound
from shared.events.base import Event, Record

CENTER = "center"
LAST_POSITION = 10**12 - 1
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class Desk(NamedTuple):
    """Whose inbox it is: the Center's, an authority's or a unit's."""

    name: str
    authority: str
    unit: str | None = None


def desk_of_line(line: str) -> Desk:
    """An authority's; what concerns every line is the Center's."""
    return Desk(CENTER, EVERY_LINE) if line == EVERY_LINE else Desk(f"authority/{line}", line)


def desk_of_unit(line: str, unit: str) -> Desk:
    """A unit's, in its line."""
    return Desk(f"unit/{line}/{unit}", line, unit)


def undated(position: int) -> str:
    """The place of what has no last day in lists by due date: after every date, the newest first."""
    return f"~{LAST_POSITION - position:012d}"


class Standing(StrEnum):
    """How an item stands at an instant."""

    NEWS = "news"
    """It tells something and asks for nothing."""
    WAITING = "waiting"
    SOON = "soon"
    """It waits and is near its limit."""
    OVERDUE = "overdue"
    SETTLED = "settled"


class Mark(Record):
    """Who marked an item, and when."""

    by: str
    at: datetime


class Settlement(Record):
    """The event that settled an item."""

    event: str
    type: str
    at: datetime


class Item(Entity):
    """One thing an organisation is told; what it says never changes. Whether it is near its limit, the clock says."""

    desk: str
    unit: str | None
    line: str
    """The line of the event; `authority` is that of the inbox."""
    kind: str
    event: str
    event_type: str
    source: str
    subject: str
    sequence: int
    position: int
    title: Both
    text: Both
    happened_at: datetime
    shown_at: datetime
    """Not in the inbox before that."""
    scheduled: bool = False
    """It was made for later; what settles it before then settles it unseen."""
    waits: bool
    due_on: date | None = None
    due_at: datetime | None = None
    """When that day is over."""
    soonest: str
    """What lists by due date are sorted by: what has none, or is settled, comes last, the newest first."""
    settled_by: tuple[str, ...] = ()
    settlement: Settlement | None = None
    read: Mark | None = None
    acknowledged: Mark | None = None
    told: bool = False
    """Mails about it are made."""
    reminded: Standing = Standing.NEWS
    """The last limit of which mails are made."""

    def standing(self, now: datetime, soon_days: int) -> Standing:
        """How it stands now."""
        if self.settlement is not None:
            return Standing.SETTLED
        if not self.waits:
            return Standing.NEWS
        if self.due_at is None or now < self.due_at - timedelta(days=soon_days):
            return Standing.WAITING
        return Standing.SOON if now < self.due_at else Standing.OVERDUE

    def must_lie_on(self, desk: str, now: datetime) -> None:
        """An inbox is its organisation's alone."""
        if self.desk != desk or self.shown_at > now:
            raise NotFound(f"there is no Item {self.id} within your scope")

    def marked_read(self, by: str, at: datetime) -> tuple[Self, Sequence[Event]]:
        """Somebody of the organisation read it; the first one stands."""
        return (self, []) if self.read else (self.having(read=Mark(by=by, at=whole(at))), [])

    def marked_acknowledged(self, by: str, at: datetime) -> tuple[Self, Sequence[Event]]:
        """Somebody of the organisation sees to it; the first one stands."""
        if self.acknowledged:
            return self, []
        mark = Mark(by=by, at=whole(at))
        return self.having(acknowledged=mark, read=self.read or mark), []

    def settled_among(self, events: Sequence[FeedEvent]) -> tuple[Self, Sequence[Event]]:
        """The first of these events that settles it, if any does."""
        found = next((event for event in events if self._is_settled_by(event)), None)
        if self.settlement is not None or found is None:
            return self, []
        settlement = Settlement(event=found.event, type=found.type, at=found.time)
        unseen = self.scheduled and found.time < self.shown_at
        shown_at = NEVER if unseen else self.shown_at
        return self.having(settlement=settlement, soonest=undated(self.position), shown_at=shown_at), []

    def _is_settled_by(self, event: FeedEvent) -> bool:
        if event.type not in self.settled_by or event.authority != self.line:
            return False
        if (event.source, event.subject) == (self.source, self.subject):  # the bus may have turned them round
            return event.sequence > self.sequence
        return self.subject in event.about and event.position > self.position

    def mailed(self, standing: Standing) -> tuple[Self, Sequence[Event]]:
        """Whoever is to be told by mail at this standing is."""
        return self.having(told=True, reminded=standing), []
