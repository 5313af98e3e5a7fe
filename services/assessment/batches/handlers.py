"""Load, decide, save: batches are planned and filed within a unit's standing, frozen when it is lost, then released."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from services.assessment.batches.commands import CancelBatch, OpenRegistration, PlanBatch
from services.assessment.batches.domain import Batch, planned
from services.assessment.batches.storage import frozen_of, open_of, units_with_frozen
from services.assessment.mirrors.domain import Unit
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import suspended_units, units_among
from shared.act import Act
from shared.clock import Clock
from shared.errors import Contended
from shared.storage.store import Decision, Store
from shared.workdays import local_day

Told = tuple[Act, Callable[[Batch], Decision[Batch]]]


@dataclass(frozen=True)
class Batches:
    """The batches room; `checked` looks at a batch's assignment anew and refuses one that breaks a rule."""

    batches: Store[Batch]
    mirrors: Mirrors
    clock: Clock
    checked: Callable[[Act, Batch], Awaitable[None]]

    async def plan(self, act: Act, asked: PlanBatch) -> Batch:
        """A new batch of the caller's unit; what it may not examine is refused at once."""
        assert act.caller is not None
        unit = await self.mirrors.unit(act.caller.organisation, act.scope)
        grant = unit.must_cover(asked.occupation, asked.level, asked.exam_on, self.clock.today())
        standard = await self.mirrors.edition(asked.occupation, asked.level, asked.exam_on)
        batch = planned(f"batch-{act.id}", unit.id, grant.authority, standard, asked, now=self.clock.now())
        return await self.batches.add(batch, [], act)

    async def file(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """Announce it, within the unit's standing as it now is."""
        batch = await self.batches.get(batch_id, act.scope)
        unit = await self.mirrors.unit(batch.unit, act.scope)
        now, today = self.clock.now(), self.clock.today()
        grant = unit.must_cover(batch.occupation, batch.level, batch.exam_on, today)
        unit.must_cover(batch.occupation, batch.level, batch.ends_on, today)
        return await self.batches.change(batch_id, act, lambda found: found.filed(grant, now, today), expect=expect)

    async def open_registration(self, act: Act, batch_id: str, asked: OpenRegistration, expect: int | None) -> Batch:
        """Candidates are entered until a day."""
        now, today = self.clock.now(), self.clock.today()
        return await self.batches.change(
            batch_id, act, lambda batch: batch.registering(asked.until, now, today), expect=expect
        )

    async def begin(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """The exam begins, under an assignment that is checked once more: this is the last word on it."""
        now, today = self.clock.now(), self.clock.today()
        looked_at = await self.batches.get(batch_id, act.scope)
        if act.id not in looked_at.taken:
            looked_at.begun(now, today)  # what else refuses it is said first
            await self.checked(act, looked_at)

        def decide(batch: Batch) -> Decision[Batch]:
            if batch.assignment != looked_at.assignment:
                raise Contended("the assignment is being changed; repeat the request")
            return batch.begun(now, today)

        return await self.batches.change(batch_id, act, decide, expect=expect)

    async def end(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """The exam is over."""
        now, today = self.clock.now(), self.clock.today()
        return await self.batches.change(batch_id, act, lambda batch: batch.ended(now, today), expect=expect)

    async def cancel(self, act: Act, batch_id: str, asked: CancelBatch, expect: int | None) -> Batch:
        """It is given up."""
        now = self.clock.now()
        return await self.batches.change(batch_id, act, lambda batch: batch.cancelled(asked.reason, now), expect=expect)

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
