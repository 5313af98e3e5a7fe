"""Gathers what the rules of assignment are checked against, by indexed queries: never the entries of a batch."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.assessment.assignments.domain import Facts, Limits, Recusal, Tie, limits_of
from services.assessment.assignments.storage import (
    batch_before,
    candidates,
    days_before,
    entered,
    linked,
    recusals_in,
    signed,
)
from services.assessment.batches.domain import EXAMINED, Batch
from services.assessment.entries.domain import Entry, employer_key
from services.assessment.mirrors.domain import Card
from services.assessment.mirrors.handlers import Mirrors
from shared.rulebook import Rulebook
from shared.storage.store import Store

Days = Mapping[date, frozenset[str]]
TIES = {
    "employer_key": ("same-employer", "has the employer of candidate {}; name another, or ask your authority"),
    "teachers": ("teacher", "taught candidate {}; name another"),
    "relatives": ("relative", "is a relative of candidate {}; name another"),
}


@dataclass(frozen=True)
class Knowledge:
    """What is known of batches, candidates, cards and recusals."""

    batches: Store[Batch]
    entries: Store[Entry]
    recusals: Store[Recusal]
    mirrors: Mirrors
    rules: Rulebook

    async def limits(self, batch: Batch) -> Limits:
        """The figures a batch is checked by."""
        return limits_of(batch, await self.mirrors.standards.get(batch.standard), self.rules)

    async def of(
        self, batch: Batch, named: Iterable[str], watching: Collection[str] = (), declaring: Sequence[Recusal] = ()
    ) -> Facts:
        """What the rules ask about these cards in a batch; `watching` are the indexes of its invigilators.

        `declaring` are recusals that are about to be kept.
        """
        wanted, limits = set(named), await self.limits(batch)
        before, history = await self._earlier(batch, limits)
        others = {card for cards in before.values() for card in cards}
        others |= {card for days in history.values() for cards in days.values() for card in cards}
        cards = await self.mirrors.cards_known(wanted | others)
        asked = [cards[card] for card in sorted(wanted & cards.keys())]
        people = {*watching, *(card.person_index for card in asked if card.person_index)}
        count, known, ties, signers = await asyncio.gather(
            candidates(self.entries, batch.id),
            entered(self.entries, batch.id, people),
            self._ties(batch, asked, declaring),
            self._signers(batch),
        )
        for card in asked:
            if card.person_index in known:
                detail = f"the holder of card {card.id} is a candidate of the batch; name another"
                ties[card.id].append(Tie("candidate", detail))
        plain = Facts(limits=limits, cards=cards)
        return Facts(
            limits=limits,
            cards=cards,
            previous={part: plain.people(group) for part, group in before.items()},
            history={part: [(on, plain.people(days[on])) for on in days] for part, days in history.items()},
            ties=ties,
            candidates=count,
            entered=known,
            signed=signers,
        )

    async def _earlier(self, batch: Batch, limits: Limits) -> tuple[dict[str, Sequence[str]], dict[str, Days]]:
        parts = list(limits.groups)
        found = await asyncio.gather(*(batch_before(self.batches, batch, part) for part in parts))
        days = await asyncio.gather(*(days_before(self.batches, batch, part, limits.in_a_row) for part in parts))
        groups = {part: other.assignment.group(part) for part, other in zip(parts, found, strict=True) if other}
        before: dict[str, Sequence[str]] = {part: group.assessors for part, group in groups.items() if group}
        return before, dict(zip(parts, days, strict=True))

    async def _ties(self, batch: Batch, cards: Sequence[Card], declaring: Sequence[Recusal]) -> dict[str, list[Tie]]:
        """By card what ties its holder, whichever of their cards a candidate or a recusal names."""
        held = await self.mirrors.cards_held(cards)
        called = {card: [name for row in rows for name in (row.id, row.number)] for card, rows in held.items()}
        employers = {card: {employer_key(row.employer) for row in rows} - {""} for card, rows in held.items()}
        words: dict[str, Mapping[str, Collection[str]]] = {
            "employer_key": {card: keys for card, keys in employers.items() if keys},
            "teachers": called,
            "relatives": called,
        }
        found = await asyncio.gather(*(linked(self.entries, batch.id, field, words[field]) for field in TIES))
        ties: dict[str, list[Tie]] = defaultdict(list)
        for field, links in zip(TIES, found, strict=True):
            rule, detail = TIES[field]
            for card, entry in links.items():
                ties[card].append(Tie(rule, f"the holder of card {card} {detail.format(entry)}"))
        for recusal in (*await recusals_in(self.recusals, batch.id), *declaring):
            for card in (card for card, names in called.items() if recusal.card in names):
                ties[card].append(recusal.tie)
        return ties

    async def _signers(self, batch: Batch) -> frozenset[tuple[str, str]]:
        """Who of those assigned signed a sheet of their part: only once the exam has begun anybody can have."""
        if batch.state not in EXAMINED:
            return frozenset()
        return await signed(self.entries, batch.id, batch.assignment.groups)
