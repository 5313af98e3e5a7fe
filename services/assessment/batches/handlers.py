"""Load, decide, save: batches are filed within a unit's standing, frozen when it is lost, released when it is back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from services.assessment.batches.commands import AssignBatch, FileBatch
from services.assessment.batches.domain import Batch, Cards, filed
from services.assessment.batches.storage import frozen_of, open_of, units_with_frozen
from services.assessment.mirrors.domain import Unit
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import cards_among, suspended_units, units_among
from shared.act import Act
from shared.clock import Clock
from shared.storage.store import Decision, Store
from shared.workdays import local_day

Told = tuple[Act, Callable[[Batch], Decision[Batch]]]


@dataclass(frozen=True)
class Batches:
    """The batches room."""

    batches: Store[Batch]
    mirrors: Mirrors
    clock: Clock

    async def file(self, act: Act, asked: FileBatch) -> Batch:
        """A new batch of the caller's unit."""
        assert act.caller is not None
        today = self.clock.today()
        unit = await self.mirrors.unit(act.caller.organisation, act.scope)
        unit.must_cover(asked.occupation, asked.level, asked.exam_on, today)  # before what depends on the day
        standard = await self.mirrors.edition(asked.occupation, asked.level, asked.exam_on)
        cards = await self._named_in(asked)
        batch, events = filed(f"batch-{act.id}", unit, standard, asked, today=today, cards=cards)
        return await self.batches.add(batch, events, act)

    async def assign(self, act: Act, batch_id: str, asked: AssignBatch, expect: int | None) -> Batch:
        """Where the batch is held, who assesses and who supervises it."""
        cards = await self._named_in(asked)
        return await self.batches.change(batch_id, act, lambda batch: batch.assigned(asked, cards), expect=expect)

    async def _named_in(self, asked: AssignBatch) -> Cards:
        named = {*asked.assessors, asked.supervisor} - {""}
        return await cards_among(self.mirrors.cards, named) if named else {}

    async def told(self, act: Act, unit: Unit) -> None:
        """A unit's standing as it now counts: what is open is frozen once it is suspended, and released once not.

        A run of batches here; what is left over, the next look of the clock takes.
        """
        if unit.is_suspended(self.clock.today()):
            await self._freeze(act, [unit])
        else:
            await self._release(act, [unit])

    async def due(self, now: datetime) -> None:
        """Freeze and release what a crash left behind or was filed meanwhile, or whose suspension begins today."""
        act = Act(id="standings", at=now, correlation="standings")
        today = local_day(now)
        await self._freeze(act, await suspended_units(self.mirrors.units, today))
        frozen = await units_with_frozen(self.batches)
        units = await units_among(self.mirrors.units, frozen) if frozen else []
        await self._release(act, [unit for unit in units if not unit.is_suspended(today)])

    async def _freeze(self, act: Act, units: Iterable[Unit]) -> None:
        known = {unit.id: unit for unit in units}
        wanted: dict[str, Told] = {}
        for batch in await open_of(self.batches, known) if known else []:
            unit = known[batch.unit]
            decide = partial(Batch.freeze, reason=unit.reason, standing=unit.sequence)
            wanted[batch.id] = (_once(act, "freeze", unit), decide)
        await self.batches.change_all(wanted)

    async def _release(self, act: Act, units: Iterable[Unit]) -> None:
        known = {unit.id: unit for unit in units}
        wanted: dict[str, Told] = {}
        for batch in await frozen_of(self.batches, known) if known else []:
            unit = known[batch.unit]
            wanted[batch.id] = (_once(act, "release", unit), partial(Batch.release, standing=unit.sequence))
        await self.batches.change_all(wanted)


def _once(act: Act, verb: str, unit: Unit) -> Act:
    """One act per standing, whoever carries it out: the hearer, its redelivery, or the clock."""
    return replace(act, id=f"{verb}-{unit.id}@{unit.sequence}")
