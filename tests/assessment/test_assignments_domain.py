"""Each rule of assignment by itself: met, not met, set aside; and what becomes of an assignment."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.arrangements.domain import ONLINE
from services.assessment.assignments.domain import (
    Breach,
    By,
    NotOverridable,
    Tie,
    breaches,
    confirmed,
    must_be_open,
    must_be_overridable,
    must_be_own,
    must_take_recusals,
    overridden,
    refusal_of,
    refused,
    reopened,
)
from services.assessment.assignments.domain.recusals import Recusal
from services.assessment.batches.domain import Assignment, Batch, Frozen, Override, Room, State, WrongState
from services.assessment.mirrors.domain import Card
from shared.errors import Forbidden
from shared.events.assessment import AssignmentConfirmed, AssignmentReopened
from shared.events.registry import Scope, Staffing
from tests.assessment.assigning import (
    RULES,
    arranged,
    assignment,
    day,
    facts,
    group,
    holder,
    let,
    on_days,
    watching,
)
from tests.assessment.examples import EXAM, LINE, NOW, UNIT, batch, standard

RULES_OF_REGISTRY = Path(__file__).parents[2] / "services/registry/data/rules.json"
BY = By("exam office", NOW)
BEFORE = [EXAM - timedelta(days=days) for days in (1, 5, 30, 90)]
REVIEWED = (group("s1", "s2", "s3"), group("s3", "s4", "s5", part="review"))


def broken(of: Batch, wanted: Assignment, *cards: Card, **known: Any) -> list[tuple[str, str, str]]:
    return [(row.rule, row.subject, row.field) for row in breaches(of, wanted, facts(of, *cards, **known))]


def test_an_assignment_that_meets_every_rule_breaks_none() -> None:
    assert broken(arranged(), assignment()) == []
    assert broken(arranged("2"), assignment(*REVIEWED)) == []


# -- cards ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "rule"),
    [
        (holder("a2", "supervisor"), "card-kind"),
        (holder("a2", valid_until=EXAM - timedelta(days=1)), "card-term"),
        (holder("a2", suspended_on=EXAM), "card-status"),
        (holder("a2", ended_on=EXAM), "card-status"),
        (holder("a2", scopes=(Scope(occupation="mason", levels=("5",)),)), "card-occupation"),
        (holder("a2", scopes=(Scope(occupation="rebar_worker", levels=("4",)),)), "card-level"),
        (holder("a2", person_index=""), "card-person"),
    ],
)
def test_a_card_that_does_not_hold_for_the_exam_is_named_with_its_place(named: Card, rule: str) -> None:
    assert broken(arranged(), assignment(), named) == [(rule, "a2", "/groups/0/assessors/1")]
    nobody = assignment(group("a1", "nobody", "a3"))
    assert broken(arranged(), nobody) == [("card-unknown", "nobody", "/groups/0/assessors/1")]


@pytest.mark.parametrize("days", [0, 3])
def test_a_card_holds_on_the_day_of_its_part_not_of_the_batch(days: int) -> None:
    of = on_days(arranged(), practical=EXAM + timedelta(days=days))
    ending = holder("a2", valid_until=EXAM)
    assert [row[0] for row in broken(of, assignment(), ending)] == (["card-term"] if days else [])


def test_a_supervisor_is_there_on_each_day_of_the_exam() -> None:
    of = on_days(arranged(), practical=EXAM + timedelta(days=3))
    ending = holder("v1", "supervisor", valid_until=EXAM)
    assert broken(of, assignment(), ending) == [("card-term", "v1", "/supervisor")]


@pytest.mark.parametrize(("level", "kinds"), [("3", []), ("2", ["card-senior"]), ("1", ["card-senior"])])
def test_an_assessor_assesses_levels_5_to_3_and_a_senior_one_all(level: str, kinds: list[str]) -> None:
    of = arranged(level="4").having(level=level)
    assert [row[0] for row in broken(of, assignment(group("s1", "s2", "a1")))] == kinds
    assert broken(of, assignment(group("s1", "s2", "s3"))) == []


def test_every_broken_rule_of_every_card_is_listed() -> None:
    cards = (holder("a1", ended_on=EXAM, scopes=()), holder("a3", "supervisor"))
    assert [row[:2] for row in broken(arranged(), assignment(supervisor="a2"), *cards)] == [
        ("card-status", "a1"),
        ("card-occupation", "a1"),
        ("card-kind", "a3"),
        ("card-kind", "a2"),
        ("supervisor-assesses", "a2"),
    ]


@pytest.mark.parametrize("rule", ["candidate", "same-employer", "teacher", "relative", "recusal"])
@pytest.mark.parametrize(("card", "field"), [("a3", "/groups/0/assessors/2"), ("v1", "/supervisor")])
def test_nobody_assesses_or_supervises_who_is_tied_to_a_candidate(rule: str, card: str, field: str) -> None:
    assert broken(arranged(), assignment(), ties={card: [Tie(rule, "name another")]}) == [(rule, card, field)]


# -- groups --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cards", "rules"),
    [
        (("a1", "a2"), ["group-size", "group-odd"]),
        (("a1", "a2", "a3", "a4"), ["group-odd"]),
        (("a1", "a2", "a3", "a4", "a5"), []),
        (("a1",), ["group-size"]),
    ],
)
def test_a_group_has_at_least_three_and_an_odd_number(cards: tuple[str, ...], rules: list[str]) -> None:
    assert [row[0] for row in broken(arranged(), assignment(group(*cards)))] == rules


def test_each_assessed_part_of_the_level_has_one_group() -> None:
    practical = group("s1", "s2", "s3")
    assert broken(arranged("2"), assignment(practical)) == [("group-missing", "review", "/groups")]
    assert broken(arranged(), assignment(*REVIEWED)) == [("group-part", "review", "/groups/1/part")]
    twice = assignment(practical, practical)
    assert broken(arranged(), twice) == [("group-part", "practical", "/groups/1/part")]


def test_the_standards_own_staffing_goes_before_the_rule() -> None:
    own = standard(
        staffing=(
            Staffing(part="practical", role="assessor", candidates=5, at_least=2, odd=False, source="own"),
            Staffing(part="theory", role="invigilator", candidates=None, at_least=1, odd=False, source="own"),
        )
    )
    assert broken(arranged(), assignment(group("a1", "a2"), invigilators=(watching(),)), by=own) == []
    stations = (Room(part="practical", name="工位区", stations=16, turns=2),)
    of = arranged().having(rooms=(*arranged().rooms, *stations))
    assert [row[0] for row in broken(of, assignment(), by=own)] == ["group-size"]
    assert broken(of, assignment(), by=own, candidates=15) == []


def test_the_head_is_one_of_the_group_and_each_holder_is_named_once() -> None:
    head = group("a1", "a2", "a3").model_copy(update={"head": "a4"})
    assert broken(arranged(), assignment(head)) == [("head", "practical", "/groups/0/head")]
    twice = assignment(group("a1", "a2", "a1"))
    assert broken(arranged(), twice) == [("named-twice", "a1", "/groups/0/assessors/2")]
    two_cards = holder("s1", "senior_assessor", person_index="index-of-a2")
    wanted = assignment(group("a1", "a2", "s1"))
    assert broken(arranged(), wanted, two_cards) == [("named-twice", "s1", "/groups/0/assessors/2")]


def test_one_who_assesses_never_supervises_with_whichever_card() -> None:
    same = holder("v1", "supervisor", person_index="index-of-a3")
    assert broken(arranged(), assignment(), same) == [("supervisor-assesses", "v1", "/supervisor")]


@pytest.mark.parametrize(
    ("before", "cards", "met"),
    [
        (("a1", "a2", "a3"), ("a1", "a2", "a3"), False),
        (("a1", "a2", "a3"), ("a1", "a2", "a4"), True),
        (("a1", "a2", "a3", "a4", "a5"), ("a1", "a2", "a3", "a4", "s1"), False),
        (("a1", "a2", "a3", "a4", "a5"), ("a1", "a2", "a3", "s2", "s1"), True),
        ((), ("a1", "a2", "a3"), True),
    ],
)
def test_a_third_of_a_group_did_not_assess_in_the_batch_before(
    before: tuple[str, ...], cards: tuple[str, ...], met: bool
) -> None:
    previous = {"practical": before} if before else {}
    found = broken(arranged(), assignment(group(*cards)), previous=previous)
    assert found == ([] if met else [("rotation", "practical", "/groups/0/assessors")])


def test_a_new_card_makes_nobody_a_new_member() -> None:
    renewed = holder("s1", "senior_assessor", person_index="index-of-a1")
    found = broken(arranged(), assignment(group("s1", "a2", "a3")), renewed, previous={"practical": ("a1", "a2", "a3")})
    assert [row[0] for row in found] == ["rotation"]


def test_nobody_assesses_on_a_fourth_exam_day_in_a_row_at_a_site() -> None:
    days = [day(on, "a1", "a4") for on in BEFORE]
    assert broken(arranged(), assignment(), history={"practical": days[:2]}) == []
    found = broken(arranged(), assignment(), history={"practical": days[:3]})
    assert found == [("consecutive-site", "a1", "/groups/0/assessors/0")]
    between = [days[0], day(BEFORE[1], "a4"), *days[2:]]
    assert broken(arranged(), assignment(), history={"practical": between}) == []


def test_the_batchs_own_days_before_count_in_a_row_and_break_one() -> None:
    of = on_days(arranged("2"), review=EXAM + timedelta(days=2))
    days = {"review": [day(on, "s1", "s3") for on in BEFORE[:3]]}
    assert broken(of, assignment(*REVIEWED), history=days) == [("consecutive-site", "s3", "/groups/1/assessors/0")]
    rested = assignment(REVIEWED[0], group("s4", "s5", "s1", part="review"))
    assert [row[1] for row in broken(of, rested, history=days)] == ["s1"]
    broken_run = assignment(group("s2", "s4", "s5"), group("s1", "s4", "s5", part="review"))
    assert broken(of, broken_run, history=days) == []


def test_an_exam_held_online_has_no_site_to_be_at_in_a_row() -> None:
    of = arranged()
    online = of.having(sittings=tuple(row.model_copy(update={"site": ""}) for row in of.sittings))
    assert broken(online, assignment(), history={"practical": [day(on, "a1") for on in BEFORE]}) == []


# -- invigilators --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stations", "candidates", "wanted"), [(20, 20, 2), (31, 100, 3), (31, 30, 2), (5, 5, 2)])
def test_a_room_has_one_invigilator_for_fifteen_at_a_time_and_at_least_two(
    stations: int, candidates: int, wanted: int
) -> None:
    of = arranged(rooms=(Room(part="theory", name="一号考场", stations=stations, turns=4),))
    for here in range(5):
        named = assignment(invigilators=tuple(watching(place) for place in range(here)))
        found = broken(of, named, candidates=candidates)
        assert found == ([] if here >= wanted else [("invigilator-count", "一号考场", "/invigilators")])


def test_each_room_has_its_own_invigilators() -> None:
    rooms = tuple(Room(part="theory", name=name, stations=20) for name in ("一号考场", "二号考场"))
    found = broken(arranged(rooms=rooms), assignment())
    assert found == [("invigilator-count", "二号考场", "/invigilators")]


def test_who_watches_over_a_part_held_online_names_no_room() -> None:
    of = arranged(rooms=(Room(part="theory", name=ONLINE, stations=20),))
    for room in ("", ONLINE):
        watched = assignment(invigilators=(watching(1, room=room), watching(2, room=room)))
        assert broken(of, watched) == []
    assert broken(of, assignment(invigilators=(watching(1, room=""), watching(2)))) == [
        ("invigilator-count", ONLINE, "/invigilators"),
        ("invigilator-room", "theory", "/invigilators/1/room"),
    ]
    assert ("invigilator-room", "theory", "/invigilators/0/room") in broken(
        arranged(), assignment(invigilators=(watching(1, room=""), watching(2)))
    )


def test_before_rooms_are_named_two_invigilators_will_do_and_online_the_ratio_counts_for_all() -> None:
    assert broken(batch(), assignment(), candidates=100) == []
    found = broken(batch(arrangement=1), assignment(), candidates=100)
    assert found == [("invigilator-count", "theory", "/invigilators")]


def test_an_invigilator_is_named_once_in_a_room_of_the_part_and_is_no_candidate() -> None:
    rows = (watching(1), watching(1), watching(2, room="九号考场"), watching(3, part="practical"), watching(4))
    found = broken(arranged(), assignment(invigilators=rows), entered=frozenset({"w4"}))
    assert [(rule, field) for rule, _, field in found] == [
        ("invigilator-twice", "/invigilators/1"),
        ("invigilator-room", "/invigilators/2/room"),
        ("invigilator-part", "/invigilators/3/part"),
        ("invigilator-candidate", "/invigilators/4"),
    ]


# -- set aside -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "subject", "known"),
    [
        ("rotation", "practical", {"previous": {"practical": ("a1", "a2", "a3")}}),
        ("consecutive-site", "a1", {"history": {"practical": [day(on, "a1") for on in BEFORE[:3]]}}),
        ("same-employer", "a1", {"ties": {"a1": [Tie("same-employer", "name another")]}}),
    ],
)
def test_what_an_authority_set_aside_passes_for_its_subject_only(
    rule: str, subject: str, known: dict[str, Any]
) -> None:
    assert broken(let(arranged(), rule, subject), assignment(), **known) == []
    assert [row[0] for row in broken(let(arranged(), rule, "a2"), assignment(), **known)] == [rule]


def test_what_is_not_overridable_passes_for_nobody() -> None:
    tied = {"a1": [Tie("relative", "name another")]}
    assert [row[0] for row in broken(let(arranged(), "relative", "a1"), assignment(), ties=tied)] == ["relative"]
    overridable = facts(arranged()).limits.overridable
    must_be_overridable("rotation", overridable)
    with pytest.raises(NotOverridable, match="rotation"):
        must_be_overridable("relative", overridable)


# -- what becomes of it --------------------------------------------------------------------------------


def _confirmed(of: Batch, wanted: Assignment | None = None) -> Batch:
    return confirmed(of, wanted or assignment(), facts(of).limits, BY)[0]


def test_a_confirmed_assignment_says_who_and_by_which_days_rules() -> None:
    of = let(arranged(), "rotation", "practical")
    made, [said] = confirmed(of, assignment(), facts(of).limits, BY)
    assert isinstance(said, AssignmentConfirmed)
    assert (said.groups[0].assessors, said.groups[0].head, said.supervisor) == (("a1", "a2", "a3"), "a1", "v1")
    kept = made.assignment
    assert (kept.state, kept.rules_on, said.rules_on, kept.by) == ("confirmed", EXAM, EXAM, "exam office")
    assert kept.overrides == of.assignment.overrides


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_the_newest_refusals_are_kept_and_what_was_confirmed_stays(turns: list[int]) -> None:
    of, said = _confirmed(arranged()), 0
    for turn in turns:
        rows = [Breach("head", "practical", f"refusal {said + place}") for place in range(turn)]
        of, said = refused(of, rows, BY, 50)[0], said + turn
    kept = of.assignment.refusals
    assert [row.detail for row in kept] == [f"refusal {place}" for place in range(max(0, said - 50), said)]
    assert (of.assignment.state, of.assignment.groups) == ("confirmed", assignment().groups)


def test_a_rule_that_does_not_hold_any_more_opens_it_again_once() -> None:
    of = _confirmed(arranged())
    wrong = [Breach("card-status", "a2", "does not hold"), Breach("rotation", "practical", "replace one")]
    again, said = reopened(of, wrong)
    assert [(row.card, row.rule) for row in said if isinstance(row, AssignmentReopened)] == [
        ("a2", "card-status"),
        ("", "rotation"),
    ]
    assert (again.assignment.state, again.assignment.why) == ("reopened", "does not hold; replace one")
    assert reopened(again, wrong) == (again, [])
    assert reopened(of, []) == (of, [])


@pytest.mark.parametrize(
    ("state", "opened", "lets"),
    [
        (State.FILED, False, False),
        (State.REGISTERING, False, True),
        (State.ARRANGED, False, True),
        (State.IN_EXAM, False, False),
        (State.IN_EXAM, True, True),
        (State.MARKING, False, False),
        (State.MARKING, True, True),
        (State.SCORED, True, False),
    ],
)
def test_a_batch_is_assigned_before_its_exam_and_in_it_only_once_opened_again(
    state: State, opened: bool, lets: bool
) -> None:
    of = _confirmed(arranged())
    of = (reopened(of, [Breach("card-status", "a2", "x")])[0] if opened else of).having(state=state)
    if lets:
        must_be_open(of)
        assert _confirmed(of).assignment.why == ""
        return
    with pytest.raises(WrongState):
        must_be_open(of)


def test_a_frozen_batch_is_not_assigned() -> None:
    with pytest.raises(Frozen):
        must_be_open(arranged(frozen=True))


def test_who_signed_a_sheet_stays_in_the_group() -> None:
    of = _confirmed(arranged()).having(state=State.MARKING)
    signed = frozenset({("practical", "a1"), ("practical", "a2")})
    assert broken(of, assignment(), signed=signed) == []
    others = assignment(group("a1", "a4", "a5"))
    assert broken(of, others, signed=signed) == [("signed", "a2", "/groups")]
    for rule in ("recusal", "teacher"):
        assert broken(of, others, signed=signed, ties={"a2": [Tie(rule, "name another")]}) == []
    assert broken(of, others, holder("a2", ended_on=EXAM), signed=signed) == []


def test_a_group_that_signed_keeps_its_size_so_that_no_sheet_is_missing_or_left_over() -> None:
    of = _confirmed(arranged()).having(state=State.IN_EXAM)
    assert of.assignment.group("practical") is not None
    five = assignment(group("a1", "a2", "a3", "a4", "a5"))
    assert broken(of, five) == []
    assert broken(of, five, signed=frozenset({("practical", "a1")})) == [("signed-size", "practical", "/groups")]


def test_who_signed_one_part_does_not_leave_it_for_another() -> None:
    of = _confirmed(arranged("2"), assignment(*REVIEWED)).having(state=State.IN_EXAM)
    moved = assignment(group("s2", "s3", "s4"), group("s1", "s3", "s4", part="review"))
    found = broken(of, moved, signed=frozenset({("practical", "s1"), ("review", "s3")}))
    assert found == [("signed", "s1", "/groups")]


def test_only_a_group_that_changes_in_the_exam_has_entries_judged_anew() -> None:
    of = _confirmed(arranged())
    again = reopened(of, [Breach("card-status", "a2", "x")])[0]
    assert not _confirmed(again).assignment.judging
    again = again.having(state=State.IN_EXAM)
    assert not _confirmed(again).assignment.judging
    assert _confirmed(again, assignment(group("a1", "a3", "a4"))).assignment.judging


def test_a_refusal_names_each_rule_with_its_place_and_what_to_do() -> None:
    fault = refusal_of([Breach("head", "practical", "name one of them", "/groups/0/head"),
                        Breach("rotation", "practical", "replace 1", "/groups/0/assessors")])  # fmt: skip
    assert [(row.rule, row.field, row.detail) for row in fault.further] == [
        ("head", "/groups/0/head", "name one of them"),
        ("rotation", "/groups/0/assessors", "replace 1"),
    ]
    assert fault.rule == "head"
    assert "1 more" in fault.detail


def test_an_override_said_anew_replaces_the_one_before() -> None:
    first = Override(rule="rotation", subject="practical", reason="scarce", actor="a", at=NOW)
    other = first.model_copy(update={"subject": "review"})
    anew = first.model_copy(update={"reason": "still scarce"})
    of = arranged()
    for override in (first, other, anew):
        of = overridden(of, override)[0]
    assert of.assignment.overrides == (other, anew)


def test_the_rules_of_levels_are_those_by_which_cards_are_issued() -> None:
    registry = type(RULES).load(RULES_OF_REGISTRY)
    for kind in ("assessor", "senior_assessor"):
        levels = [book.value(f"{kind}.levels", list[str], on=date(2026, 1, 1)) for book in (RULES, registry)]
        assert levels[0] == levels[1]


# -- recusals ------------------------------------------------------------------------------------------


def test_holders_of_cards_recuse_themselves_only() -> None:
    must_be_own("a1", "a1")
    with pytest.raises(Forbidden):
        must_be_own("a1", "a2")


def test_a_conflict_is_declared_until_the_sheets_are_sealed_even_when_frozen() -> None:
    must_take_recusals(arranged(frozen=True))
    with pytest.raises(WrongState):
        must_take_recusals(arranged(state=State.SCORED))


def test_a_recusal_ties_the_card_to_the_batch() -> None:
    about = {"unit": UNIT, "batch": "batch-1", "card": "a1", "kind": "mentor", "note": "", "actor": "a", "role": "unit"}
    recusal = Recusal(id="recusal-1", authority=LINE, entry="entry-1", at=NOW, **about)
    assert recusal.tie.rule == "recusal"
    assert "candidate entry-1" in recusal.tie.detail
