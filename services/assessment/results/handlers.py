"""Results go on public notice, become final when the period is over, are said in chunks, filed again, found wrong."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from time import time

from services.assessment.batches.domain import Batch, Frozen, PeriodOpen, State, WrongState
from services.assessment.batches.storage import overdue, taking_rows
from services.assessment.entries.domain import Entry, shown
from services.assessment.entries.storage import tally
from services.assessment.notices.handlers import notice_of
from services.assessment.results.commands import FindWrong, RefileEntry
from services.assessment.results.domain import (
    Chunk,
    NothingWrong,
    chunk_of,
    found_wrong,
    refiled,
    reviewed_wrong,
    supplemented,
)
from services.assessment.results.storage import (
    finalised_after,
    is_unfollowed,
    is_waiting,
    left_to_say,
    mark,
    to_say,
    unheld,
)
from shared.act import Act, Scope
from shared.clock import Clock
from shared.errors import AlreadyThere, Contended, NotFound, Stale
from shared.events.assessment import ObjectionDecided
from shared.events.base import Event
from shared.rulebook import Rulebook
from shared.storage.mongo import Collection
from shared.storage.store import Store
from shared.workdays import PeriodEnd, local_day

RECOUNTS = 8  # the entries are counted again when the batch changed meanwhile
SAID = (State.FINALISED, State.CERTIFIED)
REFILING = "a rejected entry is filed again after its batch is finalised and before it is archived"
Decided = tuple[Batch, Sequence[Event]]
Decide = Callable[[Batch], Decided]
Counting = Callable[[Batch], Awaitable[Decide]]


@dataclass
class Turn:
    """After which batch the clock looks next: one that waits for long is looked at in its turn and starves nobody."""

    after: str = ""


@dataclass(frozen=True)
class Results:
    """The results room; `objections` are those of the objections room, read to see which are open."""

    batches: Store[Batch]
    entries: Store[Entry]
    chunks: Store[Chunk]
    objections: Collection
    rules: Rulebook
    clock: Clock
    turn: Turn = field(default_factory=Turn)

    # -- on notice, then final -------------------------------------------------------------------------

    async def publicise(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """Results go on public notice, counted at the very version of the batch that is changed."""
        today = self.clock.today()
        period = notice_of(self.rules, today)

        async def counted(batch: Batch) -> Decide:
            counts = await tally(self.entries, batch.id)
            return lambda found: found.publicised(counts, self.clock.now(), today, period)

        return await self._counting(act, batch_id, expect, counted)

    async def finalise(self, act: Act, batch_id: str, expect: int | None = None) -> Batch:
        """The period is over: the batch is closed, and its worker says the results."""
        now = self.clock.now()
        rows = self.rules.integer("results.chunk_rows", on=local_day(now))

        async def counted(batch: Batch) -> Decide:
            passed = await unheld(self.entries, self.objections, batch.id)
            period = notice_of(self.rules, batch.notice.opens_on) if batch.notice else None
            return lambda found: _closed(found, now, passed, rows, period)

        return await self._counting(act, batch_id, expect, counted)

    async def _counting(self, act: Act, batch_id: str, expect: int | None, count: Counting) -> Batch:
        """Decide by what was counted at the very version of the batch that is changed."""
        for _ in range(RECOUNTS):
            counted = await self.batches.get(batch_id, act.scope)
            decide = _at_version(counted.version, await count(counted))
            try:
                return await self.batches.change(counted.id, act, decide, expect=expect)
            except Stale:
                if expect is not None:
                    raise
        raise Contended(f"batch {batch_id} is being changed by many at once; repeat the request")

    async def due(self, now: datetime) -> None:
        """Finalise what nobody has finalised some days after the period's end; then what finalised batches wait for."""
        grace = timedelta(days=self.rules.integer("results.finalise_grace_days", on=local_day(now)))
        for batch in await overdue(self.batches, now - grace):
            with suppress(Frozen, WrongState, PeriodOpen):  # somebody was first, or its days moved
                await self.finalise(_of_the_clock("finalise", batch.id, now), batch.id)
        await self._look(now)

    async def _look(self, now: datetime) -> None:
        found = await finalised_after(self.batches, self.turn.after)
        self.turn.after = found[-1].id if found else ""
        for batch in found:
            await self.supplement(_of_the_clock("supplement", batch.id, now), batch.id)
        await self.settle([batch.id for batch in found if batch.state is State.FINALISED], now)

    # -- said ------------------------------------------------------------------------------------------

    async def say(self, act: Act, batch_id: str) -> Batch:
        """Say the results of a closed batch; a repeat finds the chunks that stand and says the rest."""
        batch = await self.batches.get(batch_id)
        if batch.state is not State.CLOSED:
            return batch
        last = ""
        for number in range(1, batch.chunks + 1):
            rows = await to_say(self.entries, self.objections, batch.id, after=last, limit=batch.chunk_rows)
            chunk = await self._said(act, batch, number, rows)
            last = chunk.last or last
        return await self.batches.change(batch.id, act, lambda found: found.finalised(self.clock.now()))

    async def supplement(self, act: Act, batch_id: str) -> Batch:
        """Say in further chunks who was released or filed again since.

        The number comes from the batch, read before the rows: whoever has a higher number has seen the chunk before
        it stand and its entries marked.
        """
        while True:
            batch = await self.batches.get(batch_id)
            if batch.state not in SAID:
                return batch
            number = batch.chunks + batch.supplements + 1
            if not await self._stood(f"{batch.id}.{number}"):
                rows = await left_to_say(self.entries, self.objections, batch.id, limit=batch.chunk_rows)
                if not rows:
                    return batch
                await self._said(act, batch, number, rows)
            # an act of its own for each number: one act changes an entity once
            once = replace(act, id=f"{batch.id}.{number}")
            await self.batches.change(batch.id, once, partial(supplemented, number=number))

    async def _stood(self, chunk_id: str) -> bool:
        """Whether a crash left this chunk standing before its entries were marked; they are then."""
        found = await self.chunks.find({"_id": chunk_id})
        for chunk in found:
            await mark(self.entries, chunk)
        return bool(found)

    async def _said(self, act: Act, batch: Batch, number: int, rows: Sequence[Entry]) -> Chunk:
        chunk, events = chunk_of(batch, number, rows, act.at)
        try:
            chunk = await self.chunks.add(chunk, events, act)
        except AlreadyThere:  # it was said under another act, or by another process
            chunk = await self.chunks.get(chunk.id)
        await mark(self.entries, chunk)
        return chunk

    # -- what the registry answered --------------------------------------------------------------------

    async def settle(self, batches: Iterable[str], now: datetime) -> None:
        """Batches in which every qualified entry has ended, and none is held back, are certified."""
        for batch in sorted(set(batches)):
            if not await is_waiting(self.entries, self.objections, batch):
                counts = await tally(self.entries, batch)
                act = _of_the_clock("certified", batch, now)
                await self.batches.change(batch, act, partial(Batch.certified, tally=counts, now=now))

    async def said_of(self, batch_id: str, entry_id: str, scope: Scope) -> Entry:
        """An entry of a batch, as it may be shown."""
        batch = await self.batches.get(batch_id, scope)
        return shown(await self._entry_of(batch, entry_id), batch)

    async def refile(self, act: Act, batch_id: str, entry_id: str, asked: RefileEntry) -> Entry:
        """A rejected entry that was mended waits to be said once more; its batch is not archived meanwhile."""
        entry = await self._entry_of(await self.batches.get(batch_id, act.scope), entry_id)
        decide = partial(refiled, asked=asked, actor=act.actor, now=self.clock.now())
        if act.id not in entry.taken:
            decide(entry)  # refused here, it does not sign on to the batch
            if await is_unfollowed(self.objections, entry):
                raise Contended("an objection to it was just decided; repeat the request in a moment")
        async with taking_rows(self.batches, batch_id, act, SAID, REFILING):
            return await self.entries.change(entry_id, act, decide)

    # -- found wrong -----------------------------------------------------------------------------------

    async def find_wrong(self, act: Act, batch_id: str, entry_id: str, asked: FindWrong) -> Entry:
        """A final result was found wrong; the registry is told."""
        batch = await self.batches.get(batch_id, act.scope)
        await self._entry_of(batch, entry_id)
        now = self.clock.now()
        step = self.rules.number("score.step", on=local_day(now))
        decide = partial(found_wrong, batch=batch, asked=asked, step=step, actor=act.actor, now=now)
        return await self.entries.change(entry_id, act, decide)

    async def objection_decided(self, act: Act, said: ObjectionDecided) -> None:
        """What was said before is found wrong; an entry that was held back is said if it passed."""
        if said.certified and said.outcome != "rejected":
            batch, now = await self.batches.get(said.batch), self.clock.now()
            with suppress(NothingWrong):
                await self.entries.change(
                    said.entry, act, lambda entry: reviewed_wrong(entry, batch, said=said, now=now)
                )
        await self.released(act, said.batch)

    async def released(self, act: Act, batch_id: str) -> None:
        """An entry is not held back any more."""
        await self.supplement(act, batch_id)
        await self.settle([batch_id], self.clock.now())

    async def _entry_of(self, batch: Batch, entry_id: str) -> Entry:
        entry = await self.entries.get(entry_id)
        if entry.batch != batch.id:
            raise NotFound(f"batch {batch.id} has no entry {entry_id}; list its entries")
        return entry


def _closed(batch: Batch, now: datetime, passed: int, rows: int, period: PeriodEnd | None) -> Decided:
    batch.must_be_quiet(time())  # an objection whose entry is not held yet
    batch, told = batch.recounted(period) if period else (batch, [])
    closed, said = batch.closed(now, passed, rows)
    return closed, [*told, *said]


def _at_version(version: int, decide: Decide) -> Decide:
    def decided(found: Batch) -> Decided:
        if found.version != version:
            raise Stale("the batch changed while its entries were counted; read it and repeat the request")
        return decide(found)

    return decided


def _of_the_clock(verb: str, batch: str, now: datetime) -> Act:
    return Act(id=f"{verb}-{batch}", at=now, correlation=f"{verb}-{batch}")
