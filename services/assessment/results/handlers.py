"""Results go on public notice, become final when the period is over, and are said in chunks."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.assessment.batches.domain import Batch, Frozen, State, WrongState
from services.assessment.batches.storage import overdue
from services.assessment.entries.domain import Entry
from services.assessment.entries.storage import qualified, tally
from services.assessment.results.domain import Chunk, chunk_of
from shared.act import Act
from shared.clock import Clock
from shared.errors import AlreadyThere, Contended, Stale
from shared.events.base import Event
from shared.rulebook import Rulebook
from shared.storage.store import Store
from shared.workdays import add_workdays, local_day

RECOUNTS = 8  # the entries are counted again when the batch changed meanwhile


@dataclass(frozen=True)
class Results:
    """The results room."""

    batches: Store[Batch]
    entries: Store[Entry]
    chunks: Store[Chunk]
    rules: Rulebook
    clock: Clock

    async def publicise(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """Results go on public notice, counted at the very version of the batch that is changed."""
        for _ in range(RECOUNTS):
            counted = await self.batches.get(batch_id, act.scope)
            try:
                return await self._publicise(act, counted, expect)
            except Stale:
                if expect is not None:
                    raise
        raise Contended(f"batch {batch_id} is being changed by many at once; repeat the request")

    async def _publicise(self, act: Act, counted: Batch, expect: int | None) -> Batch:
        today = self.clock.today()
        period = add_workdays(today, self.rules.integer("notice.result_wd", on=today))
        counts = await tally(self.entries, counted.id)

        def decide(found: Batch) -> tuple[Batch, Sequence[Event]]:
            if found.version != counted.version:
                raise Stale("the batch changed while its entries were counted; read it and repeat the request")
            return found.publicised(counts, self.clock.now(), today, period)

        return await self.batches.change(counted.id, act, decide, expect=expect)

    async def finalise(self, act: Act, batch_id: str, expect: int | None = None) -> Batch:
        """The period is over: the batch is closed, and its worker says the results."""
        now = self.clock.now()
        rows = self.rules.integer("results.chunk_rows", on=local_day(now))
        passed = (await tally(self.entries, batch_id)).passed
        return await self.batches.change(batch_id, act, lambda batch: batch.closed(now, passed, rows), expect=expect)

    async def due(self, now: datetime) -> None:
        """Finalise what nobody has finalised some days after the period's end."""
        grace = timedelta(days=self.rules.integer("results.finalise_grace_days", on=local_day(now)))
        for batch in await overdue(self.batches, now - grace):
            identity = f"finalise-{batch.id}"
            with suppress(Frozen, WrongState):  # somebody was first
                await self.finalise(Act(id=identity, at=now, correlation=identity), batch.id)

    async def say(self, act: Act, batch_id: str) -> Batch:
        """Say the results of a closed batch; a repeat finds the chunks that stand and says the rest."""
        batch = await self.batches.get(batch_id)
        if batch.state is State.FINALISED:
            return batch
        last = ""
        for number in range(1, batch.chunks + 1):
            entries = await qualified(self.entries, batch.id, after=last, limit=batch.chunk_rows)
            with suppress(AlreadyThere):  # the same chunk, said when the event came under another id
                await self.chunks.add(*chunk_of(batch, number, entries), act)
            last = entries[-1].id
        return await self.batches.change(batch.id, act, lambda found: found.finalised(self.clock.now()))
