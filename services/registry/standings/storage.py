"""Where standings are kept, and who sees which."""

from services.registry.organisations.domain import Organisation
from services.registry.standings.domain import Standing, unborn
from shared.act import Scope
from shared.errors import NotFound
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1)]),
    IndexModel([("grants.authority", 1)]),
    IndexModel([("past.authority", 1)]),
)


def standing_store(database: Database) -> Store[Standing]:
    """The registry's standings."""
    return Store(database, "/registry/standings", Standing, indexes=INDEXES)


async def standing_of(standings: Store[Standing], unit: Organisation) -> Standing:
    """What is known of the unit's standing; without any word on it, it has none."""
    try:
        return await standings.get(unit.id)
    except NotFound:
        return unborn(unit.id, unit.authority, unit.name)


async def visible(standings: Store[Standing], scope: Scope, query: Document, limit: int) -> list[Standing]:
    """Standings by id within the scope; a unit that has or had a plan in a second line is seen from there too."""
    lines: Document = {}
    if scope.authority is not None:
        named = ("authority", "grants.authority", "past.authority")
        lines = {"$or": [{name: scope.authority} for name in named]}
    return await standings.find({**query, **lines}, Scope(unit=scope.unit), limit=limit)
