"""Puts batches on public notice in a running assessment: sheets and tickets are laid in, the rest goes by its doors."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import uuid4

import httpx

from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain import Entry, judged
from services.assessment.entries.storage import entry_store
from services.assessment.objections.storage import objection_store
from shared.clock import SHANGHAI
from shared.storage.store import Store
from tests.assessment.driving import batch_of, batches, enrolled, moved, post
from tests.assessment.examples import ASSIGNED, SEAL
from tests.assessment.objecting import FIFTY_EIGHT, OPENED, sheets
from tests.live import Running

PASSING = {"operating_rules": 20, "safe_production": 16, "problem_solving": 11, "task_completion": 24, "conduct": 9}


def entries(service: Running) -> Store[Entry]:
    return entry_store(service.process.tools.database)


def objections(service: Running) -> Any:
    return objection_store(service.process.tools.database)


def ticket_of(batch: str, number: int) -> str:
    return f"19101433-{batch[-6:]}-{number:05d}"


async def on_notice(
    service: Running,
    unit: str,
    practical: Sequence[Mapping[str, float]] = (FIFTY_EIGHT, PASSING),
    opened: date = OPENED,
    **changes: Any,
) -> tuple[str, list[str]]:
    """A batch on public notice since a day, with one entry of the given practical points each; its id and theirs."""
    batch = await batch_of(service, unit, **changes)
    people = await enrolled(service, unit, batch, range(len(practical)))
    await moved(service, batch, BatchState.SCORED, seal=SEAL.model_dump(), assignment=ASSIGNED.model_dump())
    found = await batches(service).get(batch)
    for number, (identity, points) in enumerate(zip(people, practical, strict=True)):
        marked = judged((await entries(service).get(identity)).having(sheets=sheets(points)), found)
        change = {**marked.model_dump(include={"sheets", "scores", "state"}), "ticket": ticket_of(batch, number)}
        assert await entries(service).collection.update({"_id": identity}, {"$set": change, "$inc": {"version": 1}})
    service.set_time(datetime.combine(opened, time(9), SHANGHAI))
    answer = await post(service, unit, f"/{batch}/publicise")
    assert answer.status_code == 200, answer.text
    return batch, people


async def asked(
    service: Running, path: str, body: Any = None, role: str = "unit", org: str = "", line: str = "33", **headers: str
) -> httpx.Response:
    """The answer to a write of a caller with a role; `org` is the line itself for an authority."""
    caller = {**service.token(role, org or line, line), **headers}
    return await service.http.post(f"/v1{path}", json=body, headers=caller)


async def asked_by_public(service: Running, path: str, body: Any, key: str = "") -> httpx.Response:
    """The answer to a write of somebody without a token."""
    return await service.http.post(f"/v1{path}", json=body, headers={"Idempotency-Key": key or uuid4().hex})


async def raised_by(service: Running, unit: str, batch: str, entry: str, kind: str = "score") -> str:
    """An objection that a unit received from its candidate; its id."""
    body = {"entry": entry, "kind": kind, "text": "第三项漏计 3 分。"}
    answer = await asked(service, f"/batches/{batch}/objections", body, org=unit)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def accepted_by(service: Running, unit: str, objection: str) -> None:
    answer = await asked(service, f"/objections/{objection}/accept", org=unit)
    assert answer.status_code == 200, answer.text
