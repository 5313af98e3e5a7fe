"""Load, decide, save: what happens when something is asked about a standard, and what the standards offer."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from services.registry.plans.domain import Offered
from services.registry.standards.commands import Content, DraftStandard, Occupation, Regime
from services.registry.standards.domain import (
    Change,
    Demand,
    Measure,
    Standard,
    State,
    check,
    difference,
    drafted,
    in_force,
    occupations,
    successions,
)
from services.registry.standards.storage import Catalogue, editions, in_files
from shared.act import NATIONAL, Act, Scope
from shared.clock import Clock
from shared.errors import NotFound
from shared.events.registry import Part
from shared.rulebook import Rulebook
from shared.storage.store import Decision, Store


@dataclass(frozen=True)
class Standards:
    """The standards room; `folder` holds the editions that come with the product."""

    standards: Store[Standard]
    folder: Path
    catalogue: Catalogue
    rules: Rulebook
    clock: Clock

    async def load(self) -> None:
        """Publish what the data files hold and the store does not; safe to repeat and to run in two processes."""
        standing = {row.id for row in await self.standards.find({})}
        for draft in in_files(self.folder):
            act = Act(id=f"load-{draft.id}", at=self.clock.now(), correlation=f"load-{draft.id}")
            if draft.id not in standing:
                await self.standards.add(*draft.in_print(act.at), act)

    # -- what is asked ---------------------------------------------------------------------------------

    async def draft(self, act: Act, asked: DraftStandard) -> Standard:
        """A new draft of the Center."""
        self._check(asked)
        return await self.standards.add(drafted(f"standard-{act.id}", NATIONAL, asked), [], act)

    async def mend(self, act: Act, standard: str, asked: DraftStandard, expect: int | None) -> Standard:
        """A draft with another content."""

        def decide(found: Standard) -> Decision[Standard]:
            mended = found.mended(asked)
            self._check(asked)
            return mended

        return await self.standards.change(standard, act, decide, expect=expect)

    async def publish(self, act: Act, standard: str, expect: int | None) -> Standard:
        """In force from its day; measured again, for rules may have changed since it was drafted."""
        today = self.clock.today()

        def decide(found: Standard) -> Decision[Standard]:
            published = found.published(act.at, today)
            self._check(found)
            return published

        return await self.standards.change(standard, act, decide, expect=expect)

    async def settle(self, act: Act, occupation: str, regime: Regime) -> None:
        """Let each edition know the day it gives way: all of the line, so that no order of publishing matters."""
        rows = await editions(self.standards, occupation=occupation, regime=regime)
        days = successions(rows)
        await self.standards.change_all({identity: (act, _superseded(day)) for identity, day in days.items()})

    def _check(self, asked: Content) -> None:
        check(asked, measure(self.rules, self.catalogue, asked.regime, max(asked.effective, self.clock.today())))

    # -- what is answered ------------------------------------------------------------------------------

    async def read(self, standard: str, scope: Scope) -> Standard:
        """One edition; a draft is the Center's."""
        found = await self.standards.get(standard)
        if found.state is State.DRAFT and not _is_the_centers(scope):
            raise NotFound(f"there is no Standard {standard} within your scope")
        return found

    async def listed(
        self, scope: Scope, *, occupation: str | None, regime: Regime | None, state: State | None, on: date | None
    ) -> list[Standard]:
        """Editions by id; `on` leaves those in force that day."""
        rows = await editions(self.standards, occupation=occupation, regime=regime)
        if on is not None:
            rows = in_force(rows, on)
        seen = set(State) if _is_the_centers(scope) else {State.PUBLISHED, State.SUPERSEDED}
        return [row for row in rows if row.state in seen and state in (None, row.state)]

    async def difference(self, standard: str, other: str, scope: Scope) -> list[Change]:
        """What changes from one edition to another."""
        return difference(await self.read(standard, scope), await self.read(other, scope))

    async def occupation_of(self, standard: str) -> str:
        """Which occupation an edition is for, a draft as well."""
        return (await self.standards.get(standard)).occupation.id

    async def occupations(self) -> list[Occupation]:
        """The occupations with the codes of their newest editions."""
        return occupations(await self.standards.find({}), self.clock.today())

    async def offered(self) -> Offered:
        """Levels by occupation, over the editions in force today."""
        levels: dict[str, frozenset[str]] = defaultdict(frozenset)
        for row in in_force(await self.standards.find({}), self.clock.today()):
            levels[row.occupation.id] |= set(row.levels)
        return dict(levels)

    async def parts_of(self, standard: str) -> tuple[Part, ...]:
        """The parts of an edition with their marks."""
        return (await self.standards.get(standard)).parts


def measure(rules: Rulebook, catalogue: Catalogue, regime: Regime, day: date) -> Measure:
    """What an edition of a regime is measured by when it comes into force that day."""

    def demand(key: str) -> Demand:
        return Demand(tuple(rules.value(key, list[str], on=day)), key, rules.explain(key, day).source)

    levels, parts = demand(f"standard.{regime}_levels"), demand("standard.parts")
    return Measure(catalogue.names, catalogue.source, catalogue.predicates, levels, parts)


def _superseded(day: date) -> Callable[[Standard], Decision[Standard]]:
    return lambda found: found.superseded(day)


def _is_the_centers(scope: Scope) -> bool:
    return scope.admits(NATIONAL, None)
