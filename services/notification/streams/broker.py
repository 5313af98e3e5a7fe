"""What RabbitMQ is told: over AMQP the exchange, streams and queues; over its management API who may read what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx
import structlog

from services.notification.feed.domain.event import FeedEvent
from services.notification.streams.commands import Kind
from services.notification.streams.domain import (
    OUT,
    OUT_BY_UNIT,
    Binding,
    Reader,
    has_stream,
    headers,
    routing_key,
    stream_keys,
    stream_of,
)
from shared.clock import Clock
from shared.errors import Fault
from shared.errors import Kind as FaultKind
from shared.messaging.wire import BrokerRefuses, Outgoing, Wire
from shared.rulebook import Rulebook

WAIT = 4.0  # seconds for one request
NOT_FOUND = 404
NOTHING = "^$"

log = structlog.get_logger()
Arguments = dict[str, Any]


class ManagementAway(Fault):
    """RabbitMQ's management does not answer; readers are let in and shut out when it does."""

    slug, kind = "broker-management-away", FaultKind.UNAVAILABLE


class ManagementRefuses(Fault):
    """RabbitMQ's management refuses this; check that the user of RABBITMQ_MANAGEMENT_URL is an administrator."""

    slug, kind = "broker-management-refuses", FaultKind.UNFORESEEN


@dataclass
class Outlet:
    """The exchange that events go out to, with its streams and queues; `wire` is no one else's."""

    wire: Wire
    rules: Rulebook
    clock: Clock
    _declared: set[str | None] = field(default_factory=set)

    async def publish(self, events: Sequence[FeedEvent]) -> int:
        """Publish in order, each line's first event after its stream is there; how many from the first are confirmed.

        Every message is mandatory: one that no stream takes is not confirmed.
        """
        await self._declare({None, *(event.authority for event in events if has_stream(event.authority))})
        confirmed = await self.wire.publish([_message(event) for event in events])
        if not all(confirmed):
            self._declared.clear()  # a stream may be gone; it is made anew before the next try
        return sum(takewhile(bool, confirmed))

    async def _declare(self, lines: Collection[str | None]) -> None:
        for line in set(lines) - self._declared:
            await self._stream(line)
            self._declared.add(line)

    async def _stream(self, line: str | None) -> None:
        arguments = {
            "x-queue-type": "stream",
            "x-max-age": f"{self._rule('stream.kept_days')}D",
            "x-max-length-bytes": self._rule("stream.most_bytes"),
        }
        await self._queue(stream_of(line), arguments, [Binding(OUT, key) for key in stream_keys(line)])

    async def declare_for(self, reader: Reader) -> None:
        """What a reader reads is there before it may."""
        if reader.kind is Kind.STREAM:
            await self._stream(reader.line)
        else:
            arguments = {"x-queue-type": "quorum", "x-max-length-bytes": self._rule("reader.most_bytes")}
            await self._queue(reader.queue, arguments, reader.bindings)

    async def drop_for(self, reader: Reader) -> None:
        """A reader's own queue goes with it, and what waits in it; a stream is everybody's."""
        if reader.kind is Kind.QUEUE:
            async with self.wire.declaring() as channel:
                await channel.queue_delete(reader.queue)

    def _rule(self, key: str) -> int:
        return self.rules.integer(key, on=self.clock.today())

    async def _queue(self, name: str, arguments: Arguments, bindings: Sequence[Binding]) -> None:
        try:
            await self._bound(name, bindings, arguments=arguments)
        except BrokerRefuses:
            # It stands with figures of an earlier rule: they hold until it is made anew.
            await self._bound(name, bindings, passive=True)
            log.warning("a queue keeps its earlier settings", queue=name)

    async def _bound(
        self, name: str, bindings: Sequence[Binding], *, passive: bool = False, arguments: Arguments | None = None
    ) -> None:
        async with self.wire.declaring() as channel:
            out = await channel.declare_exchange(OUT, "topic", durable=True)
            by_unit = await channel.declare_exchange(OUT_BY_UNIT, "headers", durable=True)
            await by_unit.bind(out, "#")
            queue = await channel.declare_queue(name, durable=True, passive=passive, arguments=arguments)
            for exchange, key, wanted in bindings:
                await queue.bind(exchange, key, arguments=dict[str, Any](wanted))


def _message(event: FeedEvent) -> Outgoing:
    return Outgoing(OUT, routing_key(event), headers(event), event.body.encode())


class Administration:
    """The broker's users: one for each reader, that reads one queue and can do nothing else."""

    def __init__(self, management_url: str, amqp_url: str) -> None:
        parts = urlsplit(management_url)
        self._url = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
        self._auth = (unquote(parts.username or ""), unquote(parts.password or ""))
        self._vhost = quote(vhost_of(amqp_url), safe="")

    async def let_in(self, reader: Reader, password: str, connections: int) -> None:
        """It may read its queue with this password; whoever is in with an earlier one is thrown out.

        A new user has no rights until the last step, so that it reads nothing that is not its own.
        """
        rights = {"configure": NOTHING, "write": NOTHING, "read": reader.may_read}
        async with self._client() as http:
            await self._ask(http, "PUT", f"/users/{reader.user}", {"password": password, "tags": ""})
            await self._ask(http, "PUT", f"/user-limits/{reader.user}/max-connections", {"value": connections})
            await self._ask(http, "PUT", f"/permissions/{self._vhost}/{reader.user}", rights)
            await self._ask(http, "DELETE", f"/connections/username/{reader.user}")

    async def shut_out(self, reader: Reader) -> None:
        """The user is no more; the user goes first, so that it cannot come back while its connections are closed."""
        async with self._client() as http:
            await self._ask(http, "DELETE", f"/users/{reader.user}")
            await self._ask(http, "DELETE", f"/connections/username/{reader.user}")

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"{self._url}/api", auth=self._auth, timeout=WAIT, trust_env=False)

    async def _ask(
        self, http: httpx.AsyncClient, method: str, path: str, body: Mapping[str, str | int] | None = None
    ) -> None:
        try:
            answer = await http.request(method, path, json=body)
        except httpx.HTTPError as cause:
            raise ManagementAway(f"it does not answer ({type(cause).__name__})") from cause
        if not answer.is_success and not (method == "DELETE" and answer.status_code == NOT_FOUND):
            raise ManagementRefuses(f"{method} was answered {answer.status_code}")


def vhost_of(amqp_url: str) -> str:
    """The virtual host a URL of AMQP names."""
    return unquote(urlsplit(amqp_url).path[1:]) or "/"


def without_user(amqp_url: str) -> str:
    """The same address for anybody: host, port and virtual host."""
    parts = urlsplit(amqp_url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path or "/", "", ""))
