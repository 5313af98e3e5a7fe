"""Every event version has one frozen example, and today's classes still understand every word of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from services.notification.feed.domain.sealed import SEALED_TEXT
from shared.events.catalogue import EVENTS, SPEAKERS
from shared.messaging.envelope import heard
from shared.privacy import scrub

FOLDER = Path(__file__).parent
FROZEN = sorted(FOLDER.glob("*.json"))
TYPES = sorted(EVENTS)
TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")
VERSIONED = re.compile(r"(registry|assessment|evaluation|notification)(\.[a-z_]+){2}\.v[1-9][0-9]*")


def frozen(event_type: str) -> dict[str, Any]:
    example: dict[str, Any] = json.loads((FOLDER / f"{event_type}.json").read_text(encoding="utf-8"))
    return example


def test_every_event_has_one_frozen_example_and_no_example_is_left_over() -> None:
    assert [file.stem for file in FROZEN] == TYPES
    assert sum(map(len, SPEAKERS.values())) == len(TYPES), "two events share a type"


@pytest.mark.parametrize("event_type", TYPES)
def test_a_type_is_spoken_by_the_service_it_names_in_a_numbered_version(event_type: str) -> None:
    assert VERSIONED.fullmatch(event_type)
    assert EVENTS[event_type] in SPEAKERS[event_type.split(".", maxsplit=1)[0]]


@pytest.mark.parametrize("event_type", TYPES)
def test_what_was_said_then_is_understood_and_nothing_of_it_is_lost(event_type: str) -> None:
    body = frozen(event_type)["body"]
    understood = EVENTS[event_type].model_validate_json(json.dumps(body))
    assert list(lost(body, json.loads(understood.model_dump_json()))) == []


def lost(said: JsonValue, kept: JsonValue, at: str = "") -> Iterator[str]:
    """Where in a body something is missing or different after it was read."""
    if isinstance(said, dict) and isinstance(kept, dict):
        for name, value in said.items():
            if name in kept:
                yield from lost(value, kept[name], f"{at}/{name}")
            else:
                yield f"{at}/{name}"
    elif isinstance(said, list) and isinstance(kept, list) and len(said) == len(kept):
        for place, (one, other) in enumerate(zip(said, kept, strict=True)):
            yield from lost(one, other, f"{at}/{place}")
    elif said != kept:
        yield at


@pytest.mark.parametrize("event_type", TYPES)
def test_a_field_of_a_later_version_is_ignored_wherever_it_stands(event_type: str) -> None:
    body = frozen(event_type)["body"]
    later = json.dumps(with_more(body))
    assert "added_later" in later
    assert EVENTS[event_type].model_validate_json(later) == EVENTS[event_type].model_validate_json(json.dumps(body))


def with_more(value: JsonValue) -> JsonValue:
    """The same value with one more field in each of its objects."""
    if isinstance(value, dict):
        return {**{name: with_more(item) for name, item in value.items()}, "added_later": {"since": "v1"}}
    return [with_more(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("event_type", TYPES)
def test_the_headers_are_read_as_they_were_written(event_type: str) -> None:
    headers, body = frozen(event_type)["headers"], frozen(event_type)["body"]
    said = heard(headers, json.dumps(body).encode(), EVENTS[event_type])
    speaker, room = said.source[1:].split("/")
    assert said.type == event_type
    assert said.id.startswith(f"{speaker}.{room}.{said.subject}@{said.sequence}")
    assert event_type.startswith(f"{speaker}.")
    assert headers["ce-specversion"] == "1.0"
    assert headers["ce-dataschema"] == f"urn:skillcert:event:{event_type}"
    assert said.authority in ("33", "national")
    assert said.correlation == headers["ce-correlationid"]
    assert TRACE.fullmatch(said.trace or "")


def test_what_an_event_names_as_its_cause_is_an_event_of_another_example() -> None:
    examples = [frozen(event_type)["headers"] for event_type in TYPES]
    told = {headers["ce-id"] for headers in examples}
    causes = {headers["ce-causationid"] for headers in examples if "ce-causationid" in headers}
    assert causes
    assert causes <= told


@pytest.mark.parametrize("event_type", TYPES)
def test_exactly_the_fields_named_sealed_hold_sealed_text(event_type: str) -> None:
    schema = EVENTS[event_type].model_json_schema()
    described = [schema, *schema.get("$defs", {}).values()]
    named = {name for one in described for name, field in one["properties"].items() if field.get("sealed")}
    texts = list(texts_in(frozen(event_type)["body"]))
    assert {name for name, text in texts if SEALED_TEXT.fullmatch(text)} == named
    assert all(SEALED_TEXT.fullmatch(text) for name, text in texts if name in named)


def texts_in(value: JsonValue, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a body with the name of its field."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for field, item in value.items():
            yield from texts_in(item, field)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item, name)


@pytest.mark.parametrize("event_type", TYPES)
def test_no_example_holds_a_persons_name_or_number(event_type: str) -> None:
    for field, text in texts_in(frozen(event_type)["body"]):
        assert scrub(text) == text, f"{field} holds an ID number"
        if field == "holder":
            assert re.fullmatch(r".\*+", text), "a holder is one character of the name and asterisks"
