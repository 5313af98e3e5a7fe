"""What a batch holds beside its state: sittings, rooms, who assesses, the seal, the notice, the counts."""

from datetime import date, datetime

from pydantic import Field

from shared.events.base import Record


class Room(Record):
    """An exam room for one part, with its work stations; candidates take turns when it has several."""

    part: str
    name: str = Field(description="name of the room", examples=["一号考场"])
    stations: int = Field(description="candidates at a time")
    turns: int = Field(default=1, description="how many times it is filled, one after the other")


class Group(Record):
    """Who assesses one part."""

    part: str
    assessors: tuple[str, ...] = Field(description="ids of the assessors' cards")
    head: str = Field(default="", description="card of the head assessor, one of the group")


class Invigilator(Record):
    """Who watches over a room; `person` is sealed, bound to the batch and the person's index."""

    part: str
    room: str
    holder: str
    person: str
    person_index: str


class Override(Record):
    """A rule that was not met and was set aside, by whom and why."""

    rule: str
    subject: str = Field(default="", description="id of what it was set aside for, for example a card")
    reason: str
    actor: str
    at: datetime


class Refusal(Record):
    """An assignment that was refused."""

    rule: str
    subject: str = ""
    detail: str
    actor: str
    at: datetime


class Assignment(Record):
    """Who assesses, supervises and invigilates; `state` is open, confirmed or reopened."""

    state: str = "open"
    why: str = Field(default="", description="why it is checked again; empty when it is not")
    rules_on: date | None = Field(default=None, description="day whose rules it was confirmed by; null before")
    confirmed_at: datetime | None = None
    by: str = Field(default="", description="who asked for it")
    judging: bool = Field(default=False, description="entries are being judged anew, for a group changed in the exam")
    groups: tuple[Group, ...] = ()
    supervisor: str = ""
    supervision: str = Field(default="", description="internal or external")
    invigilators: tuple[Invigilator, ...] = ()
    overrides: tuple[Override, ...] = ()
    refusals: tuple[Refusal, ...] = Field(default=(), description="the newest of them")

    @property
    def assessors(self) -> tuple[str, ...]:
        """Every assessor's card once."""
        return tuple(dict.fromkeys(card for group in self.groups for card in group.assessors))

    @property
    def cards(self) -> tuple[str, ...]:
        """Every card that is named."""
        return (*self.assessors, self.supervisor) if self.supervisor else self.assessors

    def group(self, part: str) -> Group | None:
        """Who assesses a part; None where nobody was assigned."""
        return next((group for group in self.groups if group.part == part), None)


class Seal(Record):
    """The seal over all score sheets of a batch."""

    digest: str = Field(
        description="SHA-256, hexadecimal: by entry, part, assessor, each sheet's digest folded into the one before"
    )
    sheets: int
    at: datetime
    by: str = Field(description="who asked for it")


class Tally(Record):
    """How many entries of a batch are in each state."""

    ineligible: int = 0
    enrolled: int = 0
    withdrawn: int = 0
    passed: int = 0
    failed: int = 0
    certified: int = 0
    rejected: int = 0

    @property
    def entries(self) -> int:
        """All that are, or were, to be examined."""
        return self.enrolled + self.passed + self.failed + self.certified + self.rejected


class Notice(Record):
    """The public notice of the results, and the period in which objections can be raised."""

    entries: int
    passed: int
    failed: int
    opens_on: date
    closes_on: date
    ends_at: datetime
    provisional: bool


class Manifest(Record):
    """What is told of the signed manifest of a batch's archive."""

    digest: str
    items: int
    keep_until: date
    paper_until: date
