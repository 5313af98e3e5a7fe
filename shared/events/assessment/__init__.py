"""What assessment says, one module per kind of thing."""

from shared.events.assessment.batches import (
    BatchArranged,
    BatchBegun,
    BatchCancelled,
    BatchEvent,
    BatchFiled,
    BatchFrozen,
    BatchMarked,
    BatchRegistering,
    BatchReleased,
    BatchScored,
    Sitting,
)
from shared.events.assessment.entries import (
    EntryCertified,
    EntryRejected,
)
from shared.events.assessment.imports import (
    ImportFinished,
)
from shared.events.assessment.results import (
    BatchCertified,
    BatchClosed,
    FinalResult,
    ResultsFinalised,
    ResultsPublicised,
)

__all__ = [
    "BatchArranged",
    "BatchBegun",
    "BatchCancelled",
    "BatchCertified",
    "BatchClosed",
    "BatchEvent",
    "BatchFiled",
    "BatchFrozen",
    "BatchMarked",
    "BatchRegistering",
    "BatchReleased",
    "BatchScored",
    "EntryCertified",
    "EntryRejected",
    "FinalResult",
    "ImportFinished",
    "ResultsFinalised",
    "ResultsPublicised",
    "Sitting",
]
