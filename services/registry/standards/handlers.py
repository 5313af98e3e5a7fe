"""Loading the standards and answering what they offer."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from services.registry.plans.domain import Offered
from services.registry.standards.domain import Standard
from services.registry.standards.storage import in_files
from shared.act import Act
from shared.clock import Clock
from shared.events.registry import Part
from shared.storage.store import Store


@dataclass(frozen=True)
class Standards:
    """The standards room."""

    standards: Store[Standard]
    folder: Path
    clock: Clock

    async def load(self) -> None:
        """Publish what the data files hold and the store does not; safe to repeat and to run in two processes."""
        standing = {row.id: row for row in await self.standards.find({})}
        for standard in in_files(self.folder):
            act = Act(id=f"load-{standard.id}", at=self.clock.now(), correlation=f"load-{standard.id}")
            if standard.id not in standing:
                await self.standards.add(*standard.published(), act)

    async def offered(self) -> Offered:
        """Levels by occupation, over the editions in force today."""
        today = self.clock.today()
        levels: dict[str, frozenset[str]] = defaultdict(frozenset)
        for row in await self.standards.find({}):
            if row.effective <= today:
                levels[row.occupation.id] |= set(row.levels)
        return dict(levels)

    async def parts_of(self, standard: str) -> tuple[Part, ...]:
        """The parts of an edition with their marks."""
        return (await self.standards.get(standard)).parts
