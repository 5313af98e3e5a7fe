"""The AsyncAPI documents say what the services say and hear, and hold together."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema

from infra.broker import definitions
from infra.docs.asyncapi import asyncapi
from infra.docs.examples import FOLDER
from infra.docs.readers import MESSAGE, described
from infra.docs.schemas import HEADERS, schemas_of
from infra.docs.wiring import Wired, services
from services.notification.streams.domain import OUT, STREAM, headers
from shared.events.catalogue import EVENTS, SPEAKERS
from shared.messaging.envelope import REQUIRED, outgoing
from shared.outbox.pending import Pending
from tests.notification.examples import feed_event

WIRED: dict[str, Wired] = {service.name: service for service in services()}
BROKER = definitions({})
DOCUMENTS = {name: asyncapi(service) for name, service in WIRED.items()}


def pending(event_type: str) -> Pending:
    at = datetime(2019, 9, 1, tzinfo=UTC)
    return Pending("i", event_type, "/s/r", "x", at, 1, "33", "c", None, None, b"{}", 0.0)


def references(value: Any) -> Iterator[str]:
    """Every `$ref` of a document."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from [item] if name == "$ref" else references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


@pytest.mark.parametrize("service", DOCUMENTS)
def test_a_document_reads_as_asyncapi_3(service: str) -> None:
    document = DOCUMENTS[service]
    # FastStream's model wants `ack` of senders too; the AMQP binding knows it of receivers only.
    assert ApplicationSchema.model_validate({**document, "operations": {}}).asyncapi == "3.0.0"
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("service", DOCUMENTS)
def test_an_operation_names_messages_of_its_own_channel(service: str) -> None:
    document = DOCUMENTS[service]
    for operation in document["operations"].values():
        channel = operation["channel"]["$ref"]
        known = resolved(document, channel)["messages"]
        assert [message["$ref"] for message in operation["messages"]] == [
            f"{channel}/messages/{name}" for name in known
        ]


@pytest.mark.parametrize("service", DOCUMENTS)
def test_a_channel_is_either_a_routing_key_of_the_exchange_or_a_queue(service: str) -> None:
    for channel in DOCUMENTS[service]["channels"].values():
        binding = channel["bindings"]["amqp"]
        assert ("exchange" in binding, "queue" in binding) == (binding["is"] == "routingKey", binding["is"] == "queue")


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_reference_leads_somewhere(service: str) -> None:
    document = DOCUMENTS[service]
    found = list(references(document))
    assert found
    for reference in found:
        assert resolved(document, reference) is not None


@pytest.mark.parametrize("service", DOCUMENTS)
def test_a_service_sends_exactly_what_the_catalogue_says_it_speaks(service: str) -> None:
    operations = DOCUMENTS[service]["operations"].values()
    sent = {operation["channel"]["$ref"].removeprefix("#/channels/") for operation in operations
            if operation["action"] == "send"}  # fmt: skip
    assert sent == {event.type for event in SPEAKERS[service]}


@pytest.mark.parametrize("service", DOCUMENTS)
def test_a_service_receives_in_queues_of_its_own_bound_to_what_it_hears(service: str) -> None:
    document = DOCUMENTS[service]
    received = [row["channel"]["$ref"] for row in document["operations"].values() if row["action"] == "receive"]
    channels = [resolved(document, reference) for reference in received]
    bound = {channel["bindings"]["amqp"]["queue"]["name"]: channel["x-bound-to"]["routingKey"] for channel in channels}
    assert bound == {ear.queue: ear.key for ear in WIRED[service].hears}
    assert all(queue.startswith(f"{service}.") for queue in bound)


@pytest.mark.parametrize("service", DOCUMENTS)
def test_what_is_said_goes_to_the_exchange_the_relay_says_it_to_and_is_passed_on(service: str) -> None:
    wanted = {binding["source"]: (binding["destination"], binding["routing_key"]) for binding in BROKER["bindings"]}
    for event in SPEAKERS[service]:
        channel = DOCUMENTS[service]["channels"][event.type]
        exchange = channel["bindings"]["amqp"]["exchange"]["name"]
        assert exchange == outgoing(pending(event.type), None).exchange
        passed = channel["x-passed-on-to"]
        assert (passed["exchange"], passed["routingKey"]) == wanted[exchange]


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_message_shows_the_frozen_example_of_its_event(service: str) -> None:
    messages = DOCUMENTS[service]["components"]["messages"]
    for name in messages.keys() - {MESSAGE}:  # that one is any event, with what the feed adds
        message = messages[name]
        (example,) = message["examples"]
        frozen = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        assert {"headers": example["headers"], "body": example["payload"]} == frozen
        assert set(HEADERS["required"]) <= set(example["headers"]) <= set(HEADERS["properties"])
        assert example["headers"]["ce-type"] == message["headers"]["allOf"][1]["properties"]["ce-type"]["const"]
    said = {event.type for event in SPEAKERS[service]}
    assert said <= set(DOCUMENTS[service]["components"]["messages"])


def test_every_event_is_heard_by_somebody() -> None:
    heard = {event.type for service in WIRED.values() for ear in service.hears for event in ear.events}
    assert heard == set(EVENTS)


def test_the_headers_described_are_the_headers_sent() -> None:
    said = pending("registry.plan.filed.v1")
    assert list(HEADERS["required"]) == list(outgoing(said, None).headers)
    most = outgoing(said._replace(causation="e"), "00-aa-bb-01").headers
    assert list(HEADERS["properties"]) == list(most)
    assert set(REQUIRED) <= set(HEADERS["required"])


def test_what_goes_out_to_readers_is_described_with_the_headers_it_has() -> None:
    document = DOCUMENTS["notification"]
    out = {name for name, channel in document["channels"].items() if MESSAGE in channel["messages"]}
    assert out == {OUT, STREAM, f"{STREAM}.{{line}}", "notification.reader.{reader}"}
    most = feed_event(causation="e", trace="00-aa-bb-01", place=1, digest="d", chain="c")
    assert set(described()) == set(headers(most))
    schemas = document["components"]["schemas"]
    required = {*schemas["Headers"]["required"], *schemas["OutHeaders"]["required"]}
    assert required <= set(headers(feed_event()))


@pytest.mark.parametrize("service", DOCUMENTS)
def test_a_sealed_field_is_marked_in_the_schema_of_whoever_hears_it(service: str) -> None:
    schemas = DOCUMENTS[service]["components"]["schemas"]
    if "FinalResult" in schemas:
        assert schemas["FinalResult"]["properties"]["person"]["sealed"] is True
    else:
        assert service != "registry", "the registry opens what assessment sealed"


def test_every_field_of_every_event_is_described() -> None:
    schemas = schemas_of(EVENTS.values())
    fields = [(name, field, text) for name, one in schemas.items() for field, text in one["properties"].items()]
    assert [f"{name}.{field}" for name, field, text in fields if "description" not in text] == []
