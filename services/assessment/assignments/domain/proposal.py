"""Finds groups and a supervisor in a pool that meet every rule, or says which rule cannot be met and who is left out.

Exact for the two parts that are assessed (practical and review): within a part the fewest that will do are the
easiest to find, since a larger group needs more new members as well, and a matching fills the places of both.
"""

from collections.abc import Iterable, Iterator, Sequence

from services.assessment.assignments.domain.cards import unfit_to_assess, unfit_to_supervise
from services.assessment.assignments.domain.checking import invigilator_breaches, set_aside
from services.assessment.assignments.domain.facts import Breach, Facts
from services.assessment.assignments.domain.groups import at_a_time, changes_wanted, too_often, worn_out
from services.assessment.assignments.domain.matching import Choosing, Found, Place
from services.assessment.batches.domain import Batch, Group, Invigilator
from shared.events.base import Record

SUPERVISION = "supervision"


class LeftOut(Record):
    """A card of the pool that was not taken for a part, or for supervision, and why."""

    card: str
    part: str
    rule: str
    detail: str


class Unmet(Record):
    """A rule that no choice from the pool meets."""

    rule: str
    subject: str
    detail: str


class Proposal(Record):
    """Who could assess and supervise; without groups when some rule cannot be met."""

    groups: tuple[Group, ...] = ()
    supervisor: str = ""
    unmet: tuple[Unmet, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def proposed(batch: Batch, pool: Iterable[str], facts: Facts, invigilators: Sequence[Invigilator] = ()) -> Proposal:
    """Groups, heads and a supervisor for a batch; the same for the same pool, in whatever order it is named."""
    cards = sorted(set(pool))
    left_out: list[LeftOut] = []
    choosing = _choosing(batch, cards, facts, left_out)
    supervisors = _supervisors(batch, cards, facts, left_out)
    unmet = [*_short(choosing, facts), *_unwatched(batch, invigilators, facts)]
    if not supervisors:
        detail = "no card of the pool lets its holder supervise this batch; add the card of a supervisor"
        unmet.append(Unmet(rule="supervisor", subject=SUPERVISION, detail=detail))
    choice = None if unmet else _choice(choosing, supervisors, facts)
    if choice is None:
        return Proposal(unmet=tuple(unmet or [_no_choice(choosing)]), left_out=tuple(left_out))
    found, supervisor = choice
    groups = tuple(
        _group(part, [choosing.fit[part][who] for who in found[part]], facts) for part in facts.limits.groups
    )
    spare = _spare(choosing, groups, supervisors, supervisor)
    return Proposal(groups=groups, supervisor=supervisor, left_out=(*left_out, *spare))


# -- who fits ------------------------------------------------------------------------------------------


def _choosing(batch: Batch, cards: Sequence[str], facts: Facts, left_out: list[LeftOut]) -> Choosing:
    fit: dict[str, dict[str, str]] = {}
    exclusive: set[str] = set()
    for part in facts.limits.groups:
        alone, after = _worn_out(batch, cards, part, facts)
        fit[part] = {}
        for card in _by_ease(batch, cards, part, facts, after):
            wrong = _unfit(batch, facts, card, part, alone)
            left_out += _left(wrong, card, part)
            if not wrong:
                fit[part].setdefault(facts.who(card), card)
        exclusive |= {who for who, card in fit[part].items() if who in after and not _let(batch, card, part, facts)}
    old = {part: facts.previous.get(part, frozenset()) for part in facts.limits.groups}
    return Choosing(places=_places(batch, facts), fit=fit, old=old, exclusive=frozenset(exclusive))


def _worn_out(batch: Batch, cards: Sequence[str], part: str, facts: Facts) -> tuple[frozenset[str], frozenset[str]]:
    """Whose day it would be one too many if others assess the batch's own days before, and if they do themselves."""
    others = [other for other in facts.limits.groups if other != part]
    alone, with_all = (
        worn_out(batch, [Group(part=other, assessors=taken) for other in others], part, facts)
        for taken in ((), tuple(cards))
    )
    return alone, with_all


def _by_ease(batch: Batch, cards: Sequence[str], part: str, facts: Facts, after: frozenset[str]) -> list[str]:
    """Of several cards of one holder, the one for which a rule was set aside comes first."""
    return sorted(cards, key=lambda card: facts.who(card) in after and not _let(batch, card, part, facts))


def _let(batch: Batch, card: str, part: str, facts: Facts) -> bool:
    return set_aside(batch, too_often(batch, card, part, facts), facts)


def _unfit(batch: Batch, facts: Facts, card: str, part: str, worn: frozenset[str]) -> list[Breach]:
    wrong = unfit_to_assess(batch, facts, card, part)
    if facts.who(card) in worn:
        wrong.append(too_often(batch, card, part, facts))
    return [breach for breach in wrong if not set_aside(batch, breach, facts)]


def _places(batch: Batch, facts: Facts) -> list[Place]:
    places: list[Place] = []
    for part, need in facts.limits.groups.items():
        size = need.fewest(at_a_time(batch, part, facts.candidates))
        new = _new_wanted(batch, part, size, facts)
        places += [Place(part, new=place < new) for place in range(size)]
    return places


def _new_wanted(batch: Batch, part: str, size: int, facts: Facts) -> int:
    let = set_aside(batch, Breach("rotation", part, ""), facts)
    return changes_wanted(size, facts.limits.rotation) if facts.previous.get(part) and not let else 0


def _supervisors(batch: Batch, cards: Sequence[str], facts: Facts, left_out: list[LeftOut]) -> list[str]:
    fit: list[str] = []
    for card in cards:
        wrong = [row for row in unfit_to_supervise(batch, facts, card) if not set_aside(batch, row, facts)]
        left_out += _left(wrong, card, SUPERVISION)
        fit += [] if wrong else [card]
    return fit


def _left(wrong: Iterable[Breach], card: str, part: str) -> list[LeftOut]:
    return [LeftOut(card=card, part=part, rule=breach.rule, detail=breach.detail) for breach in wrong]


# -- what is chosen, or cannot be ----------------------------------------------------------------------


def _choice(choosing: Choosing, supervisors: Sequence[str], facts: Facts) -> tuple[Found, str] | None:
    """Those who assess nowhere come first: whoever supervises takes no place in a group."""
    able = {who for fit in choosing.fit.values() for who in fit}
    for card in sorted(supervisors, key=lambda card: facts.who(card) in able):
        if (found := choosing.found(without=facts.who(card))) is not None:
            return found, card
        if facts.who(card) not in able:
            return None  # nobody was kept from a place, so no other supervisor helps
    return None


def _group(part: str, cards: Iterable[str], facts: Facts) -> Group:
    members = tuple(sorted(cards))
    head = min(members, key=lambda card: (facts.cards[card].kind != "senior_assessor", card))
    return Group(part=part, assessors=members, head=head)


def _short(choosing: Choosing, facts: Facts) -> Iterator[Unmet]:
    for part in facts.limits.groups:
        places = [place for place in choosing.places if place.part == part]
        fit, new = len(choosing.fit[part]), len(choosing.fit[part].keys() - choosing.old[part])
        wanted = sum(place.new for place in places)
        if fit < len(places):
            detail = f"{len(places)} assess {part}, {fit} of the pool may; add {len(places) - fit} who fit"
            yield Unmet(rule="group-size", subject=part, detail=detail)
        elif new < wanted:
            detail = f"{wanted} of the group for {part} must be others than before, {new} are; add {wanted - new}"
            yield Unmet(rule="rotation", subject=part, detail=detail)


def _unwatched(batch: Batch, invigilators: Sequence[Invigilator], facts: Facts) -> Iterator[Unmet]:
    for breach in invigilator_breaches(batch, invigilators, facts) if invigilators else ():
        yield Unmet(rule=breach.rule, subject=breach.subject, detail=breach.detail)


def _no_choice(choosing: Choosing) -> Unmet:
    if choosing.found() is None:
        detail = "too few are left for the later part who do not assess the earlier one as well; add others"
        return Unmet(rule="consecutive-site", subject="", detail=detail)
    detail = "whoever may supervise is needed in a group; add a supervisor who does not assess"
    return Unmet(rule="supervisor-assesses", subject=SUPERVISION, detail=detail)


def _spare(
    choosing: Choosing, groups: Sequence[Group], supervisors: Sequence[str], supervisor: str
) -> Iterator[LeftOut]:
    detail = "fit, and not needed"
    for group in groups:
        for card in sorted(set(choosing.fit[group.part].values()) - set(group.assessors)):
            yield LeftOut(card=card, part=group.part, rule="not-needed", detail=detail)
    for card in supervisors:
        if card != supervisor:
            yield LeftOut(card=card, part=SUPERVISION, rule="not-needed", detail=detail)
