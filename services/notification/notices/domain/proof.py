"""The proof that a notice was published: what it said, when, and its place in the feed; signed, to be kept."""

from datetime import datetime
from typing import Any

from pydantic import Field, JsonValue

from services.notification.feed.domain.event import FeedEvent
from services.notification.notices.domain.notice import Notice, Withdrawal
from shared.events.base import Record


class Proof(Record):
    """What proves a publication; `signed` is the same as a JWS, to be checked with `/v1/notices/keys`."""

    notice: str = Field(description="id of the notice")
    standing: str = Field(description="open, closed, withdrawn or replaced, at `proved_at`", examples=["closed"])
    opens_at: datetime = Field(description="when it was published, UTC")
    closes_on: str = Field(description="last day, Asia/Shanghai")
    ends_at: datetime = Field(description="when that day is over, UTC")
    content: dict[str, JsonValue] = Field(description="what was published")
    digest: str = Field(description="SHA-256 of `content` as RFC 8785 JSON, hexadecimal")
    event: str = Field(description="id of the event that caused or said the publication")
    event_type: str = Field(examples=["assessment.results.publicised.v1"])
    position: int = Field(description="position of that event in the feed")
    line: str = Field(description="the event's authority line", examples=["33"])
    place: int = Field(description="the event's place in its line; 0 for events from before places were kept")
    event_digest: str = Field(description="SHA-256 of the event; empty for events from before digests were kept")
    chain: str = Field(description="the line's hash chain up to the event")
    checkpoint: str = Field(
        default="",
        description="line and number of the first checkpoint that covers the event; empty while there is none",
        examples=["33/7"],
    )
    withdrawal: Withdrawal | None
    replaced_by: str = Field(description="id of the notice that says it anew; empty when there is none")
    proved_at: datetime
    signed: str = Field(default="", description="all of the above as a compact JWS (Ed25519) of type notice+jwt")

    def claims(self) -> dict[str, Any]:
        """What is signed."""
        return self.model_dump(mode="json", exclude={"signed"})


def proof_of(notice: Notice, event: FeedEvent, now: datetime, checkpoint: str = "") -> Proof:
    """The proof of a notice by its event in the feed."""
    return Proof(
        notice=notice.id,
        standing=notice.standing(now),
        opens_at=notice.opens_at,
        closes_on=notice.closes_on.isoformat(),
        ends_at=notice.ends_at,
        content=notice.content(),
        digest=notice.digest,
        event=event.event,
        event_type=event.type,
        position=event.position,
        line=event.authority,
        place=event.place,
        event_digest=event.digest,
        chain=event.chain,
        checkpoint=checkpoint,
        withdrawal=notice.withdrawal,
        replaced_by=notice.replaced_by,
        proved_at=now,
    )
