"""All rules of an assignment at once: what is asked for, or was confirmed, against what is known now."""

from collections.abc import Iterator, Sequence

from services.assessment.arrangements.domain import ONLINE
from services.assessment.assignments.domain.cards import unfit_to_assess, unfit_to_supervise
from services.assessment.assignments.domain.facts import Breach, Facts
from services.assessment.assignments.domain.groups import group_breaches
from services.assessment.batches.domain import Assignment, Batch, Invigilator


def breaches(batch: Batch, wanted: Assignment, facts: Facts) -> list[Breach]:
    """Every rule that an assignment does not meet and that nobody set aside."""
    found = [
        *group_breaches(batch, wanted.groups, facts),
        *_supervisor(batch, wanted, facts),
        *invigilator_breaches(batch, wanted.invigilators, facts),
        *_signed(batch, wanted, facts),
    ]
    return [breach for breach in found if not set_aside(batch, breach, facts)]


def set_aside(batch: Batch, breach: Breach, facts: Facts) -> bool:
    """Whether an authority let this rule pass for this subject."""
    let = {(override.rule, override.subject) for override in batch.assignment.overrides}
    return breach.rule in facts.limits.overridable and (breach.rule, breach.subject) in let


def _supervisor(batch: Batch, wanted: Assignment, facts: Facts) -> Iterator[Breach]:
    card = wanted.supervisor
    yield from unfit_to_supervise(batch, facts, card)
    if facts.who(card) in facts.people(wanted.assessors):
        detail = "a supervisor never assesses the exam they supervise; name another card"
        yield Breach("supervisor-assesses", card, detail, "/supervisor")


def _signed(batch: Batch, wanted: Assignment, facts: Facts) -> Iterator[Breach]:
    """Once sheets of a part are signed its group keeps its size, and loses only those who may not assess any more."""
    for part in sorted({part for part, _ in facts.signed}):
        before, now = batch.assignment.group(part), wanted.group(part)
        named = now.assessors if now else ()
        if before and len(named) != len(before.assessors):
            detail = f"sheets of {part} are signed by a group of {len(before.assessors)}; name as many"
            yield Breach("signed-size", part, detail, "/groups")
        for card in sorted(card for of, card in facts.signed if of == part and card not in named):
            unfit = [row for row in unfit_to_assess(batch, facts, card, part) if not set_aside(batch, row, facts)]
            if not unfit:
                detail = f"card {card} signed score sheets of {part}; its holder stays in the group"
                yield Breach("signed", card, detail, "/groups")


# -- invigilators --------------------------------------------------------------------------------------


def invigilator_breaches(batch: Batch, invigilators: Sequence[Invigilator], facts: Facts) -> Iterator[Breach]:
    """Each rule that those who watch over the rooms do not meet."""
    for part in facts.limits.rooms:
        for room, at_a_time in _rooms(batch, part, facts):
            here = [row for row in invigilators if row.part == part and room in (None, row.room or ONLINE)]
            yield from _enough(part, room, at_a_time, len(here), facts)
    seen: set[str] = set()
    for place, row in enumerate(invigilators):
        yield from _invigilator(batch, row, facts, f"/invigilators/{place}")
        if row.person_index in seen:
            detail = "this person is named before; name each once"
            yield Breach("invigilator-twice", row.holder, detail, f"/invigilators/{place}")
        seen.add(row.person_index)


def _rooms(batch: Batch, part: str, facts: Facts) -> list[tuple[str | None, int]]:
    """The rooms of a part and how many sit in each at a time; one without a name before rooms are named, or online."""
    rooms = [(room.name, min(room.stations, facts.candidates)) for room in batch.rooms if room.part == part]
    return [*rooms] or [(None, facts.candidates if batch.arrangement else 0)]


def _enough(part: str, room: str | None, at_a_time: int, here: int, facts: Facts) -> Iterator[Breach]:
    least = facts.limits.rooms[part].fewest(at_a_time)
    if here < least:
        where = f"room {room}" if room else f"the part {part}"
        detail = f"{where} needs {least} invigilators for {at_a_time} candidates at a time; name {least - here} more"
        yield Breach("invigilator-count", room or part, detail, "/invigilators")


def _invigilator(batch: Batch, row: Invigilator, facts: Facts, field: str) -> Iterator[Breach]:
    rooms = [room.name for room in batch.rooms if room.part == row.part]
    if row.part not in facts.limits.rooms:
        detail = f"{row.part} is not invigilated in this batch; those that are: {', '.join(facts.limits.rooms)}"
        yield Breach("invigilator-part", row.part, detail, f"{field}/part")
    elif rooms and (row.room or ONLINE) not in rooms:
        detail = f"the part has no such room; its rooms are: {', '.join(rooms)}"
        yield Breach("invigilator-room", row.part, detail, f"{field}/room")
    if row.person_index in facts.entered:
        detail = "this person is a candidate of the batch; name another"
        yield Breach("invigilator-candidate", row.holder, detail, field)
