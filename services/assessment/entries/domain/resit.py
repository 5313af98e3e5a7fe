"""A resit: who failed some part before may sit that part again, while the passed ones count."""

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from services.assessment.batches.domain import Batch
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain.entry import Entry
from services.assessment.entries.domain.judgement import has_passed
from services.assessment.entries.domain.records import Resit, Score
from shared.errors import Fault, Kind
from shared.events.registry import Part

FINAL = (BatchState.CLOSED, BatchState.FINALISED, BatchState.CERTIFIED, BatchState.ARCHIVED)
ANEW = "enter without the mark of a resit"
MONTHS = 12


class NoResit(Fault):
    """This candidate cannot sit failed parts again; `rule` says why."""

    slug, kind = "resit-refused", Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a passed part counts, and how often failed parts are sat again."""

    months: int
    most: int


def first_failed(failed: Entry) -> str:
    """The entry that is resat: of a resit that failed too, the one before."""
    return failed.resit.entry if failed.resit else failed.id


def resit_of(failed: Entry, sat: Batch, batch: Batch, used: Collection[int], limits: Limits) -> Resit:
    """What a resit in `batch` carries over from an entry that failed in `sat`; `used` are the turns taken already."""
    _must_be_final(failed, sat)
    carried = _carried(failed, sat, batch)
    turn = next((turn for turn in range(1, limits.most + 1) if turn not in used), 0)
    if not turn:
        raise NoResit(f"failed parts are resat {limits.most} time(s); {ANEW}", field="/resit", rule="resit-used")
    since = (failed.resit and failed.resit.since) or sat.registration_until or sat.exam_on
    if batch.ends_on > (until := months_after(since, limits.months)):
        raise NoResit(f"the passed parts counted until {until}; {ANEW}", field="/resit", rule="resit-expired")
    return Resit(entry=first_failed(failed), exam_on=sat.exam_on, carried=carried, since=since, turn=turn)


def no_failed_entry() -> NoResit:
    """Nothing here can be resat."""
    return NoResit(
        f"no failed entry of this occupation and level is known here; {ANEW}", field="/resit", rule="resit-none"
    )


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last one of a shorter month."""
    years, month = divmod(day.month - 1 + months, MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _must_be_final(failed: Entry, sat: Batch) -> None:
    if sat.state not in FINAL or failed.objection:
        raise NoResit("the result before is not final yet; enter again when it is", field="/resit", rule="resit-none")


def _carried(failed: Entry, sat: Batch, batch: Batch) -> tuple[Score, ...]:
    examined = {part.id for part in batch.parts}
    carried = tuple(
        _carry(part, score, failed.id)
        for part in sat.parts
        for score in failed.scores
        if score.part == part.id and part.id in examined and has_passed(part, score)
    )
    if not carried:
        raise NoResit(f"no part was passed; {ANEW}", field="/resit", rule="resit-none")
    if len(carried) == len(examined):
        raise NoResit(f"nothing that was failed is examined here; {ANEW}", field="/resit", rule="resit-none")
    return carried


def _carry(part: Part, score: Score, failed: str) -> Score:
    return Score(
        part=part.id,
        points=score.points,
        dimensions=score.dimensions,
        state="carried",
        carried_from=score.carried_from or failed,
    )
