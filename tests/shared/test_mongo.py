"""The operations storage is built from answer alike through both drivers."""

from datetime import UTC, date, datetime

import pytest

from infra.local.servers import Servers
from shared.errors import StorageUnavailable
from shared.storage.mongo import Collection, Database, Document, IndexModel, InsertOne, UpdateOne
from tests.shared.notes import note_store

pytestmark = pytest.mark.live


@pytest.fixture
async def rows(either_database: Database) -> Collection:
    collection = note_store(either_database).collection
    await collection.ensure_indexes([IndexModel([("number", 1)], unique=True)])
    await collection.insert_all([{"_id": n, "number": n, "odd": bool(n % 2)} for n in range(6)])
    return collection


async def test_rows_are_counted_and_grouped(rows: Collection) -> None:
    assert await rows.count({"odd": True}) == 3
    grouped = await rows.aggregate([{"$group": {"_id": "$odd", "sum": {"$sum": "$number"}}}, {"$sort": {"_id": 1}}])
    assert grouped == [{"_id": False, "sum": 6}, {"_id": True, "sum": 9}]


async def test_rows_are_streamed_one_after_the_other(rows: Collection) -> None:
    assert [row["_id"] async for row in rows.stream({"odd": True}, sort=[("_id", -1)])] == [5, 3, 1]


async def test_rows_are_read_in_runs_with_only_the_fields_that_are_wanted(rows: Collection) -> None:
    await rows.insert_all([{"_id": n, "number": n, "odd": True} for n in range(6, 2_500)])
    runs = [run async for run in rows.runs({}, sort=[("number", 1)], fields={"number": 1})]
    assert [len(run) for run in runs] == [1_000, 1_000, 500]
    assert [row for run in runs for row in run] == [{"_id": n, "number": n} for n in range(2_500)]


async def test_a_duplicate_is_refused_without_an_error(rows: Collection) -> None:
    assert not await rows.insert({"_id": 0, "number": 10})
    assert not await rows.insert({"_id": 10, "number": 0})
    assert not await rows.update({"_id": 11}, {"$set": {"number": 0}}, upsert=True)
    assert await rows.update_and_get({"_id": 11}, {"$set": {"number": 0}}, upsert=True) is None
    assert await rows.insert({"_id": 10, "number": 10})


async def test_the_places_of_refused_rows_are_told(rows: Collection) -> None:
    asked = [{"_id": n, "number": n} for n in (20, 5, 21)]
    assert await rows.insert_all(asked) == {1}
    again = [{"_id": n, "number": n} for n in (22, 5, 23)]
    assert await rows.insert_all(again, ordered=True) == {1, 2}
    assert await rows.count({"_id": {"$gte": 20}}) == 3


async def test_a_bulk_tells_how_many_writes_took_effect(rows: Collection) -> None:
    writes: list[UpdateOne | InsertOne[Document]] = [
        UpdateOne({"_id": 1, "number": 1}, {"$set": {"odd": None}}),
        UpdateOne({"_id": 2, "number": 99}, {"$set": {"odd": None}}),
        UpdateOne({"_id": 30}, {"$set": {"number": 30}}, upsert=True),
        InsertOne({"_id": 31, "number": 31}),
        InsertOne({"_id": 32, "number": 31}),
    ]
    assert await rows.write_all(writes) == 3
    assert await rows.write_all(writes[:2]) == 1


async def test_a_changed_row_is_returned_as_it_is_afterwards(rows: Collection) -> None:
    changed = await rows.update_and_get({"odd": True}, {"$set": {"seen": 1}}, sort=[("_id", -1)])
    assert changed == {"_id": 5, "number": 5, "odd": True, "seen": 1}
    assert await rows.update_and_get({"_id": 77}, {"$set": {"seen": 1}}) is None


async def test_many_are_changed_and_deleted_at_once(rows: Collection) -> None:
    assert await rows.update_all({"odd": True}, {"$set": {"seen": 1}}) == 3
    assert await rows.delete({"seen": 1}) == 3
    assert await rows.count({}) == 3


async def test_a_day_is_kept_as_text_and_an_instant_in_utc(rows: Collection) -> None:
    instant = datetime(2019, 9, 1, 8, 30, 0, 123_000, tzinfo=UTC)
    await rows.insert({"_id": "days", "number": "days", "day": date(2019, 9, 1), "at": instant})
    assert await rows.find_one({"_id": "days"}, projection={"day": 1, "at": 1, "_id": 0}) == {
        "day": "2019-09-01",
        "at": instant,
    }


async def test_the_database_tells_its_own_time(either_database: Database) -> None:
    assert abs((await either_database.server_time() - datetime.now(UTC)).total_seconds()) < 5


async def test_another_services_database_is_refused(servers: Servers) -> None:
    if not servers.isolated:
        pytest.skip("the servers given by URL have one user")
    database = Database(servers.mongo_url("registry"), "assessment")
    with pytest.raises(StorageUnavailable):
        await database.collection("batches").count({})
    await database.close()
