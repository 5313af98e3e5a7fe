"""Reports over HTTP on the real servers: one per plan and period, returned, mended, noted."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.registry import ReportNoted, ReportSubmitted
from tests.doors.plans import TODAY, framed, submitted, unit
from tests.live import Running, running

pytestmark = pytest.mark.live
FIGURES = [{"occupation": "rebar_worker", "examined": 25, "qualified": 20, "certified": 20}]
PERIOD = {"period_from": "2019-09-01", "period_until": "2019-09-02"}


@pytest.fixture(scope="module")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("reports")) as live:
        live.set_time(TODAY)
        yield live


async def filed(service: Running, line: str, name: str) -> tuple[str, str]:
    """The overall plan of a line and the plan of a unit, both on file; their ids."""
    (overall,) = await framed(service, line)
    plan = (await submitted(service, unit(service, name, line))).json()["id"]
    answer = await service.http.post(f"/v1/plans/{plan}/file", headers=service.token("center"))
    assert answer.status_code == 200, answer.text
    return overall, plan


def asked(plan: str, **changes: Any) -> dict[str, Any]:
    return {"plan": plan, **PERIOD, "figures": FIGURES, **changes}


async def test_a_report_is_returned_mended_and_noted(service: Running) -> None:
    _, plan = await filed(service, "33", "unit-33-001")
    made = await service.http.post("/v1/reports", json=asked(plan), headers=unit(service))
    assert made.status_code == 201, made.text
    assert [(row["expected"], row["examined"], row["share"]) for row in made.json()["figures"]] == [(100, 25, 0.25)]
    path = f"/v1/reports/{made.json()['id']}"
    back = await service.http.post(f"{path}/return", json={"remarks": "请核对。"}, headers=service.token("center"))
    assert (back.json()["state"], back.json()["remarks"]) == ("returned", "请核对。")
    stale = {**unit(service), "If-Match": made.headers["etag"]}
    mended = {"figures": [{**FIGURES[0], "examined": 50}], "experience": "晚间考核。"}
    assert (await service.http.put(path, json=mended, headers=stale)).status_code == 412
    again = await service.http.put(path, json=mended, headers=unit(service))
    assert (again.json()["state"], again.json()["figures"][0]["share"]) == ("submitted", 0.5)
    noted = await service.http.post(f"{path}/note", json={"remarks": "已阅。"}, headers=service.token("center"))
    assert noted.json()["state"] == "noted"
    (said, *_) = await service.heard(ReportNoted)
    assert json.loads(said.body)["experience"] == "晚间考核。"
    late = await service.http.put(path, json=mended, headers=unit(service))
    assert (late.status_code, late.json()["type"]) == (409, "urn:skillcert:problem:report-state")


async def test_there_is_one_report_per_plan_and_period_however_many_come_at_once(service: Running) -> None:
    _, plan = await filed(service, "66", "unit-66-001")
    answers = await asyncio.gather(
        *(
            service.http.post("/v1/reports", json=asked(plan), headers=unit(service, "unit-66-001", "66"))
            for _ in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    listed = await service.http.get("/v1/reports", params={"plan": plan}, headers=service.token("center"))
    assert len(listed.json()["rows"]) == 1
    said = [one for one in await service.heard(ReportSubmitted) if json.loads(one.body)["plan"] == plan]
    assert len(said) == 1


async def test_an_authority_reports_on_its_overall_plan_and_nobody_on_anothers(service: Running) -> None:
    overall, plan = await filed(service, "C01", "unit-C01-001")
    authority = service.token("authority", "C01", "C01")
    made = await service.http.post("/v1/reports", json=asked(overall), headers=authority)
    assert (made.status_code, made.json()["kind"], made.json()["unit"]) == (201, "overall", "")
    wrong = await service.http.post("/v1/reports", json=asked(plan), headers=service.token("authority", "C01", "C01"))
    assert wrong.status_code == 403
    other = await service.http.post("/v1/reports", json=asked(plan), headers=unit(service, "unit-44-001", "44"))
    assert other.status_code == 404
