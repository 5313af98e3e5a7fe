"""Events to send: made after the frozen examples in `tests/contracts`, at the positions of a feed only the kit has."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from infra.docs.examples import FOLDER, example_of
from infra.kit.keys import Message
from services.notification.feed.domain.event import FeedEvent, Head, digested, placed
from services.notification.feed.domain.sealed import without_sealed
from shared.events.catalogue import EVENTS

ELSEWHERE = "https://notification.invalid"
"""Where a thin event says the rest is: nowhere, so that nobody is asked because of a trial."""


class NoExamples(Exception):  # noqa: N818 - says what is the matter
    """The frozen examples are not here; they lie in the repository."""


class Examples:
    """Makes events as the feed would hold them: digests, places and chains are right, sealed fields null.

    Each is about an entity of its own unless told otherwise, so that a run is not taken for a repeat of another.
    """

    def __init__(self) -> None:
        if not all((FOLDER / f"{event_type}.json").exists() for event_type in EVENTS):
            raise NoExamples(f"run the kit from a checkout: it needs a frozen example of every event in {FOLDER}")
        self._heads: dict[str, Head] = {}
        self._position = 0

    def each(self) -> list[Message]:
        """One event of every type."""
        return [self.one(event_type) for event_type in EVENTS]

    def one(
        self, event_type: str, subject: str = "", sequence: int | None = None, *, named: str = "", later: bool = False
    ) -> Message:
        """One event after the example of its type.

        `named` gives it another type; `later` adds fields, as a later version may, wherever there are fields.
        """
        example = example_of(EVENTS[event_type])
        said, of = example["headers"], subject or f"kit-{uuid4().hex}"
        body = json.loads(json.dumps(without_sealed(event_type, example["body"])).replace(said["ce-subject"], of))
        event = self._placed(said, of, sequence or said["ce-sequence"], named, _later(body) if later else body)
        more = {"addedlater": "kit"} if later else {}
        return Message(event.event, _with(event.cloud_event(), more))

    def thin(self) -> list[Message]:
        """One event of every type without its data: `dataref` says where that is."""
        return [Message(whole.identity, _thin(whole.body)) for whole in self.each()]

    def _placed(
        self, said: Mapping[str, Any], subject: str, sequence: int, named: str, body: Mapping[str, Any]
    ) -> FeedEvent:
        now = datetime.now(UTC)
        event = FeedEvent(
            position=0,
            event=f"{said['ce-source'][1:].replace('/', '.')}.{subject}@{sequence}",
            type=named or said["ce-type"],
            source=said["ce-source"],
            subject=subject,
            time=now,
            sequence=sequence,
            authority=said["ce-authority"],
            unit=None,
            correlation=uuid4().hex,
            causation=said.get("ce-causationid"),
            trace=said.get("traceparent"),
            body=json.dumps(body, ensure_ascii=False),
            heard_at=now,
        )
        (done,) = placed([digested(event)], self._position, self._heads)
        self._position, self._heads[done.authority] = done.position, Head(done.place, done.chain)
        return done


def types_of(messages: Iterable[Message]) -> dict[str, str]:
    """The type of each message by its id."""
    return {message.identity: str(json.loads(message.body)["type"]) for message in messages}


def _with(text: str, more: Mapping[str, Any]) -> str:
    return json.dumps({**json.loads(text), **more}, ensure_ascii=False) if more else text


def _thin(text: str) -> str:
    event = json.loads(text)
    del event["data"]
    return json.dumps({**event, "dataref": f"{ELSEWHERE}/v1/events/{event['position']}"}, ensure_ascii=False)


def _later(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: _later(item) for name, item in value.items()}, "added_later": {"since": "kit"}}
    return [_later(item) for item in value] if isinstance(value, list) else value
