"""Where evaluations are kept, the lists asked of them, and the form they follow."""

from datetime import datetime
from pathlib import Path

from services.evaluation.evaluations.domain import Evaluation, Form, State
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("notice.files_at", 1)]),
)


def evaluation_store(database: Database) -> Store[Evaluation]:
    """The evaluations of all units."""
    return Store(database, "/evaluation/evaluations", Evaluation, indexes=INDEXES)


def form_in(file: Path) -> Form:
    """The evaluation form of `form.json`."""
    return Form.model_validate_json(file.read_bytes())


async def listed(
    evaluations: Store[Evaluation], scope: Scope, *, cycle: str | None, state: State | None, after: str, limit: int
) -> list[Evaluation]:
    """Evaluations within a scope, by id, those after the cursor."""
    named = {field: value for field, value in {"cycle": cycle, "state": state}.items() if value is not None}
    return await evaluations.find({"_id": {"$gt": after}, **named}, scope, limit=limit)


async def due(evaluations: Store[Evaluation], now: datetime, limit: int) -> list[Evaluation]:
    """Passed evaluations that nobody filed in time, the longest waiting first."""
    query: Document = {"state": State.PASSED, "notice.files_at": {"$lte": now}}
    return await evaluations.find(query, sort=[("notice.files_at", 1)], limit=limit)
