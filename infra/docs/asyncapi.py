"""AsyncAPI 3.0 of one service: what it says on the exchange, what it hears in which queue."""

from collections.abc import Iterable
from typing import Any

from infra.docs import readers
from infra.docs.examples import example_of
from infra.docs.schemas import HEADERS, REFERENCE, schemas_of
from infra.docs.wiring import Ear, Wired
from shared.events.base import Event
from shared.messaging.topology import EVENTS as EXCHANGE
from shared.messaging.topology import speaking

Part = dict[str, Any]
BINDING = {"bindingVersion": "0.3.0"}
PERSISTENT = 2
CORRELATION = {"description": "One piece of work across services.", "location": "$message.header#/ce-correlationid"}


def asyncapi(service: Wired) -> Part:
    """The whole document."""
    known = {event.type: event for ear in service.hears for event in ear.events}
    known |= {event.type: event for event in service.says}
    lets_out = service.name == "notification"
    return {
        "asyncapi": "3.0.0",
        "info": _info(service.name),
        "defaultContentType": "application/json",
        "servers": {"rabbitmq": _server()},
        "channels": {event.type: _exchange(service.name, event) for event in service.says}
        | {ear.queue: _queue(ear) for ear in service.hears}
        | (readers.channels() if lets_out else {}),
        "operations": {f"say.{event.type}": _say(event) for event in service.says}
        | {f"hear.{ear.queue}": _hear(ear) for ear in service.hears},
        "components": _components(list(known.values()), *(readers.components() if lets_out else ({}, {}))),
    }


def _info(name: str) -> Part:
    return {
        "title": f"skillcert {name}",
        "version": "1",
        "description": f"What {name} says to all on `{EXCHANGE}`, and what it hears from there in queues of its own.",
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    }


def _server() -> Part:
    return {
        "host": "{host}",
        "pathname": "/",
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": "RabbitMQ; each service has a user of its own",
        "variables": {"host": {"default": "localhost:5672", "description": "host and port"}},
    }


def _exchange(speaker: str, event: type[Event]) -> Part:
    exchange = {"name": speaking(speaker), "type": "topic", "durable": True, "autoDelete": False, "vhost": "/"}
    return {
        "address": event.type,
        "description": f"The address is the routing key. Whoever wants to hear it binds a queue to `{EXCHANGE}`.",
        "messages": _messages([event]),
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, **BINDING}},
        "x-passed-on-to": {"exchange": EXCHANGE, "routingKey": f"{speaker}.#"},
    }


def _queue(ear: Ear) -> Part:
    queue = {"name": ear.queue, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "/"}
    return {
        "address": ear.queue,
        "description": f"A quorum queue, bound to `{EXCHANGE}` with the key `{ear.key}`.",
        "messages": _messages(ear.events),
        "bindings": {"amqp": {"is": "queue", "queue": queue, **BINDING}},
        "x-bound-to": {"exchange": EXCHANGE, "routingKey": ear.key},
    }


def _messages(events: Iterable[type[Event]]) -> Part:
    return {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in events}


def _say(event: type[Event]) -> Part:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{event.type}"},
        "summary": _meaning(event),
        "messages": [{"$ref": f"#/channels/{event.type}/messages/{event.type}"}],
        "bindings": {"amqp": {"deliveryMode": PERSISTENT, "mandatory": True, **BINDING}},
    }


def _hear(ear: Ear) -> Part:
    heard = ear.events
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{ear.queue}"},
        "summary": _meaning(heard[0]) if len(heard) == 1 else "Every event.",
        "messages": [{"$ref": f"#/channels/{ear.queue}/messages/{event.type}"} for event in heard],
        "bindings": {"amqp": {"ack": True, **BINDING}},
    }


def _components(events: list[type[Event]], messages: Part, schemas: Part) -> Part:
    return {
        "messages": {event.type: _message(event) for event in sorted(events, key=lambda event: event.type)} | messages,
        "schemas": {"Headers": HEADERS, **schemas, **schemas_of(events)},
    }


def _message(event: type[Event]) -> Part:
    named = {"type": "object", "properties": {"ce-type": {"const": event.type}}}
    example = example_of(event)
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": _meaning(event),
        "contentType": "application/json",
        "headers": {"allOf": [{"$ref": f"{REFERENCE}Headers"}, named]},
        "payload": {"$ref": f"{REFERENCE}{event.__name__}"},
        "correlationId": CORRELATION,
        "examples": [{"name": "frozen", "headers": example["headers"], "payload": example["body"]}],
    }


def _meaning(event: type[Event]) -> str:
    return (event.__doc__ or "").strip().splitlines()[0]
