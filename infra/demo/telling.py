"""What the feed tells of one certificate, and whether the chains of its lines hold."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from infra.drive.world import World
from shared.digests import chained, digest_of

SECOND = 1000  # milliseconds
Event = dict[str, Any]


async def timeline_of(world: World, subject: str) -> Event:
    """Where is it: what the services said of one entry, certificate, batch or plan."""
    answer: Event = await world.center.get("notification", "/v1/events/timeline", subject=subject)
    return answer


def table_of(timeline: Event) -> Table:
    """The timeline for people."""
    table = Table(
        "said at (UTC)", "by", "event", "since", "in the feed after", title=f"timeline of {timeline['subject']}"
    )
    for step in timeline["steps"]:
        lag = f"{step['lag_ms'] / SECOND:.1f} s"
        table.add_row(step["time"][:19], step["service"], step["type"], lag, f"{step['recorded_ms']} ms")
    return table


def broken_lines(feed: Sequence[Event]) -> list[str]:
    """The lines whose places have a gap or whose digests or chains are not what anybody computes from the events."""
    heads: dict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
    broken = set()
    for event in sorted(feed, key=lambda event: event["position"]):
        place, before = heads[event["authority"]]
        digest = digest_of(event)
        chain = chained(before, digest)
        if (event["place"], event["digest"], event["chain"]) != (place + 1, digest, chain):
            broken.add(event["authority"])
        heads[event["authority"]] = (place + 1, chain)
    return sorted(broken)
