"""What the registry says of the cards of assessors and supervisors; each event carries the whole card."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event
from shared.events.registry.plans import Scope


class CardStanding(Event):
    """Everything a hearer must know of a card; each of its events carries all of it, so order does not matter."""

    card: str = Field(description="id of the card")
    number: str = Field(description="number printed on the card")
    kind: str = Field(description="assessor, senior_assessor or supervisor", examples=["assessor"])
    holder: str = Field(description="masked name", examples=["张*"])
    person: str = Field(
        description="sealed name and ID number, bound to the card's id; assessment opens it to find conflicts",
        json_schema_extra={"sealed": True},
    )
    employer: str = Field(description="name of the employer as declared; empty when there is none")
    scopes: tuple[Scope, ...] = Field(description="occupations and levels the holder may assess or supervise")
    valid_from: date = Field(
        description="first day of the term, Asia/Shanghai; of the first of several that follow each other without a gap"
    )
    valid_until: date = Field(description="last day of the last term granted")
    suspended_on: date | None = Field(description="first day of a suspension that was not lifted, or null")
    ended_on: date | None = Field(description="first day on which the card is revoked, or null")
    reason: str = Field(description="why it is suspended or revoked; empty when it is neither")


class CardIssued(CardStanding):
    """A person may assess or supervise within the card's scopes and term."""

    type: ClassVar[str] = "registry.card.issued.v1"


class CardRenewed(CardStanding):
    """A card has a further term."""

    type: ClassVar[str] = "registry.card.renewed.v1"


class CardChanged(CardStanding):
    """The occupations and levels of a card, or its holder's employer, are no longer what they were."""

    type: ClassVar[str] = "registry.card.changed.v1"


class CardSuspended(CardStanding):
    """The holder may not assess or supervise until further notice."""

    type: ClassVar[str] = "registry.card.suspended.v1"


class CardReinstated(CardStanding):
    """A suspension was lifted; the card holds again within its term."""

    type: ClassVar[str] = "registry.card.reinstated.v1"


class CardRevoked(CardStanding):
    """The card is withdrawn for good."""

    type: ClassVar[str] = "registry.card.revoked.v1"


class CardLapsed(CardStanding):
    """The card's term is over and it was not renewed."""

    type: ClassVar[str] = "registry.card.lapsed.v1"


class CardGraded(CardStanding):
    """The holder's work of one year was graded."""

    type: ClassVar[str] = "registry.card.graded.v1"
    year: int = Field(description="the year graded", examples=[2019])
    grade: str = Field(description="slug of the grade", examples=["qualified"])
