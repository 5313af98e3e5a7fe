"""A caller of the four services: one role, one organisation, every write with an Idempotency-Key of its own."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from infra.local.stack import Stack

PATIENCE = 60.0  # seconds a caller repeats the same request while a service is away


class Refused(Exception):  # noqa: N818 - says what happened
    """A service refused a request; the problem detail says why."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('type')}: {problem.get('detail')} {problem.get('errors', '')}")
        self.status = status
        self.slug = str(problem.get("type", "")).rsplit(":", 1)[-1]
        self.rules = [str(row["rule"]) for row in problem.get("errors", ())]


@dataclass(frozen=True)
class Caller:
    """Who asks; the same write is repeated with the same key while the service is away."""

    stack: Stack
    http: httpx.AsyncClient
    role: str
    organisation: str
    authority: str | None = None

    async def get(self, service: str, path: str, **query: str | int) -> Any:
        """Read."""
        return (await self._answer("GET", service, path, params=_text(query))).json()

    async def read(self, service: str, path: str, **query: str | int) -> bytes:
        """Read what is no JSON: a document to print, say."""
        return (await self._answer("GET", service, path, params=_text(query))).content

    async def post(self, service: str, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """Write one thing."""
        return (await self._answer(method, service, path, json=body)).json()

    async def post_rows(self, service: str, path: str, rows: Iterable[Mapping[str, Any]]) -> Any:
        """Write many rows as NDJSON."""
        content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
        headers = {"content-type": "application/x-ndjson"}
        return (await self._answer("POST", service, path, content=content, headers=headers)).json()

    async def _answer(
        self, method: str, service: str, path: str, headers: Mapping[str, str] | None = None, **request: Any
    ) -> httpx.Response:
        token = self.stack.issuer.token(self.role, self.organisation, self.authority)
        carried = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex, **(headers or {})}
        end = time.monotonic() + PATIENCE
        while True:
            response = await self._once(method, service, path, carried, request)
            if response is not None and response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                break
            if time.monotonic() > end:
                raise TimeoutError(f"{service} did not answer {method} {path} within {PATIENCE:.0f} s")
            await asyncio.sleep(0.2)
        if response.is_error:
            raise Refused(response.status_code, response.json())
        return response

    async def _once(
        self, method: str, service: str, path: str, headers: Mapping[str, str], request: Mapping[str, Any]
    ) -> httpx.Response | None:
        try:
            url = f"{self.stack.url(service)}{path}"
            return await self.http.request(method, url, headers=dict(headers), timeout=10, **request)
        except httpx.TransportError:
            return None


def _text(query: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(value) for name, value in query.items()}


async def pages(
    caller: Caller, service: str, path: str, *, run: int = 1000, **query: str | int
) -> list[dict[str, Any]]:
    """All rows of a paged list, so many at a time."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str | int] = {}
    while True:
        page = await caller.get(service, path, limit=run, **query, **cursor)
        rows += page["rows"]
        if not page.get("next"):
            return rows
        cursor = {"cursor": page["next"]}
