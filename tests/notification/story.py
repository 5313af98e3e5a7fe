"""What the live tests ask of a running notification service."""

from typing import Any, ClassVar
from uuid import uuid4

import httpx

from shared.events.base import Event
from shared.events.registry import PlanReturned
from tests.live import Running, eventually

LINE = "33"


class MoonRisen(Event):
    """An event of a newer registry that no catalogue here knows."""

    type: ClassVar[str] = "registry.moon.risen.v1"
    unit: str
    height: float


def returned(plan: str, unit: str = "unit-33-001") -> PlanReturned:
    """A small event of one unit."""
    return PlanReturned(plan=plan, unit=unit, remarks="请补充考评员名单。")


async def say(service: Running, unit: str = "unit-33-001", authority: str = "33", trace: str | None = None) -> str:
    """A unit's plan is returned; the event's id."""
    plan = f"plan-{uuid4().hex}"
    return await service.says(returned(plan, unit), subject=plan, authority=authority, trace=trace)


class Asking:
    """Requests as one caller."""

    def __init__(self, service: Running, role: str, org: str, line: str | None = LINE) -> None:
        self._service = service
        self._who = (role, org, line)

    def headers(self) -> dict[str, str]:
        return self._service.token(*self._who)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self._service.http.get(f"/v1{path}", params=query, headers=self._service.token(*self._who))

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self._service.http.post(
            f"/v1{path}", json=body, headers={**self._service.token(*self._who), **headers}
        )

    async def delete(self, path: str) -> httpx.Response:
        return await self._service.http.delete(f"/v1{path}", headers=self._service.token(*self._who))

    async def subscribe(self, url: str, *types: str, **more: Any) -> dict[str, Any]:
        """A new subscription with its secret, whose endpoint answered the challenge."""
        answer = await self.post("/subscriptions", {"url": url, "types": types, **more})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        assert made["state"] == "active", made["reason"]
        return made

    async def feed(self, **query: Any) -> list[dict[str, Any]]:
        """Events of the feed."""
        answer = await self.get("/events", **query)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    async def in_feed(self, correlation: str) -> list[dict[str, Any]]:
        """The events of one correlation, as soon as there are any."""
        return await eventually(lambda: self.feed(correlation=correlation))

    async def deliveries(self, subscription: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.get("/deliveries", subscription=subscription, **query)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    async def in_state(self, subscription: str, state: str, most: int = 1, tried: int = 0) -> list[dict[str, Any]]:
        """At least `most` deliveries in a state, tried so often, as soon as they are there."""

        async def enough() -> list[dict[str, Any]]:
            rows = [row for row in await self.deliveries(subscription, state=state) if row["tried"] >= tried]
            return rows if len(rows) >= most else []

        return await eventually(enough)

    async def is_disabled(self, subscription: str) -> bool:
        return bool((await self.get(f"/subscriptions/{subscription}")).json()["state"] == "disabled")


def center(service: Running) -> Asking:
    return Asking(service, "center", "center", None)


def subscriber(service: Running, org: str = "sub-1", line: str = LINE) -> Asking:
    return Asking(service, "subscriber", org, line)
