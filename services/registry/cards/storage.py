"""Where cards are kept: unique indexes carry the promises of one card per person and kind, and of gapless numbers."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pydantic import BaseModel

from services.registry.cards.domain.card import Card
from services.registry.cards.domain.evidence import CardKind
from services.registry.cards.domain.history import Status
from services.registry.cards.domain.rules import CardData, CardRules
from shared.act import NATIONAL, Scope
from shared.rulebook import Rulebook
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("series", 1), ("serial", 1)], unique=True),
    IndexModel([("number", 1)], unique=True),
    IndexModel([("kind", 1), ("person_index", 1)], unique=True, partialFilterExpression={"held": True}),
    IndexModel([("held", 1), ("lapsed_on", 1), ("valid_until", 1)]),
    IndexModel([("authority", 1), ("_id", 1)]),
    IndexModel([("scopes.occupation", 1), ("_id", 1)]),
    IndexModel([("employer", 1), ("_id", 1)]),
)


class Wanted(BaseModel):
    """What a list of cards is narrowed to; None does not narrow."""

    kind: CardKind | None = None
    status: Status | None = None
    occupation: str | None = None
    level: str | None = None
    employer: str | None = None
    expiring_before: date | None = None


def card_store(database: Database) -> Store[Card]:
    """The registry's cards."""
    return Store(database, "/registry/cards", Card, indexes=INDEXES)


def card_data(file: Path) -> CardData:
    """Qualifications, number forms and grades from `cards.json`."""
    return CardData.model_validate_json(file.read_bytes())


def card_rules(rules: Rulebook, data: CardData, kind: CardKind, today: date) -> CardRules:
    """What holds for a kind of card today."""
    refusals = f"{kind}.refusals_per_year"
    return CardRules(
        kind=kind,
        today=today,
        term_years=rules.integer(f"{kind}.term_years", on=today),
        levels=rules.value(f"{kind}.levels", tuple[str, ...], on=today),
        opens_days=rules.integer("card.renewal_opens_days", on=today),
        late_days=rules.integer("card.late_renewal_days", on=today),
        backdated_days=rules.integer("card.backdated_days", on=today),
        ahead_days=rules.integer("card.issued_ahead_days", on=today),
        refusals=rules.integer(refusals, on=today) if refusals in rules.keys else None,
        data=data,
    )


async def next_serial(cards: Store[Card], series: str, first: int) -> int:
    """The serial after the last one given in a series."""
    last = await cards.find({"series": series}, sort=[("serial", -1)], limit=1)
    return last[0].serial + 1 if last else first


async def held_by(cards: Store[Card], kind: CardKind, person_index: str) -> Card | None:
    """The card of a kind that a person holds, whoever issued it."""
    found = await cards.find({"kind": kind, "person_index": person_index, "held": True}, limit=1)
    return found[0] if found else None


async def listed(
    cards: Store[Card], scope: Scope, wanted: Wanted, *, today: date, after: str, limit: int
) -> list[Card]:
    """Cards within a scope, by id, those after the cursor."""
    query: Document = {"_id": {"$gt": after}, "$and": [*_by_status(wanted.status, today), *_by_content(wanted)]}
    if not query["$and"]:
        del query["$and"]
    return await cards.find(query, scope, limit=limit)


def _by_content(wanted: Wanted) -> list[Document]:
    named = {"kind": wanted.kind, "employer": wanted.employer}
    parts: list[Document] = [{field: value} for field, value in named.items() if value is not None]
    scope = {"occupation": wanted.occupation, "levels": wanted.level}
    if match := {field: value for field, value in scope.items() if value is not None}:
        parts.append({"scopes": {"$elemMatch": match}})
    if wanted.expiring_before is not None:
        parts.append({"valid_until": {"$lt": wanted.expiring_before}, "ended_on": None})
    return parts


def _by_status(status: Status | None, today: date) -> list[Document]:
    """The same order of questions as `Card.status`: ended, within the terms, suspended."""
    in_term = {"valid_from": {"$lte": today}, "valid_until": {"$gte": today}}
    parts: dict[Status, Document] = {
        Status.REVOKED: {"ended_on": {"$ne": None}},
        Status.LAPSED: {"ended_on": None, "valid_until": {"$lt": today}},
        Status.UPCOMING: {"ended_on": None, "valid_from": {"$gt": today}},
        Status.SUSPENDED: {"ended_on": None, **in_term, "suspended_on": {"$ne": None, "$lte": today}},
        Status.VALID: {
            "ended_on": None,
            **in_term,
            "$or": [{"suspended_on": None}, {"suspended_on": {"$gt": today}}],
        },
    }
    return [parts[status]] if status is not None else []


async def named(cards: Store[Card], scope: Scope, names: Sequence[str]) -> list[Card]:
    """Cards by number or id, of the caller's line and of the Center: who can name a card may ask if it holds."""
    query: Document = {"$or": [{"number": {"$in": list(names)}}, {"_id": {"$in": list(names)}}]}
    if scope.authority is not None:
        query["authority"] = {"$in": [scope.authority, NATIONAL]}
    return await cards.find(query)


async def due_to_lapse(cards: Store[Card], today: date, limit: int) -> list[str]:
    """Ids of cards whose last term is over and of which that was not said, the oldest first."""
    query: Document = {"held": True, "lapsed_on": None, "valid_until": {"$lt": today}}
    rows = await cards.collection.find(query, sort=[("valid_until", 1)], limit=limit, fields={"_id": 1})
    return [row["_id"] for row in rows]


async def unannounced(cards: Store[Card]) -> int:
    """Cards whose events the broker has not taken yet."""
    return await cards.count({"pending.0": {"$exists": True}})
