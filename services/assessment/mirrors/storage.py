"""Where the mirrors are kept, and what batches ask of them."""

from collections.abc import Iterable
from datetime import date

from services.assessment.mirrors.domain import Card, Site, Standard, Unit
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

SUSPENDED = IndexModel([("suspended_on", 1)], partialFilterExpression={"suspended_on": {"$type": "string"}})


def unit_store(database: Database) -> Store[Unit]:
    """Assessment's mirror of units."""
    return Store(database, "/assessment/units", Unit, indexes=(SUSPENDED,), upgrades={1: _with_grants})


def _with_grants(document: Document) -> Document:
    """Schema 1 kept the newest plan only, in fields of its own."""
    about = {name: document[name] for name in ("plan", "authority", "scopes", "valid_from", "valid_until")}
    return {**document, "grants": [about] if about["valid_from"] and about["valid_until"] else []}


def standard_store(database: Database) -> Store[Standard]:
    """Assessment's mirror of standard editions."""
    return Store(database, "/assessment/standards", Standard, indexes=(IndexModel([("occupation", 1)]),))


def card_store(database: Database) -> Store[Card]:
    """Assessment's mirror of the cards of assessors and supervisors."""
    return Store(database, "/assessment/cards", Card, indexes=(IndexModel([("person_index", 1)]),))


def site_store(database: Database) -> Store[Site]:
    """Assessment's mirror of sites."""
    return Store(database, "/assessment/sites", Site)


async def unit_within(units: Store[Unit], unit: str, scope: Scope) -> Unit | None:
    """A unit, if it is known and within the scope."""
    found = await units.find({"_id": unit}, scope, limit=1)
    return found[0] if found else None


async def suspended_units(units: Store[Unit], on: date) -> list[Unit]:
    """The units that have no standing that day."""
    return await units.find({"suspended_on": {"$type": "string", "$lte": on}})


async def units_among(units: Store[Unit], wanted: Iterable[str]) -> list[Unit]:
    """The units of these ids that are known."""
    return await units.find({"_id": {"$in": list(wanted)}})


async def editions_of(standards: Store[Standard], occupation: str) -> list[Standard]:
    """Every edition known for an occupation."""
    return await standards.find({"occupation": occupation})


async def cards_among(cards: Store[Card], wanted: Iterable[str]) -> dict[str, Card]:
    """The cards of these ids that are known; assessors and supervisors come from every line."""
    return {card.id: card for card in await cards.find({"_id": {"$in": list(wanted)}})}


async def cards_of(cards: Store[Card], people: Iterable[str]) -> list[Card]:
    """Every card of these holders, by their indexes."""
    return await cards.find({"person_index": {"$in": sorted(set(people) - {""})}})


async def sites_among(sites: Store[Site], wanted: Iterable[str]) -> dict[str, Site]:
    """The sites of these ids that are known."""
    return {site.id: site for site in await sites.find({"_id": {"$in": list(wanted)}})}
