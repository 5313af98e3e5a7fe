"""Signals on the real servers: raised once when sheets are sealed, seen and remarked on, and no result changes."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.assessment import BatchScored, SignalRaised
from tests.assessment.driving import FINDINGS, authorised, get, heard_of, post, said_of, slug, strictly_scored
from tests.assessment.examples import CARDS, published
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("assessment")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


async def called(service: Running, role: str, subject: str, path: str, body: Any = None) -> httpx.Response:
    token = service.issuer.token(role, "33" if role == "authority" else "elsewhere", "33", subject)
    headers = {**service.token("unit"), "Authorization": f"Bearer {token}"}
    if body is None:
        return await service.http.get(f"/v1/batches{path}", headers=headers)
    return await service.http.post(f"/v1/batches{path}", json=body, headers=headers)


async def test_findings_are_raised_once_and_change_no_result(service: Running) -> None:
    unit = "unit-33-signals"
    batch, entries = await strictly_scored(service, await authorised(service, unit))
    said = await said_of(service, SignalRaised, batch, FINDINGS)
    spread = {row["cards"][0]: row["measured"] for row in said if row["kind"] == "assessor-spread"}
    assert spread == {CARDS[2]: -30}  # 80.5, 80.5 and 50.5
    assert sorted(row["kind"] for row in said if row["kind"] != "assessor-spread") == [
        *["same-sheets"] * 3,
        "twin-sheets",
    ]
    rows = (await get(service, unit, f"/{batch}/entries"))["rows"]
    assert {row["state"] for row in rows} == {"passed"}
    assert len(rows) == len(entries)

    [scored] = await heard_of(service, BatchScored, batch)
    before = len(await said_of(service, SignalRaised, batch, FINDINGS))
    await service.says(BatchScored.model_validate_json(scored.body), subject=batch, sequence=99)
    later, _ = await strictly_scored(service, await authorised(service, "unit-33-after"))  # heard after the repeat
    await said_of(service, SignalRaised, later, FINDINGS)
    assert len(await said_of(service, SignalRaised, batch, FINDINGS)) == before == FINDINGS


async def test_a_supervisor_or_authority_remarks_on_a_finding_and_nobody_else(service: Running) -> None:
    unit = "unit-33-remarks"
    batch, _ = await strictly_scored(service, await authorised(service, unit))

    async def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await get(service, unit, f"/{batch}/signals?limit=1000"))["rows"]
        return found if len(found) == FINDINGS else []

    [signal, *_] = await eventually(listed)
    path = f"/{batch}/signals/{signal['id']}/note"
    remark = {"remark": "已核对录像, 330106189309141015 无异常"}
    assert (await called(service, "supervisor", "card-9", path, remark)).status_code == 200
    assert (await called(service, "supervisor", "card-8", path, remark)).status_code == 404
    assert (await called(service, "authority", "officer", path, remark)).status_code == 200
    assert (await called(service, "assessor", CARDS[0], path, remark)).status_code == 403
    assert (await post(service, unit, path, remark)).status_code == 403
    other = await called(service, "authority", "officer", f"/{batch}/signals/signal-0/note", remark)
    assert (other.status_code, slug(other)) == (404, "not-found")
    [noted] = [row for row in await listed() if row["id"] == signal["id"]]
    assert [row["actor"] for row in noted["remarks"]] == ["card-9", "officer"]
    assert "18930914" not in noted["remarks"][0]["remark"]
    pages = await get(service, unit, f"/{batch}/signals?limit=3")
    rest = await get(service, unit, f"/{batch}/signals?limit=3&cursor={pages['next']}")
    assert len({row["id"] for row in (*pages["rows"], *rest["rows"])}) == FINDINGS
