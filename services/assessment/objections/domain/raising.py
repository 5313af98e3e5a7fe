"""Raising an objection: to a result that is public, and in time for its kind."""

from datetime import date, datetime

from services.assessment.batches.domain import Batch
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain import Entry
from services.assessment.entries.domain import State as EntryState
from services.assessment.objections.commands import Kind, RaisedBy
from services.assessment.objections.domain.following import is_disqualified
from services.assessment.objections.domain.objection import Decided, Objection
from services.assessment.objections.domain.records import (
    Disqualified,
    Limits,
    NotPublic,
    State,
    Step,
    TooLate,
    WrongParty,
    deadline,
)
from shared.events.assessment import ObjectionRaised
from shared.workdays import local_day

PUBLIC = (BatchState.PUBLICISED, BatchState.CLOSED, BatchState.FINALISED, BatchState.CERTIFIED)
WITH_RESULT = (EntryState.PASSED, EntryState.FAILED, EntryState.CERTIFIED, EntryState.REJECTED)


def raised(
    identity: str, entry: Entry, batch: Batch, kind: Kind, text: str, by: tuple[RaisedBy, str], limits: Limits,
    now: datetime,
) -> Decided:  # fmt: skip
    """A new objection to a result on public notice, in time for its kind."""
    _must_be_in_time(kind, batch, limits, now)
    if entry.state not in WITH_RESULT:
        raise NotPublic(f"the entry is {entry.state}: it has no result; turn to the unit")
    if kind is Kind.SCORE and is_disqualified(entry):
        raise Disqualified("an objection to points changes nothing of that; turn to the authority", field="/kind")
    party, actor = by
    due = deadline(local_day(now), limits.accept)
    objection = Objection(
        id=identity,
        authority=batch.authority,
        unit=batch.unit,
        batch=batch.id,
        occupation=batch.occupation,
        level=batch.level,
        entry=entry.id,
        kind=kind,
        text=text,
        raised_by=party,
        state=State.RAISED,
        due=due,
        steps=(Step(state=State.RAISED, at=now, by=actor),),
    )
    return objection, [ObjectionRaised(**objection.named(), raised_by=party, accept_by=due.last_day)]


def must_name(own: RaisedBy, party: RaisedBy) -> None:
    """A caller brings what candidates and the public said, or its own; nobody speaks for another office."""
    if party not in (RaisedBy.CANDIDATE, RaisedBy.PUBLIC, own):
        raise WrongParty(f"send candidate, public or {own}", field="/raised_by")


def last_day(kind: Kind, batch: Batch, limits: Limits) -> tuple[date, datetime, str]:
    """The last day on which such an objection can be raised, when that is over, and the rule that says so."""
    assert batch.notice is not None
    if kind is Kind.SCORE:
        end = deadline(batch.notice.opens_on, limits.apply)
        return end.last_day, end.ends_at, "review.apply_wd"
    return batch.notice.closes_on, batch.notice.ends_at, "notice.result_wd"


def _must_be_in_time(kind: Kind, batch: Batch, limits: Limits, now: datetime) -> None:
    if batch.notice is None or batch.state not in PUBLIC:
        raise NotPublic(f"objections are raised to results on public notice; this batch is {batch.state}")
    day, ends_at, rule = last_day(kind, batch, limits)
    if now >= ends_at:
        raise TooLate(f"an objection of the kind {kind} could be raised until {day}; turn to the authority", rule=rule)
