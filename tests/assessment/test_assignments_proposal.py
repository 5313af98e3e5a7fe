"""A proposal meets every rule whenever some choice from the pool does, is the same for the same pool, and explains."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import combinations, product
from time import perf_counter
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from services.assessment.assignments.domain import Facts, Proposal, Tie, breaches, proposed
from services.assessment.batches.domain import Assignment, Batch, Group
from services.assessment.mirrors.domain import Card
from shared.events.registry import Scope, Staffing
from tests.assessment.assigning import arranged, assignment, day, facts, holder, let, on_days, watching
from tests.assessment.examples import EXAM, standard

DAYS = [EXAM - timedelta(days=days) for days in (2, 9, 40)]
REVIEW = EXAM + timedelta(days=2)


def as_assigned(found: Proposal) -> Assignment:
    return assignment(*found.groups, supervisor=found.supervisor)


def groups_alone(of: Batch, part: str, pool: Sequence[str], known: Facts) -> list[Group]:
    """Groups of whatever size that break no rule of their own; days in a row depend on the other group as well."""
    made = []
    for size in range(1, len(pool) + 1):
        for cards in combinations(pool, size):
            one = Group(part=part, assessors=cards, head=cards[0])
            wrong = breaches(of, assignment(one), known)
            if all(row.rule == "consecutive-site" for row in wrong if row.field.startswith("/groups/0")):
                made.append(one)
    return made


def every_choice(of: Batch, pool: Sequence[str], known: Facts) -> Iterator[Assignment]:
    """Each assignment that could be made from a pool."""
    groups = [groups_alone(of, part, pool, known) for part in known.limits.groups]
    for supervisor in pool:
        for named in product(*groups):
            yield assignment(*named, supervisor=supervisor)


def some_choice(of: Batch, pool: Sequence[str], known: Facts) -> Assignment | None:
    return next((one for one in every_choice(of, pool, known) if not breaches(of, one, known)), None)


@st.composite
def pools(draw: st.DrawFn, most: int) -> tuple[Card, ...]:
    """Cards of whom some are supervisors, some do not fit, and some belong to the same holder."""
    made = []
    for place in range(draw(st.integers(most - 2, most))):
        person = draw(st.one_of(st.just(place), st.integers(0, most)))
        kind = draw(st.sampled_from([*["senior_assessor"] * 5, "assessor", "supervisor", "supervisor"]))
        until = draw(st.sampled_from([EXAM, REVIEW, REVIEW, REVIEW]))
        made.append(holder(f"c{place}", kind, valid_until=until, person_index=f"index-of-p{person}"))
    return tuple(made)


@st.composite
def cases(draw: st.DrawFn, level: str, most: int) -> tuple[Batch, Facts, list[str]]:
    """A batch, what is known, and a pool: groups before, days before, ties and overrides at random."""
    cards = draw(pools(most))
    names = [card.id for card in cards]
    people = st.lists(st.sampled_from([f"p{place}" for place in range(most)]), unique=True, max_size=4)
    everybody = st.just([f"p{place}" for place in range(most)])
    of = on_days(arranged(level), review=draw(st.sampled_from([EXAM, REVIEW]))) if level == "2" else arranged(level)
    if draw(st.booleans()):
        rule = draw(st.sampled_from([("rotation", "practical"), ("rotation", "review"), ("consecutive-site", names[0]),
                                     ("same-employer", names[1])]))  # fmt: skip
        of = let(of, *rule)
    ties = {name: [Tie("same-employer", "x")] for name in draw(st.lists(st.sampled_from(names), max_size=2))}
    least = draw(st.sampled_from([1, 1, 2, 3]))
    own = tuple(
        Staffing(part=part, role="assessor", candidates=None, at_least=least, odd=draw(st.booleans()), source="own")
        for part in ("practical", "review")
    )
    known = facts(
        of,
        *cards,
        by=standard(staffing=own),
        previous={part: draw(people) for part in ("practical", "review") if draw(st.booleans())},
        history={
            "practical": [day(on, *draw(people)) for on in DAYS],
            "review": [day(on, *draw(st.one_of(everybody, people))) for on in DAYS],
        },
        ties=ties,
    )
    # groups before are named by holder in these examples
    before = {part: frozenset(f"index-of-{who}" for who in group_) for part, group_ in known.previous.items()}
    known = Facts(limits=known.limits, cards=known.cards, previous=before, history=known.history, ties=known.ties,
                  candidates=known.candidates)  # fmt: skip
    return of, known, draw(st.permutations(names))


def must_be_as_good_as_any(of: Batch, known: Facts, pool: list[str]) -> None:
    found = proposed(of, pool, known)
    any_choice = some_choice(of, pool, known)
    assert found == proposed(of, sorted(pool), known)
    if any_choice is None:
        event("no choice")
        assert not found.groups
        assert found.unmet
        return
    event("a choice")
    assert not found.unmet, any_choice
    assert breaches(of, as_assigned(found), known) == []


@settings(max_examples=200, deadline=None)
@given(cases("5", 7))
def test_a_choice_for_one_part_is_found_whenever_there_is_one(case: tuple[Batch, Facts, list[str]]) -> None:
    must_be_as_good_as_any(*case)


@settings(max_examples=150, deadline=None)
@given(cases("2", 6))
def test_a_choice_for_both_parts_is_found_whenever_there_is_one(case: tuple[Batch, Facts, list[str]]) -> None:
    must_be_as_good_as_any(*case)


# -- what it says --------------------------------------------------------------------------------------


def propose(of: Batch, pool: Sequence[str], *cards: Card, **known: Any) -> Proposal:
    return proposed(of, pool, facts(of, *cards, **known))


def test_a_senior_assessor_leads_the_group_and_whoever_is_not_needed_is_named() -> None:
    found = propose(arranged(), ["v1", "a1", "a2", "a3", "s1", "v2"], previous={"practical": ("a1", "a2", "a3")})
    assert [row.part for row in found.groups] == ["practical"]
    assert found.groups[0].head == "s1"
    assert {(row.card, row.rule) for row in found.left_out if row.rule == "not-needed"} == {
        (next(iter({"a1", "a2", "a3"} - set(found.groups[0].assessors))), "not-needed"),
        ("v2", "not-needed"),
    }


@pytest.mark.parametrize(
    ("pool", "known", "unmet"),
    [
        (["a1", "a2", "v1"], {}, ("group-size", "practical", "add 1")),
        (["a1", "a2", "a3"], {}, ("supervisor", "supervision", "add the card of a supervisor")),
        (["a1", "a2", "a3", "v1"], {"previous": {"practical": ("a1", "a2", "a3")}}, ("rotation", "practical", "add 1")),
    ],
)
def test_the_rule_that_nobody_meets_is_said_with_what_to_add(
    pool: list[str], known: dict[str, Any], unmet: tuple[str, str, str]
) -> None:
    [row] = propose(arranged(), pool, **known).unmet
    assert (row.rule, row.subject) == unmet[:2]
    assert unmet[2] in row.detail


def test_every_card_that_is_left_out_is_named_with_why() -> None:
    cards = (holder("a1", ended_on=EXAM), holder("a2", scopes=(Scope(occupation="mason", levels=("5",)),)))
    found = propose(arranged(), ["a1", "a2", "a3", "nobody", "v1"], *cards, ties={"a3": [Tie("teacher", "taught")]})
    assert not found.groups
    left = {(row.card, row.part, row.rule) for row in found.left_out}
    assert {
        ("a1", "practical", "card-status"),
        ("a2", "practical", "card-occupation"),
        ("a3", "practical", "teacher"),
        ("nobody", "practical", "card-unknown"),
        ("v1", "practical", "card-kind"),
        ("a3", "supervision", "card-kind"),
    } <= left


def test_a_supervisor_whose_other_card_is_needed_in_a_group_does_not_supervise() -> None:
    same = holder("v1", "supervisor", person_index="index-of-a1")
    found = propose(arranged(), ["a1", "a2", "a3", "v1"], same)
    assert [row.rule for row in found.unmet] == ["supervisor-assesses"]
    assert propose(arranged(), ["a1", "a2", "a3", "v1", "v2"], same).supervisor == "v2"


def test_who_may_assess_only_one_of_two_days_in_a_row_is_taken_for_the_part_that_needs_them() -> None:
    of = on_days(arranged("2"), review=REVIEW)
    days = {"review": [day(on, "s1", "s2", "s3", "s4", "s5") for on in DAYS]}
    found = propose(of, ["s1", "s2", "s3", "s4", "s5", "v1"], history=days)
    assert [row.rule for row in found.unmet] == ["consecutive-site"]
    more = propose(of, ["s1", "s2", "s3", "s4", "s5", "x1", "v1"], holder("x1", "senior_assessor"), history=days)
    assert set(more.groups[0].assessors).isdisjoint({*more.groups[1].assessors} - {"x1"})
    assert not more.unmet


def test_invigilators_are_checked_when_they_are_named() -> None:
    of = arranged()
    found = proposed(of, ["a1", "a2", "a3", "v1"], facts(of), (watching(1),))
    assert [row.rule for row in found.unmet] == ["invigilator-count"]


def test_a_pool_of_200_is_searched_in_a_moment() -> None:
    of = on_days(arranged("2"), review=REVIEW)
    cards = [holder(f"c{place:03}", "senior_assessor") for place in range(150)]
    cards += [holder(f"d{place:03}", "supervisor", person_index=f"index-of-c{place:03}") for place in range(50)]
    names = [card.id for card in cards]
    everybody = day(DAYS[0], *names)
    known = facts(of, *cards, previous={"practical": names[:149]}, history={"review": [everybody] * 3})
    start = perf_counter()
    assert not proposed(of, names, known).unmet
    assert perf_counter() - start < 2
