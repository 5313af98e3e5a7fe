"""What results follow from: a batch that closed, an objection that ended, a refiling, the registry's word."""

from collections.abc import Sequence

from services.assessment.results.handlers import Results
from shared.act import Act
from shared.events.assessment import BatchClosed, EntryRefiled, ObjectionDecided, ObjectionRefused
from shared.events.registry import CertificateFiled, FilingRejected
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

BATCHES_AT_ONCE = 4  # each holds a chunk of results in memory


def hear(hearers: Hearers, results: Results) -> None:
    """Register what this room hears; the registry's word comes after the entries room, which takes it first."""

    async def batch_closed(heard: Heard[BatchClosed], act: Act) -> None:
        await results.say(act, heard.event.batch)

    async def entry_refiled(heard: Heard[EntryRefiled], act: Act) -> None:
        await results.supplement(act, heard.event.batch)

    async def objection_decided(heard: Heard[ObjectionDecided], act: Act) -> None:
        await results.objection_decided(act, heard.event)

    async def objection_refused(heard: Heard[ObjectionRefused], act: Act) -> None:
        await results.released(act, heard.event.batch)

    async def registry_answered(said: Sequence[tuple[Heard[CertificateFiled] | Heard[FilingRejected], Act]]) -> None:
        await results.settle([heard.event.batch for heard, _ in said], said[0][1].at)

    hearers.on(BatchClosed, batch_closed, prefetch=BATCHES_AT_ONCE)
    hearers.on(EntryRefiled, entry_refiled, prefetch=BATCHES_AT_ONCE)
    hearers.on(ObjectionDecided, objection_decided, prefetch=BATCHES_AT_ONCE)
    hearers.on(ObjectionRefused, objection_refused, prefetch=BATCHES_AT_ONCE)
    hearers.on_many(CertificateFiled, registry_answered)
    hearers.on_many(FilingRejected, registry_answered)
