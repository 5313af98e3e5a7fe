"""A candidate in a batch: enrolled, passed or failed, and in the end certified or rejected by the registry."""

from services.assessment.entries.domain.employers import employer_key
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
    Mark,
    Resit,
    Reviewed,
    Score,
    Seat,
    Sheet,
)

__all__ = [
    "QUALIFIED",
    "Attendance",
    "Certificate",
    "Enrolled",
    "Entry",
    "Mark",
    "NotQualified",
    "Resit",
    "Reviewed",
    "Score",
    "Seat",
    "Sheet",
    "State",
    "blank",
    "employer_key",
    "enrolled",
    "entry_id",
    "filed_as",
    "has_passed",
    "judged",
    "sheets_wanted",
    "stands_as",
]
