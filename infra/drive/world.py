"""The people and systems around skillcert: the Center, pilot units on the notice's data, a subscriber."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from infra.drive.caller import Caller
from infra.drive.receiver import Receiver
from infra.local.stack import ROOT, Stack
from shared.clock import SHANGHAI, set_offset

if TYPE_CHECKING:
    from infra.drive.staff import Staff

LEVEL = "4"  # every pilot standard offers it
DATA = ROOT / "services" / "registry" / "data"


@dataclass(frozen=True, slots=True)
class Unit:
    """A pilot unit of the notice's order, with the occupations it examines here."""

    id: str
    authority: str
    name: str
    occupations: tuple[str, ...]


@dataclass
class World:
    """Everybody who talks to the running stack."""

    stack: Stack
    receiver: Receiver
    http: httpx.AsyncClient
    center: Caller
    units: list[Unit]
    callers: dict[str, Caller] = field(default_factory=dict)
    staff: dict[str, "Staff"] = field(default_factory=dict)

    def caller(self, unit: Unit) -> Caller:
        """The unit's own system."""
        if unit.id not in self.callers:
            self.callers[unit.id] = Caller(self.stack, self.http, "unit", unit.id, unit.authority)
        return self.callers[unit.id]

    def authority(self, code: str) -> Caller:
        """The system of an authority."""
        return Caller(self.stack, self.http, "authority", code, code)

    def set_time(self, day: date, hour: int = 9) -> None:
        """Set the business clock of all services to an hour of a day in Asia/Shanghai."""
        moment = datetime.combine(day, time(hour), SHANGHAI)
        set_offset(self.stack.clock_file, (moment - datetime.now(UTC)).total_seconds())

    async def subscribe(self, *types: str) -> dict[str, Any]:
        """Make the receiver a webhook subscriber of the Center."""
        asked = {"url": self.receiver.url, "types": list(types), "from_position": 0}
        made: dict[str, Any] = await self.center.post("notification", "/v1/subscriptions", asked)
        if made["state"] != "active":
            raise RuntimeError(f"the receiver was not verified: {made['reason']}")
        self.receiver.secret = made["secret"]
        return made


@cache
def _data(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def occupation_names() -> dict[str, str]:
    """Chinese names of the pilot's occupations by id, in the notice's order."""
    return {row["id"]: row["name_zh"]["value"] for row in _data("occupations.json")["occupations"]}


def pilot_units() -> list[Unit]:
    """The example units; the 11 occupations go round among them."""
    rows = _data("organisations.json")["units"]
    names = list(occupation_names())
    return [
        Unit(row["id"], row["authority_code"], row["name"]["zh"], tuple(names[place :: len(rows)]))
        for place, row in enumerate(rows)
    ]


@asynccontextmanager
async def world(stack: Stack) -> AsyncIterator[World]:
    """The world around a running stack."""
    with Receiver().serve() as receiver:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=20)) as http:
            center = Caller(stack, http, "center", "center")
            yield World(stack, receiver, http, center, pilot_units())


def exam_day(today: date) -> date:
    """Exams are announced before they are held."""
    return today + timedelta(days=1)


def build_folder(name: str) -> Path:
    """`build/<name>`, made when missing."""
    folder = ROOT / "build" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
