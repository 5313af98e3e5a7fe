"""What a unit's standing means for its batches, on the real servers: frozen, released, and lapsed plans."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State
from shared.events.assessment import BatchFiled, BatchFrozen, BatchReleased, ResultsFinalised
from shared.events.registry import UnitLapsed, UnitReinstated, UnitSuspended
from tests.assessment.driving import (
    answers,
    authorised,
    batch_of,
    enrolled,
    get,
    moved,
    passed,
    planned_by,
    post,
    publicised,
    said_of,
    site_of,
    slug,
)
from tests.assessment.examples import BEGUN, CARDS, SEAL, grant, issued, published, standing
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("standing")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


def suspended(service: Running, unit: str, **changes: Any) -> UnitSuspended:
    today = service.process.tools.clock.today()
    said = standing(UnitSuspended, **{"unit": unit, "suspended_on": today, "reason": "dishonesty", **changes})
    assert isinstance(said, UnitSuspended)
    return said


async def test_a_reinstated_units_batches_go_on_where_they_were_frozen(service: Running) -> None:
    unit = await authorised(service, "unit-33-back")
    notice, _ = await publicised(service, unit, range(2))
    open_batch = await batch_of(service, unit)
    await service.says(suspended(service, unit), subject=unit, sequence=2)
    for batch in (notice, open_batch):
        await said_of(service, BatchFrozen, batch)
    back = standing(UnitReinstated, unit=unit, grants=(grant(),))
    await service.says(back, subject=unit, sequence=3)
    await service.says(suspended(service, unit), subject=unit, sequence=2, event_id="heard late")
    assert (await said_of(service, BatchReleased, notice))[0]["state"] == "publicised"
    assert (await said_of(service, BatchReleased, open_batch))[0]["state"] == "registering"
    await enrolled(service, unit, open_batch, range(1))
    shown = await get(service, unit, f"/{notice}")
    assert (shown["frozen"], shown["frozen_for"], shown["state"]) == (False, "", "publicised")
    service.forward(days=12)
    assert len((await said_of(service, ResultsFinalised, notice))[0]["results"]) == 2


async def test_a_release_that_a_crash_cut_off_is_made_up_for_and_the_next_suspension_freezes_again(
    service: Running,
) -> None:
    unit = await authorised(service, "unit-33-crashed")
    batch = await batch_of(service, unit)
    database = service.process.tools.database
    # as a process leaves it that took the reinstatement to its mirror and ended before it told the batches
    await database.collection("batches").update(
        {"_id": batch}, {"$set": {"frozen": True, "frozen_for": "dishonesty"}, "$inc": {"version": 1}}
    )
    await said_of(service, BatchReleased, batch)
    for sequence in (2, 4):
        await service.says(suspended(service, unit), subject=unit, sequence=sequence)
        await said_of(service, BatchFrozen, batch, sequence // 2)
        back = standing(UnitReinstated, unit=unit, grants=(grant(),))
        await service.says(back, subject=unit, sequence=sequence + 1)
        await said_of(service, BatchReleased, batch, sequence // 2 + 1)


async def test_a_suspension_that_is_to_come_and_is_lifted_before_freezes_nothing(service: Running) -> None:
    unit = await authorised(service, "unit-33-spared")
    batch = await batch_of(service, unit)
    tomorrow = service.process.tools.clock.today() + timedelta(days=1)
    await service.says(suspended(service, unit, suspended_on=tomorrow), subject=unit, sequence=2)
    await service.says(standing(UnitReinstated, unit=unit, grants=(grant(),)), subject=unit, sequence=3)
    await eventually(lambda: _stands(service, unit, 3))
    service.forward(days=2)
    other = await authorised(service, "unit-33-not-spared")
    frozen = await batch_of(service, other)
    await service.says(suspended(service, other), subject=other, sequence=2)
    await said_of(service, BatchFrozen, frozen)  # so the clock has looked since
    assert not (await get(service, unit, f"/{batch}"))["frozen"]


async def _stands(service: Running, unit: str, sequence: int) -> bool:
    return await _known(service, "units", unit, sequence)


async def _known(service: Running, mirror: str, identity: str, sequence: int) -> bool:
    wanted = {"_id": identity, "sequence": sequence}
    return await service.process.tools.database.collection(mirror).find_one(wanted) is not None


async def test_a_lapsed_plan_ends_no_batch_begun_under_it_and_lets_no_new_one_begin(service: Running) -> None:
    unit = await authorised(service, "unit-33-lapsed")
    batch = await batch_of(service, unit)
    await service.says(standing(UnitLapsed, unit=unit, plan="", scopes=(), valid_from=None, valid_until=None),
                       subject=unit, sequence=2)  # fmt: skip
    await eventually(lambda: _stands(service, unit, 2))
    assert slug(await post(service, unit, "", planned_by(unit))) == "unit-not-authorised"
    await passed(service, await enrolled(service, unit, batch, range(1)))
    await moved(service, batch, State.SCORED, seal=SEAL.model_dump())
    assert (await post(service, unit, f"/{batch}/publicise")).status_code == 200


async def test_a_batch_planned_before_the_plan_lapsed_or_the_unit_was_suspended_is_not_filed(service: Running) -> None:
    unit = await authorised(service, "unit-33-too-late")
    batch = str((await post(service, unit, "", planned_by(unit))).json()["id"])
    await service.says(suspended(service, unit), subject=unit, sequence=2)
    await eventually(lambda: _is_frozen(service, unit, batch, frozen=True))
    assert slug(await post(service, unit, f"/{batch}/file")) == "batch-frozen"
    gone = standing(UnitReinstated, unit=unit, plan="", scopes=(), valid_from=None, valid_until=None)
    await service.says(gone, subject=unit, sequence=3)
    await eventually(lambda: _is_frozen(service, unit, batch, frozen=False))
    assert slug(await post(service, unit, f"/{batch}/file")) == "unit-not-authorised"
    await service.says(standing(unit=unit), subject=unit, sequence=4)
    await eventually(lambda: answers(service, unit, f"/{batch}/file", 200))
    await said_of(service, BatchFiled, batch)
    told = [said.type for said in service.said if json.loads(said.body).get("batch") == batch]
    assert told == [BatchFiled.type], "nobody is told of a batch that is not announced"


async def _is_frozen(service: Running, unit: str, batch: str, *, frozen: bool) -> bool:
    return bool((await get(service, unit, f"/{batch}"))["frozen"] is frozen)


async def test_a_unit_stored_before_there_were_grants_may_still_examine(service: Running) -> None:
    unit = await authorised(service, "unit-33-schema")
    units = service.process.tools.database.collection("units")
    [known] = await units.find({"_id": unit})
    [of] = known["grants"]
    plain = {name: of[name] for name in ("plan", "scopes", "valid_from", "valid_until")}
    await units.update({"_id": unit}, {"$set": {"schema": 1, **plain}, "$unset": {"grants": ""}})
    assert (await get(service, unit, f"/{await batch_of(service, unit)}"))["plan"] == of["plan"]


async def test_results_carry_the_plan_and_who_examined(service: Running) -> None:
    unit = "unit-33-lineage"
    further = grant(plan="plan-9", edition=3, valid_from=date(2019, 10, 1))
    await service.says(standing(unit=unit, grants=(grant(), further)), subject=unit)
    await eventually(lambda: _stands(service, unit, 1))
    batch, _ = await publicised(service, unit, range(1))
    shown = await get(service, unit, f"/{batch}")
    service.forward(days=12)
    [said] = await said_of(service, ResultsFinalised, batch)
    about = {"plan": "plan-9", "plan_edition": 3, "site": site_of(unit), "begun_on": BEGUN.isoformat()}
    for name, value in {**about, "assessors": list(CARDS), "supervisor": "card-9"}.items():
        assert (said[name], shown[name]) == (value, value), name


async def test_the_newest_word_on_a_card_counts(service: Running) -> None:
    ended = issued(card="card-7", ended_on=date(2019, 1, 2), reason="fraud")
    for said, sequence in ((ended, 3), (issued(card="card-7"), 2), (issued(card="card-8"), 1)):
        await service.says(said, subject=said.card, sequence=sequence)
    await eventually(lambda: _known(service, "cards", "card-8", 1))  # so what was said before it is heard
    assert await _known(service, "cards", "card-7", 3)
