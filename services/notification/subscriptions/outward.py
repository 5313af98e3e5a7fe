"""One signed request to somebody else's endpoint: at the address that was looked at, bounded in time and bytes."""

import asyncio
import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpcore
import httpx
from standardwebhooks import Webhook

from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.wire import Wire
from shared.clock import Clock
from shared.errors import Fault
from shared.signing import Keyring

MOST_ANSWER = 65_536  # bytes read of an answer, so that the connection can be used again
BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)
FAILURES = (TimeoutError, *BROKEN, Fault, UnicodeError)  # the last: a host that cannot be encoded


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
    """Requests to one URL, each over the wire it is given."""

    def __init__(self, url: str, signer: Signer, hosts: Hosts) -> None:
        read = httpx.URL(url)
        self.host = read.raw_host.decode()
        self._named = httpcore.URL(
            scheme=read.raw_scheme, host=read.raw_host, port=read.port, target=read.raw_path or b"/"
        )
        self._netloc = read.netloc
        self._signer = signer
        self._hosts = hosts

    async def post(self, wire: Wire, identity: str, body: str, seconds: float, more: Mapping[str, str]) -> Answer:
        """Send a text once; never raises for what the endpoint does."""
        answer, retry_after = "", None
        try:
            async with asyncio.timeout(seconds):
                response = await wire.send(await self._request(identity, body, more))
                answer, retry_after = str(response.status), asked_to_wait(_retry_after(response))
                return Answer(answer, retry_after, await _begin_of(response))
        except FAILURES as cause:
            return Answer(answer or _kind(cause), retry_after)

    async def _request(self, identity: str, body: str, more: Mapping[str, str]) -> httpcore.Request:
        written = {"user-agent": "skillcert", **self._signer.headers(identity, body), **more}
        content = body.encode()
        headers = [(b"host", self._netloc), (b"content-length", b"%d" % len(content))]
        headers += [(name.encode(), value.encode()) for name, value in written.items()]
        # Connect to the address that was looked at, and to no other that the name may mean by now.
        address = await self._hosts.address(self.host)
        url, extensions = self._named, {}
        if address is not None:
            extensions["sni_hostname"] = self.host
            url = httpcore.URL(scheme=url.scheme, host=address.encode(), port=url.port, target=url.target)
        return httpcore.Request("POST", url, headers=headers, content=content, extensions=extensions)


def _retry_after(response: httpcore.Response) -> str:
    return next((value.decode("latin-1") for name, value in response.headers if name.lower() == b"retry-after"), "")


async def _begin_of(response: httpcore.Response) -> bytes:
    begin = b""
    try:
        async for chunk in response.aiter_stream():
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
    if isinstance(cause, TimeoutError):
        return "timeout"
    return "unreachable" if isinstance(cause, httpcore.NetworkError | UnicodeError) else "broken"
