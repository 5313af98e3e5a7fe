"""What can be asked about replays."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from shared.command import Command
from shared.digests import EXACT


class BackFill(Command):
    """Send a subscription the events of its filter again, from a position of the feed on, the whole history at once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"subscription": "subscription-1", "from_position": 0, "until_position": 1000}]}
    )

    subscription: str = Field(min_length=1, max_length=200)
    from_position: int = Field(
        default=0, ge=0, le=EXACT, description="events after this position; 0: from the first event on"
    )
    until_position: int | None = Field(
        default=None, ge=1, le=EXACT, description="up to this position, included; absent: up to the newest event of now"
    )


class Redrive(Command):
    """Try again what a subscription was to be sent and did not take, however much it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"subscription": "subscription-1", "states": ["failed"]}]}
    )

    subscription: str = Field(min_length=1, max_length=200)
    states: tuple[Literal["failed", "dropped"], ...] = Field(default=("failed",), min_length=1, max_length=2)
    since: datetime | None = Field(default=None, description="what ended at or after this instant")
    until: datetime | None = Field(default=None, description="what ended before this instant")
