"""Where chunks are kept: one document each, so that a repeat finds what was said."""

from services.assessment.results.domain import Chunk
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store


def chunk_store(database: Database) -> Store[Chunk]:
    """The chunks of final results that were said."""
    return Store(database, "/assessment/chunks", Chunk, indexes=(IndexModel([("batch", 1), ("chunk", 1)]),))
