"""The register of units over HTTP and the bus: their lives, their lines, and lists taken over."""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.organisations.commands import RegisterUnit
from services.registry.organisations.domain import OrganisationIsClosed, OtherLine
from services.registry.organisations.handlers import Organisations
from shared.events.registry import OrganisationClosed, OrganisationMerged, OrganisationRegistered
from tests.doors.plans import TODAY
from tests.live import Running, running

pytestmark = pytest.mark.live

FREE = ["91350100M000100Y43", "52000000EXAMPLE11R"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("organisations")) as live:
        live.set_time(TODAY)
        yield live


async def sent(service: Running, path: str, body: Any, who: dict[str, str] | None = None) -> httpx.Response:
    return await service.http.post(f"/v1/organisations{path}", json=body, headers=who or service.token("center"))


async def made(service: Running, **fields: Any) -> dict[str, Any]:
    asked = {"authority": "33", "name": f"示例{uuid4().hex}", "since": "2019-09-01", **fields}
    answer = await sent(service, "", asked)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def seen_by(service: Running, unit: str, line: str) -> bool:
    who = service.token("authority", line, line)
    one = await service.http.get(f"/v1/organisations/{unit}", headers=who)
    rows = await service.http.get("/v1/organisations", params={"kind": "unit", "limit": 1000}, headers=who)
    listed = unit in {row["id"] for row in rows.json()["rows"]}
    assert listed == (one.status_code == 200)
    return listed


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]


async def test_a_unit_is_registered_once_told_and_its_contact_person_masked(service: Running) -> None:
    [asked] = RegisterUnit.model_json_schema()["examples"]
    who = service.token("center")
    first, again = await sent(service, "", asked, who), await sent(service, "", asked, who)
    assert (first.status_code, again.content) == (201, first.content)
    unit = first.json()
    assert (unit["contact_masked"], "contact" in unit) == ("张*", False)
    assert unit["uscc_proof"] == asked["uscc_proof"]
    said = [json.loads(said.body) for said in await service.heard(OrganisationRegistered)]
    assert [body["name"] for body in said if body["unit"] == unit["id"]] == [asked["name"]]


async def test_who_was_shown_the_contact_person_and_why_stays_in_the_history(service: Running) -> None:
    unit = (await made(service, contact={"name": "张三", "phone": "0571-00000001"}))["id"]
    path, asked = f"/{unit}/contact/reveal", {"reason": "电话通知"}
    far = await sent(service, path, asked, service.token("authority", "44", "44"))
    who = service.token("authority", "33", "33")
    first, again = await sent(service, path, asked, who), await sent(service, path, asked, who)
    shown = (200, {"organisation": unit, "name": "张三", "phone": "0571-00000001"})
    assert (far.status_code, first.headers["Cache-Control"]) == (404, "no-store")
    assert [(answer.status_code, answer.json()) for answer in (first, again)] == [shown, shown]
    seen = await service.http.get(f"/v1/organisations/{unit}", headers=service.token("center"))
    told = [(row["reason"], row["actor"]) for row in seen.json()["history"] if row["what"] == "contact shown"]
    assert (len(told), told[0][0], bool(told[0][1])) == (1, "电话通知", True)


async def test_a_code_is_given_once(service: Running) -> None:
    await made(service, uscc=FREE[0], issuer_codes={"recognition": "S000033000077"})
    for taken in ({"uscc": FREE[0]}, {"issuer_codes": {"recognition": "S000033000077"}}):
        answer = await sent(service, "", {"authority": "33", "name": "另一", **taken})
        assert problem(answer) == (409, "code-taken")
    other = await made(service)
    path = f"/v1/organisations/{other['id']}"
    answer = await service.http.patch(path, json={"uscc": FREE[0], "reason": "r"}, headers=service.token("center"))
    assert problem(answer) == (409, "code-taken")


async def test_wrong_codes_are_refused_with_their_field(service: Running) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "/uscc": {"uscc": "91350100M000100Y4Z"},
        "/region_code": {"region_code": "660000"},
        "/authority": {"authority": "65000"},
        "/issuer_codes/appraisal": {"issuer_codes": {"appraisal": "99009001"}},
    }
    for pointer, fields in wrong.items():
        answer = await sent(service, "", {"authority": "33", "name": "错", **fields})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


async def test_an_authority_registers_and_changes_in_its_own_lines_only(service: Running) -> None:
    own = service.token("authority", "44", "44")
    answer = await sent(service, "", {"authority": "33", "name": "越线"}, own)
    assert answer.status_code == 404
    asked_own = {"authority": "44", "name": "示例广东鉴定站"}
    unit = (await sent(service, "", asked_own, service.token("authority", "44", "44"))).json()
    path = f"/v1/organisations/{unit['id']}"
    asked = {"office": {"address": "示例路"}, "reason": "搬迁"}
    stale = {**service.token("authority", "44", "44"), "If-Match": '"7"'}
    assert (await service.http.patch(path, json=asked, headers=stale)).status_code == 412
    changed = await service.http.patch(path, json=asked, headers=service.token("authority", "44", "44"))
    assert (changed.status_code, changed.json()["office"]["address"]) == (200, "示例路")
    other = await service.http.patch(path, json=asked, headers=service.token("authority", "33", "33"))
    assert other.status_code == 404


async def test_whoever_asks_within_a_line_in_force_sees_the_unit_and_nobody_else(service: Running) -> None:
    unit = (await made(service))["id"]
    assert [await seen_by(service, unit, line) for line in ("33", "C01", "44")] == [True, False, False]
    joined = {"authority": "C01", "since": "2019-09-02", "reason": "划归"}
    assert (await sent(service, f"/{unit}/affiliations", joined)).status_code == 200
    assert [await seen_by(service, unit, line) for line in ("33", "C01", "44")] == [True, True, False]
    ended = {"authority": "33", "until": "2019-09-01", "reason": "不再由本省管理"}
    assert (await sent(service, f"/{unit}/affiliations/end", ended)).status_code == 200
    assert [await seen_by(service, unit, line) for line in ("33", "C01", "44")] == [False, True, False]
    alone = {"authority": "C01", "until": "2019-12-31", "reason": "r"}
    assert problem(await sent(service, f"/{unit}/affiliations/end", alone)) == (409, "affiliation")
    rename = {"name": "示例更名站", "since": "2019-09-02", "reason": "更名"}
    line = service.token("authority", "C01", "C01")
    assert (await sent(service, f"/{unit}/rename", rename, line)).status_code == 200
    own = service.token("unit", unit, "C01")
    borne = await service.http.get(f"/v1/organisations/{unit}/name", params={"on": "2019-09-01"}, headers=own)
    assert borne.json()["name"] != "示例更名站"
    assert (await service.http.get(f"/v1/organisations/{unit}/name", headers=own)).json()["name"] == "示例更名站"


async def test_a_merged_unit_closes_names_its_successor_and_is_changed_no_more(service: Running) -> None:
    old, new = (await made(service))["id"], (await made(service))["id"]
    answer = await sent(service, f"/{old}/merge", {"into": new, "on": "2019-09-02", "reason": "合并"})
    assert (answer.json()["successor"], answer.json()["closed_on"]) == (new, "2019-09-02")
    for kind in (OrganisationMerged, OrganisationClosed):
        said = [json.loads(said.body) for said in await service.heard(kind)]
        assert [(body["on"], body["reason"]) for body in said if body["unit"] == old] == [("2019-09-02", "合并")]
    again = await sent(service, f"/{old}/close", {"on": "2019-09-02", "reason": "r"})
    assert problem(again) == (409, "organisation-closed")
    back = await sent(service, f"/{new}/merge", {"into": old, "on": "2019-09-02", "reason": "r"})
    assert problem(back) == (409, "merger")


async def test_other_rooms_ask_for_lines_issuer_codes_and_whether_a_unit_is_open(service: Running) -> None:
    asked = rooms(service)
    unit = await asked.organisations.get("unit-33-001")
    codes = [unit.code_of(regime) for regime in ("appraisal", "recognition", "later")]
    assert codes == ["99002001", "S000033000001", ""]
    day = date(2019, 9, 2)
    await asked.must_stand("unit-66-001", "66", day)
    with pytest.raises(OtherLine):
        await asked.must_stand("unit-66-001", "65", day)
    gone = (await made(service))["id"]
    await sent(service, f"/{gone}/close", {"on": "2019-09-03", "reason": "注销"})
    await asked.must_be_open(gone, day)
    with pytest.raises(OrganisationIsClosed):
        await asked.must_be_open(gone, date(2019, 9, 3))


async def test_the_tree_is_read_level_by_level(service: Running) -> None:
    center = service.token("center")
    for params, expected in (({"kind": "center"}, ["center"]), ({"line": "66", "kind": "unit"}, ["unit-66-001"])):
        shown = await service.http.get("/v1/organisations", params=params, headers=center)
        assert [row["id"] for row in shown.json()["rows"]][:1] == expected
    above = await service.http.get("/v1/organisations", params={"kind": "provincial_authority"}, headers=center)
    assert {"33", "66"} < {row["id"] for row in above.json()["rows"]}


# -- lists ---------------------------------------------------------------------------------------------

HEADER = "name,authority,uscc,uscc_document,uscc_reason,region_code,appraisal_code,recognition_code,phone"


def listed(rows: Iterable[str], mark: str = "") -> bytes:
    return (mark + "\r\n".join([HEADER, *rows]) + "\r\n").encode()


async def imported(
    service: Running,
    body: bytes,
    who: dict[str, str] | None = None,
    *,
    media: str = "text/csv",
    accept: str = "application/json",
    dry_run: bool = False,
) -> httpx.Response:
    headers = {"Content-Type": media, "Accept": accept, **(who or service.token("center"))}
    params = {"dry_run": dry_run}
    answer = await service.http.post("/v1/organisations/import", content=body, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def rooms(service: Running) -> Organisations:
    """The room as another room of the registry asks it."""
    [store] = [store for store in service.process.service.stores if store.source == "/registry/organisations"]
    return Organisations(store, Path(), service.process.tools.clock)


async def units(service: Running) -> int:
    return await rooms(service).organisations.count({"kind": "unit"})


def figures(answer: httpx.Response) -> tuple[int, int, int, int]:
    told = answer.json()
    return told["registered"], told["changed"], told["unchanged"], len(told["refused"])


async def test_the_same_list_twice_changes_nothing_and_a_dry_run_writes_nothing(service: Running) -> None:
    rows = [f"示例名单{number},{code},,,,,,,0571-{number}" for number, code in enumerate(["11", "12", "66"])]
    body, before = listed(rows, mark="\ufeff"), await units(service)
    assert figures(await imported(service, body, dry_run=True)) == (3, 0, 0, 0)
    assert await units(service) == before
    assert figures(await imported(service, body)) == (3, 0, 0, 0)
    service.forward(days=1)
    assert figures(await imported(service, body)) == (0, 0, 3, 0)
    assert await units(service) == before + 3
    more = listed([rows[0].replace("0571-0", "0571-9"), rows[1], "示例名单2,66,,,,659001,,,"])
    assert figures(await imported(service, more)) == (0, 2, 1, 0)


async def test_bad_rows_of_every_kind_come_back_with_line_field_and_rule_and_good_ones_are_taken(
    service: Running,
) -> None:
    await sent(service, f"/{(await made(service, name='示例已关闭'))['id']}/close", {"on": "2019-09-02", "reason": "r"})
    rows = [
        ",33,,,,,,,",
        "无此主管,65,91350100M000100Y4Z,,,,,,",
        "兵团不是区划,66,,,,660000,,,",
        "代码位数,33,,,,,990020011,,",
        "无此主管,99,,,,,,,",
        "示例浙江第一鉴定站（新名）,33,52000000EXAMPLE11R,,,,,,",
        "示例已关闭,33,,,,,,,",
        "占用代码,33,,,,,99002001,,",
        "示例浙江第二鉴定站（虚构）,33,91350100M000100Y4Z,登记证书,一致,,,,",
        "示例浙江第二鉴定站（虚构）,44,12000000EXAMPLE2XM,,,,,,",
        "好行,33,,,,,,,",
        "好行,33,,,,,,,",
        "少了一格,33",
    ]
    answer = await imported(service, listed(rows))
    told = [(row["line"], row["field"], row["rule"]) for row in answer.json()["refused"]]
    assert told == [
        (2, "/name", "missing"),
        (3, "/uscc", "GB 32100"),
        (4, "/region_code", "GB/T 2260"),
        (5, "/appraisal_code", "issuer.codes"),
        (6, "/authority", "authority_code"),
        (7, "/name", "name-differs"),
        (8, "", "organisation-closed"),
        (9, "/appraisal_code", "code-taken"),
        (10, "/uscc", "uscc-differs"),
        (11, "/authority", "other-line"),
        (13, "/name", "repeated-row"),
        (14, "", "columns"),
    ]
    assert answer.json()["accepted"] == 1
    assert answer.json()["mend"][5]["name"] == "示例浙江第一鉴定站（新名）"


async def test_refused_rows_come_back_as_a_table_that_can_be_mended_and_sent_again(service: Running) -> None:
    body = listed(["示例待改,33,91350100M000100Y4Z,,,,,,"])
    answer = await imported(service, body, accept="text/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    header, row = answer.text.strip().split("\r\n")
    assert header.endswith(",field,reason")
    assert '/uscc,"GB 32100: ' in row
    mended = answer.text.replace("91350100M000100Y4Z", "")
    assert figures(await imported(service, mended.encode())) == (1, 0, 0, 0)


async def test_an_authority_imports_its_own_line_only(service: Running) -> None:
    who = service.token("authority", "44", "44")
    answer = await imported(service, listed(["示例本线,44,,,,,,,", "示例他线,33,,,,,,,"]), who)
    assert figures(answer) == (1, 0, 0, 1)
    assert answer.json()["refused"][0]["rule"] == "other-line"


async def test_a_list_in_json_lines_is_taken_alike(service: Running) -> None:
    rows = [{"name": "示例行一", "authority": "51"}, {"name": "示例行二", "authority": "51", "what": 1}]
    lines = "\n".join(map(json.dumps, rows)).encode()
    answer = await imported(service, lines, media="application/x-ndjson")
    assert figures(answer) == (1, 0, 0, 1)
    assert answer.json()["mend"] == [{"name": "示例行二", "authority": "51"}]


async def test_a_list_of_several_runs_is_taken_whole(service: Running) -> None:
    before = await units(service)
    body = listed(f"示例大名单{number},37,,,,370102,,," for number in range(1_201))
    answer = await imported(service, body)
    assert figures(answer) == (1_201, 0, 0, 0)
    assert await units(service) == before + 1_201
