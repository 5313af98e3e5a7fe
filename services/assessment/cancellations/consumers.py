"""A cancelled batch frees what it holds: heard from ourselves, so that a crash is healed by the redelivery."""

from services.assessment.cancellations.handlers import Cancellations
from shared.act import Act
from shared.events.assessment import BatchCancelled
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

BATCHES_AT_ONCE = 4  # each holds a run of entries in memory


def hear(hearers: Hearers, cancellations: Cancellations) -> None:
    """Register what this room hears."""

    async def batch_cancelled(heard: Heard[BatchCancelled], act: Act) -> None:
        await cancellations.free(act, heard.event.batch)

    hearers.on(BatchCancelled, batch_cancelled, prefetch=BATCHES_AT_ONCE)
