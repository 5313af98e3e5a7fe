"""The fan-out on a real database: bounded turns, cursors that lag, deliveries handed over, processes that die."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pymongo
import pytest

from infra.local.servers import Servers
from services.notification.deliveries.handlers import FanOut, Fresh
from services.notification.deliveries.storage import Cursors, Deliveries
from services.notification.feed.domain.filters import Filter
from services.notification.feed.storage import FeedLog
from services.notification.subscriptions.domain import State, Subscription
from services.notification.subscriptions.storage import subscription_store
from shared.act import Act
from shared.clock import Clock
from shared.storage.mongo import Database
from tests.notification.examples import NOON, feed_event, subscription

pytestmark = pytest.mark.live


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[Database]:
    """A connection to an empty database."""
    with pymongo.MongoClient[dict[str, object]](servers.admin_mongo_url) as client:
        client.drop_database("notification")
    made = Database(servers.mongo_url("notification"), "notification")
    yield made
    await made.close()


async def fan_out(database: Database, subscriptions: Sequence[Subscription], **more: Any) -> FanOut:
    """A process's fan-out over a feed with these subscriptions."""
    store = subscription_store(database)
    await store.prepare()
    await FeedLog(database).prepare()
    await Deliveries(database).prepare()
    for row in subscriptions:
        await store.add(row, [], Act(id="a", at=NOON, correlation="c"))
    return another(database, **more)


def another(database: Database, **more: Any) -> FanOut:
    """The fan-out of one more process."""
    cursors, log = Cursors(database), FeedLog(database)
    return FanOut(
        log, subscription_store(database), Deliveries(database), cursors, Clock(), **{"made": lambda _: None, **more}
    )


async def positions(database: Database, name: str) -> list[int]:
    rows = await Deliveries(database).listed({"subscription": name}, after="", limit=10_000)
    return [row.position for row in rows]


async def test_a_turn_ends_after_a_bounded_number_of_deliveries_and_the_nearest_to_the_end_has_one_each_time(
    database: Database,
) -> None:
    behind = [subscription(id=f"s{number:02d}") for number in range(20)]
    fan = await fan_out(database, [*behind, subscription(id="near", from_position=1200)])
    await fan.log.append([feed_event(event=f"e{number}") for number in range(1201)])
    assert await fan.step()
    assert await positions(database, "near") == [1201]
    assert await positions(database, "s00") == list(range(1, 51))  # a thousand for twenty
    await fan.log.append([feed_event(event="new")])
    assert await fan.step()
    assert await positions(database, "near") == [1201, 1202]
    await fan.follow()
    assert await positions(database, "s19") == list(range(1, 1203))


async def test_whoever_is_behind_gets_on_however_many_there_are(database: Database) -> None:
    places = [0, 600, 1200, 1800]
    fan = await fan_out(database, [subscription(id=f"s{at}", from_position=at) for at in places])
    await fan.log.append([feed_event(event=f"e{number}") for number in range(2400)])
    for _ in range(4):
        await fan.step()
    assert all([await positions(database, f"s{at}") for at in places])


async def test_a_cursor_that_lags_because_nothing_was_wanted_costs_a_new_process_nothing_but_a_look(
    database: Database,
) -> None:
    only = Filter(types=("registry.plan.returned.v1",))
    fan = await fan_out(database, [subscription(id="few", only=only), subscription(id="all")])
    await fan.log.append([feed_event(event=f"e{number}") for number in range(499)])
    await fan.follow()
    first = await fan.cursors.known(["few", "all"])
    await fan.log.append([feed_event(event="wanted", type="registry.plan.returned.v1")])
    await fan.log.append([feed_event(event=f"f{number}") for number in range(300)])
    await another(database).follow()
    assert first["all"] == 499
    assert "few" not in first  # nothing to write down yet
    assert await positions(database, "few") == [500]
    assert await positions(database, "all") == list(range(1, 801))


async def test_what_is_handed_over_and_lost_is_anybody_s_when_its_lease_ends(database: Database) -> None:
    lost: list[Fresh] = []
    fan = await fan_out(database, [subscription()], room=lambda _: 3, hand=lambda _, fresh: lost.append(fresh))
    await fan.log.append([feed_event(event=f"e{number}") for number in range(5)])
    await fan.follow()
    deliveries, later = Deliveries(database), Clock().now()
    assert [row.position for row, _ in lost[0]] == [1, 2, 3]
    assert [row.position for row in await deliveries.claim("subscription-1", later, 9)] == [4, 5]
    lease_over = {"$set": {"claimed_until": 1.0}}
    await database.collection("deliveries").update_all({}, lease_over)
    assert [row.position for row in await deliveries.claim("subscription-1", later, 9)] == [1, 2, 3, 4, 5]


async def test_what_another_process_made_first_is_handed_to_nobody(database: Database) -> None:
    handed: list[Fresh] = []
    fan = await fan_out(database, [subscription()], room=lambda _: 9, hand=lambda _, fresh: handed.append(fresh))
    await fan.log.append([feed_event(event=f"e{number}") for number in range(2)])
    await another(database).follow()
    await database.collection("cursors").update_all({}, {"$set": {"position": 0}})  # it died before it moved them
    await fan.follow()
    assert handed == []


async def test_a_changed_subscription_is_told_by_its_new_filter_of_what_comes_from_now_on(
    database: Database,
) -> None:
    only = Filter(types=("registry.plan.returned.v1",))
    fan = await fan_out(database, [subscription(only=only)])
    await fan.log.append([feed_event(event=f"e{number}") for number in range(3)])
    await fan.follow()
    act = Act(id="b", at=NOON, correlation="c")
    await fan.subscriptions.change("subscription-1", act, lambda found: (found.having(only=Filter()), []))
    await fan.log.append([feed_event(event="new")])
    await fan.follow()
    assert await positions(database, "subscription-1") == [4]
    await another(database).follow()
    assert await positions(database, "subscription-1") == [4]


async def test_a_filter_that_is_changed_during_a_pause_tells_nothing_of_what_was_passed_before_it(
    database: Database,
) -> None:
    only = Filter(types=("registry.plan.returned.v1",))
    fan = await fan_out(database, [subscription(only=only)])
    await fan.log.append([feed_event(event=f"e{number}") for number in range(3)])
    await fan.follow()
    act = Act(id="b", at=NOON, correlation="c")
    await fan.subscriptions.change("subscription-1", act, lambda found: found.disabled())
    await fan.log.append([feed_event(event="meanwhile")])
    await fan.follow()
    resumed = Act(id="d", at=NOON, correlation="c")
    await fan.subscriptions.change(
        "subscription-1", resumed, lambda found: (found.having(only=Filter(), state=State.ACTIVE), [])
    )
    await fan.follow()
    assert await positions(database, "subscription-1") == [4]
