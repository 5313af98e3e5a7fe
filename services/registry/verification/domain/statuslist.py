"""Status lists after the W3C's Bitstring Status List 1.0: one bit for each serial of a series, first bit leftmost."""

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from services.registry.certificates.domain import Status

BITS = 131_072
"""The smallest list the W3C text allows (16 KiB), so that fetching one tells little of who is meant."""


class Purpose(StrEnum):
    """What a set bit means."""

    REVOCATION = "revocation"
    """Ended for good: revoked or voided."""
    SUSPENSION = "suspension"
    """Does not hold until further notice."""


MEANS: dict[Purpose, tuple[Status, ...]] = {
    Purpose.REVOCATION: (Status.REVOKED, Status.VOIDED),
    Purpose.SUSPENSION: (Status.SUSPENDED,),
}


class Place(NamedTuple):
    """Where a serial's bit is: it follows from the serial alone."""

    block: int
    bit: int


def place_of(serial: int) -> Place:
    """The block and the bit of a serial."""
    return Place(*divmod(serial, BITS))


def encoded(serials: Iterable[int]) -> str:
    """The list with the bits of these serials set: GZIP, then multibase base64url (`u`) without padding."""
    bits = bytearray(BITS // 8)
    for serial in serials:
        bit = place_of(serial).bit
        bits[bit // 8] |= 0x80 >> bit % 8
    packed = gzip.compress(bytes(bits), mtime=0)
    return "u" + urlsafe_b64encode(packed).rstrip(b"=").decode()
