"""What a person proves to be given a card: the evidence shown, and the alternatives it is measured by."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from pydantic import Field

from shared.command import FreeText
from shared.events.base import Record
from shared.workdays import years_later

Ladders = Mapping[str, tuple[str, ...]]
"""The steps of each kind of evidence that has steps, lowest first."""


class CardKind(StrEnum):
    """Whose card it is."""

    ASSESSOR = "assessor"
    SENIOR_ASSESSOR = "senior_assessor"
    SUPERVISOR = "supervisor"


class EvidenceKind(StrEnum):
    """What a paper shows."""

    CERTIFICATE = "certificate"
    TITLE = "title"
    PRACTICE = "practice"
    TRAINING = "training"
    EXAM = "exam"


class Evidence(Record):
    """One paper that was shown."""

    kind: EvidenceKind
    document: FreeText = Field(min_length=1, max_length=200, description="what the paper is: its name and number")
    level: str = Field(
        default="",
        max_length=40,
        description="of a certificate its level; of a title junior, intermediate or senior; of practice what was "
        "practised: assessor or appraisal_administration",
        examples=["3"],
    )
    since: date = Field(description="day from which it holds: of issue, of passing, of beginning the practice")
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$", description="of the scanned paper, if there is")


class Proof(Record):
    """One thing to prove: of that level or `at_least` that step of its ladder, for that many whole years."""

    kind: EvidenceKind
    level: str = ""
    at_least: str = ""
    years: int = 0

    def met_by(self, shown: Evidence, ladders: Ladders, on: date) -> bool:
        """Whether that paper proves it on a day."""
        if shown.kind is not self.kind or shown.since > on or years_later(shown.since, self.years) > on:
            return False  # what is yet to come first: the last years of the calendar have none after them
        return shown.level == self.level if self.level else self._reached(shown.level, ladders)

    def _reached(self, level: str, ladders: Ladders) -> bool:
        if not self.at_least:
            return True
        steps = ladders[self.kind]
        return level in steps and steps.index(level) >= steps.index(self.at_least)

    def __str__(self) -> str:
        more = [self.level, f"at least {self.at_least}" if self.at_least else ""]
        more.append(f"{self.years} years or more" if self.years else "")
        told = ", ".join(part for part in more if part)
        return f"{self.kind} ({told})" if told else str(self.kind)


class Alternative(Record):
    """Proofs that are enough together for a kind of card."""

    card: CardKind
    proofs: tuple[Proof, ...]

    def met_by(self, shown: Sequence[Evidence], ladders: Ladders, on: date) -> bool:
        """Whether each proof is among the papers."""
        return all(any(proof.met_by(paper, ladders, on) for paper in shown) for proof in self.proofs)

    def __str__(self) -> str:
        return " + ".join(map(str, self.proofs))
