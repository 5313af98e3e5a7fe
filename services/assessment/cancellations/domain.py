"""What becomes of an entry when its batch is cancelled."""

from collections.abc import Sequence

from services.assessment.entries.domain import Entry, State
from shared.events.base import Event

EXAMINED = (State.ENROLLED, State.PASSED, State.FAILED)
"""Who was to be examined, or was."""
LEFT = (*EXAMINED, State.INELIGIBLE, State.WITHDRAWN)
"""Where an entry of a batch without public results can stand."""
REASON = "batch-cancelled"


def freed(entry: Entry) -> tuple[Entry, Sequence[Event]]:
    """Its days are free for another batch; who was to be examined is withdrawn."""
    if entry.state in EXAMINED:
        return entry.having(state=State.WITHDRAWN, days=(), reason=REASON), []
    if entry.state in LEFT and entry.days:
        return entry.having(days=()), []
    return entry, []
