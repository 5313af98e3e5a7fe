"""Plans over HTTP on the real servers: their whole life, the frame they fit into, and what follows for the unit."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from infra.drive.plans import sections_for
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.plans.domain import Plan
from shared.act import Act
from shared.events.base import Event
from shared.events.registry import PlanExpired, PlanReturned, PlanWithdrawn, UnitAuthorised, UnitLapsed
from shared.storage.store import Store
from tests.doors.plans import OVERALL, PLAN, TODAY, affiliated, authorised_by, framed, registered, unit
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live
UNIT = "unit-33-001"
UNITS = (UNIT, "unit-33-002", "unit-66-001", "unit-C01-001")
LINES = iter(("11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "34", "35", "36", "37", "41", "42", "43"))
FRAME = [{"occupation": "rebar_worker", "levels": ["5", "4"], "numbers": 100}]


@pytest.fixture(scope="module")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("plans")) as live:
        live.set_time(TODAY)
        yield live


@pytest.fixture
async def line(service: Running) -> str:
    """A line of authority in which nothing has happened yet but that the units stand in it."""
    line = next(LINES)
    for name in UNITS:
        await affiliated(service, name, line)
    return line


def numbers(many: int) -> dict[str, Any]:
    return {**PLAN, "scopes": [{**PLAN["scopes"][0], "numbers": many}]}


async def asked(service: Running, path: str, body: Any = None, **by: Any) -> httpx.Response:
    """The answer to a write of the Center, or of `by`."""
    headers = by.get("headers") or service.token("center")
    return await service.http.request(by.get("method", "POST"), path, json=body, headers=headers)


async def submitted(service: Running, line: str, body: dict[str, Any] = PLAN, name: str = UNIT) -> str:
    answer = await asked(service, "/v1/plans", body, headers=unit(service, name, line))
    assert answer.status_code == 201, answer.text
    return f"/v1/plans/{answer.json()['id']}"


async def on_file(service: Running, line: str, body: dict[str, Any] = PLAN, name: str = UNIT) -> str:
    path = await submitted(service, line, body, name)
    answer = await asked(service, f"{path}/file")
    assert answer.status_code == 200, answer.text
    return path


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rsplit(":", 1)[-1]


async def shares(service: Running, overall: str) -> dict[str, Any]:
    """What each unit plan takes of the overall plan."""
    answer = await service.http.get(f"/v1/plans/{overall}", headers=service.token("center"))
    return {share["plan"]: share for share in answer.json()["shares"]}


async def told(service: Running, kind: type[Event], most: int = 1, **of: str) -> list[dict[str, Any]]:
    """What was said of a plan or unit, once it was said often enough, the newest last."""

    async def enough() -> list[dict[str, Any]]:
        said = [json.loads(one.body) for one in service.said if one.type == kind.type]
        found = [body for body in said if of.items() <= body.items()]
        return found if len(found) >= most else []

    return await eventually(enough)


async def lapsed(service: Running, name: str, plan: str) -> None:
    """Until the unit's standing no longer rests on the plan."""

    async def past() -> bool:
        standing = (await service.http.get(f"/v1/standings/{name}", headers=service.token("center"))).json()
        return plan in {grant["plan"] for grant in standing["past"]}

    await eventually(past)


def store(service: Running) -> Store[Plan]:
    """The plans as the service keeps them."""
    return next(store for store in service.process.service.stores if store.source == "/registry/plans")


async def test_a_draft_is_kept_mended_submitted_returned_and_filed(service: Running, line: str) -> None:
    await framed(service, line)
    draft = {**PLAN, "sections": {"goal": "目标"}, "submit": False}
    path = await submitted(service, line, draft)
    refused = await asked(service, f"{path}/submit", headers=unit(service, UNIT, line))
    assert (refused.status_code, slug(refused)) == (409, "plan-sections")
    assert "/sections/sites" in {error["pointer"] for error in refused.json()["errors"]}
    mended = await asked(service, path, {**PLAN, "submit": False}, method="PUT", headers=unit(service, UNIT, line))
    assert mended.json()["state"] == "draft"
    sent = await asked(service, f"{path}/submit", headers=unit(service, UNIT, line))
    assert sent.json()["state"] == "submitted"
    unknown = await asked(service, f"{path}/return", {"remarks": "x", "sections": {"hobby": "y"}})
    assert [error["pointer"] for error in unknown.json()["errors"]] == ["/sections/hobby"]
    back = await asked(service, f"{path}/return", {"remarks": "补充。", "sections": {"staff": "几名？"}})
    assert (back.json()["state"], back.json()["section_remarks"]) == ("returned", {"staff": "几名？"})
    (said,) = await told(service, PlanReturned, plan=path.removeprefix("/v1/plans/"))
    assert said["sections"] == {"staff": "几名？"}
    again = await asked(service, path, PLAN, method="PUT", headers=unit(service, UNIT, line))
    assert again.json()["state"] == "submitted"
    assert (await asked(service, f"{path}/file")).json()["edition"] == 1


async def test_without_an_overall_plan_a_unit_is_told_what_to_do(service: Running, line: str) -> None:
    refused = await asked(service, "/v1/plans", PLAN, headers=unit(service, UNIT, line))
    assert (refused.status_code, slug(refused)) == (409, "no-overall-plan")
    assert "overall plan" in refused.json()["detail"]
    kept = await asked(service, "/v1/plans", {**PLAN, "submit": False}, headers=unit(service, UNIT, line))
    assert (kept.status_code, kept.json()["state"]) == (201, "draft")


async def test_each_excess_over_the_overall_plan_is_listed(service: Running, line: str) -> None:
    await framed(service, line, scopes=FRAME)
    beyond = [
        {"occupation": "rebar_worker", "levels": ["5", "3"], "numbers": 101},
        {"occupation": "mason", "levels": ["5"], "numbers": 1},
    ]
    refused = await asked(service, "/v1/plans", {**PLAN, "scopes": beyond}, headers=unit(service, UNIT, line))
    assert (refused.status_code, slug(refused)) == (409, "plan-outside-overall-plan")
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/scopes/0/levels",
        "/scopes/0/numbers",
        "/scopes/1/occupation",
    ]
    assert all(error["rule"].startswith("overall_plan.") and error["detail"] for error in refused.json()["errors"])


async def test_an_authority_has_one_overall_plan_and_touches_no_units_plan(service: Running, line: str) -> None:
    await framed(service, line)
    authority = service.token("authority", line, line)
    second = await asked(service, "/v1/plans", OVERALL, headers=authority)
    refused = await asked(service, f"/v1/plans/{second.json()['id']}/file")
    assert (refused.status_code, slug(refused)) == (409, "overall-plan-standing")
    path = await submitted(service, line)
    for step, body in (("withdraw", {"reason": "x"}), ("submit", None), ("amend", OVERALL)):
        answer = await asked(service, f"{path}/{step}", body, headers=service.token("authority", line, line))
        assert (answer.status_code, slug(answer)) == (403, "forbidden"), step


async def test_unit_plans_filed_at_the_same_moment_never_exceed_the_overall_plan(service: Running, line: str) -> None:
    (overall,) = await framed(service, line, scopes=FRAME)
    paths = [await submitted(service, line, numbers(40), await registered(service, line)) for _ in range(6)]
    answers = await asyncio.gather(*(asked(service, f"{path}/file") for path in paths))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409, 409]
    assert {slug(answer) for answer in answers if answer.is_error} == {"plan-outside-overall-plan"}
    found = await shares(service, overall)
    filed = {answer.json()["id"] for answer in answers if answer.is_success}
    assert {plan for plan, share in found.items() if share["held"]} == filed
    assert all(share["coming"] is None for share in found.values())


async def test_what_a_crash_left_reserved_is_given_back(service: Running, line: str) -> None:
    (overall,) = await framed(service, line, scopes=FRAME)
    path = await submitted(service, line, numbers(80), "unit-33-001")
    found = await store(service).get(path.removeprefix("/v1/plans/"))
    now = service.process.tools.clock.now()
    crashed = Act(id="filing-that-ended", at=now, correlation="x")
    await store(service).change(overall, crashed, lambda one: one.reserved(found, now.date()))
    other = await submitted(service, line, numbers(20), "unit-33-002")
    assert (await asked(service, f"{other}/file")).status_code == 200
    third = await asked(service, "/v1/plans", numbers(30), headers=unit(service, "unit-33-002", line))
    assert slug(third) == "plan-outside-overall-plan"
    assert (await asked(service, f"{path}/return", {"remarks": "x"})).status_code == 200
    assert set(await shares(service, overall)) == {other.removeprefix("/v1/plans/")}

    late = Act(id="filing-that-came-late", at=now, correlation="x")  # it had read the plan before it was returned
    await store(service).change(overall, late, lambda one: one.reserved(found, now.date()))

    async def given_back() -> bool:
        return found.id not in await shares(service, overall)

    await eventually(given_back)


async def test_many_plans_that_end_at_one_moment_all_give_their_numbers_back(service: Running, line: str) -> None:
    (overall,) = await framed(service, line, scopes=FRAME)
    paths = await asyncio.gather(*(on_file(service, line, numbers(1), f"unit-33-00{1 + n % 2}") for n in range(30)))
    plans = [path.removeprefix("/v1/plans/") for path in paths]
    now = service.process.tools.clock.now()
    ending = Act(id=f"ending-{line}", at=now, correlation="x")
    await store(service).change_all({plan: (ending, lambda one: one.withdrawn("x", now.date())) for plan in plans})

    async def given_back() -> bool:
        return not await shares(service, overall)

    await eventually(given_back)


async def test_an_amendment_leaves_the_edition_on_file_in_force_until_it_is_filed(service: Running, line: str) -> None:
    (overall,) = await framed(service, line, scopes=FRAME)
    path = await on_file(service, line, numbers(60), "unit-33-001")
    plan = path.removeprefix("/v1/plans/")
    await authorised_by(service, "unit-33-001", plan)
    beyond = await asked(service, f"{path}/amend", numbers(101), headers=unit(service, UNIT, line))
    assert slug(beyond) == "plan-outside-overall-plan"
    second = {**numbers(90), "title": "第二版"}
    begun = await asked(service, f"{path}/amend", second, headers=unit(service, UNIT, line))
    assert (begun.json()["state"], begun.json()["amendment"]["state"]) == ("filed", "submitted")
    assert begun.json()["title"] == PLAN["title"]
    await asked(service, f"{path}/return", {"remarks": "x"})
    again = await asked(service, path, second, method="PUT", headers=unit(service, UNIT, line))
    assert again.json()["amendment"]["title"] == "第二版"
    filed = (await asked(service, f"{path}/file")).json()
    assert (filed["state"], filed["edition"], filed["title"]) == ("amended", 2, "第二版")
    first = await service.http.get(path, params={"edition": 1}, headers=unit(service, UNIT, line))
    assert (first.json()["title"], first.json()["edition"]) == (PLAN["title"], 1)
    newest = await service.http.get(path, params={"edition": 2}, headers=unit(service, UNIT, line))
    assert newest.json()["title"] == "第二版"
    assert (await service.http.get(path, params={"edition": 3}, headers=unit(service, UNIT, line))).status_code == 404
    other = service.token("unit", "unit-44-001", "44")
    assert (await service.http.get(path, params={"edition": 1}, headers=other)).status_code == 404
    assert (await shares(service, overall))[plan]["held"]["scopes"][0]["numbers"] == 90
    said = await told(service, UnitAuthorised, 2, plan=plan)
    assert [grant["edition"] for grant in said[-1]["grants"] if grant["plan"] == plan] == [2]


async def test_an_overall_plan_is_amended_only_around_its_units(service: Running, line: str) -> None:
    (overall,) = await framed(service, line, scopes=FRAME)
    await on_file(service, line, numbers(60), "unit-33-001")
    authority = service.token("authority", line, line)
    narrow = {**OVERALL, "scopes": [{**FRAME[0], "numbers": 59}]}
    refused = await asked(service, f"/v1/plans/{overall}/amend", narrow, headers=authority)
    assert (refused.status_code, slug(refused)) == (409, "overall-plan-leaves-outside")
    assert "unit-33-001" in refused.json()["errors"][0]["detail"]
    used = await asked(service, f"/v1/plans/{overall}/withdraw", {"reason": "x"})
    assert slug(used) == "overall-plan-used"
    wide = {**OVERALL, "scopes": [{**FRAME[0], "numbers": 60}], "sections": sections_for("overall")}
    fits = await asked(service, f"/v1/plans/{overall}/amend", wide, headers=service.token("authority", line, line))
    assert fits.status_code == 200, fits.text
    assert (await asked(service, f"/v1/plans/{overall}/file")).json()["edition"] == 2


async def test_a_withdrawn_plan_takes_its_grant_with_it_and_gives_its_numbers_back(service: Running, line: str) -> None:
    (overall,) = await framed(service, line, scopes=FRAME)
    path = await on_file(service, line, numbers(100), "unit-66-001")
    plan = path.removeprefix("/v1/plans/")
    await authorised_by(service, "unit-66-001", plan)
    gone = await asked(
        service, f"{path}/withdraw", {"reason": "不再承担。"}, headers=unit(service, "unit-66-001", line)
    )
    assert gone.json()["state"] == "withdrawn"
    await told(service, PlanWithdrawn, plan=plan)
    (said,) = await told(service, UnitLapsed, unit="unit-66-001")
    assert (said["plan"], said["grants"]) == ("", [])
    assert await shares(service, overall) == {}
    standing = await service.http.get("/v1/standings/unit-66-001", headers=unit(service, "unit-66-001", line))
    assert (standing.json()["grants"], len(standing.json()["past"])) == ([], 1)


async def test_the_suspension_of_a_closed_unit_is_not_lifted(service: Running, line: str) -> None:
    name = await registered(service, line)
    end = {"on": service.process.tools.clock.today().isoformat(), "reason": "注销"}
    assert (await asked(service, f"/v1/organisations/{name}/close", end)).is_success

    async def suspended() -> bool:
        return (await service.http.get(f"/v1/standings/{name}", headers=service.token("center"))).status_code == 200

    await eventually(suspended)
    lifted = await asked(service, f"/v1/standings/{name}/lift", {"reason": "x", "basis": "y"})
    assert (lifted.status_code, slug(lifted)) == (409, "organisation-closed")


async def test_the_center_suspends_a_unit_and_lifts_it(service: Running, line: str) -> None:
    await framed(service, line)
    path = await on_file(service, line, name="unit-33-001")
    await authorised_by(service, "unit-33-001", path.removeprefix("/v1/plans/"))
    url = "/v1/standings/unit-33-001"
    gone = await asked(service, f"{url}/suspend", {"on": "2019-09-02", "reason": "失序", "basis": "意见书1号"})
    assert (gone.status_code, gone.json()["suspended_on"]) == (200, "2019-09-02")
    back = await asked(service, f"{url}/lift", {"reason": "整改合格", "basis": "复查1号"})
    assert (back.json()["suspended_on"], back.json()["suspensions"][0]["lift_basis"]) == (None, "复查1号")
    twice = await asked(service, f"{url}/lift", {"reason": "整改合格", "basis": "复查1号"})
    assert (twice.status_code, slug(twice)) == (409, "standing-not-suspended")
    nobody = await asked(service, "/v1/standings/33/suspend", {"on": "2019-09-02", "reason": "x", "basis": "y"})
    assert nobody.status_code == 404
    never = await asked(
        service, "/v1/standings/unit-C01-001/suspend", {"on": "2019-09-02", "reason": "x", "basis": "y"}
    )
    assert (never.status_code, never.json()["grants"]) == (200, [])


async def test_a_unit_with_plans_in_two_lines_is_seen_from_both(service: Running, line: str) -> None:
    await framed(service, line)
    path = await on_file(service, line, name="unit-33-002")
    await authorised_by(service, "unit-33-002", path.removeprefix("/v1/plans/"))
    for seen_from, status in (("33", 200), (line, 200), ("44", 404)):
        caller = service.token("authority", seen_from, seen_from)
        assert (await service.http.get("/v1/standings/unit-33-002", headers=caller)).status_code == status
    listed = await service.http.get("/v1/standings", headers=service.token("authority", line, line))
    assert [row["id"] for row in listed.json()["rows"]] == ["unit-33-002"]


async def test_of_two_overall_plans_filed_at_the_same_moment_one_is_refused(service: Running, line: str) -> None:
    asking = [service.token("authority", line, line) for _ in range(2)]
    made = [(await asked(service, "/v1/plans", OVERALL, headers=headers)).json()["id"] for headers in asking]
    answers = await asyncio.gather(*(asked(service, f"/v1/plans/{plan}/file") for plan in made))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {slug(answer) for answer in answers if answer.is_error} == {"overall-plan-standing"}


async def test_a_closed_unit_submits_nothing_and_nothing_of_it_is_filed(service: Running, line: str) -> None:
    await framed(service, line)
    name = await registered(service, line)
    waiting = await submitted(service, line, name=name)
    draft = await submitted(service, line, {**PLAN, "submit": False}, name)
    end = {"on": service.process.tools.clock.today().isoformat(), "reason": "注销"}
    assert (await asked(service, f"/v1/organisations/{name}/close", end)).status_code == 200
    refused = [
        await asked(service, "/v1/plans", PLAN, headers=unit(service, name, line)),
        await asked(service, "/v1/plans", {**PLAN, "submit": False}, headers=unit(service, name, line)),
        await asked(service, f"{draft}/submit", headers=unit(service, name, line)),
        await asked(service, f"{waiting}/file"),
    ]
    assert {(answer.status_code, slug(answer)) for answer in refused} == {(409, "organisation-closed")}


async def test_a_unit_submits_in_the_lines_it_stands_in_that_day_only(service: Running, line: str) -> None:
    await framed(service, line)
    name = await registered(service, "44")
    for submit in (True, False):
        refused = await asked(service, "/v1/plans", {**PLAN, "submit": submit}, headers=unit(service, name, line))
        assert (refused.status_code, slug(refused), refused.json()["rule"]) == (409, "other-line", "affiliation")
    await affiliated(service, name, line)
    await submitted(service, line, name=name)


async def test_plans_expire_after_their_last_day_once_each(service: Running, line: str) -> None:
    await framed(service, line)
    names = ("unit-33-001", "unit-C01-001")
    plans = [(await on_file(service, line, name=name)).removeprefix("/v1/plans/") for name in names]
    for name, plan in zip(names, plans, strict=True):
        await authorised_by(service, name, plan)
    service.forward(days=364)  # to its last day
    states = [(await service.http.get(f"/v1/plans/{plan}", headers=service.token("center"))).json() for plan in plans]
    assert [plan["state"] for plan in states] == ["filed", "filed"]
    service.forward(days=1)
    for name, plan in zip(names, plans, strict=True):
        await told(service, PlanExpired, plan=plan)
        await lapsed(service, name, plan)
        await told(service, UnitLapsed, unit=name)
        assert len(await told(service, PlanExpired, plan=plan)) == 1
