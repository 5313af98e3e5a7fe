"""The archive of a batch: its checklist, what is in it, what is hashed of the stored data, and the signed manifest."""

from services.assessment.archives.domain.archive import (
    Archive,
    ArchiveClosed,
    Check,
    Document,
    Incomplete,
    Missing,
    NotTheSupervisor,
    Report,
    State,
    View,
    Viewing,
    WrongItem,
    blank,
    viewed,
)
from services.assessment.archives.domain.checklist import Checklist, Item, Placed, Source, Volume, placed
from services.assessment.archives.domain.lines import FIELDS, OF_BATCH, OF_ENTRY, Hashed, Sums
from services.assessment.archives.domain.manifest import TYPE, Checked, compared, digest_of, manifest_of

__all__ = [
    "FIELDS",
    "OF_BATCH",
    "OF_ENTRY",
    "TYPE",
    "Archive",
    "ArchiveClosed",
    "Check",
    "Checked",
    "Checklist",
    "Document",
    "Hashed",
    "Incomplete",
    "Item",
    "Missing",
    "NotTheSupervisor",
    "Placed",
    "Report",
    "Source",
    "State",
    "Sums",
    "View",
    "Viewing",
    "Volume",
    "WrongItem",
    "blank",
    "compared",
    "digest_of",
    "manifest_of",
    "placed",
    "viewed",
]
