"""Rooms, tickets and attendance on real servers: through a crash in the middle, twice at once, and refused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.arrangements.handlers import Arrangements
from services.assessment.arrangements.storage import roll_store, series_store
from services.assessment.batches.domain import Batch, State
from services.assessment.entries.domain import Entry, Place
from services.assessment.entries.storage import entry_store
from services.assessment.rooms import DATA
from shared.clock import SHANGHAI
from shared.errors import StorageUnavailable
from shared.events.assessment import BatchArranged
from shared.events.registry import SiteScope
from shared.rulebook import Rulebook
from shared.storage.mongo import Collection, InsertOne, UpdateOne
from shared.storage.store import Store
from tests.assessment.driving import (
    authorised,
    batch_of,
    batches,
    enrolled,
    get,
    heard_of,
    moved,
    post,
    site_of,
    slug,
    writing,
)
from tests.assessment.examples import ASSIGNED, EXAM, published, site_said
from tests.assessment.staffing import cards_known, staffed
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

UNIT = "unit-33-001"
ROOMS = [
    {"part": "theory", "name": "一号考场", "stations": 3},
    {"part": "theory", "name": "二号考场", "stations": 3},
    {"part": "practical", "name": "钢筋一区", "stations": 3, "turns": 2},
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("arrangements")) as service:
        await service.says(published(), subject="rebar_worker-2019p", authority="national")
        await authorised(service, UNIT)
        yield service


def entries_of(service: Running) -> Store[Entry]:
    return entry_store(service.process.tools.database)


async def arranged(service: Running, batch: str, rooms: Sequence[dict[str, Any]] = ROOMS) -> list[dict[str, Any]]:
    """The tickets of a batch, once everybody has one."""
    answer = await post(service, UNIT, f"/{batch}/arrangement", {"rooms": rooms})
    assert answer.status_code == 200, answer.text
    await eventually(lambda: is_ticketed(service, batch), within=60)
    return await tickets(service, batch)


async def is_ticketed(service: Running, batch: str) -> bool:
    return (await batches(service).get(batch)).tickets > 0


async def tickets(service: Running, batch: str, unit: str = UNIT) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    more: str | None = ""
    while more is not None:
        found = await get(service, unit, f"/{batch}/tickets?limit=1000{f'&cursor={more}' if more else ''}")
        rows += found["rows"]
        more = found["next"]
    return rows


async def in_exam(service: Running, people: range) -> tuple[str, list[dict[str, Any]]]:
    batch = await batch_of(service, UNIT)
    await enrolled(service, UNIT, batch, people)
    rows = await arranged(service, batch)
    await moved(service, batch, State.IN_EXAM, assignment=ASSIGNED.model_dump())
    service.set_time(datetime.combine(EXAM, time(9), SHANGHAI))
    return batch, rows


def places_in(rows: Sequence[dict[str, Any]]) -> list[Place]:
    return [Place(**place) for row in rows for place in row["places"]]


def must_be_apart(rows: Sequence[dict[str, Any]], parts: int = 2) -> None:
    """Nobody shares a ticket, a place or a number, and everybody has a place in each part."""
    places = places_in(rows)
    assert len(places) == parts * len(rows)
    assert len({row["ticket"] for row in rows}) == len(rows)
    assert len({(place.part, place.room, place.turn, place.station) for place in places}) == len(places)
    assert len({place.work_piece for place in places}) == len(places)


# -- rooms and tickets ---------------------------------------------------------------------------------


async def test_everybody_gets_a_ticket_with_a_place_in_each_part_and_the_exam_can_begin(service: Running) -> None:
    batch = await batch_of(service, UNIT)
    entries = await enrolled(service, UNIT, batch, range(6))
    rows = await arranged(service, batch)
    assert [row["entry"] for row in rows] == sorted(entries)
    must_be_apart(rows)
    code = rows[0]["ticket"].rpartition("-")[0]
    assert code.startswith("19101233-")
    assert [row["ticket"] for row in rows] == [f"{code}-{serial:05}" for serial in range(1, 7)]
    (said,) = await heard_of(service, BatchArranged, batch)
    assert b"entry" not in said.body.replace(b'"entries"', b"")
    assert (await get(service, UNIT, f"/{batch}"))["tickets"] == 6
    await cards_known(service)
    await staffed(service, UNIT, batch)
    service.set_time(datetime.combine(EXAM, time(8), SHANGHAI))
    begun = await post(service, UNIT, f"/{batch}/begin")
    assert (begun.status_code, begun.json().get("state")) == (200, "in_exam"), begun.text


@pytest.mark.parametrize(
    ("rooms", "field", "rule"),
    [
        (ROOMS[:2], "/rooms", "capacity"),
        ([*ROOMS, {"part": "review", "name": "甲", "stations": 1}], "/rooms/3/part", "part-unknown"),
        ([*ROOMS, {**ROOMS[0], "stations": 9}], "/rooms/3/name", "name-twice"),
        ([*ROOMS, {"part": "practical", "name": "二区", "stations": 10}], "/rooms", "stations"),
    ],
)
async def test_rooms_that_do_not_hold_the_candidates_are_refused(
    service: Running, rooms: list[dict[str, Any]], field: str, rule: str
) -> None:
    batch = await batch_of(service, UNIT)
    await enrolled(service, UNIT, batch, range(10, 16))
    answer = await post(service, UNIT, f"/{batch}/arrangement", {"rooms": rooms})
    assert (answer.status_code, slug(answer)) == (400, "arrangement-refused"), answer.text
    assert answer.json()["errors"][0] | {"detail": ""} == {"pointer": field, "rule": rule, "detail": ""}


async def test_a_batch_without_candidates_or_past_its_exam_is_not_arranged(service: Running) -> None:
    batch = await batch_of(service, UNIT)
    assert slug(await post(service, UNIT, f"/{batch}/arrangement", {"rooms": ROOMS})) == "no-entries"
    await moved(service, batch, State.IN_EXAM)
    assert slug(await post(service, UNIT, f"/{batch}/arrangement", {"rooms": ROOMS})) == "batch-state"
    nobody = service.token("unit", "unit-33-002", "33")
    answer = await service.http.post(f"/v1/batches/{batch}/arrangement", json={"rooms": ROOMS}, headers=nobody)
    assert answer.status_code == 404


async def test_a_second_arrangement_replaces_every_ticket_and_place_and_none_comes_back(service: Running) -> None:
    batch = await batch_of(service, UNIT)
    await enrolled(service, UNIT, batch, range(20, 26))
    before = await arranged(service, batch)
    rooms = [{**room, "name": f"新{room['name']}"} for room in ROOMS]
    after = await arranged(service, batch, rooms)
    must_be_apart(after)
    assert all(place.room.startswith("新") for place in places_in(after))
    for tell in ("ticket", "work_piece"):
        old, new = (_all(rows, tell) for rows in (before, after))
        assert not old & new, tell
    key = {"Idempotency-Key": "the same"}
    once = await post(service, UNIT, f"/{batch}/arrangement", {"rooms": ROOMS}, **key)
    again = await post(service, UNIT, f"/{batch}/arrangement", {"rooms": ROOMS}, **key)
    assert once.json() == again.json()


def _all(rows: Sequence[dict[str, Any]], tell: str) -> set[str]:
    return {place.work_piece for place in places_in(rows)} if tell == "work_piece" else {row[tell] for row in rows}


class Dying(Collection):
    """Entries whose second bulk write stops half-way, as when the process dies in it, and whose third is refused."""

    def __init__(self, inner: Collection) -> None:
        super().__init__(inner._inner)
        self.calls = 0

    async def write_all(self, writes: Sequence[UpdateOne | InsertOne[Any]]) -> int:
        self.calls += 1
        if self.calls == 2:
            await super().write_all(writes[::2])
        if self.calls in (2, 3):
            raise StorageUnavailable("the database is gone")
        return await super().write_all(writes)


async def test_1200_candidates_have_one_place_each_though_the_worker_dies_twice_and_somebody_withdraws(
    service: Running,
) -> None:
    unit = await authorised(service, "unit-33-002")
    await with_stations(service, unit, 60)
    batch = await batch_of(service, unit, planned=1200)
    entries = sorted(await enrolled(service, unit, batch, range(1200)))
    store = next(store for store in service.process.service.stores if store.source == "/assessment/entries")
    sound, dying = store.collection, Dying(store.collection)
    rooms = [{"part": "theory", "name": f"考场{number}", "stations": 60} for number in range(20)]
    rooms.append({"part": "practical", "name": "工位区", "stations": 60, "turns": 20})
    store.collection = dying
    try:
        answer = await post(service, unit, f"/{batch}/arrangement", {"rooms": rooms})
        assert answer.status_code == 200, answer.text
        await eventually(lambda: _died(dying), within=60)
        # in the middle of the second run, of which every other entry is written, somebody withdraws
        gone = entries[601]
        await sound.update({"_id": gone}, {"$set": {"state": "withdrawn"}, "$inc": {"version": 1}})
        await eventually(lambda: is_ticketed(service, batch), within=60)
    finally:
        store.collection = sound
    rows = await tickets(service, batch, unit)
    assert [row["entry"] for row in rows] == entries
    must_be_apart(rows)
    assert {row["entry"] for row in rows if row["state"] == "withdrawn"} == {gone}
    assert dying.calls > 3
    await both_at_once(service, unit, batch, rows)


async def _died(dying: Dying) -> bool:
    return dying.calls >= 2


async def with_stations(service: Running, unit: str, stations: int) -> None:
    """The unit's site has that many stations from now on."""
    scopes = (SiteScope(occupation="rebar_worker", levels=("5",), stations=stations),)
    site = site_of(unit)
    await service.says(site_said(site=site, unit=unit, scopes=scopes), subject=site, sequence=2)
    known = {"_id": site, "scopes.stations": stations}
    await eventually(lambda: service.process.tools.database.collection("sites").find_one(known))


def room_of_ours(service: Running) -> Arrangements:
    """The arrangements room as another worker would have it."""
    tools = service.process.tools

    async def unknown(_batch: Batch, _part: str) -> int | None:
        return None

    rules = Rulebook.load(DATA / "rules.json")
    stores = (batches(service), entries_of(service), roll_store(tools.database), series_store(tools.database))
    return Arrangements(*stores, unknown, rules, tools.sealer, tools.clock)


async def both_at_once(service: Running, unit: str, batch: str, rows: Sequence[dict[str, Any]]) -> None:
    """Two workers give the same tickets again, and then those of a newer arrangement, at the same time."""
    ours = room_of_ours(service)
    await asyncio.gather(*(ours.give(writing(service), batch, 1) for _ in range(2)))
    assert await tickets(service, batch, unit) == rows
    await moved(service, batch, State.ARRANGED, arrangement=2, tickets=0)
    acts = [replace(writing(service), id=f"writes-rows-{number}") for number in range(4)]
    await asyncio.gather(*(ours.give(act, batch, 2) for act in acts), ours.give(writing(service), batch, 1))
    again = await tickets(service, batch, unit)
    assert len(again) == len(rows) - 1, "who withdrew before it has no ticket of the newer arrangement"
    must_be_apart(again)
    assert (await batches(service).get(batch)).tickets == len(again)
    await moved(service, batch, State.ARRANGED, arrangement=3, tickets=0)
    third = replace(writing(service), id="writes-third-rows")  # what was done under an act is not done under it again
    for seconds in (0.001, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6):
        with suppress(TimeoutError):  # ended wherever it is, as by a kill
            await asyncio.wait_for(ours.give(third, batch, 3), seconds)
    await ours.give(third, batch, 3)
    last = await tickets(service, batch, unit)
    must_be_apart(last)
    assert not _all(last, "ticket") & _all(again, "ticket")
    assert (await batches(service).get(batch)).tickets == len(last) == len(again)


async def test_entries_are_found_by_work_piece_number_and_by_ticket_through_an_index(
    service: Running,
) -> None:
    batch = await batch_of(service, UNIT)
    await enrolled(service, UNIT, batch, range(30, 36))
    rows = await arranged(service, batch)
    piece = rows[3]["places"][1]["work_piece"]
    queries: dict[str, dict[str, Any]] = {
        "work_pieces": {"batch": batch, "places.work_piece": {"$in": [piece]}},
        "tickets": {"batch": batch, "ticket": {"$in": [rows[3]["ticket"]]}},
    }
    for name, query in queries.items():
        assert [entry.id for entry in await entries_of(service).find(query)] == [rows[3]["entry"]]
        assert await index_used(service, query) == name
    assert await index_used(service, {"batch": batch, "attendance.part": {"$gt": ""}}) == "attended"


async def index_used(service: Running, query: dict[str, Any]) -> str:
    inner = entries_of(service).collection._inner
    plan = (await inner.find(query).explain())["queryPlanner"]["winningPlan"]
    return str(plan["inputStage"]["indexName"])


# -- attendance ----------------------------------------------------------------------------------------


async def test_attendance_is_noted_row_by_row_and_bad_rows_are_named(service: Running) -> None:
    batch, people = await in_exam(service, range(40, 46))
    rows = [
        {"ticket": people[0]["ticket"], "part": "theory", "mark": "late", "minutes": 12},
        {"entry": people[1]["entry"], "part": "theory", "mark": "absent"},
        {"entry": people[1]["entry"], "part": "practical", "mark": "absent"},
        {"ticket": people[2]["ticket"], "part": "practical", "mark": "violation", "note": "使用通讯工具"},
        {"ticket": people[3]["ticket"], "part": "theory", "mark": "late", "minutes": 45},
        {"ticket": people[3]["ticket"], "part": "theory", "mark": "violation"},
        {"ticket": people[0]["ticket"], "part": "theory", "mark": "absent"},
        {"ticket": "19101233-999-00001", "part": "theory", "mark": "absent"},
        {"ticket": people[3]["ticket"], "part": "theory", "mark": "asleep"},
        {"part": "theory", "mark": "absent"},
    ]
    answer = await post(service, UNIT, f"/{batch}/attendance", rows)
    assert answer.json()["accepted"] == 4, answer.text
    assert [(row["line"], row["field"], row["rule"]) for row in answer.json()["refused"]] == [
        (5, "/minutes", "too-late"),
        (6, "/note", "note-missing"),
        (7, "", "duplicate"),
        (8, "/ticket", "unknown-entry"),
        (9, "/mark", "malformed"),
        (10, "/ticket", "one-candidate"),
    ]
    found = {entry.id: entry for entry in await entries_of(service).find({"batch": batch})}
    absent, void = found[people[1]["entry"]], found[people[2]["entry"]]
    assert [(score.part, score.state) for score in absent.scores] == [("theory", "absent"), ("practical", "absent")]
    assert [score.state for score in void.scores] == ["void", "void"]
    assert (absent.state, void.state) == ("failed", "failed")
    piece = next(place["work_piece"] for place in people[4]["places"] if place["part"] == "theory")
    sheet = {"work_piece": piece, "part": "theory", "points": 80, "scorer": "甲", "checker": "乙"}
    assert (await post(service, UNIT, f"/{batch}/sheets", [sheet])).json()["accepted"] == 1
    away = {"ticket": people[4]["ticket"], "part": "theory", "mark": "absent"}
    refused = (await post(service, UNIT, f"/{batch}/attendance", [away])).json()["refused"]
    assert [row["rule"] for row in refused] == ["note-missing"]
    tickets = (await get(service, UNIT, f"/{batch}/tickets"))["rows"]
    assert {row["state"] for row in tickets} == {"enrolled"}, "results are shown once sheets are sealed"
    assert void.attendance[0].by


async def test_the_counts_and_a_rooms_record_say_who_was_not_simply_present(service: Running) -> None:
    batch, people = await in_exam(service, range(50, 56))
    csv = f"ticket,part,mark,minutes\r\n{people[0]['ticket']},theory,late,9\r\n{people[4]['ticket']},theory,absent,\r\n"
    taken = await post(service, UNIT, f"/{batch}/attendance", csv.encode(), **{"Content-Type": "text/csv"})
    assert taken.json() == {"accepted": 2, "refused": []}, taken.text
    found = await get(service, UNIT, f"/{batch}/attendance")
    theory, practical = found["parts"]
    counts = {"expected": 6, "present": 4, "late": 1, "absent": 1, "violation": 0}
    assert theory == {"part": "theory", **counts}
    assert practical["present"] == 6
    assert [row["expected"] for row in found["rooms"]] == [3, 3, 6]
    record = await get(service, UNIT, f"/{batch}/attendance/2")
    assert (record["counts"]["name"], record["counts"]["absent"]) == ("二号考场", 1)
    (row,) = record["rows"]
    assert (row["ticket"], row["station"], row["mark"]) == (people[4]["ticket"], 2, "absent")
    back = [{"ticket": people[4]["ticket"], "part": "theory", "mark": "present"}]
    assert (await post(service, UNIT, f"/{batch}/attendance", back)).json()["accepted"] == 1
    assert (await get(service, UNIT, f"/{batch}/attendance"))["parts"][0]["absent"] == 0


async def test_the_lists_of_a_room_read_no_more_than_they_show(service: Running) -> None:
    """An online room may hold a hundred thousand, each with all of their sheets."""
    batch, people = await in_exam(service, range(56, 59))
    mark = [{"ticket": people[0]["ticket"], "part": "theory", "mark": "absent"}]
    assert (await post(service, UNIT, f"/{batch}/attendance", mark)).json()["accepted"] == 1
    spoilt = {"$set": {"sheets": "nobody can read this"}}
    for person in people:
        assert await entries_of(service).collection.update({"_id": person["entry"]}, spoilt)
    record = await get(service, UNIT, f"/{batch}/attendance/1")
    assert [row["ticket"] for row in record["rows"]] == [people[0]["ticket"]]
    page = await service.http.get(f"/v1/batches/{batch}/rooms/1", headers=service.token("unit", UNIT, "33"))
    assert (page.status_code, people[0]["ticket"] in page.text) == (200, True)
    here = {"$elemMatch": {"part": "theory", "room": "一号考场"}}
    query = {"batch": batch, "attendance.part": "theory", "places": here, "arrangement": 1}
    assert await index_used(service, query) == "attended"


async def test_a_candidate_in_two_runs_of_one_request_is_noted_for_both_parts(service: Running) -> None:
    batch, people = await in_exam(service, range(60, 63))
    mark = {"ticket": people[0]["ticket"], "part": "theory", "mark": "absent"}
    strangers = [{"ticket": f"none-{number}", "part": "theory", "mark": "absent"} for number in range(500)]
    answer = await post(service, UNIT, f"/{batch}/attendance", [mark, *strangers, {**mark, "part": "practical"}])
    assert answer.json()["accepted"] == 2
    entry = await entries_of(service).get(people[0]["entry"])
    assert {row.part for row in entry.attendance} == {"theory", "practical"}


async def test_attendance_is_taken_during_the_exam_only_and_by_the_unit_only(service: Running) -> None:
    batch = await batch_of(service, UNIT)
    row = [{"ticket": "19101233-001-00001", "part": "theory", "mark": "absent"}]
    assert slug(await post(service, UNIT, f"/{batch}/attendance", row)) == "batch-state"
    assert slug(await post(service, UNIT, f"/{batch}/attendance", row * 5001)) == "malformed"
    headers = service.token("authority", "authority-33", "33")
    answer = await service.http.post(f"/v1/batches/{batch}/attendance", json=row, headers=headers)
    assert answer.status_code == 403
