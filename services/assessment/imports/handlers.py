"""Files come in, are checked as a whole and kept in pieces; the same file again is the same import."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from time import time
from typing import Any, NamedTuple

from pydantic import BaseModel

from services.assessment.batches.domain import Batch
from services.assessment.imports.domain import Cursor, Import, Kind, Sender, import_id
from services.assessment.imports.storage import PIECE, Files, Reports, referred, reported, stopped
from shared.act import Act, Scope
from shared.clock import Clock
from shared.errors import AlreadyThere
from shared.http.rows import Line, Refused, RowsTaken
from shared.http.rows.files import Layout, Scan
from shared.rulebook import Rulebook
from shared.storage.store import Store
from shared.tracing import current_traceparent
from shared.workdays import local_day

ABANDONED = 1800.0  # seconds of real time after which a file cannot be on its way in any more
Rows = Iterable[Line[Any] | Refused]


@dataclass(frozen=True)
class Taker:
    """How the rows of one kind go to the room that owns them.

    `take` gives the same answer to the same act again, whatever part of it was done; it and `check`, which changes
    nothing, raise the room's own fault when the batch takes no rows, even of an empty list; `check` is told how many
    rows of the same list were taken before. `key` names what may stand in a file once, at `field`; `replaces` says
    that the room itself would take a later row for an earlier one.
    """

    row: type[BaseModel]
    take: Callable[[Act, str, Rows], Awaitable[RowsTaken]]
    check: Callable[[Act, str, Rows, int], Awaitable[RowsTaken]]
    key: Callable[[Any], str]
    field: str
    replaces: bool = False


class Asked(NamedTuple):
    """What a file is sent for."""

    kind: Kind
    dry_run: bool
    media: str


class Arrived(NamedTuple):
    """A file that is here as a whole."""

    file: str
    layout: Layout
    digest: str
    size: int


@dataclass(frozen=True)
class Imports:
    """The imports room; `takers` are the rooms that own the rows."""

    imports: Store[Import]
    batches: Store[Batch]
    files: Files
    reports: Reports
    takers: Mapping[Kind, Taker]
    rules: Rulebook
    clock: Clock

    async def prepare(self) -> None:
        """Indexes beyond those of the store."""
        await self.files.prepare()
        await self.reports.prepare()

    async def receive(self, act: Act, batch_id: str, asked: Asked, body: AsyncIterable[bytes]) -> Import:
        """Take a file in; what cannot be read as a whole leaves nothing behind."""
        batch = await self.batches.get(batch_id, act.scope)
        most = self.rules.integer("import.most_rows", on=self.clock.today())
        scan = Scan(asked.media, self.takers[asked.kind].row, most)
        async with self.files.arriving() as arriving:
            arrived = await self._stored(arriving.file, scan, body)
            made = self._import(act, batch, asked, arrived)
            standing = await self._standing(made, act) or await self._added(made, act)
            arriving.kept = standing.file == arrived.file
        return standing

    async def _stored(self, file: str, scan: Scan[Any], body: AsyncIterable[bytes]) -> Arrived:
        digest, size, place = sha256(), 0, 0
        async for piece in in_pieces(body):
            scan.read(piece)
            await self.files.keep(file, place, piece)
            digest.update(piece)
            size, place = size + len(piece), place + 1
        return Arrived(file, scan.end(), digest.hexdigest(), size)

    async def _standing(self, made: Import, act: Act) -> Import | None:
        found = await self.imports.find({"_id": made.id}, act.scope)
        if not found:
            return None
        again = replace(act, id=f"{act.id}-{made.file}")
        return await self.imports.change(made.id, again, lambda one: one.sent_again(made.file))

    async def _added(self, made: Import, act: Act) -> Import:
        await self._must_take(made, act)
        try:
            return await self.imports.add(made, [], act)
        except AlreadyThere:  # it came twice at the same moment
            return await self.imports.get(made.id, act.scope)

    async def _must_take(self, made: Import, act: Act) -> None:
        """The room that owns the rows takes them now: asked with none."""
        taker = self.takers[made.kind]
        if made.dry_run:
            await taker.check(act, made.batch, (), 0)
        else:
            await taker.take(replace(act, id=f"{act.id}-none"), made.batch, ())

    def _import(self, act: Act, batch: Batch, asked: Asked, arrived: Arrived) -> Import:
        assert act.caller is not None
        caller, layout = act.caller, arrived.layout
        return Import(
            id=import_id(batch.id, asked.kind, asked.dry_run, arrived.digest),
            authority=batch.authority,
            batch=batch.id,
            unit=batch.unit,
            occupation=batch.occupation,
            level=batch.level,
            kind=asked.kind,
            dry_run=asked.dry_run,
            media=layout.media,
            digest=arrived.digest,
            size=arrived.size,
            rows=layout.rows,
            columns=layout.columns,
            file=arrived.file,
            sender=Sender(subject=caller.subject, role=caller.role, organisation=caller.organisation),
            correlation=act.correlation,
            trace=act.trace or current_traceparent(),
            next=Cursor(offset=layout.offset, line=layout.line),
            received_at=self.clock.now(),
        )

    async def resume(self, act: Act, import_id: str, expect: int | None) -> Import:
        """Go on where it stopped, once the room takes its rows again."""
        found = await self.imports.get(import_id, act.scope)
        if act.id not in found.taken:
            found.resumed()  # refused before anything is asked of the other room
            await self._must_take(found, act)
        return await self.imports.change(import_id, act, lambda one: one.resumed(), expect=expect)

    async def report_of(self, import_id: str, scope: Scope) -> Import:
        """An import whose refused rows can be read."""
        found = await self.imports.get(import_id, scope)
        found.must_be_reported()
        return found

    async def due(self, now: datetime) -> None:
        """Delete what nobody needs: files not wholly received, gone through or stopped long ago, and old reports."""
        before = now - timedelta(days=self.rules.integer("import.keep_days", on=local_day(now)))
        for old in await stopped(self.imports, before):
            act = Act(id=f"{old.id}-let-go-{old.version}", at=now, correlation=old.correlation)
            await self.imports.change(old.id, act, lambda one: one.let_go())
        for old in await reported(self.imports, before):
            await self.reports.drop(old.id)
            act = Act(id=f"{old.id}-unreported-{old.version}", at=now, correlation=old.correlation)
            await self.imports.change(old.id, act, lambda one: one.unreported())
        files = await self.files.older(time() - ABANDONED)
        if left := set(files) - await referred(self.imports, files) if files else set():
            await self.files.drop(sorted(left))


async def in_pieces(body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The bytes of a body in pieces of one size, but for the last."""
    gathered = bytearray()
    async for chunk in body:
        gathered += chunk
        while len(gathered) >= PIECE:
            yield bytes(gathered[:PIECE])
            del gathered[:PIECE]
    if gathered:
        yield bytes(gathered)
