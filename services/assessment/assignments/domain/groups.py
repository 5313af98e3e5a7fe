"""The rules for a group: its size, its head, its rotation, and how often in a row its members assess at one site."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction

from services.assessment.assignments.domain.cards import unfit_to_assess
from services.assessment.assignments.domain.facts import Breach, Day, Facts
from services.assessment.batches.domain import Batch, Group


def group_breaches(batch: Batch, groups: Sequence[Group], facts: Facts) -> Iterator[Breach]:
    """Each rule that the groups of a batch do not meet."""
    named = [group.part for group in groups]
    for part in facts.limits.groups:
        if part not in named:
            yield Breach("group-missing", part, f"nobody assesses the part {part}; name a group for it", "/groups")
    for place, group in enumerate(groups):
        field = f"/groups/{place}"
        if group.part not in facts.limits.groups:
            parts = ", ".join(facts.limits.groups)
            detail = f"no group assesses {group.part} in this batch; those assessed are: {parts}"
            yield Breach("group-part", group.part, detail, f"{field}/part")
        elif group.part in named[:place]:
            yield Breach("group-part", group.part, f"{group.part} has a group already; leave one out", f"{field}/part")
        else:
            yield from _group(batch, groups, group, facts, field)


def _group(batch: Batch, groups: Sequence[Group], group: Group, facts: Facts, field: str) -> Iterator[Breach]:
    tired = worn_out(batch, groups, group.part, facts)
    for place, card in enumerate(group.assessors):
        at = f"{field}/assessors/{place}"
        yield from unfit_to_assess(batch, facts, card, group.part, at)
        if facts.who(card) in facts.people(group.assessors[:place]):
            yield Breach("named-twice", card, f"the holder of card {card} is named before; name each once", at)
        if facts.who(card) in tired:
            yield too_often(batch, card, group.part, facts, at)
    yield from _size(batch, group, facts, field)
    yield from _rotation(group, facts, field)
    if group.head not in group.assessors:
        yield Breach("head", group.part, "the head assessor is one of the group; name one of them", f"{field}/head")


def _size(batch: Batch, group: Group, facts: Facts, field: str) -> Iterator[Breach]:
    need, size = facts.limits.groups[group.part], len(group.assessors)
    least = need.least(at_a_time(batch, group.part, facts.candidates))
    if size < least:
        detail = f"at least {least} assess {group.part}; name {least - size} more"
        yield Breach("group-size", group.part, detail, f"{field}/assessors")
    if need.odd and size % 2 == 0:
        detail = f"an odd number assesses {group.part}, so that there is a majority; name one more"
        yield Breach("group-odd", group.part, detail, f"{field}/assessors")


def at_a_time(batch: Batch, part: str, candidates: int) -> int:
    """How many are examined in a part at a time, by its stations; 0 until rooms are named."""
    return min(candidates, sum(room.stations for room in batch.rooms if room.part == part))


def _rotation(group: Group, facts: Facts, field: str) -> Iterator[Breach]:
    before = facts.previous.get(group.part)
    wanted = changes_wanted(len(group.assessors), facts.limits.rotation) if before else 0
    changed = len([card for card in group.assessors if facts.who(card) not in (before or ())])
    if changed < wanted:
        detail = (
            f"{changed} of {len(group.assessors)} did not assess {group.part} in your batch before at this site;"
            f" {wanted} must be others, so replace {wanted - changed}"
        )
        yield Breach("rotation", group.part, detail, f"{field}/assessors")


def changes_wanted(size: int, fraction: Fraction) -> int:
    """How many of a group must be others than in the batch before."""
    return -(-size * fraction.numerator // fraction.denominator)


# -- in a row at one site ------------------------------------------------------------------------------


def worn_out(batch: Batch, groups: Sequence[Group], part: str, facts: Facts) -> frozenset[str]:
    """Who assessed on each of the last exam days at the part's site, as many as may follow each other.

    The batch's own earlier days there count as well. Only days before count: whoever comes later has to give way.
    """
    most = facts.limits.in_a_row
    days = _days_before(batch, groups, part, facts)[:most]
    if len(days) < most:
        return frozenset()
    return frozenset.intersection(*(people for _, people in days))


def _days_before(batch: Batch, groups: Iterable[Group], part: str, facts: Facts) -> list[Day]:
    here = batch.sitting(part)
    if not here.site:
        return []
    days: dict[date, frozenset[str]] = dict(facts.history.get(part, ()))
    for group in groups:
        other = next((sitting for sitting in batch.sittings if sitting.part == group.part), here)
        if other.site == here.site and other.on < here.on:
            days[other.on] = days.get(other.on, frozenset()) | facts.people(group.assessors)
    return sorted(days.items(), reverse=True)


def too_often(batch: Batch, card: str, part: str, facts: Facts, field: str = "") -> Breach:
    """What is said of a card whose holder assessed too often in a row at the part's site."""
    most, on = facts.limits.in_a_row, batch.sitting(part).on
    detail = f"the holder of card {card} assessed on the last {most} exam days at this site before {on}; name another"
    return Breach("consecutive-site", card, detail, field)
