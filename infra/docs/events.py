"""`docs/events.md`: every event, what it means, who says it, who hears it in which queue, what it carries."""

from collections.abc import Iterable, Sequence

from infra.docs.schemas import HEADERS, REFERENCE, Schema, schemas_of
from infra.docs.wiring import EVERYTHING, Wired
from shared.events.base import Event
from shared.events.catalogue import EVENTS
from shared.messaging.topology import EVENTS as EXCHANGE

INTRODUCTION = f"""\
# Events

Written by `make docs` from `shared/events/` and from what the services register; do not edit.

Every event is a message on the topic exchange `{EXCHANGE}`. Its routing key is its type, its headers are the
attributes of a CloudEvent in binary mode, its body is JSON. A service says its events to an exchange of its own,
`<service>.events`, which passes on only what begins with the service's name: an event is its speaker's.

Fields may be added within a version, so ignore those you do not know; anything else is a new version, said beside
the old one. A message may come more than once, and messages about different entities in any order.
"""
FORMATS = {"date": "day", "date-time": "instant, UTC"}
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}


def page(services: Sequence[Wired]) -> str:
    """The whole page."""
    schemas = schemas_of(EVENTS.values())
    said = [(service, event) for service in services for event in service.says]
    parts = [name for name in schemas if name not in {event.__name__ for event in EVENTS.values()}]
    sections = [
        INTRODUCTION,
        _everything(services),
        _table(services),
        _headers(),
        "## Fields of each event\n",
        *(_section(services, speaker, event, schemas[event.__name__]) for speaker, event in said),
        "## Parts of events\n",
        *(f"### {name}\n\n{schemas[name]['description']}\n\n{_fields(schemas[name])}" for name in parts),
    ]
    return "\n".join(sections)


def _everything(services: Iterable[Wired]) -> str:
    ears = [(service.name, ear) for service in services for ear in service.hears if ear.key == EVERYTHING]
    return "".join(f"{name.capitalize()} hears every one of them, in the queue `{ear.queue}`.\n" for name, ear in ears)


def _table(services: Sequence[Wired]) -> str:
    rows = []
    for speaker in services:
        for event in speaker.says:
            stem, _, version = event.type.rpartition(".v")
            heard = "<br>".join(f"{name}, `{queue}`" for name, queue in ears(services, event))
            rows.append([f"[{stem}](#{_anchor(event)})", version, _meaning(event), speaker.name, heard])
    return _grid(["event", "version", "what it means", "said by", "heard by, in the queue"], rows)


def _headers() -> str:
    rows = [
        [f"`{name}`", described["description"], "yes" if name in HEADERS["required"] else "where there is one"]
        for name, described in HEADERS["properties"].items()
    ]
    return f"## Headers\n\n{_grid(['header', 'what it is', 'always there'], rows)}"


def _section(services: Sequence[Wired], speaker: Wired, event: type[Event], schema: Schema) -> str:
    heard = ", ".join(f"{name} (`{queue}`)" for name, queue in ears(services, event, all_of_them=True))
    return (
        f"### {event.type}\n\n{_meaning(event)} Said by {speaker.name}; heard by {heard}.\n"
        f"[Example](../tests/contracts/{event.type}.json)\n\n{_fields(schema)}"
    )


def ears(services: Iterable[Wired], event: type[Event], *, all_of_them: bool = False) -> list[tuple[str, str]]:
    """Who hears an event, in which queue; `all_of_them` counts those who hear everything."""
    return [
        (service.name, ear.queue)
        for service in services
        for ear in service.hears
        if ear.key == event.type or (all_of_them and event in ear.events)
    ]


def _fields(schema: Schema) -> str:
    rows = [[f"`{name}`", _type(described), _described(described)] for name, described in schema["properties"].items()]
    return _grid(["field", "type", "what it is"], rows)


def _type(described: Schema) -> str:
    if reference := described.get("$ref"):
        name = reference.removeprefix(REFERENCE)
        return f"[{name}](#{name.lower()})"
    if either := described.get("anyOf"):
        return " or ".join(_type(one) for one in either)
    if described["type"] == "array":
        return f"list of {_type(described['items'])}"
    if described["type"] == "object":
        return f"{_type(described['additionalProperties'])} by name"
    return FORMATS.get(described.get("format", ""), WORDS[described["type"]])


def _described(described: Schema) -> str:
    text = described.get("description", "")
    if examples := described.get("examples"):
        shown = ", ".join(f"`{plain(example)}`" for example in examples)
        text = f"{text}, e.g. {shown}" if text else f"e.g. {shown}"
    return f"**sealed**: {text}" if described.get("sealed") else text


def plain(example: object) -> str:
    """An example as it is shown."""
    return ", ".join(map(str, example)) if isinstance(example, list | tuple) else str(example)


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def _anchor(event: type[Event]) -> str:
    return event.type.replace(".", "")


def _meaning(event: type[Event]) -> str:
    return (event.__doc__ or "").strip().splitlines()[0]
