"""`make run`: the whole stack, left running; prints where everything is and a token for each role."""

import signal
import threading

from rich.console import Console
from rich.table import Table

from infra.local.install import ServersUnavailable
from infra.local.stack import Stack, stack

CALLERS = (
    ("center", "center", None),
    ("authority", "33", "33"),
    ("unit", "unit-33-001", "33"),
    ("auditor", "center", None),
    ("subscriber", "example-subscriber", "33"),
)


def _show(console: Console, running: Stack) -> None:
    places = Table("service", "URL", "log", title="skillcert is running; Ctrl-C stops it")
    for name, service in running.services.items():
        places.add_row(name, service.url, str(service.log))
    console.print(places)
    console.print(f"RabbitMQ {running.servers.admin_amqp_url}\nMongoDB  {running.servers.admin_mongo_url}")
    console.print("Tokens for 12 hours; write with an Idempotency-Key header:", style="bold")
    for role, organisation, authority in CALLERS:
        token = running.issuer.token(role, organisation, authority, expires_in=12 * 3600)
        console.print(f"{role} {organisation}\n{token}", soft_wrap=True)


def main() -> int:
    """Run until Ctrl-C or SIGTERM."""
    console = Console()
    told = threading.Event()
    console.print("starting RabbitMQ, MongoDB and the four services…")
    try:
        with stack() as running:
            _show(console, running)
            signal.signal(signal.SIGINT, lambda *_: told.set())
            signal.signal(signal.SIGTERM, lambda *_: told.set())
            told.wait()
    except ServersUnavailable as unavailable:
        console.print(str(unavailable))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
