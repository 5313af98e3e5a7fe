"""What the filing figure is divided by: the raw confirmed publish rate, and the textbook chain."""

import asyncio
import time
from typing import Any

import aio_pika
from faststream.rabbit import Channel, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.schemas import QueueType
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BaseModel

from shared.messaging.topology import EVENTS, QUORUM

WINDOW = 200
TEXTBOOK_PREFETCH = 100
KEY = "registry.certificate.filed.v1"


async def raw(url: str, count: int, body: bytes, headers: dict[str, Any]) -> float:
    """Confirmed, persistent, mandatory publishes per second by aio-pika with a window of 200."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(EVENTS)
        window = asyncio.Semaphore(WINDOW)

        async def one() -> None:
            async with window:
                message = aio_pika.Message(body, headers=dict(headers), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
                await exchange.publish(message, KEY)

        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(count)))
        return count / (time.perf_counter() - started)


class Result(BaseModel):
    """What a tutorial would send: one result."""

    entry: str
    holder: str
    occupation: str
    level: str


async def textbook(amqp_url: str, mongo_url: str, count: int) -> float:
    """Consume one, insert one, publish one with FastStream and motor: persistent, confirmed, majority writes."""
    queue = RabbitQueue("bench.textbook", queue_type=QueueType.QUORUM, durable=True)
    events = RabbitExchange(EVENTS, declare=False)
    broker = RabbitBroker(amqp_url, logger=None, default_channel=Channel(prefetch_count=TEXTBOOK_PREFETCH))
    client: Any = AsyncIOMotorClient(mongo_url, w="majority")
    rows = client["bench"]["textbook"]
    left = count
    done = asyncio.Event()

    @broker.subscriber(queue)
    async def file(result: Result) -> None:
        nonlocal left
        document = {**result.model_dump(), "number": left}
        await rows.insert_one(document)
        await broker.publish(result, routing_key=KEY, exchange=events, persist=True)
        left -= 1
        if left == 0:
            done.set()

    await _fill(amqp_url, queue.name, count)
    started = time.perf_counter()
    await broker.start()
    await done.wait()
    rate = count / (time.perf_counter() - started)
    await broker.stop()
    await client.drop_database("bench")
    client.close()
    return rate


async def _fill(url: str, queue: str, count: int) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        await channel.declare_queue(queue, durable=True, arguments={**QUORUM})
        body = Result(entry="e" * 32, holder="张*", occupation="rebar_worker", level="4").model_dump_json().encode()
        message = aio_pika.Message(
            body, content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )
        for start in range(0, count, WINDOW):
            more = range(min(WINDOW, count - start))
            await asyncio.gather(*(channel.default_exchange.publish(message, queue) for _ in more))
