"""`python -m infra.kit URL`: what happens to every subscriber, played against one endpoint; a table at the end."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, run
from rich.console import Console

from infra.kit.endpoint import Endpoint, endpoint
from infra.kit.examples import Examples, NoExamples
from infra.kit.keys import Keys, WrongKey
from infra.kit.report import summary, table, write
from infra.kit.scenarios import SCENARIOS
from infra.kit.verdicts import Kit, Result, Verdict
from services import notification
from services.notification.subscriptions.domain import WrongUrl, check_url
from shared.errors import Fault
from shared.rulebook import Rulebook

Said = Callable[[Result], Any]
RULES = Rulebook.load(Path(notification.__path__[0]) / "data/rules.json")


class NobodyThere(Exception):  # noqa: N818 - says what is the matter
    """Nothing answers at the URL, so that nothing can be said of it."""


async def play(
    url: str,
    keys: Keys,
    *,
    limit: float,
    pause: float,
    settled: float = 0.3,
    report: Path | None = None,
    ready: Callable[[], Any] = lambda: None,
    said: Said = lambda _: None,
) -> list[Result]:
    """Every scenario in its order; `ready` is called after the challenge, `said` after each.

    An answer may take `limit` seconds, the outage lasts `pause`; what the probe shows stands when it is the same
    after `settled` seconds.

    Raises:
        NobodyThere: nothing answers at all.
        NoExamples: the frozen examples are not here.
    """
    async with endpoint(url, keys, limit, settled) as asked:
        kit, results = Kit(asked, Examples(), pause), []
        for scenario in SCENARIOS:
            results.append(Result(scenario, await scenario.play(kit)))
            said(results[-1])
            _must_answer(asked)
            if scenario is SCENARIOS[0]:
                await asyncio.to_thread(ready)
        if report is not None:
            write(report, asked, results)
        return results


def _must_answer(asked: Endpoint) -> None:
    """Go on only where somebody is; a first request may have come too early for one that is slow to begin."""
    troubles = [answer.trouble for answer in asked.answers if not answer.status]
    if troubles == ["unreachable"]:
        raise NobodyThere(f"nothing answers at {asked.url}; start the endpoint, or mend the URL")
    if len(troubles) == len(asked.answers) > 1:
        raise NobodyThere(f"{asked.url} gave no answer to {len(troubles)} requests: {troubles[-1]}")


def kit(
    url: Annotated[str, Parameter(help="where the endpoint takes webhooks; only this is talked to")],
    /,
    *,
    secret: Annotated[str, Parameter(env_var="WEBHOOK_SECRET", help="whsec_…; one is made otherwise")] = "",
    key: Annotated[str, Parameter(env_var="WEBHOOK_SIGNING_KEY", help="whsk_…, to sign v1a; made otherwise")] = "",
    json: Annotated[Path | None, Parameter(help="file to write the report to as well")] = None,
    limit: Annotated[float | None, Parameter(help="seconds an answer may take; as notification waits")] = None,
    pause: Annotated[float, Parameter(help="seconds the outage lasts")] = 2.0,
) -> int:
    """Play notification against an endpoint, and say what it does right. Exit code 1: something is wrong."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        check_url(url)
        keys = Keys.made(secret, key)
        console.print(f"secret      {keys.secret}\npublic key  {keys.public}", soft_wrap=True)
        results = asyncio.run(
            play(
                url,
                keys,
                limit=limit or RULES.number("delivery.timeout", on=datetime.now(UTC).date()),
                pause=pause,
                report=json,
                ready=lambda: None if secret else _wait(console),
                said=lambda one: console.print(f"{one.scenario.name}: {one.finding.verdict}"),
            )
        )
    except (WrongUrl, WrongKey, NobodyThere, NoExamples) as wrong:
        console.print(wrong.detail if isinstance(wrong, Fault) else str(wrong), soft_wrap=True)
        return 1
    console.print(table(results))
    console.print(summary(results))
    return 1 if any(one.finding.verdict is Verdict.WRONG for one in results) else 0


def _wait(console: Console) -> None:
    """The secret is new: whoever runs the endpoint has to give it to it first."""
    if sys.stdin.isatty():
        console.input("Give the secret to your endpoint, then press Enter. ")


if __name__ == "__main__":
    sys.exit(run(kit))
