"""`docs/catalogue.html`: every event for whoever wants to be told, in one file that opens without a network."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from inspect import getdoc
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from infra.docs.events import FORMATS, WORDS, ears, plain
from infra.docs.examples import example_of
from infra.docs.schemas import HEADERS, REFERENCE, Schema, schemas_of
from infra.docs.wiring import Wired
from services.notification.feed.api import CloudEvent
from shared.events.base import Event
from shared.events.catalogue import EVENTS
from shared.http.rendering import Layouts
from shared.messaging.topology import EVENTS as EXCHANGE
from shared.rulebook import Rulebook

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "services/notification/data/rules.json"
SERVICES = {"registry": "注册备案", "assessment": "鉴定考核", "evaluation": "评估验收", "notification": "通知公示"}
TELLS = "notification"
FOR_OTHERS = {"notices"}
"""Doors of the one who tells that are not for subscribers."""
ATTRIBUTES = {
    "specversion": "ce-specversion",
    "id": "ce-id",
    "source": "ce-source",
    "type": "ce-type",
    "subject": "ce-subject",
    "time": "ce-time",
    "sequence": "ce-sequence",
    "authority": "ce-authority",
    "correlationid": "ce-correlationid",
    "causationid": "ce-causationid",
    "traceparent": "traceparent",
}
"""The attributes that both forms have: their names in JSON and as headers of an AMQP message."""


class Field(NamedTuple):
    """One field of an event or of a part of one."""

    name: str
    kind: Markup
    meaning: Markup
    sealed: bool
    examples: Sequence[str]
    optional: str
    """What its absence means; empty where it is always there."""


class Attribute(NamedTuple):
    """One attribute of every event: in JSON, as an AMQP header, or both."""

    json: str
    header: str
    meaning: Markup
    always: bool


class Entry(NamedTuple):
    """One event."""

    type: str
    zh: str
    meaning: Sequence[Markup]
    versions: Sequence[str]
    ears: Sequence[tuple[str, str]]
    fields: Sequence[Field]
    example: str


class Door(NamedTuple):
    """One door of notification for whoever is told."""

    method: str
    path: str
    meaning: Markup


class Part(NamedTuple):
    """What several events are made of."""

    name: str
    meaning: Markup
    fields: Sequence[Field]


def catalogue(services: Sequence[Wired]) -> str:
    """The whole page."""
    schemas = schemas_of(EVENTS.values())
    names = {event.__name__ for event in EVENTS.values()}
    parts = [_part(name, schema) for name, schema in schemas.items() if name not in names]
    told = [
        (service.name, SERVICES[service.name], [_entry(services, event, schemas) for event in service.says])
        for service in services
    ]
    page = Layouts(HERE).html(
        "catalogue",
        services=told,
        parts=parts,
        attributes=_attributes(),
        exchange=EXCHANGE,
        count=len(EVENTS),
        seconds=_seconds(),
        doors=[door for service in services if service.name == TELLS for door in _doors(service)],
    )
    return f"{page}\n"


def names() -> dict[str, str]:
    """The Chinese name of each event by its type."""
    read: dict[str, str] = json.loads((HERE / "names.json").read_text(encoding="utf-8"))["events"]
    return read


def _doors(service: Wired) -> Iterable[Door]:
    for path, methods in service.app.openapi()["paths"].items():
        for method, said in methods.items():
            if path.startswith("/v1/") and not FOR_OTHERS.intersection(said.get("tags", ())):
                yield Door(method.upper(), path, coded(said["description"].split("\n\n")[0]))


def _seconds() -> str:
    """How long an answer may take, by the newest rule, so that the page does not change with the day."""
    return f"{Rulebook.load(RULES).number('delivery.timeout', on=date.max):g}"


def _entry(services: Sequence[Wired], event: type[Event], schemas: dict[str, Schema]) -> Entry:
    said = (getdoc(event) or "").split("\n\n")
    stem = event.type.rpartition(".v")[0]
    return Entry(
        type=event.type,
        zh=names().get(event.type, ""),
        meaning=[coded(" ".join(paragraph.split())) for paragraph in said],
        versions=[other for other in EVENTS if other.rpartition(".v")[0] == stem],
        ears=ears(services, event, all_of_them=True),
        fields=_fields(schemas[event.__name__]),
        example=json.dumps(example_of(event), ensure_ascii=False, indent=2),
    )


def _part(name: str, schema: Schema) -> Part:
    return Part(name, coded(" ".join(schema["description"].split())), _fields(schema))


def _fields(schema: Schema) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(
            name=name,
            kind=_kind(described),
            meaning=coded(described.get("description", "")),
            sealed=bool(described.get("sealed")),
            examples=[plain(example) for example in described.get("examples", [])],
            optional="" if name in required else json.dumps(described.get("default"), ensure_ascii=False),
        )
        for name, described in schema["properties"].items()
    ]


def _kind(described: Schema) -> Markup:
    if reference := described.get("$ref"):
        name = reference.removeprefix(REFERENCE)
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if either := described.get("anyOf"):
        return Markup(" or ").join(_kind(one) for one in either)
    if described["type"] == "array":
        return Markup("list of {}").format(_kind(described["items"]))
    if described["type"] == "object":
        return Markup("{} by name").format(_kind(described["additionalProperties"]))
    return escape(FORMATS.get(described.get("format", ""), WORDS[described["type"]]))


def _attributes() -> Iterable[Attribute]:
    """Those of both forms first, then those only the feed and webhooks have, then those only the bus has."""
    said: dict[str, Any] = HEADERS["properties"]
    for name, field in CloudEvent.model_fields.items():
        header = ATTRIBUTES.get(name, "")
        text = said[header]["description"] if header else field.description or ""
        yield Attribute(name, header, coded(text), field.is_required())
    for header, described in said.items():
        if header not in ATTRIBUTES.values():
            yield Attribute("", header, coded(described["description"]), header in HEADERS["required"])


def coded(text: str) -> Markup:
    """A text in which `names` are set as code."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece) for place, piece in enumerate(pieces)
    )
