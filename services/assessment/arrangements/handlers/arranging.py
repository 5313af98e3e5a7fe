"""Rooms are named, then every candidate is given a ticket and places, run by run; a repeat finds what was given."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import time

from services.assessment.arrangements.commands import ArrangeRooms
from services.assessment.arrangements.domain import Pieces, Roll, Series, arranged, given, roll_id, roll_of, ticketed
from services.assessment.arrangements.storage import carried, enrolled_after, last_series
from services.assessment.batches.domain import Batch, State
from services.assessment.entries.domain import Entry
from services.assessment.entries.storage import tally
from shared.act import Act
from shared.clock import Clock
from shared.errors import AlreadyThere, Contended, NotFound, Stale
from shared.events.base import Event
from shared.http.rows import RUN
from shared.privacy import Sealer
from shared.rulebook import Rulebook
from shared.storage.store import Store, pause

RECOUNTS = 8  # the entries are counted again when the batch changed meanwhile
ATTEMPTS = 16  # at the next number of a line's day, which others may want as well
StationsOf = Callable[[Batch, str], Awaitable[int | None]]
"""How many stations a part of a batch has at its site; None: unknown, or none are counted for it."""


@dataclass(frozen=True)
class Arrangements:
    """Rooms, tickets and places."""

    batches: Store[Batch]
    entries: Store[Entry]
    rolls: Store[Roll]
    series: Store[Series]
    stations_of: StationsOf
    rules: Rulebook
    sealer: Sealer
    clock: Clock

    async def arrange(self, act: Act, batch_id: str, asked: ArrangeRooms, expect: int | None) -> Batch:
        """Rooms that hold all who sit each part, counted at the very version of the batch that is changed."""
        for _ in range(RECOUNTS):
            counted = await self.batches.get(batch_id, act.scope)
            try:
                return await self._arrange(act, counted, asked, expect)
            except Stale:
                if expect is not None:
                    raise
        raise Contended(f"batch {batch_id} is being changed by many at once; repeat the request")

    async def _arrange(self, act: Act, counted: Batch, asked: ArrangeRooms, expect: int | None) -> Batch:
        counts = await tally(self.entries, counted.id)
        groups = await carried(self.entries, counted.id)
        stations = {part.id: await self.stations_of(counted, part.id) for part in counted.parts}

        def decide(found: Batch) -> tuple[Batch, Sequence[Event]]:
            if found.version != counted.version:
                raise Stale("the batch changed while its entries were counted; read it and repeat the request")
            now = self.clock.now()
            return arranged(found, asked.rooms, groups, stations, tally=counts, now=now, seconds=time())

        return await self.batches.change(counted.id, act, decide, expect=expect)

    async def give(self, act: Act, batch_id: str, arrangement: int) -> None:
        """Everybody's ticket and places of one arrangement; one that was replaced meanwhile gives none."""
        batch = await self.batches.get(batch_id)
        if batch.state is not State.ARRANGED or batch.arrangement != arrangement:
            return
        series = await self._series(act, batch)
        pattern = self.rules.text("ticket.number", on=batch.exam_on)
        pieces = Pieces(
            self.sealer.alias_key(f"work pieces {batch.id}"), arrangement, tuple(part.id for part in batch.parts)
        )
        last: Roll | None = None
        while roll := await self._roll(act, batch, last):
            mine = given(batch, roll, series, pattern, pieces)
            await self.entries.change_all(
                {entry: (act, partial(ticketed, arrangement=arrangement, mine=row)) for entry, row in mine.items()}
            )
            last = roll
        await self.batches.change(batch.id, act, lambda found: found.ticketed(arrangement, last.last if last else 0))

    async def _roll(self, act: Act, batch: Batch, last: Roll | None) -> Roll | None:
        """The roll after another as it stands; made now if it is the first time, None when all are on one."""
        number = last.number + 1 if last else 1
        standing = await self.rolls.find({"_id": roll_id(batch, number)})
        if standing:
            return standing[0]
        rows = await enrolled_after(self.entries, batch.id, last.rows[-1].entry if last else "", RUN)
        if not rows:
            return None
        try:
            return await self.rolls.add(roll_of(batch, last, rows), [], act)
        except AlreadyThere:  # made by the same event under another act, at the same time
            return await self.rolls.get(roll_id(batch, number))

    async def _series(self, act: Act, batch: Batch) -> Series:
        """The number of an arrangement within its line and day: the next free one, the first time it is asked for."""
        for turn in range(ATTEMPTS):
            await pause(turn)
            if standing := await self.series.find({"_id": f"{batch.id}.{batch.arrangement}"}):
                return standing[0]
            wanted = Series(
                id=f"{batch.id}.{batch.arrangement}",
                authority=batch.authority,
                batch=batch.id,
                arrangement=batch.arrangement,
                day=batch.exam_on,
                number=1 + await last_series(self.series, batch.authority, batch.exam_on),
            )
            try:
                return await self.series.add(wanted, [], act)
            except (AlreadyThere, NotFound):
                continue  # somebody else took this number, or numbered this arrangement
        raise Contended(f"many batches of {batch.exam_on} are numbered at once")
