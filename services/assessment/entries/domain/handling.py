"""What is done with an entry beside examining it: let in, withdrawn, mended, revealed, entered once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.assessment.batches.domain import UNTIL_PUBLICISED, Batch
from services.assessment.batches.domain import State as BatchState
from services.assessment.eligibility.domain import Met
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain.employers import employer_key
from services.assessment.entries.domain.entry import Entry, State, days_of
from services.assessment.entries.domain.records import Handling, Reviewed
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.privacy import mask_id, mask_name, scrub

Decided = tuple[Entry, Sequence[Event]]
OUT = (State.INELIGIBLE, State.WITHDRAWN)
"""Who is not to be examined and may be entered again."""
WITHDRAWING = (BatchState.REGISTERING, BatchState.ARRANGED)
MENDING = tuple(state for state in UNTIL_PUBLICISED if state not in (BatchState.PLANNED, BatchState.FILED))

REFILING = (BatchState.CLOSED, BatchState.FINALISED, BatchState.CERTIFIED)
"""While what the registry rejected may be filed again; what is archived stays as it is."""

LEAVING = "candidates withdraw before the exam begins"
MENDED_WHEN = (
    "an entry is mended before results are publicised, or when the registry rejected it and its batch is not archived"
)


class WrongEntryState(Fault):
    """The entry is not in a state that allows this."""

    slug, kind = "entry-state", Kind.CONFLICT


def admitted(entry: Entry, batch: Batch, reason: str, actor: str, at: datetime) -> Decided:
    """A reviewer sets aside the rule that kept somebody out."""
    if entry.state is not State.INELIGIBLE:
        raise WrongEntryState(f"only who was found ineligible is let in; this entry is {entry.state}")
    reviewed = Reviewed(reason=reason, rule=entry.reason, actor=actor, at=at)
    return entry.having(
        state=State.ENROLLED, days=days_of(batch, entry.resit), reviewed=reviewed, reason="", detail=""
    ), []


def withdrawn(entry: Entry, reason: str, actor: str, at: datetime) -> Decided:
    """Somebody will not be examined; their days and their resit are free again."""
    if entry.state not in (State.ENROLLED, State.INELIGIBLE):
        raise WrongEntryState(f"who has no result yet can withdraw; this entry is {entry.state}")
    handling = Handling(what="withdrawn", reason=reason, actor=actor, at=at)
    return _handled(entry, handling, state=State.WITHDRAWN, days=(), resit=None, reason="", detail=""), []


def entered_again(entry: Entry, anew: Entry) -> Decided:
    """Who is kept out or withdrew is entered once more, with whatever is told this time."""
    if entry.state not in OUT:
        return entry, []
    return anew.having(version=entry.version, taken=entry.taken, handled=entry.handled), []


def revealed(entry: Entry, reason: str, actor: str, at: datetime) -> Decided:
    """Somebody is shown who the candidate is."""
    return _handled(entry, Handling(what="revealed", reason=reason, actor=actor, at=at)), []


def mending(entry: Entry) -> tuple[BatchState, ...]:
    """In which states of its batch an entry is mended."""
    return REFILING if entry.state is State.REJECTED else MENDING


def must_be_mendable(entry: Entry, batch: Batch) -> None:
    """Refuse once results are public, unless the registry rejected this one and it can be filed again."""
    batch.must_be(mending(entry), MENDED_WHEN)
    if entry.state is State.WITHDRAWN:
        raise WrongEntryState("this entry was withdrawn; enter the candidate again")


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is, as it is kept: sealed, indexed, and why they are eligible."""

    sealed: str
    person_index: str
    met: Met | None


def mended(entry: Entry, row: EnrolRow, person: Person, handling: Handling) -> Decided:
    """The person as they should have been entered, under the same identity."""
    changes: dict[str, object] = {
        "holder": mask_name(row.name),
        "id_masked": mask_id(row.id_number),
        "person": person.sealed,
        "person_index": person.person_index,
        "eligibility": person.met,
    }
    if person.person_index != entry.person_index:
        changes["reviewed"] = None  # it let in somebody else, and this one was judged anew
    if row.employer:
        employer = scrub(row.employer)
        changes |= {"employer": employer, "employer_key": employer_key(employer)}
    return _handled(entry, handling, **changes), []


def overdue_from(today: date, years: int) -> date:
    """The day before which something kept for some years is over."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28)


def _handled(entry: Entry, handling: Handling, **changes: object) -> Entry:
    return entry.having(handled=(*entry.handled, handling), **changes)
