"""Assessment on the real servers: from a unit's standing to certified entries, over HTTP and the bus."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.storage import taking_rows
from shared.errors import StorageUnavailable
from shared.events.assessment import (
    BatchClosed,
    BatchFiled,
    BatchFrozen,
    EntryCertified,
    EntryRejected,
    ResultsFinalised,
    ResultsPublicised,
)
from shared.events.registry import FilingRejected, UnitSuspended
from tests.assessment.driving import (
    FILED,
    NUMBER,
    answers,
    authorised,
    batch_of,
    batches,
    certificate,
    enrolled,
    get,
    heard_of,
    is_finalised,
    post,
    publicised,
    said_of,
    scored,
    slug,
    writing,
)
from tests.assessment.examples import SHEET, person, published, standing
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("assessment")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


async def test_a_batch_goes_from_filing_to_certified_entries(service: Running) -> None:
    unit = await authorised(service, "unit-33-spine")
    batch = await batch_of(service, unit)
    assert (await said_of(service, BatchFiled, batch))[0]["standard"] == "rebar_worker-2019p"

    entries = await enrolled(service, unit, batch, range(4))
    await scored(service, unit, batch, entries[:1], theory=59.5)
    answer = await post(service, unit, f"/{batch}/publicise")
    assert (slug(answer), answer.status_code) == ("entries-not-scored", 409)
    assert "3 of 4" in answer.json()["detail"]
    await scored(service, unit, batch, entries[1:])
    await post(service, unit, f"/{batch}/publicise")
    [notice] = await said_of(service, ResultsPublicised, batch)
    assert (notice["entries"], notice["passed"], notice["failed"]) == (4, 3, 1)

    assert slug(await post(service, unit, f"/{batch}/entries", [person(99)])) == "batch-state"
    assert slug(await post(service, unit, f"/{batch}/scores", [])) == "batch-state"
    assert slug(await post(service, unit, f"/{batch}/finalise")) == "period-open"
    service.forward(days=(date.fromisoformat(notice["closes_on"]) - date.fromisoformat(notice["opens_on"])).days + 1)
    await eventually(lambda: answers(service, unit, f"/{batch}/finalise", 200))
    assert (await said_of(service, BatchClosed, batch))[0]["chunks"] == 1
    [chunk] = await heard_of(service, ResultsFinalised, batch)
    final = json.loads(chunk.body)
    assert sorted(row["entry"] for row in final["results"]) == sorted(entries[1:])
    assert (chunk.headers["ce-subject"], chunk.headers["ce-authority"]) == (f"{batch}.1", "33")
    assert final["closed_at"] == notice["ends_at"]
    opened = service.process.tools.sealer.open(final["results"][0]["person"], bound_to=final["results"][0]["entry"])
    assert json.loads(opened)["id_number"] in {person(number)["id_number"] for number in range(4)}

    await service.says(certificate(entries[1], batch, unit), subject=entries[1], trace=TRACE)
    rejection = FilingRejected(entry=entries[2], batch=batch, unit=unit, reason="already-certified", detail="holds one")
    await service.says(rejection, subject=f"{batch}.1")
    [certified] = await heard_of(service, EntryCertified, batch)
    assert certified.headers["ce-subject"] == entries[1]
    assert certified.headers["traceparent"].split("-")[1] == TRACE.split("-")[1]
    assert (await said_of(service, EntryRejected, batch))[0]["reason"] == "already-certified"

    shown = await get(service, unit, f"/{batch}")
    assert (shown["state"], shown["counts"]) == (
        "finalised",
        {"enrolled": 0, "passed": 1, "failed": 1, "certified": 1, "rejected": 1},
    )
    rows = (await get(service, unit, f"/{batch}/entries?state=certified"))["rows"]
    assert [(row["id"], row["number"]) for row in rows] == [(entries[1], NUMBER)]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"occupation": "mason"}, "occupation-out-of-scope"),
        ({"level": "3"}, "level-out-of-scope"),
        ({"exam_on": "2020-09-01"}, "unit-not-authorised"),
    ],
)
async def test_a_batch_outside_the_units_standing_is_refused(
    service: Running, change: dict[str, str], refusal: str
) -> None:
    unit = await authorised(service, "unit-33-scope")
    answer = await post(service, unit, "", {**FILED, **change})
    assert (answer.status_code, slug(answer)) == (409, refusal)


async def test_an_unknown_unit_is_not_authorised(service: Running) -> None:
    answer = await post(service, "unit-33-stranger", "", FILED)
    assert (answer.status_code, slug(answer)) == (409, "unit-not-authorised")


async def test_bad_rows_are_refused_one_by_one_and_no_number_is_repeated(service: Running) -> None:
    unit = await authorised(service, "unit-33-rows")
    batch = await batch_of(service, unit)
    good, twice = person(1), person(2)
    wrong = {**person(3), "id_number": person(3)["id_number"][:-1] + "A"}
    rows = [good, twice, twice, wrong, {"name": "无号"}, {**person(4), "id_number": "1"}]
    body = "\n".join(map(json.dumps, rows)).encode()
    answer = await post(service, unit, f"/{batch}/entries", body, **{"Content-Type": "application/x-ndjson"})
    taken = answer.json()
    assert (taken["accepted"], len(taken["entries"])) == (2, 2)
    assert [(row["line"], row["rule"]) for row in taken["refused"]] == [
        (3, "duplicate"),
        (4, "characters"),
        (5, "missing"),
        (6, "length"),
    ]
    assert not any(row["id_number"] in answer.text for row in rows if len(row.get("id_number", "")) > 1)
    again = await post(service, unit, f"/{batch}/entries", [good])
    assert [row["rule"] for row in again.json()["refused"]] == ["duplicate"]
    listing = json.dumps(await get(service, unit, f"/{batch}/entries"), ensure_ascii=False)
    assert good["id_number"] not in listing
    assert "person" not in listing


async def test_a_repeated_enrolment_answers_the_same_even_when_its_answer_was_lost(service: Running) -> None:
    unit = await authorised(service, "unit-33-again")
    batch = await batch_of(service, unit)
    rows = [person(1), person(2), person(1)]
    key = {"Idempotency-Key": "the same request"}
    first = await post(service, unit, f"/{batch}/entries", rows, **key)
    await service.process.tools.database.collection("answers").delete({})
    second = await post(service, unit, f"/{batch}/entries", rows, **key)
    assert second.json() == first.json()
    assert (await get(service, unit, f"/{batch}"))["counts"]["enrolled"] == 2


async def test_bad_scores_are_refused_one_by_one_and_good_ones_can_be_replaced(service: Running) -> None:
    unit = await authorised(service, "unit-33-scores")
    batch, other = await batch_of(service, unit), await batch_of(service, unit)
    [one, two] = await enrolled(service, unit, batch, range(2))
    [foreign] = await enrolled(service, unit, other, range(1))
    rows = [
        {"entry": one, "theory": 101, "practical": SHEET},
        {"entry": foreign, "theory": 80, "practical": SHEET},
        {"entry": two, "theory": 50, "practical": SHEET},
        {"entry": two, "theory": 60, "practical": SHEET},
    ]
    answer = (await post(service, unit, f"/{batch}/scores", rows)).json()
    assert answer["accepted"] == 1
    assert [(row["line"], row["rule"]) for row in answer["refused"]] == [
        (1, "above-points"),
        (2, "unknown-entry"),
        (4, "duplicate"),
    ]
    assert (await get(service, unit, f"/{batch}"))["counts"]["failed"] == 1
    await scored(service, unit, batch, [two])
    assert (await get(service, unit, f"/{batch}"))["counts"] == {
        "enrolled": 1,
        "passed": 1,
        "failed": 0,
        "certified": 0,
        "rejected": 0,
    }


async def test_a_suspended_unit_finds_its_open_batches_frozen(service: Running) -> None:
    unit = await authorised(service, "unit-33-frozen")
    batch, entries = await publicised(service, unit, range(1))
    open_batch = await batch_of(service, unit)
    today = service.process.tools.clock.today()
    lost = standing(UnitSuspended, unit=unit, suspended_on=today, reason="dishonesty")
    await service.says(lost, subject=unit, sequence=2)
    await service.says(standing(unit=unit), subject=unit, sequence=1, event_id="late")
    for frozen in (batch, open_batch):
        assert (await said_of(service, BatchFrozen, frozen))[0]["reason"] == "dishonesty"
    scores = [{"entry": entries[0], "theory": 1, "practical": SHEET}]
    for path, body in (("entries", [person(5)]), ("scores", scores), ("publicise", None), ("finalise", None)):
        answer = await post(service, unit, f"/{batch}/{path}", body)
        assert (answer.status_code, slug(answer)) == (409, "batch-frozen")
    assert slug(await post(service, unit, "", FILED)) == "unit-suspended"


async def test_a_batch_filed_before_a_suspension_begins_is_frozen_when_it_does(service: Running) -> None:
    unit = await authorised(service, "unit-33-tomorrow")
    today = service.process.tools.clock.today()
    lost = standing(UnitSuspended, unit=unit, suspended_on=today + timedelta(days=1), reason="disorder")
    batch = await batch_of(service, unit)
    await service.says(lost, subject=unit, sequence=2)
    await eventually(lambda: _stands_suspended(service, unit))
    assert not (await get(service, unit, f"/{batch}"))["frozen"]
    service.forward(days=1)
    assert (await said_of(service, BatchFrozen, batch))[0]["reason"] == "disorder"


async def _stands_suspended(service: Running, unit: str) -> bool:
    found = await service.process.tools.database.collection("units").find_one({"_id": unit})
    return found is not None and found["suspended_on"] is not None


async def test_the_clock_finalises_what_nobody_did_and_its_results_follow_in_four_chunks(service: Running) -> None:
    unit = await authorised(service, "unit-33-clock")
    batch, entries = await publicised(service, unit, range(1600))
    service.forward(days=12)
    chunks = await said_of(service, ResultsFinalised, batch, 4)
    named = [row["entry"] for chunk in sorted(chunks, key=lambda row: row["chunk"]) for row in chunk["results"]]
    assert named == sorted(entries)
    assert [len(chunk["results"]) for chunk in sorted(chunks, key=lambda row: row["chunk"])] == [500, 500, 500, 100]

    await eventually(lambda: is_finalised(service, unit, batch))
    for entry in entries[:600]:
        await service.says(certificate(entry, batch, unit), subject=entry)
    await said_of(service, EntryCertified, batch, 600)


async def test_a_crash_between_two_chunks_is_healed_by_the_redelivery(service: Running) -> None:
    unit = await authorised(service, "unit-33-crash")
    batch, entries = await publicised(service, unit, range(501))
    service.forward(days=12)
    await said_of(service, ResultsFinalised, batch, 2)
    await eventually(lambda: is_finalised(service, unit, batch))
    database = service.process.tools.database
    await database.collection("chunks").delete({"_id": f"{batch}.2"})
    await database.collection("batches").update({"_id": batch}, {"$set": {"state": "closed"}})
    [closed] = await heard_of(service, BatchClosed, batch)
    await service.says(BatchClosed.model_validate_json(closed.body), subject=batch, sequence=99)
    await eventually(lambda: is_finalised(service, unit, batch))
    chunks = [json.loads(said.body) for said in await heard_of(service, ResultsFinalised, batch, 3)]
    assert sorted(chunk["chunk"] for chunk in chunks) == [1, 2, 2]
    assert {row["entry"] for chunk in chunks for row in chunk["results"]} == set(entries)


async def test_a_batch_in_which_nobody_passed_is_finalised_without_a_chunk(service: Running) -> None:
    unit = await authorised(service, "unit-33-none")
    batch = await batch_of(service, unit)
    entries = await enrolled(service, unit, batch, range(1))
    await scored(service, unit, batch, entries, theory=10)
    await post(service, unit, f"/{batch}/publicise")
    service.forward(days=12)
    await eventually(lambda: is_finalised(service, unit, batch))
    assert (await said_of(service, BatchClosed, batch))[0]["chunks"] == 0


async def test_results_are_not_publicised_between_a_rows_check_and_its_write(service: Running) -> None:
    unit = await authorised(service, "unit-33-race")
    batch = await batch_of(service, unit)
    await scored(service, unit, batch, await enrolled(service, unit, batch, range(1)))
    async with taking_rows(batches(service), batch, writing(service)):
        answer = await post(service, unit, f"/{batch}/publicise")
        assert (answer.status_code, slug(answer)) == (503, "batch-busy")
    assert (await post(service, unit, f"/{batch}/publicise")).status_code == 200


async def test_a_write_that_failed_holds_results_up_until_it_is_repeated(service: Running) -> None:
    unit = await authorised(service, "unit-33-failed")
    batch = await batch_of(service, unit)
    await scored(service, unit, batch, await enrolled(service, unit, batch, range(1)))
    with pytest.raises(StorageUnavailable):
        async with taking_rows(batches(service), batch, writing(service)):
            raise StorageUnavailable("lost")
    assert slug(await post(service, unit, f"/{batch}/publicise")) == "batch-busy"
    async with taking_rows(batches(service), batch, writing(service)):
        pass
    assert (await post(service, unit, f"/{batch}/publicise")).status_code == 200


async def test_a_certificate_for_an_unknown_entry_holds_up_no_other(service: Running) -> None:
    unit = await authorised(service, "unit-33-unknown")
    batch, entries = await publicised(service, unit, range(3))
    names = [entries[0], "entry-unknown", entries[1], entries[2]]
    await asyncio.gather(*(service.says(certificate(name, batch, unit), subject=name) for name in names))
    certified = await said_of(service, EntryCertified, batch, 3)
    assert {row["entry"] for row in certified} == set(entries)


async def test_nobody_sees_what_is_not_theirs(service: Running) -> None:
    unit = await authorised(service, "unit-33-mine")
    batch = await batch_of(service, unit)
    await enrolled(service, unit, batch, range(1))
    for path in (f"/v1/batches/{batch}", f"/v1/batches/{batch}/entries"):
        for role, org, line, status in (
            ("unit", "unit-33-other", "33", 404),
            ("authority", "34", "34", 404),
            ("authority", "33", "33", 200),
            ("center", "center", None, 200),
            ("subscriber", "33", "33", 403),
        ):
            answer = await service.http.get(path, headers=service.token(role, org, line))
            assert answer.status_code == status, (path, role, org)
    assert (await post(service, "unit-33-other", f"/{batch}/entries", [person(1)])).status_code == 404
