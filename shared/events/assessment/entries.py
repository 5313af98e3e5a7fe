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
