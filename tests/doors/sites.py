"""A site with a line in its ledger, for the tests of who may see and change it."""

from services.registry.sites.commands import LedgerLine, RegisterSite
from tests.doors.plans import unit
from tests.live import Running


async def made(service: Running) -> dict[str, str]:
    """The ids of a site of unit-33-001 and of its ledger's only line."""
    [asked] = RegisterSite.model_json_schema()["examples"]
    site = await service.http.post("/v1/sites", json=asked, headers=unit(service))
    assert site.status_code == 201, site.text
    [kept] = LedgerLine.model_json_schema()["examples"]
    path = f"/v1/sites/{site.json()['id']}/ledger"
    line = await service.http.post(path, json=kept, headers=unit(service))
    assert line.status_code == 201, line.text
    return {"site": site.json()["id"], "line": line.json()["id"]}
