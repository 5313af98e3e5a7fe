"""What a unit's standing means for its batches, on the real servers: frozen, released, and lapsed plans."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.assessment import BatchFrozen, BatchReleased, ResultsFinalised
from shared.events.registry import UnitLapsed, UnitReinstated, UnitSuspended
from tests.assessment.driving import (
    FILED,
    answers,
    authorised,
    batch_of,
    enrolled,
    get,
    post,
    publicised,
    said_of,
    scored,
    slug,
)
from tests.assessment.examples import grant, issued, published, standing
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("standing")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        for place in (1, 2, 3):
            await live.says(issued(card=f"card-{place}"), subject=f"card-{place}")
        await live.says(issued(card="card-4", kind="supervisor"), subject="card-4")
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
    assert (await said_of(service, BatchReleased, open_batch))[0]["state"] == "filed"
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
    found = await service.process.tools.database.collection("units").find_one({"_id": unit, "sequence": sequence})
    return found is not None


async def test_a_lapsed_plan_ends_no_batch_begun_under_it_and_lets_no_new_one_begin(service: Running) -> None:
    unit = await authorised(service, "unit-33-lapsed")
    batch = await batch_of(service, unit)
    await service.says(standing(UnitLapsed, unit=unit, plan="", scopes=(), valid_from=None, valid_until=None),
                       subject=unit, sequence=2)  # fmt: skip
    await eventually(lambda: _stands(service, unit, 2))
    assert slug(await post(service, unit, "", FILED)) == "unit-not-authorised"
    await scored(service, unit, batch, await enrolled(service, unit, batch, range(1)))
    assert (await post(service, unit, f"/{batch}/publicise")).status_code == 200


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
    await eventually(lambda: answers(service, unit, "", 201, FILED))
    batch = await batch_of(service, unit)
    group = {"site": "site-1", "assessors": ["card-1", "card-2", "card-3"], "supervisor": "card-4"}
    await eventually(lambda: answers(service, unit, f"/{batch}/assignment", 200, group))
    await scored(service, unit, batch, await enrolled(service, unit, batch, range(1)))
    await post(service, unit, f"/{batch}/publicise")
    assert slug(await post(service, unit, f"/{batch}/assignment", group)) == "batch-state"
    shown = await get(service, unit, f"/{batch}")
    service.forward(days=12)
    [said] = await said_of(service, ResultsFinalised, batch)
    for name, value in {**group, "plan": "plan-9", "plan_edition": 3, "begun_on": shown["begun_on"]}.items():
        assert (said[name], shown[name]) == (value, value), name
    assert date.fromisoformat(shown["begun_on"]) <= service.process.tools.clock.today()


async def test_an_assignment_is_refused_by_card_and_rule(service: Running) -> None:
    unit = await authorised(service, "unit-33-assigns")
    batch = await batch_of(service, unit)
    for body, field, rule in (
        ({"assessors": ["card-1", "card-1"]}, "/assessors/1", "assessor-repeated"),
        ({"assessors": ["card-unknown"]}, "/assessors/0", "card-unknown"),
        ({"supervisor": "card-1"}, "/supervisor", "card-kind"),
    ):
        answer = await post(service, unit, f"/{batch}/assignment", body)
        assert (answer.status_code, slug(answer)) == (409, "card-refused"), answer.text
        assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["rule"]) == (field, rule)


async def test_the_newest_word_on_a_card_counts(service: Running) -> None:
    unit = await authorised(service, "unit-33-cards")
    batch = await batch_of(service, unit)
    ended = issued(card="card-7", ended_on=date(2019, 1, 2), reason="fraud")
    await asyncio.gather(
        service.says(ended, subject="card-7", sequence=3, event_id="card-7@3"),
        service.says(issued(card="card-7"), subject="card-7", sequence=2, event_id="card-7@2"),
        service.says(issued(card="card-8"), subject="card-8"),
    )
    await eventually(lambda: answers(service, unit, f"/{batch}/assignment", 200, {"assessors": ["card-8"]}))

    async def refused() -> bool:
        answer = await post(service, unit, f"/{batch}/assignment", {"assessors": ["card-7"]})
        return "card-status" in json.dumps(answer.json())

    await eventually(refused)
