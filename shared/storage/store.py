"""Where entities live: state, version, pending events and taken acts in one document, written conditionally."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from shared.act import EVERYTHING, Act, Scope
from shared.entity import Entity
from shared.errors import AlreadyThere, Contended, NotFound, Stale
from shared.events.base import Event
from shared.outbox.pending import Pending, pending_for
from shared.storage.mongo import Collection, Database, Document, IndexModel, UpdateOne

E = TypeVar("E", bound=Entity)
Decision = tuple[E, Sequence[Event]]
Announce = Callable[["Store[E]", Sequence[Pending]], None]
Upgrade = Callable[[Document], Document]

TAKEN = 64  # acts remembered per entity; an older repeat meets an Idempotency-Key record or a state that refuses
ATTEMPTS = 16
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.5  # seconds; sixteen turns take about two, within what a caller waits
PENDING_INDEX = IndexModel(
    [("pending.at", 1)], name="pending", partialFilterExpression={"pending.0": {"$exists": True}}
)


class Store(Generic[E]):
    """One collection of one kind of entity; `source` is its CloudEvents source, e.g. `/registry/plans`."""

    def __init__(
        self,
        database: Database,
        source: str,
        kind: type[E],
        *,
        indexes: Sequence[IndexModel] = (),
        upgrades: Mapping[int, Upgrade] | None = None,
    ) -> None:
        self.source = source
        self.collection: Collection = database.collection(source.rsplit("/", 1)[-1])
        self._kind = kind
        self._indexes = (PENDING_INDEX, *indexes)
        self._upgrades = upgrades or {}
        self.announce: Callable[[Store[E], Sequence[Pending]], None] = lambda _store, _pending: None

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self.collection.ensure_indexes(self._indexes)

    # -- reading ---------------------------------------------------------------------------------------

    async def get(self, identity: str, scope: Scope = EVERYTHING) -> E:
        """The entity within `scope`, or `NotFound`."""
        found = await self.collection.find_one({"_id": identity, **scope.query()}, projection={"pending": 0})
        if found is None:
            raise NotFound(f"there is no {self._kind.__name__} {identity} within your scope")
        return self._read(found)

    async def find(
        self,
        query: Document,
        scope: Scope = EVERYTHING,
        *,
        sort: Sequence[tuple[str, int]] = (("_id", 1),),
        limit: int = 0,
    ) -> list[E]:
        rows = await self.collection.find({**query, **scope.query()}, sort=sort, limit=limit, fields={"pending": 0})
        return [self._read(row) for row in rows]

    async def each(
        self, query: Document, scope: Scope = EVERYTHING, *, sort: Sequence[tuple[str, int]] = (("_id", 1),)
    ) -> AsyncIterator[E]:
        """One after the other in constant memory, for exports."""
        async for row in self.collection.stream({**query, **scope.query()}, sort=sort):
            yield self._read(row)

    async def rows(
        self,
        query: Document,
        fields: Sequence[str],
        scope: Scope = EVERYTHING,
        *,
        sort: Sequence[tuple[str, int]] = (("_id", 1),),
    ) -> AsyncIterator[list[Document]]:
        """Documents as they are stored, in runs: for exports of a million, where `each` takes far longer."""
        async for run in self.collection.runs({**query, **scope.query()}, sort=sort, fields=self._only(fields)):
            yield [self._upgraded(row) for row in run]

    async def some(self, query: Document, fields: Sequence[str]) -> list[Document]:
        """Documents as they are stored, all at once: for lookups that many wait for."""
        return [self._upgraded(row) for row in await self.collection.find(query, fields=self._only(fields))]

    def _only(self, fields: Sequence[str]) -> Mapping[str, int]:
        # An older document is upgraded as a whole: what a field is made from may have another name.
        return {"pending": 0} if self._upgrades else dict.fromkeys(fields, 1)

    async def count(self, query: Document, scope: Scope = EVERYTHING) -> int:
        return await self.collection.count({**query, **scope.query()})

    def _read(self, document: Document) -> E:
        return self._kind.model_validate({**self._upgraded(document), "id": document["_id"]})

    def _upgraded(self, document: Document) -> Document:
        for schema in range(document.get("schema", 1), self._kind.SCHEMA) if self._upgrades else ():
            document = self._upgrades[schema](document)
        return document

    # -- one entity ------------------------------------------------------------------------------------

    async def add(self, entity: E, events: Sequence[Event], act: Act) -> E:
        """Insert a new entity with its events; the same act again gets what stands, another act `AlreadyThere`."""
        first, pending = self._next(entity, events, act)
        if await self.collection.insert(self._document(first, pending)):
            self.announce(self, pending)
            return first
        standing = await self.get(entity.id)
        if act.id in standing.taken:
            return standing
        raise AlreadyThere(f"{self._kind.__name__} {entity.id} exists already")

    async def change(
        self, identity: str, act: Act, decide: Callable[[E], Decision[E]], *, expect: int | None = None
    ) -> E:
        """Load, decide, save by one conditional write; decided anew when another writer was first.

        A repeated act changes nothing. `expect` is the version the caller saw (`If-Match`).
        """
        for turn in range(ATTEMPTS):
            await pause(turn)
            entity = await self.get(identity, act.scope)
            if act.id in entity.taken:
                return entity
            if expect is not None and entity.version != expect:
                raise Stale(f"version {expect} was expected, version {entity.version} stands")
            state, events = decide(entity)
            if state is entity and not events:
                return entity
            changed, pending = self._next(state, events, act)
            if await self.collection.update(*self._write(entity, changed, pending)):
                self.announce(self, pending)
                return changed
        raise Contended(f"{self._kind.__name__} {identity} is being changed by many at once; repeat the request")

    # -- many at once ----------------------------------------------------------------------------------

    async def add_all(self, decisions: Iterable[tuple[Decision[E], Act]]) -> set[str]:
        """Insert many in one bulk write; the ids of those that stood. `AlreadyThere` when a new one holds another's."""
        stood, clashed = await self.add_apart(decisions)
        if clashed:
            raise AlreadyThere(f"a new {self._kind.__name__} holds what must be unique and is another's")
        return stood

    async def add_apart(self, decisions: Iterable[tuple[Decision[E], Act]]) -> tuple[set[str], set[str]]:
        """Insert many; the ids of those that stood already, and of new ones not added: they hold what is another's."""
        made = [self._next(entity, events, act) for (entity, events), act in decisions]
        refused = await self.collection.insert_all([self._document(first, pending) for first, pending in made])
        news = [item for at, (_, pending) in enumerate(made) if at not in refused for item in pending]
        self.announce(self, news)
        wanted = {made[at][0].id for at in refused}
        rows = await self.collection.find({"_id": {"$in": list(wanted)}}, fields={"_id": 1}) if wanted else []
        stood = {row["_id"] for row in rows}
        return stood, wanted - stood

    async def change_all(
        self, wanted: Mapping[str, tuple[Act, Callable[[E], Decision[E]]]], *, turns: int = ATTEMPTS
    ) -> set[str]:
        """Change many entities by bulk writes, each under its own act; the ids that are not there.

        A repeated act changes nothing; what another writer touched meanwhile is decided anew. `Contended` after
        `turns`, also when what must be unique is another's: who can look why takes few.
        """
        for turn in range(turns):
            await pause(turn)
            rows = await self.find({"_id": {"$in": list(wanted)}})
            writes, news = self._decided(rows, wanted)
            took = await self.collection.write_all(writes)
            self.announce(self, news if took == len(writes) else await self._standing(news))
            if took == len(writes):
                return wanted.keys() - {row.id for row in rows}
        raise Contended(f"many {self._kind.__name__} are being changed at once; repeat the request")

    def _decided(
        self, rows: Iterable[E], wanted: Mapping[str, tuple[Act, Callable[[E], Decision[E]]]]
    ) -> tuple[list[UpdateOne], list[Pending]]:
        writes: list[UpdateOne] = []
        news: list[Pending] = []
        for entity in rows:
            act, decide = wanted[entity.id]
            if act.id in entity.taken:
                continue
            state, events = decide(entity)
            if state is entity and not events:
                continue
            changed, pending = self._next(state, events, act)
            writes.append(UpdateOne(*self._write(entity, changed, pending)))
            news += pending
        return writes, news

    async def _standing(self, news: Sequence[Pending]) -> list[Pending]:
        # Another writer was first with some of them, and the database tells how many only: look which were saved.
        ids = {item.id for item in news}
        saved = {"_id": {"$in": list({item.subject for item in news})}}
        return [item for item in await self._pending(saved) if item.id in ids]

    # -- the document ----------------------------------------------------------------------------------

    def _next(self, state: E, events: Sequence[Event], act: Act) -> tuple[E, list[Pending]]:
        taken = (*state.taken, act.id)[-TAKEN:]
        changed = state.model_copy(update={"version": state.version + 1, "taken": taken})
        return changed, pending_for(self.source, changed, events, act)

    def _document(self, entity: E, pending: Sequence[Pending]) -> Document:
        return {"_id": entity.id, **self._state(entity), "pending": [item.document() for item in pending]}

    def _state(self, entity: E) -> Document:
        return {"schema": self._kind.SCHEMA, **entity.model_dump(exclude={"id"}), "taken": list(entity.taken)}

    def _write(self, entity: E, changed: E, pending: Sequence[Pending]) -> tuple[Document, Document]:
        change: Document = {"$set": self._state(changed)}
        if pending:
            change["$push"] = {"pending": {"$each": [item.document() for item in pending]}}
        return {"_id": entity.id, "version": entity.version}, change

    # -- the relay's side ------------------------------------------------------------------------------

    async def left_behind(self, before: float, limit: int) -> list[Pending]:
        """Events written before `before` (seconds of real time) and not yet struck, oldest first."""
        overdue = {"pending.0": {"$exists": True}, "pending.at": {"$lt": before}}
        return await self._pending(overdue, sort=[("pending.at", 1)], limit=limit)

    async def _pending(self, query: Document, **options: Any) -> list[Pending]:
        rows = await self.collection.find(query, fields={"pending": 1}, **options)
        return [Pending.stored(item) for row in rows for item in row["pending"]]

    async def strike(self, announced: Sequence[Pending]) -> None:
        """Take confirmed events out of their documents, in one write."""
        await self.collection.update_all(
            {"_id": {"$in": list({item.subject for item in announced})}},
            {"$pull": {"pending": {"id": {"$in": [item.id for item in announced]}}}},
        )


async def pause(turn: int) -> None:
    """Wait before another turn at what others change too: at random and ever longer, so that all get through."""
    if turn:
        longest = min(SHORTEST_PAUSE * 2**turn, LONGEST_PAUSE)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - no secret
