"""Planning a batch: each part of its level has one sitting, on days of one edition."""

from collections.abc import Sequence
from datetime import datetime

from services.assessment.batches.commands import PlanBatch, SittingAsked
from services.assessment.batches.domain.life import Batch
from services.assessment.batches.domain.modes import Modes, Pointing
from services.assessment.batches.domain.states import State, WrongSittings
from services.assessment.mirrors.domain import Standard
from shared.events.assessment import Sitting
from shared.events.registry import Part


def planned(
    identity: str, unit: str, authority: str, standard: Standard, asked: PlanBatch, modes: Modes, *, now: datetime
) -> Batch:
    """A new batch of a unit, held by the edition of its first day."""
    parts = standard.parts_of(asked.level)
    sittings = sittings_of(asked, parts, modes)
    return Batch(
        id=identity,
        authority=authority,
        unit=unit,
        occupation=asked.occupation,
        level=asked.level,
        standard=standard.id,
        exam_on=asked.exam_on,
        ends_on=max(sitting.on for sitting in sittings),
        mode=asked.mode,
        sittings=sittings,
        planned=asked.planned,
        parts=parts,
        state=State.PLANNED,
        moments={State.PLANNED.value: now},
    )


def sittings_of(asked: PlanBatch, parts: Sequence[Part], modes: Modes) -> tuple[Sitting, ...]:
    """The sittings asked for, in the order of the parts; what one does not say is the batch's own."""
    given = {row.part: (place, row) for place, row in enumerate(asked.sittings)}
    known = [part.id for part in parts]
    if len(given) < len(asked.sittings) or given.keys() - set(known):
        raise WrongSittings(f"name each part at most once; the parts are: {', '.join(known)}", field="/sittings")
    for place, row in given.values():
        if row.on < asked.exam_on:
            raise WrongSittings("no part lies before the day of the exam", field=f"/sittings/{place}/on")
    own = {part: row for part, (_, row) in given.items()}
    made = [_sitting(asked, own.get(part) or SittingAsked(part=part, on=asked.exam_on), modes) for part in known]
    if min(sitting.on for sitting in made) != asked.exam_on:
        raise WrongSittings("the day of the exam is that of its first part", field="/exam_on")
    return tuple(made)


def _sitting(asked: PlanBatch, row: SittingAsked, modes: Modes) -> Sitting:
    mode = modes.get(row.mode or asked.mode)
    theirs = {"begins": asked.begins, "mode": asked.mode, "site": asked.site, "place": asked.place}
    if mode is not None and not mode.site:
        theirs["site"] = ""
    return Sitting(**{**theirs, **row.model_dump(exclude_none=True)})


def asked_at(asked: PlanBatch) -> Pointing:
    """Where a field of a part's sitting stands in what was asked: with the part, or with the batch."""
    given = {row.part: (place, row) for place, row in enumerate(asked.sittings)}

    def point(part: str, name: str) -> str:
        if part in given and getattr(given[part][1], name) is not None:
            return f"/sittings/{given[part][0]}/{name}"
        return "/exam_on" if name == "on" else f"/{name}"

    return point
