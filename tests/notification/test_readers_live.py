"""Other systems read over AMQP as users that can read one queue and do nothing else, until they are ended."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import aio_pika
import httpx
import pymongo
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ProbableAuthenticationError
from aiormq.exceptions import ChannelAccessRefused, ChannelInvalidStateError

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.notification.rooms import DATA
from services.notification.streams.broker import Administration, ManagementAway, ManagementRefuses, Outlet
from services.notification.streams.commands import Kind
from services.notification.streams.domain import OUT, Reader
from services.notification.streams.handlers import MOST_TOLD, Readers
from services.notification.streams.storage import reader_store
from shared.act import Act
from shared.clock import Clock
from shared.messaging.topology import EVENTS, speaking
from shared.messaging.wire import Wire
from shared.rulebook import Rule, Rulebook
from tests.live import Running, eventually, running
from tests.notification.amqp import address, is_closed, let_in, reading, rises
from tests.notification.examples import feed_event
from tests.notification.story import Asking, MoonRisen, center, say, subscriber

pytestmark = pytest.mark.live

LOGIN_REFUSED = (ProbableAuthenticationError, AMQPError)


@pytest.fixture(scope="module")
async def service(managed: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder, url = tmp_path_factory.mktemp("readers"), managed.management_url
    async with running("notification", managed, issuer, folder, rabbitmq_management_url=url) as live:
        yield live


async def asked(asking: Asking, kind: str = "stream", *types: str) -> dict[str, Any]:
    """A new reader with its password, once it can connect."""
    answer = await asking.post("/readers", {"kind": kind, "types": types})
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    await opened(asking, shown["id"])
    return shown


async def opened(asking: Asking, reader: str) -> None:
    async def is_open() -> bool:
        return bool((await asking.get(f"/readers/{reader}")).json()["state"] == "open")

    await eventually(is_open)


async def refuses(shown: dict[str, Any]) -> bool:
    """Whether the broker lets nobody in with this password."""
    try:
        async with let_in(shown):
            return False
    except LOGIN_REFUSED:
        return True


# -- reading -------------------------------------------------------------------------------------------


async def test_a_stream_is_read_with_what_the_door_showed(service: Running) -> None:
    shown = await asked(subscriber(service, "stream-1"))
    assert (shown["queue"], shown["stream_offset"], shown["kind"]) == ("notification.stream.33", "first", "stream")
    mine, common, others = [await say(service, authority=line) for line in ("33", "national", "44")]
    async with reading(shown, shown["stream_offset"]) as taken:
        await eventually(lambda: _has(taken, mine, common))
    assert others not in taken.header("ce-id")
    assert rises(taken.positions)


async def _has(taken: Any, *events: str) -> bool:
    return set(events) <= set(taken.header("ce-id"))


async def test_a_queue_holds_what_is_said_of_its_types_from_then_on(service: Running) -> None:
    before = await say(service)
    await center(service).in_feed(before)
    shown = await asked(subscriber(service, "queue-1"), "queue", "registry.plan.*")
    assert (shown["queue"], shown["stream_offset"]) == (f"notification.reader.{shown['id']}", None)
    other = await asked(subscriber(service, "queue-2"), "queue", "evaluation.*")
    mine, others = await say(service), await say(service, authority="44")
    async with reading(shown) as taken, reading(other) as nothing:
        await eventually(lambda: _has(taken, mine))
        last = await say(service)
        await eventually(lambda: _has(taken, last))
    assert not {before, others} & set(taken.header("ce-id"))
    assert nothing == []


async def test_a_unit_reads_what_is_said_of_itself_and_of_nobody_else(service: Running) -> None:
    asking = Asking(service, "unit", "unit-33-001")
    refused = await asking.post("/readers", {"kind": "stream"})
    assert (refused.status_code, refused.json()["type"].rsplit(":")[-1]) == (400, "stream-of-a-line")
    everything, plans, others = [
        await asked(asking, "queue", *types) for types in ((), ("registry.*",), ("evaluation.*",))
    ]
    strangers = [await say(service, unit="unit-33-002"), await say(service, authority="44"),
                 await service.says(MoonRisen(unit="unit-33-002", height=1), subject="moon-1")]  # fmt: skip
    moon = await service.says(MoonRisen(unit="unit-33-001", height=1), subject="moon-2")
    mine = await say(service)
    async with reading(everything) as taken, reading(plans) as some, reading(others) as nothing:
        await eventually(lambda: _has(taken, moon, mine))
        await eventually(lambda: _has(some, mine))
    assert not set(strangers) & {*taken.header("ce-id"), *some.header("ce-id")}
    assert {*taken.header("ce-unit"), *some.header("ce-unit")} == {"unit-33-001"}
    assert nothing == []
    for reader in (everything, plans, others):
        await asking.delete(f"/readers/{reader['id']}")


async def test_the_center_reads_every_line(service: Running) -> None:
    stream, queue = await asked(center(service)), await asked(center(service), "queue")
    said = [await say(service, authority=line) for line in ("33", "44", "national")]
    async with reading(stream) as all_of_it, reading(queue) as waiting:
        await eventually(lambda: _has(all_of_it, *said))
        await eventually(lambda: _has(waiting, *said))


async def test_many_readers_read_all_of_it(service: Running) -> None:
    shown = [await asked(subscriber(service, f"many-{at}"), ("stream", "queue")[at % 2]) for at in range(12)]
    said = await asyncio.gather(*(say(service) for _ in range(200)))

    async def one(reader: dict[str, Any]) -> None:
        async with reading(reader) as taken:
            await eventually(lambda: _has(taken, *said), within=30)
        assert rises(taken.positions)
        both = zip(taken.header("ce-authority"), taken.header("ce-place"), strict=True)
        places = [place for line, place in both if line == "33"]
        assert places == list(range(places[0], places[0] + len(places)))

    await asyncio.gather(*map(one, shown))


async def test_an_outage_of_the_broker_leaves_nothing_out(service: Running, managed: Servers) -> None:
    assert managed.rabbitmq is not None
    shown = await asked(subscriber(service, "outage"), "queue")
    said = [await say(service) for _ in range(20)]
    async with reading(shown) as taken:
        await eventually(lambda: _has(taken, *said))
    later = [await say(service) for _ in range(20)]
    await asyncio.to_thread(managed.rabbitmq.restart)

    async def connects() -> bool:
        return not await refuses(shown)

    await eventually(connects, within=30)
    async with reading(shown) as taken:
        await eventually(lambda: _has(taken, *later), within=60)
        last = await eventually(lambda: _said(service), within=30)
        await eventually(lambda: _has(taken, last))


async def _said(service: Running) -> str:
    """The id of an event, or nothing while this test's own connection is not yet back."""
    try:
        return await say(service)
    except (AMQPError, ChannelInvalidStateError):
        return ""


async def test_a_queue_that_is_full_drops_the_oldest_and_shows_it_by_a_gap(service: Running) -> None:
    url = service.process.tools.settings.amqp_url.get_secret_value()
    small = Rulebook((*_rules(), _rule("reader.most_bytes", 20_000)))
    outlet = Outlet(Wire(url, "small"), small, Clock(None))
    reader = Reader(id="reader-small", authority="99", owner="o", line="99", kind=Kind.QUEUE, password="")
    await outlet.declare_for(reader)
    body = json.dumps({"much": "x" * 1_000})
    events = [feed_event(at, authority="99", place=at, body=body) for at in range(1, 101)]
    assert await outlet.publish(events) == len(events)
    async with await aio_pika.connect(url) as connection:
        queue = await (await connection.channel()).get_queue(reader.queue)
        waiting = queue.declaration_result.message_count or 0
        kept = [(await queue.get(no_ack=True)).headers["ce-place"] for _ in range(waiting)]
    assert 1 < len(kept) < 30
    assert kept == list(range(101 - len(kept), 101))
    outlet.rules = Rulebook.load(DATA / "rules.json")  # a figure that changes later does not stop what is there
    await outlet.declare_for(reader)
    await outlet.drop_for(reader)
    await outlet.wire.close()


def _rules() -> list[Rule]:
    rows = json.loads((DATA / "rules.json").read_text(encoding="utf-8"))["rules"]
    return [Rule.model_validate(row) for row in rows if row["key"] != "reader.most_bytes"]


def _rule(key: str, value: int) -> Rule:
    told = {"unit": "bytes", "effective": "2010-01-01", "source": "this test", "status": "ours"}
    return Rule.model_validate({"key": key, "value": value, **told})


# -- the page ------------------------------------------------------------------------------------------

PAGE = Path(__file__).resolve().parents[2] / "docs/amqp.md"
STREAM_CODE, QUEUE_CODE = re.findall(
    r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


async def printed(code: str, shown: dict[str, Any], until: str) -> list[str]:
    """The lines that code of the page prints for a reader, up to the one that names an event."""
    environment = {**os.environ, "READER_URL": address(shown), "READER_QUEUE": shown["queue"]}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [""]
    try:
        async with asyncio.timeout(30):
            while until not in lines[-1]:
                lines.append((await process.stdout.readline()).decode())
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()
    return lines[1:]


async def test_the_ten_lines_of_the_page_read_a_stream_from_its_first_event(service: Running) -> None:
    assert len([line for line in STREAM_CODE.splitlines() if line.strip()]) == 10
    asking = subscriber(service, "page-1", line="44")
    shown = await asked(asking)
    last = await say(service, authority="44")
    lines = [line.split(" ", 2) for line in await printed(STREAM_CODE, shown, last)]
    own = {row["id"] for row in await asking.feed(authority="44")}
    places = [int(place) for place, identity, _ in lines if identity in own]
    assert places == list(range(1, len(own) + 1))
    assert json.loads(lines[-1][2])["plan"] == last.partition("@")[0]


async def test_the_lines_of_the_page_read_a_queue(service: Running) -> None:
    shown = await asked(subscriber(service, "page-2"), "queue", "registry.plan.*")
    said = [await say(service) for _ in range(3)]
    assert [line.split(" ")[1] for line in await printed(QUEUE_CODE, shown, said[-1])] == said


async def test_the_rule_of_the_page_about_places_finds_a_gap_in_the_feed(service: Running) -> None:
    asking = subscriber(service, "page-3")
    said = [await say(service) for _ in range(5)]
    shown = await asked(asking)
    async with reading(shown) as taken:
        await eventually(lambda: _has(taken, *said))
    mine = [message for message in taken if message.headers["ce-id"] in said]
    rows = await asking.feed(authority="33", after=mine[0].headers["ce-position"])
    until = [row for row in rows if row["position"] <= cast("int", mine[-1].headers["ce-position"])]
    assert [row["id"] for row in until] == said[1:]
    assert [row["place"] for row in until] == [message.headers["ce-place"] for message in mine[1:]]


# -- passwords -----------------------------------------------------------------------------------------


async def test_a_password_is_shown_where_it_is_made_and_nowhere_else(service: Running, managed: Servers) -> None:
    asking, key = subscriber(service, "shown"), {"Idempotency-Key": "shown-once"}
    made = await asking.post("/readers", {"kind": "stream"}, **key)
    assert made.headers["cache-control"] == "no-store"
    password = made.json()["password"]
    assert (await asking.post("/readers", {"kind": "stream"}, **key)).json() == made.json()
    reader = made.json()["id"]
    await opened(asking, reader)
    for path in (f"/readers/{reader}", "/readers"):
        answer = await asking.get(path)
        assert reader in answer.text
        assert "password" not in answer.text
    with pymongo.MongoClient[dict[str, Any]](managed.admin_mongo_url) as client:
        database = client.notification
        kept = [str(row) for name in database.list_collection_names() for row in database[name].find()]
    assert not any(password in row for row in kept)


async def test_rotation_throws_out_whoever_is_in_and_the_old_password_is_over(service: Running) -> None:
    asking = subscriber(service, "rotated")
    shown = await asked(asking)
    async with let_in(shown) as connection:
        answer = await asking.post(f"/readers/{shown['id']}/rotate")
        assert answer.status_code == 200, answer.text
        await eventually(lambda: is_closed(connection))
    await opened(asking, shown["id"])
    new = answer.json()
    assert new["password"] != shown["password"]
    assert {**new, "state": ""} == {**shown, "password": new["password"], "state": ""}
    assert await refuses(shown)
    mine = await say(service)
    async with reading(new) as taken:
        await eventually(lambda: _has(taken, mine))


async def test_a_reader_that_is_ended_is_thrown_out_and_its_queue_is_gone(service: Running, managed: Servers) -> None:
    asking = subscriber(service, "ended")
    shown = await asked(asking, "queue")
    async with let_in(shown) as connection:
        assert (await asking.delete(f"/readers/{shown['id']}")).status_code == 204
        await eventually(lambda: is_closed(connection))
    assert (await asking.get(f"/readers/{shown['id']}")).status_code == 404
    assert (await asking.get("/readers")).json()["rows"] == []
    assert await refuses(shown)

    async def is_gone() -> bool:
        return shown["queue"] not in await at_broker(managed, "queues")

    await eventually(is_gone)
    assert shown["user"] not in await at_broker(managed, "users")


async def at_broker(managed: Servers, what: str) -> set[str]:
    """The names of what the broker has."""
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{managed.management_url}/api/{what}")
    return {row["name"] for row in answer.raise_for_status().json()}


async def test_a_process_that_told_the_broker_too_late_tells_it_again(service: Running, managed: Servers) -> None:
    tools, settings = service.process.tools, service.process.tools.settings
    asking = subscriber(service, "late")
    shown = await asked(asking)
    store = reader_store(tools.database)
    stale = await store.get(shown["id"])
    new = (await asking.post(f"/readers/{shown['id']}/rotate")).json()
    await opened(asking, shown["id"])
    wire = Wire(settings.amqp_url.get_secret_value(), "late")
    administration = Administration(managed.management_url or "", settings.amqp_url.get_secret_value())
    rules = Rulebook.load(DATA / "rules.json")
    late = Readers(store, Outlet(wire, rules, Clock(None)), administration, rules, tools.sealer)
    await late._tell(administration, stale.having(state="asked"), tools.clock.now())

    async def connects() -> bool:
        return not await refuses(new) and await refuses(shown)

    await eventually(connects)
    await wire.close()


async def test_a_management_that_is_away_or_refuses_says_so_and_gives_nothing_away(managed: Servers) -> None:
    assert managed.rabbitmq is not None
    reader = Reader(id="reader-1", authority="33", owner="o", line="33", kind=Kind.QUEUE, password="")
    away = Administration("http://admin:secret-1@127.0.0.1:9", "amqp://broker/")
    with pytest.raises(ManagementAway) as nobody:
        await away.let_in(reader, "secret-2", 10)
    wrong = Administration(managed.rabbitmq.management_url.replace("//", "//admin:secret-1@"), "amqp://broker/")
    with pytest.raises(ManagementRefuses) as refused:
        await wrong.let_in(reader, "secret-2", 10)
    assert "401" in refused.value.detail
    assert "secret" not in f"{nobody.value} {refused.value}"


async def test_a_stream_keeps_a_year_and_so_many_bytes(service: Running, managed: Servers) -> None:
    await asked(subscriber(service, "kept"))
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{managed.management_url}/api/queues/%2F/notification.stream.33")
    kept = {"x-queue-type": "stream", "x-max-age": "366D", "x-max-length-bytes": 50 * 2**30}
    assert answer.json()["arguments"] == kept


# -- walls ---------------------------------------------------------------------------------------------

Try = Callable[[AbstractChannel, dict[str, Any], str], Awaitable[Any]]


async def publish(channel: AbstractChannel, exchange: str, key: str) -> None:
    target = await channel.get_exchange(exchange, ensure=False)
    await target.publish(aio_pika.Message(b"{}"), key)


async def bind(channel: AbstractChannel, queue: str, exchange: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).bind(exchange, "#")


async def get(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).get(fail=False)


async def ignore(_: AbstractIncomingMessage) -> None:
    """Take the message and do nothing with it."""


async def consume(channel: AbstractChannel, queue: str) -> None:
    await channel.set_qos(prefetch_count=1)
    await (await channel.get_queue(queue, ensure=False)).consume(ignore)


async def purge(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).purge()


TRIES: dict[str, Try] = {
    "says an event": lambda c, *_: publish(c, EVENTS, "registry.plan.filed.v1"),
    "says an event as a service": lambda c, *_: publish(c, speaking("registry"), "registry.plan.filed.v1"),
    "publishes what goes out": lambda c, *_: publish(c, OUT, "33.registry.plan.filed.v1"),
    "publishes into its own queue": lambda c, me, _: publish(c, "", me["queue"]),
    "publishes into another's queue": lambda c, _, other: publish(c, "", other),
    "declares a queue": lambda c, *_: c.declare_queue("notification.reader.mine"),
    "declares a queue without a name": lambda c, *_: c.declare_queue(),
    "declares an exchange": lambda c, *_: c.declare_exchange("mine"),
    "binds its queue to the events": lambda c, me, _: bind(c, me["queue"], EVENTS),
    "binds its queue to what goes out": lambda c, me, _: bind(c, me["queue"], OUT),
    "binds another's queue": lambda c, _, other: bind(c, other, OUT),
    "deletes its queue": lambda c, me, _: c.queue_delete(me["queue"]),
    "deletes another's queue": lambda c, _, other: c.queue_delete(other),
    "deletes what goes out": lambda c, *_: c.exchange_delete(OUT),
    "gets from another's queue": lambda c, _, other: get(c, other),
    "consumes another's queue": lambda c, _, other: consume(c, other),
    "empties another's queue": lambda c, _, other: purge(c, other),
    "consumes another line's stream": lambda c, *_: consume(c, "notification.stream.44"),
    "consumes every line's stream": lambda c, *_: consume(c, "notification.stream"),
    "consumes the feed's queue": lambda c, *_: consume(c, "notification.feed"),
    "consumes what was parked": lambda c, *_: consume(c, "notification.parked"),
}


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_reader_can_read_its_own_and_do_nothing_else(service: Running, kind: str) -> None:
    mine = await asked(subscriber(service, f"walls-{kind}"), kind)
    other = await asked(subscriber(service, f"other-{kind}"), "queue")
    await asked(subscriber(service, f"44-{kind}", line="44"))
    allowed = []
    async with let_in(mine) as connection:
        for name, attempt in TRIES.items():
            channel = await connection.channel()
            try:
                await attempt(channel, mine, other["queue"])
                allowed.append(name)
            except ChannelAccessRefused:
                continue
    assert allowed == []


async def test_a_reader_cannot_empty_the_stream_it_shares(service: Running) -> None:
    shown = await asked(subscriber(service, "empties"))
    mine = await say(service)
    async with reading(shown) as taken:
        await eventually(lambda: _has(taken, mine))
    async with let_in(shown) as connection:
        with pytest.raises(AMQPError, match="not supported by stream queues"):
            await purge(await connection.channel(), shown["queue"])
    async with reading(shown) as taken:
        await eventually(lambda: _has(taken, mine))


async def test_a_reader_does_not_administer_the_broker_and_connects_a_few_times_only(
    service: Running, managed: Servers
) -> None:
    shown = await asked(subscriber(service, "few"))
    assert managed.rabbitmq is not None
    async with httpx.AsyncClient(auth=(shown["user"], shown["password"])) as http:
        for path in ("overview", "queues", "users"):
            answer = await http.get(f"{managed.rabbitmq.management_url}/api/{path}")
            assert answer.status_code == 401
    connections = [await aio_pika.connect(address(shown)) for _ in range(10)]
    assert await refuses(shown)
    for connection in connections:
        await connection.close()


async def test_what_is_asked_of_the_management_stays_below_what_a_proxy_may_pass_on() -> None:
    seen: list[str] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int((re.search(r"(?i)content-length: (\d+)", head) or ["", "0"])[1])
        seen.append(f"{head.splitlines()[0]} {(await reader.readexactly(length)).decode()}")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    proxy = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with proxy:
        port = proxy.sockets[0].getsockname()[1]
        asking = Administration(f"http://admin:secret@127.0.0.1:{port}", "amqp://broker/")
        reader = Reader(id="reader-1", authority="33", owner="o", line="33", kind=Kind.QUEUE, password="")
        await asking.let_in(reader, "password", 10)
        await asking.shut_out(reader)
    allowed = r"(PUT|DELETE) /api/(users|user-limits|permissions/%2F|connections/username)/reader-1\b"
    assert len(seen) == 6
    assert [request for request in seen if not re.match(allowed, request)] == []
    assert ['"tags":""' in request for request in seen if request.startswith("PUT /api/users/")] == [True]


# -- who may ask ---------------------------------------------------------------------------------------


async def test_an_organisation_has_so_many_readers_and_no_more(service: Running) -> None:
    asking = subscriber(service, "greedy")
    made = [(await asking.post("/readers", {"kind": "queue"})).json() for _ in range(9)]
    repeated = {"Idempotency-Key": "the-last-one"}
    assert (await asking.post("/readers", {"kind": "queue"}, **repeated)).status_code == 201
    tools = service.process.tools
    await tools.database.collection("answers").delete({})  # as if the process had died before it answered
    assert (await asking.post("/readers", {"kind": "queue"}, **repeated)).status_code == 201
    refused = await asking.post("/readers", {"kind": "queue"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:skillcert:problem:too-many-readers")
    await asking.delete(f"/readers/{made[0]['id']}")
    assert (await asking.post("/readers", {"kind": "queue"})).status_code == 201


async def test_readers_are_their_organisation_s_and_their_authority_can_end_but_not_rotate_them(
    service: Running,
) -> None:
    shown = await asked(subscriber(service, "mine"))
    path = f"/readers/{shown['id']}"
    for other in (subscriber(service, "not-mine"), subscriber(service, "mine", line="44")):
        assert (await other.get(path)).status_code == 404
        assert (await other.post(f"{path}/rotate")).status_code == 404
        assert (await other.delete(path)).status_code == 404
    authority = Asking(service, "authority", "33")
    assert (await authority.get(path)).status_code == 200
    assert (await authority.post(f"{path}/rotate")).json()["type"].endswith("not-your-reader")
    assert (await authority.delete(path)).status_code == 204


async def test_types_are_checked_before_anything_is_made(service: Running) -> None:
    asking = subscriber(service, "types")
    for body, slug in (
        ({"kind": "stream", "types": ["registry.*"]}, "stream-has-no-types"),
        ({"kind": "queue", "types": ["moon.*"]}, "unknown-event-type"),
    ):
        answer = await asking.post("/readers", body)
        assert (answer.status_code, answer.json()["type"].rsplit(":")[-1]) == (400, slug)
    assert (await asking.get("/readers")).json()["rows"] == []


async def test_readers_that_cannot_be_told_hold_up_no_other(managed: Servers, issuer: Issuer, tmp_path: Path) -> None:
    url = managed.management_url
    async with running("notification", managed, issuer, tmp_path, rabbitmq_management_url=url) as service:
        store = reader_store(service.process.tools.database)
        for number in range(MOST_TOLD):  # sealed with a key that is lost
            lost = Reader(
                id=f"reader-0{number:02}", authority="33", owner="lost", line="33", kind=Kind.STREAM, password="x"
            )
            await store.add(lost, [], Act(f"lost-{number}", service.process.tools.clock.now(), "lost"))
        await asked(subscriber(service, "after-the-lost"))
