"""What a checkpoint says of a line, when one is due, and how each binds the one before it."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Self

from pydantic import Field

from services.notification.feed.domain.event import LineHead
from shared.errors import Fault, Kind
from shared.events.base import Record

MINUTE = 60  # seconds


class RangeTurned(Fault):
    """A range of places begins with the lower one."""

    slug, kind = "range-turned", Kind.INVALID


class Checkpoint(Record):
    """How far a line had come: whoever holds its events up to `place` computes the same `chain`."""

    line: str = Field(description="authority line, or national", examples=["33"])
    number: int = Field(description="1 … n of the line, without a gap")
    place: int = Field(description="how many events the line has said: the place of the last one")
    position: int = Field(description="position of that event in the feed")
    chain: str = Field(description="the line's hash chain up to that event, SHA-256, hexadecimal")
    at: datetime = Field(description="when it was made, UTC")
    previous: str = Field(description="SHA-256 of the text `signed` of the checkpoint before; empty for the first")
    signed: str = Field(default="", description="all of the above as a compact JWS (Ed25519) of type checkpoint+jwt")

    @property
    def name(self) -> str:
        """How it is named elsewhere."""
        return name_of(self.line, self.number)

    def claims(self) -> dict[str, Any]:
        """What is signed."""
        return self.model_dump(mode="json", exclude={"signed"})

    @classmethod
    def following(cls, last: Self | None, head: LineHead, now: datetime) -> Self:
        """The next checkpoint of a line, not yet signed."""
        return cls(
            line=head.line,
            number=last.number + 1 if last else 1,
            place=head.place,
            position=head.position,
            chain=head.chain,
            at=now.astimezone(UTC).replace(microsecond=0),
            previous=sha256(last.signed.encode()).hexdigest() if last else "",
        )


def name_of(line: str, number: int) -> str:
    """`33/7`: the seventh of line 33."""
    return f"{line}/{number}"


def turn_of(instant: datetime, minutes: int) -> int:
    """Which turn of so many minutes an instant falls into; turns begin with the full hour."""
    return int(instant.timestamp() // (minutes * MINUTE))


def is_due(last: Checkpoint | None, head: LineHead, now: datetime, minutes: int) -> bool:
    """Whether a line gets one: it is not where its last one left it, and none was made of it in this turn."""
    if last is None:
        return True
    return head.place != last.place and turn_of(now, minutes) > turn_of(last.at, minutes)
