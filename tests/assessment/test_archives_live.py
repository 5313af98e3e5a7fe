"""Archives and explanations on the real servers: completed item by item, signed, viewed on record, verified."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State
from services.assessment.entries.domain import Certificate
from services.assessment.entries.domain import State as EntryState
from services.assessment.mirrors.domain import Standard
from services.assessment.mirrors.storage import card_store, standard_store
from services.assessment.results.domain import chunk_of
from services.assessment.results.storage import chunk_store
from shared.events.assessment import ArchiveBegun, ArchiveChecked, BatchArchived
from shared.signing import Keyring
from shared.workdays import add_workdays
from tests.assessment.driving import heard_of, said_of, slug
from tests.assessment.examples import CARDS, EXAM, card, in_exam, standard
from tests.assessment.made import act, asks, batch_now, changed, examined, final, put, reads
from tests.live import CREDENTIAL_KEYS, Running, eventually, running

pytestmark = pytest.mark.live

UNIT = "unit-33-001"
DOCUMENTS = (
    *("entry_material", "exam_plan", "staff_sign_in", "paper_custody", "room_records", "answer_papers", "confirmation"),
)
VIEW = {"reason": "成绩复核", "approved_by": "站长", "witnesses": ["档案员甲", "督导员乙"]}
OBJECTED = add_workdays(EXAM, 10).ends_at  # until when points can be objected to
SEEN = Certificate(number="1999002001500001", regime="appraisal", exam_on=EXAM, filed_on=EXAM, sequence=1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("archives")) as live:
        database = live.process.tools.database
        known: Standard = standard()
        await standard_store(database).add(known, [], act(live))
        for name in CARDS:
            await card_store(database).add(card(card=name), [], act(live))
        await card_store(database).add(card(card="card-9", kind="supervisor"), [], act(live))
        yield live


@pytest.fixture(autouse=True)
def after_the_period(service: Running) -> None:
    service.set_time(OBJECTED + timedelta(days=1))


async def certified(service: Running, *, people: int = 3) -> tuple[str, list[str]]:
    """A certified batch of which everybody has a certificate."""
    of = final(UNIT, state=State.CERTIFIED)
    ended: dict[str, Any] = {"filings": 1, "chunk": 1, "certificate": SEEN}
    rows = [
        examined(of, place, EntryState.CERTIFIED, **ended).having(number=f"199900200150000{place}")
        for place in range(people)
    ]
    ids = await put(service, of, *rows)
    before = [row.having(filings=0) for row in rows]
    said = chunk_of(of, 1, sorted(before, key=lambda row: row.id), service.process.tools.clock.now())[0]
    await chunk_store(service.process.tools.database).add(said, [], act(service))
    return of.id, ids


def document(item: str) -> dict[str, Any]:
    return {"item": item, "name": f"{item}.pdf", "url": f"https://files.example.org/{item}.pdf", "sha256": "a" * 64}


async def close(service: Running, batch: str, org: str = UNIT) -> httpx.Response:
    return await asks(service, f"/batches/{batch}/archive", org=org)


async def complete(service: Running, batch: str) -> None:
    for item in DOCUMENTS:
        answer = await asks(service, f"/batches/{batch}/archive/documents", document(item), org=UNIT)
        assert answer.status_code == 200, answer.text
    answer = await asks(
        service, f"/batches/{batch}/supervision-report", {"text": "秩序良好"}, "supervisor", UNIT, "card-9"
    )
    assert answer.status_code == 200, answer.text


async def archived(service: Running, batch: str) -> dict[str, Any]:
    async def done() -> bool:
        return (await batch_now(service, batch)).state is State.ARCHIVED

    await eventually(done)
    answer = await reads(service, f"/batches/{batch}/archive")
    shown: dict[str, Any] = answer.json()
    return shown


async def verdict(service: Running, manifest: str, role: str = "auditor", org: str = "33") -> httpx.Response:
    return await asks(service, "/archives/verify", {"manifest": manifest}, role, org)


async def test_an_archive_is_refused_item_by_item_then_completed_signed_and_verified(service: Running) -> None:
    batch, entries = await certified(service)
    refused = await close(service, batch)
    assert (refused.status_code, slug(refused)) == (409, "archive-incomplete")
    missing = {row["pointer"] for row in refused.json()["errors"]}
    assert missing == {f"/{item}" for item in (*DOCUMENTS, "supervision_report")}
    shown = (await reads(service, f"/batches/{batch}/archive")).json()
    assert (shown["complete"], {f"/{item}" for item in shown["missing"]}) == (False, missing)
    assert {row["item"] for row in shown["items"] if row["present"]} >= {"sheets", "notice", "certificates"}
    await complete(service, batch)
    assert (await close(service, batch)).json()["complete"] is True
    shown = await archived(service, batch)
    [said] = await said_of(service, BatchArchived, batch)
    assert (said["digest"], said["keep_until"], said["paper_until"]) == (
        shown["digest"],
        shown["keep_until"],
        shown["paper_until"],
    )
    assert (shown["keep_until"][:4], shown["paper_until"][:4]) == ("2024", "2022")
    manifest = Keyring(CREDENTIAL_KEYS, "urn:skillcert:archives").read(shown["manifest"], "archive+jws")
    assert {row["item"]: row.get("lines") for row in manifest["items"]}["sheets"] == 1 + len(entries)
    keys = (await service.http.get("/v1/archives/keys")).json()["keys"]
    assert keys[0]["kid"] == "urn:skillcert:archives#k1"
    assert "d" not in keys[0]
    good = (await verdict(service, shown["manifest"])).json()
    assert (good["current"], good["unchanged"]) == (True, True)
    for answer in (
        await asks(service, f"/batches/{batch}/archive/documents", document("training_plan"), org=UNIT),
        await asks(service, f"/batches/{batch}/supervision-report", {"text": "补充"}, org=UNIT),
    ):
        assert (answer.status_code, slug(answer)) == (409, "archive-closed")
    assert (await close(service, batch)).status_code == 200, "asked again, it is found archived"


async def test_what_was_tampered_with_is_named_and_a_forged_manifest_is_refused(service: Running) -> None:
    batch, entries = await certified(service)
    await complete(service, batch)
    await close(service, batch)
    manifest = (await archived(service, batch))["manifest"]
    await changed(service, entries[1], certificate=SEEN.model_copy(update={"status": "revoked", "sequence": 2}))
    assert (await verdict(service, manifest)).json()["unchanged"] is True, (
        "a later word on a certificate is no tampering"
    )
    stored = service.process.tools.database.collection("entries")
    await stored.update({"_id": entries[1]}, {"$set": {"sheets.0.points": 99}})
    found = (await verdict(service, manifest)).json()
    assert found["unchanged"] is False
    assert [row["item"] for row in found["items"] if row["matches"] is False] == ["sheets"]
    refreshed = await asks(service, f"/batches/{batch}/archive/check", None, "auditor")
    assert refreshed.status_code == 200, refreshed.text
    [said] = await said_of(service, ArchiveChecked, batch)
    assert (said["unchanged"], said["differing"]) == (False, ["sheets"])
    assert (await reads(service, f"/batches/{batch}/archive")).json()["check"]["differing"] == ["sheets"]
    forged = f"{manifest[:-4]}{'AAAA' if manifest[-4:] != 'AAAA' else 'BBBB'}"
    answer = await verdict(service, forged)
    assert slug(answer) == "signature-invalid"
    assert (await verdict(service, manifest, "unit", "unit-33-002")).status_code == 404


async def test_a_crash_after_signing_archives_the_batch_with_the_manifest_that_stands(service: Running) -> None:
    batch, _ = await certified(service)
    await complete(service, batch)
    await close(service, batch)
    shown = await archived(service, batch)
    [begun] = await heard_of(service, ArchiveBegun, batch)
    act_id = begun.headers["ce-id"]
    # as a process leaves it that signed the archive and ended before it changed the batch
    before = {"$set": {"state": "certified", "archive": None}, "$inc": {"version": -1}, "$pull": {"taken": act_id}}
    await service.process.tools.database.collection("batches").update({"_id": batch}, before)
    service.forward(days=3)
    event = ArchiveBegun.model_validate_json(begun.body)
    await service.says(event, subject=batch, event_id=act_id)
    again = await archived(service, batch)
    told = (await batch_now(service, batch)).archive
    assert told is not None
    assert (again["manifest"], told.digest) == (shown["manifest"], shown["digest"])


async def test_what_changed_after_signing_and_before_the_batch_was_archived_is_signed_anew(service: Running) -> None:
    batch, entries = await certified(service)
    await complete(service, batch)
    await close(service, batch)
    shown = await archived(service, batch)
    await service.process.tools.database.collection("batches").update(
        {"_id": batch}, {"$set": {"state": "certified", "archive": None}}
    )
    await changed(service, entries[0], ticket="T9999")
    [begun] = await heard_of(service, ArchiveBegun, batch)
    event = ArchiveBegun.model_validate_json(begun.body)
    await service.says(event, subject=batch, event_id="heard later")
    again = await archived(service, batch)
    assert again["digest"] != shown["digest"]
    assert (await verdict(service, again["manifest"])).json()["unchanged"] is True
    assert (await verdict(service, shown["manifest"])).json()["current"] is False


async def test_an_archive_waits_for_an_entry_that_was_filed_again(service: Running) -> None:
    batch, entries = await certified(service)
    await complete(service, batch)
    await changed(service, entries[0], state=EntryState.REJECTED, reason="issuer-without-code")
    path = f"/batches/{batch}/entries/{entries[0]}/refile"
    assert (await asks(service, path, {"reason": "编码已补录"}, org=UNIT)).status_code == 200
    answer = await close(service, batch)
    assert (answer.status_code, slug(answer)) == (409, "archive-incomplete")
    await changed(service, entries[0], state=EntryState.CERTIFIED)
    assert (await close(service, batch)).status_code == 200
    await archived(service, batch)
    await changed(service, entries[0], state=EntryState.REJECTED)
    refused = await asks(service, path, {"reason": "再次"}, org=UNIT)
    assert slug(refused) == "batch-state", "what is archived is filed no more"


async def test_an_archive_is_not_closed_while_points_can_still_be_objected_to(service: Running) -> None:
    batch, _ = await certified(service)
    await complete(service, batch)
    service.set_time(OBJECTED - timedelta(minutes=1))
    answer = await close(service, batch)
    assert (answer.status_code, slug(answer)) == (409, "period-open")
    service.set_time(OBJECTED + timedelta(seconds=1))
    assert (await close(service, batch)).status_code == 200
    await archived(service, batch)


async def test_nothing_that_comes_after_changes_the_hashes_of_an_archive(service: Running) -> None:
    of = final(UNIT, state=State.CERTIFIED)
    ended: dict[str, Any] = {"filings": 1, "chunk": 1}
    refused = examined(of, 2, EntryState.INELIGIBLE).having(ticket="", places=(), sheets=(), scores=(), days=())
    rows = [
        examined(of, 0, EntryState.CERTIFIED, certificate=SEEN, **ended),
        examined(of, 1, EntryState.REJECTED, reason="issuer-without-code", **ended),
        refused.having(entered_at=OBJECTED - timedelta(days=30)),
    ]
    await put(service, of, *rows)
    await complete(service, of.id)
    assert (await close(service, of.id)).status_code == 200
    manifest = (await archived(service, of.id))["manifest"]
    mended = await asks(
        service,
        f"/batches/{of.id}/entries/{rows[1].id}/mend",
        {"employer": "别家公司", "reason": "报名时录入有误。"},
        org=UNIT,
    )
    assert (mended.status_code, slug(mended)) == (409, "batch-state"), "what is archived is mended no more"
    service.forward(days=400)
    stored = service.process.tools.database.collection("entries")

    async def is_forgotten() -> bool:
        return await stored.count({"_id": rows[2].id}) == 0

    await eventually(is_forgotten)
    assert (await verdict(service, manifest)).json()["unchanged"] is True


async def test_a_batch_that_is_not_certified_has_no_archive_to_close(service: Running) -> None:
    of = final(UNIT)
    await put(service, of, examined(of, 1, filings=1, chunk=1))
    assert slug(await close(service, of.id)) == "batch-state"
    await asks(service, f"/batches/{of.id}/archive/documents", document("exam_plan"), org=UNIT)
    assert slug(await asks(service, f"/batches/{of.id}/archive/check", None, "auditor")) == "archive-not-signed"


async def test_the_report_is_written_by_the_supervisor_of_the_batch_or_entered_by_its_unit(service: Running) -> None:
    batch, _ = await certified(service)
    path, body = f"/batches/{batch}/supervision-report", {"text": "秩序良好", "findings": ["护目镜不足"]}
    other = await asks(service, path, body, "supervisor", UNIT, "card-8")
    assert (other.status_code, slug(other)) == (403, "not-the-supervisor")
    assert (await asks(service, path, body, "assessor", UNIT, "card-1")).status_code == 403
    assert (await asks(service, path, body, org=UNIT)).status_code == 200
    shown = (await reads(service, f"/batches/{batch}/archive")).json()
    assert "supervision_report" not in shown["missing"]


async def test_every_viewing_is_on_record_with_two_people_present(service: Running) -> None:
    batch, entries = await certified(service)
    await complete(service, batch)
    path = f"/batches/{batch}/archive/views"
    alone = await asks(service, path, {**VIEW, "item": "sheets", "witnesses": ["甲", "甲"]}, org=UNIT)
    assert slug(alone) == "same-witness"
    assert (await asks(service, path, {**VIEW, "item": "sheets", "witnesses": ["甲"]}, org=UNIT)).status_code == 422
    opened = await asks(service, path, {**VIEW, "item": "sheets"}, org=UNIT)
    assert opened.status_code == 200, opened.text
    assert [row.get("entry") for row in opened.json()["lines"]] == [None, *entries]
    assert "v1." not in opened.text
    further = await asks(service, path, {**VIEW, "item": "sheets", "after": entries[1]}, "auditor")
    assert [row["entry"] for row in further.json()["lines"]] == entries[2:]
    paper = await asks(service, path, {**VIEW, "item": "paper_custody"}, "center")
    assert [row["url"] for row in paper.json()["documents"]] == ["https://files.example.org/paper_custody.pdf"]
    report = await asks(service, path, {**VIEW, "item": "supervision_report"}, "authority")
    assert [row["supervisor"] for row in report.json()["reports"]] == ["card-9"]
    seen = (await reads(service, path, "authority", "33")).json()["rows"]
    assert sorted((row["role"], row["item"]) for row in seen) == [
        ("auditor", "sheets"),
        ("authority", "supervision_report"),
        ("center", "paper_custody"),
        ("unit", "sheets"),
    ]
    assert {row["reason"] for row in seen} == {"成绩复核"}
    assert (await asks(service, path, {**VIEW, "item": "sheets"}, org="unit-33-002")).status_code == 404


async def test_a_key_sent_again_shows_nothing_that_is_not_on_record(service: Running) -> None:
    batch, _ = await certified(service)
    path, headers = f"/v1/batches/{batch}/archive/views", service.token("unit", UNIT, "33")

    async def viewed(item: str) -> str:
        answer = await service.http.post(path, json={**VIEW, "item": item}, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["view"]["item"])

    assert [await viewed(item) for item in ("plan", "plan", "sheets")] == ["plan", "plan", "sheets"]
    service.forward(days=1)
    assert await viewed("sheets") == "sheets"
    seen = (await reads(service, f"/batches/{batch}/archive/views")).json()["rows"]
    assert sorted(row["item"] for row in seen) == ["plan", "sheets", "sheets"]


async def test_why_an_entry_passed_is_answered_from_what_is_stored(service: Running) -> None:
    batch, entries = await certified(service)
    path = f"/batches/{batch}/entries/{entries[0]}/explanation"
    answer = await reads(service, path)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["holds"], [row["rule"] for row in found["checks"] if not row["holds"]]) == (True, [])
    assert found["edition"]["edition"] == "2019年试点版"
    assert {row["card"] for row in found["parts"][1]["assessors"]} == set(CARDS)
    assert found["certificate"]["number"] == SEEN.number
    assert "v1." not in answer.text
    objections = service.process.tools.database.collection("objections")
    await objections.insert({"_id": "objection-1", "batch": batch, "entry": entries[0], "state": "x", "is_open": True})
    found = (await reads(service, path)).json()
    assert [row["rule"] for row in found["checks"] if not row["holds"]] == ["objection"]
    assert (await reads(service, path, "unit", "unit-33-002")).status_code == 404
    assert (await reads(service, path, "supervisor", UNIT)).status_code == 403
    other, _ = await certified(service)
    assert (await reads(service, f"/batches/{other}/entries/{entries[0]}/explanation")).status_code == 404


async def test_before_the_seal_no_point_is_shown_by_an_explanation_or_a_viewing(service: Running) -> None:
    of = in_exam(id="batch-unsealed", unit=UNIT)
    [row] = await put(service, of, examined(of, 1))
    found = (await reads(service, f"/batches/{of.id}/entries/{row}/explanation")).json()
    assert (found["holds"], found["state"], [part["points"] for part in found["parts"]]) == (
        False,
        "enrolled",
        [None, None],
    )
    assert [part["sheets"] for part in found["parts"]] == [[], []]
    assert (await reads(service, f"/batches/{of.id}/entries/{row}/filings")).json()["state"] == "enrolled"
    for item in ("sheets", "results"):
        answer = await asks(service, f"/batches/{of.id}/archive/views", {**VIEW, "item": item}, org=UNIT)
        assert (answer.status_code, slug(answer)) == (409, "archive-item-missing")
    assert (await reads(service, f"/batches/{of.id}/archive/views")).json()["rows"] == []
