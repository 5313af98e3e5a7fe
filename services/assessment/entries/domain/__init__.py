"""A candidate in a batch: enrolled, passed or failed, and in the end certified or rejected by the registry."""

from services.assessment.entries.domain.employers import employer_key
from services.assessment.entries.domain.entry import (
    QUALIFIED,
    Enrolled,
    Entry,
    NotQualified,
    SameDay,
    State,
    blank,
    days_of,
    enrolled,
    entry_id,
    kept_out,
)
from services.assessment.entries.domain.identity import Allowed, WrongParticulars
from services.assessment.entries.domain.judgement import has_passed, judged, sheets_wanted
from services.assessment.entries.domain.records import (
    Attendance,
    Certificate,
    Handling,
    Mark,
    Place,
    Resit,
    Reviewed,
    Score,
    Sheet,
    filed_as,
    stands_as,
)
from services.assessment.entries.domain.resit import Limits, NoResit, first_failed, resit_of

__all__ = [
    "QUALIFIED",
    "Allowed",
    "Attendance",
    "Certificate",
    "Enrolled",
    "Entry",
    "Handling",
    "Limits",
    "Mark",
    "NoResit",
    "NotQualified",
    "Place",
    "Resit",
    "Reviewed",
    "SameDay",
    "Score",
    "Sheet",
    "State",
    "WrongParticulars",
    "blank",
    "days_of",
    "employer_key",
    "enrolled",
    "entry_id",
    "filed_as",
    "first_failed",
    "has_passed",
    "judged",
    "kept_out",
    "resit_of",
    "sheets_wanted",
    "stands_as",
]
