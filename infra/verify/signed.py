"""Reads checkpoints: whose signature holds under the published keys, and whether those of a line bind each other."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

TYPE, ALGORITHM = "checkpoint+jwt", "Ed25519"


class Unproved(Exception):  # noqa: N818 - says what is the matter
    """Nothing can be proved with what was given; the text says why."""


class Checkpoint(NamedTuple):
    """What a signature vouches for: the chain of a line at a place."""

    line: str
    number: int
    place: int
    chain: str
    at: datetime
    previous: str
    signed: str

    @property
    def name(self) -> str:
        return f"{self.line}/{self.number}"


def keys_of(text: str) -> KeySet:
    """The public keys in a JWK set."""
    try:
        return KeySet.import_key_set(json.loads(text))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unproved("the keys are no JWK set; get them from /v1/checkpoints/keys") from error


def tokens_in(text: str) -> list[str]:
    """The signed texts of a file: compact JWS line by line, or JSON as the doors of checkpoints answer it."""
    if not text.lstrip().startswith(("{", "[")):
        return text.split()
    try:
        read = json.loads(text)
        rows = read if isinstance(read, list) else read.get("rows", [read])
        return [str(row["signed"]) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unproved("this is no checkpoint: neither its signed text nor what /v1/checkpoints answers") from error


def checked(signed: str, keys: KeySet) -> Checkpoint:
    """The checkpoint in a signed text.

    Raises:
        Unproved: no key signed it, it was changed since, or it is signed as something else.
    """
    try:
        read = jws.deserialize_compact(signed.encode(), keys, algorithms=[ALGORITHM])
        if read.headers().get("typ") != TYPE:
            raise Unproved("what is signed is no checkpoint")
        return _checkpoint(json.loads(read.payload), signed)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unproved("a checkpoint is not signed with these keys, or was changed since") from error


def _checkpoint(claims: Mapping[str, Any], signed: str) -> Checkpoint:
    return Checkpoint(
        line=str(claims["line"]),
        number=int(claims["number"]),
        place=int(claims["place"]),
        chain=str(claims["chain"]),
        at=datetime.fromisoformat(claims["at"]),
        previous=str(claims["previous"]),
        signed=signed,
    )


def by_line(checkpoints: Iterable[Checkpoint]) -> dict[str, list[Checkpoint]]:
    """The checkpoints of each line by number, each once."""
    lines: dict[str, set[Checkpoint]] = defaultdict(set)
    for checkpoint in checkpoints:
        lines[checkpoint.line].add(checkpoint)
    return {line: sorted(rows, key=lambda row: (row.number, row.signed)) for line, rows in sorted(lines.items())}


def contradictions(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Where two signed checkpoints of a line cannot both belong to one history: whoever signed them told two."""
    found = []
    for before, after in pairwise(checkpoints):
        if before.number == after.number:
            found.append(f"checkpoint {after.name} was signed twice with different contents")
        elif after.place < before.place or (after.place == before.place and after.chain != before.chain):
            found.append(f"checkpoint {after.name} goes back behind {before.name}")
        elif after.number == before.number + 1 and after.previous != sha256(before.signed.encode()).hexdigest():
            found.append(f"checkpoint {after.name} does not follow from {before.name}")
    return found
