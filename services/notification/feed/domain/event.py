"""What the feed keeps of an event: where it stands, what it names, and its link in the chain of its line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue
from pydantic_core import to_json

from shared.digests import chained, digest_of

NAMING = frozenset(
    {"batch", "card", "case", "certificate", "edition", "entry", "evaluation", "notice", "number", "objection", "plan",
     "proposal", "report", "site", "standard", "subscription", "subject_id"}
)  # fmt: skip
"""The fields of events that say by an id what they are about; a unit is not one: it is a filter of its own."""


class FeedEvent(NamedTuple):
    """One event of the log; `body` is JSON text, so that numbers stay as they were said."""

    position: int
    event: str
    type: str
    source: str
    subject: str
    time: datetime
    sequence: int
    authority: str
    unit: str | None
    correlation: str
    causation: str | None
    trace: str | None
    body: str
    heard_at: datetime
    occupation: str | None = None
    level: str | None = None
    place: int = 0
    """Its place among the events of its line (`authority`), from 1 without a gap."""
    digest: str = ""
    """SHA-256 of what the event says, hexadecimal."""
    chain: str = ""
    """SHA-256 over the chain of the event before it in its line and its own digest."""
    about: tuple[str, ...] = ()
    """The ids of everything it names, its subject first."""

    def cloud_event(self) -> str:
        """The CloudEvent in structured JSON; a webhook's body and a row of the feed are the same text."""
        return f'{self._attributes()[:-1]},"data":{self.body}}}'

    def thin_event(self, url: str) -> str:
        """The same without `data`: `dataref` says where this service, at `url`, gives the whole event to who may."""
        return self._attributes(dataref=f"{url}/v1/events/{self.position}")

    def _attributes(self, **more: str) -> str:
        named = {
            "specversion": "1.0",
            "id": self.event,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "sequence": self.sequence,
            "authority": self.authority,
            "correlationid": self.correlation,
            "causationid": self.causation,
            "traceparent": self.trace,
            "position": self.position,
            "place": self.place or None,
            "digest": self.digest or None,
            "chain": self.chain or None,
            **more,
        }
        return to_json({name: value for name, value in named.items() if value is not None}).decode()


def digested(event: FeedEvent) -> FeedEvent:
    """The event with its digest, and with its time as the database keeps it: in milliseconds."""
    time = event.time.replace(microsecond=event.time.microsecond // 1000 * 1000)
    said = {
        "id": event.event,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": json.loads(to_json(time)),
        "sequence": event.sequence,
        "authority": event.authority,
        "data": json.loads(event.body),
    }
    return event._replace(time=time, digest=digest_of(said))


class Head(NamedTuple):
    """The last event of a line."""

    place: int = 0
    chain: str = ""


class LineHead(NamedTuple):
    """The last event of a line, and which line that is."""

    line: str
    place: int
    position: int
    chain: str


class LinkDigest(NamedTuple):
    """An event without its content, as it counts in the chain of its line."""

    place: int
    position: int
    event: str
    digest: str
    chain: str


def placed(events: Iterable[FeedEvent], after: int, heads: Mapping[str, Head]) -> list[FeedEvent]:
    """Digested events at the positions after one, each at the next place of its line and bound into its chain."""
    reached, run = dict(heads), []
    for position, event in enumerate(events, start=after + 1):
        head = reached.get(event.authority, Head())
        place, chain = head.place + 1, chained(head.chain, event.digest)
        reached[event.authority] = Head(place, chain)
        run.append(event._replace(position=position, place=place, chain=chain))
    return run


def named_in(body: Mapping[str, Any], field: str) -> str | None:
    """The unit, occupation or level an event concerns, by its body."""
    value = body.get(field)
    return value if isinstance(value, str) else None


def about(subject: str, body: JsonValue) -> tuple[str, ...]:
    """The ids of what an event names: its subject, and whatever its body names in a field of `NAMING`, lists too."""
    return tuple(dict.fromkeys((subject, *_ids(body))))


def _ids(value: JsonValue) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _ids(item)
    elif isinstance(value, dict):
        for field, item in value.items():
            if field in NAMING and isinstance(item, str) and item:
                yield item
            else:
                yield from _ids(item)
