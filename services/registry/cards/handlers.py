"""Load, decide, save: what happens when something is asked about a card, and when terms end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import from_json, to_json

from services.registry.cards.commands import (
    ChangeEmployer,
    ChangeScopes,
    CheckCards,
    GradeCard,
    IssueCard,
    ReinstateCard,
    RenewCard,
    RevealHolder,
    RevokeCard,
    SuspendCard,
)
from services.registry.cards.domain.card import Card, Decision
from services.registry.cards.domain.evidence import CardKind
from services.registry.cards.domain.history import Holder
from services.registry.cards.domain.issue import issued, numbered
from services.registry.cards.domain.rules import CardData, CardRules, Offered
from services.registry.cards.storage import card_rules, due_to_lapse, held_by, named, next_serial, unannounced
from shared.act import NATIONAL, Act, Scope
from shared.clock import Clock
from shared.errors import Contended, NotFound
from shared.privacy import InvalidResidentId, Sealer, check_resident_id, mask_id, mask_name
from shared.rulebook import Rulebook
from shared.storage.store import Store
from shared.workdays import local_day

RACES = 50  # cards of one series that may be issued at the same moment
RUN = 250  # cards lapsed in one bulk write: short enough that requests get their turn in between
RUNS = 4  # bulk writes in one look, within the lease; the next look takes the rest


@dataclass(frozen=True)
class Cards:
    """The cards room; `offered` asks the standards room what can be assessed at all."""

    cards: Store[Card]
    offered: Callable[[], Awaitable[Offered]]
    data: CardData
    rules: Rulebook
    sealer: Sealer
    clock: Clock

    async def issue(self, act: Act, asked: IssueCard) -> Card:
        """A person's new card under the next number; a repeat gets the card that was made."""
        assert act.caller is not None
        identity, line = f"card-{act.id}", act.caller.authority or NATIONAL
        try:
            return await self.cards.get(identity)
        except NotFound:
            rules = self._rules(asked.kind)
            rules.check_scopes(asked.scopes, await self.offered())
            card = issued(identity, line, asked, self._holder(identity, asked), rules, act.actor)
        return await self._add(act, card, rules)

    async def _add(self, act: Act, card: Card, rules: CardRules) -> Card:
        for _ in range(RACES):
            await self._make_way(act, card, rules)
            serial = await next_serial(self.cards, card.series, rules.data.numbers_of(card.kind).serial.first)
            try:
                return await self.cards.add(*numbered(card, serial, rules), act)
            except NotFound:  # not this card: another one took the number, or this person's place, first
                continue
        raise Contended(f"the series {card.series} is taken by many at once; repeat the request")

    async def _make_way(self, act: Act, card: Card, rules: CardRules) -> None:
        """The card this person holds of that kind, if any, must be beyond renewal, and gives way."""
        standing = await held_by(self.cards, card.kind, card.person_index)
        if standing is not None and standing.id != card.id:
            everywhere = Act(f"{act.id}-way", act.at, act.correlation, caller=act.caller, trace=act.trace)
            await self.cards.change(standing.id, everywhere, lambda found: found.gives_way(rules))

    async def renew(self, act: Act, card: str, asked: RenewCard, expect: int | None) -> Card:
        """A further term."""
        return await self._change(
            act, card, lambda found: found.renewed(asked, self._rules(found.kind), act.actor), expect
        )

    async def suspend(self, act: Act, card: str, asked: SuspendCard, expect: int | None) -> Card:
        """From a day on."""
        today = self.clock.today()
        return await self._change(act, card, lambda found: found.suspended(asked, today, act.actor), expect)

    async def reinstate(self, act: Act, card: str, asked: ReinstateCard, expect: int | None) -> Card:
        """From today on."""
        today = self.clock.today()
        return await self._change(act, card, lambda found: found.reinstated(asked.reason, today), expect)

    async def revoke(self, act: Act, card: str, asked: RevokeCard, expect: int | None) -> Card:
        """For good."""
        today = self.clock.today()
        return await self._change(act, card, lambda found: found.revoked(asked, today), expect)

    async def grade(self, act: Act, card: str, asked: GradeCard, expect: int | None) -> Card:
        """A year's work."""
        return await self._change(
            act, card, lambda found: found.graded(asked, self._rules(found.kind), act.actor), expect
        )

    async def rescope(self, act: Act, card: str, asked: ChangeScopes, expect: int | None) -> Card:
        """Other occupations and levels."""
        offered = await self.offered()
        return await self._change(
            act, card, lambda found: found.rescoped(asked, self._rules(found.kind), offered, act.actor), expect
        )

    async def employ(self, act: Act, card: str, asked: ChangeEmployer, expect: int | None) -> Card:
        """Another employer."""
        today = self.clock.today()
        return await self._change(act, card, lambda found: found.employed(asked, today, act.actor), expect)

    async def reveal(self, act: Act, card: str, asked: RevealHolder) -> dict[str, str]:
        """The holder's name and ID number in clear; the record is written before they are shown."""
        found = await self._change(act, card, lambda found: found.revealed(act.at, act.actor, asked.reason), None)
        person: dict[str, str] = from_json(self.sealer.open(found.person, bound_to=found.id))
        return person

    async def check(self, scope: Scope, asked: CheckCards) -> list[Card | None]:
        """The cards of a question in its order; None for those that are not there or not in the caller's reach."""
        found = await named(self.cards, scope, asked.cards)
        by_name = {name: card for card in found for name in (card.id, card.number)}
        return [by_name.get(name) for name in asked.cards]

    async def lapse(self, now: datetime) -> None:
        """Say of cards whose last day is over that they lapsed.

        A look ends when the broker has not taken the run before yet: the relay announces in the order of saving,
        so a long queue of lapses would make every other room's events wait behind it.
        """
        today = local_day(now)
        act = Act(id=f"lapse-{today}", at=now, correlation=f"lapse-{today}")
        for _ in range(RUNS):
            if await unannounced(self.cards) > RUN:
                return
            due = await due_to_lapse(self.cards, today, RUN)
            await self.cards.change_all({card: (act, lambda found: found.lapsed(today)) for card in due})
            if len(due) < RUN:
                return

    async def _change(self, act: Act, card: str, decide: Callable[[Card], Decision], expect: int | None) -> Card:
        return await self.cards.change(card, act, decide, expect=expect)

    def _rules(self, kind: CardKind) -> CardRules:
        return card_rules(self.rules, self.data, kind, self.clock.today())

    def _holder(self, identity: str, asked: IssueCard) -> Holder:
        number = asked.id_number.strip().upper()
        try:
            check_resident_id(number, today=self.clock.today())
        except InvalidResidentId as fault:
            raise InvalidResidentId(fault.detail, field="/id_number", rule=fault.rule) from None
        person = to_json({"name": asked.name.strip(), "id_number": number}).decode()
        return Holder(
            holder=mask_name(asked.name),
            id_number=mask_id(number),
            person=self.sealer.seal(person, bound_to=identity),
            person_index=self.sealer.index(number),
        )
