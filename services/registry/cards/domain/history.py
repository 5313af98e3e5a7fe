"""What is kept of a card's life: terms, suspensions, grades, changes and who was shown the holder."""

from datetime import date, datetime
from enum import StrEnum

from services.registry.cards.domain.evidence import Evidence
from shared.errors import Fault, Kind
from shared.events.base import Record
from shared.events.registry import Scope


class Status(StrEnum):
    """What a card is on a day."""

    UPCOMING = "upcoming"
    VALID = "valid"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"
    REVOKED = "revoked"


class Refusal(StrEnum):
    """Why a holder may not act; each slug is stable."""

    UPCOMING = "card-upcoming"
    SUSPENDED = "card-suspended"
    LAPSED = "card-lapsed"
    REVOKED = "card-revoked"
    OCCUPATION_OUT_OF_SCOPE = "occupation-out-of-scope"
    LEVEL_OUT_OF_SCOPE = "level-out-of-scope"
    UNKNOWN = "card-unknown"


class WrongState(Fault):
    """The card is not in a state that allows this."""

    slug, kind = "card-state", Kind.CONFLICT


class AlreadyGraded(Fault):
    """That year has a grade; a correction says that it is one."""

    slug, kind = "card-year-graded", Kind.CONFLICT


class Term(Record):
    """One period of validity, both days included."""

    valid_from: date
    valid_until: date
    granted_on: date
    by: str
    evidence: tuple[Evidence, ...]


class Suspension(Record):
    """From `since` until the day before `until`; not lifted while that is null."""

    since: date
    until: date | None = None
    reason: str
    basis: str
    by: str
    lifted: str = ""


class Grading(Record):
    """The grade given for one year; of several of a year the last one counts."""

    year: int
    grade: str
    refusals: int
    remarks: str
    by: str
    on: date


class Change(Record):
    """What the card covered and who employed its holder before a change, and why it was changed."""

    scopes: tuple[Scope, ...]
    employer: str
    reason: str
    evidence: tuple[Evidence, ...] = ()
    by: str
    on: date


class Reveal(Record):
    """Who was shown the holder's name and ID number, when and why."""

    at: datetime
    by: str
    reason: str


class Holder(Record):
    """Whose card it is: masked for showing, sealed for the record, indexed for finding."""

    holder: str
    id_number: str
    person: str
    person_index: str
