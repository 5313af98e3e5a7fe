"""Work-piece numbers: of nine digits, each once in a batch, and without the key nothing tells whose one is."""

from dataclasses import dataclass
from hashlib import blake2b

from services.assessment.arrangements.domain.rooms import MOST_ARRANGEMENTS, MOST_CANDIDATES

MOST_PARTS = 4
DIGITS = 9
NUMBERS = MOST_ARRANGEMENTS * MOST_PARTS * MOST_CANDIDATES
_HALF = 15  # bits; two halves reach a little beyond all numbers of nine digits
_LOW = (1 << _HALF) - 1
_ROUNDS = 8


@dataclass(frozen=True)
class Pieces:
    """The work-piece numbers of one arrangement; `key` is a secret of the batch, up to 64 bytes."""

    key: bytes
    arrangement: int
    parts: tuple[str, ...]

    def number(self, part: str, position: int) -> str:
        """The number of a place in the order of a part: the same whenever it is asked, in no arrangement another's."""
        series = (self.arrangement - 1) * MOST_PARTS + self.parts.index(part)
        return f"{shuffled(self.key, series * MOST_CANDIDATES + position):0{DIGITS}}"


def shuffled(key: bytes, value: int) -> int:
    """Another number of up to nine digits, never the same for two: a Feistel network, walked until it is in range.

    Numbers are permuted and not hashed, so that none meets another and none must be looked for.
    """
    if not 0 <= value < NUMBERS:
        raise ValueError("no work-piece number is made for this place")
    value = _permuted(key, value)
    while value >= NUMBERS:
        value = _permuted(key, value)
    return value


def _permuted(key: bytes, value: int) -> int:
    left, right = value >> _HALF, value & _LOW
    for turn in range(_ROUNDS):
        said = blake2b(turn.to_bytes(1) + right.to_bytes(2), key=key, digest_size=2).digest()
        left, right = right, left ^ (int.from_bytes(said) & _LOW)
    return left << _HALF | right
