"""The OpenAPI documents describe every door in words, and the examples of what can be sent are taken as they stand."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infra.docs.__main__ import ROOT
from infra.docs.wiring import services
from shared.command import Command
from shared.http.rows import CSV, Refused, rows_in

DOCUMENTS: dict[str, dict[str, Any]] = {service.name: service.app.openapi() for service in services()}


class Operation(NamedTuple):
    """One method of one path of one service."""

    service: str
    name: str
    described: dict[str, Any]


def operations() -> Iterator[Operation]:
    for service, document in DOCUMENTS.items():
        for path, methods in document["paths"].items():
            for method, described in methods.items():
                yield Operation(service, f"{method.upper()} {path}", described)


def commands(service: str) -> dict[str, type[Command]]:
    """What a service can be asked, by class name, from the `commands.py` of its rooms; a record is a part."""
    files: list[Path] = sorted((ROOT / "services" / service).glob("*/commands.py"))
    modules = [import_module(f"services.{service}.{file.parent.name}.commands") for file in files]
    return {
        name: item
        for module in modules
        for name, item in vars(module).items()
        if isinstance(item, type) and issubclass(item, Command) and item.__module__ == module.__name__
    }


def examples_in(service: str, media: str, content: dict[str, Any]) -> tuple[str, list[str]]:
    """The name of the command a body is read as, and its examples as JSON texts."""
    schema = content["schema"]
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return name, [json.dumps(one) for one in DOCUMENTS[service]["components"]["schemas"][name].get("examples", [])]
    if media == "application/x-ndjson":
        return schema.get("title", ""), content["example"].splitlines()
    if media == CSV:
        return "", []
    return schema["items"]["title"], [json.dumps(one) for one in content["example"]]


OPERATIONS = list(operations())
BODIES = [operation for operation in OPERATIONS if "requestBody" in operation.described]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.service} {operation.name}")
def test_every_operation_says_what_it_does(operation: Operation) -> None:
    assert operation.described["summary"]
    assert operation.described["description"].strip().endswith(".")


@pytest.mark.parametrize("operation", BODIES, ids=lambda operation: f"{operation.service} {operation.name}")
def test_every_body_has_examples_that_are_taken_as_they_stand(operation: Operation) -> None:
    known = commands(operation.service)
    media = operation.described["requestBody"]["content"]
    shown = [examples_in(operation.service, name, content) for name, content in media.items()]
    command = known[shown[0][0]]
    for _, examples in (one for one, name in zip(shown, media, strict=True) if name != CSV):
        assert examples, "a body without an example"
        for example in examples:
            command.model_validate_json(example)
    if CSV in media:
        taken = list(rows_in(media[CSV]["example"].encode(), CSV, command))
        assert taken
        assert not [row for row in taken if isinstance(row, Refused)]


def test_every_command_is_asked_at_some_door() -> None:
    for service in DOCUMENTS:
        asked = {
            examples_in(service, name, content)[0]
            for operation in BODIES
            if operation.service == service
            for name, content in operation.described["requestBody"]["content"].items()
        }
        known = commands(service)
        parts = {part for command in known.values() for part in command.model_json_schema().get("$defs", {})}
        shapes = {name for name, command in known.items() if command.__subclasses__()}
        assert set(known) - parts - shapes <= asked
