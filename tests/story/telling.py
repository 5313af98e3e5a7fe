"""The demo's story told on a stack of its own, with all that it leaves behind: books, messages, files, documents."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any

import aio_pika
import httpx
import pymongo

from infra.demo.checks import Findings, examine, feed_of
from infra.demo.story import START, Story
from infra.demo.tally import Tally
from infra.drive.caller import pages
from infra.drive.world import World, world
from infra.local.stack import Stack, stack
from shared.clock import SHANGHAI
from shared.messaging.topology import EVENTS
from tests.story.disturbed import disturbed

WORKERS = 44


@dataclass
class Told:
    """What a telling left behind."""

    findings: Findings
    tally: Tally
    end: dict[str, Any]
    answers: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    id_numbers: set[str] = field(default_factory=set)
    given: int = 0
    reordered: int = 0


def told(folder: Path, *, disturbance: int | None = None) -> Told:
    """Tell the story; with a seed, over a bus that duplicates and reorders."""
    with stack(folder=folder, at=datetime.combine(START, time(9), SHANGHAI)) as running:
        result = asyncio.run(_telling(running, disturbance))
        result.documents = _documents(running)
    result.files = {
        str(file.relative_to(folder)): file.read_text(encoding="utf-8", errors="replace")
        for file in folder.rglob("*")
        if file.is_file() and file.suffix in (".log", ".jsonl")
    }
    return result


async def _telling(running: Stack, disturbance: int | None) -> Told:
    async with AsyncExitStack() as held:
        around = await held.enter_async_context(world(running))
        answers = _answers(around)
        messages = await held.enter_async_context(_overheard(running))
        bus = await held.enter_async_context(disturbed(running, disturbance)) if disturbance is not None else None
        tally = await Story(around, WORKERS, lambda _: None).run()
        findings = await examine(around, tally)
        result = Told(findings, tally, await _end(around, tally), answers, messages)
        result.id_numbers = {person.id_number for batch in tally.batches for person in batch.people}
        if bus is not None:
            result.given, result.reordered = bus.given, bus.reordered
        return result


def _answers(around: World) -> list[str]:
    """Every HTTP answer from now on, refusals included."""
    seen: list[str] = []

    async def take(response: httpx.Response) -> None:
        await response.aread()
        seen.append(f"{response.status_code} {dict(response.headers)} {response.text}")

    around.http.event_hooks = {"response": [take]}
    return seen


@asynccontextmanager
async def _overheard(running: Stack) -> AsyncIterator[list[str]]:
    """Every message that passes the events exchange, headers and body as text."""
    seen: list[str] = []

    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        seen.append(f"{dict(message.headers)} {message.body.decode()}")

    connection = await aio_pika.connect(running.servers.admin_amqp_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(EVENTS, "#")
        await queue.consume(take, no_ack=True)
        yield seen


def _documents(running: Stack) -> list[str]:
    """Every document and index of every database, as text."""
    client: pymongo.MongoClient[Any] = pymongo.MongoClient(running.servers.admin_mongo_url)
    with client:
        return [
            str(row)
            for name in running.services
            for collection in client[name].list_collection_names()
            for row in (*client[name][collection].find(), *client[name][collection].list_indexes())
        ]


async def _end(around: World, tally: Tally) -> dict[str, Any]:
    """The end state without ids and instants, so that two tellings can be compared."""
    occupations = {batch.id: batch.occupation for batch in tally.batches}
    certificates = await pages(around.center, "registry", "/v1/certificates")
    entries = [
        (batch.occupation, batch.unit.id, row["holder"], row["state"], row["reason"])
        for batch in tally.batches
        for row in await pages(around.center, "assessment", f"/v1/batches/{batch.id}/entries")
    ]
    return {
        "numbers": sorted(row["number"] for row in certificates),
        "certificates": sorted((row["unit"], occupations[row["batch"]], row["holder"]) for row in certificates),
        "entries": sorted(entries),
        "units": await _standing(around),
        "figures": await _figures(around),
        "evaluations": await _evaluations(around),
        "events": Counter(event["type"] for event in await feed_of(around)),
        "refused": tally.refused,
    }


async def _standing(around: World) -> list[tuple[Any, ...]]:
    rows = await pages(around.center, "registry", "/v1/standings")
    names = ("scopes", "valid_from", "valid_until", "edition", "authority")
    granted = {row["id"]: [tuple(str(grant[name]) for name in names) for grant in row["grants"]] for row in rows}
    return [(row["id"], granted[row["id"]], row["suspended_on"], row["reason"]) for row in rows]


async def _figures(around: World) -> list[tuple[Any, ...]]:
    rows = await pages(around.center, "evaluation", "/v1/indicators")
    return [
        tuple(row[n] for n in ("unit", "batches", "entries", "passed", "failed", "filed", "rejected")) for row in rows
    ]


async def _evaluations(around: World) -> list[tuple[Any, ...]]:
    rows = await pages(around.center, "evaluation", "/v1/evaluations")
    return [(row["unit"], row["state"]) for row in rows]
