"""A bus that duplicates and reorders: stands between the events exchange and every hearing queue."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from infra.local.stack import Stack
from services.commands import builder
from shared.messaging.topology import EVENTS, topology
from shared.process import Tools
from shared.settings import Settings

DISTURBED = "disturbed.events"
HOLD = 0.15  # seconds that messages are held back to be shuffled
LATE = 0.5  # seconds within which the second copy comes


def hearing_queues(stack: Stack) -> list[tuple[str, str]]:
    """Every hearing queue with the key it is bound by."""
    pairs = []
    for service in stack.services.values():
        values = {name.lower(): value for name, value in service.environment.items()}
        tools = Tools.made(Settings.model_validate({"service": service.name, **values}))
        names = topology(service.name, builder(service.name)(tools).hearers.heard, ())
        pairs += [(names.queue(key), key) for key in names.heard]
    return pairs


class Disturbance:
    """Takes every event once and gives it twice, in a random order."""

    def __init__(self, channel: AbstractChannel, seed: int) -> None:
        self._channel = channel
        self._chance = random.Random(seed)  # noqa: S311 - repeatable
        self._held: list[AbstractIncomingMessage] = []
        self.given = 0
        self.reordered = 0

    async def take(self, message: AbstractIncomingMessage) -> None:
        """Hold a message back."""
        self._held.append(message)

    async def run(self) -> None:
        """Give what is held, shuffled, and each a second time later."""
        exchange = await self._channel.get_exchange(DISTURBED)
        async with asyncio.TaskGroup() as late:
            while True:
                await asyncio.sleep(HOLD)
                held, self._held = self._held, []
                order = list(held)
                self._chance.shuffle(order)
                self.reordered += sum(a is not b for a, b in zip(order, held, strict=True))
                for message in order:
                    await self._give(exchange, message)
                    late.create_task(self._give_late(exchange, message))

    async def _give_late(self, exchange: aio_pika.abc.AbstractExchange, message: AbstractIncomingMessage) -> None:
        await asyncio.sleep(self._chance.uniform(0, LATE))
        await self._give(exchange, message)

    async def _give(self, exchange: aio_pika.abc.AbstractExchange, message: AbstractIncomingMessage) -> None:
        copy = aio_pika.Message(message.body, headers=message.headers, delivery_mode=2)
        await exchange.publish(copy, message.routing_key or "", mandatory=False)
        self.given += 1


@asynccontextmanager
async def disturbed(stack: Stack, seed: int) -> AsyncIterator[Disturbance]:
    """Disturb the bus of a running stack until the block ends."""
    connection = await aio_pika.connect(stack.servers.admin_amqp_url)
    async with connection:
        channel = await connection.channel()
        await channel.declare_exchange(DISTURBED, "topic", durable=True)
        waiting = await channel.declare_queue("disturbed.all", durable=True)
        await waiting.bind(EVENTS, "#")
        for queue, key in hearing_queues(stack):
            hearing = await channel.get_queue(queue, ensure=False)
            await hearing.bind(DISTURBED, key)
            await hearing.unbind(EVENTS, key)
        disturbance = Disturbance(channel, seed)
        await waiting.consume(disturbance.take, no_ack=True)
        running = asyncio.create_task(disturbance.run())
        try:
            yield disturbance
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
