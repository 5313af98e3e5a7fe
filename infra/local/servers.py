"""The RabbitMQ and MongoDB that tests, demo and benchmarks run against: private ones, or those given by URL.

`python -m infra.local.servers` starts them, prints their URLs and waits for Ctrl-C.
"""

import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra.broker import ADMIN, SERVICES
from infra.local.folders import working_folder
from infra.local.install import ServersUnavailable
from infra.local.mongod import Mongod, require_mongo
from infra.local.rabbitmq import Rabbit, require_broker

EXIT_AFTER_SIGTERM = 128 + signal.SIGTERM


@dataclass(frozen=True)
class Servers:
    """Where the servers are. `rabbitmq` and `mongod` can be killed and started; they are None when given by URL."""

    admin_amqp_url: str = field(repr=False)
    admin_mongo_url: str = field(repr=False)
    rabbitmq: Rabbit | None
    mongod: Mongod | None

    @property
    def isolated(self) -> bool:
        """Whether every service has users of its own; not so where AMQP_URL or MONGO_URL is given."""
        return self.rabbitmq is not None and self.mongod is not None

    def amqp_url(self, service: str) -> str:
        return self.rabbitmq.url(service) if self.rabbitmq else self.admin_amqp_url

    @property
    def management_url(self) -> str | None:
        """The broker's management API for who administers it; None where there is none."""
        return self.rabbitmq.admin_management_url if self.rabbitmq else None

    def mongo_url(self, service: str) -> str:
        return self.mongod.url(service) if self.mongod else self.admin_mongo_url


@contextmanager
def servers(folder: Path | None = None, *, management: bool = False) -> Iterator[Servers]:
    """Start what AMQP_URL and MONGO_URL do not give, and stop it at the end, whatever the end.

    Data lies in `folder` (empty, and kept) or in a temporary one. `management` adds RabbitMQ's management
    API. Raises ServersUnavailable with what to do about it.
    """
    with ExitStack() as stack:
        stack.enter_context(_sigterm_unwinds())
        if folder is not None and folder.exists() and any(folder.iterdir()):
            raise ServersUnavailable(f"{folder} is not empty: choose a folder without old data in it.")
        place = folder or stack.enter_context(working_folder())
        rabbitmq = (
            None if os.environ.get("AMQP_URL") else Rabbit(place / "rabbitmq", _passwords(), management=management)
        )
        mongod = None if os.environ.get("MONGO_URL") else Mongod(place / "mongod", _passwords())
        if rabbitmq:
            stack.callback(rabbitmq.stop)
        if mongod:
            stack.callback(mongod.stop)
        _start(rabbitmq, mongod)
        yield Servers(
            admin_amqp_url=rabbitmq.url(ADMIN) if rabbitmq else os.environ["AMQP_URL"],
            admin_mongo_url=mongod.url(ADMIN) if mongod else os.environ["MONGO_URL"],
            rabbitmq=rabbitmq,
            mongod=mongod,
        )


def _start(rabbitmq: Rabbit | None, mongod: Mongod | None) -> None:
    # Both processes first, then the waiting: they come up side by side.
    if rabbitmq:
        rabbitmq.launch()
    if mongod:
        mongod.launch()
    if mongod:
        mongod.await_ready()
    else:
        require_mongo(os.environ["MONGO_URL"])
    if rabbitmq:
        rabbitmq.await_ready()
    else:
        require_broker(os.environ["AMQP_URL"])


def _passwords() -> dict[str, str]:
    return {user: secrets.token_urlsafe() for user in (*SERVICES, ADMIN)}


@contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM end this process the way an exception does, unless somebody handles it already."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not ours:
        yield
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_AFTER_SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _show(running: Servers) -> None:
    for user in SERVICES:
        print(f"{user:13} {running.amqp_url(user)}  {running.mongo_url(user)}")
    print(f"{ADMIN:13} {running.admin_amqp_url}  {running.admin_mongo_url}")
    print("ready; Ctrl-C stops them", flush=True)


def main() -> None:
    """Run the servers until Ctrl-C."""
    try:
        with servers() as running:
            _show(running)
            signal.pause()
    except ServersUnavailable as unavailable:
        sys.exit(str(unavailable))
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
