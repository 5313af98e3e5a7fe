"""What assessment says of imports: a file of rows was gone through."""

from typing import ClassVar

from pydantic import Field

from shared.events.assessment.batches import BatchEvent


class ImportFinished(BatchEvent):
    """Every row of a file was taken or refused; a dry run says nothing."""

    type: ClassVar[str] = "assessment.import.finished.v1"
    import_id: str = Field(description="id of the import")
    kind: str = Field(description="what its rows are: entries or scores", examples=["entries"])
    rows: int = Field(description="rows of the file")
    accepted: int = Field(description="rows that were taken")
    refused: int = Field(description="rows that were refused; the import's report names line, field and rule of each")
