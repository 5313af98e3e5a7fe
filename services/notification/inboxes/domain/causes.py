"""Which events come into whose inbox, in which words and until when: read from `data/inbox.json`."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import EVERY_LINE
from services.notification.inboxes.domain.item import (
    Desk,
    Item,
    Standing,
    desk_of_line,
    desk_of_unit,
    undated,
)
from services.notification.notices.domain.notice import Both, day_of, end_of, whole
from shared.privacy import scrub
from shared.rulebook import Rulebook

Words = Mapping[str, Mapping[str, Both]]


class Audience(StrEnum):
    """Who is told."""

    CENTER = "center"
    AUTHORITY = "authority"
    UNIT = "unit"
    UNIT_OR_AUTHORITY = "unit_or_authority"
    """The unit that the event names, or the authority of its line if it names none."""


class Cause(BaseModel):
    """What an event of a type brings; `{field}` in a text is that field of the event, in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    kind: str = Field(pattern=r"[a-z_]+", description="what it is about, for filters and mail")
    told: tuple[Audience, ...] = Field(alias="for", min_length=1)
    title: Both
    text: Both
    waits: bool = Field(default=False, description="it waits for an action")
    due: str = Field(default="", description="the event's field that names the last day for it")
    due_after: str = Field(default="", description="or the rule that says how many days after the event that is")
    shown_before: str = Field(default="", description="the rule that says how many days before its last day it shows")
    settled_by: tuple[str, ...] = Field(default=(), description="types of later events about the same that settle it")


class Causes(BaseModel):
    """The file of causes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_number: Literal[1] = Field(alias="schema")
    causes: tuple[Cause, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind of item there can be."""
        return frozenset(cause.kind for cause in self.causes)

    @property
    def settlers(self) -> frozenset[str]:
        """Types of events that settle something."""
        return frozenset(settler for cause in self.causes for settler in cause.settled_by)

    def of(self, event_type: str) -> Cause | None:
        """What an event of this type brings, if anything."""
        return next((cause for cause in self.causes if cause.type == event_type), None)


def items_of(cause: Cause, event: FeedEvent, words: Words, rules: Rulebook, now: datetime) -> Iterator[Item]:
    """The items of an event, one for each organisation that is told; the same ids for a repeat."""
    body: Mapping[str, Any] = json.loads(event.body)
    due_on = _due_on(cause, event, body, rules)
    if cause.shown_before and due_on is None:
        return
    told = {name: _worded(words, name, value) for name, value in body.items() if not isinstance(value, dict | list)}
    soon = rules.integer("inbox.soon_days", on=day_of(now))
    shown_at = _shown_at(cause, due_on, rules, now)
    for desk in _desks(cause, event):
        item = Item(
            id=f"item-{hashlib.sha256(f'{event.event} {desk.name}'.encode()).hexdigest()[:32]}",
            authority=desk.authority,
            desk=desk.name,
            unit=desk.unit,
            line=event.authority,
            kind=cause.kind,
            event=event.event,
            event_type=event.type,
            source=event.source,
            subject=event.subject,
            sequence=event.sequence,
            position=event.position,
            title=_filled(cause.title, told),
            text=_filled(cause.text, told),
            happened_at=whole(event.time),
            shown_at=shown_at,
            scheduled=shown_at > now,
            waits=cause.waits,
            due_on=due_on,
            due_at=end_of(due_on) if due_on else None,
            soonest=due_on.isoformat() if due_on else undated(event.position),
            settled_by=cause.settled_by,
        )
        stands = item.standing(now, soon)  # what it is told with needs no reminder
        yield item.having(reminded=stands if stands in (Standing.SOON, Standing.OVERDUE) else Standing.NEWS)


def _desks(cause: Cause, event: FeedEvent) -> Iterator[Desk]:
    for audience in cause.told:
        if audience is Audience.CENTER:
            yield desk_of_line(EVERY_LINE)
        elif audience is Audience.AUTHORITY or (audience is Audience.UNIT_OR_AUTHORITY and not event.unit):
            yield desk_of_line(event.authority)
        elif event.unit:
            yield desk_of_unit(event.authority, event.unit)


def _due_on(cause: Cause, event: FeedEvent, body: Mapping[str, Any], rules: Rulebook) -> date | None:
    if cause.due:
        named = body[cause.due]
        return date.fromisoformat(named) if named else None
    if not cause.due_after:
        return None
    happened = day_of(event.time)
    return happened + timedelta(days=rules.integer(cause.due_after, on=happened))


def _shown_at(cause: Cause, due_on: date | None, rules: Rulebook, now: datetime) -> datetime:
    """When it is made, not when it happened: who asks what came since yesterday misses nothing that came late."""
    if not cause.shown_before or due_on is None:
        return now
    first = due_on - timedelta(days=rules.integer(cause.shown_before, on=day_of(now)))
    return max(now, end_of(first - timedelta(days=1)))


def _worded(words: Words, name: str, value: Any) -> Both:
    text = scrub(str(value)) if value is not None else ""
    return words.get(name, {}).get(text, Both(zh=text, en=text))


def _filled(text: Both, told: Mapping[str, Both]) -> Both:
    return Both(
        zh=text.zh.format_map({name: word.zh for name, word in told.items()}),
        en=text.en.format_map({name: word.en for name, word in told.items()}),
    )
