"""Endpoints that misbehave in every way we know of: each is its own problem, bounded in time and memory."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.live import Running, eventually
from tests.notification.receiver import Receiver
from tests.notification.story import say, subscriber

pytestmark = pytest.mark.live

TIMEOUT = 4.0
"""`delivery.timeout` of the rules."""
MARGIN = 1.5
"""What a busy machine may add to an attempt, or to the way to an endpoint that behaves."""
MOST_GROWTH = 50 * 1024 * 1024
AT_ONCE = 16
"""All the connections an endpoint is given misbehave at the same time."""
TLS_HELLO = b"\x16"
BLOCK = 64 * 1024
Way = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def drips_for_ever(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def never_answers(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def answers_garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(os.urandom(1000) + b"\r\n\r\n")


async def sends_a_million_headers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await flood(writer, b"".join(b"X-Header-%d: value\r\n" % number for number in range(1_000)), 1_000)


async def sends_one_endless_header(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    await flood(writer, b"a" * BLOCK, 10_000)


async def says_continue_for_ever(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await flood(writer, b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 1_000_000)


async def redirects_to_a_private_address(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    host, port = writer.get_extra_info("sockname")
    place = f"http://{host}:{port}/private"
    writer.write(f"HTTP/1.1 307 X\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())


async def refuses_with_a_gigabyte(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 X\r\nContent-Length: 1073741824\r\n\r\n")
    await flood(writer, b"x" * BLOCK, 1073741824 // BLOCK)


async def refuses_with_an_endless_chunk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n")
    await flood(writer, b"x" * BLOCK, 1_000_000)


async def closes_in_the_middle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")


async def flood(writer: asyncio.StreamWriter, block: bytes, times: int) -> None:
    for _ in range(times):
        writer.write(block)
        await writer.drain()


class Misbehaving:
    """A server that reads each request, answers challenges as it should, and everything else in its own way."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.asked: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if (begin := await reader.readexactly(1)) == TLS_HELLO:
                writer.write(b"HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n")
                writer.close()
                return
            head = (begin + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            body = json.loads(await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0])))
            self.asked.append(head.split(" ")[1])
            if "challenge" in body:
                text = json.dumps({"challenge": body["challenge"]})
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            else:
                await self.way(reader, writer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def misbehaving(way: Way) -> AsyncIterator[Misbehaving]:
    endpoint = Misbehaving(way)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()
        await server.wait_closed()


def resident() -> int:
    """Bytes of memory this process holds: the service, and the server of the test beside it."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def watched() -> AsyncIterator[list[int]]:
    """What memory was held, looked at all the time."""
    seen = [resident()]

    async def look() -> None:
        while True:
            seen.append(resident())
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def tried(service: Running, hooks: Receiver, path: str, url: str, moved: str = "") -> list[str]:
    """The answers noted of an endpoint all of whose connections misbehave, while another one is told as ever."""
    asking = subscriber(service)
    bad = (await asking.subscribe(url, "registry.*"))["id"]
    if moved:  # no such endpoint could have answered a challenge
        await _point(service, bad, moved)
    await asking.subscribe(hooks.url(path), "registry.*")
    await say(service)
    await hooks.got(path)
    async with watched() as memory:
        for _ in range(AT_ONCE - 1):
            await say(service)
        longest = await _longest_way(service, hooks, path, lambda: _noted(service, bad))
        rows = await asking.in_state(bad, "waiting", most=AT_ONCE, tried=1)
    assert longest < MARGIN, "the other endpoint waited for this one"
    assert max(memory) - memory[0] < MOST_GROWTH
    attempts = [attempt for row in rows for attempt in row["attempts"]]
    assert max(attempt["ms"] for attempt in attempts) < (TIMEOUT + MARGIN) * 1000
    await asking.delete(f"/subscriptions/{bad}")
    return [attempt["answer"] for attempt in attempts]


async def _point(service: Running, subscription: str, url: str) -> None:
    rows = service.process.tools.database.collection("subscriptions")
    await rows.update({"_id": subscription}, {"$set": {"url": url}, "$inc": {"version": 1}})


async def _noted(service: Running, subscription: str) -> bool:
    rows = service.process.tools.database.collection("deliveries")
    return await rows.count({"subscription": subscription, "tried": {"$gte": 1}}) >= AT_ONCE


async def _longest_way(service: Running, hooks: Receiver, path: str, over: Callable[[], Awaitable[bool]]) -> float:
    """The longest time from saying to the endpoint that behaves, event by event, until it is over."""
    longest, end = 0.0, time.monotonic() + 2 * TIMEOUT + MARGIN
    while not await over() or not longest:
        assert time.monotonic() < end, "the attempts do not come to an end"
        begun, event = time.monotonic(), await say(service, "unit-33-002")

        async def there(event: str = event) -> bool:
            return event in [hook.headers["webhook-id"] for hook in hooks.at(path)]

        await eventually(there)
        longest = max(longest, time.monotonic() - begun)
    return longest


KINDS: dict[Way, set[str]] = {
    drips_for_ever: {"timeout"},
    never_answers: {"timeout"},
    answers_garbage: {"broken"},
    sends_a_million_headers: {"broken"},
    sends_one_endless_header: {"broken"},
    says_continue_for_ever: {"broken"},
    redirects_to_a_private_address: {"307"},
    refuses_with_a_gigabyte: {"500"},
    refuses_with_an_endless_chunk: {"500"},
    closes_in_the_middle: {"broken", "unreachable"},
}
"""What is noted of the attempts at each."""


@pytest.mark.parametrize("way", KINDS, ids=lambda way: way.__name__)
async def test_an_endpoint_that(service: Running, hooks: Receiver, path: str, way: Way) -> None:
    async with misbehaving(way) as endpoint:
        answers = await tried(service, hooks, path, f"http://127.0.0.1:{endpoint.port}/hook")
    assert set(answers) <= KINDS[way]
    assert set(endpoint.asked) == {"/hook"}


async def test_tls_where_there_is_none(service: Running, hooks: Receiver, path: str) -> None:
    async with misbehaving(never_answers) as endpoint:
        place = f"127.0.0.1:{endpoint.port}/hook"
        answers = await tried(service, hooks, path, f"http://{place}", f"https://{place}")
    assert set(answers) == {"unreachable"}
    assert endpoint.asked.count("/hook") <= 1  # the challenge, where there is one


async def test_a_gigabyte_after_a_2xx_is_not_read_and_the_event_counts_as_taken(service: Running) -> None:
    async def takes_with_a_gigabyte(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        await flood(writer, b"x" * BLOCK, 1073741824 // BLOCK)

    async with misbehaving(takes_with_a_gigabyte) as endpoint, watched() as memory:
        made = await subscriber(service).subscribe(f"http://127.0.0.1:{endpoint.port}/hook", "registry.*")
        await say(service)
        (row,) = await subscriber(service).in_state(made["id"], "delivered")
        await subscriber(service).delete(f"/subscriptions/{made['id']}")
    assert max(memory) - memory[0] < MOST_GROWTH
    assert row["attempts"][0]["ms"] < (TIMEOUT + MARGIN) * 1000
