"""Which events make a public notice, with which words and for how long: read from `data/notices.json`."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.notification.feed.domain.event import FeedEvent
from services.notification.notices.domain.notice import Both, Fact, Notice, NoticeKind, digested, end_of, whole
from shared.privacy import mask_name, scrub


class Named(BaseModel):
    """A field of an event that the public reads, under its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    zh: str
    en: str


class Cause(BaseModel):
    """Which notice an event of a type makes; `{field}` in a text is that field of the event, in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    kind: NoticeKind
    title: Both
    text: Both
    facts: tuple[Named, ...]
    link: str = ""
    closes: str = Field(default="", description="the event's field that names the last day")
    closes_after: str = Field(default="", description="or the rule that says how many days it is open")
    newest_only: bool = Field(default=False, description="a later event of the same subject replaces the notice")


class Causes(BaseModel):
    """The file of causes, and the words for what events say in codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_number: Literal[1] = Field(alias="schema")
    causes: tuple[Cause, ...]
    words: dict[str, dict[str, Both]]

    def of(self, event_type: str) -> Cause | None:
        """What an event of this type makes, if anything."""
        return next((cause for cause in self.causes if cause.type == event_type), None)

    def notice(self, cause: Cause, event: FeedEvent, body: Mapping[str, Any], closes_on: date) -> Notice:
        """The notice of an event; the same for a repeat."""
        told = {name: self._worded(name, value) for name, value in body.items() if not isinstance(value, dict | list)}
        opens = whole(event.time)
        return digested(
            Notice(
                id=identity_of(event.event),
                authority=event.authority,
                unit=event.unit,
                kind=cause.kind,
                title=_filled(cause.title, told),
                text=_filled(cause.text, told),
                facts=tuple(
                    Fact(name=Both(zh=one.zh, en=one.en), value=told[one.field])
                    for one in cause.facts
                    if one.field in told
                ),
                link=cause.link.format_map({name: word.zh for name, word in told.items()}),
                opens_at=opens,
                closes_on=closes_on,
                ends_at=end_of(closes_on),
                event=event.event,
                event_type=event.type,
                sequence=event.sequence,
                position=event.position,
                series=f"{event.type} {event.source} {event.subject}" if cause.newest_only else "",
                digest="",
            )
        )

    def _worded(self, name: str, value: Any) -> Both:
        text = scrub(str(value)) if value is not None else ""
        if name == "holder" and "*" not in text:
            text = mask_name(text)
        return self.words.get(name, {}).get(text, Both(zh=text, en=text))


def identity_of(event: str) -> str:
    """The id of the notice that an event makes."""
    return f"notice-{hashlib.sha256(event.encode()).hexdigest()[:32]}"


def _filled(text: Both, told: Mapping[str, Both]) -> Both:
    return Both(
        zh=text.zh.format_map({name: word.zh for name, word in told.items()}),
        en=text.en.format_map({name: word.en for name, word in told.items()}),
    )
