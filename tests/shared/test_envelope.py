"""An event's message reads back as what was said; what cannot be read is named, never shown."""

from typing import Any

import pytest

from shared.errors import Malformed
from shared.messaging.envelope import REQUIRED, heard, outgoing
from shared.messaging.topology import speaking
from shared.outbox.pending import Pending, pending_for
from tests.shared.notes import AT, NoteWritten, act, note

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def pending() -> Pending:
    [first] = pending_for("/registry/notes", note().having(version=3), [NoteWritten(line="一")], act("a1"))
    return first


def headers(**changed: Any) -> dict[str, Any]:
    return {**outgoing(pending(), TRACE).headers, **changed}


def test_an_event_is_published_under_its_type_with_its_attributes_as_headers() -> None:
    message = outgoing(pending(), TRACE)
    assert (message.exchange, message.routing_key, message.body) == (
        speaking("registry"),
        NoteWritten.type,
        '{"line":"一"}'.encode(),
    )
    assert message.headers == {
        "ce-specversion": "1.0",
        "ce-id": "registry.notes.note-1@3",
        "ce-source": "/registry/notes",
        "ce-type": NoteWritten.type,
        "ce-subject": "note-1",
        "ce-time": AT.isoformat(),
        "ce-dataschema": f"urn:skillcert:event:{NoteWritten.type}",
        "ce-sequence": 3,
        "ce-authority": "33",
        "ce-correlationid": "work-a1",
        "traceparent": TRACE,
    }


def test_what_was_said_is_heard() -> None:
    message = outgoing(pending()._replace(causation="e1"), TRACE)
    said = heard(message.headers, message.body, NoteWritten)
    assert (said.id, said.type, said.source, said.subject) == (
        "registry.notes.note-1@3", NoteWritten.type, "/registry/notes", "note-1",
    )  # fmt: skip
    assert (said.time, said.sequence, said.authority) == (AT, 3, "33")
    assert (said.correlation, said.causation, said.trace) == ("work-a1", "e1", TRACE)
    assert said.event == NoteWritten(line="一")


def test_without_a_correlation_the_event_begins_one() -> None:
    said = heard(headers(**{"ce-correlationid": None}), b'{"line":""}', NoteWritten)
    assert (said.correlation, said.causation) == (said.id, None)


def test_fields_of_a_later_version_are_ignored() -> None:
    assert heard(headers(), b'{"line":"one","colour":"red"}', NoteWritten).event == NoteWritten(line="one")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_header_that_is_needed_is_named_when_it_is_missing(name: str) -> None:
    without = {key: value for key, value in headers().items() if key != name}
    with pytest.raises(Malformed, match=f"the header {name} is missing"):
        heard(without, b'{"line":""}', NoteWritten)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce-id", 7),
        ("ce-subject", None),
        ("ce-authority", ["33"]),
        ("ce-time", "yesterday"),
        ("ce-time", "2019-09-01T08:30:00"),
        ("ce-sequence", "first"),
        ("ce-sequence", None),
        ("ce-correlationid", [1]),
        ("ce-causationid", {"a": 1}),
        ("traceparent", [1, 2]),
    ],
)
def test_a_header_that_cannot_be_read_is_named(name: str, value: object) -> None:
    with pytest.raises(Malformed, match=f"the header {name} (is no|names no)"):
        heard(headers(**{name: value}), b'{"line":""}', NoteWritten)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"linen": 1}', "/line"),
        (b'{"line": 1}', "/line"),
        (b"no JSON", "/"),
        (b"", "/"),
        (b"[]", "/"),
        (b"\xff", "/"),
    ],
)
def test_a_body_that_cannot_be_read_is_named_by_its_field_and_never_shown(body: bytes, pointer: str) -> None:
    with pytest.raises(Malformed) as refused:
        heard(headers(), body, NoteWritten)
    assert refused.value.field == pointer
    assert "linen" not in refused.value.detail
    assert "no JSON" not in refused.value.detail
