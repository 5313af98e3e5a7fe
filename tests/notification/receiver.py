"""A webhook receiver that checks signatures and misbehaves on request."""

import asyncio
import json
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

from tests.live import eventually

NEVER = 0
"""Takes the request and does not answer."""


@dataclass
class Received:
    """One request: its path says which endpoint it was for."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def challenge(self) -> str | None:
        """The text to say back, if this is a challenge."""
        body = json.loads(self.body) if self.headers.get("content-type") == "application/json" else {}
        return body["challenge"] if body.get("type") == "skillcert.challenge" else None

    def verified(self, secret: str) -> Any:
        """The event, if the signature of the reference library holds."""
        webhook: Any = Webhook(secret)
        return webhook.verify(self.body, self.headers)


@dataclass
class Receiver:
    """An HTTP server; `answers` holds, by path, the status codes of the next requests, then 204 again.

    `headers` holds, by path, lines that stand in each answer. Challenges are answered and kept apart; `echoes` holds,
    by path, what to answer to one in place of the right text, `refusals` a status; `plain` answers with the text alone.
    """

    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: dict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    headers: dict[str, str] = field(default_factory=dict)
    challenges: list[Received] = field(default_factory=list)
    echoes: dict[str, bytes] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    plain: bool = False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Received]:
        """What came to one path."""
        return [one for one in self.received if one.path == path]

    async def got(self, path: str, most: int = 1, *, within: float = 15.0) -> list[Received]:
        """At least `most` requests at a path, once they are there."""

        async def enough() -> list[Received]:
            found = self.at(path)
            return found if len(found) >= most else []

        return await eventually(enough, within=within)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                one = await _request(reader)
                answer = self._take(one)
                if not answer:
                    await reader.read()  # until the other side gives up
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    def _take(self, one: Received) -> bytes:
        if (challenge := one.challenge) is not None:
            self.challenges.append(one)
            return self._echo(one.path, challenge)
        self.received.append(one)
        status = self.answers[one.path].popleft() if self.answers[one.path] else 204
        return _answer(status, self.url("/elsewhere"), self.headers.get(one.path, ""))

    def _echo(self, path: str, challenge: str) -> bytes:
        if path in self.refusals:
            return _answer(self.refusals[path], self.url("/elsewhere"), "")
        right = challenge if self.plain else json.dumps({"challenge": challenge})
        return _spoken(self.echoes.get(path, right.encode()))


async def _request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Received(head[0].split(" ")[1], headers, body)


def _answer(status: int, elsewhere: str, more: str) -> bytes:
    if status == NEVER:
        return b""
    body = b"" if status == 204 else b"never mind"
    length = "" if status == 204 else f"Content-Length: {len(body)}\r\n"
    more = f"{more}\r\n" if more else ""
    return f"HTTP/1.1 {status} X\r\nLocation: {elsewhere}\r\n{more}{length}\r\n".encode() + body


def _spoken(body: bytes) -> bytes:
    return f"HTTP/1.1 200 X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a free loopback port until the block ends; with `tls` it speaks that."""
    answering = Receiver()
    server = await asyncio.start_server(answering._serve, "127.0.0.1", 0, ssl=tls)
    answering.port = server.sockets[0].getsockname()[1]
    try:
        yield answering
    finally:
        server.close()
        await server.wait_closed()
