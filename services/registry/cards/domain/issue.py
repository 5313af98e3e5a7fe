"""A card begins: the papers, scopes and first day keep to the rules, then it gets the next number of its series."""

from services.registry.cards.commands import IssueCard
from services.registry.cards.domain.card import Card, Decision
from services.registry.cards.domain.history import Holder, Term
from services.registry.cards.domain.rules import CardRules
from shared.events.registry import CardIssued


def issued(identity: str, line: str, asked: IssueCard, holder: Holder, rules: CardRules, by: str) -> Card:
    """A new card, not numbered yet; the papers, scopes and first day must keep to the rules."""
    rules.check_first_day(asked.valid_from)
    rules.check_qualified(asked.evidence)
    last = rules.last_day(asked.valid_from)
    term = Term(valid_from=asked.valid_from, valid_until=last, granted_on=rules.today, by=by, evidence=asked.evidence)
    issuer = rules.data.issuer(line)
    return Card(
        id=identity,
        authority=line,
        number="",
        series=f"{asked.kind}-{issuer}-{rules.today.year}",
        serial=0,
        kind=asked.kind,
        employer=asked.employer,
        scopes=asked.scopes,
        terms=(term,),
        valid_from=term.valid_from,
        valid_until=last,
        **holder.model_dump(),
    )


def numbered(card: Card, serial: int, rules: CardRules) -> Decision:
    """The card under the next number of its series."""
    issuer = rules.data.issuer(card.authority)
    number = rules.data.numbers_of(card.kind).number(issuer, rules.today.year, serial)
    made = card.having(number=number, serial=serial)
    return made, [made.saying(CardIssued)]
