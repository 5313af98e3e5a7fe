"""What assessment says of archives: their documents are complete, and the whole is signed."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.assessment.batches import BatchEvent


class ArchiveBegun(BatchEvent):
    """Every document of a batch's archive is there; what is stored of the batch is being hashed."""

    type: ClassVar[str] = "assessment.archive.begun.v1"
    documents: int = Field(description="documents entered in it")


class ArchiveChecking(BatchEvent):
    """Somebody asked whether what is stored still has the hashes of the manifest; it is being hashed anew."""

    type: ClassVar[str] = "assessment.archive.checking.v1"


class ArchiveChecked(BatchEvent):
    """What is stored of a batch was hashed anew and compared with its manifest."""

    type: ClassVar[str] = "assessment.archive.checked.v1"
    unchanged: bool = Field(description="every item has its hash")
    differing: tuple[str, ...] = Field(description="the items that have not", examples=[["sheets"]])


class BatchArchived(BatchEvent):
    """The archive of a batch is complete and signed."""

    type: ClassVar[str] = "assessment.batch.archived.v1"
    digest: str = Field(description="SHA-256 of the signed manifest's canonical JSON, hexadecimal")
    items: int = Field(description="items of the manifest")
    keep_until: date = Field(description="last day on which the electronic archive is kept, Asia/Shanghai")
    paper_until: date = Field(description="last day on which the archive on paper is kept, Asia/Shanghai")
