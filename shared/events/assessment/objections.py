"""What assessment says of objections: each is decided, and by that lets its entry go."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from shared.events.assessment.batches import BatchEvent


class ObjectionDecided(BatchEvent):
    """An objection was decided; its entry is held back no longer."""

    type: ClassVar[str] = "assessment.objection.decided.v1"
    entry: str = Field(description="id of the entry")
    outcome: str = Field(description="upheld, changed or rejected")
    certified: bool = Field(description="whether the entry has a certificate already")
    passes: bool = Field(description="whether each part reaches its mark by what was decided")
    scores: Mapping[str, float] = Field(description="points of each part by what was decided")
    reason: str = Field(description="why, without personal data")
