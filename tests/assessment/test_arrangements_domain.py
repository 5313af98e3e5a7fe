"""Rooms hold who sits, nobody shares a place or a number, and what is noted on the day decides a result."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from services.assessment.arrangements.commands import AttendanceRow, RoomAsked
from services.assessment.arrangements.domain import (
    Marked,
    NoTicket,
    NotNoted,
    Pieces,
    Roll,
    Series,
    Unarranged,
    arranged,
    attended,
    block_at,
    blocks,
    given,
    must_be_notable,
    must_name_one,
    noted,
    parts_on_ticket,
    roll_of,
    room_counts,
    roomed,
    rows_at_door,
    shuffled,
    sitting,
    ticketed,
)
from services.assessment.arrangements.domain.pieces import NUMBERS
from services.assessment.batches.domain import Batch, NoEntries, Room, State, Tally, WrongState
from services.assessment.entries.domain import Entry, Resit, Score, Sheet
from services.assessment.entries.domain import State as EntryState
from tests.assessment.examples import CARDS, EXAM, NOW, batch, entry, in_exam
from tests.assessment.sheets import placed, practical, sign

TEMPLATE = "{day:%y%m%d}{line}-{batch:03}-{serial:05}"
SERIES = Series(id="batch-1.1", authority="33", batch="batch-1", arrangement=1, day=EXAM, number=7)
KEY = b"k" * 32
ROOMS = (
    Room(part="theory", name="一号考场", stations=3),
    Room(part="theory", name="二号考场", stations=4),
    Room(part="practical", name="一号工位区", stations=2, turns=2),
    Room(part="practical", name="二号工位区", stations=1, turns=4),
)
PIECES = Pieces(KEY, 1, ("theory", "practical"))


def asked(*rooms: tuple[Any, ...]) -> list[RoomAsked]:
    return [RoomAsked(**dict(zip(("part", "name", "stations", "turns"), room, strict=False))) for room in rooms]


def refused(rooms: Sequence[RoomAsked], needed: dict[str, int], stations: int | None = None) -> tuple[Any, Any]:
    with pytest.raises(Unarranged) as fault:
        roomed(batch(), rooms, needed, {"practical": stations})
    return fault.value.field, fault.value.rule


# -- rooms ---------------------------------------------------------------------------------------------


def test_rooms_hold_everybody_who_sits_a_part_in_all_turns_together() -> None:
    rooms = asked(("theory", "甲", 10), ("practical", "乙", 3, 3), ("practical", "丙", 1))
    assert len(roomed(batch(), rooms, {"theory": 10, "practical": 10}, {"practical": 4})) == 3
    assert refused(rooms, {"theory": 10, "practical": 11}) == ("/rooms", "capacity")
    assert refused(rooms, {"theory": 11, "practical": 10}) == ("/rooms", "capacity")


def test_a_room_that_cannot_be_is_refused_by_field_and_rule() -> None:
    needed = {"theory": 1, "practical": 1}
    assert refused(asked(("review", "甲", 9)), needed) == ("/rooms/0/part", "part-unknown")
    assert refused(asked(("theory", "甲", 9), ("theory", "甲", 9)), needed) == ("/rooms/1/name", "name-twice")
    both = asked(("theory", "甲", 9), ("practical", "甲", 9))
    assert len(roomed(batch(), both, needed, {})) == 2
    assert refused(both, needed, stations=8) == ("/rooms", "stations")
    assert refused(both, {"theory": 1_000_001, "practical": 1}) == ("/rooms", "too-many")


def test_a_part_without_site_and_place_needs_no_room_and_gets_one_that_holds_all() -> None:
    at_site = batch()
    theory, practical = at_site.sittings
    online = at_site.having(sittings=(theory.model_copy(update={"site": ""}), practical))
    made = roomed(online, asked(("practical", "甲", 9)), {"theory": 8, "practical": 8}, {})
    assert made[-1] == Room(part="theory", name="线上", stations=8)
    assert refused(asked(("practical", "甲", 9)), {"theory": 8, "practical": 8}) == ("/rooms", "capacity")


def test_who_carries_a_part_over_from_an_earlier_exam_needs_no_place_in_it() -> None:
    groups: list[tuple[Sequence[str], int]] = [((), 5), (("theory",), 2), (("practical",), 1)]
    assert sitting(batch().parts, groups) == {"theory": 6, "practical": 7}


def test_a_batch_is_arranged_while_it_registers_and_anew_until_the_exam() -> None:
    rooms, tally = asked(("theory", "甲", 9), ("practical", "乙", 9)), Tally(enrolled=2)
    about: dict[str, Any] = {"tally": tally, "now": NOW, "seconds": 0.0}
    once, said = arranged(batch(), rooms, [((), 2)], {}, **about)
    assert (once.state, once.arrangement, once.tickets, len(said)) == (State.ARRANGED, 1, 0, 1)
    assert arranged(once, rooms, [((), 2)], {}, **about)[0].arrangement == 2
    with pytest.raises(WrongState):
        arranged(in_exam(), [], [((), 2)], {}, **about)
    with pytest.raises(NoEntries):
        arranged(batch(), rooms, [], {}, **{**about, "tally": Tally()})
    with pytest.raises(Unarranged):
        arranged(once.having(arrangement=250), rooms, [((), 2)], {}, **about)


def test_all_rooms_are_filled_before_anybody_waits_for_a_turn() -> None:
    order = [(row.room.name, row.turn, row.first) for row in blocks(ROOMS, "practical")]
    first, second = ROOMS[2].name, ROOMS[3].name
    assert order == [(first, 1, 0), (second, 1, 2), (first, 2, 3), (second, 2, 5), (second, 3, 6), (second, 4, 7)]


rooms_of = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 5)), min_size=1, max_size=12).map(
    lambda made: [
        Room(part="practical", name=str(at), stations=stations, turns=turns)
        for at, (stations, turns) in enumerate(made)
    ]
)


@for_all(rooms_of)
def test_every_place_in_the_order_is_one_station_of_one_room_in_one_turn(rooms: list[Room]) -> None:
    held = sum(room.stations * room.turns for room in rooms)
    found = blocks(rooms, "practical")
    got = [(block := block_at(found, at), at - block.first + 1) for at in range(held)]
    assert len({(block.room.name, block.turn, station) for block, station in got}) == held
    assert all(1 <= station <= block.room.stations and block.turn <= block.room.turns for block, station in got)
    with pytest.raises(Unarranged):
        block_at(found, held)


# -- numbers -------------------------------------------------------------------------------------------


@for_all(st.binary(min_size=16, max_size=32), st.sets(st.integers(0, NUMBERS - 1), max_size=200))
def test_no_two_places_share_a_work_piece_number_whatever_the_key(key: bytes, values: set[int]) -> None:
    made = {shuffled(key, value) for value in values}
    assert len(made) == len(values)
    assert all(0 <= number < NUMBERS for number in made)


def test_neighbours_parts_arrangements_and_batches_have_numbers_that_tell_nothing_of_each_other() -> None:
    for other in (Pieces(KEY, 2, PIECES.parts), Pieces(b"x" * 32, 1, PIECES.parts)):
        mine = [PIECES.number("theory", at) for at in range(1000)]
        theirs = [other.number("theory", at) for at in range(1000)]
        assert len({*mine, *(PIECES.number("practical", at) for at in range(1000))}) == 2000
        assert sum(one == two for one, two in zip(mine, theirs, strict=True)) == 0
    steps = [int(two) - int(one) for one, two in pairwise(mine)]
    assert 400 < sum(step > 0 for step in steps) < 600, "neighbours are not in the order of their places"
    assert all(len(number) == 9 for number in mine)


# -- rolls ---------------------------------------------------------------------------------------------


def candidates(many: int, resits: Iterable[int] = ()) -> list[Entry]:
    carried = Resit(
        entry="entry-0", exam_on=date(2019, 9, 1), carried=(Score(part="theory", points=70, state="carried"),)
    )
    made = [entry(number) for number in range(many)]
    return sorted(
        (one.having(resit=carried) if number in set(resits) else one for number, one in enumerate(made)),
        key=lambda one: one.id,
    )


def rolled(of: Batch, entries: Sequence[Entry], run: int) -> list[Roll]:
    rolls: list[Roll] = []
    for start in range(0, len(entries), run):
        rolls.append(roll_of(of, rolls[-1] if rolls else None, entries[start : start + run]))
    return rolls


def all_given(of: Batch, rolls: Iterable[Roll]) -> dict[str, Any]:
    return {name: row for roll in rolls for name, row in given(of, roll, SERIES, TEMPLATE, PIECES).items()}


@settings(deadline=None, max_examples=40)
@for_all(st.integers(1, 8), st.sets(st.integers(0, 6)))
def test_whatever_the_runs_everybody_has_a_place_of_their_own_for_the_parts_they_sit(
    run: int, resits: set[int]
) -> None:
    of, entries = batch(rooms=ROOMS, arrangement=1), candidates(7, resits)
    found = all_given(of, rolled(of, entries, run))
    assert found == all_given(of, rolled(of, entries, 7)), "runs decide nothing"
    assert [found[one.id].ticket for one in entries] == [f"19101233-007-{serial:05}" for serial in range(1, 8)]
    places = [place for row in found.values() for place in row.places]
    assert len({(place.part, place.room, place.turn, place.station) for place in places}) == len(places)
    assert len({place.work_piece for place in places}) == len(places)
    sat = {one.id: [part.id for part in one.to_sit(of.parts)] for one in entries}
    assert {name: [place.part for place in row.places] for name, row in found.items()} == sat


def test_what_is_given_once_stays_and_a_newer_arrangement_replaces_an_older_one() -> None:
    of, (one, *_) = batch(rooms=ROOMS, arrangement=1), candidates(3)
    mine = all_given(of, rolled(of, [one], 3))[one.id]
    holding, said = ticketed(one, 1, mine)
    assert (holding.ticket, holding.arrangement, list(said)) == (mine.ticket, 1, [])
    other = mine._replace(ticket="other")
    assert ticketed(holding, 1, other)[0] is holding
    assert ticketed(holding, 2, other)[0].ticket == "other"
    assert ticketed(ticketed(holding, 2, other)[0], 1, mine)[0].ticket == "other"
    assert ticketed(one.having(state=EntryState.WITHDRAWN), 1, mine)[0].ticket == mine.ticket
    gone = one.having(state=EntryState.INELIGIBLE)
    assert ticketed(gone, 1, mine)[0] is gone


# -- tickets and doors ---------------------------------------------------------------------------------


def examined(many: int = 7) -> tuple[Batch, list[Entry]]:
    of, entries = in_exam(rooms=ROOMS, arrangement=1), candidates(many)
    found = all_given(of, rolled(of, entries, 3))
    return of, [ticketed(one, 1, found[one.id])[0] for one in entries]


def test_a_ticket_tells_when_to_come_and_a_later_turn_begins_after_the_one_before() -> None:
    of, entries = examined()
    theory, practical = parts_on_ticket(of, entries[3], 15, {"site-1": "示例考点"})
    assert (theory.begins, theory.arrive, theory.turn, theory.where) == ("09:00", "08:45", 1, "示例考点")
    assert (practical.begins, practical.arrive, practical.turn) == ("10:00", "09:45", 2)
    with pytest.raises(NoTicket):
        parts_on_ticket(of, candidates(1)[0], 15, {})
    with pytest.raises(NoTicket):
        parts_on_ticket(of.having(arrangement=2), entries[3], 15, {})


def test_the_list_at_a_door_names_who_sits_there_in_the_order_of_turns_and_stations() -> None:
    _, entries = examined()
    rows = rows_at_door(ROOMS[2], reversed(entries))
    assert [(row.turn, row.station) for row in rows] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [row.ticket for row in rows] == [entries[at].ticket for at in (0, 1, 3, 4)]


# -- attendance ----------------------------------------------------------------------------------------


def row(part: str = "practical", mark: str = "late", **more: Any) -> AttendanceRow:
    return AttendanceRow.model_validate({"entry": "entry-1", "part": part, "mark": mark, **more})


@pytest.mark.parametrize(
    ("sent", "field", "rule"),
    [
        (row(part="review"), "/part", "part-not-sat"),
        (row(minutes=0), "/minutes", "minutes-missing"),
        (row(minutes=31), "/minutes", "too-late"),
        (row(mark="absent", minutes=5), "/minutes", "minutes-not-late"),
        (row(mark="violation", note="  "), "/note", "note-missing"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_field_and_rule(sent: AttendanceRow, field: str, rule: str) -> None:
    with pytest.raises(NotNoted) as fault:
        must_be_notable(sent, candidates(1)[0], in_exam(), 30, EXAM)
    assert (fault.value.field, fault.value.rule) == (field, rule)


def test_an_absence_takes_signed_sheets_away_only_with_a_note() -> None:
    examined = sign(placed(), practical(placed().id))
    absent = row(part="practical", mark="absent", minutes=0)
    with pytest.raises(NotNoted) as fault:
        must_be_notable(absent, examined, in_exam(), 30, EXAM)
    assert (fault.value.field, fault.value.rule) == ("/note", "note-missing")
    for also in (absent.model_copy(update={"part": "theory"}), absent.model_copy(update={"note": "考件编号抄错"})):
        assert must_be_notable(also, examined, in_exam(), 30, EXAM)


def test_only_candidates_who_sit_a_part_that_is_not_to_come_are_noted() -> None:
    of, late = in_exam(), row(minutes=30)
    assert must_be_notable(late, candidates(1)[0], of, 30, EXAM)
    wrong: list[tuple[Entry | None, date, str]] = [
        (None, EXAM, "unknown-entry"),
        (candidates(1)[0].having(state=EntryState.WITHDRAWN), EXAM, "not-examined"),
        (candidates(1)[0], date(2019, 10, 11), "part-later"),
    ]
    for found, today, rule in wrong:
        with pytest.raises(NotNoted) as fault:
            must_be_notable(late, found, of, 30, today)
        assert fault.value.rule == rule
    with pytest.raises(NotNoted):
        must_be_notable(row(part="theory", mark="absent"), candidates(1, [0])[0], of, 30, EXAM)
    for nobody in ({"ticket": "t-1"}, {"entry": None}):
        with pytest.raises(NotNoted):
            must_name_one(row().model_copy(update=nobody))


def sheet(part: str, assessor: str = "", points: float = 80) -> Sheet:
    signed = datetime(2019, 10, 12, 9, tzinfo=UTC)
    about: dict[str, Any] = {"marks": (), "scorer": "one", "checker": "two", "signed_at": signed}
    return Sheet(part=part, assessor=assessor, work_piece="1", points=points, **about)


def scored(of: Batch) -> tuple[Batch, Entry]:
    sheets = (sheet("theory"), *(sheet("practical", card) for card in CARDS))
    return of, attended(candidates(1)[0].having(sheets=sheets), of, ())[0]


def note(mark: str, part: str = "practical", **more: Any) -> Any:
    return noted(row(part=part, mark=mark, **more), NOW, "office")


def test_absence_fails_the_part_and_a_later_row_takes_it_back() -> None:
    of, passed = scored(in_exam())
    assert passed.state is EntryState.PASSED
    absent = attended(passed, of, [note("absent")])[0]
    assert (absent.state, absent.points("theory"), absent.points("practical")) == (EntryState.FAILED, 80, 0)
    assert [score.state for score in absent.scores] == ["scored", "absent"]
    again = attended(absent, of, [note("present")])[0]
    assert (again.state, len(again.attendance)) == (EntryState.PASSED, 1)
    assert attended(passed, of, [note("late", minutes=20)])[0].state is EntryState.PASSED


def test_a_violation_at_one_part_voids_all_parts_of_the_exam_until_it_is_taken_back() -> None:
    of, passed = scored(in_exam())
    void = attended(passed, of, [note("violation", "theory", note="抄袭"), note("late", minutes=5)])[0]
    assert (void.state, [score.state for score in void.scores]) == (EntryState.FAILED, ["void", "void"])
    back = attended(void, of, [note("present", "theory")])[0]
    assert (back.state, back.noted("practical")) == (EntryState.PASSED, "late")


def test_the_counts_of_a_room_are_of_those_with_a_place_in_it_who_did_not_withdraw() -> None:
    of, entries = examined()
    late = attended(entries[0], of, [note("late", minutes=5)])[0]
    absent = attended(entries[3], of, [note("absent"), note("absent", "theory")])[0]
    gone = entries[1].having(state=EntryState.WITHDRAWN)
    counts = room_counts(of, {"theory": 7, "practical": 7}, [marked(gone)], [marked(late), marked(absent)])
    first, second, third, fourth = counts
    assert (first.expected, first.present, first.absent) == (2, 2, 0)
    assert (second.expected, second.present, second.absent) == (4, 3, 1)
    assert (third.expected, third.present, third.late, third.absent) == (3, 1, 1, 1)
    assert (fourth.expected, fourth.present, fourth.room) == (3, 3, 4)


def marked(one: Entry) -> Marked:
    places = [(place.part, place.room) for place in one.places]
    return Marked(places, [(row.part, row.mark) for row in one.attendance])
