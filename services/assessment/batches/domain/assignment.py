"""Who assesses and who supervises: each card named once, valid on the day, for the occupation and level."""

from collections.abc import Mapping
from datetime import date

from services.assessment.batches.commands import AssignBatch
from services.assessment.mirrors.domain import Card, CardRefused

ASSESSORS = frozenset({"assessor", "senior_assessor"})
SUPERVISORS = frozenset({"supervisor"})
Cards = Mapping[str, Card]
Exam = tuple[str, str, date]
"""Occupation, level and day."""


def must_be_fit(asked: AssignBatch, exam: Exam, cards: Cards) -> None:
    """Refuse an assignment that names somebody twice, or a card that does not hold for this exam."""
    seen: set[str] = set()
    for place, identity in enumerate(asked.assessors):
        field = f"/assessors/{place}"
        if identity in seen:
            raise CardRefused("this card is named before; name each once", field=field, rule="assessor-repeated")
        seen.add(identity)
        _must_hold(cards, identity, ASSESSORS, exam, field)
    if not asked.supervisor:
        return
    if asked.supervisor in seen:
        detail = "a supervisor never assesses the exam they supervise; name another card"
        raise CardRefused(detail, field="/supervisor", rule="supervisor-assesses")
    _must_hold(cards, asked.supervisor, SUPERVISORS, exam, "/supervisor")


def _must_hold(cards: Cards, identity: str, kinds: frozenset[str], exam: Exam, field: str) -> None:
    card = cards.get(identity)
    if card is None:
        raise CardRefused(
            "no such card is known here; name another, or repeat this once it is issued",
            field=field,
            rule="card-unknown",
        )
    if card.kind not in kinds:
        raise CardRefused(f"the card is one of a {card.kind}; name another", field=field, rule="card-kind")
    card.must_cover(*exam, field)
