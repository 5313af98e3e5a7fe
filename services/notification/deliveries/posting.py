"""One attempt: the request that carries an event to an endpoint, its span, and what came of it."""

import ssl
import time
from collections.abc import Callable

import httpx
from opentelemetry.trace import Span, Status, StatusCode
from prometheus_client import Counter

from services.notification.deliveries.domain import Attempt
from services.notification.feed.domain.event import FeedEvent
from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.outward import CONNECTIONS, Outward, Signer, transport
from shared.clock import Clock
from shared.tracing import SpanKind, open_span, traceparent_of

POOLS = 4  # per endpoint
AT_ONCE = POOLS * CONNECTIONS
CLOUD_EVENT = {"content-type": "application/cloudevents+json"}
ATTEMPTS = Counter("skillcert_deliveries", "Attempts to deliver", ["outcome"])


class Endpoint:
    """Posts events to one URL over a bounded number of connections of its own; `written` is an event's text."""

    def __init__(
        self,
        url: str,
        signer: Signer,
        hosts: Hosts,
        clock: Clock,
        tls: ssl.SSLContext,
        written: Callable[[FeedEvent], str] = FeedEvent.cloud_event,
    ) -> None:
        self._outward = Outward(url, signer, hosts)
        self._written = written
        self._clock = clock
        self._pools = [transport(tls) for _ in range(POOLS)]

    @property
    def places(self) -> list[httpx.AsyncHTTPTransport]:
        """One for each attempt at the same time; whoever keeps to that never waits for a connection."""
        return self._pools * CONNECTIONS

    async def close(self) -> None:
        for pool in self._pools:
            await pool.aclose()

    async def post(
        self, place: httpx.AsyncHTTPTransport, event: FeedEvent, seconds: float
    ) -> tuple[Attempt, str | None]:
        """Send one event; the attempt, and the trace context of its span."""
        at, begun = self._clock.now(), time.perf_counter()
        span = open_span("deliver", event.trace, SpanKind.CLIENT, event=event.event, host=self._outward.host)
        carried = traceparent_of(span) or event.trace
        headers = CLOUD_EVENT if carried is None else {**CLOUD_EVENT, "traceparent": carried}
        said = await self._outward.post(place, event.event, self._written(event), seconds, headers)
        took = round((time.perf_counter() - begun) * 1000)
        attempt = Attempt(at=at, answer=said.answer, ms=took, retry_after=said.retry_after)
        _end(span, attempt)
        return attempt, carried


def _end(span: Span, attempt: Attempt) -> None:
    ATTEMPTS.labels("taken" if attempt.taken else "refused").inc()
    span.set_attribute("answer", attempt.answer)
    if not attempt.taken:
        span.set_status(Status(StatusCode.ERROR, attempt.answer))
    span.end()
