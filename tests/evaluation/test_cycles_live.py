"""Cycles as a running service: made, moved, announced by the clock, and enforced, on the real servers."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.evaluation.cycles.handlers import Cycles
from services.evaluation.cycles.storage import cycle_store, extension_store
from services.evaluation.evaluations.commands import SelfCheckUnit
from services.evaluation.evaluations.handlers import Evaluations
from services.evaluation.evaluations.storage import evaluation_store
from services.evaluation.indicators.handlers import Indicators
from services.evaluation.indicators.storage import Facts, Units
from shared.act import NATIONAL, Act, Scope
from shared.auth import Caller, Role
from shared.clock import FrozenClock
from shared.errors import Fault
from shared.events.evaluation import StageClosed, StageOpened, UnitApplied
from shared.rulebook import Rulebook
from shared.storage.store import Store
from tests.evaluation.cycles import CYCLE, STAGES, WINDOWS, on_file
from tests.evaluation.examples import DATA, FORM, FULL
from tests.evaluation.story import BEGINS, standing
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

EVIDENCE = dict.fromkeys(FULL, "自查台账")
UNIT = "unit-33-001"
UNITS = {UNIT: "33", "unit-33-002": "33", "unit-44-001": "44"}
LATE = {"organisation": UNIT, "act": "self_check", "reason": "考核推迟"}


@pytest.fixture(scope="module")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("evaluation", servers, issuer, tmp_path_factory.mktemp("cycles")) as live:
        live.set_time(BEGINS)
        for unit, line in UNITS.items():
            await live.says(standing(unit), subject=unit, authority=line)
        await eventually(lambda: _are_known(live))
        yield live


@pytest.fixture(autouse=True)
def on_time(service: Running) -> None:
    """Each test begins on the same day."""
    service.set_time(BEGINS)


async def _are_known(service: Running) -> bool:
    answer = await service.http.get("/v1/indicators", headers=service.token("center"))
    return len(answer.json()["rows"]) == len(UNITS)


async def post(service: Running, path: str, body: Any, who: str = "center", line: str = "33") -> httpx.Response:
    headers = service.token("center") if who == "center" else service.token("unit", who, line)
    return await service.http.post(f"/v1{path}", json=body, headers=headers)


async def get(service: Running, path: str, *who: str | None) -> Any:
    role, org, line = who or ("center", "center", None)
    assert role is not None
    assert org is not None
    answer = await service.http.get(f"/v1{path}", headers=service.token(role, org, line))
    assert answer.is_success, answer.text
    return answer.json()


def self_check(cycle: str) -> dict[str, Any]:
    return {"cycle": cycle, "scores": FULL, "evidence": EVIDENCE}


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rsplit(":", 1)[-1]


def told(service: Running, cycle: str) -> list[tuple[str, str]]:
    """What was said of the stages of a cycle, in the order of their versions."""
    said = [s for s in service.said if s.headers["ce-subject"] == cycle and ".stage." in s.type]
    rows = sorted(said, key=lambda s: (s.headers["ce-sequence"], s.headers["ce-id"]))
    return [(s.type.split(".")[2], json.loads(s.body)["stage"]) for s in rows]


async def all_told(service: Running, cycle: str, most: int) -> list[tuple[str, str]]:
    async def enough() -> bool:
        return len(told(service, cycle)) >= most

    await eventually(enough)
    return told(service, cycle)


def room(service: Running, store: Store[Any] | None = None) -> Cycles:
    """The cycles room over the running service's database, as another process has it."""
    tools = service.process.tools
    indicators = Indicators(Facts(tools.database), Units(tools.database))
    rules = Rulebook.load(DATA / "rules.json")
    cycles = store or cycle_store(tools.database)
    return Cycles(cycles, extension_store(tools.database), STAGES, indicators, rules, tools.clock)


async def test_a_cycle_is_made_once_read_by_everybody_and_its_open_stages_are_announced(service: Running) -> None:
    made = await on_file(service, "2019")
    assert made["year"] == 2019
    assert [stage["id"] for stage in made["stages"]] == list(WINDOWS)
    for who in (("assessor", "unit-33-002", "33"), ("subscriber", "reader", "44"), ("authority", "44", "44")):
        assert (await get(service, "/cycles/2019", *who))["name_en"] == "Pilot of 2019"
        assert "2019" in [row["id"] for row in (await get(service, "/cycles", *who))["rows"]]
    assert slug(await post(service, "/cycles", CYCLE)) == (409, "already-there")
    assert slug(await post(service, "/cycles", {**CYCLE, "cycle": "2019z"}, UNIT)) == (403, "forbidden")
    assert await all_told(service, "2019", 2) == [("opened", "launch"), ("opened", "acceptance")]
    (said, *_) = [s for s in await service.heard(StageOpened) if json.loads(s.body)["stage"] == "acceptance"]
    assert (said.headers["ce-authority"], json.loads(said.body)["allows"]) == (NATIONAL, ["self_check", "apply"])


async def test_without_windows_a_cycle_has_those_of_the_notice_if_they_are_of_its_year(service: Running) -> None:
    body = {name: value for name, value in CYCLE.items() if name != "windows"}
    made = (await post(service, "/cycles", {**body, "cycle": "2019n"})).json()
    assert [(stage["opens"], stage["closes"]) for stage in made["stages"]] == [
        ("2019-08-01", "2019-11-30"),
        ("2019-11-01", "2019-12-31"),
        ("2019-12-01", "2019-12-31"),
    ]
    assert slug(await post(service, "/cycles", {**body, "cycle": "2020"})) == (409, "stages-out-of-order")


async def test_a_unit_checks_itself_and_applies_inside_the_window_only(service: Running) -> None:
    await on_file(service, "2019a", acceptance={"opens": "2019-10-01", "closes": "2019-10-31"},
                  summary={"opens": "2019-10-20", "closes": "2019-11-30"})  # fmt: skip
    assert slug(await post(service, "/evaluations", self_check("2018"), UNIT)) == (409, "cycle-unknown")
    early = await post(service, "/evaluations", self_check("2019a"), UNIT)
    assert slug(early) == (409, "outside-the-window")
    assert "acceptance (评估验收) 2019-10-01 to 2019-10-31" in early.json()["detail"]
    assert early.json()["rule"] == "stages.acceptance.allows.self_check"
    service.forward(days=5)
    checked = await post(service, "/evaluations", self_check("2019a"), UNIT)
    assert checked.is_success, checked.text
    other = (await post(service, "/evaluations", self_check("2019a"), "unit-33-002")).json()
    service.forward(days=40)
    assert slug(await post(service, f"/evaluations/{other['id']}/apply", None, "unit-33-002")) == (
        409, "outside-the-window",
    )  # fmt: skip
    assert (await get(service, f"/evaluations/{other['id']}"))["state"] == "self_checked"
    theirs = await post(service, f"/evaluations/{other['id']}/apply", None, UNIT)
    assert slug(theirs) == (404, "not-found")


async def test_who_is_late_needs_an_extension_of_its_own_for_what_it_does(service: Running) -> None:
    await on_file(service, "2019b", launch={"opens": "2019-08-01", "closes": "2019-08-20"},
                  acceptance={"opens": "2019-08-01", "closes": "2019-09-20"})  # fmt: skip
    assert slug(await post(service, "/evaluations", self_check("2019b"), UNIT)) == (409, "outside-the-window")
    extensions = "/cycles/2019b/extensions"
    granted = await post(service, extensions, {**LATE, "until": "2019-09-30"})
    assert granted.status_code == 201, granted.text
    assert granted.json()["authority"] == "33"
    checked = await post(service, "/evaluations", self_check("2019b"), UNIT)
    assert checked.is_success, checked.text
    path = f"/evaluations/{checked.json()['id']}/apply"
    assert slug(await post(service, path, None, UNIT)) == (409, "outside-the-window")
    other = await post(service, "/evaluations", self_check("2019b"), "unit-33-002")
    assert slug(other) == (409, "outside-the-window")
    await post(service, extensions, {**LATE, "act": "apply", "until": "2019-10-10"})
    service.forward(days=5)  # 2 October: the self-check's extension is over, that of applying is not
    ended = await post(service, "/evaluations", self_check("2019b"), UNIT)
    assert "the last one ended on 2019-09-30" in ended.json()["detail"]
    assert (await post(service, path, None, UNIT)).json()["state"] == "applied"
    await service.heard(UnitApplied)


async def test_extensions_are_seen_by_the_center_the_line_and_the_organisation(service: Running) -> None:
    await on_file(service, "2019c")
    extensions = "/cycles/2019c/extensions"
    for organisation in (UNIT, "33", "unit-44-001"):
        asked = {**LATE, "act": "report", "organisation": organisation, "until": "2021-02-15"}
        answer = await post(service, extensions, asked)
        assert answer.is_success, answer.text
    unknown = {**LATE, "organisation": "unit-33-999", "until": "2021-01-15"}
    assert slug(await post(service, extensions, unknown)) == (404, "not-found")
    assert slug(await post(service, "/cycles/2030/extensions", {**LATE, "until": "2021-01-15"})) == (404, "not-found")
    assert slug(await post(service, extensions, {**LATE, "until": "2021-12-31"})) == (409, "extension-refused")
    assert slug(await post(service, extensions, {**LATE, "until": "2021-01-15"}, UNIT)) == (403, "forbidden")

    async def seen(*who: str | None) -> set[str]:
        return {row["organisation"] for row in (await get(service, extensions, *who))["rows"]}

    assert await seen() == {UNIT, "33", "unit-44-001"}
    assert await seen("authority", "33", "33") == {UNIT, "33"}
    assert await seen("unit", UNIT, "33") == {UNIT}
    assert await seen("unit", UNIT, "44") == await seen("unit", "unit-33-002", "33") == set()
    assert await seen("auditor", "audit", None) == {UNIT, "33", "unit-44-001"}


async def test_a_repeated_grant_is_recorded_once(service: Running) -> None:
    await on_file(service, "2019d")
    body, headers = {**LATE, "until": "2021-01-15"}, service.token("center")
    path = "/v1/cycles/2019d/extensions"
    first, again = [await service.http.post(path, json=body, headers=headers) for _ in range(2)]
    assert first.json() == again.json()
    assert len((await get(service, "/cycles/2019d/extensions"))["rows"]) == 1


async def test_windows_move_freely_before_they_begin_and_only_grow_later(service: Running) -> None:
    await on_file(service, "2019e")
    path = "/cycles/2019e/windows"

    async def moved(**windows: tuple[str, str]) -> httpx.Response:
        asked = {stage: {"opens": opens, "closes": closes} for stage, (opens, closes) in windows.items()}
        return await post(service, path, {"windows": asked, "reason": "台风"})

    later = await moved(summary=("2021-01-05", "2021-02-28"))
    assert [change["reason"] for change in later.json()["changes"]] == ["台风"]
    assert slug(await moved(acceptance=("2019-09-02", "2020-11-30"))) == (409, "window-begun")
    assert slug(await moved(acceptance=("2019-09-03", "2021-01-31"))) == (409, "window-begun")
    longer = await moved(acceptance=("2019-09-02", "2021-01-31"))
    assert longer.json()["stages"][1]["closes"] == "2021-01-31"
    assert slug(await moved(party=("2021-01-05", "2021-02-28"))) == (400, "stage-unknown")
    stale = {"windows": {"summary": {"opens": "2021-01-06", "closes": "2021-03-01"}}, "reason": "台风"}
    headers = {**service.token("center"), "If-Match": '"1"'}
    assert slug(await service.http.post(f"/v1{path}", json=stale, headers=headers))[1] == "stale-version"
    assert slug(await post(service, path, stale, UNIT)) == (403, "forbidden")


async def test_stages_are_announced_once_each_as_the_clock_passes_them(service: Running) -> None:
    windows = {
        "launch": {"opens": "2019-10-01", "closes": "2019-10-10"},
        "acceptance": {"opens": "2019-10-05", "closes": "2019-10-20"},
        "summary": {"opens": "2019-10-15", "closes": "2019-10-25"},
    }
    await on_file(service, "2019f", **windows)
    service.forward(days=9)
    early = [("opened", "launch"), ("opened", "acceptance")]
    assert await all_told(service, "2019f", 2) == early
    service.forward(days=60)
    rest = [("closed", "launch"), ("opened", "summary"), ("closed", "acceptance"), ("closed", "summary")]
    assert await all_told(service, "2019f", 6) == early + rest
    cycle = await get(service, "/cycles/2019f")
    assert cycle["next_at"] is None
    assert all(stage["opened_at"] and stage["closed_at"] for stage in cycle["stages"])
    (closed,) = [s for s in await service.heard(StageClosed) if json.loads(s.body)["stage"] == "summary"
                 and s.headers["ce-subject"] == "2019f"]  # fmt: skip
    assert json.loads(closed.body)["closes"] == "2019-10-25"


class Crashing(Store[Any]):
    """A store whose process dies after the write: nothing it wrote is announced by it."""

    async def change_all(self, *args: Any, **kwargs: Any) -> set[str]:
        await super().change_all(*args, **kwargs)
        raise KeyboardInterrupt


async def test_several_processes_and_one_that_dies_in_between_announce_each_stage_once(service: Running) -> None:
    await on_file(service, "2019g")
    now = BEGINS + timedelta(days=900)
    dying = cycle_store(service.process.tools.database)
    crashing = Crashing(service.process.tools.database, dying.source, dying._kind)
    with pytest.raises(KeyboardInterrupt):
        await room(service, crashing).due(now)
    await asyncio.gather(*(room(service).due(now + timedelta(seconds=n)) for n in range(8)))
    service.forward(days=900)
    said = await all_told(service, "2019g", 6)
    await asyncio.gather(*(room(service).due(now + timedelta(days=n)) for n in range(4)))
    assert sorted(said) == sorted((kind, stage) for kind in ("opened", "closed") for stage in WINDOWS)
    found = await room(service).cycles.get("2019g")
    pending = await room(service).cycles.left_behind(float("inf"), 100)
    assert [row for row in pending if row.subject == "2019g"] == []
    assert found.next_at is None
    assert told(service, "2019g") == said


async def test_windows_that_are_lengthened_while_stages_are_announced_are_all_kept_and_each_is_announced_once(
    service: Running,
) -> None:
    await on_file(service, "2019i", acceptance={"opens": "2019-09-28", "closes": "2020-12-31"},
                  launch={"opens": "2019-09-28", "closes": "2019-09-30"})  # fmt: skip
    later = [{"opens": "2019-09-28", "closes": f"2021-01-{day}"} for day in range(10, 14)]
    service.forward(days=1)
    asked = [{"windows": {"acceptance": window}, "reason": "台风"} for window in later]
    now = service.process.tools.clock.now()
    looking = asyncio.gather(*(room(service).due(now) for _ in range(6)))
    answers = await asyncio.gather(*(post(service, "/cycles/2019i/windows", body) for body in asked))
    await looking
    assert {slug(answer) for answer in answers if not answer.is_success} <= {(409, "window-begun")}
    cycle = await get(service, "/cycles/2019i")
    assert cycle["stages"][1]["closes"] == "2021-01-13"
    assert len(cycle["changes"]) == sum(answer.is_success for answer in answers)
    assert await all_told(service, "2019i", 2) == [("opened", "launch"), ("opened", "acceptance")]


async def test_a_repeat_of_what_was_taken_in_time_is_answered_after_the_window_closed(service: Running) -> None:
    await on_file(service, "2019h", acceptance={"opens": "2019-09-02", "closes": "2020-11-30"})
    tools, clock = service.process.tools, FrozenClock(BEGINS)
    cycles = room(service)
    rules = Rulebook.load(DATA / "rules.json")
    store = evaluation_store(tools.database)
    evaluations = Evaluations(store, cycles.indicators, cycles, FORM, rules, clock)
    caller = Caller(subject="li", role=Role.UNIT, organisation=UNIT, authority="33")
    act = Act("once", BEGINS, "once", scope=Scope("33", UNIT), caller=caller)
    asked = SelfCheckUnit.model_validate(self_check("2019h"))
    first = await evaluations.self_check(act, asked)
    clock.move(timedelta(days=500))
    assert clock.today() > date(2020, 11, 30)
    assert await evaluations.self_check(act, asked) == first
    another = Act("twice", BEGINS, "twice", scope=Scope("33", UNIT), caller=caller)
    with pytest.raises(Fault) as refused:
        await evaluations.self_check(another, asked)
    assert refused.value.slug == "outside-the-window"
