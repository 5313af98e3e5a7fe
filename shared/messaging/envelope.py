"""CloudEvents 1.0 over AMQP 0-9-1 in binary mode: attributes are `ce-` headers, the body is plain JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from shared.act import Act
from shared.errors import Malformed
from shared.events.base import Event
from shared.messaging.topology import speaking
from shared.messaging.wire import Outgoing
from shared.outbox.pending import Pending

V_co = TypeVar("V_co", bound=Event, covariant=True)
REQUIRED = ("ce-id", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-sequence", "ce-authority")


@dataclass(frozen=True, slots=True)
class Heard(Generic[V_co]):
    """An event as it arrived: what was said, and by the envelope who, when, about what, in which order."""

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
    event: V_co

    def act(self, at: datetime, trace: str | None) -> Act:
        """The act of taking this event: what it causes carries the correlation on and names it as the cause."""
        return Act(id=self.id, at=at, correlation=self.correlation, causation=self.id, trace=trace)


def outgoing(pending: Pending, trace: str | None) -> Outgoing:
    """The message that announces a pending event; `trace` is the announcing span's context."""
    headers: dict[str, Any] = {
        "ce-specversion": "1.0",
        "ce-id": pending.id,
        "ce-source": pending.source,
        "ce-type": pending.type,
        "ce-subject": pending.subject,
        "ce-time": pending.time.isoformat(),
        "ce-dataschema": f"urn:skillcert:event:{pending.type}",
        "ce-sequence": pending.sequence,
        "ce-authority": pending.authority,
        "ce-correlationid": pending.correlation,
    }
    if pending.causation:
        headers["ce-causationid"] = pending.causation
    if trace:
        headers["traceparent"] = trace
    return Outgoing(speaking(pending.type.split(".", 1)[0]), pending.type, headers, pending.body)


def heard(headers: Mapping[str, Any], body: bytes, kind: type[V_co]) -> Heard[V_co]:
    """Read a message, or `Malformed` naming the header or the field (never its value)."""
    for name in REQUIRED:
        if name not in headers:
            raise Malformed(f"the header {name} is missing", field=name)
    identity = _text(headers, "ce-id")
    return Heard(
        id=identity,
        type=_text(headers, "ce-type"),
        source=_text(headers, "ce-source"),
        subject=_text(headers, "ce-subject"),
        time=_time(headers["ce-time"]),
        sequence=_sequence(headers["ce-sequence"]),
        authority=_text(headers, "ce-authority"),
        correlation=_text_if_any(headers, "ce-correlationid") or identity,
        causation=_text_if_any(headers, "ce-causationid"),
        trace=_text_if_any(headers, "traceparent"),
        body=body,
        event=_event(body, kind),
    )


def _text(headers: Mapping[str, Any], name: str) -> str:
    value = headers[name]
    if not isinstance(value, str):
        raise Malformed(f"the header {name} is no text", field=name)
    return value


def _text_if_any(headers: Mapping[str, Any], name: str) -> str | None:
    return _text(headers, name) if headers.get(name) is not None else None


def _time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise Malformed("the header ce-time is no RFC 3339 instant", field="ce-time") from error
    if moment.tzinfo is None:
        raise Malformed("the header ce-time names no time zone", field="ce-time")
    return moment


def _sequence(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise Malformed("the header ce-sequence is no whole number", field="ce-sequence") from error


def _event(body: bytes, kind: type[V_co]) -> V_co:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        pointer = "/" + "/".join(map(str, first["loc"]))
        raise Malformed(f"{pointer}: {first['msg']}", field=pointer) from error
