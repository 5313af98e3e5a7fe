"""What somebody holds of one line, compared with what was signed: complete, or which places are missing or changed.

Of each event stay 65 bytes, its digest and the chain it claims: a million events take 65 MB, in whatever order they
come; only copies of an event that differ take more. What the events say and the signed chain alone decide whether all
is there. What the events claim of themselves (`digest`, `chain`) only helps to name the place where something is
wrong, as far as the claims were left alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from infra.verify.signed import Checkpoint
from shared.digests import DIGESTED, chained, digest_of

SIZE = 32
HELD, DOUBTED, MANY = 1, 2, 4
"""Of a place: something is held; the digest one of its copies claims is not its own; it has copies that differ."""
Copy = tuple[bytes, bytes]
"""The digest of what an event says, and the chain that it claims (zeros: none)."""
NOTHING = bytes(SIZE)


class Finding(NamedTuple):
    """What is held of a line up to its newest checkpoint."""

    missing: tuple[range, ...] = ()
    changed: tuple[int, ...] = ()
    """Places where an event says something else than what was said then."""
    broken: tuple[int, ...] = ()
    """Places that do not follow from the one before: one of the two was changed, with what it claims of itself."""
    forked: tuple[int, ...] = ()
    """Places of checkpoints whose signed chain is another than that of these events."""

    @property
    def complete(self) -> bool:
        return not any(self)


@dataclass
class Holding:
    """The events of one line, up to the highest place that a checkpoint signs for."""

    checkpoints: Sequence[Checkpoint]
    beyond: int = 0
    _copies: dict[int, set[Copy]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = max(checkpoint.place for checkpoint in self.checkpoints)
        self._marks = bytearray(self.size + 1)
        self._digests = bytearray(SIZE * (self.size + 1))
        self._claims = bytearray(SIZE * (self.size + 1))

    # -- reading ---------------------------------------------------------------------------------------

    def take(self, event: Mapping[str, Any]) -> None:
        """One event of the line as it was read from JSON; in any order, as often as it comes."""
        place = event.get("place")
        if not isinstance(place, int) or isinstance(place, bool) or place < 1:
            return  # from before places were kept: in no chain
        if place > self.size:
            self.beyond += 1
            return
        digest = digest_of(event)
        if (event.get("digest") or digest) != digest:
            self._marks[place] |= DOUBTED
        self._keep(place, (bytes.fromhex(digest), _bytes(event.get("chain"))))

    def _keep(self, place: int, copy: Copy) -> None:
        if not self._marks[place] & HELD:
            self._marks[place] |= HELD
            self._digests[_of(place)], self._claims[_of(place)] = copy
        elif copy != self._first(place):
            self._marks[place] |= MANY
            self._copies.setdefault(place, set()).add(copy)

    def _first(self, place: int) -> Copy:
        return bytes(self._digests[_of(place)]), bytes(self._claims[_of(place)])

    def copies(self, place: int) -> list[Copy]:
        """What is held at a place, each different copy once."""
        if not self._marks[place] & HELD:
            return []
        return [self._first(place), *sorted(self._copies.get(place, ()))]

    # -- judging ---------------------------------------------------------------------------------------

    def judged(self) -> Finding:
        """Compare with the signed chains, by nothing but what is held."""
        if self._is_whole():
            return Finding()
        judging = Judging({checkpoint.place: checkpoint.chain for checkpoint in self.checkpoints})
        for place in range(1, self.size + 1):
            judging.take(place, self.copies(place), doubted=bool(self._marks[place] & DOUBTED))
        return judging.finding()

    def judged_by(self, digests: Iterable[str]) -> Finding:
        """Compare with the digests of all places in order, once they prove to be the signed ones: nothing is left open.

        Raises:
            ValueError: these digests are not those that were signed.
        """
        signed = {checkpoint.place: checkpoint.chain for checkpoint in self.checkpoints}
        chain, missing, changed = "", [], []
        for place, digest in enumerate(islice(digests, self.size), start=1):
            chain = chained(chain, digest)
            if signed.get(place, chain) != chain:
                raise ValueError(f"the digests up to place {place} are not those that were signed")
            copies = self.copies(place)
            if not copies:
                missing.append(place)
            elif any(held.hex() != digest for held, _ in copies):
                changed.append(place)
        if chain != signed[self.size]:
            raise ValueError(f"the digests end before place {self.size}")
        return Finding(ranges_of(missing), tuple(changed))

    def _is_whole(self) -> bool:
        """Whether what the events say makes the signed chains, whatever they claim of themselves."""
        signed = {checkpoint.place: checkpoint.chain for checkpoint in self.checkpoints}
        chain = ""
        for place in range(1, self.size + 1):
            if self._marks[place] & (HELD | MANY) != HELD:
                return False
            chain = chained(chain, bytes(self._digests[_of(place)]).hex())
            if signed.get(place, chain) != chain:
                return False
        return True


class Judging:
    """Goes along the places of a line: from a known chain to the next, or from what an event claims after a gap."""

    def __init__(self, signed: Mapping[int, str]) -> None:
        self._signed = signed
        self._chain: str | None = ""
        self._missing: list[int] = []
        self._changed: list[int] = []
        self._broken: list[int] = []
        self._forked: list[int] = []

    def take(self, place: int, copies: Sequence[Copy], *, doubted: bool) -> None:
        """The next place, and what is held there."""
        if not copies:
            self._missing.append(place)
            self._chain = None
        elif (right := self._right(copies)) is not None:
            self._go_on(place, right, copies)
        else:
            self._begin_anew(place, copies, doubted=doubted or _differ(copies))
        self._compare(place)

    def _right(self, copies: Sequence[Copy]) -> Copy | None:
        before = self._chain
        if before is None:
            return None
        follows = (copy for copy in copies if _claimed(copy) in (None, chained(before, copy[0].hex())))
        return next(follows, None)

    def _begin_anew(self, place: int, copies: Sequence[Copy], *, doubted: bool) -> None:
        if doubted:
            self._changed.append(place)
        elif self._chain is not None:
            self._broken.append(place)
        self._chain = _claimed(copies[0])

    def _go_on(self, place: int, right: Copy, copies: Sequence[Copy]) -> None:
        assert self._chain is not None
        if _differ(copies):
            self._changed.append(place)
        self._chain = chained(self._chain, right[0].hex())

    def _compare(self, place: int) -> None:
        signed = self._signed.get(place)
        if signed is not None and self._chain is None:
            self._chain = signed  # what comes after a gap that ends here is judged from what was signed
        elif signed is not None and self._chain != signed:
            self._forked.append(place)

    def finding(self) -> Finding:
        return Finding(ranges_of(self._missing), tuple(self._changed), tuple(self._broken), tuple(self._forked))


def ranges_of(places: Iterable[int]) -> tuple[range, ...]:
    """Ascending places as ranges."""
    found: list[range] = []
    for place in places:
        if found and found[-1].stop == place:
            found[-1] = range(found[-1].start, place + 1)
        else:
            found.append(range(place, place + 1))
    return tuple(found)


def readable(event: Any) -> bool:
    """Whether this is an event of which a digest can be taken."""
    return isinstance(event, dict) and all(name in event for name in DIGESTED)


def _of(place: int) -> slice:
    return slice(place * SIZE, (place + 1) * SIZE)


def _bytes(claim: object) -> bytes:
    try:
        found = bytes.fromhex(claim) if isinstance(claim, str) else NOTHING
    except ValueError:
        return NOTHING
    return found if len(found) == SIZE else NOTHING


def _differ(copies: Sequence[Copy]) -> bool:
    return len({digest for digest, _ in copies}) > 1


def _claimed(copy: Copy) -> str | None:
    return None if copy[1] == NOTHING else copy[1].hex()
