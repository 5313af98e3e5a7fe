"""The faults: a service killed, RabbitMQ or mongod killed or restarted; each is healed before the next."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.local.mongod import Mongod
from infra.local.rabbitmq import Rabbit
from infra.local.stack import ServiceProcess, Stack

TELLER = "kill -9 notification"
PAUSE = (0.3, 2.0)  # seconds between a recovery and the next fault


@dataclass
class Faults:
    """Injects faults until told to stop; `done` lists them with the seconds each took to heal."""

    stack: Stack
    seed: int
    done: list[tuple[str, float]] = field(default_factory=list)
    stopping: bool = False

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - repeatable faults
        self._kinds: dict[str, Callable[[], None]] = {
            f"kill -9 {name}": lambda service=service: _restart_killed(service)  # type: ignore[misc]
            for name, service in self.stack.services.items()
        }
        rabbitmq, mongod = self.stack.servers.rabbitmq, self.stack.servers.mongod
        assert rabbitmq is not None, "chaos needs servers of its own: unset AMQP_URL and MONGO_URL"
        assert mongod is not None, "chaos needs servers of its own: unset AMQP_URL and MONGO_URL"
        self._kinds["restart rabbitmq"] = rabbitmq.restart
        self._kinds["restart mongod"] = mongod.restart
        self._kinds["kill -9 rabbitmq"] = lambda: _started_again(rabbitmq)
        self._kinds["kill -9 mongod"] = lambda: _started_again(mongod)

    @property
    def tellers(self) -> int:
        """How often notification was killed."""
        return sum(kind == TELLER for kind, _ in self.done)

    def enough(self, least: int) -> bool:
        """So many faults, and notification among those killed no more seldom than everybody else, once at least."""
        return len(self.done) >= least and self.tellers >= max(1, least // len(self._kinds))

    async def run(self) -> None:
        """One fault after the other, every kind equally often, in random order and at random moments."""
        while not self.stopping:
            kinds = list(self._kinds)
            self._chance.shuffle(kinds)
            for kind in kinds:
                if self.stopping:
                    return
                await asyncio.sleep(self._chance.uniform(*PAUSE))
                started = time.monotonic()
                await asyncio.to_thread(self._kinds[kind])
                self.done.append((kind, time.monotonic() - started))


def _started_again(server: Rabbit | Mongod) -> None:
    server.kill()
    server.start()


def _restart_killed(service: ServiceProcess) -> None:
    service.kill()
    service.start()
    service.await_ready()
