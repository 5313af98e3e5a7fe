"""What the feed keeps of an event, who may see it, and which patterns name event types."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import to_json

from shared.digests import chained, digest_of
from shared.errors import Fault, Kind
from shared.events.catalogue import EVENTS

Schema = Mapping[str, Any]
SEALED_TEXT = re.compile(r"[A-Za-z0-9_-]{1,16}\.[A-Za-z0-9_-]{38,}")
"""Key version, a dot, base64 of at least nonce and tag: what sealed personal data looks like."""


class UnknownEventType(Fault):
    """No event has this type; the catalogue of events lists them all."""

    slug, kind = "unknown-event-type", Kind.INVALID


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

    def cloud_event(self) -> str:
        """The CloudEvent in structured JSON; a webhook's body and a row of the feed are the same text."""
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
        }
        attributes = to_json({name: value for name, value in named.items() if value is not None})
        return f'{attributes[:-1].decode()},"data":{self.body}}}'


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


class Filter(BaseModel):
    """Which events somebody wants: of each field one of the values named, a field that names none takes all."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    types: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    correlations: tuple[str, ...] = ()

    def wants(self, event: FeedEvent) -> bool:
        """Whether the event is one of those."""
        exact = (
            (self.authorities, event.authority),
            (self.units, event.unit),
            (self.occupations, event.occupation),
            (self.levels, event.level),
            (self.subjects, event.subject),
            (self.correlations, event.correlation),
        )
        if any(values and value not in values for values, value in exact):
            return False
        return not self.types or any(matches(pattern, event.type) for pattern in self.types)


# -- patterns ------------------------------------------------------------------------------------------


def matches(pattern: str, event_type: str) -> bool:
    """Whether an exact type or a pattern `registry.*` names this type."""
    return event_type.startswith(pattern[:-1]) if pattern.endswith(".*") else event_type == pattern


def check_pattern(pattern: str, field: str) -> None:
    """Refuse what names no event of the catalogue."""
    if not any(matches(pattern, event_type) for event_type in EVENTS):
        raise UnknownEventType(
            f"{pattern!r} names no event; send an exact type, or the beginning of one: registry.*", field=field
        )


# -- sealed data ---------------------------------------------------------------------------------------


def without_sealed(event_type: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with null for every field its schema marks as sealed.

    The speaker may be newer than this process: what no schema here describes is judged by its look.
    """
    schema = _schema(event_type)
    unsealed = _unsealed(dict(body), [schema], schema.get("$defs", {}))
    assert isinstance(unsealed, dict)
    return unsealed


@cache
def _schema(event_type: str) -> Schema:
    known = EVENTS.get(event_type)
    return known.model_json_schema() if known else {}


def _unsealed(value: JsonValue, schemas: list[Schema], defs: Schema) -> JsonValue:
    described = list(_alternatives(schemas, defs))
    if _is_sealed(value, described):
        return None
    if isinstance(value, dict):
        return {name: _unsealed(item, _under(described, name), defs) for name, item in value.items()}
    if isinstance(value, list):
        return [_unsealed(item, _at(described, place), defs) for place, item in enumerate(value)]
    return value


def _is_sealed(value: JsonValue, described: list[Schema]) -> bool:
    looks_sealed = isinstance(value, str) and SEALED_TEXT.fullmatch(value) is not None
    return looks_sealed or any(schema.get("sealed") for schema in described)


def _alternatives(schemas: list[Schema], defs: Schema) -> Iterator[Schema]:
    """Every schema that describes a value: as written, behind references, in unions."""
    for schema in schemas:
        yield schema
        if (name := str(schema.get("$ref", "")).rsplit("/", 1)[-1]) in defs:
            yield from _alternatives([defs[name]], defs)
        for union in ("anyOf", "oneOf", "allOf"):
            yield from _alternatives(schema.get(union, []), defs)


def _under(schemas: list[Schema], name: str) -> list[Schema]:
    found = [schema.get("properties", {}).get(name, schema.get("additionalProperties")) for schema in schemas]
    return [schema for schema in found if isinstance(schema, Mapping)]


def _at(schemas: list[Schema], place: int) -> list[Schema]:
    found = []
    for schema in schemas:
        fixed = schema.get("prefixItems", [])
        found.append(fixed[place] if place < len(fixed) else schema.get("items"))
    return [schema for schema in found if isinstance(schema, Mapping)]
