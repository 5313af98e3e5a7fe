"""Proposals on the real servers: laid before the Center, returned, mended, adopted or declined."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.proposals.commands import SubmitProposal
from services.registry.standards.commands import EXAMPLE as EDITION
from shared.events.registry import ProposalAdopted, ProposalDeclined, ProposalReturned, ProposalSubmitted
from tests.live import Running, running

pytestmark = pytest.mark.live
PROPOSAL = SubmitProposal.model_json_schema()["examples"][0]
UNIT = ("unit", "unit-33-001", "33")
AUTHORITY = ("authority", "33", "33")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("proposals")) as live:
        yield live


async def asked(service: Running, path: str, body: Any, who: tuple[Any, ...] = ("center",)) -> httpx.Response:
    return await service.http.post(path, json=body, headers=service.token(*who))


async def submitted(service: Running, who: tuple[Any, ...] = UNIT, **changes: Any) -> str:
    answer = await asked(service, "/v1/proposals", {**PROPOSAL, **changes}, who)
    assert (answer.status_code, answer.json()["state"]) == (201, "submitted"), answer.text
    return str(answer.json()["id"])


async def seen(service: Running, who: tuple[Any, ...], **query: str) -> set[str]:
    answer = await service.http.get("/v1/proposals", params=query, headers=service.token(*who))
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["rows"]}


def problem(answer: httpx.Response) -> tuple[int, str, list[str]]:
    body = answer.json()
    return answer.status_code, body["type"].rsplit(":", 1)[-1], [error["pointer"] for error in body["errors"]]


async def test_a_proposal_is_returned_mended_and_adopted_and_names_the_draft_that_came_of_it(service: Running) -> None:
    name = await submitted(service)
    path = f"/v1/proposals/{name}"
    back = await asked(service, f"{path}/return", {"remarks": "请补充数据。"})
    assert (back.status_code, back.json()["state"]) == (200, "returned")
    mended = {**PROPOSAL, "title": "补充后的建议"}
    stale = {**service.token(*UNIT), "If-Match": '"1"'}
    assert (await service.http.put(path, json=mended, headers=stale)).status_code == 412
    fresh = {**service.token(*UNIT), "If-Match": back.headers["etag"]}
    again = (await service.http.put(path, json=mended, headers=fresh)).json()
    assert (again["state"], again["round"], again["title"], again["remarks"]) == ("submitted", 2, "补充后的建议", "")
    edition = (await asked(service, "/v1/standards", EDITION)).json()
    other = {**EDITION, "occupation": {**EDITION["occupation"], "id": "mason", "name": "砌筑工"}, "related": []}
    of_mason = (await asked(service, "/v1/standards", other)).json()
    for wrong in ("standard-none", of_mason["id"]):
        answer = await asked(service, f"{path}/adopt", {"conclusion": "采纳。", "standard": wrong})
        assert problem(answer) == (409, "proposal-standard", ["/standard"])
    answer = await asked(service, f"{path}/adopt", {"conclusion": "采纳。", "standard": edition["id"]})
    assert (answer.json()["state"], answer.json()["standard"]) == ("adopted", edition["id"])
    assert problem(await asked(service, f"{path}/decline", {"reason": "重复。"}))[:2] == (409, "proposal-state")
    (said, *_) = await service.heard(ProposalAdopted)
    body = json.loads(said.body)
    assert (body["proposal"], body["round"], body["standard"]) == (name, 2, edition["id"])
    assert len(await service.heard(ProposalSubmitted, 2)) >= 2
    assert json.loads((await service.heard(ProposalReturned))[0].body)["remarks"] == "请补充数据。"


async def test_a_declined_proposal_says_why(service: Running) -> None:
    name = await submitted(service, AUTHORITY, kind="site_criteria", occupation=None)
    answer = await asked(service, f"/v1/proposals/{name}/decline", {"reason": "与现行条件重复。"})
    assert (answer.json()["state"], answer.json()["reason"]) == ("declined", "与现行条件重复。")
    (said, *_) = await service.heard(ProposalDeclined)
    assert (json.loads(said.body)["unit"], said.headers["ce-authority"]) == (None, "33")


async def test_a_unit_sees_its_own_an_authority_its_line_and_the_center_all(service: Running) -> None:
    own, line = await submitted(service), await submitted(service, AUTHORITY)
    other = await submitted(service, ("unit", "unit-66-001", "66"), kind="assessor_criteria")
    assert {own, line, other} & await seen(service, UNIT) == {own}
    assert {own, line, other} & await seen(service, ("unit", "unit-33-002", "33")) == set()
    assert {own, line, other} & await seen(service, AUTHORITY) == {own, line}
    assert {own, line, other} & await seen(service, ("center",)) == {own, line, other}
    assert {own, line, other} & await seen(service, ("center",), kind="assessor_criteria", state="submitted") == {other}
    answer = await service.http.get(f"/v1/proposals/{line}", headers=service.token(*UNIT))
    assert answer.status_code == 404


async def test_an_authority_does_not_mend_what_its_unit_proposed(service: Running) -> None:
    name = await submitted(service)
    await asked(service, f"/v1/proposals/{name}/return", {"remarks": "请补充数据。"})
    answer = await service.http.put(f"/v1/proposals/{name}", json=PROPOSAL, headers=service.token(*AUTHORITY))
    assert problem(answer)[:2] == (403, "proposal-proposer")


async def test_an_id_number_is_refused_wherever_it_stands_and_not_repeated(service: Running) -> None:
    number = "110105188912310021"
    answer = await asked(service, "/v1/proposals", {**PROPOSAL, "title": f"{number}的建议"}, UNIT)
    assert problem(answer) == (409, "proposal-personal-number", ["/title"])
    assert number not in answer.text
    name = await submitted(service)
    answer = await asked(service, f"/v1/proposals/{name}/return", {"remarks": number})
    assert problem(answer) == (409, "proposal-personal-number", ["/remarks"])
