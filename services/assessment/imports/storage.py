"""Where imports are kept: sealed pieces until their rows are taken, a report of each run, whose turn it was."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from time import time
from uuid import uuid4

from services.assessment.imports.domain import WAITING, Import, NotKept, Served, State, Waiting
from shared.act import Scope
from shared.http.rows import Refused
from shared.privacy import Sealer
from shared.storage.mongo import Binary, Database, IndexModel
from shared.storage.store import Store

PIECE = 256 * 1024  # bytes, but for the last of a file
KEEP_KEYS = 60 * 86_400  # seconds, for those of an import that never came to its end
MOST_DUE = 20  # imports looked after at once; the next look takes the rest
INDEXES = (
    IndexModel([("batch", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("ended_at", 1)]),
    IndexModel([("ended_at", 1)], name="reported", partialFilterExpression={"reported": True}),
    IndexModel([("file", 1)], name="kept", partialFilterExpression={"file": {"$gt": ""}}),
)


def import_store(database: Database) -> Store[Import]:
    """Assessment's imports."""
    return Store(database, "/assessment/imports", Import, indexes=INDEXES)


async def listed(imports: Store[Import], scope: Scope, batch: str, *, after: str, limit: int) -> list[Import]:
    """Imports of a batch within a scope, by id, those after the cursor."""
    return await imports.find({"batch": batch, "_id": {"$gt": after}}, scope, limit=limit)


async def waiting(imports: Store[Import]) -> list[Waiting]:
    """All that have rows to go through."""
    fields = dict.fromkeys(("authority", "rows", "reached", "received_at"), 1)
    rows = await imports.collection.find({"state": {"$in": list(WAITING)}}, fields=fields)
    return [Waiting(row["_id"], row["authority"], row["rows"] - row["reached"], row["received_at"]) for row in rows]


async def stopped(imports: Store[Import], ended_before: datetime) -> list[Import]:
    """Imports that stopped before an instant and whose file is still kept."""
    query = {"state": State.FAILED, "ended_at": {"$lt": ended_before}, "file": {"$gt": ""}}
    return await imports.find(query, sort=[("ended_at", 1)], limit=MOST_DUE)


async def reported(imports: Store[Import], ended_before: datetime) -> list[Import]:
    """Imports that ended before an instant and whose refused rows are still kept."""
    query = {"reported": True, "ended_at": {"$lt": ended_before}}
    return await imports.find(query, sort=[("ended_at", 1)], limit=MOST_DUE)


async def referred(imports: Store[Import], files: Sequence[str]) -> set[str]:
    """Which of these files an import still needs."""
    return {row["file"] for row in await imports.collection.find({"file": {"$in": list(files)}}, fields={"file": 1})}


async def tried(imports: Store[Import], found: Import) -> None:
    """Count an attempt at its next run, so that rows which end the process do not end it for ever."""
    await imports.collection.update({"_id": found.id, "run": found.run}, {"$inc": {"tries": 1}})


async def put_off(imports: Store[Import], found: Import) -> None:
    """Count the attempts as one: what kept it from its run was not its own."""
    await imports.collection.update({"_id": found.id, "run": found.run}, {"$set": {"tries": 1}})


@dataclass
class Arriving:
    """A file on its way in; it is dropped unless it becomes an import's."""

    file: str
    kept: bool = False


class Files:
    """Files in pieces, each sealed for its own place: they hold names and ID numbers."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._files = database.collection("import_files")
        self._pieces = database.collection("import_pieces")
        self._keys = database.collection("import_keys")
        self._sealer = sealer

    async def prepare(self) -> None:
        await self._files.ensure_indexes([IndexModel([("at", 1)])])
        await self._pieces.ensure_indexes([IndexModel([("file", 1)])])
        forgotten = IndexModel([("at", 1)], expireAfterSeconds=KEEP_KEYS)
        await self._keys.ensure_indexes([IndexModel([("import", 1)]), forgotten])

    @asynccontextmanager
    async def arriving(self) -> AsyncIterator[Arriving]:
        """A new file; what came of it is dropped when the block leaves it unkept, or by `due` after a crash."""
        arriving = Arriving(uuid4().hex)
        await self._files.insert({"_id": arriving.file, "at": time()})
        try:
            yield arriving
        finally:
            if not arriving.kept:
                await self.drop([arriving.file])

    async def keep(self, file: str, place: int, piece: bytes) -> None:
        """Keep the piece at a place, counted from 0."""
        sealed = self._sealer.seal_bytes(piece, bound_to=f"{file}/{place}")
        await self._pieces.insert({"_id": f"{file}/{place}", "file": file, "sealed": Binary(sealed)})

    async def piece(self, file: str, place: int) -> bytes:
        """The piece at a place, or `NotKept`."""
        found = await self._pieces.find_one({"_id": f"{file}/{place}"})
        if found is None:
            raise NotKept("a piece of the file is not kept any more; send the file again")
        return self._sealer.open_bytes(bytes(found["sealed"]), bound_to=f"{file}/{place}")

    async def drop(self, files: Sequence[str]) -> None:
        """Delete files; the name of each last, so that a crash leaves it to be found."""
        await self._pieces.delete({"file": {"$in": list(files)}})
        await self._files.delete({"_id": {"$in": list(files)}})

    async def older(self, before: float) -> list[str]:
        """Files that began to come in before a second of real time."""
        return [row["_id"] for row in await self._files.find({"at": {"$lt": before}})]

    # -- what was taken of a file, by what may stand in it once ----------------------------------------

    async def earlier(self, identity: str, run: int, keys: Iterable[str]) -> set[str]:
        """Which of these keys were taken by an earlier run of the import."""
        wanted = {_named(identity, key): key for key in keys}
        rows = await self._keys.find({"_id": {"$in": list(wanted)}, "run": {"$lt": run}}, fields={"_id": 1})
        return {wanted[row["_id"]] for row in rows}

    async def remember(self, identity: str, run: int, keys: Iterable[str]) -> None:
        """Remember the keys that a run took; what they are made of, a name perhaps, is not kept."""
        told = {"import": identity, "run": run, "at": datetime.now(UTC)}
        await self._keys.insert_all([{"_id": _named(identity, key), **told} for key in keys])

    async def forget(self, identity: str) -> None:
        """The import is over."""
        await self._keys.delete({"import": identity})


def _named(identity: str, key: str) -> str:
    return f"{identity}/{sha256(key.encode()).hexdigest()}"


class Reports:
    """What was refused, one document for each run that refused something: a repeated run writes the same one."""

    def __init__(self, database: Database) -> None:
        self._reports = database.collection("import_reports")

    async def prepare(self) -> None:
        await self._reports.ensure_indexes([IndexModel([("import", 1), ("run", 1)])])

    async def save(self, identity: str, run: int, refused: Sequence[Refused]) -> None:
        """The refused rows of a run, in place of what an earlier attempt at it saved."""
        key = {"_id": f"{identity}.{run}"}
        if refused:
            rows = [row.model_dump() for row in refused]
            await self._reports.update(key, {"$set": {"import": identity, "run": run, "rows": rows}}, upsert=True)
        else:
            await self._reports.delete(key)

    async def drop(self, identity: str) -> None:
        """Delete the whole report of an import."""
        await self._reports.delete({"import": identity})

    async def page(self, identity: str, run: int, place: int, limit: int) -> list[tuple[int, int, Refused]]:
        """Refused rows with their run and place in it, those from a place of a run on."""
        found: list[tuple[int, int, Refused]] = []
        async for document in self._reports.stream({"import": identity, "run": {"$gte": run}}, sort=[("run", 1)]):
            first = place if document["run"] == run else 0
            rows = [Refused(**row) for row in document["rows"]]
            found += [(document["run"], at, row) for at, row in enumerate(rows) if at >= first]
            if len(found) >= limit:
                break
        return found[:limit]

    async def runs(self, identity: str) -> AsyncIterator[list[dict[str, object]]]:
        """All refused rows, run by run."""
        async for document in self._reports.stream({"import": identity}, sort=[("run", 1)]):
            yield document["rows"]


class Turns:
    """When each line had its last turn, by the database's clock: every worker sees the same."""

    def __init__(self, database: Database) -> None:
        self._turns = database.collection("import_turns")

    async def served(self) -> Mapping[str, Served]:
        """The lines that had a turn."""
        return {row["_id"]: Served(row["at"], row["turns"]) for row in await self._turns.find({})}

    async def mark(self, authority: str) -> None:
        """A line has its turn now."""
        change = {"$currentDate": {"at": True}, "$inc": {"turns": 1}}
        await self._turns.update({"_id": authority}, change, upsert=True)
