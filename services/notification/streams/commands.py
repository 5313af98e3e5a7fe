"""What can be asked about readers."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command

Types = Annotated[tuple[str, ...], Field(max_length=100)]


class Kind(StrEnum):
    """What a reader reads."""

    QUEUE = "queue"
    STREAM = "stream"


class AskToRead(Command):
    """Read the feed over AMQP: from a queue of one's own, or from the stream of the caller's line."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "queue", "types": ["registry.certificate.filed.v1", "evaluation.*"]},
                {"kind": "stream"},
            ]
        },
    )

    kind: Kind = Field(
        description="queue: each event waits until it is acknowledged, then it is gone; beyond the bytes a queue may "
        "hold the oldest are dropped, `ce-place` shows the gap and the feed has them for ever. "
        "stream: kept for a year, read again from any offset or time; it shows a whole line, so a unit has queues only"
    )
    types: Types = Field(
        default=(), description="exact types or patterns `registry.*`, for a queue only; none means every event"
    )
