"""Results on the real servers: final, said chunk by chunk, held back and released, rejected and filed again, wrong."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State
from services.assessment.batches.storage import taking_rows
from services.assessment.entries.domain import State as EntryState
from services.assessment.objections.domain import Objection, Verdict
from services.assessment.objections.domain import State as Objected
from services.assessment.results.domain import chunk_of
from services.assessment.results.storage import chunk_store
from shared.events.assessment import (
    BatchCertified,
    BatchClosed,
    EntryCertified,
    EntryFoundWrong,
    EntryRefiled,
    EntryRejected,
    ObjectionDecided,
    ObjectionRefused,
    ResultsFinalised,
    ResultsPublicised,
)
from shared.events.registry import FilingRejected
from tests.assessment.driving import certificate, heard_of, said_of, slug
from tests.assessment.examples import PERIOD, SEAL, in_exam, person
from tests.assessment.made import (
    AFTER,
    act,
    asks,
    batch_now,
    batches,
    changed,
    entry,
    examined,
    final,
    objected,
    objection,
    on_notice,
    put,
    reads,
)
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

UNIT = "unit-33-001"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WRONG = {
    "reason": "漏计一个评分要素。",
    "basis": "成绩复核决定",
    "scores": {"practical": 90},
    "scorer": "甲",
    "checker": "乙",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("results")) as live:
        yield live


@pytest.fixture(autouse=True)
def after_the_period(service: Running) -> None:
    service.set_time(AFTER)


def decided(of: Objection, **changes: Any) -> ObjectionDecided:
    about: dict[str, Any] = {
        **of.named(), "outcome": of.state, "certified": False, "before": "failed", "after": "passed",
        "passes": True, "scores": {"theory": 80, "practical": 61}, "reason": "漏计一个要素。",
    }  # fmt: skip
    return ObjectionDecided(**{**about, **changes})


async def chunks_of(service: Running, batch: str, most: int) -> dict[int, list[str]]:
    """The entries of each chunk that was said, once there are so many; a chunk said twice is the same."""
    found: dict[int, list[str]] = {}
    for said in await said_of(service, ResultsFinalised, batch, most):
        rows = [row["entry"] for row in said["results"]]
        assert found.setdefault(said["chunk"], rows) == rows, "a chunk was said again with other entries"
    return found


async def certify(service: Running, batch: str, *entries: str) -> None:
    for row in entries:
        await service.says(certificate(row, batch, UNIT), subject=row, event_id=f"filed {row}")


async def reject(service: Running, batch: str, entry_id: str, chunk: int) -> None:
    said = FilingRejected(entry=entry_id, batch=batch, unit=UNIT, reason="issuer-without-code", detail="enter one")
    await service.says(said, subject=f"{batch}.{chunk}", event_id=f"rejected {entry_id} {chunk}")


async def is_in(service: Running, batch: str, state: State) -> bool:
    return (await batch_now(service, batch)).state is state


async def has_supplements(service: Running, batch: str, count: int) -> bool:
    return (await batch_now(service, batch)).supplements == count


async def test_results_on_notice_are_made_final_and_end_with_certificates_and_rejections(service: Running) -> None:
    of = in_exam(state=State.SCORED, seal=SEAL, id="batch-spine", unit=UNIT)
    rows = [examined(of, number) for number in range(3)]
    failed = examined(of, 3, EntryState.FAILED)
    entries = await put(service, of, *rows, failed)
    service.set_time(PERIOD.ends_at - timedelta(days=7))
    assert (await asks(service, "/batches/batch-spine/publicise", org=UNIT)).status_code == 200
    [notice] = await said_of(service, ResultsPublicised, of.id)
    assert (notice["entries"], notice["passed"], notice["failed"]) == (4, 3, 1)
    assert slug(await asks(service, "/batches/batch-spine/finalise", org=UNIT)) == "period-open"
    service.set_time(AFTER + timedelta(days=3))
    assert (await asks(service, "/batches/batch-spine/finalise", org=UNIT)).status_code == 200
    assert (await said_of(service, BatchClosed, of.id))[0]["chunks"] == 1
    [said] = await heard_of(service, ResultsFinalised, of.id)
    content = json.loads(said.body)
    passed = [row for row in entries if row != failed.id]
    assert [row["entry"] for row in content["results"]] == passed
    assert (said.headers["ce-subject"], said.headers["ce-authority"]) == ("batch-spine.1", "33")
    opened = service.process.tools.sealer.open(content["results"][0]["person"], bound_to=passed[0])
    assert json.loads(opened)["id_number"] in {person(number)["id_number"] for number in range(4)}
    await service.says(certificate(passed[0], of.id, UNIT), subject=passed[0], trace=TRACE)
    await certify(service, of.id, passed[1])
    await reject(service, of.id, passed[2], 1)
    [certified, _] = await heard_of(service, EntryCertified, of.id, 2)
    assert certified.headers["traceparent"].split("-")[1] == TRACE.split("-")[1]
    assert (await said_of(service, EntryRejected, of.id))[0]["reason"] == "issuer-without-code"
    [ended] = await said_of(service, BatchCertified, of.id)
    assert (ended["certified"], ended["rejected"]) == (2, 1)
    assert await is_in(service, of.id, State.CERTIFIED)


async def test_the_clock_makes_final_what_nobody_has(service: Running) -> None:
    of = on_notice(UNIT)
    [row] = await put(service, of, examined(of, 1))
    service.set_time(AFTER + timedelta(days=2))
    assert await chunks_of(service, of.id, 1) == {1: [row]}


async def test_a_batch_in_which_nobody_passed_is_finalised_without_a_chunk_and_certified(service: Running) -> None:
    of = on_notice(UNIT)
    await put(service, of, examined(of, 1, EntryState.FAILED))
    assert (await asks(service, f"/batches/{of.id}/finalise", org=UNIT)).json()["chunks"] == 0
    [ended] = await said_of(service, BatchCertified, of.id)
    assert (ended["certified"], ended["rejected"]) == (0, 0)


async def test_who_is_held_back_is_not_said_until_the_objection_ends_and_then_once(service: Running) -> None:
    of = on_notice(UNIT)
    entries = await put(service, of, *(examined(of, number) for number in range(3)))
    held, others = entries[1], [entries[0], entries[2]]
    ended = objection(of, held, f"objection-{of.id}", Objected.CHANGED)
    await changed(service, held, state=EntryState.FAILED, objection=ended.id)
    await asks(service, f"/batches/{of.id}/finalise", org=UNIT)
    assert await chunks_of(service, of.id, 1) == {1: others}
    await certify(service, of.id, *others)
    await heard_of(service, EntryCertified, of.id, 2)
    assert await is_in(service, of.id, State.FINALISED), "an open objection keeps the batch from being certified"
    await objected(service, ended)
    await changed(service, held, state=EntryState.PASSED, objection="")
    for name in ("decided", "decided", "heard again under another id"):
        await service.says(decided(ended), subject=ended.id, event_id=f"{of.id} {name}")
    assert await chunks_of(service, of.id, 2) == {1: others, 2: [held]}
    await eventually(lambda: has_supplements(service, of.id, 1))
    found = await entry(service, held)
    assert (found.filings, found.chunk) == (1, 2)
    await certify(service, of.id, held)
    assert (await said_of(service, BatchCertified, of.id))[0]["certified"] == 3
    assert len(await said_of(service, ResultsFinalised, of.id, 2)) == 2


async def test_an_open_objection_holds_back_even_before_its_entry_is_marked_and_the_clock_says_it_later(
    service: Running,
) -> None:
    of = on_notice(UNIT)
    [one, two] = await put(service, of, examined(of, 1), examined(of, 2))
    objections = service.process.tools.database.collection("objections")
    await objections.insert({"_id": "objection-early", "batch": of.id, "entry": two, "is_open": True})
    await asks(service, f"/batches/{of.id}/finalise", org=UNIT)
    assert await chunks_of(service, of.id, 1) == {1: [one]}
    await certify(service, of.id, one)
    await heard_of(service, EntryCertified, of.id)
    await objections.update({"_id": "objection-early"}, {"$set": {"is_open": False}})  # its event is lost
    assert await chunks_of(service, of.id, 2) == {1: [one], 2: [two]}


async def test_a_refused_objection_lets_its_entry_go(service: Running) -> None:
    of = final(UNIT)
    [row] = await put(service, of, examined(of, 1, objection="objection-2"))
    ended = objection(of, row, "objection-2")
    await objected(service, ended)
    await service.says(ObjectionRefused(**ended.named(), reason="无具体事项"), subject=ended.id)
    assert await chunks_of(service, of.id, 1) == {2: [row]}


@pytest.mark.parametrize("marked", [0, 1, 2])
async def test_a_chunk_cut_off_by_a_crash_is_completed_and_an_objection_decided_meanwhile_moves_nobody(
    service: Running, marked: int
) -> None:
    of = on_notice(UNIT)
    of = of.closed(AFTER, 3, 2)[0].having(id=f"batch-crash-{marked}")
    rows = sorted((examined(of, number) for number in range(4)), key=lambda row: row.id)
    entries = await put(service, of, *rows)
    released = entries[0]  # before all others: chosen anew by place, it would push each of them on by one
    database = service.process.tools.database
    stood = [await entry(service, row) for row in entries[1:3]]
    await chunk_store(database).add(*chunk_of(of, 1, stood), act(service))  # the crash: said, and some not marked
    for row in entries[1 : 1 + marked]:
        await changed(service, row, filings=1, chunk=1)
    for turn in range(2):
        closed = BatchClosed(**of.named(), passed=3, chunks=2)
        await service.says(closed, subject=of.id, sequence=90 + turn, event_id=f"{of.id} {turn}")
    found = await chunks_of(service, of.id, 3)
    assert found == {1: entries[1:3], 2: [entries[3]], 3: [released]}
    await eventually(lambda: has_supplements(service, of.id, 1))
    for row in entries:
        assert (await entry(service, row)).filings == 1
    assert await is_in(service, of.id, State.FINALISED)


async def test_a_further_chunk_cut_off_by_a_crash_is_marked_though_the_registry_has_answered(service: Running) -> None:
    of = final(UNIT)
    held: dict[str, Any] = {
        "objection": "objection-long"
    }  # so that the clock says none of them before the crash is made
    [row, other] = await put(service, of, examined(of, 1, **held), examined(of, 2, **held))
    database = service.process.tools.database
    await chunk_store(database).add(*chunk_of(of, 2, [await entry(service, row)]), act(service))
    await certify(service, of.id, row)
    await changed(service, row, objection="")
    await eventually(lambda: has_supplements(service, of.id, 1))
    found = await entry(service, row)
    assert (found.filings, found.chunk) == (1, 2)
    await changed(service, other, objection="")
    assert await chunks_of(service, of.id, 2) == {2: [row], 3: [other]}


async def test_a_chunk_found_standing_later_marks_no_entry_that_was_filed_again_meanwhile(service: Running) -> None:
    of = final(UNIT)
    held: dict[str, Any] = {"objection": "objection-long"}  # so that the clock does not say it before the crash is made
    [row] = await put(service, of, examined(of, 1, filings=1, **held))
    stood = (await entry(service, row)).having(filings=0)  # as it was when its first filing was said in chunk 2
    await chunk_store(service.process.tools.database).add(*chunk_of(of, 2, [stood]), act(service))
    await changed(service, row, objection="")
    assert await chunks_of(service, of.id, 2) == {2: [row], 3: [row]}
    await eventually(lambda: has_supplements(service, of.id, 2))
    found = await entry(service, row)
    assert (found.filings, found.chunk) == (2, 3)


async def test_results_are_not_made_final_while_rows_are_written_into_the_batch(service: Running) -> None:
    of = on_notice(UNIT)
    await put(service, of, examined(of, 1))
    async with taking_rows(batches(service), of.id, act(service), (State.PUBLICISED,), "test"):
        answer = await asks(service, f"/batches/{of.id}/finalise", org=UNIT)
        assert (answer.status_code, slug(answer)) == (503, "batch-busy")
    assert await is_in(service, of.id, State.PUBLICISED)
    assert (await asks(service, f"/batches/{of.id}/finalise", org=UNIT)).status_code == 200


async def test_a_rejected_entry_is_filed_again_and_its_rejection_stays_on_it(service: Running) -> None:
    of = final(UNIT)
    [one, two] = await put(service, of, examined(of, 1, chunk=1, filings=1), examined(of, 2, chunk=1, filings=1))
    await reject(service, of.id, one, 1)
    await certify(service, of.id, two)
    assert (await said_of(service, BatchCertified, of.id))[0]["rejected"] == 1
    path = f"/batches/{of.id}/entries/{one}/refile"
    answer = await asks(service, path, {"reason": "编码已补录"}, org=UNIT)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["filings"], answer.json()["chunk"]) == ("passed", 1, 0)
    assert slug(await asks(service, path, {"reason": "再次"}, org=UNIT)) == "entry-not-rejected"
    assert (await said_of(service, EntryRefiled, of.id))[0]["rejected_for"] == "issuer-without-code"
    assert await chunks_of(service, of.id, 1) == {2: [one]}
    await eventually(lambda: has_supplements(service, of.id, 1))
    await reject(service, of.id, one, 1)  # the first rejection, heard late: it was taken once
    await certify(service, of.id, one)
    await heard_of(service, EntryCertified, of.id, 2)
    answer = await reads(service, f"/batches/{of.id}/entries/{one}/filings", "unit", UNIT)
    found = answer.json()
    assert (found["state"], found["filings"], found["chunk"], found["reason"]) == ("certified", 2, 2, "")
    assert [(row["reason"], row["chunk"], row["mended"]) for row in found["rejections"]] == [
        ("issuer-without-code", 1, "编码已补录")
    ]
    assert len(await said_of(service, ResultsFinalised, of.id)) == 1
    assert slug(await asks(service, path, {"reason": "已有证书"}, org=UNIT)) == "entry-not-rejected"


async def test_a_batch_with_a_long_objection_keeps_no_other_from_being_certified(service: Running) -> None:
    for place in range(25):  # more than one look of the clock takes
        waiting = final(UNIT, id=f"batch-aaa-{place:02d}")
        await put(service, waiting, examined(waiting, 1, objection="objection-long"))
    last = final(UNIT, id="batch-zzz")
    [row] = await put(service, last, examined(last, 1, EntryState.CERTIFIED, chunk=1, filings=1))
    assert (await said_of(service, BatchCertified, last.id))[0]["certified"] == 1
    assert (await entry(service, row)).state is EntryState.CERTIFIED
    assert await is_in(service, "batch-aaa-00", State.FINALISED)


async def test_a_final_result_found_wrong_is_said_and_never_edited(service: Running) -> None:
    of = final(UNIT)
    there = {"chunk": 1, "filings": 1, "number": "1999002001500001"}
    [one, two] = await put(
        service, of, examined(of, 1, EntryState.CERTIFIED, **there), examined(of, 2, chunk=1, filings=1)
    )
    if (await entry(service, one)).state is not EntryState.CERTIFIED:
        one, two = two, one
    before = await entry(service, one)
    path = f"/batches/{of.id}/entries/{one}/found-wrong"
    assert (await asks(service, path, WRONG, org=UNIT)).status_code == 403
    assert slug(await asks(service, path, {**WRONG, "checker": "甲"}, "authority")) == "one-signature"
    assert slug(await asks(service, path, {**WRONG, "scores": {"practical": 80.5}}, "authority")) == "nothing-wrong"
    assert slug(await asks(service, path, {**WRONG, "scores": {"practical": 101}}, "authority")) == "score-refused"
    assert slug(await asks(service, path, {**WRONG, "scores": {"practical": 61.3}}, "authority")) == "score-refused"
    assert slug(await asks(service, path, {**WRONG, "scores": {"review": 61}}, "authority")) == "score-refused"
    waiting = f"/batches/{of.id}/entries/{two}/found-wrong"
    assert slug(await asks(service, waiting, WRONG, "center")) == "entry-not-certified"
    answer = await asks(service, path, WRONG, "authority")
    assert answer.status_code == 200, answer.text
    [said] = await said_of(service, EntryFoundWrong, of.id)
    assert (said["passes"], said["theory"], said["practical"], said["number"]) == (True, 80, 90, there["number"])
    low = {**WRONG, "scores": {"practical": 41}}
    assert (await asks(service, path, low, "center")).status_code == 200
    [_, fails] = await said_of(service, EntryFoundWrong, of.id, 2)
    assert (fails["passes"], fails["practical"]) == (False, 41)
    after = await entry(service, one)
    assert (after.scores, after.sheets, after.state) == (before.scores, before.sheets, before.state)
    assert [note.scores["practical"] for note in after.found_wrong] == [90, 41]


async def test_an_objection_decided_after_the_certificate_finds_the_result_wrong_once(service: Running) -> None:
    of = final(UNIT)
    [row] = await put(service, of, examined(of, 1, EntryState.CERTIFIED, chunk=1, filings=1, number="1"))
    upheld, rejected = (
        objection(of, row, f"objection-{state}", state) for state in (Objected.UPHELD, Objected.REJECTED)
    )
    for ended in (upheld, rejected):
        await objected(service, ended)
    said = decided(upheld, certified=True, passes=False, scores={"theory": 0, "practical": 0})
    for name in ("first", "again"):
        await service.says(said, subject=upheld.id, event_id=f"{of.id} {name}")
    [wrong] = await said_of(service, EntryFoundWrong, of.id)
    assert (wrong["passes"], wrong["practical"]) == (False, 0)
    await service.says(decided(rejected, certified=True), subject=rejected.id)
    found = await entry(service, row)
    assert [note.basis for note in found.found_wrong] == ["objection objection-upheld, upheld"]


async def test_what_is_found_wrong_before_the_registry_answers_is_said_once_there_is_a_certificate(
    service: Running,
) -> None:
    of = final(UNIT)
    [row] = await put(service, of, examined(of, 1, chunk=1, filings=1))
    changed = objection(of, row, "objection-before", Objected.CHANGED)
    await objected(service, changed)
    said = decided(changed, certified=True, passes=False, scores={"theory": 58, "practical": 80.5})
    await service.says(said, subject=changed.id, event_id=f"{of.id} early")

    async def is_noted() -> bool:
        return bool((await entry(service, row)).found_wrong)

    await eventually(is_noted)
    assert not [one for one in service.said if one.type == EntryFoundWrong.type and of.id.encode() in one.body]
    for name in ("first", "again"):
        await service.says(certificate(row, of.id, UNIT), subject=row, event_id=f"{of.id} filed {name}")
    [wrong] = await said_of(service, EntryFoundWrong, of.id)
    assert (wrong["entry"], wrong["passes"], wrong["theory"]) == (row, False, 58)


async def test_what_an_objection_just_found_is_on_the_entry_before_it_is_filed_again(service: Running) -> None:
    of = final(UNIT)
    [row] = await put(service, of, examined(of, 1, EntryState.REJECTED, chunk=1, filings=1, reason="x"))
    failing = Verdict(certified=True, before=EntryState.PASSED, after=EntryState.PASSED, passes=False, scores={})
    changed = objection(of, row, "objection-late", Objected.CHANGED).having(verdict=failing)
    await objected(service, changed)  # decided, and its event is still on its way
    path = f"/batches/{of.id}/entries/{row}/refile"
    assert (await asks(service, path, {"reason": "已补"}, org=UNIT)).status_code == 503
    said = decided(changed, certified=True, passes=False, scores={"theory": 58, "practical": 80.5})
    await service.says(said, subject=changed.id, event_id=f"{of.id} late")

    async def refused() -> bool:
        return slug(await asks(service, path, {"reason": "已补"}, org=UNIT)) == "entry-not-passed"

    await eventually(refused)


async def test_nobody_files_again_what_is_not_theirs(service: Running) -> None:
    of = final(UNIT)
    [row] = await put(service, of, examined(of, 1, EntryState.REJECTED, chunk=1, filings=1, reason="x"))
    other = final(UNIT)
    await put(service, other)
    body = {"reason": "已补"}
    assert (await asks(service, f"/batches/{of.id}/entries/{row}/refile", body, org="unit-33-002")).status_code == 404
    assert (await asks(service, f"/batches/{other.id}/entries/{row}/refile", body, org=UNIT)).status_code == 404
    assert (await asks(service, f"/batches/{of.id}/entries/{row}/refile", body, "authority")).status_code == 403
