"""A pending event: what stands in the entity's document until the broker has confirmed it."""

from collections.abc import Sequence
from datetime import datetime
from time import time
from typing import Any, NamedTuple, Self

from shared.act import Act
from shared.entity import Entity
from shared.events.base import Event
from shared.tracing import current_traceparent


class Pending(NamedTuple):
    """One event on its way; `sequence` is the version of the entity that caused it, `at` seconds of real time.

    The id follows from entity, version and place, so the same change can never announce two different ids.
    """

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    sequence: int
    authority: str
    correlation: str
    causation: str | None
    trace: str | None
    body: bytes
    at: float

    def document(self) -> dict[str, Any]:
        return self._asdict()

    @classmethod
    def stored(cls, document: dict[str, Any]) -> Self:
        return cls(**document)


def pending_for(source: str, entity: Entity, events: Sequence[Event], act: Act) -> list[Pending]:
    """The events an entity of `source` (`/registry/plans`) caused by reaching its version."""
    if not events:
        return []
    trace = act.trace or current_traceparent()
    now = time()
    stem = f"{source[1:].replace('/', '.')}.{entity.id}@{entity.version}"
    return [
        Pending(
            f"{stem}.{place}" if place else stem,
            event.type,
            source,
            entity.id,
            act.at,
            entity.version,
            entity.authority,
            act.correlation,
            act.causation,
            trace,
            event.model_dump_json().encode(),
            now,
        )
        for place, event in enumerate(events)
    ]
