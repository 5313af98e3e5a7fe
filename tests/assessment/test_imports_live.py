"""Files of rows on the real servers: taken in, gone through run by run, stopped, resumed, never twice."""

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.app import build
from services.assessment.batches.domain import State
from services.assessment.imports import handlers
from services.assessment.imports.api import MOST_BYTES
from services.assessment.imports.storage import import_store
from services.assessment.imports.worker import MOST_TRIES, TURN
from shared.events.assessment import ImportFinished
from shared.storage.mongo import Collection
from tests.assessment.driving import (
    authorised,
    batch_of,
    examined,
    get,
    moved,
    planned_by,
    post,
    said_of,
    site_of,
    slug,
)
from tests.assessment.examples import SHEET, published, resident_id, site_said, standing
from tests.assessment.importing import (
    NDJSON,
    as_csv,
    as_ndjson,
    candidate,
    digest_of,
    ended,
    people,
    refusals,
    see,
    send,
    sent,
)
from tests.assessment.sheets import rows_of
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("imports")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


def kept(service: Running, name: str) -> Collection:
    return service.process.tools.database.collection(name)


async def counts(service: Running, unit: str, batch: str) -> dict[str, int]:
    found: dict[str, int] = (await get(service, unit, f"/{batch}"))["counts"]
    return found


async def entered(service: Running, unit: str, batch: str, numbers: range) -> list[str]:
    """The entries of candidates of these numbers, entered without a file."""
    answer = await post(service, unit, f"/{batch}/entries", [candidate(number) for number in numbers])
    assert answer.json()["refused"] == [], answer.text
    entries: list[str] = answer.json()["entries"]
    return entries


async def registering(service: Running, unit: str) -> tuple[str, str]:
    await authorised(service, unit)
    return unit, await batch_of(service, unit)


# -- good files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [as_csv, as_ndjson])
async def test_a_file_is_gone_through_and_says_so_once(service: Running, written: Any) -> None:
    unit, batch = await registering(service, f"unit-33-{written.__name__}")
    rows = [candidate(number) for number in people(1202)[1:]]
    rows[700]["id_number"] = "330106189309141016"
    media = "text/csv" if written is as_csv else NDJSON
    made = await sent(service, unit, batch, written(rows), media=media, headers=digest_of(written(rows)))
    assert (made["state"], made["rows"], made["percent"]) == ("received", 1201, 0)
    done = await ended(service, unit, made["id"])
    assert (done["accepted"], done["refused"], done["reached"], done["percent"]) == (1200, 1, 1201, 100)
    line = 702 + 7 if written is as_csv else 701  # seven employers before it stand on two lines, and the header on one
    assert await refusals(service, unit, made["id"]) == [(line, "/id_number", "check_digit")]
    assert (await counts(service, unit, batch))["enrolled"] == 1200
    [said] = await said_of(service, ImportFinished, batch)
    assert said == {
        **{name: said[name] for name in ("unit", "occupation", "level")},
        "batch": batch,
        "import_id": made["id"],
        "kind": "entries",
        "rows": 1201,
        "accepted": 1200,
        "refused": 1,
    }
    await eventually(lambda: is_empty(service, "import_pieces"))


async def test_the_same_file_again_is_the_same_import_and_changes_nothing(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-again")
    file = as_csv(map(candidate, people(600)))
    first = await sent(service, unit, batch, file)
    done = await ended(service, unit, first["id"])
    both = await asyncio.gather(*(sent(service, unit, batch, file) for _ in range(3)))
    assert both == [done] * 3
    assert (await counts(service, unit, batch))["enrolled"] == 600
    await moved(service, batch, State.CANCELLED)
    assert await sent(service, unit, batch, file) == done
    await eventually(lambda: is_empty(service, "import_files"))
    assert len(await said_of(service, ImportFinished, batch)) == 1


async def test_the_same_file_sent_thrice_at_once_is_one_import(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-once")
    file = as_csv(map(candidate, people(1500)))
    all_three = await asyncio.gather(*(sent(service, unit, batch, file) for _ in range(3)))
    assert len({made["id"] for made in all_three}) == 1
    done = await ended(service, unit, all_three[0]["id"])
    assert (done["accepted"], done["refused"]) == (1500, 0)
    await eventually(lambda: is_empty(service, "import_files"))


async def test_a_dry_run_tells_the_same_and_changes_nothing(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-dry")
    numbers = people(1300)
    await entered(service, unit, batch, numbers[:1])
    rows = [candidate(number) for number in numbers]
    rows[3]["name"] = ""
    rows[1200] = rows[5]  # of another run of rows
    rows[8] = rows[7]
    before = await get(service, unit, f"/{batch}")
    tried = await ended(service, unit, (await sent(service, unit, batch, as_csv(rows), dry_run=True))["id"])
    assert await get(service, unit, f"/{batch}") == before
    assert (tried["dry_run"], tried["accepted"], tried["refused"]) == (True, 1296, 4)
    taken = await ended(service, unit, (await sent(service, unit, batch, as_csv(rows)))["id"])
    assert taken["id"] != tried["id"]
    assert (taken["accepted"], taken["refused"]) == (1296, 4)
    told = await refusals(service, unit, tried["id"])
    assert told == await refusals(service, unit, taken["id"])
    assert [rule for _, _, rule in told] == ["duplicate", "missing", "duplicate", "duplicate"]
    assert len(await said_of(service, ImportFinished, batch)) == 1
    await eventually(lambda: is_empty(service, "import_keys"))


async def test_a_file_fills_the_number_the_batch_was_filed_for_and_tells_who_is_beyond(service: Running) -> None:
    unit = await authorised(service, "unit-33-full")
    batch = await batch_of(service, unit, planned=1100)
    file = as_csv(map(candidate, people(1302)[1:]))
    for dry_run in (True, False):
        made = await ended(service, unit, (await sent(service, unit, batch, file, dry_run=dry_run))["id"])
        assert (made["accepted"], made["refused"]) == (1100, 201)
        told = await refusals(service, unit, made["id"])
        assert {(field, rule) for _, field, rule in told} == {("", "planned-number")}
        assert len({line for line, _, _ in told}) == 201
    assert (await get(service, unit, f"/{batch}"))["counts"]["enrolled"] == 1100


SHEET_COLUMNS = ("work_piece", "part", "points.points", *(f"points.{name}" for name in SHEET), "scorer", "checker")


def cells_of(row: dict[str, Any]) -> dict[str, Any]:
    """The row of a sheet as it stands in a table: a column for each element, and one for the only one of theory."""
    points = row["points"] if isinstance(row["points"], dict) else {"points": row["points"]}
    plain = {name: value for name, value in row.items() if name != "points"}
    return {**plain, **{f"points.{name}": value for name, value in points.items()}}


@pytest.mark.parametrize("written", [as_csv, as_ndjson])
async def test_scores_come_as_a_file_and_a_sheet_stands_in_it_once(service: Running, written: Any) -> None:
    unit, batch = await registering(service, f"unit-33-scores-{written.__name__}")
    entries = await entered(service, unit, batch, people(1100))
    await examined(service, batch, entries)
    rows = [row for entry in entries for row in rows_of(entry)]
    rows[2 * TURN + 1] = rows[2]  # of an earlier run of rows
    rows[2602] = rows[2601]
    rows[2604] = {**rows[2604], "points": 101}  # of theory
    table = written is as_csv
    file = as_csv(map(cells_of, rows), SHEET_COLUMNS) if table else as_ndjson(rows)
    media, ahead = ("text/csv", 2) if table else (NDJSON, 1)
    before = await get(service, unit, f"/{batch}")
    tried = await sent(service, unit, batch, file, kind="scores", media=media, dry_run=True)
    looked = await ended(service, unit, tried["id"])
    assert (looked["accepted"], looked["refused"]) == (4397, 3)
    assert await get(service, unit, f"/{batch}") == before
    made = await sent(service, unit, batch, file, kind="scores", media=media)
    done = await ended(service, unit, made["id"])
    assert (done["accepted"], done["refused"]) == (4397, 3)
    told = await refusals(service, unit, made["id"])
    assert told == [
        (2602 + ahead, "/work_piece", "duplicate"),
        (2604 + ahead, "/points/points", "above-points"),
        (2 * TURN + 1 + ahead, "/work_piece", "duplicate"),
    ]
    assert await refusals(service, unit, tried["id"]) == told
    stored = kept(service, "entries")
    assert await stored.count({"batch": batch, "state": "passed"}) == 1097, "three lack a sheet"
    assert await stored.count({"batch": batch, "sheets.version": {"$gt": 1}}) == 0
    await eventually(lambda: is_empty(service, "import_keys"))


async def test_the_report_is_read_in_pages_and_downloaded_without_what_stood_in_the_rows(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-report")
    rows = [candidate(number, id_number=f"33010618930914{number:04}") for number in range(1100)]
    made = await sent(service, unit, batch, as_csv(rows))
    done = await ended(service, unit, made["id"])
    told = await refusals(service, unit, made["id"], limit=7)
    assert told == await refusals(service, unit, made["id"])
    assert len(told) == len(set(told)) == done["refused"] > 500
    answer = await service.http.get(
        f"/v1/imports/{made['id']}/refusals/export", headers=service.token("authority", "33", "33")
    )
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(int(row["line"]), row["field"], row["rule"]) for row in table] == told
    assert "33010618930914" not in answer.text
    wrong = await service.http.get(
        f"/v1/imports/{made['id']}/refusals?cursor=cGxhbg==", headers=service.token("unit", unit, "33")
    )
    assert wrong.status_code == 422


# -- bad files -----------------------------------------------------------------------------------------

HEADER = b"name,id_number\r\n"
GOOD = as_csv(map(candidate, range(6000)))
BAD = {
    "file-not-utf8": HEADER + "张三,1\r\n".encode("gbk"),
    "file-columns": b"name,employer\r\n" + HEADER * 9000,
    "file-quotes": GOOD + b'"no end,1\r\n',
    "file-cut-off": GOOD[: GOOD.rindex(b",")],
    "file-rows": HEADER,
}


@pytest.mark.parametrize("wrong", BAD)
async def test_a_file_that_cannot_be_read_gets_one_clear_error_and_nothing_is_applied(
    service: Running, wrong: str
) -> None:
    unit, batch = await registering(service, f"unit-33-{wrong}")
    answer = await send(service, unit, batch, BAD[wrong])
    assert (answer.status_code, slug(answer)) == (422, wrong), answer.text
    assert await nothing_came_of_it(service, unit, batch)
    if wrong == "file-columns":
        assert "id_number" in answer.json()["detail"]


async def nothing_came_of_it(service: Running, unit: str, batch: str) -> bool:
    listed = await get(service, unit, f"/{batch}/imports")
    left = [await kept(service, name).count({}) for name in ("import_files", "import_pieces")]
    return (
        listed == {"rows": [], "next": None}
        and left == [0, 0]
        and not any((await counts(service, unit, batch)).values())
    )


async def test_a_line_of_ndjson_that_is_cut_off_is_found_at_the_end(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-lines")
    file = as_ndjson(candidate(number) for number in range(6000))
    answer = await send(service, unit, batch, file[:-20], media=NDJSON)
    assert slug(answer) == "file-cut-off"
    assert slug(await send(service, unit, batch, file[:-3], media=NDJSON)) == "file-cut-off"
    answer = await send(service, unit, batch, file[:-2], media=NDJSON)
    assert (slug(answer), "line 6000" in answer.json()["detail"]) == ("file-cut-off", True)
    assert await nothing_came_of_it(service, unit, batch)


async def test_a_file_that_is_not_what_its_digest_says_was_cut_off(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-digest")
    part = GOOD[: GOOD.index(b"\r\n", 300_000) + 2]
    answer = await send(service, unit, batch, part, headers=digest_of(GOOD))
    assert (answer.status_code, slug(answer)) == (422, "file-cut-off")
    assert await nothing_came_of_it(service, unit, batch)


async def test_a_connection_that_ends_before_its_length_leaves_nothing(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-broken")
    _, writer = await begun(service, unit, batch, 900_000)
    writer.write(GOOD[:600_000])
    await eventually(lambda: kept(service, "import_pieces").count({}))
    writer.close()
    await eventually(lambda: nothing_came_of_it(service, unit, batch))


async def begun(
    service: Running, unit: str, batch: str, length: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request that says how long its body will be, and no byte of it."""
    url = service.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    headers = {**service.token("unit", unit, "33"), "Host": "x", "Content-Type": "text/csv"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Content-Length": length}.items())
    writer.write(f"POST /v1/batches/{batch}/imports HTTP/1.1\r\n{lines}\r\n".encode())
    return reader, writer


async def test_too_many_rows_or_bytes_are_too_many(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-many")
    answer = await send(service, unit, batch, b"name,id_number\n" + b"a,1\n" * 100_001)
    assert (slug(answer), "100000" in answer.json()["detail"]) == ("file-rows", True)
    assert await nothing_came_of_it(service, unit, batch)

    async def without_end() -> AsyncIterator[bytes]:
        yield HEADER
        for _ in range(65):
            yield (b"a," + b"1" * 1021 + b"\n") * 1024

    caller = {**service.token("unit", unit, "33"), "Content-Type": "text/csv"}
    answer = await service.http.post(
        f"/v1/batches/{batch}/imports?kind=entries", content=without_end(), headers=caller, timeout=60
    )
    assert (answer.status_code, slug(answer)) == (422, "body-too-large")
    assert await nothing_came_of_it(service, unit, batch)


async def test_another_kind_of_file_or_a_batch_that_takes_no_rows_is_refused(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-kind")
    assert slug(await send(service, unit, batch, b"[]", media="application/json")) == "file-media"
    await moved(service, batch, State.ARRANGED)
    assert slug(await send(service, unit, batch, GOOD)) == "batch-state"
    assert await nothing_came_of_it(service, unit, batch)


# -- stopping and going on -----------------------------------------------------------------------------


async def test_an_import_stops_with_its_batch_and_goes_on_where_it_stopped(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-stops")
    made = await sent(service, unit, batch, as_csv(map(candidate, people(20_000))))
    await eventually(lambda: is_running(service, unit, made["id"]))
    await moved(service, batch, State.ARRANGED)
    failed = await ended(service, unit, made["id"], state="failed")
    assert (failed["reason"], "arranged" in failed["detail"]) == ("batch-state", True)
    assert failed["line"] == failed["reached"] + -(-failed["reached"] // 100) + 2
    assert (await counts(service, unit, batch))["enrolled"] == failed["accepted"] == failed["reached"] < 20_000
    assert slug(await resume(service, unit, made["id"])) == "batch-state"
    assert (await see(service, unit, made["id"])) == failed
    await moved(service, batch, State.REGISTERING)
    assert (await resume(service, unit, made["id"])).json()["state"] == "running"
    done = await ended(service, unit, made["id"])
    assert (done["accepted"], done["refused"], done["reason"]) == (20_000, 0, "")
    assert slug(await resume(service, unit, made["id"])) == "import-not-stopped"


async def is_running(service: Running, unit: str, identity: str) -> bool:
    return bool((await see(service, unit, identity))["reached"])


async def resume(service: Running, unit: str, identity: str) -> Any:
    return await service.http.post(f"/v1/imports/{identity}/resume", headers=service.token("unit", unit, "33"))


async def test_a_batch_is_cancelled_under_a_running_import_and_keeps_nobody(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-cancels")
    made = await sent(service, unit, batch, as_csv(map(candidate, people(20_000))))
    await eventually(lambda: is_running(service, unit, made["id"]))
    began = time.monotonic()

    async def is_cancelled() -> bool:  # a run of rows may be on its way in: the answer is to ask again
        answer = await post(service, unit, f"/{batch}/cancel", {"reason": "台风停工，另行公告。"})
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    await eventually(is_cancelled)
    assert time.monotonic() - began < 5
    stopped = await ended(service, unit, made["id"], state="failed")
    assert (stopped["reason"], stopped["reached"] < 20_000) == ("batch-state", True)

    async def all_withdrawn() -> bool:
        found = await counts(service, unit, batch)
        return found["withdrawn"] == stopped["accepted"] and not found["enrolled"]

    await eventually(all_withdrawn)
    assert await kept(service, "entries").count({"batch": batch, "days.0": {"$exists": True}}) == 0
    assert slug(await resume(service, unit, made["id"])) == "batch-state"


async def test_rows_that_end_the_process_again_and_again_stop_their_import_and_no_other(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-deadly")
    made = await sent(service, unit, batch, as_csv(map(candidate, people(15_000))))
    await eventually(lambda: is_running(service, unit, made["id"]))
    await moved(service, batch, State.ARRANGED)
    await ended(service, unit, made["id"], state="failed")
    await moved(service, batch, State.REGISTERING)
    as_killed = {"$set": {"state": "running", "tries": MOST_TRIES, "reason": "", "ended_at": None}}
    await kept(service, "imports").update({"_id": made["id"]}, as_killed)
    failed = await ended(service, unit, made["id"], state="failed")
    assert (failed["reason"], str(failed["line"]) in failed["detail"]) == ("import-given-up", True)
    await resume(service, unit, made["id"])
    assert (await ended(service, unit, made["id"]))["accepted"] == 15_000


async def test_a_file_whose_piece_is_lost_goes_on_when_it_is_sent_again(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-lost")
    file = as_csv(map(candidate, people(20_000)))
    made = await sent(service, unit, batch, file)
    await eventually(lambda: is_running(service, unit, made["id"]))
    await kept(service, "import_pieces").delete({})
    failed = await ended(service, unit, made["id"], state="failed")
    assert failed["reason"] == slug(await resume(service, unit, made["id"])) == "import-file-gone"
    assert (await sent(service, unit, batch, file))["id"] == made["id"]
    assert (await ended(service, unit, made["id"]))["accepted"] == 20_000


async def test_a_file_said_to_be_too_large_is_refused_before_it_is_read(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-large")
    reader, writer = await begun(service, unit, batch, MOST_BYTES + 1)
    answer = await reader.readuntil(b"}")
    assert answer.startswith(b"HTTP/1.1 422")
    assert b"body-too-large" in answer
    writer.close()


async def test_a_file_that_stopped_long_ago_is_deleted_and_goes_on_when_it_is_sent_again(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-old")
    file = as_csv(map(candidate, people(15_000)))
    made = await sent(service, unit, batch, file)
    await eventually(lambda: is_running(service, unit, made["id"]))
    await moved(service, batch, State.ARRANGED)
    failed = await ended(service, unit, made["id"], state="failed")
    assert (await sent(service, unit, batch, file))["state"] == "failed"
    service.forward(days=31)
    await eventually(lambda: is_gone(service, made["id"]))
    await kept(service, "import_files").update_all({}, {"$set": {"at": 0}})
    await eventually(lambda: is_empty(service, "import_pieces"))
    await moved(service, batch, State.REGISTERING)
    assert slug(await resume(service, unit, made["id"])) == "import-file-gone"
    again = await sent(service, unit, batch, file)
    assert (again["id"], again["reached"]) == (made["id"], failed["reached"])
    done = await ended(service, unit, made["id"])
    assert (done["accepted"], done["refused"]) == (15_000, 0)


async def is_gone(service: Running, identity: str) -> bool:
    return (await import_store(service.process.tools.database).get(identity)).file == ""


async def is_empty(service: Running, name: str) -> bool:
    return await kept(service, name).count({}) == 0


async def test_a_report_is_kept_for_a_while_and_then_said_to_be_gone(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-reports")
    rows = [candidate(number) for number in people(3)]
    rows[1]["name"] = ""
    made = await ended(service, unit, (await sent(service, unit, batch, as_csv(rows)))["id"])
    told = await refusals(service, unit, made["id"])
    assert (made["reported"], [(field, rule) for _, field, rule in told]) == (True, [("/name", "missing")])
    service.forward(days=29)
    later = await ended(service, unit, (await sent(service, unit, batch, as_csv(rows), dry_run=True))["id"])
    service.forward(days=2)

    async def is_gone() -> bool:
        return not (await see(service, unit, made["id"]))["reported"]

    await eventually(is_gone)
    assert await kept(service, "import_reports").find({"import": made["id"]}) == []
    for path in ("refusals", "refusals/export"):
        answer = await service.http.get(f"/v1/imports/{made['id']}/{path}", headers=service.token("unit", unit, "33"))
        assert (answer.status_code, slug(answer)) == (409, "import-report-gone")
    assert len(await refusals(service, unit, later["id"])) == 3


async def test_what_a_killed_process_had_received_is_deleted(service: Running) -> None:
    files, pieces = kept(service, "import_files"), kept(service, "import_pieces")
    await pieces.insert({"_id": "left/0", "file": "left"})
    await files.insert({"_id": "left", "at": time.time() - handlers.ABANDONED - 1})
    await pieces.insert({"_id": "coming/0", "file": "coming"})
    await files.insert({"_id": "coming", "at": time.time()})
    await eventually(lambda: is_one(files))
    assert [row["_id"] for row in await pieces.find({})] == ["coming/0"]
    await files.delete({})
    await pieces.delete({})


async def is_one(collection: Collection) -> bool:
    return await collection.count({}) == 1


# -- turns ---------------------------------------------------------------------------------------------


async def test_a_small_file_of_another_line_does_not_wait_for_a_big_one(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-big")
    other = "unit-34-small"
    await service.says(standing(unit=other), subject=other, authority="34")
    site = site_of(other)
    await service.says(site_said(site=site, unit=other), subject=site, authority="34")

    async def planned() -> str:
        asked, caller = planned_by(other), service.token("unit", other, "34")
        answer = await service.http.post("/v1/batches", json=asked, headers=caller)
        return str(answer.json().get("id", ""))

    small_batch = await eventually(planned)
    await moved(service, small_batch, State.REGISTERING)
    big = await sent(service, unit, batch, as_csv(map(candidate, people(20_000))))
    await eventually(lambda: is_running(service, unit, big["id"]))
    small = await sent(service, other, small_batch, as_csv(map(candidate, people(900))), line="34")
    before = (await see(service, unit, big["id"]))["reached"]
    await ended(service, other, small["id"], line="34")
    after = await see(service, unit, big["id"])
    assert after["state"] == "running"
    assert after["reached"] - before <= 4 * TURN
    assert (await ended(service, unit, big["id"]))["accepted"] == 20_000


async def test_several_workers_share_the_imports_and_none_is_taken_twice(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-workers")
    made = [await sent(service, unit, batch, as_csv(map(candidate, people(2500)))) for _ in range(3)]
    tools = service.process.tools
    others = [asyncio.create_task(worker_of(tools, f"worker-{number}")) for number in range(2)]
    for one in made:
        assert (await ended(service, unit, one["id"]))["accepted"] == 2500
    for task in others:
        task.cancel()
    await asyncio.wait(others)
    assert (await counts(service, unit, batch))["enrolled"] == 7500


async def worker_of(tools: Any, name: str) -> None:
    """Another worker, as another process would run it."""
    [run] = build(tools).loops
    await replace(run.__self__, holder=name).run()  # type: ignore[attr-defined]


async def test_nobody_sees_the_imports_of_others(service: Running) -> None:
    unit, batch = await registering(service, "unit-33-own")
    made = await sent(service, unit, batch, as_csv(map(candidate, numbers := people(1))))
    await ended(service, unit, made["id"])
    for path in (
        f"/v1/imports/{made['id']}",
        f"/v1/batches/{batch}/imports",
        f"/v1/imports/{made['id']}/refusals",
        f"/v1/imports/{made['id']}/refusals/export",
    ):
        for role, org, line, status in (
            ("unit", "unit-33-other", "33", 404),
            ("authority", "34", "34", 404),
            ("authority", "33", "33", 200),
            ("center", "center", None, 200),
        ):
            answer = await service.http.get(path, headers=service.token(role, org, line))
            assert answer.status_code == status, (path, role, org)
    assert slug(await send(service, "unit-33-other", batch, GOOD)) == "not-found"
    assert (await resume(service, "unit-33-other", made["id"])).status_code == 404
    assert resident_id(numbers[0]) not in str(await kept(service, "imports").find({}))
