"""JSON schemas of the events and of the headers they travel under."""

from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from shared.events.base import Event

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/"

HEADERS: Schema = {
    "type": "object",
    "description": "CloudEvents 1.0 in binary mode: each attribute is a header of the AMQP message.",
    "properties": {
        "ce-specversion": {"type": "string", "const": "1.0", "description": "the CloudEvents version"},
        "ce-id": {"type": "string", "description": "names the event; the same id again is the same event again"},
        "ce-source": {"type": "string", "description": "service and room, e.g. /registry/plans"},
        "ce-type": {"type": "string", "description": "the routing key: service, thing, past tense, version"},
        "ce-subject": {"type": "string", "description": "id of the entity it happened to"},
        "ce-time": {"type": "string", "format": "date-time", "description": "when it happened, UTC"},
        "ce-dataschema": {"type": "string", "format": "uri", "description": "names the schema of the body"},
        "ce-sequence": {
            "type": "integer",
            "minimum": 1,
            "description": "version of the entity; a lower one than the one known is old news",
        },
        "ce-authority": {"type": "string", "description": "the line it belongs to, or `national`"},
        "ce-correlationid": {"type": "string", "description": "one piece of work across services"},
        "ce-causationid": {"type": "string", "description": "id of the event that led to this one"},
        "traceparent": {"type": "string", "description": "W3C trace context"},
    },
    "required": [
        "ce-specversion",
        "ce-id",
        "ce-source",
        "ce-type",
        "ce-subject",
        "ce-time",
        "ce-dataschema",
        "ce-sequence",
        "ce-authority",
        "ce-correlationid",
    ],
}


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic asks for each field
        return False


def schemas_of(events: Iterable[type[Event]]) -> dict[str, Schema]:
    """The schemas of the events and of their parts, by class name, as the speaker writes them."""
    asked: list[tuple[type[Event], JsonSchemaMode]] = [(event, "serialization") for event in events]
    _, made = models_json_schema(asked, ref_template=f"{REFERENCE}{{model}}", schema_generator=_Untitled)
    return dict(sorted(made.get("$defs", {}).items()))
