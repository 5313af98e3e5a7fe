"""A chunk of final results: which qualified workers it holds follows from the batch alone, however often it is made."""

from collections.abc import Sequence

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry
from shared.entity import Entity
from shared.events.assessment import FinalResult, ResultsFinalised
from shared.events.base import Event


class Chunk(Entity):
    """One chunk that was said; the results themselves stand in the entries and in the event."""

    unit: str
    batch: str
    chunk: int
    chunks: int
    first: str
    last: str
    results: int


def chunk_of(batch: Batch, number: int, entries: Sequence[Entry]) -> tuple[Chunk, Sequence[Event]]:
    """Chunk 1 … `batch.chunks` of a closed batch, with its qualified entries in the order of their ids."""
    chunk = Chunk(
        id=f"{batch.id}.{number}",
        authority=batch.authority,
        unit=batch.unit,
        batch=batch.id,
        chunk=number,
        chunks=batch.chunks,
        first=entries[0].id,
        last=entries[-1].id,
        results=len(entries),
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
    return FinalResult.model_construct(
        entry=entry.id,
        holder=entry.holder,
        person=entry.person,
        theory=entry.points("theory"),
        practical=entry.points("practical"),
    )
