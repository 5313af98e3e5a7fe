"""What an objection does to its entry: holds it back while it is open, and then corrects, disqualifies or frees it."""

from collections.abc import Callable, Sequence

from services.assessment.entries.domain import QUALIFIED, Entry, Score
from services.assessment.entries.domain import State as EntryState
from services.assessment.objections.domain.records import Held, Verdict
from shared.events.base import Event

Correction = Callable[[Entry], Entry]
"""How a review changes an entry's sheets, and with them its points and state."""
UPHELD = "objection-upheld"


def was_said(entry: Entry) -> bool:
    """Whether its result has been said to the registry, and may stand on a certificate; one filed again waits first."""
    return entry.state is EntryState.CERTIFIED or (entry.state is EntryState.PASSED and entry.chunk > 0)


def unsaid(entry: Entry) -> Entry:
    """The entry as it was before the registry answered, so that its points can be judged anew."""
    return entry.having(state=EntryState.PASSED) if entry.state in QUALIFIED else entry


def disqualified(entry: Entry, reason: str) -> Entry:
    """No part counts; the sheets stay as they are."""
    void = tuple(Score(part=score.part, points=0, state="void") for score in entry.scores)
    return entry.having(state=EntryState.FAILED, scores=void, reason=UPHELD, detail=reason)


def is_disqualified(entry: Entry) -> bool:
    """Whether an objection was upheld against it before; no review of points brings it back."""
    void = any(not note.passes and not any(note.scores.values()) for note in entry.found_wrong)  # after it was said
    return void or (entry.state is EntryState.FAILED and entry.reason == UPHELD)


def verdict_on(entry: Entry, after: Entry) -> Verdict:
    """What follows for an entry that would stand as `after`."""
    said, passes = was_said(entry), after.state in QUALIFIED
    # what the registry refused stays refused, until it is mended and filed again
    stays = said or (passes and entry.state is EntryState.REJECTED)
    return Verdict(
        certified=said,
        before=entry.state,
        after=entry.state if stays else after.state,
        passes=passes,
        scores={score.part: score.points for score in after.scores},
    )


def held(entry: Entry, objection: str) -> tuple[Entry, Sequence[Event]]:
    """Held back by an open objection."""
    if entry.objection == objection:
        return entry, []
    if entry.objection:
        raise Held(f"the entry is held back by {entry.objection}; repeat the request")
    return entry.having(objection=objection), []


def settled(
    entry: Entry, objection: str, verdict: Verdict | None, correct: Correction
) -> tuple[Entry, Sequence[Event]]:
    """Free again, and as the verdict says; done once, for afterwards it is not held by this objection any more."""
    if entry.objection != objection:
        return entry, []
    free = entry.having(objection="")
    if verdict is None or verdict.certified:
        return free, []
    return correct(unsaid(free)).having(state=verdict.after), []
