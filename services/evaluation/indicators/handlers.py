"""Keeping what is heard, and answering what it adds up to."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.evaluation.indicators.domain import Fact, Unit, UnitIndicators
from services.evaluation.indicators.storage import Facts, Units
from shared.act import EVERYTHING, Scope
from shared.errors import NotFound


@dataclass(frozen=True)
class Indicators:
    """The indicators room; nothing here says anything."""

    facts: Facts
    units: Units

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self.facts.prepare()
        await self.units.prepare()

    async def unit(self, unit: str, scope: Scope = EVERYTHING) -> Unit:
        """The unit as the registry last described it."""
        found = await self.units.find(unit, scope)
        if found is None:
            raise NotFound(f"no unit {unit} with a filed plan is known within your scope")
        return found

    async def of(self, unit: str, scope: Scope = EVERYTHING) -> UnitIndicators:
        """A unit's figures now; a unit nothing else was heard of has zeros."""
        figures = await self.facts.figures(unit, scope)
        return figures or _nothing(await self.unit(unit, scope))

    async def listed(self, scope: Scope, *, after: str, limit: int) -> list[UnitIndicators]:
        """The figures of the units within the scope, by unit."""
        units = await self.units.listed(scope, after=after, limit=limit)
        return [await self.facts.figures(row.id, scope) or _nothing(row) for row in units]

    async def facts_of(
        self, unit: str, scope: Scope, *, batch: str | None, kind: str | None, after: str, limit: int
    ) -> list[Fact]:
        """The facts behind a unit's figures, by id."""
        rows = await self.facts.listed(unit, scope, batch=batch, kind=kind, after=after, limit=limit)
        if not rows:
            await self.unit(unit, scope)  # a unit that is not there is told from one without facts
        return rows

    async def take(self, facts: Sequence[Fact]) -> None:
        """Keep what was heard."""
        await self.facts.keep(facts)

    async def take_standing(self, fact: Fact, unit: Unit) -> None:
        """Keep what was heard of a unit's standing, and the unit as it is described."""
        await self.units.keep(unit)
        await self.facts.keep([fact])


def _nothing(unit: Unit) -> UnitIndicators:
    return UnitIndicators(unit=unit.id, authority=unit.authority)
