"""What happens to a message whose hearer failed: waits and comes again, or is parked with its cause."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from shared.errors import Fault, Kind
from shared.messaging.topology import Topology
from shared.messaging.wire import BrokerUnavailable, Outgoing, Wire
from shared.metrics import MESSAGES
from shared.privacy import scrub

ATTEMPTS = "x-skillcert-attempts"
CAUSE = "x-skillcert-cause"
QUEUE = "x-skillcert-queue"
PARKED_AT = "x-skillcert-parked-at"

COMES_AGAIN: Mapping[Kind, bool] = {
    Kind.MALFORMED: False,
    Kind.INVALID: False,
    Kind.CONFLICT: False,
    Kind.FORBIDDEN: False,
    Kind.UNAUTHENTICATED: False,
    Kind.NOT_FOUND: True,  # it may have arrived out of order
    Kind.STALE: True,
    Kind.TOO_MANY: True,
    Kind.UNAVAILABLE: True,
    Kind.UNFORESEEN: True,
}

log = structlog.get_logger()


class Failures:
    """Decides between retry and parking, by the error's kind and the attempts so far."""

    def __init__(self, wire: Wire, topology: Topology) -> None:
        self._wire = wire
        self._topology = topology

    async def take(self, queue: str, headers: Mapping[str, Any], body: bytes, error: BaseException) -> None:
        """Publish the message onward, confirmed; the caller acks it only afterwards.

        Raises `BrokerUnavailable` when that is not possible: then the message stays where it is.
        """
        attempt = _attempts(headers) + 1
        kind = error.kind if isinstance(error, Fault) else Kind.UNFORESEEN
        again = COMES_AGAIN[kind] and attempt <= len(self._topology.retry_delays)
        exchange = self._topology.retry(attempt) if again else self._topology.dead
        carried: dict[str, Any] = {name: value for name, value in headers.items() if not name.startswith("x-")}
        marks: dict[str, Any] = {ATTEMPTS: attempt, CAUSE: _cause(error), QUEUE: queue}
        if not again:
            marks[PARKED_AT] = datetime.now(UTC).isoformat()
        outcome = "retried" if again else "parked"
        log.warning(outcome, queue=queue, message=headers.get("ce-id"), attempt=attempt, cause=marks[CAUSE])
        if not all(await self._wire.publish([Outgoing(exchange, queue, {**carried, **marks}, body)])):
            raise BrokerUnavailable(f"a message of {queue} could not be {outcome}")
        MESSAGES.labels(queue, outcome).inc()


def _attempts(headers: Mapping[str, Any]) -> int:
    before = headers.get(ATTEMPTS)
    return before if isinstance(before, int) else 0


def _cause(error: BaseException) -> str:
    text = f"{error.slug}: {error.detail}" if isinstance(error, Fault) else f"{type(error).__name__}: {error}"
    return scrub(text)[:500]
