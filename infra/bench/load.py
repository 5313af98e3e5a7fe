"""What the filing figure is fed with: finalised results of generated people, in chunks as assessment sends them."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from uuid import uuid4

from infra.drive.people import Person
from infra.drive.world import LEVEL
from shared.events.assessment import FinalResult, ResultsFinalised
from shared.messaging.envelope import outgoing
from shared.messaging.wire import Outgoing
from shared.outbox.pending import Pending
from shared.privacy import Sealer, mask_name

CHUNK = 500
TRACE = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"


def chunks(
    sealer: Sealer, units: list[tuple[str, str]], count: int, exam_on: date, crowd: Iterator[Person]
) -> Iterator[Outgoing]:
    """Messages with `count` results altogether, going round among (unit, occupation)."""
    for place in range(count // CHUNK):
        unit, occupation = units[place % len(units)]
        rows = tuple(_result(sealer, person) for person in islice(crowd, CHUNK))
        yield _message(unit, occupation, exam_on, rows)


def _result(sealer: Sealer, person: Person) -> FinalResult:
    entry = uuid4().hex
    sealed = sealer.seal(json.dumps({"name": person.name, "id_number": person.id_number}), bound_to=entry)
    return FinalResult(entry=entry, holder=mask_name(person.name), person=sealed, theory=81.5, practical=77)


def _message(unit: str, occupation: str, exam_on: date, rows: tuple[FinalResult, ...]) -> Outgoing:
    batch = f"batch-{uuid4().hex}"
    event = ResultsFinalised(
        batch=batch,
        unit=unit,
        occupation=occupation,
        level=LEVEL,
        standard=f"{occupation}-2019p",
        exam_on=exam_on,
        closed_at=datetime.now(UTC),
        chunk=1,
        chunks=1,
        results=rows,
    )
    pending = Pending(
        f"assessment.chunks.{batch}.1@1",
        event.type,
        "/assessment/chunks",
        f"{batch}.1",
        datetime.now(UTC),
        1,
        "33",
        batch,
        None,
        TRACE,
        event.model_dump_json().encode(),
        time.time(),
    )
    return outgoing(pending, TRACE)
