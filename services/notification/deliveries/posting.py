"""One attempt: the signed request that carries an event to an endpoint, and what came of it."""

import asyncio
import re
import ssl
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from opentelemetry.trace import Span, Status, StatusCode
from prometheus_client import Counter
from standardwebhooks import Webhook

from services.notification.deliveries.domain import Attempt
from services.notification.feed.domain.event import FeedEvent
from services.notification.subscriptions.hosts import Hosts
from shared.clock import Clock
from shared.errors import Fault
from shared.tracing import SpanKind, open_span, traceparent_of

POOLS = 4  # per endpoint: httpx grows slow with many connections in one pool
CONNECTIONS = 4  # per pool
AT_ONCE = POOLS * CONNECTIONS
MOST_ANSWER = 65_536  # bytes read of an answer, so that the connection can be used again; nobody looks at them
IDLE = 2.0  # seconds; below the five after which common servers close
FAILURES = (TimeoutError, httpx.HTTPError, Fault, UnicodeError)  # the last: a host that cannot be encoded
ATTEMPTS = Counter("skillcert_deliveries", "Attempts to deliver", ["outcome"])


class Endpoint:
    """Posts to one URL with one secret over a bounded number of connections of its own."""

    def __init__(self, url: str, secret: str, hosts: Hosts, clock: Clock, tls: ssl.SSLContext) -> None:
        self._url = httpx.URL(url)
        self._host = self._url.raw_host.decode()
        self._webhook: Any = Webhook(secret)
        self._hosts = hosts
        self._clock = clock
        self._pools = [_pool(tls) for _ in range(POOLS)]

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
        span = open_span("deliver", event.trace, SpanKind.CLIENT, event=event.event, host=self._host)
        carried = traceparent_of(span) or event.trace
        answer, retry_after = await self._answer(place, event, carried, seconds)
        took = round((time.perf_counter() - begun) * 1000)
        attempt = Attempt(at=at, answer=answer, ms=took, retry_after=retry_after)
        _end(span, attempt)
        return attempt, carried

    async def _answer(
        self, place: httpx.AsyncHTTPTransport, event: FeedEvent, trace: str | None, seconds: float
    ) -> tuple[str, float | None]:
        answer, retry_after = "", None
        try:
            async with asyncio.timeout(seconds):
                response = await place.handle_async_request(await self._request(event, trace))
                answer, retry_after = str(response.status_code), asked_to_wait(response.headers.get("retry-after", ""))
                await _drain(response)
        except FAILURES as cause:
            return answer or _kind(cause), retry_after
        return answer, retry_after

    async def _request(self, event: FeedEvent, trace: str | None) -> httpx.Request:
        body = event.cloud_event()
        headers = self._headers(event, body, trace)
        extensions = {}
        url = self._url
        if (address := await self._hosts.address(self._host)) is not None:
            # Connect to the address that was looked at, and to no other that the name may mean by now.
            headers["host"] = url.netloc.decode()
            extensions["sni_hostname"] = self._host
            url = url.copy_with(host=address)
        return httpx.Request("POST", url, content=body.encode(), headers=headers, extensions=extensions)

    def _headers(self, event: FeedEvent, body: str, trace: str | None) -> dict[str, str]:
        now = datetime.now(UTC)  # not the business clock: receivers compare it with the time of day
        headers = {
            "content-type": "application/cloudevents+json",
            "user-agent": "skillcert",
            "webhook-id": event.event,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(event.event, now, body),
        }
        return headers if trace is None else {**headers, "traceparent": trace}


def _pool(tls: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    """No client around it: cookies, redirects and proxies are the last thing a webhook wants."""
    return httpx.AsyncHTTPTransport(
        verify=tls,
        trust_env=False,
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=IDLE),
    )


async def _drain(response: httpx.Response) -> None:
    read = 0
    try:
        async for chunk in response.aiter_raw():
            read += len(chunk)
            if read > MOST_ANSWER:
                break
    finally:
        await response.aclose()


def asked_to_wait(text: str) -> float | None:
    """The seconds that a `Retry-After` names, as such or by an HTTP date; None for what is neither or is over."""
    if re.fullmatch("[0-9]{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # what the parser meets in texts that are no dates
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) or None


def _kind(cause: Exception) -> str:
    if isinstance(cause, Fault):
        return cause.slug
    if isinstance(cause, TimeoutError | httpx.TimeoutException):
        return "timeout"
    return "unreachable" if isinstance(cause, httpx.NetworkError | UnicodeError) else "broken"


def _end(span: Span, attempt: Attempt) -> None:
    ATTEMPTS.labels("taken" if attempt.taken else "refused").inc()
    span.set_attribute("answer", attempt.answer)
    if not attempt.taken:
        span.set_status(Status(StatusCode.ERROR, attempt.answer))
    span.end()
