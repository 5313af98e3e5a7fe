"""Every route of every service, walked by every role: who is let through, and what each route says of itself."""

import re
from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import pytest
from fastapi.routing import APIRoute

from infra.local.issuer import Issuer
from shared.auth import Role
from shared.http.door import Door
from shared.process import Process
from shared.settings import ServiceName, Settings
from tests.doors.routes import allowed, api_routes, examples_of, method_of, writes
from tests.live import INDEX_KEY, SEAL_KEYS, built

SHELL = {"/health/live", "/health/ready", "/metrics"}
PUBLIC = {
    "/v1/objections",
    "/v1/objections/own",
    "/v1/batches/{batch}/announcement",
    "/v1/batches/{batch}/public-list",
    "/batches/{batch}/announcement",
    "/batches/{batch}/public-list",
    "/v1/archives/keys",
    "/v1/verify/{number}",
    "/v1/verify",
    "/v1/verify/{number}/credential",
    "/v1/credentials/keys",
    "/v1/credentials/issuer",
    "/v1/credentials/status/{purpose}/{series}/{block}",
    "/verify",
    "/verify/{number}",
    "/v1/checkpoints/keys",
    "/v1/notices",
    "/v1/notices/keys",
    "/v1/webhook-keys",
    "/v1/notices/{notice}",
    "/v1/notices/{notice}/proof",
    "/notices",
    "/notices/archive",
    "/notices/{notice}",
    "/notices.atom",
}
"""What anybody may ask without a token, beside what every process answers its supervisor."""
PUBLIC_WRITES = {"/v1/objections"}
"""What anybody may change without a token: a candidate objects to the own result, by ticket and ID number."""


@pytest.fixture(params=get_args(ServiceName))
async def process(request: pytest.FixtureRequest, issuer: Issuer) -> AsyncIterator[Process]:
    """A service whose servers are away: no request of these tests gets as far as that."""
    settings = Settings(
        service=request.param,
        amqp_url="amqp://127.0.0.1:9/",
        mongo_url="mongodb://127.0.0.1:9/",
        jwks_url=issuer.url,
        seal_keys=SEAL_KEYS,
        index_key=INDEX_KEY,
    )
    process = built(settings)
    yield process
    await process.verifier.aclose()
    await process.tools.database.close()


@pytest.fixture
async def http(process: Process) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(process.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        yield http


def guarded(process: Process) -> list[APIRoute]:
    return [route for route in api_routes(process.app()) if allowed(route) is not None]


def headers(issuer: Issuer, role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(role, 'unit-33-001', '33')}", "Idempotency-Key": "k1"}


async def asked(http: httpx.AsyncClient, route: APIRoute, **options: Any) -> httpx.Response:
    return await http.request(method_of(route), re.sub(r"\{[^}]*\}", "1", route.path), **options)


def problem(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"]).rsplit(":", 1)[-1]


def test_every_route_is_a_door_that_names_who_may_come_in(process: Process) -> None:
    routes = list(api_routes(process.app()))
    assert {route.path for route in routes if not isinstance(route, Door)} == SHELL
    assert [route.path for route in routes if allowed(route) == frozenset()] == []
    assert len(guarded(process)) > 2


def test_only_what_is_meant_for_the_public_is_public(process: Process) -> None:
    routes = [route for route in api_routes(process.app()) if allowed(route) is None]
    assert {route.path for route in routes} - SHELL <= PUBLIC
    assert {route.path for route in routes if writes(route)} <= PUBLIC_WRITES


async def test_without_a_token_no_door_opens(process: Process, http: httpx.AsyncClient) -> None:
    for route in guarded(process):
        answer = await asked(http, route, headers={"Idempotency-Key": "k1"})
        assert (answer.status_code, problem(answer)) == (401, "token-missing"), route.path


async def test_a_role_that_is_not_named_is_refused(process: Process, http: httpx.AsyncClient, issuer: Issuer) -> None:
    for route in guarded(process):
        for role in set(Role) - (allowed(route) or frozenset()):
            answer = await asked(http, route, headers=headers(issuer, role))
            assert (answer.status_code, problem(answer)) == (403, "forbidden"), (route.path, role)


async def test_every_write_demands_an_idempotency_key_of_everybody(
    process: Process, http: httpx.AsyncClient, issuer: Issuer
) -> None:
    for route in filter(writes, guarded(process)):
        for role in allowed(route) or ():
            without = {"Authorization": headers(issuer, role)["Authorization"]}
            answer = await asked(http, route, headers=without)
            assert (answer.status_code, problem(answer)) == (400, "idempotency-key-missing"), (route.path, role)


def test_every_route_says_in_a_docstring_what_it_does(process: Process) -> None:
    assert [route.path for route in api_routes(process.app()) if not (route.endpoint.__doc__ or "").strip()] == []


def test_every_body_has_an_example_that_is_valid(process: Process) -> None:
    for route in api_routes(process.app()):
        examples = examples_of(route)
        assert bool(examples) == bool(route.dependant.body_params), route.path
        for command, example in examples:
            command.model_validate(example)
