"""Loading programmes, scheduling their regimes, and which regime is in force."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from services.registry.programmes.commands import Regime, ScheduleRegime
from services.registry.programmes.domain import Programme
from services.registry.programmes.storage import in_file
from shared.act import Act
from shared.clock import Clock
from shared.storage.store import Store


@dataclass(frozen=True)
class Programmes:
    """The programmes room; `current` is the programme that results belong to."""

    programmes: Store[Programme]
    file: Path
    current: str
    clock: Clock

    async def load(self) -> None:
        """Add the programmes of the file that are not there; safe to repeat and to run in two processes."""
        standing = {row.id for row in await self.programmes.find({})}
        for programme in in_file(self.file):
            act = Act(id=f"load-{programme.id}", at=self.clock.now(), correlation=f"load-{programme.id}")
            if programme.id not in standing:
                await self.programmes.add(*programme.announced(), act)

    async def schedule(self, act: Act, programme: str, asked: ScheduleRegime, expect: int | None) -> Programme:
        """The Center names the next regime and its first day."""
        today = self.clock.today()
        return await self.programmes.change(programme, act, lambda found: found.scheduled(asked, today), expect=expect)

    async def regime_on(self, day: date) -> Regime:
        """The regime of what began that day."""
        return (await self.programmes.get(self.current)).regime_on(day)
