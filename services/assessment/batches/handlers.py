"""Load, decide, save: batches are filed within a unit's standing and frozen when it is lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.assessment.batches.commands import FileBatch
from services.assessment.batches.domain import Batch, filed
from services.assessment.batches.storage import open_of
from services.assessment.mirrors.domain import Unit
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import suspended_units
from shared.act import Act
from shared.clock import Clock
from shared.storage.store import Store
from shared.workdays import local_day


@dataclass(frozen=True)
class Batches:
    """The batches room."""

    batches: Store[Batch]
    mirrors: Mirrors
    clock: Clock

    async def file(self, act: Act, asked: FileBatch) -> Batch:
        """A new batch of the caller's unit."""
        assert act.caller is not None
        unit = await self.mirrors.unit(act.caller.organisation, act.scope)
        unit.must_cover(asked.occupation, asked.level, asked.exam_on, self.clock.today())
        standard = await self.mirrors.edition(asked.occupation, asked.level, asked.exam_on)
        batch, events = filed(f"batch-{act.id}", unit, standard, asked)
        return await self.batches.add(batch, events, act)

    async def told(self, act: Act, unit: Unit) -> None:
        """A unit's standing as it now counts: what is open is frozen once the unit is suspended."""
        if unit.is_suspended(self.clock.today()):
            await self._freeze(act, [unit])

    async def due(self, now: datetime) -> None:
        """Freeze what was filed while the suspension was on its way, or whose suspension begins today."""
        suspended = await suspended_units(self.mirrors.units, local_day(now))
        act = Act(id="freeze-open-batches", at=now, correlation="freeze-open-batches")
        await self._freeze(act, suspended)

    async def _freeze(self, act: Act, units: Iterable[Unit]) -> None:
        reasons = {unit.id: unit.reason for unit in units}
        found = await open_of(self.batches, reasons) if reasons else []
        await self.batches.change_all(
            {batch.id: (act, partial(Batch.freeze, reason=reasons[batch.unit])) for batch in found}
        )
