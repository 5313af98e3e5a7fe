"""The feed's positions on a real database: 1 … n without gap or repeat, whoever writes and however it ends."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

import pymongo
import pytest

from infra.local.servers import Servers
from services.notification.deliveries.handlers import FanOut
from services.notification.deliveries.storage import Cursors, Deliveries
from services.notification.feed.domain.event import FeedEvent, Head, digested, placed
from services.notification.feed.domain.filters import Filter
from services.notification.feed.growth import Growth
from services.notification.feed.handlers import Feed, Run, Streams
from services.notification.feed.storage import FeedLog, Wanted
from services.notification.rooms import DATA
from services.notification.subscriptions.storage import subscription_store
from shared.act import EVERYTHING, NATIONAL, Act, Scope
from shared.clock import Clock
from shared.digests import chained, digest_of
from shared.rulebook import Rulebook
from shared.storage.mongo import Database
from tests.notification.examples import NOON, delivery, feed_event, subscription

pytestmark = pytest.mark.live


@pytest.fixture
async def databases(servers: Servers) -> AsyncIterator[list[Database]]:
    """Eight connections to an empty database, as of eight processes."""
    with pymongo.MongoClient[dict[str, object]](servers.admin_mongo_url) as client:
        client.drop_database("notification")
    made = [Database(servers.mongo_url("notification"), "notification") for _ in range(8)]
    yield made
    for database in made:
        await database.close()


async def everything(log: FeedLog) -> list[tuple[int, str]]:
    rows = await log.read(Wanted(after=0, limit=0), EVERYTHING, until=10**9)
    return [(row.position, row.event) for row in rows]


def of_a_line(name: str) -> FeedEvent:
    """An event of one of three lines."""
    return feed_event(event=name, authority=("33", "44", NATIONAL)[len(name) % 3])


async def lines_are_whole(log: FeedLog, count: int) -> None:
    """Each line's places run without a gap, and whoever computes its chain anew comes to what is kept."""
    heads: dict[str, Head] = defaultdict(Head)
    rows = await log.read(Wanted(after=0, limit=0), EVERYTHING, until=10**9)
    for row in rows:
        said = json.loads(row.cloud_event())
        place, before = heads[row.authority]
        assert (said["place"], said["digest"]) == (place + 1, digest_of(said))
        assert said["chain"] == chained(before, said["digest"])
        heads[row.authority] = Head(place + 1, said["chain"])
    assert sum(head.place for head in heads.values()) == count


async def test_heads_that_were_read_too_early_fork_no_chain(databases: list[Database]) -> None:
    """As after a change of the primary, whose answers may be older than those of the one before."""

    class Late(FeedLog):
        async def _heads(self, lines: Iterable[str]) -> dict[str, Head]:
            found, self.late = getattr(self, "late", {}), await super()._heads(lines)
            return found or self.late

    log = Late(databases[0])
    await log.prepare()
    for name in ("a", "b", "c"):
        await log.append([feed_event(event=name)])
    await lines_are_whole(log, 3)


async def test_a_line_that_began_before_places_were_kept_begins_its_chain_with_the_next_event(
    databases: list[Database],
) -> None:
    log, rows = FeedLog(databases[0]), databases[0].collection("feed")
    await log.prepare()
    kept = feed_event(event="old")._asdict()
    for newer in ("occupation", "level", "place", "digest", "chain"):
        del kept[newer]
    await rows.insert({"_id": kept.pop("position"), **kept})
    await log.append([feed_event(event="new")])
    old, new = await log.read(Wanted(0, 10), EVERYTHING, 2)
    assert (old.place, new.place, new.chain) == (0, 1, chained("", new.digest))
    assert "place" not in json.loads(old.cloud_event())


async def test_a_field_that_a_newer_process_keeps_is_left_out(databases: list[Database]) -> None:
    log, rows = FeedLog(databases[0]), databases[0].collection("feed")
    await log.append([feed_event(event="a")])
    await rows.update({"_id": 1}, {"$set": {"moon": "full"}})
    (kept,) = await log.read(Wanted(0, 10), EVERYTHING, 1)
    assert kept.event == "a"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_many_writers_that_repeat_and_die_leave_no_gap_and_no_repeat(
    databases: list[Database], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice of crashes
    logs = [FeedLog(database) for database in databases]
    await logs[0].prepare()
    names = [f"event-{number}" for number in range(2000)]

    async def write(log: FeedLog) -> None:
        for _ in range(6):
            await log.append([of_a_line(name) for name in chance.sample(names, 100)])

    writers = [asyncio.create_task(write(log)) for log in logs]
    while not all(writer.done() for writer in writers):
        await asyncio.wait(writers, timeout=chance.uniform(0.01, 0.05))
        chance.choice(writers).cancel()  # a crash, wherever it is
        if sum(writer.cancelled() for writer in writers) >= len(writers) // 2:
            break
    await asyncio.gather(*writers, return_exceptions=True)
    assert not [writer.exception() for writer in writers if not writer.cancelled() and writer.exception()]
    await asyncio.gather(*(log.append([of_a_line(name) for name in names]) for log in logs))

    kept = await everything(logs[0])
    assert [position for position, _ in kept] == list(range(1, len(names) + 1))
    assert sorted(event for _, event in kept) == sorted(names)
    await lines_are_whole(logs[0], len(names))


async def test_an_event_that_became_known_meanwhile_takes_no_position(databases: list[Database]) -> None:
    log = FeedLog(databases[0])
    await log.prepare()
    assert await log.append([feed_event(event=name) for name in "abcd"]) == 4
    assert await log.append([feed_event(event=name) for name in "xbydz"]) == 7
    assert await log.append([feed_event(event=name) for name in "xyz"]) == 0
    assert [event for _, event in await everything(log)] == [*"abcd", *"xyz"]


async def test_a_reader_that_follows_writers_misses_nothing(databases: list[Database]) -> None:
    *writing, reading = [FeedLog(database) for database in databases]
    await reading.prepare()
    writers = [
        asyncio.create_task(log.append([feed_event(event=f"{at}-{number}") for number in range(100)]))
        for at, log in enumerate(writing)
    ]
    seen: list[int] = []
    while len(seen) < 100 * len(writing):
        rows = await reading.read(Wanted(after=len(seen), limit=50), EVERYTHING, await reading.newest())
        seen += [row.position for row in rows]
    await asyncio.gather(*writers)
    assert seen == list(range(1, len(seen) + 1))


async def test_an_event_comes_back_as_it_was_kept(databases: list[Database]) -> None:
    log = FeedLog(databases[0])
    await log.prepare()
    event = feed_event(1, causation="e0", trace="00-aa-bb-01", body='{"n":123456789012345678901234567890}')
    await log.append([event])
    (kept,) = placed([digested(event)], 0, {})
    assert await log.read(Wanted(0, 10), EVERYTHING, 1) == [kept]
    assert await log.at([1, 2]) == {1: kept}


async def test_a_digest_is_of_what_is_kept_whatever_the_event_says(databases: list[Database]) -> None:
    log = FeedLog(databases[0])
    body = '{"n":123456789012345678901234567890,"x":1e400,"half":"\\ud800","z":1.0,"a":{"b":[0.1,1e-7]}}'
    await log.append([feed_event(event="a", body=body, time=NOON.replace(microsecond=123_456))])
    await lines_are_whole(log, 1)


@pytest.mark.parametrize(
    ("wanted", "scope", "found"),
    [
        (Wanted(0, 10), EVERYTHING, "abcd"),
        (Wanted(1, 2), EVERYTHING, "bc"),
        (Wanted(0, 10, Filter(types=("evaluation.*",))), EVERYTHING, "c"),
        (Wanted(0, 10, Filter(types=("evaluation.*", "registry.plan.filed.v1"))), EVERYTHING, "abc"),
        (Wanted(0, 10, Filter(subjects=("s2",))), EVERYTHING, "b"),
        (Wanted(0, 10, Filter(correlations=("c9",))), EVERYTHING, "d"),
        (Wanted(0, 10), Scope("33"), "ad"),
        (Wanted(0, 10), Scope("44"), "bcd"),
        (Wanted(0, 10), Scope("44", "u2"), "b"),
    ],
)
async def test_a_reader_finds_what_it_asks_for_within_its_scope(
    databases: list[Database], wanted: Wanted, scope: Scope, found: str
) -> None:
    log = FeedLog(databases[0])
    await log.append(
        [
            feed_event(event="a"),
            feed_event(event="b", authority="44", unit="u2", subject="s2"),
            feed_event(event="c", authority="44", unit="u3", type="evaluation.unit.passed.v1"),
            feed_event(
                event="d", authority=NATIONAL, unit=None, correlation="c9", type="registry.standard.published.v1"
            ),
        ]
    )
    rows = await log.read(wanted, scope, until=4)
    assert "".join(row.event for row in rows) == found


async def test_a_look_for_what_is_rare_ends_in_time_and_the_next_goes_on_from_there(databases: list[Database]) -> None:
    log = FeedLog(databases[0], look=10)
    await log.append([feed_event(event=f"e{number}", unit=f"u{number}") for number in range(1, 101)])
    rare = Filter(units=("u35", "u95"))
    at, looks = 0, list[tuple[int, list[int]]]()
    while at < 100:
        rows, at = await log.look(Wanted(at, 2, rare), EVERYTHING, 100, seconds=0)
        looks.append((at, [row.position for row in rows]))
    found = {40: [35], 100: [95]}
    assert looks == [(end, found.get(end, [])) for end in range(10, 101, 10)]
    assert await log.look(Wanted(100, 2, rare), EVERYTHING, 100, seconds=0) == ([], 100)


async def test_a_look_with_time_goes_on_until_it_has_enough_or_is_at_the_end(databases: list[Database]) -> None:
    log = FeedLog(databases[0], look=10)
    await log.append([feed_event(event=f"e{number}", unit=f"u{number}") for number in range(1, 101)])
    rare = Filter(units=("u35", "u36", "u95"))
    rows, at = await log.look(Wanted(0, 2, rare), EVERYTHING, 100, seconds=60)
    assert ([row.position for row in rows], at) == ([35, 36], 36)
    rows, at = await log.look(Wanted(at, 2, rare), EVERYTHING, 100, seconds=60)
    assert ([row.position for row in rows], at) == ([95], 100)


@pytest.mark.parametrize(
    ("unit", "limit", "seconds", "counted"),
    [
        ("u1", 99, 60, (50, True)),
        ("u1", 50, 60, (50, False)),
        ("u1", 7, 60, (7, False)),
        ("u1", 99, 0, (5, False)),
        ("u2", 99, 60, (0, True)),
    ],
)
async def test_what_is_counted_is_counted_to_a_limit_and_in_time(
    databases: list[Database], unit: str, limit: int, seconds: float, counted: tuple[int, bool]
) -> None:
    log = FeedLog(databases[0], look=10)
    await log.append([feed_event(event=f"e{number}", unit=f"u{number % 2}") for number in range(100)])
    assert await log.count(Wanted(0, limit, Filter(units=(unit,))), EVERYTHING, 100, seconds) == counted


async def test_a_reader_of_what_is_rare_is_told_to_read_on_and_finds_it_at_last(databases: list[Database]) -> None:
    log = FeedLog(databases[0], look=1)
    streams = Streams(Rulebook.load(DATA / "rules.json"), Clock())
    feed = Feed(log, Growth(log.newest), streams)
    await log.append([feed_event(event=f"e{number}", unit=f"u{number}") for number in range(1, 2001)])
    run, runs = Run([], 0, more=True), 0
    while run.more:
        assert not run.rows
        run, runs = await feed.read(Wanted(run.reached, 1, Filter(units=("u2000",))), EVERYTHING, wait=0), runs + 1
    assert [row.position for row in run.rows] == [2000]
    assert runs > 1


async def test_who_waits_does_not_look_again_at_what_was_seen(databases: list[Database]) -> None:
    log = FeedLog(databases[0])
    feed = Feed(log, Growth(log.newest), Streams(Rulebook.load(DATA / "rules.json"), Clock()))
    await log.append([feed_event(event=f"e{number}") for number in range(5)])
    waiting = asyncio.create_task(feed.read(Wanted(0, 5, Filter(units=("late",))), EVERYTHING, wait=4))
    for number in range(5):
        await log.append([feed_event(event=f"f{number}")])
    await log.append([feed_event(event="late", unit="late"), feed_event(event="last")])
    run = await waiting
    assert ([row.position for row in run.rows], run.reached, run.more) == ([11], 12, False)


async def test_several_processes_fan_out_each_delivery_once(databases: list[Database]) -> None:
    log, store = FeedLog(databases[0]), subscription_store(databases[0])
    await log.prepare()
    await Deliveries(databases[0]).prepare()
    act = Act(id="a", at=NOON, correlation="c")
    for number in range(3):
        await store.add(subscription(id=f"s{number}", from_position=number * 100), [], act)
    await log.append([feed_event(event=f"e{number}") for number in range(700)])
    fans = [
        FanOut(FeedLog(one), subscription_store(one), Deliveries(one), Cursors(one), Clock(), made=lambda _: None)
        for one in databases[:4]
    ]
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):  # one that dies on the way
            await fans[0].follow()
    await asyncio.gather(*(fan.follow() for fan in fans))

    for number in range(3):
        rows = await Deliveries(databases[0]).listed({"subscription": f"s{number}"}, after="", limit=1000)
        assert [row.position for row in rows] == list(range(number * 100 + 1, 701))
    assert await Cursors(databases[0]).known(["s0", "s1", "s2"]) == {"s0": 700, "s1": 700, "s2": 700}


async def test_a_delivery_is_claimed_by_one_process_until_it_is_given_back(databases: list[Database]) -> None:
    mine, other = Deliveries(databases[0]), Deliveries(databases[1])
    await mine.prepare()
    await mine.add([delivery(id=f"subscription-1/{number}") for number in range(9)])
    first, second = await asyncio.gather(mine.claim("subscription-1", NOON, 9), other.claim("subscription-1", NOON, 9))
    assert len(first) + len(second) == 9
    assert await mine.claim("subscription-1", NOON, 9) == []
    await mine.release([*first, *second][:4])
    assert len(await other.claim("subscription-1", NOON, 9)) == 4
