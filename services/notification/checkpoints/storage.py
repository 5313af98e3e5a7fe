"""Where checkpoints are kept: inserted once under `line/number`, never changed."""

from services.notification.checkpoints.domain import Checkpoint, name_of
from shared.storage.mongo import Database, Document, IndexModel

INDEXES = (IndexModel([("line", 1), ("number", 1)], unique=True), IndexModel([("line", 1), ("place", 1)]))
AFTER_EVERY_LINE = "~"  # sorts behind the code of every line


class CheckpointLog:
    """The checkpoints of all lines; the database itself refuses a number given twice."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection("checkpoints")

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self._rows.ensure_indexes(INDEXES)

    async def keep(self, made: Checkpoint) -> Checkpoint:
        """The checkpoint that stands under this number: this one, or that of a process that was first."""
        if await self._rows.insert({"_id": made.name, **made.model_dump()}):
            return made
        standing = await self.get(made.line, made.number)
        assert standing is not None  # nothing is ever taken out
        return standing

    async def get(self, line: str, number: int) -> Checkpoint | None:
        """One by its number."""
        return _read(await self._rows.find_one({"_id": name_of(line, number)}))

    async def latest(self, line: str) -> Checkpoint | None:
        """The newest of a line."""
        return _read(await self._rows.find_one({"line": line}, sort=[("number", -1)]))

    async def newest(self) -> dict[str, Checkpoint]:
        """The newest of every line, one step in the index for each."""
        found: dict[str, Checkpoint] = {}
        line = AFTER_EVERY_LINE
        while row := _read(await self._rows.find_one({"line": {"$lt": line}}, sort=[("line", -1), ("number", -1)])):
            found[line := row.line] = row
        return found

    async def after(self, line: str, number: int, most: int) -> list[Checkpoint]:
        """Those of a line after a number, in order."""
        query: Document = {"line": line, "number": {"$gt": number}}
        rows = await self._rows.find(query, sort=[("number", 1)], limit=most)
        return [Checkpoint.model_validate(row) for row in rows]

    async def covering(self, line: str, place: int) -> str:
        """The name of the first one that covers a place of a line; empty while there is none."""
        row = (
            await self._rows.find_one({"line": line, "place": {"$gte": place}}, sort=[("place", 1)]) if place else None
        )
        return str(row["_id"]) if row else ""


def _read(row: Document | None) -> Checkpoint | None:
    return Checkpoint.model_validate(row) if row else None
