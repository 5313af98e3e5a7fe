"""What other systems may read over AMQP: how its exchange, queues and streams are named, and a reader's life."""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field
from pydantic_core import to_json

from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import EVERY_LINE, LINE, check_pattern, matches
from services.notification.streams.commands import Kind
from shared.entity import Entity
from shared.errors import Fault, NotFound
from shared.errors import Kind as FaultKind
from shared.events.base import Event
from shared.events.catalogue import EVENTS

OUT = "notification.out"
OUT_BY_UNIT = "notification.out.units"
"""What goes out, once more by its headers: a routing key names the line only, and a unit is told of itself alone."""
STREAM = "notification.stream"
LONGEST_KEY = 255  # bytes, by AMQP 0-9-1
Decision = tuple["Reader", Sequence[Event]]


class TypesOfStream(Fault):
    """A stream is read whole."""

    slug, kind = "stream-has-no-types", FaultKind.INVALID


class StreamOfLine(Fault):
    """A stream shows the whole line, and a unit is told of itself only."""

    slug, kind = "stream-of-a-line", FaultKind.INVALID


class TooManyReaders(Fault):
    """Your organisation has as many readers as it may have."""

    slug, kind = "too-many-readers", FaultKind.CONFLICT


class NoBrokerManagement(Fault):
    """Nobody can be let in to the broker here: its management is not configured."""

    slug, kind = "no-broker-management", FaultKind.UNAVAILABLE


class NotTheReaders(Fault):
    """Only the organisation that reads is shown a password."""

    slug, kind = "not-your-reader", FaultKind.FORBIDDEN


class State(StrEnum):
    """Whether the broker lets a reader in; what is asked is brought to the broker within a second or two."""

    ASKED = "asked"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Reader(Entity):
    """One user of the broker; `line` None reads all lines, `unit` bounds it further.

    `password` is sealed, bound to the id.
    """

    owner: str
    line: str | None
    unit: str | None = None
    kind: Kind
    types: tuple[str, ...] = ()
    state: State = State.ASKED
    password: str = Field(repr=False)

    @property
    def user(self) -> str:
        """Its name at the broker; no service's user begins like it."""
        return self.id

    @property
    def queue(self) -> str:
        """The one queue it may read."""
        return f"notification.reader.{self.id}" if self.kind is Kind.QUEUE else stream_of(self.line)

    @property
    def bindings(self) -> list["Binding"]:
        """What its queue is bound by."""
        if self.unit is None:
            return [Binding(OUT, key) for key in queue_keys(self.line, self.types)]
        return [Binding(OUT_BY_UNIT, "", wanted) for wanted in unit_headers(str(self.line), self.unit, self.types)]

    @property
    def may_read(self) -> str:
        """The pattern of what it may read, as the broker's permissions have it."""
        return f"^{re.escape(self.queue)}$"

    def must_belong_to(self, owner: str | None) -> None:
        """A subscriber touches its own readers only (None: the scope has decided)."""
        if self.state in (State.CLOSING, State.CLOSED) or owner not in (None, self.owner):
            raise NotFound(f"there is no Reader {self.id} within your scope")

    def rotated(self, password: str, organisation: str) -> Decision:
        """A new password; the old one and what is connected with it end when the broker is told."""
        if organisation != self.owner:
            raise NotTheReaders(f"{self.owner} alone can be given a new password; you can delete the reader")
        return self.having(password=password, state=State.ASKED), []

    def opened(self) -> Decision:
        """The broker lets it in with this password."""
        return (self.having(state=State.OPEN), []) if self.state is State.ASKED else (self, [])

    def ended(self) -> Decision:
        """Nobody may read with it any more."""
        return self.having(state=State.CLOSING), []

    def closed(self) -> Decision:
        """The broker knows nothing of it any more."""
        return (self.having(state=State.CLOSED), []) if self.state is State.CLOSING else (self, [])

    def untold(self) -> Decision:
        """The broker may have been told what no longer holds: it is told again."""
        again = {State.OPEN: State.ASKED, State.CLOSED: State.CLOSING}.get(self.state)
        return (self.having(state=again), []) if again else (self, [])


def check_asked(kind: Kind, types: Sequence[str], unit: str | None) -> None:
    """Refuse patterns that name no event, any for a stream, and a stream for a unit."""
    if kind is Kind.STREAM and unit is not None:
        raise StreamOfLine("ask for a queue: it holds what is said of your unit", field="/kind")
    if kind is Kind.STREAM and types:
        raise TypesOfStream("leave types out and skip what you do not want, or ask for a queue", field="/types")
    for place, pattern in enumerate(types):
        check_pattern(pattern, f"/types/{place}")


# -- names ---------------------------------------------------------------------------------------------


def stream_of(line: str | None) -> str:
    """The stream of a line, or that of all lines."""
    return STREAM if line is None else f"{STREAM}.{line}"


def lines_of(line: str | None) -> tuple[str, ...]:
    """How routing keys begin that a line may read: its own and what concerns every line."""
    return ("*",) if line is None else (line, EVERY_LINE)


def stream_keys(line: str | None) -> list[str]:
    """What a stream is bound by."""
    return ["#"] if line is None else [f"{begin}.#" for begin in lines_of(line)]


def queue_keys(line: str | None, types: Sequence[str]) -> list[str]:
    """What a queue of these types is bound by; `registry.*` takes whatever begins so."""
    ends = [f"{pattern[:-1]}#" if pattern.endswith(".*") else pattern for pattern in types] or ["#"]
    return [f"{begin}.{end}" for begin in lines_of(line) for end in ends]


class Binding(NamedTuple):
    """A queue's tie to an exchange: by routing key, or by headers."""

    exchange: str
    key: str
    headers: Mapping[str, str] = {}


def unit_headers(line: str, unit: str, types: Sequence[str]) -> list[Mapping[str, str]]:
    """The headers by which the queue of a unit is bound; they are compared as a whole, so patterns are spelt out."""
    own = {"x-match": "all", "ce-authority": line, "ce-unit": unit}
    exact = [name for name in EVENTS if any(matches(pattern, name) for pattern in types)]
    return [{**own, "ce-type": name} for name in exact] or [own]


def has_stream(line: str) -> bool:
    """Whether a line has a stream of its own; what concerns every line is in all of them."""
    return line != EVERY_LINE and LINE.fullmatch(line) is not None


# -- messages ------------------------------------------------------------------------------------------


def routing_key(event: FeedEvent) -> str:
    """`<line>.<type>`, cut at what AMQP takes: no event may hold up those after it."""
    return f"{event.authority}.{event.type}".encode()[:LONGEST_KEY].decode(errors="ignore")


def headers(event: FeedEvent) -> Mapping[str, str | int]:
    """CloudEvents in binary mode; what an event does not have is left out."""
    named: Mapping[str, str | int | None] = {
        "ce-specversion": "1.0",
        "ce-id": event.event,
        "ce-source": event.source,
        "ce-type": event.type,
        "ce-subject": event.subject,
        "ce-time": json.loads(to_json(event.time)),  # as it is digested, and as it stands in the feed
        "ce-dataschema": f"urn:skillcert:event:{event.type}",
        "ce-sequence": event.sequence,
        "ce-authority": event.authority,
        "ce-unit": event.unit,
        "ce-correlationid": event.correlation,
        "ce-causationid": event.causation,
        "ce-position": event.position,
        "ce-place": event.place or None,
        "ce-digest": event.digest or None,
        "ce-chain": event.chain or None,
        "traceparent": event.trace,
    }
    return {name: value for name, value in named.items() if value is not None}
