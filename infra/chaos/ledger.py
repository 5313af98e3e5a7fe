"""The ledger: every accepted and passed entry against its certificate, its filed event and its webhook."""

from collections import Counter, defaultdict
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


async def balance(world: World, passed: set[str], unsettled: list[str]) -> Ledger:
    """Compare everything."""
    certificates = await pages(world.center, "registry", "/v1/certificates")
    feed = await feed_of(world)
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
    return Ledger(
        lost=lost + [f"{event}: never delivered" for event in sorted(undelivered)] + _gaps(certificates, feed),
        doubled=_doubled(held, filed, certificates, feed),
        stuck=unsettled + unannounced(world.stack) + await _parked(world.stack),
        entries=len(passed),
        certificates=len(certificates),
        events=len(feed),
        webhooks=sum(world.receiver.verified.values()),
    )


def _gaps(certificates: list[dict[str, Any]], feed: list[dict[str, Any]]) -> list[str]:
    series: dict[str, set[int]] = defaultdict(set)
    for row in certificates:
        series[row["number"][:SERIAL]].add(int(row["number"][SERIAL:]))
    gaps = [f"series {name} has a gap" for name, serials in series.items() if max(serials) != len(serials)]
    positions = {event["position"] for event in feed}
    gaps += ["the feed has a gap"] * (positions != set(range(1, len(feed) + 1)))
    return gaps + [f"the chain of line {line} does not hold" for line in broken_lines(feed)]


def _doubled(
    held: Counter[str], filed: Counter[str], certificates: list[dict[str, Any]], feed: list[dict[str, Any]]
) -> list[str]:
    numbers = Counter(row["number"] for row in certificates)
    events = Counter(event["id"] for event in feed)
    counted = {
        "certificates": held,
        "filed events": filed,
        "holders of a number": numbers,
        "places in the feed": events,
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
