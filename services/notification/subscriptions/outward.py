"""One signed request to somebody else's endpoint: at the address that was looked at, bounded in time and bytes."""

import asyncio
import base64
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpcore
import httpx
from standardwebhooks import Webhook

from services.notification.subscriptions.hosts import Hosts
from shared.clock import Clock
from shared.errors import Fault
from shared.signing import Keyring

CONNECTIONS = 1  # per transport: with each further one httpx looks at all of them before every request
MOST_ANSWER = 65_536  # bytes read of an answer, so that the connection can be used again
MOST_READ = MOST_ANSWER + 32_768  # bytes taken for one request: its body, and heads, however many an endpoint sends
TAKEN_AT_ONCE = 16_384  # bytes taken at once: between, others have their turn
IDLE = 2.0  # seconds; below the five after which common servers close
FAILURES = (TimeoutError, httpx.HTTPError, Fault, UnicodeError)  # the last: a host that cannot be encoded


class Answer(NamedTuple):
    """What an endpoint said: a status code or what went wrong, how long it asks to wait, and how its text begins."""

    answer: str
    retry_after: float | None = None
    body: bytes = b""

    @property
    def taken(self) -> bool:
        return self.answer.startswith("2") and self.answer.isdecimal()


class Lapsing(NamedTuple):
    """A secret that signs as well until an instant of the business clock."""

    secret: str
    until: datetime
    clock: Clock

    @property
    def holds(self) -> bool:
        return self.clock.now() < self.until


class Signer:
    """Signs after Standard Webhooks: `v1` with every secret that holds now, then `v1a` with the service's own key."""

    def __init__(
        self, secrets: Sequence[str], keyring: Keyring | None = None, *, lapsing: Lapsing | None = None
    ) -> None:
        self._webhooks: list[Any] = [Webhook(secret) for secret in secrets]
        self._keyring = keyring
        self._lapsing = lapsing

    def headers(self, identity: str, body: str) -> dict[str, str]:
        """The three headers of a message."""
        now = datetime.now(UTC)  # not the business clock: receivers compare it with the time of day
        return {
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(self._signatures(identity, now, body)),
        }

    def _signatures(self, identity: str, now: datetime, body: str) -> Iterator[str]:
        for webhook in self._webhooks:
            yield webhook.sign(identity, now, body)
        if self._lapsing is not None and self._lapsing.holds:
            before: Any = Webhook(self._lapsing.secret)
            yield before.sign(identity, now, body)
        signed = f"{identity}.{int(now.timestamp())}.{body}".encode()
        if self._keyring is not None and (signature := self._keyring.signature(signed)) is not None:
            yield f"v1a,{base64.b64encode(signature).decode()}"


class Outward:
    """Requests to one URL, each over the transport it is given."""

    def __init__(self, url: str, signer: Signer, hosts: Hosts) -> None:
        self._url = httpx.URL(url)
        self.host = self._url.raw_host.decode()
        self._signer = signer
        self._hosts = hosts

    async def post(
        self, place: httpx.AsyncHTTPTransport, identity: str, body: str, seconds: float, more: Mapping[str, str]
    ) -> Answer:
        """Send a text once; never raises for what the endpoint does."""
        answer, retry_after = "", None
        try:
            async with asyncio.timeout(seconds):
                response = await place.handle_async_request(await self._request(identity, body, more))
                answer, retry_after = str(response.status_code), asked_to_wait(response.headers.get("retry-after", ""))
                return Answer(answer, retry_after, await _begin_of(response))
        except FAILURES as cause:
            return Answer(answer or _kind(cause), retry_after)

    async def _request(self, identity: str, body: str, more: Mapping[str, str]) -> httpx.Request:
        headers = {"user-agent": "skillcert", **self._signer.headers(identity, body), **more}
        extensions = {}
        url = self._url
        if (address := await self._hosts.address(self.host)) is not None:
            # Connect to the address that was looked at, and to no other that the name may mean by now.
            headers["host"] = url.netloc.decode()
            extensions["sni_hostname"] = self.host
            url = url.copy_with(host=address)
        return httpx.Request("POST", url, content=body.encode(), headers=headers, extensions=extensions)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection of which only so much is read for what was last written to it."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._read = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's own
        taken = await self._inner.read(min(max_bytes, TAKEN_AT_ONCE), timeout)
        self._read += len(taken)
        if self._read > MOST_READ:
            raise httpcore.RemoteProtocolError("the endpoint answers without end")
        return taken

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's own
        self._read = 0
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Network(httpcore.AnyIOBackend):
    """Connections whose reading is bounded: the parser bounds one head, but not how many come before the last."""

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await super().connect_tcp(*args, **options))


class _Transport(httpx.AsyncHTTPTransport):
    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=IDLE,
            network_backend=_Network(),
        )


def transport(tls: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    """No client around it: cookies, redirects and proxies are the last thing a webhook wants."""
    return _Transport(tls)


async def _begin_of(response: httpx.Response) -> bytes:
    begin = b""
    try:
        async for chunk in response.aiter_raw():
            begin += chunk
            if len(begin) > MOST_ANSWER:
                break
    finally:
        await response.aclose()
    return begin[:MOST_ANSWER]


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
