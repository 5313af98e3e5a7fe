"""Keeping the mirrors: what is heard twice, late or out of order leaves the newest word standing."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import structlog
from pydantic_core import from_json

from services.assessment.mirrors.domain import Card, Mirrored, NotAuthorised, Site, Standard, Unit, edition_for
from services.assessment.mirrors.storage import cards_among, cards_of, editions_of, unit_within
from shared.act import Act, Scope
from shared.errors import AlreadyThere, Contended, NotFound
from shared.privacy import CannotOpen, Sealer
from shared.storage.store import Store

log = structlog.get_logger()
M = TypeVar("M", bound=Mirrored)
RACES = 3  # the first word of a thing may arrive in two processes at once


@dataclass(frozen=True)
class Mirrors:
    """The mirrors room."""

    units: Store[Unit]
    standards: Store[Standard]
    cards: Store[Card]
    sites: Store[Site]
    sealer: Sealer

    async def take_unit(self, act: Act, said: Unit) -> Unit:
        """What was heard of a unit; what now stands."""
        return await _newest(self.units, act, said)

    async def take_standard(self, act: Act, said: Standard) -> Standard:
        """What was heard of a standard edition; what now stands."""
        return await _newest(self.standards, act, said)

    async def take_card(self, act: Act, said: Card) -> Card:
        """What was heard of a card; what now stands."""
        return await _newest(self.cards, act, self._found(said))

    async def take_site(self, act: Act, said: Site) -> Site:
        """What was heard of a site; what now stands."""
        return await _newest(self.sites, act, said)

    async def cards_known(self, wanted: Iterable[str]) -> dict[str, Card]:
        """The cards of these ids that are known, each with the index of its holder."""
        known = await cards_among(self.cards, wanted)
        return {identity: card if card.person_index else self._found(card) for identity, card in known.items()}

    async def cards_held(self, known: Iterable[Card]) -> dict[str, list[Card]]:
        """By each of these cards, all that its holder has or had, itself first."""
        cards = list(known)
        held = await cards_of(self.cards, (card.person_index for card in cards)) if cards else []
        return {card.id: [card, *(row for row in held if row.who == card.who and row.id != card.id)] for card in cards}

    def _found(self, card: Card) -> Card:
        """The card with the index of its holder; without one when its key is not configured, which no rule lets by."""
        try:
            person = from_json(self.sealer.open(card.person, bound_to=card.id))
        except CannotOpen as fault:
            log.warning("holder of a card unknown", card=card.id, cause=fault.slug)
            return card
        return card.having(person_index=self.sealer.index(person["id_number"]))

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
