"""What a cancelled batch holds is freed: its share of the plan's numbers, and its candidates' days."""

from dataclasses import dataclass

from services.assessment.batches.domain import Batch
from services.assessment.batches.handlers import Quotas
from services.assessment.cancellations.domain import freed
from services.assessment.cancellations.storage import entries_left
from services.assessment.entries.domain import Entry
from shared.act import Act
from shared.storage.store import Store


@dataclass(frozen=True)
class Cancellations:
    """The cancellations room."""

    batches: Store[Batch]
    entries: Store[Entry]
    quotas: Quotas

    async def free(self, act: Act, batch_id: str) -> None:
        """Free what a batch holds; a repeat finds what is left and frees that."""
        await self.quotas.free(act, await self.batches.get(batch_id))
        after = ""
        while run := await entries_left(self.entries, batch_id, after):
            await self.entries.change_all({entry.id: (act, freed) for entry in run})
            after = run[-1].id
