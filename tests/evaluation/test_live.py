"""Evaluation as a running service: facts from the bus, figures and the whole path over HTTP, on the real servers."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.evaluation.indicators.domain import UnitIndicators
from services.evaluation.indicators.handlers import Indicators
from services.evaluation.indicators.storage import Facts, Units
from shared.events.base import Event
from shared.events.evaluation import PilotRevoked, UnitApplied, UnitFailed, UnitFiled, UnitPassed, UnitSelfChecked
from shared.metrics import MESSAGES
from tests.evaluation.cycles import on_file
from tests.evaluation.examples import FULL, less
from tests.evaluation.story import BEGINS, adds_up, facts, standing, story
from tests.live import Running, Said, eventually, running

pytestmark = pytest.mark.live

EVIDENCE = dict.fromkeys(FULL, "自查台账")
SELF_CHECK = {"cycle": "2019", "scores": FULL, "evidence": EVIDENCE}
PASSING = {"scores": less(0.5, *FULL), "vetoes": [], "reason": "各项指标达到要求。"}


@pytest.fixture(scope="module")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("evaluation", servers, issuer, tmp_path_factory.mktemp("evaluation")) as live:
        live.set_time(BEGINS)
        await eventually(lambda: _is_near_the_beginning(live))
        await on_file(live)
        yield live


async def _is_near_the_beginning(live: Running) -> bool:
    return abs(live.process.tools.clock.now() - BEGINS) < timedelta(minutes=1)


def room(service: Running) -> Indicators:
    """The indicators room over the running service's database."""
    return Indicators(Facts(service.process.tools.database), Units(service.process.tools.database))


async def told(service: Running, *said: tuple[Event, str, int]) -> None:
    """Say events as others would, and wait until all of them are taken."""
    before = taken()
    for event, subject, sequence in said:
        await service.says(event, subject=subject, sequence=sequence)
    await eventually(lambda: _taken(before + len(said)))


def taken() -> float:
    """Messages taken by this service's hearers so far."""
    samples = [sample for metric in MESSAGES.collect() for sample in metric.samples if sample.name.endswith("_total")]
    return sum(
        s.value for s in samples if s.labels["queue"].startswith("evaluation.") and s.labels["outcome"] == "taken"
    )


async def _taken(many: float) -> bool:
    return taken() >= many


def order(seed: int) -> random.Random:
    """The same disorder for the same seed."""
    return random.Random(seed)  # noqa: S311 - no secret


async def get(service: Running, path: str, role: str = "center", org: str = "center", **query: str) -> httpx.Response:
    line = None if role == "center" else "33"
    return await service.http.get(f"/v1{path}", params=query, headers=service.token(role, org, line))


async def post(service: Running, who: str, path: str, body: Any = None, line: str = "33") -> httpx.Response:
    """As the Center, or as the unit of that name."""
    headers = service.token("center") if who == "center" else service.token("unit", who, line)
    return await service.http.post(f"/v1{path}", json=body, headers=headers)


async def ok(answering: Any) -> dict[str, Any]:
    answer = await answering
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def refused(answering: Any) -> tuple[int, str]:
    answer = await answering
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]


async def said_of(service: Running, kind: type[Event], evaluation: str) -> Said:
    """The event of a kind about one evaluation, once it is published."""

    async def look() -> list[Said]:
        return [s for s in service.said if s.type == kind.type and s.headers["ce-subject"] == evaluation]

    return (await eventually(look))[0]


async def applied(service: Running, unit: str) -> str:
    """A unit that has applied; its evaluation."""
    await told(service, (standing(unit), unit, 1))
    checked = await ok(post(service, unit, "/evaluations", SELF_CHECK))
    return str((await ok(post(service, unit, f"/evaluations/{checked['id']}/apply")))["id"])


@pytest.mark.parametrize("seed", range(12))
async def test_facts_in_any_order_and_any_number_of_times_give_the_same_figures(service: Running, seed: int) -> None:
    chance = order(seed)
    unit = f"unit-33-seed-{seed}"
    heard = facts(unit) + chance.choices(facts(unit), k=10)
    chance.shuffle(heard)
    while heard:
        run = [heard.pop() for _ in range(chance.randint(1, len(heard)))]
        await room(service).take(run)
    assert await room(service).of(unit) == adds_up(unit)


async def test_what_is_heard_on_the_bus_counts_once_and_can_be_followed_to_its_events(service: Running) -> None:
    unit = "unit-33-heard"
    events = [(event, subject, sequence) for event, subject, sequence, _ in story(unit)] * 2
    order(7).shuffle(events)
    await told(service, *events)
    figures = UnitIndicators.model_validate(await ok(get(service, f"/indicators/{unit}")))
    assert figures.filing_lag_seconds is not None
    timed = {"filing_lag_seconds": figures.filing_lag_seconds, "last_event_at": figures.last_event_at}
    assert figures == adds_up(unit).model_copy(update=timed)
    first = await ok(get(service, f"/indicators/{unit}/facts", limit="7"))
    rest = await ok(get(service, f"/indicators/{unit}/facts", limit="7", cursor=first["next"]))
    assert [row["id"] for row in first["rows"] + rest["rows"]] == sorted(row.id for row in facts(unit))
    of_batch = await ok(get(service, f"/indicators/{unit}/facts", batch=f"{unit}-batch-2"))
    assert len(of_batch["rows"]) == 3


async def test_figures_are_shown_within_the_callers_scope_only(service: Running) -> None:
    await told(service, (standing("unit-33-a"), "unit-33-a", 1), (standing("unit-33-b"), "unit-33-b", 1))
    own = await ok(get(service, "/indicators", "unit", "unit-33-a"))
    assert [row["unit"] for row in own["rows"]] == ["unit-33-a"]
    everything = await ok(get(service, "/indicators", limit="500"))
    assert {"unit-33-a", "unit-33-b"} <= {row["unit"] for row in everything["rows"]}
    for path in ("/indicators/unit-33-b", "/indicators/unit-33-b/facts"):
        assert await refused(get(service, path, "unit", "unit-33-a")) == (404, "not-found")


async def test_an_older_standing_that_comes_later_does_not_replace_the_newer_one(service: Running) -> None:
    unit = "unit-33-standing"
    await told(service, (standing(unit, date(2019, 9, 26)), unit, 5))
    await told(service, (standing(unit), unit, 4))
    found = await room(service).unit(unit)
    assert (found.sequence, found.suspended_on) == (5, date(2019, 9, 26))


async def test_a_unit_checks_itself_applies_passes_is_publicised_and_filed(service: Running) -> None:
    unit = "unit-33-path"
    await told(service, *((event, subject, sequence) for event, subject, sequence, _ in story(unit)))
    weak = await ok(post(service, unit, "/evaluations", {**SELF_CHECK, "scores": less(2, *FULL)}))
    path = f"/evaluations/{weak['id']}"
    assert await refused(post(service, unit, f"{path}/apply")) == (409, "self-check-not-qualified")
    assert (await ok(post(service, unit, "/evaluations", SELF_CHECK)))["self_check"]["qualified"]
    assert (await ok(post(service, unit, f"{path}/apply")))["state"] == "applied"
    assert await refused(post(service, unit, f"{path}/decide", PASSING)) == (403, "forbidden")
    passed = await ok(post(service, "center", f"{path}/decide", PASSING))
    assert passed["notice"]["until"] == "2019-10-10"
    assert passed["decision"]["indicators"] == await ok(get(service, f"/indicators/{unit}"))
    assert await refused(post(service, "center", f"{path}/file")) == (409, "notice-open")
    service.forward(days=13, hours=12.5)  # the notice ends on the 13th day at midnight in Shanghai
    filed = await eventually(lambda: _filed(service, path))
    assert filed["filed_on"] == "2019-10-11"
    sequences: dict[type[Event], int] = {UnitSelfChecked: 1, UnitApplied: 3, UnitPassed: 4, UnitFiled: 5}
    for kind, sequence in sequences.items():
        said = await said_of(service, kind, weak["id"])
        assert (said.headers["ce-authority"], said.headers["ce-sequence"]) == ("33", sequence)
        assert json.loads(said.body)["unit"] == unit


async def _filed(service: Running, path: str) -> Any:
    answer = await post(service, "center", f"{path}/file")
    return answer.json() if answer.is_success else None


async def test_a_passed_unit_that_nobody_files_is_filed_by_itself(service: Running) -> None:
    evaluation = await applied(service, "unit-33-waiting")
    passed = await ok(post(service, "center", f"/evaluations/{evaluation}/decide", PASSING))
    service.forward(days=30)
    await said_of(service, UnitFiled, evaluation)
    filed = await ok(get(service, f"/evaluations/{evaluation}"))
    assert (filed["state"], filed["version"]) == ("filed", passed["version"] + 1)


async def test_a_unit_between_the_lines_fails_and_is_told_that_it_may_rectify(service: Running) -> None:
    evaluation = await applied(service, "unit-33-failing")
    panel = {**PASSING, "scores": less(1, *FULL)}
    failed = await ok(post(service, "center", f"/evaluations/{evaluation}/decide", panel))
    assert (failed["state"], failed["notice"], failed["decision"]["tally"]["may_rectify"]) == ("failed", None, True)
    said = await said_of(service, UnitFailed, evaluation)
    assert "77 points, 80 are needed; the unit may rectify" in json.loads(said.body)["reason"]
    assert await refused(post(service, "center", f"/evaluations/{evaluation}/file")) == (409, "evaluation-state")


async def test_wrong_points_are_refused_by_the_name_of_the_indicator(service: Running) -> None:
    await told(service, (standing("unit-33-wrong"), "unit-33-wrong", 1))
    answer = await post(service, "unit-33-wrong", "/evaluations", {**SELF_CHECK, "scores": {**FULL, "E4": 6}})
    assert answer.status_code == 409
    assert answer.json()["errors"] == [
        {"pointer": "/scores/E4", "rule": "points-beyond-maximum", "detail": "E4 takes at most 5 points"}
    ]


async def test_only_a_unit_known_in_its_own_line_can_check_itself(service: Running) -> None:
    await told(service, (standing("unit-33-known"), "unit-33-known", 1))
    assert await refused(post(service, "unit-33-unknown", "/evaluations", SELF_CHECK)) == (404, "not-found")
    assert await refused(post(service, "unit-33-known", "/evaluations", SELF_CHECK, line="34")) == (404, "not-found")


async def test_self_checks_at_the_same_moment_are_all_recorded_in_one_evaluation(service: Running) -> None:
    unit = "unit-33-many"
    await told(service, (standing(unit), unit, 1))
    answers = await asyncio.gather(*(ok(post(service, unit, "/evaluations", SELF_CHECK)) for _ in range(6)))
    assert sorted(answer["version"] for answer in answers) == [1, 2, 3, 4, 5, 6]
    listed = await ok(get(service, "/evaluations", "unit", unit, cycle="2019", state="self_checked"))
    assert [row["id"] for row in listed["rows"]] == [f"evaluation-2019-{unit}"]
    theirs = get(service, f"/evaluations/evaluation-2019-{unit}", "unit", "unit-33-other")
    assert await refused(theirs) == (404, "not-found")


@pytest.mark.parametrize("evaluated", [True, False])
async def test_pilot_status_is_revoked_once_evaluated_or_not(service: Running, evaluated: bool) -> None:
    unit = f"unit-33-revoked-{evaluated}"
    await (applied(service, unit) if evaluated else told(service, (standing(unit), unit, 1)))
    body = {"unit": unit, "cycle": "2019", "ground": "malicious_competition", "reason": "低价揽考"}
    headers = service.token("center")
    for _ in range(2):  # the same request twice has one effect
        revoked = await ok(service.http.post("/v1/revocations", json=body, headers=headers))
    assert revoked["state"] == "revoked"
    said = await said_of(service, PilotRevoked, revoked["id"])
    assert (said.headers["ce-sequence"], said.headers["ce-authority"]) == (revoked["version"], "33")
    assert json.loads(said.body)["revoked_on"] == service.process.tools.clock.today().isoformat()
    assert await refused(post(service, "center", "/revocations", body)) == (409, "evaluation-state")
    assert await refused(post(service, unit, "/evaluations", SELF_CHECK)) == (409, "evaluation-state")
    body["unit"] = "unit-33-unknown"
    assert await refused(post(service, "center", "/revocations", body)) == (404, "not-found")
