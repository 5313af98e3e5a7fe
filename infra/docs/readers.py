"""What notification lets out for readers over AMQP, as part of its AsyncAPI document; docs/amqp.md says how to read."""

from typing import Any

from infra.docs.schemas import HEADERS, REFERENCE
from services.notification.streams.domain import OUT, STREAM, queue_keys, stream_keys

Part = dict[str, Any]
BINDING = {"bindingVersion": "0.3.0"}
MESSAGE = "event.gone.out"
LINE = {"description": "two digits, C and two digits; what is said of `national` is in the stream of every line"}
OUT_HEADERS: Part = {
    "type": "object",
    "description": "What the feed adds: where the event stands, and what proves that none before it is missing.",
    "properties": {
        "ce-unit": {"type": "string", "description": "the unit it concerns, if it names one"},
        "ce-position": {"type": "integer", "minimum": 1, "description": "its position in the feed; positions rise"},
        "ce-place": {"type": "integer", "minimum": 1, "description": "its place in its line, 1 … n without a gap"},
        "ce-digest": {"type": "string", "description": "SHA-256, hexadecimal, of what the event says (RFC 8785 JSON)"},
        "ce-chain": {"type": "string", "description": "SHA-256 of the chain before it in its line and its own digest"},
    },
    "required": ["ce-position"],
}


def channels() -> dict[str, Part]:
    """The exchange, and what is read from it."""
    line = {"line": LINE}
    return {
        OUT: _exchange(),
        STREAM: _queue(STREAM, "Every event, kept for a year.", stream_keys(None), {}),
        f"{STREAM}.{{line}}": _queue(
            f"{STREAM}.{{line}}", "The events a line may see, kept for a year.", stream_keys("{line}"), line
        ),
        "notification.reader.{reader}": _queue(
            "notification.reader.{reader}",
            "The queue of one reader, bound by its types; of all lines with `*` for the line, of a unit by headers.",
            queue_keys("{line}", ["{type}"]),
            {"reader": {"description": "id of the reader"}},
        ),
    }


def components() -> tuple[dict[str, Part], dict[str, Part]]:
    """The one message and its headers."""
    headers = {"allOf": [{"$ref": f"{REFERENCE}Headers"}, {"$ref": f"{REFERENCE}OutHeaders"}]}
    message = {
        "name": MESSAGE,
        "title": "An event of the feed",
        "summary": "Any event, as the feed keeps it: what is sealed is null.",
        "contentType": "application/json",
        "headers": headers,
        "payload": {"description": "that of the message here which `ce-type` names"},
    }
    return {MESSAGE: message}, {"OutHeaders": OUT_HEADERS}


def described() -> list[str]:
    """The headers a reader may meet."""
    return [*HEADERS["properties"], *OUT_HEADERS["properties"]]


def _exchange() -> Part:
    exchange = {"name": OUT, "type": "topic", "durable": True, "autoDelete": False, "vhost": "/"}
    return {
        "address": "{line}.{type}",
        "parameters": {"line": LINE, "type": {"description": "the event's type"}},
        "description": "Where the feed goes out, in the order of positions; readers read the queues bound to it.",
        "messages": _messages(),
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, **BINDING}},
    }


def _queue(name: str, what: str, keys: list[str], parameters: Part) -> Part:
    queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "/"}
    return {
        "address": name,
        **({"parameters": parameters} if parameters else {}),
        "description": f"{what} Asked for by `POST /v1/readers`.",
        "messages": _messages(),
        "bindings": {"amqp": {"is": "queue", "queue": queue, **BINDING}},
        "x-bound-to": {"exchange": OUT, "routingKeys": keys},
    }


def _messages() -> Part:
    return {MESSAGE: {"$ref": f"#/components/messages/{MESSAGE}"}}
