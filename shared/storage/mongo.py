"""The only file that knows the Mongo driver: connecting, encoding, and the operations storage is built from."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from inspect import isawaitable
from typing import Any

from bson.binary import Binary
from bson.codec_options import CodecOptions, TypeEncoder, TypeRegistry
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import IndexModel, InsertOne, ReadPreference, ReturnDocument, UpdateOne, WriteConcern, timeout
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from shared.errors import StorageUnavailable

Document = dict[str, Any]
DUPLICATE = 11000
WAIT_MS = 3_000  # below the five seconds within which every door answers
LONG_WAIT = 60  # seconds, for what is read to the end and not answered at once
RUN = 1_000


class _DateEncoder(TypeEncoder):
    """Days are stored as ISO text: a BSON date would need a time of day."""

    @property
    def python_type(self) -> type[date]:
        return date

    def transform_python(self, value: date) -> str:
        return value.isoformat()


_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry([_DateEncoder()]))


@contextmanager
def translated() -> Iterator[None]:
    """Whatever keeps the database from answering becomes `StorageUnavailable`; duplicates pass."""
    try:
        yield
    except (DuplicateKeyError, BulkWriteError):
        raise
    except PyMongoError as error:
        raise StorageUnavailable(f"the database does not answer ({type(error).__name__})") from error


class Collection:
    """One collection with majority reads and writes; every call is bounded in time."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        return str(self._inner.name)

    async def ensure_indexes(self, indexes: Sequence[IndexModel]) -> None:
        with translated():
            if indexes:
                await self._inner.create_indexes(list(indexes))

    async def find_one(self, query: Document, **options: Any) -> Document | None:
        with translated():
            found: Document | None = await self._inner.find_one(query, **options)
            return found

    async def find(
        self,
        query: Document,
        *,
        sort: Sequence[tuple[str, int]] = (),
        limit: int = 0,
        fields: Mapping[str, int] | None = None,
    ) -> list[Document]:
        with translated():
            cursor = self._inner.find(query, fields, sort=list(sort) or None, limit=limit)
            rows: list[Document] = await cursor.to_list(None)
            return rows

    async def stream(self, query: Document, *, sort: Sequence[tuple[str, int]] = ()) -> AsyncIterator[Document]:
        """Rows one after the other in constant memory."""
        with translated():
            async for row in self._inner.find(query, sort=list(sort) or None):
                yield row

    async def runs(
        self, query: Document, *, sort: Sequence[tuple[str, int]] = (), fields: Mapping[str, int] | None = None
    ) -> AsyncIterator[list[Document]]:
        """The same in runs of a thousand rows: a wait for each row would take longer than the row."""
        cursor = self._inner.find(query, fields, sort=list(sort) or None, batch_size=RUN)
        try:
            while run := await self._run(cursor):
                yield run
        finally:
            await cursor.close()

    async def _run(self, cursor: Any) -> list[Document]:
        with translated(), timeout(LONG_WAIT):  # an index scan that finds little may take long to fill a run
            rows: list[Document] = await cursor.to_list(RUN)
            return rows

    async def count(self, query: Document, *, within: float = WAIT_MS / 1000) -> int:
        with translated(), timeout(within):
            return int(await self._inner.count_documents(query))

    async def aggregate(self, pipeline: Sequence[Document]) -> list[Document]:
        with translated():
            cursor = self._inner.aggregate(list(pipeline))
            if isawaitable(cursor):  # PyMongo's own client asks the server first, Motor's with the first row
                cursor = await cursor
            rows: list[Document] = await cursor.to_list(None)
            return rows

    async def insert(self, document: Document) -> bool:
        """Insert; False when a unique index refuses it."""
        with translated():
            try:
                await self._inner.insert_one(document)
            except DuplicateKeyError:
                return False
            return True

    async def insert_all(self, documents: Sequence[Document], *, ordered: bool = False) -> set[int]:
        """Insert many at once; the places of those a unique index refused (ordered: it stops at the first)."""
        if not documents:
            return set()
        with translated():
            try:
                await self._inner.insert_many(documents, ordered=ordered)
            except BulkWriteError as error:
                return _refused(error, len(documents), ordered=ordered)
            return set()

    async def update(self, query: Document, change: Document | list[Document], *, upsert: bool = False) -> bool:
        """One conditional write; False when nothing matched (or an upsert lost to a newer document)."""
        with translated():
            try:
                result = await self._inner.update_one(query, change, upsert=upsert)
            except DuplicateKeyError:
                return False
            return bool(result.matched_count or result.upserted_id is not None)

    async def update_all(self, query: Document, change: Document) -> int:
        with translated():
            return int((await self._inner.update_many(query, change)).matched_count)

    async def update_and_get(
        self, query: Document, change: Document, *, upsert: bool = False, sort: Sequence[tuple[str, int]] = ()
    ) -> Document | None:
        """Change one document and return it as it is afterwards."""
        with translated():
            try:
                found: Document | None = await self._inner.find_one_and_update(
                    query,
                    change,
                    upsert=upsert,
                    sort=list(sort) or None,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                return None
            return found

    async def write_all(self, writes: Sequence[UpdateOne | InsertOne[Document]]) -> int:
        """A bulk of conditional writes; how many took effect (refused duplicates do not)."""
        if not writes:
            return 0
        with translated():
            try:
                result = await self._inner.bulk_write(list(writes), ordered=False)
            except BulkWriteError as error:
                _refused(error, len(writes), ordered=False)
                return int(error.details["nMatched"] + error.details["nUpserted"] + error.details["nInserted"])
            return int(result.matched_count + result.upserted_count + result.inserted_count)

    async def delete(self, query: Document) -> int:
        with translated():
            return int((await self._inner.delete_many(query)).deleted_count)


def _refused(error: BulkWriteError, count: int, *, ordered: bool) -> set[int]:
    failures = error.details["writeErrors"]
    if any(failure["code"] != DUPLICATE for failure in failures) or error.details["writeConcernErrors"]:
        raise StorageUnavailable("a bulk write was not taken") from error
    if ordered:
        return set(range(failures[0]["index"], count))
    return {failure["index"] for failure in failures}


class Database:
    """One service's own database; nothing is connected before the first call.

    `client` is the driver's: Motor, or PyMongo's own AsyncMongoClient, on which the storage tests run as well.
    """

    def __init__(self, url: str, name: str, client: Callable[..., Any] = AsyncIOMotorClient) -> None:
        self._client = client(
            url,
            timeoutMS=WAIT_MS,
            serverSelectionTimeoutMS=WAIT_MS,
            tz_aware=True,
            appname=f"skillcert-{name}",
        )
        self._database = self._client.get_database(
            name,
            codec_options=_CODEC,
            write_concern=WriteConcern("majority"),
            read_concern=ReadConcern("majority"),
            read_preference=ReadPreference.PRIMARY,
        )

    def collection(self, name: str) -> Collection:
        return Collection(self._database[name])

    async def ping(self) -> None:
        """Raise `StorageUnavailable` when the primary does not answer."""
        with translated():
            await self._database.command("ping")

    async def server_time(self) -> datetime:
        """The database's clock, for leases held by several machines."""
        with translated():
            answer = await self._database.command("hello", codec_options=_CODEC)
            local_time: datetime = answer["localTime"]
            return local_time

    async def close(self) -> None:
        closing = self._client.close()
        if isawaitable(closing):
            await closing


__all__ = ["Binary", "Collection", "Database", "Document", "IndexModel", "InsertOne", "UpdateOne"]
