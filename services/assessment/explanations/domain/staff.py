"""Whether those who assessed and supervised were allowed to: groups, cards on their day, and what was set aside."""

from collections.abc import Iterator

from services.assessment.batches.domain import Batch, Group
from services.assessment.explanations.domain.known import THEORY, Case
from services.assessment.mirrors.domain import CardRefused
from shared.events.registry import Part


def assessors(case: Case) -> tuple[bool, str]:
    """Each examined part has a group as it must be, whose cards held on its day."""
    wrong = [text for part in case.sat for text in _group_faults(case, part)]
    named = ", ".join(case.batch.assignment.assessors)
    return not wrong, "; ".join(wrong) or f"cards {named} hold on their day, in groups as they must be"


def _group_faults(case: Case, part: Part) -> Iterator[str]:
    group = case.batch.assignment.group(part.id)
    if group is None:
        if part.id != THEORY:
            yield f"{part.id}: nobody is assigned"
        return
    yield from _size_faults(case, group)
    for card in group.assessors:
        yield from card_faults(case, card, part.id)


def _size_faults(case: Case, group: Group) -> Iterator[str]:
    limits, size = case.known.limits, len(set(group.assessors))
    too_few = size < limits.group_min or (limits.odd and size % 2 == 0)
    if too_few and group.part != THEORY and not _set_aside(case.batch, "group-size", group.part):
        yield f"{group.part}: {size} assessors"
    if group.head and group.head not in group.assessors:
        yield f"{group.part}: the head is not in the group"


def card_faults(case: Case, card: str, part: str) -> Iterator[str]:
    """Why a card did not hold for a part on its day, unless that was set aside."""
    known = case.known.cards.get(card)
    if known is None:
        yield f"card {card} is not known"
        return
    try:
        known.must_cover(case.batch.occupation, case.batch.level, case.batch.sitting(part).on, "")
    except CardRefused as fault:
        if not _set_aside(case.batch, str(fault.rule), card):
            yield f"{fault.rule}: {fault.detail}"


def _set_aside(batch: Batch, rule: str, subject: str) -> bool:
    return any(row.rule == rule and row.subject in ("", subject) and row.reason for row in batch.assignment.overrides)


def supervised(case: Case) -> tuple[bool, str]:
    """A supervisor is named, whose card held and who assessed nothing."""
    supervisor = case.batch.supervisor
    if not supervisor:
        return False, "no supervisor is named"
    if supervisor in case.batch.assessors:
        return False, f"card {supervisor} assessed and supervised"
    faults = list(supervisor_faults(case))
    return not faults, "; ".join(faults) or f"card {supervisor} holds on every day of the exam"


def supervisor_faults(case: Case) -> Iterator[str]:
    """Why the supervisor's card did not hold on a day of the exam, unless that was set aside."""
    batch, card = case.batch, case.known.cards.get(case.batch.supervisor)
    if card is None:
        yield f"card {batch.supervisor} is not known"
        return
    ends = [day for day in (card.suspended_on, card.ended_on) if day is not None]
    rules = {
        "card-term": not card.valid_from <= batch.exam_on <= batch.ends_on <= card.valid_until,
        "card-status": any(day <= batch.ends_on for day in ends),
    }
    for rule, is_broken in rules.items():
        if is_broken and not _set_aside(batch, rule, card.id):
            yield f"{rule}: card {card.id}, exam {batch.exam_on} to {batch.ends_on}"
