"""What moves a unit's standing: its plans, the Center, the loss of pilot status."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from services.registry.organisations.domain import Organisation, OrganisationKind, must_be_open
from services.registry.standings.commands import LiftSuspension, SuspendUnit
from services.registry.standings.domain import Standing, unborn
from services.registry.standings.storage import visible
from shared.act import Act, Scope
from shared.errors import AlreadyThere, NotFound
from shared.events.registry import PlanFiled
from shared.storage.store import Decision, Store
from shared.workdays import local_day

Decide = Callable[[Standing], Decision[Standing]]


@dataclass(frozen=True)
class Standings:
    """The standings room; `organisations` gives a new standing its unit's name and first line."""

    standings: Store[Standing]
    organisations: Store[Organisation]

    async def authorise(self, act: Act, filed: PlanFiled, line: str, at: datetime) -> Standing:
        """A filed plan becomes the unit's authorisation."""
        return await self._moved(act, filed.unit, lambda unit: unit.authorised(filed, line, at))

    async def lapse(self, act: Act, unit: str, plan: str, on: date) -> Standing:
        """A plan of the unit is over."""
        return await self._moved(act, unit, lambda found: found.lapsed(plan, on))

    async def lose(self, act: Act, unit: str, on: date, reason: str) -> Standing:
        """Pilot status is revoked."""
        return await self._moved(act, unit, lambda found: found.suspended(on, reason, act.causation or "", act.actor))

    async def suspend(self, act: Act, unit: str, asked: SuspendUnit, expect: int | None) -> Standing:
        """The Center suspends a unit."""
        return await self._moved(
            act, unit, lambda found: found.suspended(asked.on, asked.reason, asked.basis, act.actor), expect
        )

    async def lift(self, act: Act, unit: str, asked: LiftSuspension, expect: int | None) -> Standing:
        """The Center lifts a suspension; a unit that is closed for good has none to be lifted."""
        must_be_open(await self.organisations.get(unit), local_day(act.at))
        return await self.standings.change(
            unit, act, lambda found: found.lifted(asked.reason, asked.basis, act.actor, act.at), expect=expect
        )

    async def one(self, scope: Scope, unit: str) -> Standing:
        """The standing of a unit within a scope, or `NotFound`."""
        found = await visible(self.standings, scope, {"_id": unit}, 1)
        if not found:
            raise NotFound(f"there is no Standing {unit} within your scope")
        return found[0]

    async def _moved(self, act: Act, unit: str, decide: Decide, expect: int | None = None) -> Standing:
        """Change the standing; the first word on a unit makes it."""
        try:
            return await self.standings.change(unit, act, decide, expect=expect)
        except NotFound:
            first, events = decide(await self._unborn(unit))
            try:
                return await self.standings.add(first, events, act)
            except AlreadyThere:  # another first word was faster
                return await self.standings.change(unit, act, decide, expect=expect)

    async def _unborn(self, unit: str) -> Standing:
        organisation = await self.organisations.get(unit)
        if organisation.kind is not OrganisationKind.UNIT:
            raise NotFound(f"{unit} is no unit; only units have a standing")
        return unborn(unit, organisation.authority, organisation.name)
