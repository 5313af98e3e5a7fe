"""Gathers what is stored of an entry, and explains it; changes nothing."""

from dataclasses import dataclass

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, shown
from services.assessment.explanations.domain import Explanation, Known, Limits, explain
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.results.domain import Chunk
from services.assessment.scores.domain import sealed_by
from shared.act import Scope
from shared.errors import NotFound
from shared.rulebook import Rulebook
from shared.storage.mongo import Collection
from shared.storage.store import Store


@dataclass(frozen=True)
class Explanations:
    """The explanations room; `objections` are those of the objections room, read as they are stored."""

    batches: Store[Batch]
    entries: Store[Entry]
    chunks: Store[Chunk]
    objections: Collection
    mirrors: Mirrors
    rules: Rulebook

    async def explain(self, batch_id: str, entry_id: str, scope: Scope) -> Explanation:
        """Why an entry passed, or what it lacks."""
        batch = await self.batches.get(batch_id, scope)
        entry = await self.entries.get(entry_id, scope)
        if entry.batch != batch.id:
            raise NotFound(f"batch {batch.id} has no entry {entry_id}; list its entries")
        return explain(shown(entry, batch), batch, await self._known(entry, batch))

    async def _known(self, entry: Entry, batch: Batch) -> Known:
        cards = [*batch.assessors, *([batch.supervisor] if batch.supervisor else [])]
        editions = await self.mirrors.standards.find({"_id": batch.standard}, limit=1)
        chunks = [*(row.chunk for row in entry.rejections), entry.chunk]
        return Known(
            edition=editions[0] if editions else None,
            cards={card.id: card for card in await self.mirrors.cards.find({"_id": {"$in": cards}})},
            chunks=await self.chunks.find({"batch": batch.id, "chunk": {"$in": chunks}}),
            objections=await self.objections.find({"batch": batch.id, "entry": entry.id}, sort=[("_id", 1)]),
            limits=self._limits(batch),
            sealed_by=sealed_by,
        )

    def _limits(self, batch: Batch) -> Limits:
        on = batch.exam_on
        return Limits(
            self.rules.integer("exam.assessor_group_min", on=on), self.rules.boolean("exam.assessor_group_odd", on=on)
        )
