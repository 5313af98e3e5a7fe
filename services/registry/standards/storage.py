"""Standards: those of the data files that come with the product, and where all of them are kept."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from services.registry.standards.commands import Content, Occupation, Regime, Source
from services.registry.standards.domain import Standard, drafted
from shared.act import NATIONAL
from shared.events.registry import Conditions, Dimension, Part, Staffing, Training
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store
from shared.workdays import start_of_day

INDEXES = (IndexModel([("occupation.id", 1), ("regime", 1), ("effective", 1)]),)


def standard_store(database: Database) -> Store[Standard]:
    """The registry's standard editions."""
    return Store(database, "/registry/standards", Standard, indexes=INDEXES, upgrades={1: _with_a_life})


def _with_a_life(document: Document) -> Document:
    """Schema 1 held published editions only, all of the appraisal regime; when each was published is not known."""
    return {
        **document,
        "schema": 2,
        "state": "published",
        "regime": "appraisal",
        "published_at": start_of_day(date.fromisoformat(document["effective"])),
        "sources": [{"place": "", "status": "ours", "source": document["source"][:500]}],
    }


async def editions(
    standards: Store[Standard], *, occupation: str | None = None, regime: Regime | None = None
) -> list[Standard]:
    """The editions by id, of one occupation or regime if they are named."""
    named = {"occupation.id": occupation, "regime": regime}
    return await standards.find({field: value for field, value in named.items() if value is not None})


# -- the files -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Catalogue:
    """The pilot's occupations and the predicates that conditions are made of."""

    occupations: Mapping[str, Occupation]
    source: str
    """The document that names the occupations."""
    predicates: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> Mapping[str, str]:
        """Chinese names by slug."""
        return {slug: row.name for slug, row in self.occupations.items()}


def catalogue(folder: Path) -> Catalogue:
    """What `occupations.json` and `standards.json` know beside the editions."""
    predicates = _read(folder / "standards.json")["predicates"]
    file = _read(folder / "occupations.json")
    return Catalogue(
        {row["id"]: _occupation(row) for row in file["occupations"]},
        file["sources"]["notice"],
        {name: tuple(row["parameters"]) for name, row in predicates.items()},
    )


def in_files(folder: Path) -> Iterator[Standard]:
    """The editions of `standards.json` with their occupations from `occupations.json`, as drafts."""
    content = _read(folder / "standards.json")
    known = catalogue(folder).occupations
    for row in content["standards"]:
        yield drafted(row["id"], NATIONAL, _content(row, known[row["occupation"]], content))


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


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


def _content(row: Mapping[str, Any], occupation: Occupation, file: Mapping[str, Any]) -> Content:
    levels = tuple(level["level"] for level in row["levels"])
    parts = [part for part in file["part_sets"][row["parts"]] if set(part["levels"]) & set(levels)]
    conditions = file["eligibility_sets"][row["eligibility"]]
    staffing = [each for each in file["staffing_sets"][row["staffing"]] if each["part"] in {p["id"] for p in parts}]
    texts = file["sources"]
    return Content(
        occupation=occupation,
        edition=row["edition"]["zh"],
        regime=row["regime"],
        effective=row["effective"],
        levels=levels,
        parts=tuple(_part(part, levels) for part in parts),
        eligibility=tuple(Conditions(level=level, **_sourced(conditions[level], texts)) for level in levels),
        staffing=tuple(Staffing(**_sourced(each, texts)) for each in staffing),
        training=tuple(Training(**_sourced(each, texts)) for each in row.get("training", ())),
        related=row["related_occupations"],
        sources=tuple(_sources(row, parts, conditions, texts)),
    )


def _sourced(row: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    return {**row, "source": texts[row["source"]]}


def _part(row: Mapping[str, Any], levels: Sequence[str]) -> Part:
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


def _sources(
    row: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], conditions: Mapping[str, Any], texts: Mapping[str, str]
) -> Iterator[Source]:
    """Where each place of the edition comes from, and how sure that is."""
    places = {"/edition": row["edition"]}
    places |= {f"/levels/{place}": level for place, level in enumerate(row["levels"])}
    for number, part in enumerate(parts):
        places |= {f"/parts/{number}/{name}": part[name] for name in ("pass_mark", "minutes")}
        places |= {f"/parts/{number}/dimensions": part["split"]} if "split" in part else {}
    places |= {f"/eligibility/{place}": conditions[level["level"]] for place, level in enumerate(row["levels"])}
    places |= {f"/training/{place}": each for place, each in enumerate(row.get("training", ()))}
    for at, said in places.items():
        yield Source(place=at, status=said["status"], source=texts[said["source"]])
