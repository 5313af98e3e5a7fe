"""The frozen example of each event: headers and body of a message that every later version must still understand."""

import json
from pathlib import Path
from typing import Any

from shared.events.base import Event

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "contracts"


def example_of(event: type[Event]) -> dict[str, Any]:
    """Its headers and its body."""
    example: dict[str, Any] = json.loads((FOLDER / f"{event.type}.json").read_text(encoding="utf-8"))
    return example
