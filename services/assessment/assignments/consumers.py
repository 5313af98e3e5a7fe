"""What makes an assignment be looked at again: a card's newest word, rooms, and what becomes of batches before it.

The card events are heard by the mirrors first, so what is looked up here is what they told.
"""

from services.assessment.assignments.handlers import Assignments
from services.assessment.mirrors.consumers import CARDS
from shared.act import Act
from shared.events.assessment import AssignmentConfirmed, BatchArranged, BatchCancelled, BatchEvent
from shared.events.registry import CardStanding
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

BATCHES_AT_ONCE = 4


def hear(hearers: Hearers, assignments: Assignments) -> None:
    """Register what this room hears; after the mirrors have registered theirs."""

    async def card(heard: Heard[CardStanding], act: Act) -> None:
        await assignments.card_changed(act, heard.event.card)

    async def arranged(heard: Heard[BatchArranged], act: Act) -> None:
        await assignments.recheck(act, heard.event.batch)

    async def moved(heard: Heard[BatchEvent], act: Act) -> None:
        await assignments.batch_moved(act, heard.event.batch)

    for kind in CARDS:
        hearers.on(kind, card)
    hearers.on(BatchArranged, arranged, prefetch=BATCHES_AT_ONCE)
    for moving in (AssignmentConfirmed, BatchCancelled):
        hearers.on(moving, moved, prefetch=BATCHES_AT_ONCE)
