"""Where an objection can stand, what it refuses there, and what it holds: deadlines, steps, a review, a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from services.assessment.entries.domain import State as EntryState
from services.assessment.objections.commands import SheetChange
from shared.errors import Fault, Kind
from shared.events.base import Record
from shared.workdays import add_workdays


class State(StrEnum):
    """Where an objection stands."""

    RAISED = "raised"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Not looked into."""
    CHANGED = "changed"
    """The score was wrong; a new version of the sheet with two signatures corrects it."""
    REJECTED = "rejected"
    """Looked into; the result stands."""
    UPHELD = "upheld"
    """It is right; the entry is disqualified."""


class WrongState(Fault):
    """The objection is not in a state that allows this."""

    slug, kind = "objection-state", Kind.CONFLICT


class NotPublic(Fault):
    """There is no result on public notice that could be objected to."""

    slug, kind = "no-public-result", Kind.CONFLICT


class TooLate(Fault):
    """The last day for this kind of objection is over."""

    slug, kind = "objection-too-late", Kind.CONFLICT


class AlreadyOpen(Fault):
    """An objection to this result is open already."""

    slug, kind = "objection-open", Kind.CONFLICT


class Held(Fault):
    """Another objection holds the entry back at this moment."""

    slug, kind = "entry-held", Kind.UNAVAILABLE


class OutOfScope(Fault):
    """A score review looks for points missed, added up or entered wrongly; it marks nothing anew."""

    slug, kind = "review-out-of-scope", Kind.INVALID


class NotOnSheet(Fault):
    """The sheet does not hold what the review changes."""

    slug, kind = "review-refused", Kind.INVALID


class SignedTwice(Fault):
    """Scorer and checker are the same person; two must sign."""

    slug, kind = "signed-twice", Kind.INVALID


class NoSuchCandidate(Fault):
    """No candidate is known by what was given."""

    slug, kind = "no-such-candidate", Kind.NOT_FOUND


class Disqualified(Fault):
    """The entry was disqualified by an objection before; its points do not count, whatever they are."""

    slug, kind = "entry-disqualified", Kind.CONFLICT


class WrongParty(Fault):
    """The caller cannot raise an objection in that name."""

    slug, kind = "objection-party", Kind.CONFLICT


class NotTheirs(Fault):
    """A unit does not decide on objections to what it did itself."""

    slug, kind = "objection-not-the-units", Kind.CONFLICT


class WrongKind(Fault):
    """This is not how an objection of its kind is decided."""

    slug, kind = "objection-kind", Kind.CONFLICT


class Deadline(Record):
    """The last day of a step, counted in working days from the day before its first."""

    since: date
    workdays: int
    last_day: date = Field(description="Asia/Shanghai")
    ends_at: datetime
    provisional: bool = Field(description="the holiday calendar of a day counted is not announced yet")


class Step(Record):
    """One thing that was done."""

    state: State
    at: datetime
    by: str
    reason: str = ""


class Review(Record):
    """What a score review found, under two signatures."""

    ground: str = Field(description="arithmetic or omission")
    scorer: str
    checker: str
    changes: tuple[SheetChange, ...]


class Verdict(Record):
    """What the decision means for the entry; when its result was said before, the entry itself stays as it is."""

    certified: bool
    before: EntryState
    after: EntryState
    passes: bool
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Limits:
    """The working days of each step, as the rules of the day say."""

    apply: int
    accept: int
    decide: int


def deadline(since: date, workdays: int) -> Deadline:
    """The last day so many working days after a day."""
    end = add_workdays(since, workdays)
    return Deadline(
        since=since, workdays=workdays, last_day=end.last_day, ends_at=end.ends_at, provisional=end.provisional
    )
