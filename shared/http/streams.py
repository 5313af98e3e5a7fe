"""A body read as it comes: chunk by chunk, and at its end held against the length and digest its sender announced."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256

from fastapi import Request
from starlette.requests import ClientDisconnect

from shared.errors import Fault, Malformed
from shared.http.rows.files import CutOff

DIGEST = "content-digest"
WITHIN = 900.0  # seconds in which a body has to arrive


@asynccontextmanager
async def arriving(request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
    """The body of a request as it comes. When it is refused, the rest is read all the same, up to the door's bound.

    A sender that is still sending would else lose the connection, and with it the answer that says what is wrong.
    """
    body = body_of(request)
    try:
        async with asyncio.timeout(WITHIN):
            yield body
    except TimeoutError as late:
        raise CutOff(f"the file took longer than {WITHIN:.0f} s; send it over a faster line, or in parts") from late
    except Fault:
        with suppress(Fault, TimeoutError):
            async with asyncio.timeout(WITHIN):
                async for _ in body:
                    continue
        raise


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The chunks of a request's body; `CutOff` when it ends before, or otherwise than, its headers say."""
    announced = _announced(request.headers.get(DIGEST, ""))
    digest, size = sha256(), 0
    try:
        async for chunk in request.stream():
            digest.update(chunk)
            size += len(chunk)
            yield chunk
    except ClientDisconnect as gone:
        raise CutOff("the connection ended before the file did; send it again") from gone
    if announced not in (None, digest.digest()):
        raise CutOff(f"its {size} bytes do not have the SHA-256 of Content-Digest; send the whole file", field=DIGEST)


def _announced(header: str) -> bytes | None:
    """The SHA-256 among the digests of the header; others are passed over, as RFC 9530 has it."""
    for member in header.split(","):
        algorithm, equals, value = member.strip().partition("=")
        if algorithm.lower() == "sha-256" and equals:
            try:
                return base64.b64decode(value.strip().strip(":"), validate=True)
            except binascii.Error as error:
                raise Malformed("Content-Digest is sha-256=:…: with the digest in base64", field=DIGEST) from error
    return None
