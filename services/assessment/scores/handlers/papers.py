"""A unit names the paper of a part before the exam; where it names none, the edition's dimensions are the paper."""

from contextlib import suppress
from dataclasses import dataclass

from services.assessment.batches.domain import Batch
from services.assessment.scores.commands import SetPaper
from services.assessment.scores.domain import Paper, paper_asked, scored_by
from services.assessment.scores.storage import paper_of
from shared.act import Act
from shared.errors import AlreadyThere
from shared.rulebook import Rulebook
from shared.storage.store import Store


@dataclass(frozen=True)
class ScorePapers:
    """What the parts of a batch are scored by."""

    papers: Store[Paper]
    batches: Store[Batch]
    rules: Rulebook

    async def name(self, act: Act, batch_id: str, asked: SetPaper) -> Paper:
        """The paper of a part; named anew before the exam, another takes its place."""
        batch = await self.batches.get(batch_id, act.scope)
        paper = paper_asked(batch, asked, self._step(batch))
        scored_by(batch, paper)  # refused before anything is kept
        with suppress(AlreadyThere):  # the very same paper, named before
            await self.papers.add(paper, [], act)
        await self.batches.change(batch_id, act, lambda found: scored_by(found, paper))
        return paper

    async def of(self, batch: Batch, part: str) -> Paper:
        """What a part of a batch is scored by."""
        return await paper_of(self.papers, batch, part, self._step(batch))

    async def all_of(self, batch: Batch) -> list[Paper]:
        """The papers of all parts."""
        return [await self.of(batch, part.id) for part in batch.parts]

    def _step(self, batch: Batch) -> float:
        return self.rules.number("score.step", on=batch.exam_on)
