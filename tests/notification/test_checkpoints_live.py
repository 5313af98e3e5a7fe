"""Checkpoints on the real servers: by the hour, by many at once, after a restart; and what is proved with them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.notification.checkpoints.domain import Checkpoint
from services.notification.checkpoints.storage import CheckpointLog
from services.notification.rooms import Rooms
from shared.errors import StorageUnavailable
from shared.process import Tools
from tests.live import built, eventually, running, served, settings_for
from tests.notification.desk import Desk, Row
from tests.notification.story import Asking, center, subscriber

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("checkpoints")
    async with running("notification", servers, issuer, folder) as live:
        # No hour ends by itself while these tests run.
        live.set_time(datetime.now(UTC).replace(minute=10) + timedelta(hours=1))
        yield Desk(live, servers, folder)


# -- made ----------------------------------------------------------------------------------------------


async def test_a_line_that_grew_has_a_checkpoint_an_hour_later_and_each_follows_from_the_one_before(desk: Desk) -> None:
    await desk.looked()
    for count in (3, 1, 2):
        await desk.said("41", count)
        await desk.covered("41")
    rows = await desk.all_of("41")
    assert [(row["number"], row["place"]) for row in rows] == [(1, 3), (2, 4), (3, 6)]
    made = [Checkpoint.model_validate(row) for row in rows]
    keyring = Rooms(desk.service.process.tools).keyring
    for before, row in zip([None, *made], made, strict=False):
        assert keyring.read(row.signed, "checkpoint+jwt") == row.claims()
        assert row.previous == (Checkpoint.following(before, _head(row), row.at).previous)
    events = (await desk.read("/lines/41/events"))["rows"]
    assert [row["chain"] for row in rows] == [events[place - 1]["chain"] for place in (3, 4, 6)]
    assert rows[-1] == await desk.read("/checkpoints/latest", line="41") == await desk.read("/checkpoints/41/3")


def _head(row: Checkpoint) -> Any:
    return row  # it has the fields of the end of a line


async def test_within_the_hour_and_while_a_line_does_not_grow_none_is_made(desk: Desk) -> None:
    await desk.looked()
    await desk.said("42", 2)
    await desk.covered("42")
    now = desk.service.process.tools.clock.now()
    await desk.said("42", 1)
    for minutes in (0, 1):
        await _room(desk).due(now + timedelta(minutes=minutes))
    assert [row["place"] for row in await desk.all_of("42")] == [2]
    await desk.looked()
    await desk.looked()
    await desk.looked()
    assert [row["place"] for row in await desk.all_of("42")] == [2, 3]


async def test_many_that_look_at_once_make_one_and_all_have_the_same(desk: Desk) -> None:
    place = await desk.said("43", 4)
    rooms = [_room(desk) for _ in range(8)]
    later = desk.service.process.tools.clock.now() + timedelta(hours=30)
    await asyncio.gather(*(room.due(later) for room in rooms))
    rows = await desk.all_of("43")
    assert [(row["number"], row["place"]) for row in rows][-1:] == [(len(rows), place)]
    assert len(rows) <= 2  # the service itself may have gone by before
    assert len({row["place"] for row in rows}) == len(rows)
    desk.service.forward(hours=31)  # behind what was made ahead of its time


async def test_whoever_is_too_late_with_a_number_reads_the_one_that_stands(desk: Desk) -> None:
    await desk.looked()
    await desk.said("44", 2)
    await desk.covered("44")
    kept = Rooms(desk.service.process.tools).checkpoint_log
    (standing,) = await kept.after("44", 0, 10)
    late = standing.model_copy(update={"place": 1, "signed": "another"})
    assert await kept.keep(late) == standing
    assert await kept.after("44", 0, 10) == [standing]


async def test_a_process_that_starts_anew_makes_none_twice_and_goes_on_with_the_numbers(desk: Desk) -> None:
    await desk.looked()
    await desk.said("45", 2)
    await desk.covered("45")
    again = _room(desk)
    await again.due(desk.service.process.tools.clock.now())
    assert [row["number"] for row in await desk.all_of("45")] == [1]
    await desk.said("45", 1)
    await again.due(desk.service.process.tools.clock.now() + timedelta(hours=1))
    assert [(row["number"], row["place"]) for row in await desk.all_of("45")] == [(1, 2), (2, 3)]
    desk.service.forward(hours=2)


class Breaking(CheckpointLog):
    """Where checkpoints are kept, by a process that loses its database after the first one."""

    left = 1

    async def keep(self, made: Checkpoint) -> Checkpoint:
        if not self.left:
            raise StorageUnavailable("gone")
        self.left -= 1
        return await super().keep(made)


async def test_a_crash_between_two_lines_leaves_nothing_out_and_makes_nothing_twice(desk: Desk) -> None:
    lines = ("53", "54", "55")
    await desk.looked()
    for line in lines:
        await desk.said(line, 2)
    later = desk.service.process.tools.clock.now() + timedelta(hours=1)
    before = {line: len(await desk.all_of(line)) for line in lines}
    broken = _room(desk)
    broken.kept = Breaking(desk.service.process.tools.database)
    with pytest.raises(StorageUnavailable):
        await broken.due(later)
    some = sum([len(await desk.all_of(line)) - before[line] for line in lines])
    assert some < len(lines)
    broken.kept.left = 100
    await broken.due(later)
    await broken.due(later)
    await _room(desk).due(later)
    for line in lines:
        rows = await desk.all_of(line)
        assert len(rows) - before[line] == 1
        assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    desk.service.forward(hours=2)


async def test_of_a_line_that_is_not_the_one_that_was_signed_no_second_history_is_signed(desk: Desk) -> None:
    place = await desk.said("56", 2)
    await desk.covered("56")
    await desk.said("56", 1)
    later = desk.service.process.tools.clock.now() + timedelta(hours=1)
    with pymongo.MongoClient[Row](desk.servers.admin_mongo_url) as client:
        feed, end = client["notification"]["feed"], {"authority": "56", "place": place}
        row = feed.find_one_and_update(end, {"$set": {"chain": "00" * 32}})
        assert row is not None
        await _room(desk).due(later)
        assert [row["number"] for row in await desk.all_of("56")] == [1]
        feed.replace_one({"_id": row["_id"]}, row)
        lost = list(feed.find({"authority": "56", "place": {"$gte": place}}))  # as an old backup would have it
        feed.delete_many({"authority": "56", "place": {"$gte": place}})
        await _room(desk).due(later)
        assert [row["number"] for row in await desk.all_of("56")] == [1]
        feed.insert_many(lost)
    await _room(desk).due(later)
    assert [row["number"] for row in await desk.all_of("56")] == [1, 2]
    desk.service.forward(hours=2)


async def test_a_look_costs_one_step_in_the_index_for_each_line(desk: Desk) -> None:
    await desk.said("46", 40)
    query = {"authority": {"$lt": "47"}, "place": {"$gt": 0}}
    with pymongo.MongoClient[Row](desk.servers.admin_mongo_url) as client:
        found = client["notification"]["feed"].find(query, sort=[("authority", -1), ("place", -1)], limit=1)
        head = found.explain()["executionStats"]
        ends = [{"authority": line, "place": 1} for line in ("33", "46", "45")]
        chains = client["notification"]["feed"].find({"$or": ends}).explain()["executionStats"]
    assert (head["totalKeysExamined"], head["totalDocsExamined"]) == (1, 1)
    assert chains["totalDocsExamined"] <= len(ends)


def _room(desk: Desk) -> Any:
    """The room as another process has it."""
    return Rooms(desk.service.process.tools).checkpoints


# -- who sees what -------------------------------------------------------------------------------------


async def test_a_line_is_read_by_its_own_and_the_center_and_by_no_other(desk: Desk) -> None:
    await desk.said("33", 2)
    await desk.said("national", 2)
    await desk.covered("33")
    await desk.covered("national")
    service = desk.service
    paths = ["/checkpoints/latest", "/checkpoints", "/checkpoints/{}/1", "/lines/{}/digests", "/lines/{}/events"]
    for path in paths:
        for asking in (center(service), desk.authority("33"), subscriber(service), Asking(service, "auditor", "a")):
            assert (await asking.get(path.format("33"), line="33")).status_code == 200
            assert (await asking.get(path.format("national"), line="national")).status_code == 200
        for asking in (desk.authority("32"), subscriber(service, line="32"), Asking(service, "auditor", "a", "32")):
            assert (await asking.get(path.format("33"), line="33")).status_code == 404
            assert (await asking.get(path.format("national"), line="national")).status_code == 200
        unit = await Asking(service, "unit", "unit-33-001").get(path.format("33"), line="33")
        assert unit.status_code == 403
        assert (await service.http.get(f"/v1{path.format('33')}")).status_code == 401
    seen = {row["line"] for row in (await desk.read("/lines", "33"))["rows"]}
    assert seen == {"33", "national"}


async def test_what_is_not_there_is_said_to_be_not_there(desk: Desk) -> None:
    asking = desk.authority("33")
    for path in ("/checkpoints/33/999", "/checkpoints/32/1"):
        assert (await asking.get(path)).status_code == 404
    empty = await desk.authority("65").get("/checkpoints/latest", line="65")
    assert (empty.status_code, "next full hour" in empty.json()["detail"]) == (404, True)
    assert (await desk.read("/checkpoints", "65", line="65")) == {"rows": [], "next": 0}
    turned = await asking.get("/lines/33/events", from_place=3, to_place=2)
    assert (turned.status_code, turned.json()["type"].rpartition(":")[2]) == (400, "range-turned")
    for query in ({"from_place": 0}, {"limit": 10_001}, {"to_place": 0}):
        assert (await asking.get("/lines/33/digests", **query)).status_code == 422
    assert (await asking.get("/checkpoints/33/0")).status_code == 422


async def test_the_list_is_read_on_from_where_it_ended(desk: Desk) -> None:
    for _ in range(3):
        await desk.said("51", 1)
        await desk.covered("51")
    first = await desk.read("/checkpoints", "51", line="51", limit=2)
    rest = await desk.read("/checkpoints", "51", line="51", limit=2, after=first["next"])
    assert [row["number"] for row in (*first["rows"], *rest["rows"])] == [1, 2, 3]


async def test_without_keys_none_is_made_and_the_doors_say_so(desk: Desk, issuer: Issuer, tmp_path: Path) -> None:
    await desk.said("52", 1)
    settings = settings_for("notification", desk.servers, issuer.url, tmp_path, credential_keys=None)
    room = Rooms(Tools.made(settings)).checkpoints
    await room.due(desk.service.process.tools.clock.now() + timedelta(days=900))
    assert await desk.all_of("52") == []


async def test_without_keys_every_door_of_checkpoints_answers_503(
    servers: Servers, issuer: Issuer, tmp_path: Path
) -> None:
    async with _keyless(servers, issuer, tmp_path) as http:
        headers = {"Authorization": f"Bearer {issuer.token('center', 'center', None)}"}
        for path in ("?line=33", "/latest?line=33", "/33/1", "/keys"):
            answer = await http.get(f"/v1/checkpoints{path}", headers=headers)
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (503, "no-credential-keys")


def _keyless(servers: Servers, issuer: Issuer, folder: Path) -> Any:
    return served(built(settings_for("notification", servers, issuer.url, folder, credential_keys=None, role="api")))


# -- proved --------------------------------------------------------------------------------------------


async def test_a_line_is_pulled_by_places_and_its_digests_make_the_signed_chain(desk: Desk) -> None:
    await desk.said("61", 7)
    latest = await desk.covered("61")
    some = await desk.read("/lines/61/events", "61", from_place=2, to_place=6, limit=3)
    more = await desk.read("/lines/61/events", "61", from_place=some["next"], to_place=6, limit=3)
    rows = [*some["rows"], *more["rows"]]
    assert ([row["place"] for row in rows], more["next"]) == ([2, 3, 4, 5, 6], None)
    told = await desk.read("/lines/61/digests", "61")
    assert told["rows"][1:6] == [[row[name] for name in ("place", "position", "id", "digest", "chain")] for row in rows]
    assert told["rows"][-1][4] == latest["chain"]
    page = await desk.read("/lines/61/digests", "61", limit=7)
    assert (len(page["rows"]), page["next"]) == (7, 8)
    assert (await desk.read("/lines/61/digests", "61", from_place=8))["rows"] == []


async def test_a_gap_is_named_and_fetched_into_the_file(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    await desk.said("33", 30)
    latest = await desk.covered("33")
    rows = (await desk.read("/lines/33/events", "33"))["rows"]
    await desk.hold([row for row in rows if row["place"] not in (4, 5, 6, 21)], latest)
    with desk.events.open("a") as out:
        out.write('{"id": "broken off')  # as a crash leaves it
    assert await desk.verify() == 1
    assert "missing: places 4–6, 21 of line 33" in capsys.readouterr().out
    assert await desk.verify(*desk.source) == 0
    said = capsys.readouterr().out
    assert "fetched 4 events: places 4–6, 21 of line 33" in said
    assert f"complete up to place {latest['place']} of line 33" in said
    assert await desk.verify() == 0


async def test_a_row_tampered_with_in_the_database_is_named_by_whoever_holds_a_checkpoint(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.said("33", 8)
    latest = await desk.covered("33")
    with pymongo.MongoClient[Row](desk.servers.admin_mongo_url) as client:
        feed = client["notification"]["feed"]
        row = feed.find_one({"authority": "33", "place": 5})
        assert row is not None
        feed.update_one({"_id": row["_id"]}, {"$set": {"body": row["body"].replace("plan", "plen")}})
        tampered = (await desk.read("/lines/33/events", "33"))["rows"]
        await desk.hold(tampered, latest)
        assert await desk.verify(*desk.source) == 1
        assert "changed: place 5: its digest differs" in capsys.readouterr().out
        # The digests it keeps rewritten as well: what it then tells is not what it signed.
        feed.update_one({"_id": row["_id"]}, {"$set": {"digest": "00" * 32}})
        assert await desk.verify(*desk.source) == 2
        assert "tells another history" in capsys.readouterr().out
        feed.replace_one({"_id": row["_id"]}, row)
    await desk.hold((await desk.read("/lines/33/events", "33"))["rows"], latest)
    assert await desk.verify() == 0


async def test_a_source_that_refuses_proves_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    await desk.said("62", 3)
    latest = await desk.covered("62")
    await desk.hold((await desk.read("/lines/62/events", "62"))["rows"][1:], latest)
    assert await desk.verify(*desk.source) == 2  # the token is of line 33
    assert "404" in capsys.readouterr().out


async def test_the_proof_of_a_notice_names_the_first_checkpoint_that_covers_its_event(desk: Desk) -> None:
    closes = (desk.service.process.tools.clock.now() + timedelta(days=9)).date().isoformat()
    asked = {"title_zh": "鉴定安排公告", "text_zh": "本季度鉴定安排如下。", "closes_on": closes}
    made = (await desk.authority("63").post("/notices", asked)).json()["id"]
    http = desk.service.http

    async def proof() -> Row:
        answer = await http.get(f"/v1/notices/{made}/proof")
        found: Row = answer.json() if answer.is_success else {}
        return found

    early = await eventually(proof)
    assert early["checkpoint"] == ""
    assert "所在检查点" not in (await http.get(f"/notices/{made}")).text
    first = await desk.covered("63")
    late = await proof()
    assert late["checkpoint"] == f"63/{first['number']}" == "63/1"
    keyring = Rooms(desk.service.process.tools).keyring
    assert keyring.read(late["signed"], "notice+jwt")["checkpoint"] == "63/1"
    assert first["place"] >= late["place"]
    await desk.said("63", 1)
    await desk.covered("63")
    assert (await proof())["checkpoint"] == "63/1"
    assert ">63/1<" in (await http.get(f"/notices/{made}")).text
