"""Who examines and where: the confirmed site of a unit, and the cards of its assessors and supervisor."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import islice
from typing import Any

from infra.drive.people import Person, people
from infra.drive.world import DATA, Unit, World
from shared.workdays import years_later

POOL = 7  # assessors of a unit: a third of a group of three changes each time, and nobody comes four times in a row
STATIONS = 40
LEVELS = ("5", "4", "3")
CONDITIONS = ("place_equipment", "instruments", "staff", "rules", "licence")
PRACTISED = 4  # years, more than a supervisor needs


@dataclass(frozen=True)
class Staff:
    """The people and the place of one unit's exams."""

    site: str
    assessors: tuple[str, ...]
    supervisor: str
    invigilators: Iterator[Person]


@cache
def scopes() -> list[dict[str, Any]]:
    """Every pilot occupation with those of the three lower levels that its standard offers."""
    rows = json.loads((DATA / "standards.json").read_text(encoding="utf-8"))["standards"]
    offered = {row["occupation"]: [level["level"] for level in row["levels"]] for row in rows}
    return [
        {"occupation": name, "levels": [one for one in LEVELS if one in levels]} for name, levels in offered.items()
    ]


async def staffed(world: World, unit: Unit, today: date) -> Staff:
    """A site and cards for a unit from today on."""
    crowd = people(seed=f"{unit.id} {today}")
    supervisor, *assessors = islice(crowd, POOL + 1)
    staff = Staff(
        site=await _site(world, unit),
        assessors=tuple([await _card(world, unit, person, "assessor", today) for person in assessors]),
        supervisor=await _card(world, unit, supervisor, "supervisor", today),
        invigilators=crowd,
    )
    world.staff[unit.id] = staff
    return staff


async def _site(world: World, unit: Unit) -> str:
    caller, line = world.caller(unit), world.authority(unit.authority)
    asked = {
        "name": f"{unit.name}实训场",
        "address": "示例路1号",
        "region_code": "330106",
        "scopes": [{**scope, "stations": STATIONS} for scope in scopes()],
        "conditions": [{"condition": name, "met": True, "evidence": "见附件"} for name in CONDITIONS],
    }
    site = str((await caller.post("registry", "/v1/sites", asked))["id"])
    line_of_ledger = {"name": "实训设备", "count": STATIONS, "fit": STATIONS, "keeper": "保管员", "inspected_on": None}
    await caller.post("registry", f"/v1/sites/{site}/ledger", line_of_ledger)
    await line.post("registry", f"/v1/sites/{site}/confirm")
    return site


async def _card(world: World, unit: Unit, person: Person, kind: str, today: date) -> str:
    asked = {
        "kind": kind,
        "name": person.name,
        "id_number": person.id_number,
        "employer": "",
        "scopes": scopes(),
        "evidence": _papers(kind, today),
        "valid_from": today.isoformat(),
    }
    return str((await world.authority(unit.authority).post("registry", "/v1/cards", asked))["id"])


def _papers(kind: str, today: date) -> list[dict[str, str]]:
    proof = (
        {"kind": "certificate", "document": "职业资格证书(三级)", "level": "3"}
        if kind == "assessor"
        else {"kind": "practice", "document": "考评员聘书", "level": "assessor"}
    )
    before = years_later(today, -PRACTISED).isoformat()
    others = [{"kind": name, "document": "结业证、考试合格通知"} for name in ("training", "exam")]
    return [{**row, "since": before} for row in (proof, *others)]
