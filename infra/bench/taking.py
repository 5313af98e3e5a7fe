"""A receiver of webhooks that is no bottleneck: it answers, and notes what came when; a process of its own."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.leash import Leashed
from infra.local.stack import ROOT
from infra.waiting import wait_until

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
CHALLENGE = b'"skillcert.challenge"'
END = b"\r\n\r\n"


class Taken:
    """What came since it was last asked: path, webhook-id, time of day in seconds."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, float]] = []

    def answer(self, head: bytes, body: bytes) -> bytes:
        """What is said to one request; a GET hands out what came and forgets it."""
        method, path = head.split(b" ", 2)[:2]
        if method == b"GET":
            rows, self.rows = self.rows, []
            return _json(rows)
        if CHALLENGE in body:
            return _json({"challenge": json.loads(body)["challenge"]})
        self.rows.append((path.decode(), _header(head, b"webhook-id").decode(), time.time()))
        return TAKEN


class Conversation(asyncio.Protocol):
    """One connection that is kept: requests one after the other, each with a content-length."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (at := self._read.find(END)) >= 0:
            head, begin = self._read[:at], at + len(END)
            end = begin + int(_header(head, b"content-length") or 0)
            if len(self._read) < end:
                return
            body, self._read = self._read[begin:end], self._read[end:]
            self._transport.write(self._taken.answer(head, body))


def _header(head: bytes, name: bytes) -> bytes:
    at = head.lower().find(b"\r\n" + name + b":")
    return head[at + len(name) + 3 :].split(b"\r\n", 1)[0].strip() if at >= 0 else b""


def _json(said: object) -> bytes:
    text = json.dumps(said).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text) + text


@dataclass
class Taker:
    """The receiver as the bench asks it; `rows` is all that came since `forget`."""

    base: str

    def __post_init__(self) -> None:
        self.rows: list[tuple[str, str, float]] = []

    def url(self, path: str) -> str:
        return f"{self.base}{path}"

    async def look(self) -> int:
        """How much has come, by now."""
        async with httpx.AsyncClient(timeout=30) as http:
            self.rows += [tuple(row) for row in (await http.get(self.base)).json()]
        return len(self.rows)

    async def forget(self) -> None:
        """Begin anew."""
        await self.look()
        self.rows.clear()


@contextmanager
def taker(folder: Path) -> Iterator[Taker]:
    """A receiver on a free port until the block ends."""
    ready = folder / "taker.url"
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    process = Leashed([sys.executable, "-m", "infra.bench.taking", ready], environment, folder / "taker.log")
    try:
        wait_until(ready.exists, time.monotonic() + 20, "the receiver does not start")
        yield Taker(ready.read_text(encoding="ascii"))
    finally:
        process.stop(grace=3)


async def _serve(ready: Path) -> None:
    taken = Taken()
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(taken), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    written = ready.with_suffix(".part")
    written.write_text(f"http://127.0.0.1:{port}", encoding="ascii")
    written.replace(ready)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
