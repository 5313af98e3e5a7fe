"""Drives a running assessment the way a unit and the registry would."""

import json
from datetime import date, datetime, time
from typing import Any

import httpx

from services.assessment.batches.domain import Batch, State
from services.assessment.batches.storage import batch_store
from services.assessment.entries.domain import Entry, Score
from services.assessment.entries.domain import State as EntryState
from services.assessment.entries.storage import entry_store
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import card_store, site_store, standard_store, unit_store
from shared.act import Act
from shared.clock import SHANGHAI
from shared.events.base import Event
from shared.events.registry import CertificateFiled
from shared.storage.mongo import UpdateOne
from shared.storage.store import Decision, Store
from tests.assessment.examples import ASSIGNED, BEGUN, CARDS, SHEET, person, site_said, standing
from tests.assessment.sheets import places, practical, rows_of, theory
from tests.live import Running, Said, eventually

# a unit's own site goes before the one here: see planned_by
PLANNED = {"occupation": "rebar_worker", "level": "5", "exam_on": "2019-10-12", "planned": 20, "site": "site-1"}
MOST_PLANNED = 100_000  # of a batch of which a test says nothing else: whoever it enters fits in
FINDINGS = 5  # of strictly_scored: one spread, three who wrote the same on every sheet, one pair of twins
STRICT = {**SHEET, "operating_rules": 5, "task_completion": 9}
NUMBER = "1999002001500001"


def site_of(unit: str) -> str:
    """The site at which a unit of these tests examines: each has its own."""
    return f"site-of-{unit}"


def planned_by(unit: str, **changes: Any) -> dict[str, Any]:
    """What a unit plans, at its own site."""
    return {**PLANNED, "site": site_of(unit), **changes}


async def sited(service: Running, unit: str) -> str:
    """The unit's confirmed site, said by the registry; safe to repeat."""
    site = site_of(unit)
    await service.says(site_said(site=site, unit=unit), subject=site)
    return site


async def authorised(service: Running, unit: str) -> str:
    """A unit that may file batches at its site."""
    await service.says(standing(unit=unit), subject=unit)
    await sited(service, unit)
    service.set_time(datetime.combine(BEGUN, time(9), SHANGHAI))
    await eventually(lambda: answers(service, unit, "", 201, planned_by(unit)))
    await eventually(lambda: _is_known(service, "sites", site_of(unit)))
    return unit


async def _is_known(service: Running, mirror: str, identity: str) -> bool:
    return await service.process.tools.database.collection(mirror).find_one({"_id": identity}) is not None


def mirrors_of(service: Running) -> Mirrors:
    """The mirrors as a worker beside the doors has them."""
    tools = service.process.tools
    database = tools.database
    known = unit_store(database), standard_store(database), card_store(database), site_store(database)
    return Mirrors(*known, tools.sealer)


async def answers(service: Running, unit: str, path: str, status: int, body: Any = None) -> bool:
    return (await post(service, unit, path, body)).status_code == status


async def post(service: Running, unit: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    caller = {**service.token("unit", unit, "33"), **headers}
    if isinstance(body, bytes):
        return await service.http.post(f"/v1/batches{path}", content=body, headers=caller)
    return await service.http.post(f"/v1/batches{path}", json=body, headers=caller)


async def get(service: Running, unit: str, path: str) -> dict[str, Any]:
    answer = await service.http.get(f"/v1/batches{path}", headers=service.token("unit", unit, "33"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def batch_of(service: Running, unit: str, state: State = State.REGISTERING, **changes: Any) -> str:
    """A batch of the unit, planned and filed through its doors and then moved to a state without what leads there."""
    service.set_time(datetime.combine(BEGUN, time(9), SHANGHAI))
    site = await sited(service, unit)
    await eventually(lambda: _is_known(service, "sites", site))
    answer = await post(service, unit, "", planned_by(unit, **{"planned": MOST_PLANNED, **changes}))
    assert answer.status_code == 201, answer.text
    batch = str(answer.json()["id"])
    assert (await post(service, unit, f"/{batch}/file")).status_code == 200
    await moved(service, batch, state)
    return batch


async def moved(service: Running, batch: str, state: State, **fields: Any) -> None:
    """Put a batch into a state, with whatever it must hold there; nothing is announced."""
    change = {"$set": {"state": state, **fields}, "$inc": {"version": 1}}
    assert await batches(service).collection.update({"_id": batch}, change)


PEOPLE: dict[str, int] = {}
MOST = 2000  # people of one batch; those before the first batch are for tests that name persons themselves


def person_of(batch: str, number: int) -> dict[str, str]:
    """A person of a batch: nobody is in two batches, for many of them are examined on the same day."""
    assert number < MOST, "this is a person of the next batch"
    return person(PEOPLE.setdefault(batch, MOST * (len(PEOPLE) + 1)) + number)


async def enrolled(service: Running, unit: str, batch: str, people: range) -> list[str]:
    answer = await post(service, unit, f"/{batch}/entries", [person_of(batch, number) for number in people])
    assert answer.json()["refused"] == []
    entries: list[str] = answer.json()["entries"]
    return entries


async def examined(service: Running, batch: str, entries: list[str], state: State = State.IN_EXAM) -> None:
    """The batch in its exam with three assessors, and a place for each of these entries, without what leads there."""
    collection = service.process.tools.database.collection("entries")
    given = {entry: [place.model_dump() for place in places(entry)] for entry in entries}
    changes = [
        UpdateOne({"_id": entry}, {"$set": {"places": rows}, "$inc": {"version": 1}}) for entry, rows in given.items()
    ]
    assert await collection.write_all(changes) == len(entries)
    await moved(service, batch, state, assignment=ASSIGNED.model_dump())


async def scored(service: Running, unit: str, batch: str, entries: list[str], theory: float = 80) -> None:
    """Sheets of everybody: theory, and a practical one of each of three assessors."""
    await examined(service, batch, entries)
    rows = [row for entry in entries for row in rows_of(entry, theory)]
    for start in range(0, len(rows), 2000):
        sent = rows[start : start + 2000]
        answer = await post(service, unit, f"/{batch}/sheets", sent)
        assert answer.json() == {"accepted": len(sent), "refused": []}, answer.text


async def sealed(service: Running, unit: str, batch: str) -> dict[str, Any]:
    """The marking ended and every sheet sealed; the batch."""
    await moved(service, batch, State.MARKING)
    answer = await post(service, unit, f"/{batch}/seal")
    assert answer.status_code == 200, answer.text

    async def has_seal() -> dict[str, Any]:
        found = await get(service, unit, f"/{batch}")
        return found if found["seal"] else {}

    return await eventually(has_seal)


async def strictly_scored(service: Running, unit: str) -> tuple[str, list[str]]:
    """A sealed batch in which one assessor was far from the others, and all wrote the same on every sheet."""
    batch = await batch_of(service, unit)
    entries = await enrolled(service, unit, batch, range(12))
    await strictly_marked(service, unit, batch, entries)
    return batch, entries


async def strictly_marked(service: Running, unit: str, batch: str, entries: list[str]) -> None:
    """The sheets of such a batch of twelve, sealed."""
    await examined(service, batch, entries)
    rows = [theory(entry, 60) for entry in entries]
    rows += [practical(entry, card, SHEET) for entry in entries for card in CARDS[:2]]
    rows += [practical(entry, CARDS[2], STRICT) for entry in entries]
    answer = await post(service, unit, f"/{batch}/sheets", rows)
    assert answer.json() == {"accepted": 48, "refused": []}
    await sealed(service, unit, batch)


async def passed(service: Running, entries: list[str], theory: float = 80) -> None:
    """Give entries their results without the sheets that lead there; below 60 they fail."""
    scores = (Score(part="theory", points=theory), Score(part="practical", points=80.5))
    state = EntryState.PASSED if theory >= 60 else EntryState.FAILED

    def decide(entry: Entry) -> Decision[Entry]:
        return entry.having(scores=scores, state=state), []

    act = Act(id=f"passed-{entries[0]}", at=service.process.tools.clock.now(), correlation="test")
    assert not await entry_store(service.process.tools.database).change_all(dict.fromkeys(entries, (act, decide)))


async def publicised(service: Running, unit: str, people: range) -> tuple[str, list[str]]:
    """A batch on public notice in which everybody passed; nobody was seen to be examined."""
    batch = await batch_of(service, unit)
    entries = await enrolled(service, unit, batch, people)
    await scored(service, unit, batch, entries)
    await sealed(service, unit, batch)
    answer = await post(service, unit, f"/{batch}/publicise")
    assert answer.status_code == 200, answer.text
    return batch, entries


async def said_of(service: Running, kind: type[Event], batch: str, most: int = 1) -> list[dict[str, Any]]:
    """The bodies of at least `most` events of a kind about a batch."""
    return [json.loads(said.body) for said in await heard_of(service, kind, batch, most)]


async def heard_of(service: Running, kind: type[Event], batch: str, most: int = 1) -> list[Said]:
    async def enough() -> list[Said]:
        found = [said for said in service.said if said.type == kind.type and json.loads(said.body)["batch"] == batch]
        return found if len(found) >= most else []

    return await eventually(enough)


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rsplit(":", 1)[-1]


def certificate(entry: str, batch: str, unit: str) -> CertificateFiled:
    return CertificateFiled(
        certificate=entry,
        number=NUMBER,
        entry=entry,
        batch=batch,
        unit=unit,
        occupation="rebar_worker",
        level="5",
        holder="测*",
        exam_on=date(2019, 10, 12),
        filed_on=date(2019, 11, 1),
    )


async def is_finalised(service: Running, unit: str, batch: str) -> bool:
    return bool((await get(service, unit, f"/{batch}"))["state"] == "finalised")


def batches(service: Running) -> Store[Batch]:
    return batch_store(service.process.tools.database)


def writing(service: Running) -> Act:
    return Act(id="writes-rows", at=service.process.tools.clock.now(), correlation="test")
