"""The proof at the end of the demo, with notification alone: it holds, and a gap is named."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from infra.demo.checks import completeness
from infra.demo.proving import Proved, checkpoint_line
from infra.drive.caller import Caller
from infra.drive.receiver import Receiver
from infra.drive.spine import until
from infra.drive.world import World
from infra.local.stack import Stack, stack

pytestmark = pytest.mark.live

BEGIN = datetime(2026, 3, 2, 4, tzinfo=UTC)
TOLD = 22


async def told(world: World) -> bool | None:
    rows = (await world.center.get("notification", "/v1/lines"))["rows"]
    return any(row["place"] == TOLD for row in rows) or None


async def proved(world: World) -> Proved:
    authority = world.authority("33")
    asked = {"title_zh": "公告", "text_zh": "内容。", "closes_on": (BEGIN + timedelta(days=9)).date().isoformat()}
    for _ in range(TOLD):
        await authority.post("notification", "/v1/notices", asked)
    await until(lambda: told(world), "the last notice in the feed")
    return await checkpoint_line(world)


async def asked_of(running: Stack) -> Proved:
    async with httpx.AsyncClient() as http:
        center = Caller(running, http, "center", "center")
        return await proved(World(running, Receiver(), http, center, []))


def test_a_subscriber_proves_at_the_end_that_it_was_told_everything() -> None:
    with stack(only=["notification"], at=BEGIN) as running:
        found = asyncio.run(asked_of(running))
    # The second one, where notification looked for the first time after something was said.
    assert re.match(rf"complete up to place {TOLD} of line 33 \(checkpoint [12], 2026-03-02 05:", found.sentence)
    assert found.named == "places 17–19"
    assert [check.agrees for check in completeness(found)] == [True, True]
    wrong = Proved(found.sentence, complete=False, lost=found.lost, named="place 17")
    assert [check.agrees for check in completeness(wrong)] == [False, False]
