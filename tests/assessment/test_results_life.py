"""Whatever objections, rejections, refilings and redeliveries befall a batch, each filing of an entry is said once."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State
from services.assessment.entries.domain import State as EntryState
from shared.events.assessment import BatchClosed, ObjectionRefused, ResultsFinalised
from shared.events.registry import FilingRejected
from tests.assessment.driving import certificate
from tests.assessment.made import AFTER, asks, batch_now, changed, entry, examined, on_notice, put
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

UNIT = "unit-33-001"
PEOPLE, ROWS = 11, 3


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("life")) as live:
        live.set_time(AFTER)
        yield live


def said(service: Running, batch: str) -> dict[int, list[str]]:
    """The entries of each chunk that was said; said twice, it is the same."""
    found: dict[int, list[str]] = {}
    for event in service.said:
        body = json.loads(event.body) if event.type == ResultsFinalised.type else {}
        if body.get("batch") == batch:
            rows = [row["entry"] for row in body["results"]]
            assert found.setdefault(body["chunk"], rows) == rows
    return found


def times(service: Running, batch: str) -> dict[str, list[int]]:
    """In which chunks each entry was said."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, rows in said(service, batch).items():
        for row in rows:
            found[row].append(number)
    return found


class Registry:
    """Rejects some filings, at random, and certifies the others; each chunk once, as it is heard."""

    def __init__(self, service: Running, batch: str, chance: random.Random) -> None:
        self.service, self.batch, self.chance = service, batch, chance
        self.answered: set[tuple[str, int]] = set()

    async def answer(self) -> None:
        for row, chunks in times(self.service, self.batch).items():
            for chunk in chunks:
                if (row, chunk) not in self.answered:
                    self.answered.add((row, chunk))
                    await self._answer(row, chunk)

    async def _answer(self, row: str, chunk: int) -> None:
        name = f"{row} {chunk}"
        if self.chance.random() < 0.3 and len(times(self.service, self.batch)[row]) < 3:
            refused = FilingRejected(entry=row, batch=self.batch, unit=UNIT, reason="issuer-without-code", detail="-")
            await self.service.says(refused, subject=f"{self.batch}.{chunk}", event_id=name)
        else:
            await self.service.says(certificate(row, self.batch, UNIT), subject=row, event_id=name)


async def disturb(service: Running, batch: str, held: list[str], chance: random.Random) -> None:
    """Redeliver the closing at any time, and end the objections one by one."""
    of = await batch_now(service, batch)
    names = of.named()
    for turn in range(6):
        closed = BatchClosed(**names, passed=PEOPLE, chunks=of.chunks)
        await service.says(closed, subject=batch, event_id=f"{batch} closed {turn}")
        if held and chance.random() < 0.8:
            row = held.pop()
            await changed(service, row, objection="", state=EntryState.PASSED)
            refused = ObjectionRefused(**names, objection="objection-1", entry=row, kind="score", reason="-")
            for copy in range(2):
                await service.says(refused, subject="objection-1", event_id=f"{row} free {copy}")
        await asyncio.sleep(chance.random() / 20)
    for row in held:
        await changed(service, row, objection="", state=EntryState.PASSED)  # its event is lost: the clock finds it


@pytest.mark.parametrize("seed", range(4))
async def test_each_filing_of_each_entry_is_said_once(service: Running, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    of = on_notice(UNIT, id=f"batch-life-{seed}")
    entries = await put(service, of, *(examined(of, place) for place in range(PEOPLE)))
    held = chance.sample(entries, 4)
    for row in held:
        await changed(
            service, row, objection="objection-1", state=chance.choice([EntryState.PASSED, EntryState.FAILED])
        )
    closed, [event] = of.closed(AFTER, PEOPLE - len(held), ROWS)
    found = service.process.tools.database.collection("batches")
    stored = {"state": closed.state, "chunks": closed.chunks, "chunk_rows": ROWS, "moments": dict(closed.moments)}
    await found.update({"_id": of.id}, {"$set": stored, "$inc": {"version": 1}})
    await service.says(event, subject=of.id, event_id=f"{of.id} closed")
    registry = Registry(service, of.id, chance)

    async def over() -> bool:
        await registry.answer()
        rows = [await entry(service, row) for row in entries]
        for row in rows:
            if row.state is EntryState.REJECTED:
                await asks(service, f"/batches/{of.id}/entries/{row.id}/refile", {"reason": "已补录"}, org=UNIT)
        return all(row.state is EntryState.CERTIFIED for row in rows)

    disturbing = asyncio.create_task(disturb(service, of.id, [*held], chance))
    await eventually(over, within=40)
    await disturbing

    async def is_certified() -> bool:
        return (await batch_now(service, of.id)).state is State.CERTIFIED

    await eventually(is_certified)
    for one in [await entry(service, row) for row in entries]:
        chunks = sorted(times(service, of.id)[one.id])
        assert one.filings == len(chunks) == len(one.rejections) + 1
        assert one.chunk == chunks[-1]
        assert [note.chunk for note in one.rejections] == chunks[:-1]
    numbers = sorted(said(service, of.id))
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(len(rows) <= ROWS for rows in said(service, of.id).values())
    assert (await batch_now(service, of.id)).supplements == len(numbers) - closed.chunks
