"""Where archives and viewings are kept, and the stored data of a batch, streamed into hashes in constant memory."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.assessment.archives.domain import (
    FIELDS,
    OF_BATCH,
    OF_ENTRY,
    Archive,
    Checklist,
    Hashed,
    Source,
    Sums,
    Viewing,
)
from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, State
from services.assessment.entries.domain.handling import OUT
from shared.act import Scope
from shared.storage.mongo import Collection, Database, Document, IndexModel
from shared.storage.store import Store

OURS = ("pending", "taken", "version", "schema")
"""What the store itself keeps in a document; it says nothing of what happened."""


def archive_store(database: Database) -> Store[Archive]:
    """The archives of batches."""
    return Store(database, "/assessment/archives", Archive)


def view_store(database: Database) -> Store[Viewing]:
    """The viewings of archives."""
    return Store(database, "/assessment/viewings", Viewing, indexes=(IndexModel([("batch", 1), ("_id", 1)]),))


def checklist_in(file: Path) -> Checklist:
    """The checklist of `archive.json`."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return Checklist.model_validate({name: content[name] for name in ("volumes", "items")})


async def hashed(
    entries: Store[Entry], objections: Collection, batch: Batch, archive: Archive, checklist: Checklist
) -> list[Hashed]:
    """Every item that is not a document, hashed in one pass over the entries."""
    sums = Sums(row.item for row in checklist.items if row.source is not Source.DOCUMENT)
    for item, of_batch in OF_BATCH.items():
        sums.add(item, of_batch(batch))
    for report in archive.reports:
        sums.add("supervision_report", report.model_dump(mode="json"))
    async for run in entries.rows(_all_of(batch.id), FIELDS):
        await asyncio.to_thread(_add, sums, run)  # a thousand rows take long enough to keep others waiting
    async for run in objections.runs({"batch": batch.id}, sort=[("_id", 1)]):
        for row in run:
            sums.add("objections", _said(row))
    return sums.hashed()


def _add(sums: Sums, run: Sequence[Document]) -> None:
    for row in run:
        for item, of_entry in OF_ENTRY.items():
            sums.add(item, of_entry(row))


async def lines(
    entries: Store[Entry], objections: Collection, batch: Batch, item: str, *, after: str, limit: int
) -> list[Document]:
    """What an item holds of the stored data, its lines after an entry."""
    if item == "objections":
        rows = await objections.find({"batch": batch.id, "_id": {"$gt": after}}, sort=[("_id", 1)], limit=limit)
        return [_said(row) for row in rows]
    found: list[Document] = [dict(OF_BATCH[item](batch))] if item in OF_BATCH and not after else []
    if item in OF_ENTRY:
        query = {**_all_of(batch.id), "_id": {"$gt": after}}
        of_entry = await entries.collection.find(query, sort=[("_id", 1)], limit=limit, fields=dict.fromkeys(FIELDS, 1))
        found += [dict(OF_ENTRY[item](row)) for row in of_entry]
    return found


def _all_of(batch: str) -> Document:
    # Who was kept out or withdrew is forgotten before an archive is, which would change its hashes: they are in none.
    # By state: the index merges one scan of each in the order of their ids, and nothing is sorted in memory.
    return {"batch": batch, "state": {"$in": [state.value for state in State if state not in OUT]}}


def _said(row: Document) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in OURS}


async def views_of(views: Store[Viewing], scope: Scope, batch: str, *, after: str, limit: int) -> list[Viewing]:
    """The viewings of a batch's archive, by id, those after the cursor."""
    return await views.find({"batch": batch, "_id": {"$gt": after}}, scope, limit=limit)
