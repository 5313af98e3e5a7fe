"""The rules for one card by itself: known, of the right kind, holding that day, in scope, and without a conflict."""

from collections.abc import Iterator, Sequence

from services.assessment.assignments.domain.facts import Breach, Facts
from services.assessment.assignments.domain.limits import ASSESSORS, SUPERVISORS
from services.assessment.batches.domain import Batch
from services.assessment.mirrors.domain import Card


def unfit_to_assess(batch: Batch, facts: Facts, card: str, part: str, field: str = "") -> list[Breach]:
    """Each rule that keeps the holder of a card from assessing a part, whoever else is in the group."""
    known = facts.cards.get(card)
    if known is None:
        return [_unknown(card, field)]
    return [*_of_kind(known, ASSESSORS, field), *_senior(batch, facts, known, field),
            *_holding(batch, known, [part], field), *_tied(facts, known, field)]  # fmt: skip


def unfit_to_supervise(batch: Batch, facts: Facts, card: str, field: str = "/supervisor") -> list[Breach]:
    """Each rule that keeps the holder of a card from supervising a batch on all of its days."""
    known = facts.cards.get(card)
    if known is None:
        return [_unknown(card, field)]
    parts = [sitting.part for sitting in batch.sittings]
    return [*_of_kind(known, SUPERVISORS, field), *_holding(batch, known, parts, field), *_tied(facts, known, field)]


def _unknown(card: str, field: str) -> Breach:
    detail = f"no card {card} is known here; name another, or repeat this once it is issued"
    return Breach("card-unknown", card, detail, field)


def _of_kind(card: Card, kinds: Sequence[str], field: str) -> Iterator[Breach]:
    if card.kind not in kinds:
        wanted = " or ".join(kinds)
        detail = f"card {card.id} is one of a {card.kind}; name the card of a {wanted}"
        yield Breach("card-kind", card.id, detail, field)


def _senior(batch: Batch, facts: Facts, card: Card, field: str) -> Iterator[Breach]:
    levels = facts.limits.levels.get(card.kind)
    if levels is not None and batch.level not in levels:
        detail = f"one whose card is of kind {card.kind} assesses levels {', '.join(levels)}; name a senior assessor"
        yield Breach("card-senior", card.id, detail, field)


def _holding(batch: Batch, card: Card, parts: Sequence[str], field: str) -> Iterator[Breach]:
    seen: set[str] = set()
    for day in sorted({batch.sitting(part).on for part in parts}):
        for rule, detail in card.gaps(batch.occupation, batch.level, day):
            if rule not in seen:  # its scope is the same on each day
                yield Breach(rule, card.id, detail, field)
            seen.add(rule)


def _tied(facts: Facts, card: Card, field: str) -> Iterator[Breach]:
    if not card.person_index:
        detail = f"the holder of card {card.id} cannot be compared with the candidates; ask your authority to renew it"
        yield Breach("card-person", card.id, detail, field)
    for tie in facts.ties.get(card.id, ()):
        yield Breach(tie.rule, card.id, tie.detail, field)
