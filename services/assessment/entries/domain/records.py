"""What an entry holds beside its state: its places, attendance, sheets, points, certificate, who handled it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Self

from pydantic import Field

from shared.events.base import Record
from shared.events.registry import CertificateFiled, CertificateStanding
from shared.privacy import scrub


class Place(Record):
    """Where and when a candidate sits one part; the work-piece number stands on paper and sheets instead of a name."""

    part: str
    room: str
    station: int = Field(description="counts from 1")
    turn: int = Field(default=1, description="counts from 1")
    work_piece: str = Field(description="anonymous number of the paper or work piece (考件编号)")


class Attendance(Record):
    """What was noted of a candidate at one part; without a note they were present."""

    part: str
    mark: str = Field(description="present, late, absent or violation")
    minutes: int = Field(default=0, description="minutes late")
    note: str = ""
    at: datetime
    by: str


class Mark(Record):
    """The points of one element of a sheet."""

    element: str
    points: float
    deducted: float = 0
    why: str = Field(default="", description="what was deducted for")


class Sheet(Record):
    """One version of one assessor's sheet on one part; a later version stands beside it and has a reason."""

    part: str
    assessor: str = Field(default="", description="card of who assessed; empty for a part with one common sheet")
    work_piece: str
    version: int = 1
    marks: tuple[Mark, ...]
    dimensions: Mapping[str, float] = Field(default={}, description="points by dimension, conduct among them")
    points: float
    accident: str = Field(default="", description="the serious accident that disqualifies; empty without one")
    scorer: str = Field(description="who scored (评分人)")
    checker: str = Field(description="who checked (核分人), never the scorer")
    began_at: datetime | None = None
    ended_at: datetime | None = None
    signed_at: datetime
    reason: str = Field(default="", description="why this version replaces the one before")
    replaces: str = Field(default="", description="digest of the version before; empty for the first")
    amends: bool = Field(default=False, description="signed after the seal, by a score review")
    digest: str = Field(default="", description="SHA-256 of everything else in it, hexadecimal")


class Score(Record):
    """The points of one part; with its dimensions where the part has a score sheet."""

    part: str
    points: float
    dimensions: Mapping[str, float] = {}
    state: str = Field(default="scored", description="scored, absent, void (violation or accident) or carried")
    carried_from: str = Field(default="", description="entry of an earlier exam that passed this part")


class Certificate(Record):
    """The certificate an entry ended with, as the registry's newest word has it."""

    number: str
    regime: str = Field(description="appraisal or recognition")
    status: str = Field(default="valid", description="valid, suspended, revoked or voided")
    edition: int = Field(default=1, description="counts its corrections from 1")
    reason: str = Field(default="", description="why it has this status")
    exam_on: date | None = Field(default=None, description="day of the exam; null until its filing was heard")
    filed_on: date | None = Field(default=None, description="day it was put on file; null until that was heard")
    sequence: int = Field(description="the registry's count of what was said of it")

    def joined(self, said: Self) -> Self:
        """The newer word counts; the days are said once, at the filing."""
        newer = said if said.sequence > self.sequence else self
        days = {"exam_on": self.exam_on or said.exam_on, "filed_on": self.filed_on or said.filed_on}
        return newer.model_copy(update=days)


class Reviewed(Record):
    """A reviewer let somebody enter whom the conditions refuse."""

    reason: str
    rule: str = Field(description="the rule that was set aside")
    actor: str
    at: datetime


class Resit(Record):
    """Of which failed entry this one sits the failed parts again, and what it carries over."""

    entry: str = Field(description="the entry that was failed first, also when this is a further resit")
    exam_on: date
    carried: tuple[Score, ...]
    since: date | None = Field(default=None, description="day from which the validity of the passed parts counts")
    turn: int = Field(default=1, description="which resit of that entry it is, from 1")


class Handling(Record):
    """What somebody did with an entry beside examining it, and why."""

    what: str = Field(description="revealed, mended or withdrawn")
    mended: tuple[str, ...] = Field(default=(), description="the fields that were mended")
    reason: str
    actor: str
    at: datetime


class Rejection(Record):
    """A refusal of the registry that was mended; the entry was then filed again."""

    reason: str = Field(description="the registry's slug")
    detail: str
    chunk: int = Field(description="the chunk in which the refused result was said")
    mended: str = Field(description="what was mended")
    actor: str
    at: datetime


class FoundWrong(Record):
    """A final result that was found wrong: the right points stand here, the entry's own stay as they were."""

    scores: Mapping[str, float] = Field(description="the right points of each part")
    passes: bool
    reason: str
    basis: str
    scorer: str = Field(description="who scored anew (评分人); empty: signed in the objection that the basis names")
    checker: str = Field(description="who checked (核分人), never the scorer; empty as the scorer is")
    actor: str
    at: datetime


def filed_as(said: CertificateFiled, sequence: int) -> Certificate:
    """A certificate as it was put on file."""
    return Certificate(
        number=said.number, regime=said.regime, exam_on=said.exam_on, filed_on=said.filed_on, sequence=sequence
    )


def stands_as(said: CertificateStanding, sequence: int) -> Certificate:
    """A certificate as it now stands."""
    return Certificate(
        number=said.number,
        regime=said.regime,
        status=said.status,
        edition=said.edition,
        reason=scrub(said.reason),
        sequence=sequence,
    )
