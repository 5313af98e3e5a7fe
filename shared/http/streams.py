"""A body read as it comes: chunk by chunk, and at its end held against the length and digest its sender announced."""

import base64
import binascii
from collections.abc import AsyncIterator
from hashlib import sha256

from fastapi import Request
from starlette.requests import ClientDisconnect

from shared.errors import Malformed
from shared.http.rows.files import CutOff

DIGEST = "content-digest"
OFFERED = {
    "Content-Digest": {
        "name": "Content-Digest",
        "in": "header",
        "required": False,
        "description": "SHA-256 of the body (RFC 9530), so that one that was cut off or changed is refused",
        "schema": {"type": "string", "examples": ["sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"]},
    }
}


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
