"""Loading organisations."""

from dataclasses import dataclass
from pathlib import Path

from services.registry.organisations.domain import Organisation
from services.registry.organisations.storage import in_file
from shared.act import Act
from shared.clock import Clock
from shared.storage.store import Store


@dataclass(frozen=True)
class Organisations:
    """The organisations room."""

    organisations: Store[Organisation]
    file: Path
    clock: Clock

    async def load(self) -> None:
        """Add the organisations of the file that are not there; safe to repeat."""
        standing = {row.id for row in await self.organisations.find({})}
        act = Act(id="load-organisations", at=self.clock.now(), correlation="load-organisations")
        news = [row for row in in_file(self.file) if row.id not in standing]
        if news:
            await self.organisations.add_all([((row, []), act) for row in news])
