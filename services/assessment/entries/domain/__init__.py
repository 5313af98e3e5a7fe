"""A candidate in a batch: enrolled, passed or failed, and in the end certified or rejected by the registry."""

from services.assessment.entries.domain.entry import (
    QUALIFIED,
    Enrolled,
    Entry,
    NotQualified,
    State,
    blank,
    enrolled,
    entry_id,
    filed_as,
    stands_as,
)
from services.assessment.entries.domain.judgement import has_passed, judged, sheets_wanted
from services.assessment.entries.domain.records import (
    Attendance,
    Certificate,
    FoundWrong,
    Mark,
    Place,
    Rejection,
    Resit,
    Reviewed,
    Score,
    Sheet,
)

__all__ = [
    "QUALIFIED",
    "Attendance",
    "Certificate",
    "Enrolled",
    "Entry",
    "FoundWrong",
    "Mark",
    "NotQualified",
    "Place",
    "Rejection",
    "Resit",
    "Reviewed",
    "Score",
    "Sheet",
    "State",
    "blank",
    "enrolled",
    "entry_id",
    "filed_as",
    "has_passed",
    "judged",
    "sheets_wanted",
    "stands_as",
]
