"""Load, decide, save: batches are planned and filed within a unit's standing, frozen when it is lost, then released.

A batch is filed in two writes: its numbers are reserved on the plan's quota, then it is filed at the very version that
was checked. Between the two a process may end; `Quotas.due` settles such a share.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from time import time

from services.assessment.batches.commands import CancelBatch, OpenRegistration, PlanBatch
from services.assessment.batches.domain import (
    Batch,
    Mode,
    Modes,
    Quota,
    Share,
    State,
    asked_at,
    first_quota,
    known_as,
    must_be_possible,
    must_be_within,
    must_lie_ahead,
    must_still_hold,
    planned,
    quota_id,
)
from services.assessment.batches.storage import filed_under, frozen_of, open_of, quotas_waiting, units_with_frozen
from services.assessment.mirrors.domain import Site, Unit
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import sites_among, suspended_units, units_among
from shared.act import EVERYTHING, Act
from shared.clock import Clock
from shared.errors import AlreadyThere, Contended, NotFound, Stale
from shared.events.registry import Grant
from shared.rulebook import Rulebook
from shared.storage.store import Decision, Store
from shared.workdays import local_day

STILL_FILING = timedelta(minutes=1)  # a share younger than this may belong to a request at work
RECHECKS = 8  # a batch is checked again when it changed meanwhile
Told = tuple[Act, Callable[[Batch], Decision[Batch]]]


class _Moved(Contended):
    """The batch changed between its check and its write; it is checked again."""


@dataclass(frozen=True)
class Quotas:
    """The numbers of filed plans, of which each batch takes its share."""

    quotas: Store[Quota]
    batches: Store[Batch]

    async def reserve(self, act: Act, batch: Batch, grant: Grant) -> Quota:
        """A batch takes its share under a plan; the same filing at the same version takes no second one."""
        identity, number = quota_id(grant.plan, batch.occupation), grant.numbers.get(batch.occupation, 0)
        once = replace(act, id=f"{act.id}@{batch.version}", scope=EVERYTHING)

        def decide(quota: Quota) -> Decision[Quota]:
            return quota.reserved(batch, number, act.at)

        try:
            return await self.quotas.change(identity, once, decide)
        except NotFound:
            filed = await filed_under(self.batches, grant.plan, batch.occupation)
            first = first_quota(grant.plan, batch.occupation, batch.unit, grant.authority, filed, act.at)
            with suppress(AlreadyThere):  # another first batch was faster
                await self.quotas.add(first, [], replace(once, id=f"first-{once.id}"))
            return await self.quotas.change(identity, once, decide)

    async def free(self, act: Act, batch: Batch) -> None:
        """The share of a batch that is cancelled."""
        with suppress(NotFound):  # it was filed before there were quotas
            await self.quotas.change(quota_id(batch.plan, batch.occupation), act, lambda quota: quota.without(batch.id))

    async def due(self, now: datetime) -> None:
        """Settle the shares that wait: kept where the batch was filed under the plan, else dropped."""
        before = now - STILL_FILING
        for quota in await quotas_waiting(self.quotas, before):
            act = Act(id=f"settle-{quota.id}@{quota.version}", at=now, correlation="quotas")
            filed, void = set[str](), dict[str, Share]()
            for batch_id, share in quota.overdue(before).items():
                if (await self._undecided(act, batch_id, share)).is_filed_under(quota.plan):
                    filed.add(batch_id)
                else:
                    void[batch_id] = share
            await self.quotas.change(quota.id, act, partial(Quota.settled, filed=filed, void=void))

    async def _undecided(self, act: Act, batch_id: str, share: Share) -> Batch:
        """The batch; while it is not filed, whoever counts on this share must reserve it anew before it can be."""
        once = replace(act, id=f"put-off-{batch_id}@{share.version}")
        return await self.batches.change(batch_id, once, Batch.put_off)


@dataclass(frozen=True)
class Batches:
    """The batches room; `checked` looks at a batch's assignment anew and refuses one that breaks a rule."""

    batches: Store[Batch]
    quotas: Quotas
    mirrors: Mirrors
    rules: Rulebook
    clock: Clock
    checked: Callable[[Act, Batch], Awaitable[None]]

    async def plan(self, act: Act, asked: PlanBatch) -> Batch:
        """A new batch of the caller's unit; what it may never examine is refused at once."""
        assert act.caller is not None
        unit = await self.mirrors.unit(act.caller.organisation, act.scope)
        today = self.clock.today()
        unit.must_cover(asked.occupation, asked.level, asked.exam_on, today)
        must_lie_ahead(asked.exam_on, today)
        standard = await self.mirrors.edition(asked.occupation, asked.level, asked.exam_on)
        modes = self._modes(asked.exam_on)
        batch = planned(f"batch-{act.id}", unit.id, unit.authority, standard, asked, modes, now=self.clock.now())
        grant = unit.must_cover(batch.occupation, batch.level, batch.exam_on, today, batch.ends_on)
        must_be_possible(batch, grant, await self._sites(batch), modes, asked_at(asked))
        return await self.batches.add(batch.having(authority=grant.authority), [], act)

    async def file(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """Announce it, within the unit's standing, sites and numbers as they now are."""
        for _ in range(RECHECKS):
            batch = await self.batches.get(batch_id, act.scope)
            if act.id in batch.taken:
                return batch
            if expect not in (None, batch.version):
                raise Stale(f"version {expect} was expected, version {batch.version} stands")
            with suppress(_Moved):
                return await self._file(act, batch)
        raise Contended(f"batch {batch_id} is being changed by many at once; repeat the request")

    async def _file(self, act: Act, batch: Batch) -> Batch:
        now, today = self.clock.now(), self.clock.today()
        grant = await self._checked(act, batch)
        batch.filed(grant, now, today)  # what refuses it refuses before anything is reserved
        await self.quotas.reserve(act, batch, grant)

        def decide(found: Batch) -> Decision[Batch]:
            if found.version != batch.version:
                raise _Moved("the batch changed while it was checked")
            return found.filed(grant, now, today)

        return await self.batches.change(batch.id, act, decide)

    async def _checked(self, act: Act, batch: Batch) -> Grant:
        unit = await self.mirrors.unit(batch.unit, act.scope)
        batch.must_be((State.PLANNED,), "a batch is filed once")
        grant = unit.must_cover(batch.occupation, batch.level, batch.exam_on, self.clock.today(), batch.ends_on)
        standard = await self.mirrors.edition(batch.occupation, batch.level, batch.exam_on)
        must_be_within(batch, grant, standard, await self._sites(batch), self._modes(batch.exam_on))
        return grant

    async def _sites(self, batch: Batch) -> Mapping[str, Site]:
        return await sites_among(self.mirrors.sites, {sitting.site for sitting in batch.sittings})

    def modes(self, on: date) -> list[Mode]:
        """How a part can be held on a day."""
        return self.rules.value("exam.modes", list[Mode], on=on)

    def _modes(self, on: date) -> Modes:
        return known_as(self.modes(on))

    async def open_registration(self, act: Act, batch_id: str, asked: OpenRegistration, expect: int | None) -> Batch:
        """Candidates are entered until a day."""
        now, today = self.clock.now(), self.clock.today()
        return await self.batches.change(
            batch_id, act, lambda batch: batch.registering(asked.until, now, today), expect=expect
        )

    async def begin(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """The exam begins, at sites and under an assignment that are checked once more: this is the last word."""
        for _ in range(RECHECKS):
            with suppress(_Moved):
                return await self._begin(act, await self.batches.get(batch_id, act.scope), expect)
        raise Contended(f"batch {batch_id} is being changed by many at once; repeat the request")

    async def _begin(self, act: Act, batch: Batch, expect: int | None) -> Batch:
        now, today = self.clock.now(), self.clock.today()
        if act.id not in batch.taken:
            batch.begun(now, today)  # what else refuses it is said first
            must_still_hold(batch, await self._sites(batch))
            await self.checked(act, batch)

        def decide(found: Batch) -> Decision[Batch]:
            if found.version != batch.version:
                raise _Moved("the batch changed while it was checked")
            found.must_be_quiet(time())  # somebody may be withdrawing
            return found.begun(now, today)

        return await self.batches.change(batch.id, act, decide, expect=expect)

    async def end(self, act: Act, batch_id: str, expect: int | None) -> Batch:
        """The exam is over."""
        now, today = self.clock.now(), self.clock.today()
        return await self.batches.change(batch_id, act, lambda batch: batch.ended(now, today), expect=expect)

    async def cancel(self, act: Act, batch_id: str, asked: CancelBatch, expect: int | None) -> Batch:
        """It is given up."""
        now = self.clock.now()
        return await self.batches.change(
            batch_id, act, lambda batch: batch.cancelled(asked.reason, now, time()), expect=expect
        )

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
