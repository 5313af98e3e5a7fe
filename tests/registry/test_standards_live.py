"""Standards on the real servers: drafted, published, superseded, compared, over HTTP and the bus."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.app import build
from services.registry.standards.commands import EXAMPLE
from services.registry.standards.domain import Standard
from shared.act import Act
from shared.events.registry import StandardPublished, StandardSuperseded
from shared.storage.store import Store
from tests.doors.plans import PLAN, framed
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live
UNIT = ("unit", "unit-33-001", "33")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("standards")) as live:
        yield live


def day(service: Running, ahead: int) -> str:
    return str(service.process.tools.clock.today() + timedelta(days=ahead))


def content(service: Running, ahead: int, **changes: Any) -> dict[str, Any]:
    return {**EXAMPLE, "effective": day(service, ahead), **changes}


async def drafted(service: Running, ahead: int, **changes: Any) -> dict[str, Any]:
    answer = await service.http.post(
        "/v1/standards", json=content(service, ahead, **changes), headers=service.token("center")
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def published(service: Running, ahead: int, **changes: Any) -> dict[str, Any]:
    made = await drafted(service, ahead, **changes)
    answer = await service.http.post(f"/v1/standards/{made['id']}/publish", headers=service.token("center"))
    assert (answer.status_code, answer.json()["state"]) == (200, "published"), answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def read(service: Running, standard: str) -> dict[str, Any]:
    answer = await service.http.get(f"/v1/standards/{standard}", headers=service.token(*UNIT))
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def listed(service: Running, role: tuple[Any, ...] = UNIT, **query: str) -> list[str]:
    answer = await service.http.get("/v1/standards", params=query, headers=service.token(*role))
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()]


async def superseded(service: Running, standard: str, on: str) -> None:
    async def known() -> bool:
        return bool((await read(service, standard))["superseded_on"] == on)

    await eventually(known)


def occupation(slug: str, name: str) -> dict[str, Any]:
    return {**EXAMPLE["occupation"], "id": slug, "name": name}


def problem(answer: httpx.Response) -> tuple[int, str, list[str]]:
    body = answer.json()
    return answer.status_code, body["type"].rsplit(":", 1)[-1], [error["pointer"] for error in body["errors"]]


async def test_the_editions_of_the_files_are_published_with_everything_a_hearer_needs(service: Running) -> None:
    said = {body["standard"]: body for body in (json.loads(s.body) for s in await service.heard(StandardPublished, 11))}
    rebar, waterproofer = said["rebar_worker-2019p"], said["waterproofer-2019p"]
    assert (rebar["regime"], rebar["superseded_on"]) == ("appraisal", None)
    assert [row["level"] for row in rebar["eligibility"]] == rebar["levels"]
    assert rebar["eligibility"][1]["alternatives"][0]["all_of"][0] == {
        "predicate": "years_since_certificate",
        "level": "5",
        "years": 3.0,
        "hours": None,
        "kind": None,
        "scope": None,
        "graduating_year": False,
    }
    assert [(row["level"], row["hours"]) for row in waterproofer["training"]] == [
        ("5", 240),
        ("4", 280),
        ("3", 240),
        ("2", 180),
    ]
    assert [row["part"] for row in rebar["staffing"]] == ["theory", "practical", "review"]


async def test_the_occupations_bear_both_codes(service: Running) -> None:
    answer = await service.http.get("/v1/occupations", headers=service.token(*UNIT))
    rows = {row["id"]: row for row in answer.json()}
    assert len(rows) == 11
    mason = rows["mason"]
    assert (mason["classification"], mason["classification_edition"], mason["work_type"]) == (
        "6-29-01-01",
        "2022-draft",
        "010",
    )


async def test_a_draft_is_the_centers_alone_until_it_is_published(service: Running) -> None:
    made = await drafted(service, 30, regime="recognition")
    url = f"/v1/standards/{made['id']}"
    assert (await service.http.get(url, headers=service.token(*UNIT))).status_code == 404
    difference = f"/v1/standards/rebar_worker-2019p/difference/{made['id']}"
    assert (await service.http.get(difference, headers=service.token(*UNIT))).status_code == 404
    assert made["id"] not in await listed(service)
    assert await listed(service, state="draft") == []
    assert made["id"] in await listed(service, ("center",), state="draft")
    stale = {**service.token("center"), "If-Match": '"7"'}
    mended = content(service, 31, regime="recognition", edition="再修订版")
    assert (await service.http.put(url, json=mended, headers=stale)).status_code == 412
    answer = await service.http.put(url, json=mended, headers={**service.token("center"), "If-Match": '"1"'})
    assert (answer.status_code, answer.json()["edition"], answer.headers["etag"]) == (200, "再修订版", '"2"')
    assert (await service.http.post(f"{url}/publish", headers=service.token("center"))).status_code == 200
    assert (await read(service, made["id"]))["edition"] == "再修订版"
    late = await service.http.put(url, json=mended, headers=service.token("center"))
    assert problem(late)[:2] == (409, "standard-state")
    again = await service.http.post(f"{url}/publish", headers=service.token("center"))
    assert problem(again)[:2] == (409, "standard-state")


async def test_a_published_edition_takes_the_older_ones_place_on_its_day(service: Running) -> None:
    old, new = "rebar_worker-2019p", await published(service, 40)
    await superseded(service, old, day(service, 40))
    said = [json.loads(s.body) for s in await service.heard(StandardSuperseded)]
    told = next(body for body in said if body["standard"] == old)
    assert (told["superseded_on"], told["levels"]) == (day(service, 40), ["5", "4", "3", "2"])
    assert await listed(service, occupation="rebar_worker", in_force_on=day(service, 39), regime="appraisal") == [old]
    assert await listed(service, occupation="rebar_worker", in_force_on=day(service, 40), regime="appraisal") == [
        new["id"]
    ]
    assert old in await listed(service, state="superseded")
    between = await published(service, 20)
    await superseded(service, old, day(service, 20))
    await superseded(service, between["id"], day(service, 40))


async def test_plans_may_name_what_the_edition_in_force_offers(service: Running) -> None:
    scopes = [{"occupation": "scaffolder", "levels": ["3"], "numbers": 9}]
    days = {"valid_from": day(service, 0), "valid_until": day(service, 100)}
    await framed(service, UNIT[2], scopes=scopes, **days)
    asked = {**PLAN, "scopes": scopes, **days}
    first = await service.http.post("/v1/plans", json=asked, headers=service.token(*UNIT))
    assert first.status_code == 201, first.text
    await published(service, 0, occupation=occupation("scaffolder", "架子工"))
    answer = await service.http.post("/v1/plans", json=asked, headers=service.token(*UNIT))
    assert problem(answer) == (409, "plan-outside-standards", ["/scopes/0/levels"])


async def test_two_editions_are_compared_in_words(service: Running) -> None:
    new = await published(service, 5, occupation=occupation("mason", "砌筑工"), related=["rebar_worker"])
    answer = await service.http.get(
        f"/v1/standards/mason-2019p/difference/{new['id']}", headers=service.token("subscriber", "reader-33", "33")
    )
    changes = {row["place"]: row for row in answer.json()}
    assert changes["/levels/3"]["sentence_zh"] == "取消：技能等级，三级/高级工。"
    assert changes["/related/rebar_worker"]["what"] == "added"
    moved = changes["/parts/practical/dimensions/safe_production/points"]
    assert (moved["before"], moved["after"]) == (20, 40)
    same = await service.http.get(f"/v1/standards/{new['id']}/difference/{new['id']}", headers=service.token(*UNIT))
    assert same.json() == []


async def test_a_draft_that_is_not_whole_is_refused_with_the_field_the_rule_and_its_source(service: Running) -> None:
    asked = content(service, 5, levels=["5", "4", "special_grade"])
    answer = await service.http.post("/v1/standards", json=asked, headers=service.token("center"))
    assert problem(answer) == (409, "standard-level", ["/levels/2"])
    assert answer.json()["rule"] == "standard.appraisal_levels"
    assert "国家职业技能标准编制技术规程" in answer.json()["detail"]
    unknown = content(service, 5, levels=["5", "6"])
    answer = await service.http.post("/v1/standards", json=unknown, headers=service.token("center"))
    assert problem(answer) == (422, "malformed", ["/levels/1"])
    past = await drafted(service, -1)
    answer = await service.http.post(f"/v1/standards/{past['id']}/publish", headers=service.token("center"))
    assert problem(answer) == (409, "standard-effective", ["/effective"])


async def test_the_level_system_has_eight_levels_from_the_day_they_were_added(service: Running) -> None:
    levels = ["apprentice", "5", "special_grade", "chief"]
    parts = [{**part, "levels": levels} for part in EXAMPLE["parts"]]
    made = await drafted(service, 5, regime="recognition", levels=levels, parts=parts)
    assert made["levels"] == levels


async def test_a_crash_after_publishing_is_made_good_when_the_edition_is_heard(service: Running) -> None:
    """Another process published and died before anything else: only its event goes out."""
    carpenter = occupation("carpenter", "手工木工")
    made = await drafted(service, 9, occupation=carpenter)
    twin = build(service.process.tools)
    store: Store[Standard] = next(store for store in twin.stores if store.source == "/registry/standards")
    now = service.process.tools.clock.now()
    act = Act(id="crashed", at=now, correlation="crashed")  # its announcement is never made: the sweep finds it
    await store.change(made["id"], act, lambda found: found.published(now, service.process.tools.clock.today()))
    await superseded(service, "carpenter-2019p", day(service, 9))


async def test_an_edition_stored_before_editions_had_a_life_is_read_as_published(service: Running) -> None:
    store: Store[Standard] = next(
        store for store in service.process.service.stores if store.source == "/registry/standards"
    )
    document = await store.collection.find_one({"_id": "mason-2019p"})
    assert document is not None
    for name in ("state", "published_at", "superseded_on", "regime", "sources", "eligibility", "staffing", "training"):
        del document[name]
    document |= {"_id": "mason-old", "schema": 1, "source": "the files of 2019", "effective": "2019-08-01"}
    assert await store.collection.insert(document)
    old = await store.get("mason-old")
    assert (old.state, old.regime, old.superseded_on, old.effective) == (
        "published",
        "appraisal",
        None,
        date(2019, 8, 1),
    )
    assert old.sources[0].source == "the files of 2019"
