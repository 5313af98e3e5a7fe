"""Sheets are looked through once they are sealed: heard from ourselves, so that a crash is healed by the redelivery."""

from services.assessment.signals.handlers import Signals
from shared.act import Act
from shared.events.assessment import BatchScored
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

BATCHES_AT_ONCE = 4  # each reads all of its entries, run by run


def hear(hearers: Hearers, signals: Signals) -> None:
    """Register what this room hears."""

    async def batch_scored(heard: Heard[BatchScored], act: Act) -> None:
        await signals.find(act, heard.event.batch)

    hearers.on(BatchScored, batch_scored, prefetch=BATCHES_AT_ONCE)
