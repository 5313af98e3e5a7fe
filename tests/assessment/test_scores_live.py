"""Sheets on the real servers: papers, signatures, the seal, and who sees what before it and after."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State
from services.assessment.batches.storage import taking_rows
from services.assessment.entries.storage import entry_store, tally
from services.assessment.rooms import DATA
from services.assessment.scores.commands import SheetRow
from services.assessment.scores.handlers import ScorePapers, Scoring, Sealing
from services.assessment.scores.storage import paper_store
from shared.events.assessment import BatchMarked, BatchScored
from shared.http.rows import CSV, NDJSON, RowsTaken, flat, rows_in, table
from shared.rulebook import Rulebook
from tests.assessment.driving import (
    authorised,
    batch_of,
    batches,
    enrolled,
    examined,
    get,
    heard_of,
    mirrors_of,
    moved,
    person_of,
    post,
    said_of,
    scored,
    sealed,
    slug,
    writing,
)
from tests.assessment.examples import ASSIGNED, CARDS, SHEET, published
from tests.assessment.sheets import practical, rows_of, theory
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("assessment")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


async def in_exam(service: Running, unit: str, people: range = range(2)) -> tuple[str, list[str]]:
    """A batch of a new unit in its exam, everybody with a place."""
    await authorised(service, unit)
    batch = await batch_of(service, unit)
    entries = await enrolled(service, unit, batch, people)
    await examined(service, batch, entries)
    return batch, entries


async def sent(service: Running, unit: str, batch: str, *rows: Mapping[str, Any]) -> Any:
    answer = await post(service, unit, f"/{batch}/sheets", list(rows))
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    return [(row["line"], row["rule"], row["field"]) for row in answer["refused"]]


async def counts(service: Running, unit: str, batch: str) -> tuple[int, int, int]:
    """As they are kept: the doors tell no results before the seal."""
    shown = (await get(service, unit, f"/{batch}"))["counts"]
    kept = await tally(entry_store(service.process.tools.database), batch)
    assert (shown["enrolled"], shown["passed"], shown["failed"]) == (kept.entries, 0, 0)
    return kept.enrolled, kept.passed, kept.failed


async def called(
    service: Running, role: str, subject: str, path: str, body: Any = None, org: str = "elsewhere"
) -> httpx.Response:
    """A caller of whatever role, from another line, known by their card."""
    token = service.issuer.token(role, org, "11", subject)
    headers = {**service.token("unit"), "Authorization": f"Bearer {token}"}
    if body is None:
        return await service.http.get(f"/v1/batches{path}", headers=headers)
    return await service.http.post(f"/v1/batches{path}", json=body, headers=headers)


# -- sheets --------------------------------------------------------------------------------------------


async def test_bad_sheets_are_refused_one_by_one_and_good_ones_are_signed(service: Running) -> None:
    unit = "unit-33-sheets"
    batch, [one, two] = await in_exam(service, unit)
    other, [foreign] = await in_exam(service, "unit-33-foreign", range(1))
    answer = await sent(
        service,
        unit,
        batch,
        theory(one, 101),
        theory(foreign, 80),
        practical(one, checker=CARDS[0]),
        practical(one, "card-4"),
        {**practical(one), "part": "review"},
        {**theory(one), "part": "practical", "scorer": CARDS[0]},
        theory(two, 50),
        theory(two, 60),
    )
    assert answer["accepted"] == 1
    assert refused(answer) == [
        (1, "above-points", "/points/points"),
        (2, "work-piece-unknown", "/work_piece"),
        (3, "same-signature", "/checker"),
        (4, "not-assigned", "/scorer"),
        (5, "part-unknown", "/part"),
        (6, "no-score-sheet", "/points"),
        (8, "duplicate", "/work_piece"),
    ]
    await sent(service, unit, batch, *rows_of(two, 50)[1:])
    assert await counts(service, unit, batch) == (1, 0, 1)
    assert other != batch


async def test_a_signed_sheet_changes_by_a_correction_only(service: Running) -> None:
    unit = "unit-33-again"
    batch, [one, _] = await in_exam(service, unit)
    rows = rows_of(one, 59)
    assert (await sent(service, unit, batch, *rows))["accepted"] == 4
    assert (await sent(service, unit, batch, *rows)) == {"accepted": 4, "refused": []}
    assert refused(await sent(service, unit, batch, theory(one, 61))) == [(1, "already-signed", "/correction")]
    assert (await sent(service, unit, batch, theory(one, 61, correction="漏计两分")))["accepted"] == 1
    assert await counts(service, unit, batch) == (1, 1, 0)
    stored = await service.process.tools.database.collection("entries").find_one({"_id": one})
    assert stored is not None
    versions = [(row["version"], row["points"], row["reason"]) for row in stored["sheets"] if row["part"] == "theory"]
    assert versions == [(1, 59, ""), (2, 61, "漏计两分")]


@pytest.mark.parametrize("media", [NDJSON, CSV])
async def test_lines_and_tables_are_taken_like_an_array(service: Running, media: str) -> None:
    unit = f"unit-33-{media[-3:]}"
    batch, [one, two] = await in_exam(service, unit)
    times: dict[str, Any] = {"began_at": "2019-10-12T09:00:00+08:00", "ended_at": "2019-10-12T10:00:00+08:00"}
    rows = [
        practical(one, remarks={"conduct": "迟到, 未戴手套"}, **times),
        practical(two, points={**SHEET, "conduct": 99}),
    ]
    lines = "\n".join(map(json.dumps, rows))
    body = lines if media == NDJSON else table([*flat(rows[0])], map(flat, rows))
    answer = await post(service, unit, f"/{batch}/sheets", body.encode(), **{"Content-Type": media})
    line = 2 if media == NDJSON else 3
    assert (answer.json()["accepted"], refused(answer.json())) == (1, [(line, "above-points", "/points/conduct")])
    stored = await service.process.tools.database.collection("entries").find_one({"_id": one})
    assert stored is not None
    [sheet] = stored["sheets"]
    assert (sheet["points"], sheet["ended_at"].hour) == (80.5, 2)


async def test_an_answer_that_was_lost_is_given_again(service: Running) -> None:
    unit = "unit-33-lost"
    batch, [one, two] = await in_exam(service, unit)
    rows = [*rows_of(one), theory(one, 60), theory(two, 99.25)]
    key = {"Idempotency-Key": "the same sheets"}
    first = await post(service, unit, f"/{batch}/sheets", rows, **key)
    await service.process.tools.database.collection("answers").delete({})
    second = await post(service, unit, f"/{batch}/sheets", rows, **key)
    assert second.json() == first.json()
    assert first.json()["accepted"] == 4


async def test_the_sheets_of_an_entry_may_lie_in_several_runs_of_one_file(service: Running) -> None:
    unit = "unit-33-runs"
    batch, entries = await in_exam(service, unit, range(200))
    rows = [practical(entry, card) for card in CARDS for entry in entries] + [theory(entry, 70) for entry in entries]
    assert (await sent(service, unit, batch, *rows)) == {"accepted": 800, "refused": []}
    assert await counts(service, unit, batch) == (0, 200, 0)


async def test_five_hundred_sheets_are_checked_without_writing_and_then_signed_in_half_a_second(
    service: Running,
) -> None:
    unit = "unit-33-fast"
    batch, entries = await in_exam(service, unit, range(250))
    rows = [row for entry in entries for row in rows_of(entry)][:500]
    scoring, body = scoring_of(service), json.dumps(rows).encode()
    checked = await scoring.check(batch, rows_in(body, "application/json", SheetRow))
    assert checked == RowsTaken(accepted=500, refused=[])
    assert await counts(service, unit, batch) == (250, 0, 0)
    bad = json.dumps([theory(entries[0], 101), practical(entries[0], "card-4"), theory(entries[1], 60)]).encode()
    looked_at = await scoring.check(batch, rows_in(bad, "application/json", SheetRow))
    assert (looked_at.accepted, [row.rule for row in looked_at.refused]) == (1, ["above-points", "not-assigned"])
    begun = time.perf_counter()
    assert (await scoring.score(writing(service), batch, rows_in(body, "application/json", SheetRow))) == checked
    took = time.perf_counter() - begun
    assert await counts(service, unit, batch) == (125, 125, 0)
    assert took < 2, "half a second on a core of its own; this machine is shared"


def scoring_of(service: Running) -> Scoring:
    tools = service.process.tools
    papers = ScorePapers(paper_store(tools.database), batches(service), Rulebook.load(DATA / "rules.json"))
    return Scoring(entry_store(tools.database), batches(service), papers, mirrors_of(service), tools.clock)


async def test_more_sheets_than_are_signed_in_time_are_for_a_file(service: Running) -> None:
    unit = "unit-33-many"
    batch, [one, _] = await in_exam(service, unit)
    answer = await post(service, unit, f"/{batch}/sheets", [theory(one)] * 2001)
    assert (slug(answer), "at most 2000" in answer.json()["detail"]) == ("malformed", True)
    assert await counts(service, unit, batch) == (2, 0, 0)


async def test_an_assessor_sends_their_own_sheets_only_and_reads_none(service: Running) -> None:
    unit = "unit-33-own"
    batch, [one, _] = await in_exam(service, unit)
    path = f"/{batch}/sheets"
    mine = await called(service, "assessor", CARDS[1], path, [practical(one, CARDS[1]), practical(one), theory(one)])
    assert (mine.json()["accepted"], [row[1] for row in refused(mine.json())]) == (1, ["not-own-sheet"] * 2)
    assert (await called(service, "assessor", "card-7", path, [practical(one, "card-7")])).status_code == 404
    await sent(service, unit, batch, theory(one))
    assert (await called(service, "assessor", CARDS[1], f"/{batch}/entries/{one}/sheets")).status_code == 403
    assert (await called(service, "assessor", CARDS[1], f"/{batch}/papers")).status_code == 200


async def test_sheets_are_taken_during_the_exam_and_the_marking_only(service: Running) -> None:
    unit = "unit-33-when"
    batch, [one, _] = await in_exam(service, unit)
    for state, status in ((State.ARRANGED, 409), (State.IN_EXAM, 200), (State.MARKING, 200), (State.SCORED, 409)):
        await moved(service, batch, state)
        answer = await post(service, unit, f"/{batch}/sheets", [theory(one)])
        assert answer.status_code == status, state
    await moved(service, batch, State.MARKING, frozen=True)
    assert slug(await post(service, unit, f"/{batch}/sheets", [theory(one)])) == "batch-frozen"


# -- papers --------------------------------------------------------------------------------------------


async def test_a_paper_is_named_before_the_exam_and_scored_by(service: Running) -> None:
    unit = await authorised(service, "unit-33-paper")
    batch = await batch_of(service, unit)
    [one] = await enrolled(service, unit, batch, range(1))
    plain = {row["part"]: row for row in (await _papers(service, unit, batch))}
    elements = plain["practical"]["tasks"][0]["elements"]
    assert [row["id"] for row in elements] == list(SHEET)
    assert plain["theory"]["tasks"][0]["elements"][0]["points"] == 100
    split = [*elements[:4], {**elements[4], "id": "order", "points": 4}, {**elements[4], "id": "manners", "points": 6}]
    asked: dict[str, Any] = {"part": "practical", "tasks": [{"id": "cage", "title": "梁钢筋笼绑扎", "elements": split}]}
    short = {"part": "practical", "tasks": [{**asked["tasks"][0], "elements": split[:5]}]}
    answer = await _name(service, unit, batch, short)
    assert (answer.status_code, answer.json()["rule"]) == (400, "dimension-points")
    assert (await _name(service, unit, batch, asked)).status_code == 200
    other = {"part": "practical", "tasks": [{**asked["tasks"][0], "id": "other"}]}
    assert (await _name(service, unit, batch, other)).status_code == 200
    assert [row["tasks"][0]["id"] for row in await _papers(service, unit, batch)] == ["theory", "other"]
    assert (await _name(service, unit, batch, asked)).status_code == 200
    await examined(service, batch, [one])
    assert slug(await _name(service, unit, batch, asked)) == "batch-state"
    points = {**SHEET, "order": 4, "manners": 5.5}
    assert refused(await sent(service, unit, batch, practical(one))) == [(1, "element-unknown", "/points")]
    del points["conduct"]
    assert (await sent(service, unit, batch, practical(one, points=points)))["accepted"] == 1


async def _papers(service: Running, unit: str, batch: str) -> Any:
    answer = await service.http.get(f"/v1/batches/{batch}/papers", headers=service.token("unit", unit, "33"))
    return answer.json()


async def _name(service: Running, unit: str, batch: str, body: Any) -> httpx.Response:
    caller = service.token("unit", unit, "33")
    return await service.http.put(f"/v1/batches/{batch}/papers", json=body, headers=caller)


async def _resits(service: Running, unit: str, batch: str) -> Any:
    """What is answered to those who ask for a resit of the two of a batch elsewhere."""
    other = await batch_of(service, unit, exam_on="2019-11-02")
    rows = [{**person_of(batch, number), "resit": True} for number in range(2)]
    return (await post(service, unit, f"/{other}/entries/check", rows)).json()["refused"]


# -- the seal ------------------------------------------------------------------------------------------


async def test_sheets_are_sealed_once_everybody_has_a_result_and_results_are_shown_then(service: Running) -> None:
    unit = "unit-33-seal"
    batch, [one, two] = await in_exam(service, unit)
    await scored(service, unit, batch, [one])
    await moved(service, batch, State.MARKING)
    answer = await post(service, unit, f"/{batch}/seal")
    assert (answer.status_code, slug(answer)) == (409, "entries-not-scored")
    assert "1 of 2" in answer.json()["detail"]
    await sent(service, unit, batch, *rows_of(two, 59.5))

    rows = (await get(service, unit, f"/{batch}/entries"))["rows"]
    assert [(row["state"], row["scores"]) for row in rows] == [("enrolled", [])] * 2
    row = {"reason": "姓名录入有误，已核对证件。", "name": "测试丁"}
    mended = (await post(service, unit, f"/{batch}/entries/{two}/mend", row)).json()
    assert (mended["state"], mended["scores"]) == ("enrolled", [])
    await moved(service, batch, State.MARKING, assignment=ASSIGNED.model_dump())  # its cards are known to nobody here
    assert [shown["rule"] for shown in await _resits(service, unit, batch)] == ["resit-none"] * 2
    assert len({shown["detail"] for shown in await _resits(service, unit, batch)}) == 1, "who failed is not told"
    for path in (f"/{batch}/entries?state=passed", f"/{batch}/entries/{one}/sheets"):
        hidden = await service.http.get(f"/v1/batches{path}", headers=service.token("unit", unit, "33"))
        assert (hidden.status_code, slug(hidden)) == (409, "results-not-open")

    async with taking_rows(batches(service), batch, writing(service), (State.MARKING,), "test"):
        busy = await post(service, unit, f"/{batch}/seal")
        assert (busy.status_code, slug(busy)) == (503, "batch-busy")
    seal = (await sealed(service, unit, batch))["seal"]
    [said] = await said_of(service, BatchScored, batch)
    assert (said["digest"], said["sheets"], said["passed"], said["failed"]) == (seal["digest"], 8, 1, 1)
    assert seal["by"] == f"unit@{unit}", "who asked for it, not the worker that made it"

    counts = (await get(service, unit, f"/{batch}"))["counts"]
    assert (counts["enrolled"], counts["passed"], counts["failed"]) == (0, 1, 1)
    rows = (await get(service, unit, f"/{batch}/entries"))["rows"]
    assert {row["id"]: row["state"] for row in rows} == {one: "passed", two: "failed"}
    shown: Any = await get(service, unit, f"/{batch}/entries/{two}/sheets")
    assert [(row["part"], row["assessor"]) for row in shown] == [
        *(("practical", card) for card in CARDS),
        ("theory", ""),
    ]
    assert slug(await post(service, unit, f"/{batch}/sheets", [theory(one)])) == "batch-state"
    assert slug(await post(service, unit, f"/{batch}/seal")) == "batch-state"


async def test_who_supervises_the_exam_sees_its_sheets_and_no_other_supervisor_does(service: Running) -> None:
    unit = "unit-33-supervised"
    batch, [one] = await in_exam(service, unit, range(1))
    await scored(service, unit, batch, [one])
    await sealed(service, unit, batch)
    for path in (f"/{batch}/entries/{one}/sheets", f"/{batch}/seal", f"/{batch}/papers", f"/{batch}/signals"):
        assert (await called(service, "supervisor", "card-9", path)).status_code == 200, path
        assert (await called(service, "supervisor", "card-8", path)).status_code == 404, path
        other = await service.http.get(f"/v1/batches{path}", headers=service.token("unit", "unit-33-else", "33"))
        assert other.status_code == 404, path


async def test_the_seal_is_compared_run_by_run_and_a_touched_sheet_is_found(service: Running) -> None:
    unit = "unit-33-touched"
    batch, entries = await in_exam(service, unit, range(5))
    assert slug(await _seal(service, unit, batch)) == "batch-not-ready"
    await scored(service, unit, batch, entries)
    await sealed(service, unit, batch)
    runs = await _checked(service, unit, batch)
    assert [run["matches"] for run in runs] == [None, None, True]
    assert [run["sheets"] for run in runs] == [8, 16, 20]
    assert not any(run["wrong"] for run in runs)

    collection = service.process.tools.database.collection("entries")
    await collection.update({"_id": sorted(entries)[1]}, {"$set": {"sheets.0.points": 99.5}})
    runs = await _checked(service, unit, batch)
    assert [run["matches"] for run in runs] == [None, None, False]
    assert [(row["entry"], row["rule"]) for run in runs for row in run["wrong"]] == [(sorted(entries)[1], "digest")]

    await collection.update({"_id": sorted(entries)[1]}, {"$set": {"sheets.0.points": 80.0}})
    assert (await _checked(service, unit, batch))[-1]["matches"] is True
    await collection.update({"_id": sorted(entries)[4]}, {"$set": {"sheets": []}})
    assert (await _checked(service, unit, batch))[-1]["matches"] is False


async def _checked(service: Running, unit: str, batch: str) -> list[dict[str, Any]]:
    runs, cursor = [], ""
    while True:
        runs.append((await _seal(service, unit, batch, f"?limit=2{cursor}")).json())
        if runs[-1]["next"] is None:
            return runs
        cursor = f"&cursor={runs[-1]['next']}"


async def _seal(service: Running, unit: str, batch: str, query: str = "") -> httpx.Response:
    return await service.http.get(f"/v1/batches/{batch}/seal{query}", headers=service.token("unit", unit, "33"))


async def test_a_seal_that_a_crash_left_out_is_made_by_the_redelivery_and_never_twice(service: Running) -> None:
    unit = "unit-33-crash"
    batch, entries = await in_exam(service, unit, range(3))
    await scored(service, unit, batch, entries)
    seal = (await sealed(service, unit, batch))["seal"]
    [marked] = await heard_of(service, BatchMarked, batch)
    again = BatchMarked.model_validate_json(marked.body)
    await moved(service, batch, State.SCORED, seal=None)
    await service.says(again, subject=batch, sequence=99)

    async def is_sealed() -> bool:
        return bool((await get(service, unit, f"/{batch}"))["seal"])

    await eventually(is_sealed)
    made = (await get(service, unit, f"/{batch}"))["seal"]
    assert (made["digest"], made["sheets"]) == (seal["digest"], seal["sheets"])
    sealing = Sealing(batches(service), entry_store(service.process.tools.database), service.process.tools.clock)
    version = (await batches(service).get(batch)).version
    for _ in range(2):
        await sealing.seal(writing(service), batch)
    assert (await batches(service).get(batch)).version == version
    assert len(await said_of(service, BatchScored, batch, 2)) == 2
