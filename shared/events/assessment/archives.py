"""What assessment says of archives: their documents are complete, and the whole is signed."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.assessment.batches import BatchEvent


class ArchiveBegun(BatchEvent):
    """Every document of a batch's archive is there; what is stored of the batch is being hashed."""

    type: ClassVar[str] = "assessment.archive.begun.v1"
    documents: int = Field(description="documents entered in it")


class BatchArchived(BatchEvent):
    """The archive of a batch is complete and signed."""

    type: ClassVar[str] = "assessment.batch.archived.v1"
    digest: str = Field(description="SHA-256 of the signed manifest's canonical JSON, hexadecimal")
    items: int = Field(description="items of the manifest")
    keep_until: date = Field(description="last day on which the electronic archive is kept, Asia/Shanghai")
    paper_until: date = Field(description="last day on which the archive on paper is kept, Asia/Shanghai")
