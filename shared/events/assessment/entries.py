"""What assessment says of entries: what became of each."""

from typing import ClassVar

from pydantic import Field

from shared.events.assessment.batches import BatchEvent


class EntryCertified(BatchEvent):
    """An entry ended with a certificate."""

    type: ClassVar[str] = "assessment.entry.certified.v1"
    entry: str = Field(description="id of the entry")
    number: str = Field(description="certificate number")


class EntryRejected(BatchEvent):
    """The registry did not file an entry's result."""

    type: ClassVar[str] = "assessment.entry.rejected.v1"
    entry: str = Field(description="id of the entry")
    reason: str = Field(description="the registry's slug")
    detail: str = Field(description="the rule and what to do, without personal data")


class EntryRefiled(BatchEvent):
    """A rejected entry was mended; its result is said to the registry once more, in a further chunk."""

    type: ClassVar[str] = "assessment.entry.refiled.v1"
    entry: str = Field(description="id of the entry")
    filing: int = Field(description="how many times its result has been said with the one to come; 2 for the first")
    rejected_for: str = Field(description="the registry's slug of the rejection that was mended")
    reason: str = Field(description="what was mended, without personal data")


class EntryFoundWrong(BatchEvent):
    """A final result was found wrong; the entry keeps what was, the registry sees to the certificate."""

    type: ClassVar[str] = "assessment.entry.found_wrong.v1"
    entry: str = Field(description="id of the entry, which is that of its certificate")
    number: str = Field(description="certificate number")
    passes: bool = Field(description="whether each part still reaches its mark with the right points")
    theory: float = Field(description="the right points of 100; 0 where the edition has no such part")
    practical: float = Field(description="the right points of 100; 0 where the edition has no such part")
    reason: str = Field(description="what was wrong, without personal data")
    basis: str = Field(description="on which basis it is put right, for example the number of the score review")
