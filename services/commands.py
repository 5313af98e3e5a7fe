"""The one command of the one image: run a service, prepare it, look after parked messages."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import Annotated

from cyclopts import App, Parameter

from shared.logs import start_logs
from shared.messaging.parked import Parked
from shared.messaging.topology import topology
from shared.messaging.wire import Wire
from shared.process import Process, Service, Tools, serve
from shared.settings import Role, ServiceName, Settings

app = App(name="services", help="Run one skillcert service, or look after its messages.")
Name = Annotated[ServiceName, Parameter(help="registry, assessment, evaluation or notification")]


def builder(service: ServiceName) -> Callable[[Tools], Service]:
    """The function that wires a service, from its `app.py`."""
    build: Callable[[Tools], Service] = import_module(f"services.{service}.app").build
    return build


@app.command
def run(service: Name, *, role: Role = "both") -> None:
    """Serve until SIGTERM; settings come from the environment."""
    start_logs(service)
    serve(Settings(service=service, role=role), builder(service))


@app.command
def prepare(service: Name) -> None:
    """Make indexes, queues and exchanges once; done for all four before any of them speaks."""
    start_logs(service)
    tools = Tools.made(Settings(service=service))
    process = Process(tools, builder(service)(tools))

    async def once() -> None:
        await process.prepare()
        await process.wire.close()

    asyncio.run(once())


@app.command
def parked(service: Name, *, replay: bool = False, most: int = 100, show: bool = False) -> None:
    """List the parked messages of a service with their causes, or send them back to their queues.

    `--show` prints bodies too; `--replay` sends back up to `--most`.
    """
    settings = Settings(service=service)
    wire = Wire(settings.amqp_url.get_secret_value(), f"{service}-parked")
    desk = Parked(wire, topology(service, (), settings.retry_delays))

    async def look() -> None:
        rows = await (desk.replay(most) if replay else desk.listed(most))
        for row in rows:
            print(row.line(body=show))  # noqa: T201 - the answer to a person at a terminal
        print(f"{len(rows)} {'sent back' if replay else 'parked'}")  # noqa: T201
        await wire.close()

    asyncio.run(look())
