"""Rooms: whether they hold all who sit a part, and which station of which room a place in the order is."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.assessment.arrangements.commands import RoomAsked
from services.assessment.batches.domain import Batch, Room, State, Tally
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import Part

ARRANGEABLE = (State.REGISTERING, State.ARRANGED)
MOST_CANDIDATES = 1_000_000
"""In one part; work-piece numbers are made for as many."""
MOST_ARRANGEMENTS = 250
"""Of one batch; work-piece numbers are made for as many."""
ONLINE = "线上"
"""The room of a part that has neither site nor place."""


class Unarranged(Fault):
    """The rooms do not hold the candidates as they must; `rule` says why."""

    slug, kind = "arrangement-refused", Kind.INVALID


class Block(NamedTuple):
    """One room in one turn; `first` is the place in the order of whoever gets its station 1."""

    room: Room
    turn: int
    first: int

    @property
    def end(self) -> int:
        """The place in the order after its last station."""
        return self.first + self.room.stations


def sitting(parts: Sequence[Part], groups: Iterable[tuple[Sequence[str], int]]) -> dict[str, int]:
    """How many sit each part, of candidates counted by the parts they carry over from an earlier exam."""
    counted = list(groups)
    return {part.id: sum(many for carried, many in counted if part.id not in carried) for part in parts}


def roomed(
    batch: Batch, asked: Sequence[RoomAsked], needed: Mapping[str, int], stations: Mapping[str, int | None]
) -> tuple[Room, ...]:
    """The rooms asked for, with one more for each part that is held online; `stations` are those of the sites."""
    if batch.arrangement >= MOST_ARRANGEMENTS:
        raise Unarranged("arranged too often; plan another batch", field="/rooms", rule="arranged-too-often")
    _must_be_distinct(asked, [part.id for part in batch.parts])
    rooms = [Room(**row.model_dump()) for row in asked]
    named = {room.part for room in rooms}
    for part, many in needed.items():
        if part not in named and many and is_online(batch, part):
            rooms.append(Room(part=part, name=ONLINE, stations=many))
    for part, many in needed.items():
        _must_hold(part, [room for room in rooms if room.part == part], many, stations.get(part))
    return tuple(rooms)


def is_online(batch: Batch, part: str) -> bool:
    """Whether a part is held nowhere in particular."""
    held = batch.sitting(part)
    return not held.site and not held.place


def _must_be_distinct(asked: Sequence[RoomAsked], parts: Sequence[str]) -> None:
    seen: set[tuple[str, str]] = set()
    for at, room in enumerate(asked):
        if room.part not in parts:
            known = ", ".join(parts)
            raise Unarranged(f"the parts are: {known}", field=f"/rooms/{at}/part", rule="part-unknown")
        if (room.part, room.name) in seen:
            raise Unarranged(
                "an earlier room of this part has this name; give it another",
                field=f"/rooms/{at}/name",
                rule="name-twice",
            )
        seen.add((room.part, room.name))


def _must_hold(part: str, rooms: Sequence[Room], many: int, stations: int | None) -> None:
    if many > MOST_CANDIDATES:
        raise Unarranged(f"at most {MOST_CANDIDATES} sit one part", field="/rooms", rule="too-many")
    held = sum(room.stations * room.turns for room in rooms)
    if held < many:
        raise Unarranged(
            f"{many} candidates sit {part} and its rooms hold {held}; add rooms, stations or turns",
            field="/rooms",
            rule="capacity",
        )
    at_once = sum(room.stations for room in rooms)
    if stations is not None and at_once > stations:
        raise Unarranged(
            f"the rooms of {part} have {at_once} stations and the site {stations}; name fewer and more turns",
            field="/rooms",
            rule="stations",
        )


def blocks(rooms: Iterable[Room], part: str) -> list[Block]:
    """The rooms of a part in the order in which they are filled: all of them before anybody waits for a turn."""
    mine = [room for room in rooms if room.part == part]
    found: list[Block] = []
    for turn in range(1, max((room.turns for room in mine), default=0) + 1):
        for room in mine:
            if room.turns >= turn:
                found.append(Block(room, turn, found[-1].end if found else 0))
    return found


def block_at(found: Sequence[Block], position: int) -> Block:
    """The room and turn of a place in the order, counted from 0."""
    if not found or position >= found[-1].end:
        raise Unarranged("more candidates than the rooms hold; arrange the batch anew", field="/rooms", rule="capacity")
    return found[bisect_right(found, position, key=lambda block: block.first) - 1]


def arranged(
    batch: Batch,
    asked: Sequence[RoomAsked],
    groups: Iterable[tuple[Sequence[str], int]],
    stations: Mapping[str, int | None],
    *,
    tally: Tally,
    now: datetime,
    seconds: float,
) -> tuple[Batch, Sequence[Event]]:
    """The batch with rooms that hold all who sit each part; `groups` count them by what they carry over."""
    batch.must_be(ARRANGEABLE, "rooms are arranged after registration and before the exam")
    rooms = roomed(batch, asked, sitting(batch.parts, groups), stations)
    return batch.arranged(rooms, tally, now, seconds)
