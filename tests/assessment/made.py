"""Batches and entries put straight into a running assessment's stores, in any state, without what leads there."""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import httpx

from services.assessment.batches.domain import Batch, State, Tally
from services.assessment.batches.storage import batch_store
from services.assessment.eligibility.domain import Met, Proof
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import Attendance, Entry, Place, Score, Sheet, blank, enrolled, entry_id
from services.assessment.entries.domain import State as EntryState
from services.assessment.entries.storage import entry_store
from services.assessment.objections.commands import Kind, RaisedBy
from services.assessment.objections.domain import Objection, Step
from services.assessment.objections.domain import State as Objected
from services.assessment.objections.storage import objection_store
from services.assessment.scores.domain import sealed_by
from shared.act import Act
from shared.clock import SHANGHAI
from shared.storage.store import Store
from tests.assessment.examples import CARDS, DIMENSIONS, PERIOD, SEAL, SHEET, in_exam, person
from tests.live import Running

AFTER = PERIOD.ends_at + timedelta(hours=1)
SIGNED = datetime(2019, 10, 12, 8, tzinfo=UTC)
MET = Met(
    alternative=1,
    evidence=(Proof(predicate="apprenticeship_done", zh="学徒期满", en="apprenticeship finished", by="claim"),),
)
SCORES = (Score(part="theory", points=80.0), Score(part="practical", points=80.5, dimensions=SHEET))


def act(service: Running) -> Act:
    return Act(id=uuid4().hex, at=service.process.tools.clock.now(), correlation="made")


def on_notice(unit: str, passed: int = 3, **changes: Any) -> Batch:
    """A batch of a unit on public notice, examined and sealed."""
    of = in_exam(state=State.SCORED, seal=SEAL, id=f"batch-{uuid4().hex}", unit=unit)
    at = datetime.combine(of.exam_on, time(18), SHANGHAI)
    return of.publicised(Tally(passed=passed, failed=1), at, of.exam_on, PERIOD)[0].having(**changes)


def final(unit: str, **changes: Any) -> Batch:
    """The same, finalised with one chunk."""
    of = on_notice(unit).closed(AFTER, 3, 500)[0].finalised(AFTER)[0]
    return of.having(**changes)


def sheets(theory: float = 80.0) -> tuple[Sheet, ...]:
    """One common sheet for theory and one of each assessor for the practical part."""
    whole = {**dict.fromkeys(DIMENSIONS, 0.0), **SHEET}
    signed = {"scorer": "评分人", "checker": "核分人", "signed_at": SIGNED, "marks": ()}
    practical = [
        Sheet(
            part="practical", assessor=card, work_piece="P-001", dimensions=whole, points=sum(whole.values()), **signed
        )
        for card in CARDS
    ]
    made = (Sheet(part="theory", work_piece="T-001", points=theory, **signed), *practical)
    return tuple(sheet.model_copy(update={"digest": sealed_by(sheet)}) for sheet in made)


def objection(of: Batch, entry: str, identity: str, state: Objected = Objected.REFUSED) -> Objection:
    """An objection to a result of the batch that has ended."""
    about = {"authority": of.authority, "unit": of.unit, "batch": of.id, "occupation": of.occupation, "level": of.level}
    steps = tuple(Step(state=step, at=AFTER, by="system") for step in (Objected.RAISED, state))
    ended = {"state": state, "is_open": False, "due": None, "steps": steps}
    asked = {"entry": entry, "kind": Kind.SCORE, "text": "?", "raised_by": RaisedBy.CANDIDATE}
    return Objection(id=identity, **about, **asked, **ended)


_numbers: dict[tuple[str, int], int] = {}


def examined(batch: Batch, place: int, state: EntryState = EntryState.PASSED, **changes: Any) -> Entry:
    """An entry of the batch with a ticket, attendance, sheets and scores."""
    row = EnrolRow.model_validate(person(place))
    # nobody here is examined twice on a day, and no ticket or work piece is another's
    number = _numbers.setdefault((batch.id, place), len(_numbers) + 1)
    index = f"index-{number}"
    of = enrolled(entry_id(batch.id, index), blank(batch), row, "v1.sealed", index, MET)
    return of.having(
        state=state,
        ticket=f"T{number:06d}",
        arrangement=1,
        places=(Place(part="theory", room="一号考场", station=1, work_piece=f"T-{number:06d}"),),
        attendance=(Attendance(part="theory", mark="present", at=SIGNED, by="监考"),),
        sheets=sheets(),
        scores=SCORES,
        **changes,
    )


async def put(service: Running, batch: Batch, *entries: Entry) -> list[str]:
    """Store a batch and its entries, each sealed for whom it is; the entries' ids in order."""
    database, sealer = service.process.tools.database, service.process.tools.sealer
    await batch_store(database).add(batch, [], act(service))
    rows = sorted(
        (
            row.having(person=sealer.seal(json.dumps(person(place)), bound_to=row.id))
            for place, row in enumerate(entries)
        ),
        key=lambda row: row.id,
    )
    if rows:
        await entry_store(database).add_all([((row, []), act(service)) for row in rows])
    return [row.id for row in rows]


async def objected(service: Running, made: Objection) -> str:
    """Store an objection; nothing is announced."""
    return (await objection_store(service.process.tools.database).add(made, [], act(service))).id


async def entry(service: Running, identity: str) -> Entry:
    return await entry_store(service.process.tools.database).get(identity)


async def changed(service: Running, identity: str, **fields: Any) -> None:
    """Write fields of an entry as another room would; nothing is announced."""
    await entry_store(service.process.tools.database).change(
        identity, act(service), lambda row: (row.having(**fields), [])
    )


def batches(service: Running) -> Store[Batch]:
    return batch_store(service.process.tools.database)


async def batch_now(service: Running, identity: str) -> Batch:
    return await batches(service).get(identity)


async def asks(
    service: Running, path: str, body: Any = None, role: str = "unit", org: str = "", subject: str | None = None
) -> httpx.Response:
    """POST to a door of a batch as a caller of line 33."""
    token = service.issuer.token(role, org or "33", None if role == "center" else "33", subject)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
    return await service.http.post(f"/v1{path}", json=body, headers=headers)


async def reads(service: Running, path: str, role: str = "center", org: str = "center") -> httpx.Response:
    line = None if role == "center" else "33"
    return await service.http.get(f"/v1{path}", headers=service.token(role, org, line))
