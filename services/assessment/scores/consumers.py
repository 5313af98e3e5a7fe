"""A marked batch is sealed: heard from ourselves, so that a crash is healed by the redelivery."""

from services.assessment.scores.handlers import Sealing
from shared.act import Act
from shared.events.assessment import BatchMarked
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

BATCHES_AT_ONCE = 4  # each reads all of its entries, run by run


def hear(hearers: Hearers, sealing: Sealing) -> None:
    """Register what this room hears."""

    async def batch_marked(heard: Heard[BatchMarked], act: Act) -> None:
        await sealing.seal(act, heard.event.batch)

    hearers.on(BatchMarked, batch_marked, prefetch=BATCHES_AT_ONCE)
