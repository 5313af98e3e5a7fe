"""What assessment says of findings in sealed sheets."""

from typing import ClassVar

from pydantic import Field

from shared.events.assessment.batches import BatchEvent


class SignalRaised(BatchEvent):
    """Something in the sheets of a batch should be looked into; it changes no result and punishes nobody."""

    type: ClassVar[str] = "assessment.signal.raised.v1"
    signal: str = Field(description="id of the signal")
    kind: str = Field(
        description="assessor-spread, same-sheets, twin-sheets, too-short, signed-early, other-day or two-places",
        examples=["assessor-spread"],
    )
    part: str = Field(description="theory, practical or review", examples=["practical"])
    cards: tuple[str, ...] = Field(description="ids of the assessors' cards; empty in theory")
    candidates: int = Field(description="candidates whose sheets were compared")
    measured: float = Field(description="points for a spread, a fraction for twin sheets, else how many were found")
    bound: float = Field(description="the bound of the rule `signals.*` that it reached, in the same unit")
