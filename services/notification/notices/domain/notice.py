"""What a public notice is: published, proved, and never gone."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self

import rfc8785
from pydantic import Field

from services.notification.feed.domain.event import FeedEvent
from services.notification.notices.commands import AnnounceNotice
from shared.clock import SHANGHAI
from shared.entity import Entity
from shared.errors import Fault
from shared.errors import Kind as FaultKind
from shared.events.base import Event, Record
from shared.events.notification import NoticePublished, NoticeWithdrawn


class ClosesTooEarly(Fault):
    """A notice is open for at least the day it opens."""

    slug, kind = "notice-closes-too-early", FaultKind.INVALID


class OpenTooLong(Fault):
    """No announcement is open for longer than the rule allows."""

    slug, kind = "notice-open-too-long", FaultKind.INVALID


class OpensInThePast(Fault):
    """Nothing is published as of an instant that is over."""

    slug, kind = "notice-opens-in-the-past", FaultKind.INVALID


class WithdrawnBefore(Fault):
    """This notice is withdrawn already."""

    slug, kind = "notice-withdrawn", FaultKind.CONFLICT


class NotPublishedYet(Fault):
    """The event that proves this publication has no place in the feed yet."""

    slug, kind = "notice-not-in-feed", FaultKind.CONFLICT


class NoticeKind(StrEnum):
    """What a notice is about."""

    RESULTS = "results"
    EVALUATION = "evaluation"
    REVOCATION = "revocation"
    CERTIFICATE = "certificate"
    CANCELLATION = "cancellation"
    ANNOUNCEMENT = "announcement"


class State(StrEnum):
    """What is stored of a notice's life; whether a published one is open or closed, the clock says."""

    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


class Both(Record):
    """A text in both languages; the English one may be empty."""

    zh: str
    en: str = ""


class Fact(Record):
    """One line of what a notice is about."""

    name: Both
    value: Both


class Withdrawal(Record):
    """Why and when a notice was withdrawn, and where in the feed that was said."""

    reason: str
    at: datetime
    event: str = ""
    position: int = Field(default=0, description="0 until it is in the feed")


class Notice(Entity):
    """A public notice. What was published never changes and never vanishes: it closes, is replaced or withdrawn."""

    unit: str | None
    kind: NoticeKind
    title: Both
    text: Both
    facts: tuple[Fact, ...] = ()
    link: str = ""
    opens_at: datetime
    closes_on: date
    ends_at: datetime
    event: str = ""
    """The event that proves the publication: the one that caused it, or the one that says it."""
    event_type: str = ""
    sequence: int = 0
    position: int = 0
    series: str = ""
    """What it tells the newest of; of a series the highest sequence stands."""
    digest: str
    state: State = State.PUBLISHED
    was_published: bool = True
    withdrawal: Withdrawal | None = None
    replaced_by: str = ""

    def content(self) -> dict[str, Any]:
        """What was published, as its digest is taken of it."""
        kept = {"id", "authority", "unit", "kind", "title", "text", "facts", "link", "opens_at", "closes_on"}
        return self.model_dump(mode="json", include=kept)

    def standing(self, now: datetime) -> str:
        """The state as the public sees it: open, closed, withdrawn or replaced."""
        if self.state is not State.PUBLISHED:
            return str(self.state)
        return "open" if now < self.ends_at else "closed"

    def opened(self) -> tuple[Self, list[Event]]:
        """It is time to publish what was announced for later."""
        if self.state is not State.SCHEDULED:
            return self, []
        published = self.having(state=State.PUBLISHED, was_published=True)
        return published, [published.said()]

    def said(self) -> NoticePublished:
        """The event that says an announcement is published."""
        return NoticePublished(
            notice=self.id,
            kind=self.kind,
            title=self.title.zh,
            opens_at=self.opens_at,
            closes_on=self.closes_on,
            digest=self.digest,
        )

    def withdrawn(self, reason: str, at: datetime) -> tuple[Self, list[Event]]:
        """It was published wrongly, or is not to be published after all."""
        if self.state is State.WITHDRAWN:
            raise WithdrawnBefore("it is withdrawn already; its first reason stands")
        told = NoticeWithdrawn(notice=self.id, kind=self.kind, reason=reason)
        return self.having(state=State.WITHDRAWN, withdrawal=Withdrawal(reason=reason, at=at)), [told]

    def proved(self, event: FeedEvent) -> tuple[Self, list[Event]]:
        """The feed holds what this room said of it."""
        if event.type == NoticeWithdrawn.type and self.withdrawal and not self.withdrawal.position:
            known = {"event": event.event, "position": event.position}
            return self.having(withdrawal=self.withdrawal.model_copy(update=known)), []
        if event.type == NoticePublished.type and not self.position:
            known = {"event": event.event, "event_type": event.type, "sequence": event.sequence}
            return self.having(position=event.position, **known), []
        return self, []

    def replaced(self, by: str) -> tuple[Self, list[Event]]:
        """A newer notice says the same thing anew."""
        if self.state is not State.PUBLISHED:
            return self, []
        return self.having(state=State.REPLACED, replaced_by=by), []


# -- announcements -------------------------------------------------------------------------------------


def announced(asked: AnnounceNotice, identity: str, line: str, now: datetime, most_days: int) -> Notice:
    """An announcement as it is asked for, open at once or from later on."""
    opens = whole(asked.opens_at or now)
    if asked.opens_at is not None and asked.opens_at < now:
        raise OpensInThePast("leave `opens_at` out to publish it now, or name a later instant", field="/opens_at")
    first = day_of(opens)
    if asked.closes_on < first:
        raise ClosesTooEarly(f"it opens on {first}; name that day or a later one", field="/closes_on")
    if (asked.closes_on - first).days > most_days:
        detail = f"name a day at most {most_days} days after {first}, and announce it anew then"
        raise OpenTooLong(detail, field="/closes_on", rule="notice.longest_days")
    later = opens > now
    return digested(
        Notice(
            id=identity,
            authority=line,
            unit=None,
            kind=NoticeKind.ANNOUNCEMENT,
            title=Both(zh=asked.title_zh, en=asked.title_en),
            text=Both(zh=asked.text_zh, en=asked.text_en),
            opens_at=opens,
            closes_on=asked.closes_on,
            ends_at=end_of(asked.closes_on),
            digest="",
            state=State.SCHEDULED if later else State.PUBLISHED,
            was_published=not later,
        )
    )


def whole(instant: datetime) -> datetime:
    """To the second, as the database and every reader keep it."""
    return instant.astimezone(UTC).replace(microsecond=0)


def day_of(instant: datetime) -> date:
    """The day of an instant in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).date()


def end_of(day: date) -> datetime:
    """24:00 of a day in Asia/Shanghai."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)


def digested(notice: Notice) -> Notice:
    """With the digest of what is published."""
    return notice.having(digest=digest_of(notice.content()))


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON (RFC 8785), hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()
