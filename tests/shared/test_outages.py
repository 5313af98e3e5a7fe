"""RabbitMQ or MongoDB gone or frozen: every door answers in time, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from time import monotonic
from typing import Any

import httpx
import pytest

from infra.local.issuer import Issuer
from infra.local.mongod import Mongod
from infra.local.rabbitmq import Rabbit
from infra.local.servers import Servers
from infra.local.servers import servers as local_servers
from shared.events.registry import PlanFiled, Scope
from tests.doors.plans import PLAN, framed
from tests.live import Running, built, eventually, is_ready, running, served

pytestmark = pytest.mark.live
SOON = 5.0  # seconds within which every door answers
STOPS_WITHIN = 10.0  # seconds a supervisor waits before it kills


@pytest.fixture(scope="module")
def own_servers() -> Iterator[Servers]:
    """Servers of this module's own, for it kills them."""
    with local_servers() as pair:
        if not pair.isolated:
            pytest.skip("servers given by URL cannot be killed")
        yield pair


@pytest.fixture(scope="module")
async def registry(
    own_servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("outages")
    async with running("registry", own_servers, issuer, folder, retry_delays=(0.2, 0.5, 1, 2, 4)) as service:
        service.set_time(datetime(2019, 9, 2, tzinfo=UTC))
        await framed(service, "33", "66")
        yield service


@pytest.fixture
def rabbitmq(own_servers: Servers) -> Rabbit:
    assert own_servers.rabbitmq is not None
    return own_servers.rabbitmq


@pytest.fixture
def mongod(own_servers: Servers) -> Mongod:
    assert own_servers.mongod is not None
    return own_servers.mongod


async def soon(request: Any) -> httpx.Response:
    """The answer of a request, which must come within five seconds."""
    begun = monotonic()
    answer: httpx.Response = await request
    assert monotonic() - begun < SOON
    return answer


async def is_not_ready(service: Running, cause: str) -> None:
    answer = await soon(service.http.get("/health/ready"))
    assert (answer.status_code, answer.json()["failing"]) == (503, {cause: f"{SLUGS[cause]}-unavailable"})
    assert (await soon(service.http.get("/health/live"))).status_code == 200


SLUGS = {"broker": "broker", "database": "storage"}


async def is_ready_again(service: Running) -> None:
    await eventually(lambda: is_ready(service.http), within=40)


async def file_a_plan(service: Running) -> str:
    """Submit a plan and put it on file, each within five seconds; its id."""
    submitted = await soon(
        service.http.post("/v1/plans", json=PLAN, headers=service.token("unit", "unit-33-001", "33"))
    )
    assert submitted.status_code == 201, submitted.text
    plan: str = submitted.json()["id"]
    filed = await soon(service.http.post(f"/v1/plans/{plan}/file", headers=service.token("center")))
    assert filed.status_code == 200, filed.text
    return plan


async def unit_is_authorised_by(service: Running, plan: str) -> None:
    """What the registry said of the plan came back to it over the bus."""

    async def authorised() -> bool:
        answer = await service.http.get("/v1/standings/unit-33-001", headers=service.token("center"))
        return answer.status_code == 200 and plan in {grant["plan"] for grant in answer.json()["grants"]}

    await eventually(authorised, within=40)


async def nothing_is_pending(service: Running) -> None:
    async def struck() -> bool:
        stores = service.process.service.stores
        return not any([await store.collection.count({"pending.0": {"$exists": True}}) for store in stores])

    await eventually(struck)


async def test_with_a_frozen_broker_plans_are_filed_and_announced_later(registry: Running, rabbitmq: Rabbit) -> None:
    rabbitmq.freeze()
    try:
        plan = await file_a_plan(registry)
        await is_not_ready(registry, "broker")
    finally:
        rabbitmq.thaw()
    await is_ready_again(registry)
    await unit_is_authorised_by(registry, plan)
    await nothing_is_pending(registry)


async def test_with_a_killed_broker_plans_are_filed_and_announced_later(registry: Running, rabbitmq: Rabbit) -> None:
    await eventually(lambda: queues_are_on_disk(registry, rabbitmq))
    rabbitmq.kill()
    try:
        plan = await file_a_plan(registry)
        await is_not_ready(registry, "broker")
    finally:
        await asyncio.to_thread(rabbitmq.start)
    await is_ready_again(registry)
    await unit_is_authorised_by(registry, plan)
    await nothing_is_pending(registry)


async def queues_are_on_disk(service: Running, rabbitmq: Rabbit) -> bool:
    """Whether the broker would know its queues after a crash: it writes down new ones half a second later."""
    [names] = (rabbitmq.folder / "mnesia").rglob("quorum/*/names.dets")
    written = names.read_bytes()
    topology = service.process.consumers.topology
    return all(topology.queue(key).encode() in written for key in topology.heard)


async def test_with_a_frozen_database_requests_are_refused_and_events_taken_later(
    registry: Running, mongod: Mongod
) -> None:
    headers = registry.token("unit", "unit-33-002", "33")
    mongod.freeze()
    try:
        await registry.says(_filed_elsewhere("plan-of-old"), subject="plan-of-old")
        await asyncio.gather(refused(registry, headers), is_not_ready(registry, "database"))
    finally:
        mongod.thaw()
    await is_ready_again(registry)
    await unit_is_authorised_by(registry, "plan-of-old")
    await one_plan_comes_of(registry, headers, "unit-33-002")


async def test_with_a_killed_database_requests_are_refused_and_everything_saved_is_kept(
    registry: Running, mongod: Mongod
) -> None:
    plan = await file_a_plan(registry)
    headers = registry.token("unit", "unit-66-001", "66")
    mongod.kill()
    try:
        await asyncio.gather(refused(registry, headers), is_not_ready(registry, "database"))
    finally:
        await asyncio.to_thread(mongod.start)
    await is_ready_again(registry)
    assert (await registry.http.get(f"/v1/plans/{plan}", headers=registry.token("center"))).status_code == 200
    await unit_is_authorised_by(registry, plan)
    await one_plan_comes_of(registry, headers, "unit-66-001")


async def refused(service: Running, headers: dict[str, str]) -> None:
    answer = await soon(service.http.post("/v1/plans", json=PLAN, headers=headers))
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["type"] == "urn:skillcert:problem:storage-unavailable"
    assert int(answer.headers["retry-after"]) > 0


async def one_plan_comes_of(service: Running, headers: dict[str, str], unit: str) -> None:
    """The request that was refused, repeated: it has its effect, and once."""
    repeated = await service.http.post("/v1/plans", json=PLAN, headers=headers)
    assert repeated.status_code == 201
    plans = await service.http.get("/v1/plans", headers=headers)
    assert [(row["id"], row["unit"]) for row in plans.json()["rows"]] == [(repeated.json()["id"], unit)]


def _filed_elsewhere(plan: str) -> PlanFiled:
    scopes = (Scope(occupation="rebar_worker", levels=("5",)),)
    days = {"valid_from": date(2019, 9, 1), "valid_until": date(2020, 8, 31)}
    return PlanFiled(plan=plan, unit="unit-33-001", scopes=scopes, **days)


async def test_a_service_starts_and_stops_in_time_though_the_broker_is_frozen(
    registry: Running, rabbitmq: Rabbit
) -> None:
    another = built(registry.process.tools.settings)
    rabbitmq.freeze()
    try:
        async with served(another) as http:
            answer = await soon(http.get("/health/ready"))
            assert answer.json()["failing"] == {"prepared": "not-prepared", "broker": "not-prepared"}
            rabbitmq.thaw()
            await eventually(lambda: is_ready(http), within=40)
            rabbitmq.freeze()
            begun = monotonic()
        assert monotonic() - begun < STOPS_WITHIN
    finally:
        rabbitmq.thaw()
        await another.consumers._stopped()  # a process would have ended, and its connections with it
