"""A work plan to send through the registry's doors, and the callers who may."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from infra.drive.plans import sections_for
from tests.live import Running, eventually

TODAY = datetime(2019, 9, 2, tzinfo=UTC)
PLAN: dict[str, Any] = {
    "title": "2019年钢筋工职业技能鉴定试点工作方案",
    "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4"], "numbers": 100}],
    "valid_from": "2019-09-01",
    "valid_until": "2020-08-31",
    "sections": sections_for("unit"),
}
OVERALL: dict[str, Any] = {
    "title": "2019年职业技能鉴定试点整体工作方案",
    "scopes": [
        {"occupation": "rebar_worker", "levels": ["5", "4"], "numbers": 1_000_000},
        {"occupation": "mason", "levels": ["5", "4"], "numbers": 1_000_000},
    ],
    "valid_from": "2019-09-01",
    "valid_until": "2022-08-31",
    "sections": sections_for("overall"),
}


def unit(service: Running, name: str = "unit-33-001", line: str = "33") -> dict[str, str]:
    """Headers of a pilot unit, with a new Idempotency-Key."""
    return service.token("unit", name, line)


async def submitted(service: Running, headers: dict[str, str] | None = None, **changed: Any) -> httpx.Response:
    """The answer to a submitted plan."""
    return await service.http.post("/v1/plans", json={**PLAN, **changed}, headers=headers or unit(service))


async def affiliated(service: Running, name: str, line: str) -> None:
    """The unit stands in that line, too."""
    asked = {"authority": line, "since": "2019-09-01", "reason": "试点"}
    answer = await service.http.post(
        f"/v1/organisations/{name}/affiliations", json=asked, headers=service.token("center")
    )
    assert answer.status_code == 200, answer.text


async def registered(service: Running, line: str) -> str:
    """A new unit of a line; its id."""
    asked = {"authority": line, "name": f"示例{uuid4().hex}", "since": "2019-09-01"}
    answer = await service.http.post("/v1/organisations", json=asked, headers=service.token("center"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def framed(service: Running, *lines: str, **changed: Any) -> list[str]:
    """The overall plan of each line is on file; their ids."""
    return [await _framed(service, line, changed) for line in lines]


async def _framed(service: Running, line: str, changed: dict[str, Any]) -> str:
    asked = {**OVERALL, **changed}
    made = await service.http.post("/v1/plans", json=asked, headers=service.token("authority", line, line))
    assert made.status_code == 201, made.text
    plan: str = made.json()["id"]
    filed = await service.http.post(f"/v1/plans/{plan}/file", headers=service.token("center"))
    assert filed.status_code == 200, filed.text
    return plan


async def authorised_by(service: Running, name: str, plan: str) -> None:
    """Until the unit's standing rests on the plan."""

    async def granted() -> bool:
        answer = await service.http.get(f"/v1/standings/{name}", headers=service.token("center"))
        return answer.status_code == 200 and plan in {grant["plan"] for grant in answer.json()["grants"]}

    await eventually(granted)


async def reported(service: Running, plan: str) -> str:
    """A report on a filed plan of the first unit; its id."""
    figures = [{"occupation": "rebar_worker", "examined": 9, "qualified": 8, "certified": 7}]
    asked = {"plan": plan, "period_from": "2019-09-01", "period_until": "2019-09-02", "figures": figures}
    answer = await service.http.post("/v1/reports", json=asked, headers=unit(service))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def plans_seen(service: Running, headers: dict[str, str]) -> set[str]:
    """The ids of the plans a caller sees."""
    answer = await service.http.get("/v1/plans", headers=headers, params={"limit": 1000})
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["rows"]}
