"""The life of a batch: filed, publicised, closed, finalised. Frozen while its unit has lost its standing."""

from services.assessment.batches.domain.assignment import Cards
from services.assessment.batches.domain.batch import (
    OPEN,
    Batch,
    Busy,
    Frozen,
    NoEntries,
    Notice,
    NotScored,
    PeriodOpen,
    State,
    Tally,
    WrongState,
    filed,
)

__all__ = [
    "OPEN",
    "Batch",
    "Busy",
    "Cards",
    "Frozen",
    "NoEntries",
    "NotScored",
    "Notice",
    "PeriodOpen",
    "State",
    "Tally",
    "WrongState",
    "filed",
]
