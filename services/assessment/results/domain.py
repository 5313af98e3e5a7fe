"""Results as they are said: chunk by chunk, later in further chunks; filed again, and found wrong.

Which entries are in which chunk is decided by the one write that inserts the chunk: it carries the event, the ids
of its entries, and which filing of each it says. Entries are marked by it afterwards (`chunk`, `filings`), each only
if that very filing is not marked yet. Whoever repeats a chunk, at once or after a crash at any line, finds it
standing and marks the same entries; the next chunk is chosen when those of the one before are marked. So an
objection decided meanwhile moves nobody from one chunk to another: its entry is in no chunk that stands, waits with
chunk 0, and is said in the next one. A chunk that stands need not be made again, so nothing has to be selected twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, FoundWrong, Rejection, State, has_passed
from services.assessment.entries.domain.records import Score
from services.assessment.results.commands import FindWrong, RefileEntry
from services.assessment.scores.domain import spelled
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.assessment import EntryRefiled, FinalResult, ObjectionDecided, ResultsFinalised
from shared.events.base import Event

Decided = tuple[Entry, Sequence[Event]]


class NotRejected(Fault):
    """Only an entry that the registry rejected is filed again."""

    slug, kind = "entry-not-rejected", Kind.CONFLICT


class NotPassed(Fault):
    """The right points do not pass."""

    slug, kind = "entry-not-passed", Kind.CONFLICT


class NotCertified(Fault):
    """Only a final result with a certificate can be found wrong."""

    slug, kind = "entry-not-certified", Kind.CONFLICT


class NothingWrong(Fault):
    """These are the points that stand."""

    slug, kind = "nothing-wrong", Kind.CONFLICT


class OneSignature(Fault):
    """Scores change by two signatures, of two people."""

    slug, kind = "one-signature", Kind.INVALID


class WrongPoints(Fault):
    """The points do not fit the edition of the batch; `rule` says how."""

    slug, kind = "score-refused", Kind.INVALID


class Chunk(Entity):
    """One chunk that was said; the results themselves stand in the entries and in the event.

    `filings` tells which filing of each entry it says, 1 for the first; chunks from before 2026-11 name only the
    first and the last of their entries.
    """

    unit: str
    batch: str
    chunk: int
    chunks: int
    first: str
    last: str
    results: int
    filings: Mapping[str, int] = {}
    said_at: datetime | None = None


def chunk_of(
    batch: Batch, number: int, entries: Sequence[Entry], at: datetime | None = None
) -> tuple[Chunk, Sequence[Event]]:
    """A chunk: 1 … `batch.chunks` at the closing, higher numbers later; entries in the order of their ids."""
    chunk = Chunk(
        id=f"{batch.id}.{number}",
        authority=batch.authority,
        unit=batch.unit,
        batch=batch.id,
        chunk=number,
        chunks=batch.chunks,
        first=entries[0].id if entries else "",
        last=entries[-1].id if entries else "",
        results=len(entries),
        filings={entry.id: entry.filings + 1 for entry in entries},
        said_at=at,
    )
    assert batch.notice is not None
    event = ResultsFinalised.model_construct(
        **batch.named(),
        standard=batch.standard,
        exam_on=batch.exam_on,
        closed_at=batch.notice.ends_at,
        chunk=number,
        chunks=batch.chunks,
        results=tuple(_result(entry) for entry in entries),
        begun_on=batch.begun_on,
        plan=batch.plan,
        plan_edition=batch.plan_edition,
        site=batch.site,
        assessors=batch.assessors,
        supervisor=batch.supervisor,
    )
    return chunk, [event]


def _result(entry: Entry) -> FinalResult:
    points = standing_points(entry)
    return FinalResult.model_construct(
        entry=entry.id,
        holder=entry.holder,
        person=entry.person,
        theory=points.get("theory", 0.0),
        practical=points.get("practical", 0.0),
    )


def supplemented(batch: Batch, number: int) -> tuple[Batch, Sequence[Event]]:
    """A further chunk stands and its entries are marked."""
    further = number - batch.chunks
    return (batch.having(supplements=further), []) if further > batch.supplements else (batch, [])


def refiled(entry: Entry, asked: RefileEntry, actor: str, now: datetime) -> Decided:
    """A rejected entry waits to be said once more; what it was rejected for stays on it."""
    if entry.state is not State.REJECTED:
        raise NotRejected(f"this entry is {entry.state}; only a rejected one is filed again")
    if not still_passes(entry):
        raise NotPassed("its result was found wrong and does not pass; nothing of it can be filed")
    mended = Rejection(
        reason=entry.reason, detail=entry.detail, chunk=entry.chunk, mended=asked.reason, actor=actor, at=now
    )
    filings = max(entry.filings, len(entry.rejections) + 1)  # the refused filing, even if it was not marked yet
    said = EntryRefiled(**_named(entry), filing=filings + 1, rejected_for=entry.reason, reason=asked.reason)
    waiting = {"state": State.PASSED, "chunk": 0, "filings": filings, "reason": "", "detail": ""}
    return entry.having(**waiting, rejections=(*entry.rejections, mended)), [said]


def found_wrong(entry: Entry, batch: Batch, asked: FindWrong, step: float, actor: str, now: datetime) -> Decided:
    """The right points are recorded and said; the entry's own scores, state and certificate stay as they were."""
    if spelled(asked.scorer) == spelled(asked.checker):
        raise OneSignature("name two different people as scorer and checker", field="/checker")
    _must_fit(batch, asked.scores, step)
    right = {**standing_points(entry), **asked.scores}
    why = asked.model_dump(exclude={"scores"})
    return _wrong(entry, FoundWrong(scores=right, passes=_passes(batch, right), actor=actor, at=now, **why))


def reviewed_wrong(entry: Entry, batch: Batch, said: ObjectionDecided, now: datetime) -> Decided:
    """The same by an objection that was decided after the result was said; its two signatures are with it."""
    basis = f"objection {said.objection}, {said.outcome}"
    own = {score.part: score.points for score in entry.scores}
    # what this objection leaves as it was may have been put right before
    right = {
        **standing_points(entry),
        **{part: points for part, points in said.scores.items() if points != own.get(part)},
    }
    note = FoundWrong(
        scores=right,
        passes=_passes(batch, right),
        reason=said.reason,
        basis=basis,
        scorer="",
        checker="",
        actor="system",
        at=now,
    )
    if entry.state in (State.PASSED, State.REJECTED):
        # the registry has not answered, and is told once it certifies; or there is no certificate to see to, and what
        # is filed again follows from the note
        _must_differ(entry, note)
        return entry.having(found_wrong=(*entry.found_wrong, note)), []
    return _wrong(entry, note)


def _wrong(entry: Entry, note: FoundWrong) -> Decided:
    if entry.state is not State.CERTIFIED:
        raise NotCertified(f"this entry is {entry.state}; a result that is not final is changed by an objection")
    _must_differ(entry, note)
    return entry.having(found_wrong=(*entry.found_wrong, note)), [entry.wrong(note)]


def _must_differ(entry: Entry, note: FoundWrong) -> None:
    if (dict(note.scores), note.passes) == (standing_points(entry), still_passes(entry)):
        raise NothingWrong("send the points that are right and differ from those that stand", field="/scores")


def _passes(batch: Batch, right: Mapping[str, float]) -> bool:
    return all(has_passed(part, Score(part=part.id, points=right.get(part.id, 0.0))) for part in batch.parts)


def still_passes(entry: Entry) -> bool:
    """Whether a qualified entry passes by the points that are now known to be right."""
    return entry.found_wrong[-1].passes if entry.found_wrong else True


def standing_points(entry: Entry) -> dict[str, float]:
    """The points of each part as they are now known to be right."""
    if entry.found_wrong:
        return dict(entry.found_wrong[-1].scores)
    return {score.part: score.points for score in entry.scores}


def _must_fit(batch: Batch, scores: Mapping[str, float], step: float) -> None:
    parts = {part.id: part for part in batch.parts}
    for name, points in scores.items():
        if name not in parts:
            raise WrongPoints(f"the parts are: {', '.join(parts)}", field="/scores", rule="part-unknown")
        if points > parts[name].out_of:
            most = f"{parts[name].out_of:g}"
            raise WrongPoints(f"send 0 to {most} points", field=f"/scores/{name}", rule="above-points")
        if points % step:
            raise WrongPoints(f"scores are multiples of {step:g}", field=f"/scores/{name}", rule="not-a-step")


def _named(entry: Entry) -> dict[str, str]:
    about = {"batch": entry.batch, "unit": entry.unit, "occupation": entry.occupation, "level": entry.level}
    return {**about, "entry": entry.id}
