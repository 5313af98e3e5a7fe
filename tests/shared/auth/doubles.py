"""What the tests of tokens stand on: a clock, a server that misbehaves on request, good claims."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import Key

from shared.auth import Verifier


class Ticks:
    """A forward-moving clock in the hands of the test."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class Door:
    """An HTTP server that answers what the test says, and only while it is told to."""

    def __init__(self, *keys: Key) -> None:
        self.answering = asyncio.Event()
        self.answering.set()
        self.asked = asyncio.Semaphore(0)
        self.status = 200
        self.publish(*keys)

    def publish(self, *keys: Key, **others: Any) -> None:
        self.body = json.dumps({"keys": [key.as_dict(private=False) for key in keys], **others}).encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked.release()
        await self.answering.wait()
        head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + self.body)
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def verifier(self, **settings: Any) -> AsyncIterator[Verifier]:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
        verifier = Verifier(jwks_url=url, issuer="skillcert", audience="skillcert", **settings)
        try:
            yield verifier
        finally:
            await verifier.aclose()
            self.answering.set()
            server.close()
            await server.wait_closed()


def claims(**changed: Any) -> dict[str, Any]:
    """Good claims with some changed: a timedelta means from now, None leaves one out."""
    good = {"iss": "skillcert", "aud": "skillcert", "sub": "li", "role": "unit", "org": "u1", "authority": "44"}
    times = {"iat": timedelta(), "nbf": timedelta(), "exp": timedelta(seconds=60)}
    whole = {name: value for name, value in (good | times | changed).items() if value is not None}
    now = int(time.time())
    return {
        name: now + value.total_seconds() if isinstance(value, timedelta) else value for name, value in whole.items()
    }


def signed(key: Key, algorithm: str, **header: Any) -> str:
    head = {"alg": algorithm, "kid": key.kid, **header}
    return jwt.encode({k: v for k, v in head.items() if v is not None}, claims(), key, algorithms=[algorithm])
