"""What readers may read, how streams and keys are named, and what a message says, without any server."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from services.notification.feed.domain.event import FeedEvent, digested, placed
from services.notification.feed.domain.filters import UnknownEventType
from services.notification.streams.broker import vhost_of, without_user
from services.notification.streams.commands import Kind
from services.notification.streams.domain import (
    OUT_BY_UNIT,
    Binding,
    NotTheReaders,
    Reader,
    State,
    StreamOfLine,
    TypesOfStream,
    check_asked,
    has_stream,
    headers,
    queue_keys,
    routing_key,
    stream_keys,
)
from shared.act import NATIONAL
from shared.digests import digest_of
from shared.errors import NotFound
from tests.notification.examples import NOON, feed_event


def reader(**changed: object) -> Reader:
    made = Reader(id="reader-1", authority="33", owner="sub-1", line="33", kind=Kind.QUEUE, password="sealed")
    return made.having(**changed)


def takes(keys: list[str], key: str) -> bool:
    """Whether a topic exchange passes on a key to what is bound by these."""
    patterns = [re.escape(bound).replace(r"\*", "[^.]+").replace(r"\.\#", r"(\..+)?").replace(r"\#", ".*")
                for bound in keys]  # fmt: skip
    return any(re.fullmatch(pattern, key) for pattern in patterns)


def test_a_line_is_told_of_itself_and_of_what_concerns_every_line_and_of_no_other() -> None:
    for keys in (stream_keys("33"), queue_keys("33", ())):
        assert takes(keys, "33.registry.plan.filed.v1")
        assert takes(keys, "national.registry.standard.published.v1")
        assert not takes(keys, "44.registry.plan.filed.v1")
        assert not takes(keys, "330.registry.plan.filed.v1")
    assert takes(stream_keys(None), "44.registry.plan.filed.v1")


def test_a_queue_takes_the_types_it_names_of_every_line_it_may_read() -> None:
    keys = queue_keys("33", ["registry.plan.*", "evaluation.unit.evaluated.v1"])
    assert takes(keys, "33.registry.plan.filed.v1")
    assert takes(keys, "national.evaluation.unit.evaluated.v1")
    assert not takes(keys, "33.registry.planning.filed.v1")
    assert not takes(keys, "33.registry.certificate.filed.v1")
    assert takes(queue_keys(None, ["registry.*"]), "44.registry.plan.filed.v1")


@pytest.mark.parametrize("line", ["33", "66", "C01"])
def test_a_line_has_a_stream_of_its_own(line: str) -> None:
    assert has_stream(line)


@pytest.mark.parametrize("line", [NATIONAL, "", "33.#", "#", "x" * 300])
def test_what_is_no_line_has_none(line: str) -> None:
    assert not has_stream(line)


def test_what_a_reader_may_read_is_its_own_queue_and_nothing_that_begins_like_it() -> None:
    stream = reader(kind=Kind.STREAM)
    assert re.search(stream.may_read, "notification.stream.33")
    assert not re.search(stream.may_read, "notification.stream.33x")
    assert not re.search(stream.may_read, "notification-stream.33")
    assert not re.search(stream.may_read, "notification.stream")
    assert re.search(reader().may_read, "notification.reader.reader-1")
    assert not re.search(reader().may_read, "notification.reader.reader-12")
    assert reader(kind=Kind.STREAM, line=None).queue == "notification.stream"


def test_a_stream_is_read_whole_and_a_queue_by_types_that_exist() -> None:
    with pytest.raises(TypesOfStream):
        check_asked(Kind.STREAM, ["registry.*"], None)
    with pytest.raises(UnknownEventType) as unknown:
        check_asked(Kind.QUEUE, ["registry.*", "moon.*"], None)
    assert unknown.value.field == "/types/1"
    check_asked(Kind.STREAM, [], None)
    check_asked(Kind.QUEUE, ["registry.*"], None)


def test_a_unit_has_a_queue_of_what_names_it_and_no_stream_of_its_line() -> None:
    with pytest.raises(StreamOfLine):
        check_asked(Kind.STREAM, [], "unit-33-001")
    check_asked(Kind.QUEUE, [], "unit-33-001")
    own = {"x-match": "all", "ce-authority": "33", "ce-unit": "unit-33-001"}
    assert reader(unit="unit-33-001").bindings == [Binding(OUT_BY_UNIT, "", own)]
    typed = reader(unit="unit-33-001", types=("registry.plan.*", "registry.plan.filed.v1")).bindings
    names = [binding.headers["ce-type"] for binding in typed]
    assert "registry.plan.filed.v1" in names
    assert len(names) == len(set(names)) > 1
    assert all(name.startswith("registry.plan.") for name in names)
    assert all({**binding.headers, **own} == binding.headers for binding in typed)
    assert headers(feed_event(unit="unit-33-001"))["ce-unit"] == "unit-33-001"


def test_a_reader_is_asked_for_opened_rotated_ended_and_closed() -> None:
    opened, _ = reader().opened()
    assert opened.state is State.OPEN
    rotated, _ = opened.rotated("other", "sub-1")
    assert (rotated.state, rotated.password) == (State.ASKED, "other")
    ending, _ = rotated.ended()
    assert ending.opened() == (ending, [])
    closed, _ = ending.closed()
    assert closed.state is State.CLOSED
    for gone in (ending, closed):
        with pytest.raises(NotFound):
            gone.must_belong_to("sub-1")


def test_what_the_broker_may_have_been_told_too_late_is_told_again() -> None:
    again = {state: reader(state=state).untold()[0].state for state in State}
    assert again == {
        State.ASKED: State.ASKED,
        State.OPEN: State.ASKED,
        State.CLOSING: State.CLOSING,
        State.CLOSED: State.CLOSING,
    }


def test_a_password_is_made_for_the_organisation_that_reads_and_for_no_other() -> None:
    with pytest.raises(NotTheReaders):
        reader().rotated("other", "33")
    assert "sealed" not in repr(reader())


def test_the_digest_can_be_computed_from_headers_and_body_alone() -> None:
    odd = datetime(2026, 3, 2, 4, 0, 0, 123_456, tzinfo=UTC)
    for time in (NOON, odd, odd + timedelta(microseconds=544)):
        (event,) = placed([digested(feed_event(time=time, body='{"points":80.5,"of":"考"}'))], 6, {})
        named = headers(event)
        said = {name: named[f"ce-{name}"] for name in ("id", "type", "source", "subject", "time", "sequence")}
        said |= {"authority": named["ce-authority"], "data": json.loads(event.body)}
        assert digest_of(said) == named["ce-digest"] == event.digest
        assert (named["ce-position"], named["ce-place"], named["ce-chain"]) == (7, 1, event.chain)
        assert said["time"] == json.loads(event.cloud_event())["time"]


def test_what_an_event_does_not_have_is_no_header() -> None:
    assert not {"ce-causationid", "traceparent", "ce-place", "ce-digest"} & headers(feed_event()).keys()
    assert headers(feed_event(causation="e", trace="00-a-b-01"))["traceparent"] == "00-a-b-01"


@pytest.mark.parametrize("letter", ["x", "考"])
def test_no_type_is_too_long_for_a_routing_key(letter: str) -> None:
    event: FeedEvent = feed_event(type=f"registry.{letter * 300}.v1")
    assert len(routing_key(event).encode()) <= 255
    assert routing_key(event).startswith("33.registry.")


def test_the_address_that_is_shown_names_no_user() -> None:
    assert without_user("amqp://notification:pass%40word@broker:5672/") == "amqp://broker:5672/"
    assert without_user("amqps://u:p@broker/line%2F1") == "amqps://broker/line%2F1"
    assert [vhost_of(url) for url in ("amqp://b", "amqp://b/", "amqp://b/%2F", "amqp://b/x")] == ["/", "/", "/", "x"]
