"""Sheets are sealed once every entry has a result; the seal is made by the worker and can be checked by anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import time

from pydantic import TypeAdapter

from services.assessment.batches.domain import Batch, NotReady, Seal, State
from services.assessment.entries.domain import Entry, Sheet
from services.assessment.entries.storage import after_entry, of_batch, tally
from services.assessment.scores.domain import Folded, Mismatch, mismatches, sealed_by, sealed_sheets
from shared.act import Act
from shared.clock import Clock
from shared.errors import Contended, Stale
from shared.events.base import Event
from shared.storage.store import Store

RECOUNTS = 8  # the entries are counted again when the batch changed meanwhile
SHEETS: TypeAdapter[tuple[Sheet, ...]] = TypeAdapter(tuple[Sheet, ...])


@dataclass(frozen=True)
class Checked:
    """How far the sheets of a batch are folded anew, what was found wrong on the way, and where to go on."""

    folded: Folded
    wrong: list[Mismatch]
    last: str
    """Id of the last entry looked at; empty when all were."""


@dataclass(frozen=True)
class Sealing:
    """The seal over all sheets of a batch."""

    batches: Store[Batch]
    entries: Store[Entry]
    clock: Clock

    async def mark(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """Nothing is scored any more, counted at the very version of the batch that is changed."""
        for _ in range(RECOUNTS):
            counted = await self.batches.get(batch_id, act.scope)
            try:
                return await self._mark(act, counted, expect)
            except Stale:
                if expect is not None:
                    raise
        raise Contended(f"batch {batch_id} is being changed by many at once; repeat the request")

    async def _mark(self, act: Act, counted: Batch, expect: int | None) -> Batch:
        counts = await tally(self.entries, counted.id)

        def decide(found: Batch) -> tuple[Batch, Sequence[Event]]:
            if found.version != counted.version:
                raise Stale("the batch changed while its entries were counted; read it and repeat the request")
            return found.marked(counts, self.clock.now(), time(), act.actor)

        return await self.batches.change(counted.id, act, decide, expect=expect)

    async def seal(self, act: Act, batch_id: str) -> None:
        """The seal over all sheets of a marked batch; a repeat finds it there, or makes the same."""
        batch = await self.batches.get(batch_id)
        if batch.seal or batch.state is not State.SCORED:
            return
        folded = Folded()
        async for run in self.entries.rows(of_batch(batch_id), ("sheets",)):
            for row in run:
                sheets = sealed_sheets(SHEETS.validate_python(row["sheets"]))
                folded = folded.with_digests(sheet.digest for sheet in sheets)
        seal = Seal(digest=folded.digest, sheets=folded.sheets, at=self.clock.now(), by=batch.marked_by or act.actor)
        counts = await tally(self.entries, batch_id)
        await self.batches.change(
            batch_id, act, lambda found: found.sealed(seal, counts) if found.state is State.SCORED else (found, [])
        )

    async def check(self, batch: Batch, start: Folded, after: str, limit: int) -> Checked:
        """Fold the sheets anew, from their contents, one run of entries after the other."""
        if batch.seal is None:
            raise NotReady("the sheets of this batch are not sealed", rule="seal")
        rows = await after_entry(self.entries, batch.id, after=after, limit=limit + 1)
        folded, wrong = start, list[Mismatch]()
        for entry in rows[:limit]:
            folded = folded.with_digests(sealed_by(sheet) for sheet in sealed_sheets(entry.sheets))
            wrong += mismatches(entry)
        return Checked(folded, wrong, rows[limit - 1].id if len(rows) > limit else "")
