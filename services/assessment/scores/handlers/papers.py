"""A unit names the paper of a part before the exam; where it names none, the edition's dimensions are the paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.assessment.batches.domain import BEFORE_EXAM, Batch
from services.assessment.batches.storage import taking_rows
from services.assessment.scores.commands import SetPaper
from services.assessment.scores.domain import Paper, paper_asked
from services.assessment.scores.storage import paper_of
from shared.act import Act
from shared.errors import AlreadyThere
from shared.events.base import Event
from shared.rulebook import Rulebook
from shared.storage.store import Store

RULE = "a paper is named before the exam"


@dataclass(frozen=True)
class ScorePapers:
    """What the parts of a batch are scored by."""

    papers: Store[Paper]
    batches: Store[Batch]
    rules: Rulebook

    async def name(self, act: Act, batch_id: str, asked: SetPaper) -> Paper:
        """The paper of a part; named anew before the exam, it replaces the one before."""
        batch = await self.batches.get(batch_id, act.scope)
        paper = paper_asked(batch, asked, self._step(batch))
        async with taking_rows(self.batches, batch_id, act, BEFORE_EXAM, RULE):
            try:
                return await self.papers.add(paper, [], act)
            except AlreadyThere:
                return await self.papers.change(paper.id, act, lambda found: _replaced(found, paper))

    async def of(self, batch: Batch, part: str) -> Paper:
        """What a part of a batch is scored by."""
        return await paper_of(self.papers, batch, part, self._step(batch))

    async def all_of(self, batch: Batch) -> list[Paper]:
        """The papers of all parts."""
        return [await self.of(batch, part.id) for part in batch.parts]

    def _step(self, batch: Batch) -> float:
        return self.rules.number("score.step", on=batch.exam_on)


def _replaced(found: Paper, paper: Paper) -> tuple[Paper, Sequence[Event]]:
    return found.having(tasks=paper.tasks, step=paper.step), []
