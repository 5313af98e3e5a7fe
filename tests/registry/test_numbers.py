"""The decision on numbers without gaps holds on a real database, whoever files at once and however it ends."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date
from multiprocessing.context import ForkServerProcess

import pymongo
import pytest

from infra.docs.__main__ import ROOT
from infra.local.servers import Servers
from services.registry.filings.handlers import Filings
from services.registry.programmes.commands import Regime, ScheduleRegime
from services.registry.programmes.handlers import Programmes
from shared.events.assessment import ResultsFinalised
from shared.events.registry import FilingRejected
from shared.storage.mongo import Database
from tests.live import eventually
from tests.registry.numbering import UNIT, act, chunk, file, prepared, rooms_of, work

pytestmark = pytest.mark.live

WORKERS = 8


@pytest.fixture
async def rooms(servers: Servers) -> AsyncIterator[list[Filings]]:
    """The filings room as four processes have it, over one database in which the unit is authorised."""
    with pymongo.MongoClient[dict[str, object]](servers.admin_mongo_url) as client:
        client.drop_database("registry")
    databases = [Database(servers.mongo_url("registry"), "registry") for _ in range(4)]
    made = [await prepared(database) for database in databases]
    yield made
    for database in databases:
        await database.close()


async def numbers(certificates: Filings) -> dict[str, str]:
    """The number of each entry that has a certificate."""
    return {row.id: row.number for row in await certificates.certificates.find({})}


async def serials(certificates: Filings) -> list[int]:
    """The serials of all certificates, in order."""
    return sorted(int(number[-5:]) for number in (await numbers(certificates)).values())


async def test_filings_at_the_same_moment_number_their_series_without_gap_or_repeat(rooms: list[Filings]) -> None:
    chunks = [chunk(seed, size=5 + seed) for seed in range(8)]
    await file(rooms, chunks)
    assert await serials(rooms[0]) == list(range(1, sum(len(one.results) for one in chunks) + 1))


async def test_a_chunk_that_comes_again_keeps_its_numbers_and_completes_what_is_missing(
    rooms: list[Filings],
) -> None:
    chunks = [chunk(seed, size=20) for seed in range(3)]
    await file(rooms[:1], chunks)
    before = await numbers(rooms[0])
    cut_off = [entry for place, entry in enumerate(before) if place % 2]
    await rooms[0].certificates.collection.delete({"_id": {"$in": cut_off}})  # a crash in the midst of the bulk
    assert len(await numbers(rooms[0])) == 30

    await file(rooms[1:], chunks)
    assert await numbers(rooms[1]) == before
    assert await serials(rooms[1]) == list(range(1, 61))


async def test_a_crash_at_any_moment_leaves_no_gap_behind_the_repeat(rooms: list[Filings]) -> None:
    chunks = [chunk(seed, size=20) for seed in range(6)]
    filing = [
        asyncio.create_task(one.file(act(f"event-{at}"), f"chunk-{at}", chunks[at], "33"))
        for at, one in enumerate(rooms)
    ]
    await asyncio.wait(filing, return_when=asyncio.FIRST_COMPLETED)
    for task in filing:
        task.cancel()
    await asyncio.gather(*filing, return_exceptions=True)
    before = await numbers(rooms[0])

    await file(rooms[:2], chunks)
    assert before.items() <= (await numbers(rooms[0])).items()
    assert await serials(rooms[0]) == list(range(1, 121))


@pytest.fixture
async def programmes(servers: Servers) -> AsyncIterator[Programmes]:
    """The programmes room over the same database."""
    database = Database(servers.mongo_url("registry"), "registry")
    yield rooms_of(database)[2]
    await database.close()


@pytest.fixture
def workers(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator["Workers"]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # the server imports before it is told the path
    started = Workers(servers.mongo_url("registry"))
    yield started
    started.kill(WORKERS)


class Workers:
    """Processes that file the same chunks; forked from a server of one thread, so that they start at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.registry.numbering"])
        self.alive: list[ForkServerProcess] = []
        self.killed = 0

    def start(self, chunks: Sequence[str], seeds: range, *, ever: bool) -> None:
        """One for each seed; `ever` files the chunks again and again, as when they are delivered again."""
        for seed in seeds:
            process = self._context.Process(target=work, args=(self._url, chunks, seed, ever))
            process.start()
            self.alive.append(process)

    def kill(self, count: int) -> None:
        """End the first of them as a power cut would."""
        for process in self.alive[:count]:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
            process.join()
            self.killed += process.exitcode == -signal.SIGKILL
        self.alive = self.alive[count:]

    async def done(self) -> list[int | None]:
        await eventually(self._none_alive, within=60)
        return [process.exitcode for process in self.alive]

    async def _none_alive(self) -> bool:
        return not any(process.is_alive() for process in self.alive)


async def test_processes_that_are_killed_and_started_again_leave_no_gap_and_no_repeat(
    rooms: list[Filings], workers: Workers
) -> None:
    chunks = [chunk(seed, size=20) for seed in range(16)]
    said = [results.model_dump_json() for results in chunks]
    for generation in range(2):
        workers.start(said[: 8 * (generation + 1)], range(generation * WORKERS, (generation + 1) * WORKERS), ever=True)

        async def under_way(enough: int = 8 * generation + 2) -> bool:
            return await rooms[0].filings.count({}) >= enough

        await eventually(under_way, within=30)
        workers.kill(WORKERS)
    assert workers.killed == 2 * WORKERS
    workers.start(said, range(100, 100 + WORKERS), ever=False)
    assert await workers.done() == [0] * WORKERS
    assert await serials(rooms[0]) == list(range(1, 16 * 20 + 1))
    assert len(await numbers(rooms[0])) == len({entry.entry for results in chunks for entry in results.results})


# -- a person's one place ------------------------------------------------------------------------------


async def decided(room: Filings, place: int, said: ResultsFinalised) -> None:
    """The chunk's decision alone, as when its process was held up before it wrote the certificates."""
    persons = {row.entry: room._index(row.person, row.entry) for row in said.results}
    await room._decide(act(f"event-{place}"), f"chunk-{place}", said, "33", persons)


async def rejections(room: Filings) -> list[str]:
    """The reasons of the rejections that stand in the certificates' documents, still to be announced."""
    rows = await room.certificates.collection.find({"pending.type": FilingRejected.type})
    return [FilingRejected.model_validate_json(item["body"]).reason for row in rows for item in row["pending"]]


async def test_of_two_chunks_decided_at_once_with_the_same_person_one_certifies_and_no_number_is_lost(
    rooms: list[Filings],
) -> None:
    chunks = [chunk(1, size=3), chunk(1, size=3)]
    for place, said in enumerate(chunks):
        await decided(rooms[place], place, said)
    await file(rooms[:2], chunks)

    made = await rooms[0].certificates.find({})
    assert sorted(row.serial for row in made) == [1, 2, 3, 4, 5, 6]
    assert sorted(row.status for row in made) == ["valid"] * 3 + ["voided"] * 3
    assert len({row.person_index for row in made if row.status == "valid"}) == 3
    assert all(row.place == row.id and row.changes[0].reason for row in made if row.status == "voided")
    assert await rejections(rooms[0]) == ["already-certified"] * 3

    await file(rooms[2:], chunks)
    assert await rooms[0].certificates.find({}) == made


# -- two regimes ---------------------------------------------------------------------------------------


async def test_batches_begun_under_one_regime_finish_under_it_beside_those_of_the_next(
    rooms: list[Filings], programmes: Programmes
) -> None:
    asked = ScheduleRegime(regime=Regime.RECOGNITION, effective=date(2019, 11, 1), basis="退出国家职业资格目录")
    await programmes.schedule(act("switch"), "pilot-2019", asked, None)
    before = chunk(1, size=2, begun_on=date(2019, 10, 31))
    after = chunk(2, size=2, begun_on=date(2019, 11, 1))
    untold = chunk(3, size=1)
    await file(rooms, [before, after, untold])

    made = {row.id: row for row in await rooms[0].certificates.find({})}
    assert {made[row.entry].regime for row in before.results} == {"appraisal"}
    assert [len(made[row.entry].number) for row in untold.results] == [16]
    assert sorted(made[row.entry].number for row in after.results) == [f"S0000330000011950000{n:02d}" for n in (1, 2)]
    assert sorted(row.serial for row in made.values() if row.regime == "appraisal") == [1, 2, 3]


async def test_a_unit_without_a_code_of_the_next_regime_files_nothing_under_it(
    rooms: list[Filings], programmes: Programmes
) -> None:
    asked = ScheduleRegime(regime=Regime.RECOGNITION, effective=date(2019, 11, 1), basis="退出国家职业资格目录")
    await programmes.schedule(act("switch"), "pilot-2019", asked, None)
    await rooms[0].organisations.change(UNIT, act("lost"), lambda unit: (unit.having(issuer_codes={}), []))
    await file(rooms[:1], [chunk(1, size=2, begun_on=date(2019, 11, 1))])
    (filing,) = await rooms[0].filings.find({})
    assert {row.reason for row in filing.refused} == {"issuer-without-code"}
    assert await numbers(rooms[0]) == {}
