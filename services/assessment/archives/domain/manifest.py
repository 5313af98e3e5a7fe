"""The manifest of an archive: every item with its hashes, how long it is kept; signed as a whole."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from pydantic import Field

from services.assessment.archives.domain.archive import Archive
from services.assessment.archives.domain.checklist import Checklist, Item
from services.assessment.archives.domain.lines import Hashed, line_of
from services.assessment.batches.domain import Batch
from shared.events.base import Record

TYPE = "archive+jws"


class Checked(Record):
    """Whether an item still has the hash that the manifest names."""

    item: str
    matches: bool | None = Field(description="null: too much for one answer; what is stored was not hashed anew")


def manifest_of(
    archive: Archive,
    batch: Batch,
    checklist: Checklist,
    hashed: Sequence[Hashed],
    kept: tuple[date, date],
    now: datetime,
) -> dict[str, Any]:
    """The manifest; `kept` are the last days of the electronic archive and of the one on paper."""
    sums = {row.item: row for row in hashed}
    about = batch.model_dump(mode="json", include={"unit", "authority", "occupation", "level", "standard", "exam_on"})
    return {
        "batch": batch.id,
        **about,
        "made_at": now.isoformat(),
        "keep_until": kept[0].isoformat(),
        "paper_until": kept[1].isoformat(),
        "items": [_item(row, archive, sums) for row in checklist.items],
    }


def _item(row: Item, archive: Archive, sums: Mapping[str, Hashed]) -> dict[str, Any]:
    named: dict[str, Any] = {"volume": row.volume, "item": row.item, "source": row.source.value}
    if row.item in sums:
        named |= {"sha256": sums[row.item].sha256, "lines": sums[row.item].lines}
    kept = {"name", "url", "sha256", "pages"}
    documents = [found.model_dump(include=kept) for found in archive.documents if found.item == row.item]
    return named | ({"documents": documents} if documents else {})


def digest_of(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a manifest, hexadecimal."""
    return sha256(line_of(manifest).rstrip(b"\n")).hexdigest()


def compared(manifest: Mapping[str, Any], archive: Archive, sums: Mapping[str, str] | None) -> list[Checked]:
    """Each item of a manifest against what is stored; `sums` are its hashes now, None where they were not made."""
    return [Checked(item=row["item"], matches=_matches(row, archive, sums)) for row in manifest["items"]]


def _matches(row: Mapping[str, Any], archive: Archive, sums: Mapping[str, str] | None) -> bool | None:
    if row["source"] == "document":
        stored = [found.sha256 for found in archive.documents if found.item == row["item"]]
        return stored == [found["sha256"] for found in row.get("documents", ())]
    return None if sums is None else sums.get(row["item"]) == row["sha256"]
