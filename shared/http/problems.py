"""Every refusal over HTTP is a problem detail (RFC 9457) with a stable slug, a field and a rule where there is one."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from shared.errors import Fault, Kind, TooMany
from shared.privacy import scrub

STATUS: Mapping[Kind, HTTPStatus] = {
    Kind.MALFORMED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.INVALID: HTTPStatus.BAD_REQUEST,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.STALE: HTTPStatus.PRECONDITION_FAILED,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Kind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Kind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.UNFORESEEN: HTTPStatus.INTERNAL_SERVER_ERROR,
}
PROBLEM = "application/problem+json"

log = structlog.get_logger()


class FieldProblem(BaseModel):
    """One field that is wrong: JSON pointer, rule and what to do; never the value."""

    pointer: str
    rule: str
    detail: str


class Problem(BaseModel):
    """The body of every refusal."""

    type: str
    title: str
    status: int
    detail: str
    rule: str | None = None
    errors: list[FieldProblem] = []


def problem_of(fault: Fault) -> Problem:
    """A fault as a problem detail."""
    errors = [
        FieldProblem(pointer=one.field, rule=one.rule or one.slug, detail=scrub(one.detail))
        for one in (fault, *fault.further)
        if one.field
    ]
    return Problem(
        type=f"urn:skillcert:problem:{fault.slug}",
        title=fault.title,
        status=STATUS[fault.kind],
        detail=scrub(fault.detail),
        rule=fault.rule,
        errors=errors,
    )


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response for a problem."""
    return JSONResponse(
        problem.model_dump(exclude_none=True), problem.status, media_type=PROBLEM, headers=dict(headers or {})
    )


def malformed(error: RequestValidationError) -> Problem:
    """A body or parameter that cannot be read: 422 with a pointer to each field."""
    return Problem(
        type="urn:skillcert:problem:malformed",
        title="The request cannot be read.",
        status=422,
        detail="mend the named fields and send it again",
        errors=[_field(item) for item in error.errors()],
    )


def _field(item: Mapping[str, Any]) -> FieldProblem:
    where = [str(part).replace("~", "~0").replace("/", "~1") for part in item["loc"]]
    place = where[1:] if where[0] == "body" else where
    if item["type"] == "json_invalid":  # its place is a byte, not a field
        place = []
    pointer = "".join(f"/{scrub(part)}" for part in place)
    return FieldProblem(pointer=pointer, rule=str(item["type"]), detail=scrub(str(item["msg"])))


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem detail."""

    @app.exception_handler(Fault)
    async def fault(_: Request, error: Fault) -> JSONResponse:
        headers = {"Retry-After": "2"} if error.kind is Kind.UNAVAILABLE else {}
        if isinstance(error, TooMany):
            headers["Retry-After"] = str(error.retry_after)
        if error.kind is Kind.UNAUTHENTICATED:
            headers["WWW-Authenticate"] = "Bearer"
        return answer(problem_of(error), headers)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> JSONResponse:
        return answer(malformed(error))

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        problem = Problem(
            type=f"urn:skillcert:problem:{phrase.lower().replace(' ', '-')}",
            title=phrase,
            status=error.status_code,
            detail=scrub(str(error.detail)),
        )
        return answer(problem, error.headers)  # a 405 names there what is allowed


def unforeseen(path: str, error: Exception) -> JSONResponse:
    """A defect of ours: its cause goes to the log, the caller is told nothing of it."""
    log.error("unforeseen", path=scrub(path), cause=scrub(f"{type(error).__name__}: {error}"))
    return answer(problem_of(Fault("this is a defect of ours; the request may be repeated")))
