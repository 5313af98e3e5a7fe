"""Keeping the mirrors: what is heard twice, late or out of order leaves the newest word standing."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from services.assessment.mirrors.domain import Card, Mirrored, NotAuthorised, Site, Standard, Unit, edition_for
from services.assessment.mirrors.storage import editions_of, unit_within
from shared.act import Act, Scope
from shared.errors import AlreadyThere, Contended, NotFound
from shared.storage.store import Store

M = TypeVar("M", bound=Mirrored)
RACES = 3  # the first word of a thing may arrive in two processes at once


@dataclass(frozen=True)
class Mirrors:
    """The mirrors room."""

    units: Store[Unit]
    standards: Store[Standard]
    cards: Store[Card]
    sites: Store[Site]

    async def take_unit(self, act: Act, said: Unit) -> Unit:
        """What was heard of a unit; what now stands."""
        return await _newest(self.units, act, said)

    async def take_standard(self, act: Act, said: Standard) -> Standard:
        """What was heard of a standard edition; what now stands."""
        return await _newest(self.standards, act, said)

    async def take_card(self, act: Act, said: Card) -> Card:
        """What was heard of a card; what now stands."""
        return await _newest(self.cards, act, said)

    async def take_site(self, act: Act, said: Site) -> Site:
        """What was heard of a site; what now stands."""
        return await _newest(self.sites, act, said)

    async def unit(self, unit: str, scope: Scope) -> Unit:
        """The unit whose standing decides what it may examine."""
        found = await unit_within(self.units, unit, scope)
        if found is None:
            raise NotAuthorised("no filed plan of this unit is known here; submit one, or repeat this once it is filed")
        return found

    async def edition(self, occupation: str, level: str, exam_on: date) -> Standard:
        """The edition by which a level is examined on a day."""
        return edition_for(await editions_of(self.standards, occupation), level, exam_on)


async def _newest(store: Store[M], act: Act, said: M) -> M:
    for _ in range(RACES):
        try:
            return await store.change(said.id, act, lambda known: known.replaced_by(said))
        except NotFound:
            with suppress(AlreadyThere):
                return await store.add(said, [], act)
    raise Contended(f"{said.id} is heard of by many at once")
