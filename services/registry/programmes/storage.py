"""Where programmes are kept; the data file says how each begins."""

import json
from collections.abc import Iterator
from pathlib import Path

from services.registry.programmes.domain import Programme
from shared.act import NATIONAL
from shared.events.registry import RegimeTerm
from shared.storage.mongo import Database
from shared.storage.store import Store


def programme_store(database: Database) -> Store[Programme]:
    """The registry's programmes."""
    return Store(database, "/registry/programmes", Programme)


def current_in(file: Path) -> str:
    """The programme that results belong to."""
    return str(json.loads(file.read_text(encoding="utf-8"))["current"]["value"])


def in_file(file: Path) -> Iterator[Programme]:
    """The programmes of a file, each with the regimes it begins with."""
    content = json.loads(file.read_text(encoding="utf-8"))
    for row in content["programmes"]:
        regimes = tuple(
            RegimeTerm(regime=term["regime"], effective=term["effective"], basis=content["sources"][term["source"]])
            for term in row["regimes"]
        )
        name = row["name"]
        yield Programme(id=row["id"], authority=NATIONAL, name=name["zh"], name_en=name["en"], regimes=regimes)
