"""Cases on the real servers: opened by what certificates lost, decided on by the Center, closed when all are."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.drive.people import people
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.assessment import EntryFoundWrong
from shared.events.evaluation import PilotRevoked
from shared.events.registry import CardRevoked, CaseClosed, CaseOpened, CertificateCorrected
from shared.http.pages import cursor_of
from tests.live import Running, eventually, running
from tests.registry.test_live import authorised, filed, finalised, in_frame

pytestmark = pytest.mark.live

CROWD = people(seed=1887)
WHY = {"reason": "逐一核查。", "basis": "中心核查结论"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("cases")) as live:
        await in_frame(live, "33", "66")
        for unit, line in (("unit-33-001", "33"), ("unit-33-002", "33"), ("unit-66-001", "66")):
            await authorised(live, unit, line)
        yield live


async def certified(service: Running, unit: str, count: int, **rests_on: Any) -> list[str]:
    line = unit.split("-")[1]
    entries = await finalised(service, unit, line, [next(CROWD) for _ in range(count)], **rests_on)
    await filed(service, entries)
    return entries


async def opened(service: Running, subject_id: str) -> dict[str, Any]:
    async def said() -> list[dict[str, Any]]:
        bodies = [json.loads(said.body) for said in service.said if said.type == CaseOpened.type]
        return [body for body in bodies if body["subject_id"] == subject_id]

    return (await eventually(said))[0]


async def posts(service: Running, path: str, asked: dict[str, Any]) -> httpx.Response:
    return await service.http.post(f"/v1/cases{path}", json=asked, headers=service.token("center"))


async def listed(service: Running, case: str, limit: int = 100) -> list[dict[str, Any]]:
    rows, cursor = [], None
    while True:
        params = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = await service.http.get(
            f"/v1/cases/{case}/certificates", params=params, headers=service.token("center")
        )
        assert answer.status_code == 200, answer.text
        rows += answer.json()["rows"]
        cursor = answer.json()["next"]
        if cursor is None:
            return rows


async def test_a_revoked_unit_opens_a_case_and_touches_no_certificate(service: Running) -> None:
    made = await certified(service, "unit-66-001", 3) + await certified(service, "unit-66-001", 2)
    event = PilotRevoked(
        evaluation="evaluation-2019-unit-66-001", unit="unit-66-001", cycle="2019", ground="dishonesty",
        reason="经查实，伪造考生成绩。", revoked_on=service.process.tools.clock.today(),
    )  # fmt: skip
    for _ in range(2):
        await service.says(event, subject="evaluation-2019-unit-66-001", authority="66")
    case = await opened(service, "unit-66-001")
    assert (case["subject"], case["affected"]) == ("unit", 5)
    rows = await listed(service, case["case"], limit=2)
    assert sorted(row["certificate"] for row in rows) == sorted(made)
    assert {(row["status"], row["decision"]) for row in rows} == {("valid", None)}
    standing = await service.http.get("/v1/standings/unit-66-001", headers=service.token("center"))
    assert standing.json()["suspended_on"], "the room that heard the event first hears it still"


async def test_a_revoked_card_puts_in_question_what_its_holder_assessed_or_supervised(service: Running) -> None:
    mine = await certified(service, "unit-33-001", 2, assessors=["card-1", "card-2"])
    await certified(service, "unit-33-001", 1, assessors=["card-3"], supervisor="card-1")
    today = service.process.tools.clock.today()
    event = CardRevoked(
        card="card-1", number="K-1", kind="senior_assessor", holder="张*", person="v1.sealed", employer="", scopes=(),
        valid_from=today, valid_until=today, suspended_on=None, ended_on=today, reason="徇私舞弊",
    )  # fmt: skip
    await service.says(event, subject="card-1", authority="33")
    case = await opened(service, "card-1")
    assert case["subject"] == "assessor"
    assert sorted(row["certificate"] for row in await listed(service, case["case"])) == sorted(mine)


async def test_the_center_decides_on_each_and_closes_with_a_conclusion(service: Running) -> None:
    made = await certified(service, "unit-33-002", 4, site="site-7")
    asked = {"subject": "site", "subject_id": "site-7", "reason": "站点撤销"}
    case = (await posts(service, "", asked)).json()
    (stranger,) = await certified(service, "unit-33-002", 1, site="site-8")
    path = f"/{case['id']}"
    outside = await posts(
        service, f"{path}/decisions", {"certificates": [made[0], stranger], "decision": "void", **WHY}
    )
    assert (outside.status_code, outside.json()["errors"][0]["pointer"]) == (409, "/certificates/1")

    void = {"certificates": made[:2], "decision": "void", "fraud": True, **WHY}
    assert (await posts(service, f"{path}/decisions", void)).status_code == 200
    twice = await posts(service, f"{path}/decisions", {"certificates": made[1:3], "decision": "revoke", **WHY})
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (409, "/certificates/0")
    assert (
        await posts(service, f"{path}/decisions", {**void, "certificates": [made[2]], "decision": "suspend"})
    ).is_success
    rows = {row["certificate"]: row for row in await listed(service, case["id"])}
    assert [rows[entry]["decision"] for entry in made] == ["void", "void", "suspend", None]
    assert [rows[entry]["status"] for entry in made] == ["voided", "voided", "suspended", "valid"]
    history = await service.http.get(f"/v1/certificates/{made[0]}/history", headers=service.token("center"))
    assert history.json()["changes"][0]["case"] == case["id"]

    early = await posts(service, f"{path}/close", {"conclusion": "核查完毕"})
    assert (early.status_code, early.json()["type"]) == (409, "urn:skillcert:problem:case-undecided")
    closed = await posts(service, f"{path}/close", {"conclusion": "核查完毕", "keep_rest": True})
    assert closed.json()["decided"] == {"keep": 1, "suspend": 1, "revoke": 0, "void": 2}
    (said, *_) = await service.heard(CaseClosed)
    assert json.loads(said.body)["conclusion"] == "核查完毕"
    assert {row["decision"] for row in await listed(service, case["id"])} == {"void", "suspend", "keep"}
    late = await posts(service, f"{path}/decisions", {"certificates": made[3:], "decision": "keep", **WHY})
    assert late.json()["type"] == "urn:skillcert:problem:case-closed"


async def test_only_exams_on_the_days_in_question_are_affected(service: Running) -> None:
    today = service.process.tools.clock.today()
    for day in range(3):
        await certified(service, "unit-33-002", 1, site="site-9", exam_on=today - timedelta(days=day))
    asked = {"subject": "site", "subject_id": "site-9", "reason": "站点撤销"}
    since, until = (today - timedelta(days=1)).isoformat(), today.isoformat()
    counts = [
        (await posts(service, "", {**asked, **days})).json()["affected"]
        for days in ({}, {"since": since}, {"until": since}, {"since": since, "until": since}, {"since": until})
    ]
    assert counts == [3, 2, 2, 1, 1]
    wrong = await posts(service, "", {**asked, "since": until, "until": since})
    assert wrong.json()["type"] == "urn:skillcert:problem:case-period"


async def test_the_cursor_of_another_list_is_refused(service: Running) -> None:
    case = (await posts(service, "", {"subject": "site", "subject_id": "site-none", "reason": "站点撤销"})).json()
    for cursor in map(cursor_of, ("entry-1", "filing|last", "filing|" + "9" * 30)):
        answer = await service.http.get(
            f"/v1/cases/{case['id']}/certificates", params={"cursor": cursor}, headers=service.token("center")
        )
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "cursor")


def found_wrong(entry: str, number: str, **changes: Any) -> EntryFoundWrong:
    about: dict[str, Any] = {
        "batch": "batch-1", "unit": "unit-33-002", "occupation": "rebar_worker", "level": "5",
        "entry": entry, "number": number, "passes": True, "theory": 80, "practical": 82.5,
        "reason": "漏计一个评分要素。", "basis": "成绩复核决定",
    }  # fmt: skip
    return EntryFoundWrong(**{**about, **changes})


async def test_a_result_found_wrong_that_still_passes_is_a_new_edition_under_its_number(service: Running) -> None:
    (made,) = await certified(service, "unit-33-002", 1)
    (on_file,) = await filed(service, [made])
    for _ in range(2):
        await service.says(found_wrong(made, on_file["number"]), subject=made, sequence=6)

    async def corrected() -> list[dict[str, Any]]:
        bodies = [json.loads(said.body) for said in service.said if said.type == CertificateCorrected.type]
        return [body for body in bodies if body["entry"] == made]

    [said] = await eventually(corrected)
    assert (said["number"], said["edition"], said["basis"]) == (on_file["number"], 2, "成绩复核决定")
    answer = await service.http.get(f"/v1/certificates/{made}", headers=service.token("center"))
    assert (answer.json()["practical"], answer.json()["edition"]) == (82.5, 2)


async def test_a_result_found_wrong_that_does_not_pass_puts_that_certificate_in_question_and_no_other(
    service: Running,
) -> None:
    made = await certified(service, "unit-33-002", 3)
    wrong, neighbour = made[1], made[2]
    (on_file,) = await filed(service, [wrong])
    event = found_wrong(wrong, on_file["number"], passes=False, practical=41)
    for _ in range(2):
        await service.says(event, subject=wrong, sequence=6)
    case = await opened(service, wrong)
    assert (case["subject"], case["affected"]) == ("certificate", 1)
    assert "practical 41" in case["reason"]
    rows = await listed(service, case["case"], limit=1)
    assert [(row["certificate"], row["status"], row["decision"]) for row in rows] == [(wrong, "valid", None)]
    outside = {"certificates": [neighbour], "decision": "void", **WHY}
    assert (await posts(service, f"/{case['case']}/decisions", outside)).status_code == 409
    decided = {"certificates": [wrong], "decision": "revoke", **WHY}
    assert (await posts(service, f"/{case['case']}/decisions", decided)).status_code == 200
    closed = await posts(service, f"/{case['case']}/close", {"conclusion": "核查完毕。"})
    assert (closed.status_code, closed.json()["decided"]["revoke"]) == (200, 1)
    await service.says(found_wrong(wrong, on_file["number"]), subject=wrong, sequence=7)  # ended: nothing to correct
    again = await posts(service, "", {"subject": "certificate", "subject_id": neighbour, "reason": "复查"})
    assert (again.status_code, again.json()["authority"], again.json()["affected"]) == (201, "33", 1)
    bodies = [json.loads(said.body) for said in service.said if said.type == CaseOpened.type]
    assert [body["affected"] for body in bodies if body["subject_id"] == wrong] == [1]
