"""Signals and what is watched for: spread, same and twin sheets, impossible times."""

from services.assessment.signals.domain.signal import Finding, Found, Remark, Signal, TooMany, raised, signal_id
from services.assessment.signals.domain.watches import Bounds, Piece, Watch, watches

__all__ = [
    "Bounds",
    "Finding",
    "Found",
    "Piece",
    "Remark",
    "Signal",
    "TooMany",
    "Watch",
    "raised",
    "signal_id",
    "watches",
]
