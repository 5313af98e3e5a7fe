"""A certificate on file and what may become of it, and how certificate numbers are built."""

from services.registry.certificates.domain.certificate import Certificate
from services.registry.certificates.domain.changes import (
    ON_FILE,
    AlreadyCertified,
    CaseDecision,
    Change,
    ChangeKind,
    Decision,
    Grounds,
    NothingCorrected,
    Standing,
    Status,
    WrongStatus,
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
    "Decision",
    "Grounds",
    "NothingCorrected",
    "NumberFormat",
    "NumberFormats",
    "Standing",
    "Status",
    "WrongStatus",
]
