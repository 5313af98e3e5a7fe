"""The registry on the real servers: from a plan to verified certificates, over HTTP and the bus."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.drive.people import Person, people
from infra.drive.plans import sections_for
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.assessment import FinalResult, ResultsFinalised
from shared.events.evaluation import PilotRevoked
from shared.events.registry import CertificateFiled, FilingRejected, PlanReturned, UnitAuthorised, UnitSuspended
from tests.doors.plans import authorised_by, framed
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

CROWD = people(seed=1899)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("registry")) as live:
        await in_frame(live, "33", "66", "C01")
        yield live


async def in_frame(service: Running, *lines: str) -> None:
    """The overall plan of each line, in force today."""
    today = service.process.tools.clock.today()
    days = {"valid_from": today - timedelta(days=30), "valid_until": today + timedelta(days=700)}
    await framed(service, *lines, **{name: day.isoformat() for name, day in days.items()})


def plan(today: date, **changes: Any) -> dict[str, Any]:
    content = {
        "title": "试点工作方案",
        "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4"], "numbers": 50}],
        "valid_from": (today - timedelta(days=10)).isoformat(),
        "valid_until": (today + timedelta(days=300)).isoformat(),
        "sections": sections_for("unit"),
    }
    return {**content, **changes}


async def submitted(service: Running, unit: str, authority: str, **changes: Any) -> dict[str, Any]:
    asked = plan(service.process.tools.clock.today(), **changes)
    answer = await service.http.post("/v1/plans", json=asked, headers=service.token("unit", unit, authority))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def authorised(service: Running, unit: str, authority: str) -> None:
    made = await submitted(service, unit, authority)
    answer = await service.http.post(f"/v1/plans/{made['id']}/file", headers=service.token("center"))
    assert answer.status_code == 200, answer.text
    await authorised_by(service, unit, made["id"])


async def finalised(
    service: Running, unit: str, authority: str, rows: list[Person], *, id_type: str = "", **changes: Any
) -> list[str]:
    """Say a chunk of results as assessment would; the entries."""
    document = {"id_type": id_type} if id_type else {}
    batch = f"batch-{uuid4().hex}"
    today = service.process.tools.clock.today()
    results = []
    for person in rows:
        entry = f"entry-{uuid4().hex}"
        text = json.dumps({"name": person.name, "id_number": person.id_number, **document})
        sealed = service.process.tools.sealer.seal(text, bound_to=entry)
        results.append(FinalResult(entry=entry, holder="张*", person=sealed, theory=80, practical=72.5))
    content = {
        "occupation": "rebar_worker",
        "level": "5",
        "standard": "rebar_worker-2019p",
        "exam_on": today,
        **changes,
    }
    event = ResultsFinalised(
        batch=batch,
        unit=unit,
        closed_at=service.process.tools.clock.now(),
        chunk=1,
        chunks=1,
        results=tuple(results),
        **content,
    )
    for _ in range(2):  # as a redelivery would
        await service.says(event, subject=f"{batch}.1", authority=authority)
    return [row.entry for row in results]


async def filed(service: Running, entries: list[str]) -> list[dict[str, Any]]:
    """The certificates of these entries, once they are announced."""

    async def all_said() -> list[dict[str, Any]]:
        said = {body["entry"]: body for body in map(json.loads, _bodies(service, CertificateFiled))}
        return [said[entry] for entry in entries] if said.keys() >= set(entries) else []

    return await eventually(all_said)


def _bodies(service: Running, kind: type[Any]) -> list[bytes]:
    return [said.body for said in service.said if said.type == kind.type]


async def rejected(service: Running, entry: str) -> dict[str, Any]:
    async def said() -> list[dict[str, Any]]:
        return [body for body in map(json.loads, _bodies(service, FilingRejected)) if body["entry"] == entry]

    return (await eventually(said))[0]


async def test_the_eleven_occupations_are_published_with_their_parts(service: Running) -> None:
    answer = await service.http.get("/v1/standards", headers=service.token("unit", "unit-33-001", "33"))
    rows = answer.json()
    assert len(rows) == 11
    for row in rows:
        practical = next(part for part in row["parts"] if part["id"] == "practical")
        assert sum(line["points"] for line in practical["dimensions"]) == practical["out_of"] == 100


async def test_a_plan_is_returned_mended_and_filed_and_authorises_the_unit(service: Running) -> None:
    made = await submitted(service, "unit-33-001", "33")
    path = f"/v1/plans/{made['id']}"
    back = await service.http.post(
        f"{path}/return", json={"remarks": "请补充考评员名单。"}, headers=service.token("center")
    )
    assert (back.status_code, back.json()["state"]) == (200, "returned")
    await service.heard(PlanReturned)
    mended = plan(service.process.tools.clock.today(), title="补充后的方案")
    stale = {**service.token("unit", "unit-33-001", "33"), "If-Match": '"1"'}
    assert (await service.http.put(path, json=mended, headers=stale)).status_code == 412
    fresh = {**service.token("unit", "unit-33-001", "33"), "If-Match": back.headers["etag"]}
    assert (await service.http.put(path, json=mended, headers=fresh)).json()["title"] == "补充后的方案"
    answer = await service.http.post(f"{path}/file", headers=service.token("center"))
    assert answer.json()["state"] == "filed"
    (said, *_) = await service.heard(UnitAuthorised)
    assert json.loads(said.body)["scopes"] == [{"occupation": "rebar_worker", "levels": ["5", "4"]}]


async def test_a_plan_beyond_the_standards_is_refused_with_the_field(service: Running) -> None:
    asked = plan(
        service.process.tools.clock.today(), scopes=[{"occupation": "scaffolder", "levels": ["1"], "numbers": 9}]
    )
    answer = await service.http.post("/v1/plans", json=asked, headers=service.token("unit", "unit-33-001", "33"))
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "urn:skillcert:problem:plan-outside-standards")
    assert [error["pointer"] for error in problem["errors"]] == ["/scopes/0/levels"]


async def test_finalised_results_become_certificates_with_consecutive_numbers(service: Running) -> None:
    await authorised(service, "unit-33-002", "33")
    entries = await finalised(service, "unit-33-002", "33", [next(CROWD) for _ in range(5)])
    made = await filed(service, entries)
    serials = [int(row["number"][-5:]) for row in made]
    assert serials == list(range(serials[0], serials[0] + 5))
    answer = await service.http.get(f"/v1/verify/{made[0]['number']}")
    assert answer.json()["holder"] == "张*"
    assert answer.json()["status"] == "valid"


async def test_a_person_is_certified_once_for_a_level(service: Running) -> None:
    await authorised(service, "unit-66-001", "66")
    person = next(CROWD)
    (first,) = await finalised(service, "unit-66-001", "66", [person])
    await filed(service, [first])
    (second,) = await finalised(service, "unit-66-001", "66", [person])
    assert (await rejected(service, second))["reason"] == "already-certified"


async def test_a_result_of_a_day_before_the_plan_is_refused_with_the_days(service: Running) -> None:
    await authorised(service, "unit-33-002", "33")
    before = service.process.tools.clock.today() - timedelta(days=30)
    (entry,) = await finalised(service, "unit-33-002", "33", [next(CROWD)], exam_on=before)
    found = await rejected(service, entry)
    assert found["reason"] == "unit-not-authorised"
    assert before.isoformat() in found["detail"]


async def test_a_revoked_unit_is_suspended_and_files_nothing_more(service: Running) -> None:
    await authorised(service, "unit-C01-001", "C01")
    event = PilotRevoked(
        evaluation="evaluation-2019-unit-C01-001",
        unit="unit-C01-001",
        cycle="2019",
        ground="dishonesty",
        reason="经查实，伪造考生成绩。",
        revoked_on=service.process.tools.clock.today(),
    )
    await service.says(event, subject="evaluation-2019-unit-C01-001", authority="C01")
    await service.heard(UnitSuspended)
    (entry,) = await finalised(service, "unit-C01-001", "C01", [next(CROWD)])
    assert (await rejected(service, entry))["reason"] == "unit-suspended"


async def test_an_unknown_number_says_what_to_do(service: Running) -> None:
    answer = await service.http.get("/v1/verify/1999002999999999")
    assert answer.status_code == 404
    assert "ask the issuing body" in answer.json()["detail"]


@pytest.mark.parametrize("number", ["1", "x" * 16, "１９９９００２００１５０００１７", "Y12345678901234567890"])
async def test_what_is_no_number_is_said_to_be_none_by_its_name(service: Running, number: str) -> None:
    answer = await service.http.get(f"/v1/verify/{number}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/path/number")
