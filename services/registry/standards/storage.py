"""Standards: read from the data file that is loaded at start, kept with their events."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from services.registry.standards.domain import Occupation, Standard
from shared.act import NATIONAL
from shared.events.registry import Dimension, Part
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store


def standard_store(database: Database) -> Store[Standard]:
    """The registry's standard editions."""
    return Store(database, "/registry/standards", Standard, indexes=(IndexModel([("occupation.id", 1)]),))


def in_files(folder: Path) -> Iterator[Standard]:
    """The standards of `standards.json` with their occupations from `occupations.json`."""
    occupations = {row["id"]: _occupation(row) for row in _rows(folder / "occupations.json", "occupations")}
    content = json.loads((folder / "standards.json").read_text(encoding="utf-8"))
    for row in content["standards"]:
        levels = tuple(level["level"] for level in row["levels"])
        yield Standard(
            id=row["id"],
            authority=NATIONAL,
            occupation=occupations[row["occupation"]],
            edition=row["edition"]["zh"],
            levels=levels,
            effective=row["effective"],
            parts=tuple(_part(part, levels) for part in content["part_sets"][row["parts"]]),
            source=content["about"],
        )


def _rows(file: Path, name: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = json.loads(file.read_text(encoding="utf-8"))[name]
    return rows


def _occupation(row: Mapping[str, Any]) -> Occupation:
    return Occupation(
        id=row["id"],
        name=row["name_zh"]["value"],
        name_en=row["name_en"]["value"],
        classification=row["classification"]["value"],
        classification_edition=row["classification"]["edition"],
        classification_status=row["classification"]["status"],
        work_type=row["work_type"]["value"],
        work_type_status=row["work_type"]["status"],
    )


def _part(row: Mapping[str, Any], levels: tuple[str, ...]) -> Part:
    return Part(
        id=row["id"],
        pass_mark=row["pass_mark"]["value"],
        out_of=row["of"],
        minutes=row["minutes"]["value"],
        levels=tuple(level for level in row["levels"] if level in levels),
        dimensions=tuple(
            Dimension(id=line["id"], name=line["zh"], points=line["points"]) for line in row.get("dimensions", ())
        ),
    )
