"""What assessment says, one module per kind of thing."""

from shared.events.assessment.archives import ArchiveBegun, ArchiveChecked, ArchiveChecking, BatchArchived
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
    EntryFoundWrong,
    EntryRefiled,
    EntryRejected,
)
from shared.events.assessment.objections import ObjectionDecided, ObjectionRefused
from shared.events.assessment.results import (
    BatchCertified,
    BatchClosed,
    FinalResult,
    ResultsFinalised,
    ResultsPublicised,
)

__all__ = [
    "ArchiveBegun",
    "ArchiveChecked",
    "ArchiveChecking",
    "BatchArchived",
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
    "EntryFoundWrong",
    "EntryRefiled",
    "EntryRejected",
    "FinalResult",
    "ObjectionDecided",
    "ObjectionRefused",
    "ResultsFinalised",
    "ResultsPublicised",
    "Sitting",
]
