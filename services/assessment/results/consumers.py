"""A closed batch says its results: heard from ourselves, so that a crash is healed by the redelivery."""

from services.assessment.results.handlers import Results
from shared.act import Act
from shared.events.assessment import BatchClosed
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

BATCHES_AT_ONCE = 4  # each holds a chunk of results in memory


def hear(hearers: Hearers, results: Results) -> None:
    """Register what this room hears."""

    async def batch_closed(heard: Heard[BatchClosed], act: Act) -> None:
        await results.say(act, heard.event.batch)

    hearers.on(BatchClosed, batch_closed, prefetch=BATCHES_AT_ONCE)
