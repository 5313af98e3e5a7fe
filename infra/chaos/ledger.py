"""The ledger: every passed entry against certificate, event and webhook; what is told to the public, and told again."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aio_pika
import pymongo

from infra.demo.checks import feed_of
from infra.demo.telling import broken_lines
from infra.drive.caller import pages
from infra.drive.world import World
from infra.local.stack import Stack
from shared.messaging.topology import topology

RESULTS = "assessment.results.publicised.v1"
FILED = "registry.certificate.filed.v1"
SERIAL = 11  # where the serial begins in a 16-digit number


@dataclass(frozen=True)
class Ledger:
    """Lists of entries, numbers or messages; all must be empty."""

    lost: list[str]
    doubled: list[str]
    stuck: list[str]
    entries: int
    certificates: int
    events: int
    webhooks: int
    notices: int


async def balance(world: World, passed: set[str], unsettled: list[str], replay: str) -> Ledger:
    """Compare everything."""
    certificates = await pages(world.center, "registry", "/v1/certificates")
    feed = await feed_of(world)
    notices = await noticed(world)
    held = Counter(row["id"] for row in certificates)
    filed = Counter(event["data"]["entry"] for event in feed if event["type"] == FILED)
    told = Counter(event["data"]["entry"] for event in world.receiver.received() if event["type"] == FILED)
    missing = {
        "certificate": passed - held.keys(),
        "filed event": passed - filed.keys(),
        "webhook": passed - told.keys(),
    }
    lost = [f"{entry}: no {what}" for what, entries in missing.items() for entry in sorted(entries)]
    undelivered = {event["id"] for event in feed} - world.receiver.verified.keys()
    lost += [f"{event}: never delivered" for event in sorted(undelivered)]
    lost += [f"{event}: no notice" for event in unnoticed(feed, notices)]
    lost += untold(await again(world, replay), feed, world.receiver.verified)
    return Ledger(
        lost=lost + _gaps(certificates, feed),
        doubled=_doubled(held, filed, certificates, feed, notices),
        stuck=unsettled + unannounced(world.stack) + await _parked(world.stack),
        entries=len(passed),
        certificates=len(certificates),
        events=len(feed),
        webhooks=sum(world.receiver.verified.values()),
        notices=sum(notices.values()),
    )


async def noticed(world: World) -> Counter[int]:
    """How many public notices of results there are for each position of the feed."""
    rows = await pages(world.center, "notification", "/v1/notices", run=100, kind="results")
    return Counter(int(row["position"]) for row in rows)


def unnoticed(feed: Sequence[Mapping[str, Any]], notices: Mapping[int, int]) -> list[str]:
    """The publicised results that the board does not show."""
    return [event["id"] for event in feed if event["type"] == RESULTS and event["position"] not in notices]


async def again(world: World, replay: str) -> dict[str, Any]:
    """How far a replay is."""
    found: dict[str, Any] = await world.center.get("notification", f"/v1/replays/{replay}")
    return found


def untold(replay: Mapping[str, Any], feed: Sequence[Mapping[str, Any]], received: Mapping[str, int]) -> list[str]:
    """What a replay of everything up to a position did not send again: all of that comes twice at least."""
    missing = [] if replay["state"] == "done" else ["the replay did not end"]
    told = [event["id"] for event in feed if event["position"] <= replay["until_position"]]
    return missing + [f"{event}: not sent again" for event in told if received.get(event, 0) <= 1]


def _gaps(certificates: list[dict[str, Any]], feed: list[dict[str, Any]]) -> list[str]:
    series: dict[str, set[int]] = defaultdict(set)
    for row in certificates:
        series[row["number"][:SERIAL]].add(int(row["number"][SERIAL:]))
    gaps = [f"series {name} has a gap" for name, serials in series.items() if max(serials) != len(serials)]
    positions = {event["position"] for event in feed}
    gaps += ["the feed has a gap"] * (positions != set(range(1, len(feed) + 1)))
    return gaps + [f"the chain of line {line} does not hold" for line in broken_lines(feed)]


def _doubled(
    held: Counter[str],
    filed: Counter[str],
    certificates: list[dict[str, Any]],
    feed: list[dict[str, Any]],
    notices: Counter[int],
) -> list[str]:
    numbers = Counter(row["number"] for row in certificates)
    events = Counter(event["id"] for event in feed)
    counted: dict[str, Counter[Any]] = {
        "certificates": held,
        "filed events": filed,
        "holders of a number": numbers,
        "places in the feed": events,
        "notices of one position": notices,
    }
    return [f"{key}: {count} {what}" for what, rows in counted.items() for key, count in rows.items() if count > 1]


def unannounced(stack: Stack) -> list[str]:
    """Events that stand in their documents still."""
    client: pymongo.MongoClient[Any] = pymongo.MongoClient(stack.servers.admin_mongo_url)
    with client:
        return [
            f"{name}.{collection}/{row['_id']}: an event was never announced"
            for name in stack.services
            for collection in client[name].list_collection_names()
            for row in client[name][collection].find({"pending.0": {"$exists": True}}, {"_id": 1})
        ]


async def _parked(stack: Stack) -> list[str]:
    connection = await aio_pika.connect(stack.servers.admin_amqp_url)
    async with connection:
        channel = await connection.channel()
        found = []
        for name in stack.services:
            queue = await channel.declare_queue(topology(name, (), ()).parked, passive=True)
            count = queue.declaration_result.message_count or 0
            found += [f"{name}: a parked message"] * count
        return found
