"""What assessment says, one module per kind of thing."""

from shared.events.assessment.archives import (
    ArchiveBegun,
    ArchiveChecked,
    ArchiveChecking,
    BatchArchived,
)
from shared.events.assessment.assignments import (
    AssignedGroup,
    AssignmentConfirmed,
    AssignmentReopened,
)
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
from shared.events.assessment.imports import (
    ImportFinished,
)
from shared.events.assessment.objections import (
    ObjectionAccepted,
    ObjectionDecided,
    ObjectionEvent,
    ObjectionOverdue,
    ObjectionRaised,
    ObjectionRefused,
)
from shared.events.assessment.results import (
    BatchCertified,
    BatchClosed,
    FinalResult,
    ResultsFinalised,
    ResultsPublicised,
)
from shared.events.assessment.signals import (
    SignalRaised,
)

__all__ = [
    "ArchiveBegun",
    "ArchiveChecked",
    "ArchiveChecking",
    "AssignedGroup",
    "AssignmentConfirmed",
    "AssignmentReopened",
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
    "ImportFinished",
    "ObjectionAccepted",
    "ObjectionDecided",
    "ObjectionEvent",
    "ObjectionOverdue",
    "ObjectionRaised",
    "ObjectionRefused",
    "ResultsFinalised",
    "ResultsPublicised",
    "SignalRaised",
    "Sitting",
]
