"""A certificate on file and what may become of it, and how certificate numbers are built."""

from services.registry.certificates.domain.certificate import Certificate, Decided
from services.registry.certificates.domain.changes import (
    ON_FILE,
    AlreadyCertified,
    CaseDecision,
    Change,
    ChangeKind,
    Decision,
    Grounds,
    NothingCorrected,
    OnRecord,
    Standing,
    Status,
    WrongStatus,
)
from services.registry.certificates.domain.corrections import (
    ExamAfterFiling,
    ScoreOutOfMarks,
    check_correction,
    differing,
    sanction_end,
)
from services.registry.certificates.domain.numbers import BrokenNumberFormat, NumberFormat, NumberFormats

__all__ = [
    "ON_FILE",
    "AlreadyCertified",
    "BrokenNumberFormat",
    "CaseDecision",
    "Certificate",
    "Change",
    "ChangeKind",
    "Decided",
    "Decision",
    "ExamAfterFiling",
    "Grounds",
    "NothingCorrected",
    "NumberFormat",
    "NumberFormats",
    "OnRecord",
    "ScoreOutOfMarks",
    "Standing",
    "Status",
    "WrongStatus",
    "check_correction",
    "differing",
    "sanction_end",
]
