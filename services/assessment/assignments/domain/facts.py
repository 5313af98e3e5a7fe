"""What is known when an assignment is checked, and what a rule that is not met looks like."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.assessment.assignments.domain.limits import Limits
from services.assessment.mirrors.domain import Card


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that is not met: of which card or part, what to do, and where it stands in the request."""

    rule: str
    subject: str
    detail: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Tie:
    """What ties the holder of a card to candidates of the batch, or what was declared."""

    rule: str
    detail: str


Day = tuple[date, frozenset[str]]
"""A day on which others were assessed at a site, and by whom."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules of one batch are checked against; people are told apart by `Card.who`.

    `previous` is, by part, the group of the unit's batch before at the same site, `history` the exam days before
    at the part's site, newest first, as many as may follow each other. `ties` are by card, `candidates` are those
    to be examined, `entered` the indexes of those asked about who are among them, `signed` who of its groups signed
    sheets, by part and card.
    """

    limits: Limits
    cards: Mapping[str, Card]
    previous: Mapping[str, frozenset[str]] = field(default_factory=dict)
    history: Mapping[str, Sequence[Day]] = field(default_factory=dict)
    ties: Mapping[str, Sequence[Tie]] = field(default_factory=dict)
    candidates: int = 0
    entered: frozenset[str] = frozenset()
    signed: frozenset[tuple[str, str]] = frozenset()

    def who(self, card: str) -> str:
        """By what the holder of a card is told from others."""
        return self.cards[card].who if card in self.cards else card

    def people(self, cards: Iterable[str]) -> frozenset[str]:
        """The holders of these cards."""
        return frozenset(self.who(card) for card in cards)
