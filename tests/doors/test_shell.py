"""Who is let through a door, and what is said of a defect, whatever the service."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from infra.local.issuer import Issuer
from shared.auth import Role
from shared.errors import Fault, Kind
from shared.http.app import Broken
from shared.http.door import Calling, Expected, allow, doors, public, reading
from shared.http.idempotency import MOST_BYTES
from shared.http.problems import STATUS
from tests.doors.shell import around

ID_NUMBER = "110105188912310021"


def routes() -> APIRouter:
    router = doors("/things", "things")

    @router.get("/undeclared")
    async def undeclared() -> str:
        return "never"

    @router.get("/mine")
    @allow(Role.UNIT, Role.CENTER)
    async def mine(caller: Calling) -> str:
        return caller.organisation

    @router.get("/open")
    @public
    async def opened() -> str:
        return "anybody"

    @router.get("/version")
    @public
    async def version(expect: Expected) -> int | None:
        return expect

    @router.get("/defect")
    @public
    async def defect() -> Annotated[str, "never"]:
        raise ValueError(f"{ID_NUMBER} has two fathers")

    @router.get("/half")
    @public
    async def half() -> StreamingResponse:
        async def rows() -> AsyncIterator[bytes]:
            yield b"one row"
            raise ValueError(f"{ID_NUMBER} has two fathers")

        return StreamingResponse(rows())

    _taking(router)
    return router


def _taking(router: APIRouter) -> None:
    @router.post("/question")
    @public
    @reading
    async def question(asked: dict[str, str]) -> int:
        return len(asked)

    @router.post("/write")
    @public
    async def write(asked: dict[str, str]) -> int:
        return len(asked)


@pytest.fixture
async def http(issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with around(routes(), issuer) as http:
        yield http


def bearer(issuer: Issuer, role: str, expires_in: float = 60) -> dict[str, str]:
    token = issuer.token(role, "unit-33-001", "33", expires_in=expires_in)
    return {"Authorization": f"Bearer {token}"}


def test_every_kind_of_fault_has_a_status() -> None:
    assert STATUS.keys() == set(Kind)


def test_a_faults_title_is_the_first_line_of_its_docstring() -> None:
    class Broken(Fault):
        """It is broken.

        And more.
        """

    assert Broken("mend it").title == "It is broken."


@pytest.mark.parametrize("role", list(Role))
async def test_a_route_that_names_nobody_answers_nobody(http: httpx.AsyncClient, issuer: Issuer, role: str) -> None:
    answer = await http.get("/v1/things/undeclared", headers=bearer(issuer, role))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:skillcert:problem:forbidden")
    assert "it is for: nobody" in answer.json()["detail"]


@pytest.mark.parametrize("role", list(Role))
async def test_only_those_named_are_let_through(http: httpx.AsyncClient, issuer: Issuer, role: str) -> None:
    answer = await http.get("/v1/things/mine", headers=bearer(issuer, role))
    if role in (Role.UNIT, Role.CENTER):
        assert (answer.status_code, answer.json()) == (200, "unit-33-001")
    else:
        assert answer.status_code == 403
        assert answer.json()["detail"] == f"the role {role} may not do this; it is for: center, unit"


@pytest.mark.parametrize(
    ("authorization", "slug"),
    [
        ("", "token-missing"),
        ("Bearer", "token-missing"),
        ("Bearer ", "token-missing"),
        ("Basic bGk6bGk=", "token-missing"),
        ("Bearer nonsense", "token-malformed"),
        ("Bearer a.b.c", "token-malformed"),
    ],
)
async def test_without_a_good_token_nobody_is_let_through(
    http: httpx.AsyncClient, authorization: str, slug: str
) -> None:
    answer = await http.get("/v1/things/mine", headers={"Authorization": authorization} if authorization else {})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:skillcert:problem:{slug}"


async def test_an_expired_token_says_so(http: httpx.AsyncClient, issuer: Issuer) -> None:
    answer = await http.get("/v1/things/mine", headers=bearer(issuer, "unit", expires_in=-60))
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:skillcert:problem:token-expired")


async def test_a_public_route_needs_no_token(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/things/open")).json() == "anybody"


@pytest.mark.parametrize(
    ("if_match", "version"), [(None, None), ("*", None), ('"3"', 3), ('W/"3"', 3), ("3", 3), ('"0"', 0)]
)
async def test_if_match_names_the_version_that_was_read(
    http: httpx.AsyncClient, if_match: str | None, version: int | None
) -> None:
    answer = await http.get("/v1/things/version", headers={"If-Match": if_match} if if_match else {})
    assert (answer.status_code, answer.json()) == (200, version)


@pytest.mark.parametrize("if_match", ['"abc"', '"3", "4"', '"-1"', '"' + "9" * 5000 + '"', '""', "٣"])
async def test_an_if_match_that_is_no_version_is_refused(http: httpx.AsyncClient, if_match: str) -> None:
    answer = await http.get("/v1/things/version", headers={b"If-Match": if_match.encode()})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "If-Match")


async def test_a_defect_is_answered_without_its_cause_and_logged_without_the_id_number(
    http: httpx.AsyncClient,
) -> None:
    with capture_logs() as logs:
        answer = await http.get("/v1/things/defect")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json() == {
        "type": "urn:skillcert:problem:unforeseen",
        "title": "Something went wrong; the detail says what to do next.",
        "status": 500,
        "detail": "this is a defect of ours; the request may be repeated",
        "errors": [],
    }
    assert logs[0]["cause"] == "ValueError: 110105********0021 has two fathers"
    assert ID_NUMBER not in str(logs)


async def test_no_span_tells_what_a_defect_said(http: httpx.AsyncClient) -> None:
    spans = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    await http.get("/v1/things/defect")
    spans.shutdown()  # a processor cannot be taken off again
    [span] = spans.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["http.response.status_code"] == 500
    assert ID_NUMBER not in span.to_json()


async def test_an_answer_that_breaks_off_is_no_whole_answer_and_its_cause_is_in_the_log_only(
    http: httpx.AsyncClient,
) -> None:
    with capture_logs() as logs, pytest.raises(Broken) as broken:
        await http.get("/v1/things/half")
    assert logs[0]["cause"] == "ValueError: 110105********0021 has two fathers"
    assert ID_NUMBER not in str(broken.getrepr())


async def test_what_is_not_there_and_what_is_not_done_are_problems_too(http: httpx.AsyncClient) -> None:
    unknown = await http.get("/v1/nothing")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:skillcert:problem:not-found")
    other = await http.delete("/v1/things/open")
    assert (other.status_code, other.json()["type"]) == (405, "urn:skillcert:problem:method-not-allowed")
    assert other.headers["allow"] == "GET"
    assert {unknown.headers["content-type"], other.headers["content-type"]} == {"application/problem+json"}


@pytest.mark.parametrize("path", ["question", "write"])
async def test_a_body_without_a_length_is_not_read_beyond_what_is_taken(http: httpx.AsyncClient, path: str) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b" " * 2**20

    headers = {"Content-Type": "application/json", "Idempotency-Key": "one"}
    answer = await http.post(f"/v1/things/{path}", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:skillcert:problem:body-too-large")
    assert sent <= MOST_BYTES // 2**20 + 2


async def test_methods_that_callers_make_up_leave_no_figures_of_their_own(http: httpx.AsyncClient) -> None:
    assert (await http.request("INVENTED", "/v1/things/open")).status_code == 405
    figures = (await http.get("/metrics")).text
    assert ("INVENTED" in figures, 'method="other"' in figures) == (False, True)


async def test_a_service_that_needs_nothing_is_ready_and_shows_its_figures(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health/live")).json() == {"status": "live"}
    assert (await http.get("/health/ready")).json() == {"status": "ready", "failing": {}}
    assert 'route="/v1/things/defect",status="500"' in (await http.get("/metrics")).text
