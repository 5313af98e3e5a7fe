"""What was heard of the cards of assessors and supervisors: which says whom its holder may assess."""

from datetime import date

from services.assessment.mirrors.domain.mirrored import Mirrored, levels_of
from shared.errors import Fault, Kind
from shared.events.registry import CardStanding, Scope


class CardRefused(Fault):
    """A card does not let its holder assess or supervise this exam; `rule` says why."""

    slug, kind = "card-refused", Kind.CONFLICT


class Card(Mirrored):
    """The card of an assessor or supervisor; `person` is sealed, bound to the card, for finding conflicts."""

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

    def must_cover(self, occupation: str, level: str, exam_on: date, field: str) -> None:
        """Refuse an exam that its holder may not assess or supervise."""
        if not self.valid_from <= exam_on <= self.valid_until:
            days = f"{self.valid_from} to {self.valid_until}"
            raise CardRefused(f"card {self.id} holds from {days}; name another", field=field, rule="card-term")
        if any(day is not None and day <= exam_on for day in (self.suspended_on, self.ended_on)):
            raise CardRefused(
                f"card {self.id} does not hold on {exam_on}; name another", field=field, rule="card-status"
            )
        if level not in levels_of(self.scopes).get(occupation, ()):
            raise CardRefused(
                f"card {self.id} does not name {occupation}, level {level}; name another",
                field=field,
                rule="card-scope",
            )


def card_of(said: CardStanding, authority: str, sequence: int) -> Card:
    """A card as its newest word tells it."""
    known = said.model_dump(include=set(Card.model_fields))
    return Card(id=said.card, authority=authority, sequence=sequence, **known)
