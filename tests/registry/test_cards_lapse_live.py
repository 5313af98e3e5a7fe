"""Ten thousand cards whose term ends on one day: each lapse is said once, and nobody else notices."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.cards.domain.card import Card
from services.registry.cards.handlers import RUN, Cards
from services.registry.cards.storage import card_store
from shared.act import Act
from shared.clock import FrozenClock
from shared.events.registry import CardLapsed
from shared.privacy import Sealer
from shared.storage.mongo import Database
from shared.storage.store import Store
from shared.workdays import start_of_day
from tests.doors.cards import authority
from tests.live import INDEX_KEY, SEAL_KEYS, Running, eventually, running
from tests.registry.card_examples import CARDS, RULES, TODAY, card
from tests.registry.test_cards_life import offered

pytestmark = pytest.mark.live

MANY = 10_000
SLOWEST = 5.0  # seconds within which every door answers, whatever else is going on
USUAL = 1.0  # seconds within which nine of ten light requests are answered
LAST = date(2022, 9, 1)


async def filled(cards: Store[Card], count: int) -> None:
    """So many cards that all end on one day."""
    act = Act(id="filled", at=start_of_day(TODAY), correlation="filled")
    for start in range(0, count, 500):
        rows = [numbered(serial) for serial in range(start, min(start + 500, count))]
        await cards.add_all([((row, []), act) for row in rows])


def numbered(serial: int) -> Card:
    content = {"id": f"card-{serial}", "number": f"A3319{serial:05d}", "serial": serial}
    return card().having(**content, person_index=f"index-{serial}")


@pytest_asyncio.fixture(loop_scope="session")
async def empty(servers: Servers) -> AsyncIterator[Store[Card]]:
    """A store of cards whose events nobody announces."""
    with pymongo.MongoClient[dict[str, Any]](servers.admin_mongo_url) as client:
        client.drop_database("registry")
    database = Database(servers.mongo_url("registry"), "registry")
    store = card_store(database)
    await store.prepare()
    yield store
    await database.close()


async def test_one_look_lapses_a_bounded_number_and_waits_for_the_broker(empty: Store[Card]) -> None:
    clock = FrozenClock(start_of_day(LAST + timedelta(days=1)))
    cards = Cards(empty, offered, CARDS, RULES, Sealer(SEAL_KEYS, INDEX_KEY), clock)
    lapsed = {"lapsed_on": {"$ne": None}}
    await filled(empty, 5 * RUN)
    for _ in range(3):  # nothing is announced here
        await cards.lapse(clock.now())
    assert await empty.count(lapsed) == 2 * RUN
    await empty.collection.update_all({}, {"$set": {"pending": []}})
    await cards.lapse(clock.now())
    assert await empty.count(lapsed) == 4 * RUN


@pytest_asyncio.fixture(loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Running]:
    # The pace of production; only the sweep waits longer, for on a busy machine it would announce again what the
    # relay is about to strike, which is its right (hearers take an event once) and not what is measured here.
    pace = {"sweep_every": 1.0, "sweep_after": 60.0, "poll_every": 0.5}
    async with running("registry", servers, issuer, tmp_path, **pace) as live:
        live.set_time(start_of_day(LAST) + timedelta(hours=20))
        yield live


async def light_requests(service: Running, until: asyncio.Event) -> list[float]:
    """How long each answer took of one light request after the other."""
    took = []
    while not until.is_set():
        started = time.perf_counter()
        answer = await service.http.get("/v1/cards/card-7", headers=authority(service))
        took.append(time.perf_counter() - started)
        assert answer.status_code == 200
        await asyncio.sleep(0.02)  # a caller's own pace, so that the test does not measure itself
    return took


def lapses(service: Running) -> set[tuple[str, str]]:
    """Each lapse said: the card and the event's id; one that the relay says again is the same event."""
    said = (one.headers for one in service.said if one.type == CardLapsed.type)
    return {(str(headers["ce-subject"]), str(headers["ce-id"])) for headers in said}


async def all_are_said(service: Running) -> bool:
    return len({card for card, _ in lapses(service)}) == MANY


async def test_ten_thousand_lapse_and_requests_are_answered_meanwhile(service: Running) -> None:
    await filled(card_store(service.process.tools.database), MANY)
    done = asyncio.Event()
    asking = asyncio.create_task(light_requests(service, done))
    service.set_time(start_of_day(LAST + timedelta(days=1)) + timedelta(minutes=1))
    try:
        await eventually(lambda: all_are_said(service), within=120)
    finally:
        done.set()
    took = sorted(await asking)
    heard = Counter(card for card, _ in lapses(service))
    assert len(heard) == MANY
    assert set(heard.values()) == {1}
    assert len(took) > 10
    slow = f"of {len(took)} answers the slowest took {took[-1]:.2f} s, half {took[len(took) // 2]}"
    assert took[len(took) * 9 // 10] < USUAL, slow
    assert took[-1] < SLOWEST, slow
    print(f"{len(took)} answers: median {took[len(took) // 2]:.3f} s, slowest {took[-1]:.3f} s")  # noqa: T201
