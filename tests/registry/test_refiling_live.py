"""A result that was rejected is filed when it is said once more in a further chunk, on the real servers."""

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.drive.people import people
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.assessment import FinalResult, ResultsFinalised
from tests.doors.plans import registered
from tests.live import Running, running
from tests.registry.test_live import authorised, filed, in_frame, rejected

pytestmark = pytest.mark.live

CROWD = people(seed=1886)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("refiling")) as live:
        await in_frame(live, "33")
        yield live


def chunk(service: Running, unit: str, count: int) -> ResultsFinalised:
    today, results = service.process.tools.clock.today(), []
    for _ in range(count):
        entry, person = f"entry-{uuid4().hex}", next(CROWD)
        text = json.dumps({"name": person.name, "id_number": person.id_number})
        sealed = service.process.tools.sealer.seal(text, bound_to=entry)
        results.append(FinalResult(entry=entry, holder="张*", person=sealed, theory=80, practical=72.5))
    return ResultsFinalised(
        batch=f"batch-{uuid4().hex}", unit=unit, occupation="rebar_worker", level="5", standard="rebar_worker-2019p",
        exam_on=today, closed_at=service.process.tools.clock.now(), chunk=1, chunks=1, results=tuple(results),
    )  # fmt: skip


async def test_what_was_rejected_for_want_of_a_code_is_filed_by_its_next_chunk_once(service: Running) -> None:
    unit = await registered(service, "33")
    await authorised(service, unit, "33")
    said = chunk(service, unit, 2)
    entries = [row.entry for row in said.results]
    await service.says(said, subject=f"{said.batch}.1")
    for entry in entries:
        assert (await rejected(service, entry))["reason"] == "issuer-without-code"
    codes = {"reason": "编码下达", "issuer_codes": {"appraisal": "99002077", "recognition": "S000033000077"}}
    answer = await service.http.patch(f"/v1/organisations/{unit}", json=codes, headers=service.token("center"))
    assert answer.status_code == 200, answer.text
    again = said.model_copy(update={"chunk": 2, "results": said.results[:1]})
    for _ in range(2):  # as a redelivery would
        await service.says(again, subject=f"{said.batch}.2")
    await service.says(said, subject=f"{said.batch}.1", event_id="the first chunk, heard late")
    [certificate] = await filed(service, entries[:1])
    assert "99002077" in certificate["number"]
    further = said.model_copy(update={"chunk": 3, "results": said.results[1:]})
    await service.says(further, subject=f"{said.batch}.3")
    [second] = await filed(service, entries[1:])
    assert int(second["number"]) == int(certificate["number"]) + 1, "a redelivered chunk took a number"


async def test_what_was_rejected_while_the_unit_was_suspended_is_filed_once_that_is_lifted(service: Running) -> None:
    await authorised(service, "unit-33-001", "33")
    why = {"reason": "核查", "basis": "中心通知"}
    path, center = "/v1/standings/unit-33-001", service.token("center")
    today = service.process.tools.clock.today()
    suspending = {**why, "on": today.isoformat()}
    answer = await service.http.post(f"{path}/suspend", json=suspending, headers=center)
    assert answer.status_code == 200, answer.text
    said = chunk(service, "unit-33-001", 1)
    await service.says(said, subject=f"{said.batch}.1")
    assert (await rejected(service, said.results[0].entry))["reason"] == "unit-suspended"
    answer = await service.http.post(f"{path}/lift", json=why, headers=service.token("center"))
    assert answer.status_code == 200, answer.text
    await service.says(said.model_copy(update={"chunk": 2}), subject=f"{said.batch}.2")
    [certificate] = await filed(service, [said.results[0].entry])
    assert certificate["entry"] == said.results[0].entry
