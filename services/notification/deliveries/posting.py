"""One attempt: the signed request that carries an event to an endpoint, and what came of it."""

import asyncio
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self

import httpx
from opentelemetry.trace import Span, Status, StatusCode
from prometheus_client import Counter
from standardwebhooks import Webhook

from services.notification.deliveries.domain import Attempt
from services.notification.feed.domain import FeedEvent
from services.notification.subscriptions.hosts import Hosts
from shared.clock import Clock
from shared.errors import Fault
from shared.tracing import SpanKind, open_span, traceparent_of

CLIENTS = 4  # per endpoint: httpx grows slow with many connections in one client
CONNECTIONS = 4  # per client
MOST_ANSWER = 65_536  # bytes read of an answer, so that the connection can be used again; nobody looks at them
IDLE = 2.0  # seconds; below the five after which common servers close
ATTEMPTS = Counter("skillcert_deliveries", "Attempts to deliver", ["outcome"])


class Endpoint:
    """Posts to one URL with one secret over a bounded number of connections of its own."""

    def __init__(self, url: str, secret: str, hosts: Hosts, clock: Clock, tls: ssl.SSLContext) -> None:
        self._url = httpx.URL(url)
        self._webhook: Any = Webhook(secret)
        self._hosts = hosts
        self._clock = clock
        self._clients = [_client(tls) for _ in range(CLIENTS)]
        self._slots: asyncio.Queue[httpx.AsyncClient] = asyncio.Queue()
        for _ in range(CONNECTIONS):  # in turn, so that few requests at once spread over the clients
            for client in self._clients:
                self._slots.put_nowait(client)

    async def slot(self) -> httpx.AsyncClient:
        """A free connection, as soon as there is one; give it back with `free`."""
        return await self._slots.get()

    def free(self, slot: httpx.AsyncClient) -> None:
        self._slots.put_nowait(slot)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def post(self, slot: httpx.AsyncClient, event: FeedEvent, timeout: float) -> tuple[Attempt, str | None]:  # noqa: ASYNC109
        """Send one event; the attempt, and the trace context of its span."""
        at, begun = self._clock.now(), time.perf_counter()
        span = open_span("deliver", event.trace, SpanKind.CLIENT, event=event.event, host=self._url.host)
        carried = traceparent_of(span) or event.trace
        answer = await self._answer(slot, event, carried, timeout)
        attempt = Attempt(at=at, answer=answer, ms=round((time.perf_counter() - begun) * 1000))
        _end(span, attempt)
        return attempt, carried
