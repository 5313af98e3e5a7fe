"""The page about proof keeps its word: its twenty lines verify real events, its doors are there."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.docs.__main__ import ROOT
from infra.docs.wiring import services
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from tests.live import running
from tests.notification.desk import Desk, Row

PAGE = (ROOT / "docs/proof.md").read_text(encoding="utf-8")
LINE = "33"


def block() -> str:
    """The Python code of the page."""
    (found,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_check_takes_twenty_lines() -> None:
    assert len([line for line in block().splitlines() if line.strip()]) == 20


def test_every_door_that_is_named_is_there() -> None:
    (service,) = [one for one in services() if one.name == "notification"]
    paths = [re.sub(r"\{[^}]*\}", "[^/]+", path) for path in service.app.openapi()["paths"]]
    named = re.findall(r"GET (/v1/[^`?]*)", PAGE)
    assert len(named) == 5
    assert [path for path in named if not any(re.fullmatch(known, path) for known in paths)] == []


@pytest.fixture
async def desk(servers: Servers, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running("notification", servers, issuer, tmp_path) as service:
        yield Desk(service, servers, tmp_path)


async def ran(desk: Desk) -> tuple[int, str]:
    """The twenty lines as somebody runs them who copied them."""
    command = [sys.executable, "-c", block(), *map(str, (desk.events, desk.checkpoint, desk.keys))]
    ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout.strip()


@pytest.mark.live
async def test_the_twenty_lines_tell_whole_from_missing_from_changed(desk: Desk) -> None:
    await desk.said(LINE, 12)
    await desk.said("32", 1)
    latest = await desk.covered(LINE)
    rows: list[Row] = (await desk.read("/events", limit=1000))["rows"]
    await desk.hold([*reversed(rows), rows[0]], latest)
    assert await ran(desk) == (0, f"complete {latest['place']}")
    await desk.hold([row for row in rows if row["place"] not in (3, 4, 9)], latest)
    assert await ran(desk) == (1, "missing [3, 4, 9]")
    (fifth,) = [row for row in rows if row["authority"] == LINE and row["place"] == 5]
    await desk.hold([{**fifth, "data": {**fifth["data"], "remarks": "改过"}}, *rows], latest)
    assert await ran(desk) == (1, f"changed {latest['place']}")  # though what was said is there as well
    early = {name: value for name, value in fifth.items() if name not in ("place", "digest", "chain")}
    await desk.hold([early, *rows], latest)
    assert await ran(desk) == (0, f"complete {latest['place']}")  # it is from before places were kept
    said = rows[-1]["data"]
    for row in (row for row in rows if row["authority"] == LINE and row["place"] == 5):
        row["data"] = {**said, "remarks": "改过"}
    await desk.hold(rows, latest)
    assert await ran(desk) == (1, f"changed {latest['place']}")
    forged = {**latest, "signed": latest["signed"][:-4] + "AAAA"}
    await desk.hold(rows, forged)
    assert (await ran(desk))[0] == 1
    assert (await ran(desk))[1] == ""
