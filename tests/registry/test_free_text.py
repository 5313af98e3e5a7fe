"""An ID number that somebody writes into free text is masked before it is kept or told."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from infra.drive.people import people
from shared.command import Command

ROOMS = ("cards", "cases", "certificates", "organisations", "plans", "programmes", "reports", "sites", "standings")
"""Proposals are not among them: their rules refuse such a text, so that the proposer mends it."""
FREE = frozenset(
    {"reason", "basis", "remarks", "conclusion", "title", "problems", "measures", "experience", "text", "sections"}
)
NUMBER = next(people(seed=1881)).id_number


def asked_of(room: str) -> list[tuple[type[Command], dict[str, Any]]]:
    """The commands of a room that a door takes, each with its example."""
    kinds = vars(import_module(f"services.registry.{room}.commands")).values()
    found: list[tuple[type[Command], Any]] = [
        (kind, kind.model_config.get("json_schema_extra"))
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, Command)
    ]
    return [(kind, extra["examples"][0]) for kind, extra in found if extra]


@pytest.mark.parametrize("room", ROOMS)
def test_an_id_number_in_free_text_is_masked(room: str) -> None:
    said, masked = f"查{NUMBER}一案", 0
    for kind, example in asked_of(room):
        for name in FREE & kind.model_fields.keys():
            asked = kind.model_validate({**example, name: {"staff": said} if name == "sections" else said})
            assert NUMBER not in asked.model_dump_json(), f"{kind.__name__}.{name}"
            masked += 1
    assert masked, "a room without free text need not be named here"


def test_every_other_room_has_no_free_text_or_refuses_it() -> None:
    rooms = {file.parent.name for file in Path("services/registry").glob("*/commands.py")} - {*ROOMS, "proposals"}
    assert [
        (room, name) for room in rooms for kind, _ in asked_of(room) for name in FREE & kind.model_fields.keys()
    ] == []
