"""A subscriber that keeps events, a checkpoint and keys in files, and has the line told of new things by the hour."""

import asyncio
import json
from pathlib import Path
from typing import Any

from infra.local.servers import Servers
from infra.verify.__main__ import main
from tests.live import Running, eventually
from tests.notification.story import Asking, center, say

Row = dict[str, Any]
LAST = "00"
"""No line stands before it, and a look begins with the last."""


class Desk:
    """A subscriber with its files, and who else asks."""

    def __init__(self, service: Running, servers: Servers, folder: Path) -> None:
        self.service = service
        self.servers = servers
        self.events, self.checkpoint, self.keys = (folder / name for name in ("e.jsonl", "c.json", "k.json"))

    def authority(self, line: str) -> Asking:
        return Asking(self.service, "authority", line, line)

    async def read(self, path: str, reader: str = "", /, **query: Any) -> Any:
        asking = self.authority(reader) if reader else center(self.service)
        answer = await asking.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def said(self, line: str, count: int) -> int:
        """So many more events of a line; its place then."""
        before = await self.place(line)
        await asyncio.gather(*(say(self.service, f"unit-{line}-001", line) for _ in range(count)))

        async def there() -> int:
            place = await self.place(line)
            return place if place >= before + count else 0

        return await eventually(there)

    async def place(self, line: str) -> int:
        return next((row["place"] for row in (await self.read("/lines"))["rows"] if row["line"] == line), 0)

    async def covered(self, line: str) -> Row:
        """An hour later: the checkpoint over all that a line has said."""
        place = await self.place(line)
        self.service.forward(hours=1)

        async def there() -> Row:
            answer = await center(self.service).get("/checkpoints/latest", line=line)
            row: Row = answer.json() if answer.is_success else {}
            return row if row.get("place", 0) >= place else {}

        return await eventually(there)

    async def all_of(self, line: str) -> list[Row]:
        rows: list[Row] = (await self.read("/checkpoints", line=line, limit=1000))["rows"]
        return rows

    async def looked(self) -> None:
        """An hour later, and until the poller has gone by all lines: the last of its way has a checkpoint."""
        made, begun = "", "the hour before this one may have been looked at late"
        while made < begun:
            await self.said(LAST, 1)
            row = await self.covered(LAST)
            hour = self.service.process.tools.clock.now().replace(minute=0, second=0, microsecond=0)
            made, begun = row["at"], hour.strftime("%Y-%m-%dT%H:%M:%SZ")

    async def hold(self, rows: list[Row], checkpoint: Row) -> None:
        """The files of whoever got these events."""
        self.events.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.checkpoint.write_text(json.dumps(checkpoint))
        self.keys.write_text((await self.service.http.get("/v1/checkpoints/keys")).text)

    async def verify(self, *more: str) -> int:
        asked = [str(self.events), str(self.checkpoint), "--keys", str(self.keys), *more]
        return await asyncio.to_thread(main, asked)

    @property
    def source(self) -> tuple[str, ...]:
        """Where a subscriber of the line fetches from, with its token."""
        token = self.service.token("subscriber", "sub-1", "33")["Authorization"].removeprefix("Bearer ")
        return ("--fetch", str(self.service.http.base_url), "--token", token)
