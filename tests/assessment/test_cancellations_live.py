"""A cancelled batch frees its numbers and its candidates' days, whatever interrupts it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State
from services.assessment.batches.handlers import Quotas
from services.assessment.batches.storage import quota_store
from services.assessment.cancellations.domain import freed
from services.assessment.cancellations.handlers import Cancellations
from services.assessment.cancellations.storage import RUN, entries_left
from services.assessment.entries.domain import Entry, blank
from services.assessment.entries.domain import State as EntryState
from services.assessment.entries.storage import entry_store
from shared.act import Act
from shared.events.assessment import BatchCancelled
from shared.storage.store import Store
from tests.assessment.driving import (
    authorised,
    batch_of,
    batches,
    enrolled,
    get,
    moved,
    passed,
    planned_by,
    post,
    said_of,
    slug,
    writing,
)
from tests.assessment.examples import entry, grant, published, standing
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live
REASON = {"reason": "台风停工，另行公告。"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("cancelled")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


def entries(service: Running) -> Store[Entry]:
    return entry_store(service.process.tools.database)


def another_process(service: Running) -> Cancellations:
    of, numbers = batches(service), quota_store(service.process.tools.database)
    return Cancellations(of, entries(service), Quotas(numbers, of))


@pytest.mark.parametrize("state", [EntryState.ENROLLED, EntryState.PASSED, EntryState.FAILED])
def test_who_was_to_be_examined_is_withdrawn_and_has_the_days_free(state: EntryState) -> None:
    found, events = freed(entry().having(state=state))
    assert (found.state, found.days, found.reason, events) == (EntryState.WITHDRAWN, (), "batch-cancelled", [])
    assert freed(found) == (found, [])


@pytest.mark.parametrize("state", [EntryState.INELIGIBLE, EntryState.WITHDRAWN])
def test_who_was_not_to_be_examined_stays_so_and_has_the_days_free(state: EntryState) -> None:
    of = entry().having(state=state)
    assert freed(of) == (of.having(days=()), [])


async def test_a_cancelled_batch_frees_its_numbers_and_days(service: Running) -> None:
    unit = await authorised(service, "unit-33-gone")
    said = standing(unit=unit, grants=(grant(plan="plan-gone", numbers={"rebar_worker": 20}),))
    await service.says(said, subject=unit, sequence=2)
    units = service.process.tools.database.collection("units")
    await eventually(lambda: units.find_one({"_id": unit, "sequence": 2}))
    batch = await batch_of(service, unit, planned=20)
    other = (await post(service, unit, "", planned_by(unit))).json()["id"]
    people = await enrolled(service, unit, batch, range(4))
    await passed(service, people[:1])
    await passed(service, people[1:2], theory=40)
    assert slug(await post(service, unit, f"/{other}/file")) == "batch-numbers"

    assert (await post(service, unit, f"/{batch}/cancel", REASON)).json()["state"] == "cancelled"
    assert (await said_of(service, BatchCancelled, batch))[0]["reason"] == REASON["reason"]

    async def is_free() -> bool:
        shown = await get(service, unit, f"/{batch}")
        return bool(shown["counts"]["withdrawn"] == 4)

    await eventually(is_free)
    assert [row.days for row in await entries(service).find({"batch": batch})] == [()] * 4
    assert (await post(service, unit, f"/{other}/file")).status_code == 200


async def test_freeing_goes_on_where_a_crash_stopped_it_and_is_done_once(service: Running) -> None:
    unit = await authorised(service, "unit-33-cut")
    batch = await batch_of(service, unit)
    start = blank(await batches(service).get(batch))
    made = [start.having(id=f"entry-{place:04}", person_index=f"index-{place}") for place in range(RUN + 10)]
    await entries(service).add_all([((one, []), writing(service)) for one in made])
    await moved(service, batch, State.CANCELLED)
    act = Act(id="heard-1", at=service.process.tools.clock.now(), correlation="test")
    first = await entries_left(entries(service), batch, "")
    await entries(service).change_all({one.id: (act, freed) for one in first})  # then the process ended
    assert await entries(service).count({"batch": batch, "state": EntryState.WITHDRAWN}) == RUN

    for again in (act, Act(id="heard-2", at=act.at, correlation="test")):
        await another_process(service).free(again, batch)
        rows = await entries(service).find({"batch": batch})
        assert {(row.state, row.days, row.version) for row in rows} == {(EntryState.WITHDRAWN, (), 2)}


async def test_a_batch_is_not_cancelled_while_rows_are_written_into_it(service: Running) -> None:
    unit = await authorised(service, "unit-33-writes")
    batch = await batch_of(service, unit)
    await moved(service, batch, State.REGISTERING, writers={"a-writer": 9e9})
    answer = await post(service, unit, f"/{batch}/cancel", REASON)
    assert (answer.status_code, slug(answer)) == (503, "batch-busy")
