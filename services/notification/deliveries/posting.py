"""One attempt: the request that carries an event to an endpoint, its span, and what came of it."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry.trace import Span, Status, StatusCode
from prometheus_client import Counter

from services.notification.deliveries.domain import Attempt
from services.notification.feed.domain.event import FeedEvent
from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.outward import Outward, Signer
from services.notification.subscriptions.wire import Wire
from shared.clock import Clock
from shared.tracing import SpanKind, open_span, traceparent_of

AT_ONCE = 16  # attempts at the same time per endpoint
CLOUD_EVENT = {"content-type": "application/cloudevents+json"}
ATTEMPTS = Counter("skillcert_deliveries", "Attempts to deliver", ["outcome"])


class Endpoint:
    """Posts events to one URL over connections of its own, as many as there are attempts at the same time.

    `written` is an event's text.
    """

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
        self._tls = tls
        self._idle: list[Wire] = []

    @contextmanager
    def place(self) -> Iterator[Wire]:
        """A connection for one attempt at a time: the one used last, which is the least likely to be closed by now."""
        place = self._idle.pop() if self._idle else Wire(self._tls)
        try:
            yield place
        finally:
            self._idle.append(place)

    async def close(self) -> None:
        """Once no attempt is under way."""
        for place in self._idle:
            await place.aclose()

    async def post(self, place: Wire, event: FeedEvent, seconds: float) -> tuple[Attempt, str | None]:
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
