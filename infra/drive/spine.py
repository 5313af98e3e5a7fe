"""The spine, step by step: plan filed, batch announced, workers examined, results publicised, finalised, certified."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from infra.drive.caller import Refused, pages
from infra.drive.people import Person
from infra.drive.world import LEVEL, Unit, World
from infra.local.stack import ROOT

FORM = ROOT / "services" / "evaluation" / "data" / "form.json"
ROWS = 500
NOT_HEARD_YET = ("unit-not-authorised", "no-standard", "site-unknown", "site-not-confirmed", "card-unknown")
ENDED = ("certified", "rejected", "failed", "ineligible", "withdrawn")
T = TypeVar("T")


class NeverCame(Exception):  # noqa: N818 - says what happened
    """Something that must follow by itself did not follow in time."""


async def until(look: Callable[[], Awaitable[T | None]], what: str, within: float = 60.0) -> T:
    """The first answer of `look` that is not None, asked every 50 ms."""
    end = time.monotonic() + within
    while (seen := await look()) is None:
        if time.monotonic() > end:
            raise NeverCame(f"{what} did not come within {within:.0f} s")
        await asyncio.sleep(0.05)
    return seen


async def authorise(world: World, unit: Unit, plan: dict[str, Any]) -> str:
    """Submit a plan and have the Center file it; the plan's id."""
    submitted = await world.caller(unit).post("registry", "/v1/plans", plan)
    await world.center.post("registry", f"/v1/plans/{submitted['id']}/file")
    return str(submitted["id"])


async def announce(
    world: World, unit: Unit, occupation: str, exam_on: date, planned: int, *, level: str = LEVEL
) -> str:
    """Plan, file and open a batch, as soon as what it rests on has reached assessment; its id."""
    asked = {
        "occupation": occupation,
        "level": level,
        "exam_on": exam_on.isoformat(),
        "planned": planned,
        "site": world.staff[unit.id].site,
    }
    made = await _once_heard(world, unit, "/v1/batches", asked)
    batch = str(made["id"])
    await _once_heard(world, unit, f"/v1/batches/{batch}/file", None)
    await world.caller(unit).post("assessment", f"/v1/batches/{batch}/registration", {"until": exam_on.isoformat()})
    return batch


async def _once_heard(world: World, unit: Unit, path: str, asked: dict[str, Any] | None) -> dict[str, Any]:
    """The answer to a request, repeated while assessment has not heard of what the request rests on."""

    async def tried() -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = await world.caller(unit).post("assessment", path, asked)
        except Refused as refused:
            if {refused.slug, *refused.rules} & set(NOT_HEARD_YET):
                return None
            raise
        return answer

    return await until(tried, f"what {path} of {unit.id} rests on")


async def enrol(world: World, unit: Unit, batch: str, people: Sequence[Person]) -> list[dict[str, Any]]:
    """Enrol people in files of 500 rows; the answers."""
    path = f"/v1/batches/{batch}/entries"
    answers = []
    for start in range(0, len(people), ROWS):
        rows = [person.row() for person in people[start : start + ROWS]]
        answers.append(await world.caller(unit).post_rows("assessment", path, rows))
    return answers


async def publicise(world: World, unit: Unit, batch: str) -> dict[str, Any]:
    """Put the results on public notice; the batch."""
    answer: dict[str, Any] = await world.caller(unit).post("assessment", f"/v1/batches/{batch}/publicise")
    return answer


async def finalise(world: World, unit: Unit, batch: str) -> dict[str, Any]:
    """Finalise, once the period is over; the batch."""
    answer: dict[str, Any] = await world.caller(unit).post("assessment", f"/v1/batches/{batch}/finalise")
    return answer


async def settled(world: World, unit: Unit, batch: str, within: float = 60.0) -> dict[str, Any]:
    """The batch, once each of its entries has ended."""

    async def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = await world.caller(unit).get("assessment", f"/v1/batches/{batch}")
        open_ = sum(count for state, count in found["counts"].items() if state not in ENDED)
        return found if open_ == 0 else None

    return await until(ended, f"the end of {batch}", within)


async def entries_of(world: World, unit: Unit, batch: str) -> list[dict[str, Any]]:
    """The entries of a batch as the unit sees them."""
    return await pages(world.caller(unit), "assessment", f"/v1/batches/{batch}/entries")


async def cycle_with(world: World, cycle: str, first: date, last: date) -> dict[str, Any]:
    """A cycle whose stages are all open from the first day to the last, made by the Center."""
    stages = json.loads((FORM.parent / "stages.json").read_text(encoding="utf-8"))["stages"]
    asked = {
        "cycle": cycle,
        "name_zh": f"{cycle}年度职业技能鉴定试点",
        "name_en": f"Skill appraisal pilot of {cycle}",
        "basis": "建办人函〔2019〕491号",
        "windows": {stage["id"]: {"opens": str(first), "closes": str(last)} for stage in stages},
    }
    answer: dict[str, Any] = await world.center.post("evaluation", "/v1/cycles", asked)
    return answer


def form_answers(share: float = 0.9) -> tuple[dict[str, float], dict[str, str]]:
    """Points for every indicator of the evaluation form, and the evidence for them."""
    form = json.loads(FORM.read_text(encoding="utf-8"))
    indicators = [indicator for group in form["groups"] for indicator in group["indicators"]]
    scores = {row["id"]: round(row["points"] * share, 2) for row in indicators}
    return scores, {code: f"自查台账第{place}页" for place, code in enumerate(scores, start=1)}
