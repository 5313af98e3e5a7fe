"""Sites over HTTP and the bus: registered by a unit, confirmed by its authority, gone with their unit."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.sites.commands import RegisterSite
from shared.events.registry import SiteChanged, SiteRegistered, SiteRemoved
from tests.doors.plans import TODAY, unit
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

[ASKED] = RegisterSite.model_json_schema()["examples"]
LINE = {"name": "弯曲机", "model": "GW40", "count": 10, "fit": 9, "keeper": "张三"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("sites")) as live:
        live.set_time(TODAY)
        yield live


async def post(service: Running, path: str, body: Any, who: dict[str, str]) -> httpx.Response:
    return await service.http.post(f"/v1/sites{path}", json=body, headers=who)


async def made(service: Running, who: dict[str, str] | None = None) -> str:
    answer = await post(service, "", ASKED, who or unit(service))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def province(service: Running, line: str = "33") -> dict[str, str]:
    return service.token("authority", line, line)


async def told(service: Running, kind: type[Any], site: str) -> list[dict[str, Any]]:
    async def of_site() -> list[dict[str, Any]]:
        bodies = [json.loads(said.body) for said in service.said if said.type == kind.type]
        return [body for body in bodies if body["site"] == site]

    return await eventually(of_site)


async def test_a_site_is_confirmed_once_its_equipment_is_fit_and_serves_until_it_is_removed(service: Running) -> None:
    site = await made(service)
    assert (await told(service, SiteRegistered, site))[0]["state"] == "registered"
    early = await post(service, f"/{site}/confirm", None, province(service))
    assert (early.status_code, early.json()["type"].rsplit(":", 1)[-1]) == (409, "site-not-fit")
    unfit = await post(service, f"/{site}/ledger", {**LINE, "fit": 5}, unit(service))
    line = unfit.json()["id"]
    shown = (await service.http.get(f"/v1/sites/{site}", headers=unit(service))).json()
    assert (shown["equipment_fit_percent"], shown["least_percent"], shown["lacking"] != "") == (50.0, 90.0, True)
    assert "ledger" not in shown
    low = await post(service, f"/{site}/confirm", None, province(service))
    assert low.json()["rule"] == "site.equipment_fit_percent"
    path = f"/v1/sites/{site}/ledger/{line}"
    assert (await service.http.put(path, json=LINE, headers=unit(service))).json()["fit"] == 9
    answer = await post(service, f"/{site}/confirm", None, province(service))
    assert (answer.status_code, answer.json()["state"], answer.json()["lacking"]) == (200, "confirmed", "")
    gone = await post(service, f"/{site}/remove", {"on": "2019-12-01", "reason": "退租"}, unit(service))
    assert gone.json()["removed_on"] == "2019-12-01"
    (said,) = await told(service, SiteRemoved, site)
    assert (said["on"], said["reason"], said["unit"]) == ("2019-12-01", "退租", "unit-33-001")
    assert {row["state"] for row in await told(service, SiteChanged, site)} == {"registered", "confirmed"}


async def test_the_ledger_is_replaced_as_a_whole_or_not_at_all_and_the_keeper_masked(
    service: Running,
) -> None:
    site, path = await made(service), ""
    path = f"/v1/sites/{site}/ledger"
    good = "\n".join(json.dumps({**LINE, "name": f"设备{number}"}) for number in range(3))
    bad = good + "\n" + json.dumps({**LINE, "fit": 11})
    lines = {"Content-Type": "application/x-ndjson"}
    refused = await service.http.put(path, content=bad, headers={**unit(service), **lines})
    assert [(row["line"], row["field"]) for row in refused.json()["refused"]] == [(4, "/fit")]
    assert (await service.http.get(path, headers=unit(service))).json()["lines"] == []
    taken = await service.http.put(path, content=good, headers={**unit(service), **lines})
    assert taken.json() == {"accepted": 3, "refused": []}
    own = (await service.http.get(path, headers=unit(service))).json()["lines"]
    others = (await service.http.get(path, headers=province(service))).json()["lines"]
    assert {row["keeper"] for row in (*own, *others)} == {"张*"}
    as_table = "name,model,count,fit,keeper,inspected_on\r\n切断机,,2,2,李四,2019-08-20\r\n"
    taken = await service.http.put(path, content=as_table, headers={**unit(service), "Content-Type": "text/csv"})
    assert taken.json()["accepted"] == 1
    [row] = (await service.http.get(path, headers=unit(service))).json()["lines"]
    retired = await post(service, f"/{site}/ledger/{row['id']}/retire", {"reason": "报废"}, unit(service))
    assert retired.json()["retired_on"] == "2019-09-02"


async def test_who_was_shown_the_keepers_and_why_stays_in_the_history(service: Running) -> None:
    site, asked = await made(service), {"reason": "核对保管人"}
    added = await post(service, f"/{site}/ledger", LINE, unit(service))
    assert added.json()["keeper"] == "张*"
    others = [
        await post(service, f"/{site}/ledger/reveal", asked, who)
        for who in (unit(service, "unit-33-002"), province(service))
    ]
    assert [answer.status_code for answer in others] == [404, 403]
    shown = await post(service, f"/{site}/ledger/reveal", asked, unit(service))
    assert [row["keeper"] for row in shown.json()["lines"]] == ["张三"]
    history = (await service.http.get(f"/v1/sites/{site}", headers=province(service))).json()["history"]
    assert [row["reason"] for row in history if row["what"] == "keepers shown"] == ["核对保管人"]


async def test_a_list_of_another_units_sites_is_empty(service: Running) -> None:
    await made(service)
    asked = {"unit": "unit-33-001"}
    mine = await service.http.get("/v1/sites", params=asked, headers=unit(service))
    other = await service.http.get("/v1/sites", params=asked, headers=unit(service, "unit-33-002"))
    far = await service.http.get("/v1/sites", params=asked, headers=province(service, "44"))
    assert (bool(mine.json()["rows"]), other.json()["rows"], far.json()["rows"]) == (True, [], [])


async def test_a_closed_unit_has_no_sites_and_gets_none(service: Running) -> None:
    asked = {"authority": "33", "name": f"示例{uuid4().hex}", "since": "2019-09-01"}
    center = service.token("center")
    closing = (await service.http.post("/v1/organisations", json=asked, headers=center)).json()["id"]
    sites = [await made(service, unit(service, closing)) for _ in range(3)]
    end = {"on": "2019-09-02", "reason": "注销"}
    answer = await service.http.post(f"/v1/organisations/{closing}/close", json=end, headers=service.token("center"))
    assert answer.status_code == 200
    for site in sites:
        (said,) = await told(service, SiteRemoved, site)
        assert (said["on"], said["unit"], "注销" in said["reason"]) == ("2019-09-02", closing, True)
    late = await post(service, "", ASKED, unit(service, closing))
    assert (late.status_code, late.json()["type"].rsplit(":", 1)[-1]) == (409, "organisation-closed")
