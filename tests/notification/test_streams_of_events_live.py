"""The feed as server-sent events: history, then live; and cursors that belong to one reading."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from services.notification.feed.handlers import Streams, TooManyStreams
from services.notification.rooms import DATA
from shared.clock import Clock
from shared.rulebook import Rulebook
from tests.live import Running, eventually
from tests.notification.story import Asking, center, say, subscriber

pytestmark = pytest.mark.live
RETURNED = "registry.plan.returned.v1"
SECOND = 1.0


class Source:
    """What an EventSource does: keeps the last id, and hands out the events."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last = ""
        self.types: set[str] = set()

    async def event(self) -> dict[str, Any]:
        """The next event, at the empty line that ends it."""
        data = ""
        async for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.last = value
            if field == "event":
                self.types.add(value)
            if field == "data":
                data = value
            if not line and data:
                event: dict[str, Any] = json.loads(data)
                return event
        raise EOFError

    async def events(self, most: int) -> list[str]:
        async with asyncio.timeout(10):
            return [(await self.event())["id"] for _ in range(most)]


@asynccontextmanager
async def stream(service: Running, who: Asking, last: str = "", **query: Any) -> AsyncIterator[Source]:
    headers = who.headers() | ({"Last-Event-ID": last} if last else {})
    async with service.http.stream("GET", "/v1/events/stream", params=query, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Source(answer.aiter_lines())


async def now_at(service: Running) -> int:
    position: int = (await center(service).in_feed(await say(service)))[0]["position"]
    return position


async def test_a_stream_tells_the_history_and_then_each_event_within_a_second(service: Running) -> None:
    begin = await now_at(service)
    before = [await say(service) for _ in range(3)]
    await center(service).in_feed(before[-1])
    async with stream(service, center(service), after=begin) as source:
        assert set(await source.events(3)) == set(before)
        for _ in range(3):
            said = await say(service)
            async with asyncio.timeout(SECOND):
                assert (await source.event())["id"] == said
        assert source.types == {RETURNED}


async def test_whoever_comes_again_with_the_last_id_misses_nothing_and_gets_nothing_twice(service: Running) -> None:
    begin = await now_at(service)
    said = [await say(service) for _ in range(6)]
    await center(service).in_feed(said[-1])
    came: list[str] = []
    last = ""
    for _ in range(3):
        async with stream(service, center(service), last, after=begin) as source:
            came += await source.events(2)
            last = source.last
    assert sorted(came) == sorted(said)


async def test_a_stream_shows_what_the_filter_and_the_scope_let_through(service: Running) -> None:
    begin = await now_at(service)
    mine, other = await say(service, unit="unit-33-002"), await say(service, unit="unit-44-001", authority="44")
    await center(service).in_feed(other)
    last = await say(service, unit="unit-33-002")
    async with stream(service, subscriber(service), after=begin, unit="unit-33-002") as source:
        assert set(await source.events(2)) == {mine, last}


async def test_a_stream_of_an_unknown_type_is_refused_before_it_begins(service: Running) -> None:
    answer = await center(service).get("/events/stream", type="registry.plan.burnt.v1")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:skillcert:problem:unknown-event-type")


async def test_a_cursor_goes_on_for_whom_and_for_what_it_was_given_out(service: Running) -> None:
    await now_at(service)
    answer = (await subscriber(service).get("/events", type="registry.*", limit=1)).json()
    again = await subscriber(service).get("/events", type="registry.*", after=answer["next"])
    assert again.status_code == 200
    assert again.json()["rows"][0]["position"] > answer["rows"][0]["position"]


@pytest.mark.parametrize("path", ["/events", "/events/stream"])
async def test_a_cursor_of_another_scope_or_filter_is_refused_with_what_to_do(service: Running, path: str) -> None:
    await now_at(service)
    cursor = (await subscriber(service).get("/events", type="registry.*", limit=1)).json()["next"]
    stranger = await center(service).get(path, type="registry.*", after=cursor)
    changed = await subscriber(service).get(path, type="evaluation.*", after=cursor)
    assert [(one.status_code, one.json()["type"]) for one in (stranger, changed)] == [
        (400, "urn:skillcert:problem:cursor-of-another-scope"),
        (400, "urn:skillcert:problem:cursor-of-another-filter"),
    ]
    position = cursor.split(".")[0]
    assert position in stranger.json()["detail"]
    assert position in changed.json()["detail"]
    assert changed.json()["errors"][0]["pointer"] == "/query/after"


@pytest.mark.parametrize("garbage", ["-1", "x", "1.2", "1.2.3", "9" * 40, "0.9a3e51c0.zzzzzzzz"])
async def test_what_is_no_cursor_is_refused(service: Running, garbage: str) -> None:
    assert (await center(service).get("/events", after=garbage)).status_code == 422


async def test_eighty_streams_at_once_are_all_told_and_leave_nothing_behind(service: Running) -> None:
    begin, readers = await now_at(service), 80
    begun = asyncio.Semaphore(0)
    spoken = asyncio.Event()
    said: list[str] = []

    async def read() -> None:
        async with stream(service, center(service), after=begin) as source:
            begun.release()
            await spoken.wait()
            assert await source.events(5) == said

    async with asyncio.TaskGroup() as tasks:
        for _ in range(readers):
            tasks.create_task(read())
        for _ in range(readers):
            await begun.acquire()
        said += [await say(service) for _ in range(5)]
        spoken.set()

    async def left() -> bool:
        return "skillcert_feed_streams 0.0" in (await service.http.get("/metrics")).text

    await eventually(left)


async def test_more_streams_than_the_rule_allows_are_asked_to_come_again() -> None:
    streams = Streams(Rulebook.load(DATA / "rules.json"), Clock())
    async with AsyncExitStack() as held:
        for _ in range(500):
            await held.enter_async_context(streams.one())
        with pytest.raises(TooManyStreams) as refusal:
            await held.enter_async_context(streams.one())
    assert (refusal.value.rule, refusal.value.retry_after > 0) == ("feed.most_streams", True)
    assert streams.open == 0
