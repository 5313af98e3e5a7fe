"""A work plan to send through the registry's doors, and the callers who may."""

from datetime import UTC, datetime
from typing import Any

import httpx

from tests.live import Running

TODAY = datetime(2019, 9, 2, tzinfo=UTC)
PLAN: dict[str, Any] = {
    "title": "2019年钢筋工职业技能鉴定试点工作方案",
    "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4"]}],
    "valid_from": "2019-09-01",
    "valid_until": "2020-08-31",
}


def unit(service: Running, name: str = "unit-33-001", line: str = "33") -> dict[str, str]:
    """Headers of a pilot unit, with a new Idempotency-Key."""
    return service.token("unit", name, line)


async def submitted(service: Running, headers: dict[str, str] | None = None, **changed: Any) -> httpx.Response:
    """The answer to a submitted plan."""
    return await service.http.post("/v1/plans", json={**PLAN, **changed}, headers=headers or unit(service))


async def plans_seen(service: Running, headers: dict[str, str]) -> set[str]:
    """The ids of the plans a caller sees."""
    answer = await service.http.get("/v1/plans", headers=headers, params={"limit": 1000})
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["rows"]}
