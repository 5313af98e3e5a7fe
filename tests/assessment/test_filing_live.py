"""Batches are planned, filed and listed on the real servers: within sites, modes and numbers, by one or by many."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from itertools import combinations
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import Batch, Quota, State
from services.assessment.batches.handlers import Batches, Quotas
from services.assessment.batches.storage import Wanted, batch_store, quota_store
from services.assessment.rooms import DATA
from shared.act import Act, Scope
from shared.events.assessment import BatchFiled
from shared.rulebook import Rulebook
from shared.storage.store import Store
from tests.assessment.driving import (
    answers,
    authorised,
    batch_of,
    batches,
    enrolled,
    get,
    mirrors_of,
    planned_by,
    post,
    said_of,
    site_of,
    sited,
    slug,
)
from tests.assessment.examples import EXAM, MODES, grant, published, site_said, standing
from tests.assessment.test_batches_storage import OLD
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("filing")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


def excesses(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(row["pointer"], row["rule"]) for row in answer.json()["errors"]]


async def planned(service: Running, unit: str, **changes: Any) -> str:
    answer = await post(service, unit, "", planned_by(unit, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def numbered(service: Running, unit: str, number: int) -> str:
    """A unit whose plan expects so many rebar workers in all."""
    await authorised(service, unit)
    said = standing(unit=unit, grants=(grant(plan=f"plan-{unit}", numbers={"rebar_worker": number}),))
    await service.says(said, subject=unit, sequence=2)
    await eventually(partial(_knows, service, "units", unit, 2))
    return unit


async def _knows(service: Running, mirror: str, identity: str, sequence: int) -> bool:
    wanted = {"_id": identity, "sequence": sequence}
    return await service.process.tools.database.collection(mirror).find_one(wanted) is not None


def quotas(service: Running) -> Quotas:
    """The numbers as another process of the same service works on them."""
    database = service.process.tools.database
    return Quotas(quota_store(database), batch_store(database))


async def quota(service: Running, unit: str) -> Quota:
    kept: Store[Quota] = quota_store(service.process.tools.database)
    return await kept.get(f"plan-{unit}:rebar_worker")


# -- where and how --------------------------------------------------------------------------------------


async def test_what_can_never_be_filed_is_not_planned_and_each_place_is_named(service: Running) -> None:
    unit = await authorised(service, "unit-33-never")
    other = await authorised(service, "unit-33-neighbour")
    wrong = [
        {"part": "practical", "on": EXAM.isoformat(), "mode": "online_theory"},
        {"part": "theory", "on": "2020-01-20"},
    ]
    answer = await post(service, unit, "", planned_by(unit, site=site_of(other), sittings=wrong, begins="07:00"))
    assert (answer.status_code, slug(answer)) == (409, "batch-out-of-bounds"), answer.text
    assert excesses(answer) == [
        ("/sittings/0/mode", "mode-part"),
        ("/sittings/1/on", "mode-days"),
        ("/site", "site-unit"),
    ]
    assert excesses(await post(service, unit, "", planned_by(unit, site="site-nobody-knows"))) == [
        ("/site", "site-unknown")
    ]
    assert slug(await post(service, unit, "", planned_by(unit, exam_on="2019-09-20"))) == "batch-day"
    assert (await post(service, unit, "", planned_by(unit, hall="一号"))).status_code == 422


async def test_a_batch_is_filed_as_its_site_now_stands(service: Running) -> None:
    unit = await authorised(service, "unit-33-moving")
    batch, site = await planned(service, unit), site_of(unit)
    for sequence, change, rule in (
        (2, {"suspended_on": EXAM}, "site-suspended"),
        (3, {"confirmed_on": None, "state": "registered"}, "site-not-confirmed"),
        (4, {"scopes": ()}, "site-scope"),
    ):
        await service.says(site_said(site=site, unit=unit, **change), subject=site, sequence=sequence)
        await eventually(partial(_knows, service, "sites", site, sequence))
        answer = await post(service, unit, f"/{batch}/file")
        assert (answer.status_code, slug(answer)) == (409, "batch-out-of-bounds")
        assert excesses(answer) == [(f"/sittings/{place}/site", rule) for place in (0, 1)]
    assert (await get(service, unit, f"/{batch}"))["state"] == "planned"
    await service.says(site_said(site=site, unit=unit), subject=site, sequence=5)
    await eventually(lambda: answers(service, unit, f"/{batch}/file", 200))
    [said] = await said_of(service, BatchFiled, batch)
    assert [(row["part"], row["site"]) for row in said["sittings"]] == [("theory", site), ("practical", site)]


async def test_a_modular_batch_with_theory_online_in_the_evening_is_announced_as_it_is_held(service: Running) -> None:
    unit = await authorised(service, "unit-33-modular")
    theory = {"part": "theory", "on": "2019-10-12", "begins": "19:00", "mode": "online_theory"}
    practical = {"part": "practical", "on": "2019-11-23", "mode": "on_site", "place": "某项目3号楼"}
    batch = await planned(service, unit, mode="modular", sittings=[theory, practical])
    assert (await post(service, unit, f"/{batch}/file")).status_code == 200
    [said] = await said_of(service, BatchFiled, batch)
    assert (said["mode"], said["exam_on"], said["ends_on"]) == ("modular", "2019-10-12", "2019-11-23")
    assert said["sittings"] == [
        {**theory, "site": "", "place": ""},
        {**practical, "site": site_of(unit), "begins": "09:00"},
    ]


async def test_a_batch_is_filed_at_the_version_that_was_read(service: Running) -> None:
    unit = await authorised(service, "unit-33-version")
    answer = await post(service, unit, "", planned_by(unit))
    batch, tag = answer.json()["id"], answer.headers["etag"]
    assert slug(await post(service, unit, f"/{batch}/file", **{"If-Match": '"9"'})) == "stale-version"
    filed = await post(service, unit, f"/{batch}/file", **{"If-Match": tag})
    assert (filed.status_code, filed.json()["state"], filed.headers["etag"]) == (200, "filed", '"2"')
    assert slug(await post(service, unit, f"/{batch}/file")) == "batch-state"


async def test_the_modes_that_a_batch_can_name_are_told_with_what_each_needs(service: Running) -> None:
    answer = await service.http.get("/v1/batches/modes", headers=service.token("unit", "unit-33-asks", "33"))
    assert answer.status_code == 200, answer.text
    assert {row["id"]: row["zh"] for row in answer.json()}["evening"] == "夜间考核"
    assert {row["id"] for row in answer.json()} == set(MODES)


# -- numbers --------------------------------------------------------------------------------------------


async def test_of_batches_filed_at_once_no_more_are_filed_than_the_plan_has_numbers(service: Running) -> None:
    unit = await numbered(service, "unit-33-crowd", 50)
    wanted = [await planned(service, unit, planned=20) for _ in range(6)]
    replies = await asyncio.gather(*(post(service, unit, f"/{batch}/file") for batch in wanted))
    assert sorted(reply.status_code for reply in replies) == [200, 200, 409, 409, 409, 409]
    refused = next(reply for reply in replies if reply.status_code == 409)
    assert (slug(refused), excesses(refused)) == ("batch-numbers", [("/planned", "plan-numbers")])
    assert "10 are left" in refused.json()["detail"]
    filed = {reply.json()["id"] for reply in replies if reply.status_code == 200}
    assert (await quota(service, unit)).shares.keys() == filed
    small = await planned(service, unit, planned=10)
    assert (await post(service, unit, f"/{small}/file")).status_code == 200


async def test_a_batch_filed_by_many_requests_at_once_takes_one_share(service: Running) -> None:
    unit = await numbered(service, "unit-33-eager", 20)
    batch = await planned(service, unit, planned=20)
    replies = await asyncio.gather(*(post(service, unit, f"/{batch}/file") for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409]
    assert {slug(reply) for reply in replies if reply.status_code == 409} == {"batch-state"}
    assert (await quota(service, unit)).planned_beside("") == 20
    assert len(await said_of(service, BatchFiled, batch)) == 1


async def nothing_to_check(_: Act, __: Batch) -> None:
    """No exam begins here."""


async def test_a_repeated_filing_whose_answer_was_lost_takes_nothing_more(
    service: Running,
) -> None:
    unit = await numbered(service, "unit-33-repeats", 40)
    batch = await planned(service, unit, planned=20)
    tools, kept = service.process.tools, quotas(service)
    rules = Rulebook.load(DATA / "rules.json")
    room = Batches(kept.batches, kept, mirrors_of(service), rules, tools.clock, nothing_to_check)
    act = Act(id="files-once", at=tools.clock.now(), correlation="test")
    first = await room.file(act, batch, None)
    assert (await room.file(act, batch, None)).version == (await room.file(act, batch, 1)).version == first.version
    assert (await quota(service, unit)).planned_beside("") == 20


async def test_what_a_crash_between_reserving_and_filing_left_is_free_again_after_a_while(service: Running) -> None:
    unit = await numbered(service, "unit-33-crash", 30)
    crashed, other = [await planned(service, unit, planned=20) for _ in range(2)]
    await _reserved(service, crashed, unit)
    assert slug(await post(service, unit, f"/{other}/file")) == "batch-numbers"
    service.forward(minutes=2)
    await eventually(lambda: answers(service, unit, f"/{other}/file", 200))
    assert slug(await post(service, unit, f"/{crashed}/file")) == "batch-numbers"
    service.forward(minutes=2)
    await eventually(lambda: _is_settled(service, unit, {other}))


async def test_a_batch_that_a_crash_left_reserved_can_be_filed_by_the_next_request(service: Running) -> None:
    unit = await numbered(service, "unit-33-again", 20)
    batch = await planned(service, unit, planned=20)
    await _reserved(service, batch, unit)
    assert (await post(service, unit, f"/{batch}/file")).status_code == 200
    service.forward(minutes=2)
    await eventually(lambda: _is_settled(service, unit, {batch}))


async def test_a_filing_that_took_so_long_that_its_share_was_dropped_is_decided_anew(service: Running) -> None:
    unit = await numbered(service, "unit-33-slow", 20)
    batch = await planned(service, unit, planned=20)
    checked = await _reserved(service, batch, unit)
    service.forward(minutes=2)
    await eventually(lambda: _is_settled(service, unit, set()))
    assert (await batches(service).get(batch)).version > checked.version, "so it cannot be filed by what was checked"
    assert (await post(service, unit, f"/{batch}/file")).status_code == 200
    assert (await quota(service, unit)).shares.keys() == {batch}


async def _reserved(service: Running, batch: str, unit: str) -> Batch:
    """The batch as a process leaves it that ended right after it reserved the numbers."""
    checked = await batches(service).get(batch)
    act = Act(id=f"crashes-{batch}", at=service.process.tools.clock.now(), correlation="test")
    of = grant(plan=f"plan-{unit}", numbers={"rebar_worker": 30})
    await quotas(service).reserve(act, checked, of)
    return checked


async def _is_settled(service: Running, unit: str, batches_left: set[str]) -> bool:
    found = await quota(service, unit)
    return found.shares.keys() == batches_left and found.waiting is None


async def test_what_was_filed_before_there_were_quotas_counts_towards_the_first_one(service: Running) -> None:
    unit = await numbered(service, "unit-33-before", 50)
    old = {**OLD, "_id": "batch-before", "unit": unit, "plan": f"plan-{unit}", "planned": 40, "state": "finalised"}
    assert await batches(service).collection.insert(old)
    batch = await planned(service, unit, planned=20)
    answer = await post(service, unit, f"/{batch}/file")
    assert (slug(answer), "other batches take 40" in answer.json()["detail"]) == ("batch-numbers", True)


async def test_a_batch_kept_from_before_there_was_registration_takes_candidates(service: Running) -> None:
    unit = await authorised(service, "unit-33-old")
    assert await batches(service).collection.insert({**OLD, "_id": "batch-old", "unit": unit, "taken": []})
    assert len(await enrolled(service, unit, "batch-old", range(2))) == 2
    shown = await get(service, unit, "/batch-old")
    assert (shown["state"], shown["counts"]["enrolled"]) == ("registering", 2)


# -- lists ----------------------------------------------------------------------------------------------


async def listed(service: Running, unit: str, query: str) -> list[str]:
    return [row["id"] for row in (await get(service, unit, f"?{query}"))["rows"]]


async def test_batches_are_listed_by_day_of_exam_occupation_state_and_unit(service: Running) -> None:
    unit = "unit-33-lists"
    await service.says(standing(unit=unit), subject=unit)
    await sited(service, unit)
    await eventually(lambda: answers(service, unit, "", 201, planned_by(unit, exam_on="2019-12-01")))
    late = await planned(service, unit, exam_on="2019-11-02")
    early = await batch_of(service, unit, exam_on="2019-10-13")
    [last] = await listed(service, unit, "exam_from=2019-12-01")
    assert await listed(service, unit, "") == [early, late, last]
    assert await listed(service, unit, "state=planned") == [late, last]
    assert await listed(service, unit, "exam_from=2019-10-14&exam_until=2019-11-02") == [late]
    assert await listed(service, unit, f"occupation=rebar_worker&unit={unit}&limit=1") == [early]
    assert await listed(service, unit, "occupation=mason") == []
    assert await listed(service, unit, "unit=unit-33-old") == [], "another unit's are not within the scope"
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        shown = await get(service, unit, f"?limit=1{cursor and f'&cursor={cursor}'}")
        seen += [row["id"] for row in shown["rows"]]
        cursor = shown.get("next")
    assert seen == [early, late, last]


ASKED = {
    "unit": "unit-33-many",
    "occupation": "rebar_worker",
    "state": State.PLANNED,
    "exam_from": date(2019, 10, 1),
    "exam_until": date(2019, 12, 1),
}


async def test_every_list_is_read_in_order_from_an_index(service: Running) -> None:
    batch = (await batches(service).find({}, limit=1))[0]
    made = [batch.having(id=f"batch-many-{place}", unit="unit-33-many", writers={}) for place in range(200)]
    act = Act(id="makes-many", at=service.process.tools.clock.now(), correlation="test")
    await batches(service).add_all([((one, []), act) for one in made])
    inner: Any = batches(service).collection._inner
    for names in (names for count in range(len(ASKED) + 1) for names in combinations(ASKED, count)):
        for scope in (Scope(), Scope(authority="33"), Scope(authority="33", unit="unit-33-many")):
            query = {**Wanted(**{name: ASKED[name] for name in names}).query(), **scope.query()}  # type: ignore[arg-type]
            found = await inner.find(query, sort=[("exam_on", 1), ("_id", 1)], limit=101).explain()
            plan = json.dumps(found["queryPlanner"]["winningPlan"])
            assert ('"IXSCAN"' in plan, '"COLLSCAN"' in plan, '"SORT"' in plan) == (True, False, False), (names, scope)
