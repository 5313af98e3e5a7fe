"""The digest of an event and the chain of a line: computed alike by the feed and by whoever checks it."""

import math
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import rfc8785

DIGESTED = ("id", "type", "source", "subject", "time", "sequence", "authority", "data")
EXACT = 2**53
"""Whole numbers beyond it are not exact in JSON as RFC 8785 reads it."""


def digest_of(event: Mapping[str, Any]) -> str:
    """SHA-256, hexadecimal, of the RFC 8785 JSON of what a CloudEvent says (`DIGESTED`), as it was read from JSON.

    What RFC 8785 cannot write is written otherwise first, so that every event has a digest: whole numbers beyond
    2^53 as text, numbers that are none as null, halves of characters as question marks.
    """
    said = {name: event[name] for name in DIGESTED}
    try:
        text = rfc8785.dumps(said)
    except (rfc8785.CanonicalizationError, UnicodeError):
        text = rfc8785.dumps(_writable(said))
    return sha256(text).hexdigest()


def chained(before: str, digest: str) -> str:
    """The chain up to an event: SHA-256, hexadecimal, of the chain before it ("" at first) and its digest, as text."""
    return sha256((before + digest).encode()).hexdigest()


def _writable(value: Any) -> Any:
    if isinstance(value, dict):
        return {_writable(name): _writable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_writable(item) for item in value]
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    beyond = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT
    return str(value) if beyond else value
