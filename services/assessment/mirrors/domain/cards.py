"""What was heard of the cards of assessors and supervisors: which says whom its holder may assess."""

from collections.abc import Iterator
from datetime import date

from services.assessment.mirrors.domain.mirrored import Mirrored, levels_of
from shared.errors import Fault, Kind
from shared.events.registry import CardStanding, Scope

Gap = tuple[str, str]
"""The rule that a card does not meet, and what to do."""


class CardRefused(Fault):
    """A card does not let its holder assess or supervise this exam; `rule` says why."""

    slug, kind = "card-refused", Kind.CONFLICT


class Card(Mirrored):
    """The card of an assessor or supervisor.

    `person` is sealed, bound to the card; it is opened once, for the index by which its holder is found among
    candidates. The index is empty where it could not be opened.
    """

    number: str
    kind: str
    holder: str
    person: str
    employer: str
    scopes: tuple[Scope, ...]
    valid_from: date
    valid_until: date
    suspended_on: date | None
    ended_on: date | None
    reason: str
    person_index: str = ""

    @property
    def who(self) -> str:
        """By what its holder is told from others, whichever of their cards is named."""
        return self.person_index or self.id

    def gaps(self, occupation: str, level: str, on: date) -> Iterator[Gap]:
        """Each rule that keeps its holder from an exam of a day."""
        if not self.valid_from <= on <= self.valid_until:
            yield "card-term", f"card {self.id} holds from {self.valid_from} to {self.valid_until}; name another"
        if any(day is not None and day <= on for day in (self.suspended_on, self.ended_on)):
            yield "card-status", f"card {self.id} does not hold on {on}; name another"
        levels = levels_of(self.scopes)
        if occupation not in levels:
            yield "card-occupation", f"card {self.id} does not name {occupation}; name another"
        elif level not in levels[occupation]:
            yield "card-level", f"card {self.id} does not name level {level} of {occupation}; name another"

    def must_cover(self, occupation: str, level: str, exam_on: date, field: str) -> None:
        """Refuse an exam that its holder may not assess or supervise, by the first rule that keeps them from it."""
        for rule, detail in self.gaps(occupation, level, exam_on):
            raise CardRefused(detail, field=field, rule=rule)


def card_of(said: CardStanding, authority: str, sequence: int) -> Card:
    """A card as its newest word tells it."""
    known = said.model_dump(include=set(Card.model_fields))
    return Card(id=said.card, authority=authority, sequence=sequence, **known)
