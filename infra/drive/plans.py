"""Work plans to send: an authority's overall plan for its line, and a unit's own within it."""

import json
from datetime import date
from functools import cache
from typing import Any

from infra.drive.world import LEVEL, Unit, World, occupation_names
from infra.local.stack import ROOT

SECTIONS = ROOT / "services" / "registry" / "data" / "plan_sections.json"
LEVELS = [LEVEL, "3"]
EXPECTED, EXPECTED_OF_A_LINE = 20_000, 1_000_000  # candidates per occupation: more than any run examines


@cache
def _sections() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(SECTIONS.read_text(encoding="utf-8"))["sections"]
    return rows


def sections_for(kind: str) -> dict[str, str]:
    """A text for each section that a plan of a kind (`unit` or `overall`) must have."""
    return {row["id"]: f"{row['zh']}：见附件。" for row in _sections() if kind in row["required"]}


def plan_for(unit: Unit, start: date, end: date) -> dict[str, Any]:
    """A unit's work plan for its occupations."""
    scopes = [{"occupation": occupation, "levels": LEVELS, "numbers": EXPECTED} for occupation in unit.occupations]
    return _plan(f"{unit.name}职业技能鉴定试点工作方案", scopes, start, end, "unit")


def overall_for(authority: str, start: date, end: date) -> dict[str, Any]:
    """An authority's overall plan for all the pilot's occupations."""
    scopes = [{"occupation": name, "levels": LEVELS, "numbers": EXPECTED_OF_A_LINE} for name in occupation_names()]
    return _plan(f"{authority}职业技能鉴定试点整体工作方案", scopes, start, end, "overall")


def _plan(title: str, scopes: list[dict[str, Any]], start: date, end: date, kind: str) -> dict[str, Any]:
    return {
        "title": title,
        "scopes": scopes,
        "valid_from": start.isoformat(),
        "valid_until": end.isoformat(),
        "sections": sections_for(kind),
    }


async def overall_plan(world: World, authority: str, start: date, end: date) -> str:
    """The authority submits its overall plan and the Center files it; the plan's id."""
    submitted = await world.authority(authority).post("registry", "/v1/plans", overall_for(authority, start, end))
    await world.center.post("registry", f"/v1/plans/{submitted['id']}/file")
    return str(submitted["id"])


async def overall_plans(world: World, start: date, end: date) -> None:
    """The overall plan of each line that has a unit here."""
    for authority in sorted({unit.authority for unit in world.units}):
        await overall_plan(world, authority, start, end)
