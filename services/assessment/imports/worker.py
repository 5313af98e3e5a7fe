"""Goes through imports, one run of rows at a time and one line after the other; every worker process has one.

A crash at any point repeats the run under the same act: neither its rows nor its report come twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from services.assessment.imports.domain import WAITING, Cursor, GivenUp, Import, NotKept, State, Told, in_turn
from services.assessment.imports.handlers import Imports, Taker
from services.assessment.imports.storage import PIECE, Turns, put_off, tried, waiting
from shared.act import Act, Scope
from shared.auth import Caller, Role
from shared.errors import Fault, Kind
from shared.http.rows import Line, Refused, RowsTaken
from shared.http.rows.files import Layout, read_rows, records
from shared.http.rows.records import Record
from shared.storage.leases import HOLDER, Lease
from shared.storage.mongo import Database
from shared.storage.store import Decision

TURN = 2_000  # rows of one run: the owning room writes them 500 at a time, and a line waits for no more than these
HELD = 4.0  # seconds after which another worker takes over from one that died; renewed while a run lasts
LOOK_EVERY = 0.2  # seconds between two looks for something to do
MOST_TRIES = 8  # at one run; a process that dies at its rows each time is to die for them no more
Read = Line[Any] | Refused

log = structlog.get_logger()


@dataclass(frozen=True)
class Worker:
    """Takes turns until stopped; `holder` is its name in leases."""

    room: Imports
    turns: Turns
    database: Database
    holder: str = HOLDER

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if not await self.turn():
                await asyncio.sleep(LOOK_EVERY)

    async def turn(self) -> bool:
        """Go on with the import whose turn it is and that no other worker holds; False when nothing moved."""
        for identity in await self._order():
            lease = Lease(self.database, identity, HELD, self.holder)
            if await lease.take():
                async with lease.kept_up():
                    moved = await self._go_on(identity)
                    while moved and (await self._order())[:1] == [identity]:  # it is its turn again
                        moved = await self._go_on(identity)
                return moved
        return False

    async def _order(self) -> list[str]:
        left, served = await asyncio.gather(waiting(self.room.imports), self.turns.served())
        return in_turn(left, served)

    async def _go_on(self, identity: str) -> bool:
        found = await self.room.imports.get(identity)
        if found.state not in WAITING:
            return False
        await asyncio.gather(self.turns.mark(found.authority), tried(self.room.imports, found))
        try:
            if found.tries >= MOST_TRIES:
                raise GivenUp(f"the rows from line {found.next.line} on ended the work {MOST_TRIES} times; tell us")
            return await self._run(found)
        except Fault as fault:
            if fault.kind is Kind.UNAVAILABLE:
                log.warning("import put off", of=found.id, cause=fault.slug)
                await put_off(self.room.imports, found)
                return False
            await self._stop(found, fault)
            return True

    async def _run(self, found: Import) -> bool:
        layout = Layout(found.media, found.columns, found.next.offset, found.next.line, found.rows)
        rows = await self._records(found)
        act = self._act(found, str(found.run))
        told = await self._taken(found, act, read_rows(layout, self.room.takers[found.kind].row, rows))
        if told.refused or found.tries:  # an earlier try may have left a report
            await self.room.reports.save(found.id, found.run, told.refused)
        counted = Told(len(rows), told.accepted, len(told.refused))
        to = Cursor(offset=found.next.offset + rows[-1].end, line=rows[-1].next_line)
        decide = partial(Import.moved, run=found.run, to=to, told=counted, now=self.room.clock.now())
        moved = await self.room.imports.change(found.id, act, decide)
        if moved.state is State.DONE:
            await self.room.files.forget(found.id)
            await self.room.files.drop([found.file])
        return True

    async def _records(self, found: Import) -> list[Record]:
        """The next run of rows, from as many pieces as it takes; their ends are counted from the cursor."""
        place, skipped = divmod(found.next.offset, PIECE)
        data, before, line, rows = b"", 0, found.next.line, list[Record]()
        while len(rows) < TURN and place * PIECE < found.size:
            data += (await self.room.files.piece(found.file, place))[skipped:]
            place, skipped, end = place + 1, 0, 0
            for record in records(found.media, data, line, last=place * PIECE >= found.size):
                end, line = record.end, record.next_line
                if record.content:
                    rows.append(record._replace(end=before + end))
                if len(rows) == TURN:
                    break
            data, before = data[end:], before + end
        if not rows:
            raise NotKept("the file is shorter than it was; send it again")
        return rows

    async def _taken(self, found: Import, act: Act, rows: Sequence[Read]) -> RowsTaken:
        """What the owning room says of the rows; one whose key an earlier run took is not even asked about."""
        taker = self.room.takers[found.kind]
        if not (found.dry_run or taker.replaces):
            return await taker.take(act, found.batch, rows)
        keys = {row[0]: taker.key(row[1]) for row in rows if not isinstance(row, Refused)}
        earlier = await self.room.files.earlier(found.id, found.run, keys.values())
        twice = {line for line, key in keys.items() if key in earlier}
        first = [row for row in rows if isinstance(row, Refused) or row[0] not in twice]
        told = await self._asked(found, taker, act, first)
        refused = [*told.refused, *(_twice(line, taker.field) for line in twice)]
        gone = {row.line for row in refused}
        await self.room.files.remember(found.id, found.run, [key for line, key in keys.items() if line not in gone])
        return RowsTaken(accepted=told.accepted, refused=sorted(refused, key=lambda row: row.line))

    async def _asked(self, found: Import, taker: Taker, act: Act, rows: Sequence[Read]) -> RowsTaken:
        if not found.dry_run:
            return await taker.take(act, found.batch, rows)
        return await taker.check(act, found.batch, rows, found.accepted)

    async def _stop(self, found: Import, fault: Fault) -> None:
        log.warning("import stopped", of=found.id, line=found.next.line, cause=fault.slug)
        now = self.room.clock.now()

        def decide(one: Import) -> Decision[Import]:
            stopped, said = one.failed(fault.slug, fault.detail, now)
            return (stopped.let_go()[0] if isinstance(fault, NotKept) else stopped), said

        # under an act of its own: it may stop at the same rows again once it was resumed
        await self.room.imports.change(found.id, self._act(found, f"{found.run}-stop-{found.version}"), decide)

    def _act(self, found: Import, step: str) -> Act:
        sender = found.sender
        return Act(
            id=f"{found.id}-{step}",
            at=self.room.clock.now(),
            correlation=found.correlation,
            scope=Scope(authority=found.authority, unit=found.unit),
            caller=Caller(
                subject=sender.subject,
                role=Role(sender.role),
                organisation=sender.organisation,
                authority=found.authority,
            ),
            trace=found.trace,
        )


def _twice(line: int, field: str) -> Refused:
    return Refused(line=line, field=field, rule="duplicate", detail="the same stands on an earlier row of the file")
