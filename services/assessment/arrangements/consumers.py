"""An arranged batch gives its tickets: heard from ourselves, so that a crash is healed by the redelivery."""

from services.assessment.arrangements.handlers import Arrangements
from shared.act import Act
from shared.events.assessment import BatchArranged
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

BATCHES_AT_ONCE = 4  # each holds a run of entries in memory


def hear(hearers: Hearers, arrangements: Arrangements) -> None:
    """Register what this room hears."""

    async def batch_arranged(heard: Heard[BatchArranged], act: Act) -> None:
        await arrangements.give(act, heard.event.batch, heard.event.arrangement)

    hearers.on(BatchArranged, batch_arranged, prefetch=BATCHES_AT_ONCE)
