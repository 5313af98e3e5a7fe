"""One exam: rooms and tickets, who assesses, the sheets of each assessor, the seal."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from infra.drive.spine import ROWS, entries_of, until
from infra.drive.staff import STATIONS
from infra.drive.world import Unit, World

POINTS = {"operating_rules": 25, "safe_production": 20, "problem_solving": 15, "task_completion": 30, "conduct": 10}
TO_AN_INVIGILATOR, IN_A_ROOM = 15, 2
MARKING, CHECKING = "阅卷员", "核分员"


@dataclass(frozen=True, slots=True)
class Marks:
    """What a candidate is given: the theory paper, and the same practical points by each assessor."""

    theory: float = 80
    practical: float = 72.5


GOOD = Marks()


class SheetsRefused(Exception):  # noqa: N818 - says what happened
    """Sheets that should have been taken were not."""


async def arranged(world: World, unit: Unit, batch: str) -> dict[str, Any]:
    """Rooms named and a ticket given to each candidate; the batch."""
    caller, path = world.caller(unit), f"/v1/batches/{batch}"
    count = int((await caller.get("assessment", path))["counts"]["enrolled"])
    turns = -(-count // STATIONS)
    rooms = [
        {"part": "theory", "name": "一号考场", "stations": count, "turns": 1},
        {"part": "practical", "name": "一号工位区", "stations": min(count, STATIONS), "turns": turns},
    ]
    await caller.post("assessment", f"{path}/arrangement", {"rooms": rooms})

    async def ticketed() -> dict[str, Any] | None:
        found: dict[str, Any] = await caller.get("assessment", path)
        return found if found["tickets"] == count else None

    return await until(ticketed, f"the tickets of {batch}")


async def assigned(world: World, unit: Unit, batch: str) -> dict[str, Any]:
    """Who assesses, supervises and invigilates: as proposed from the unit's pool."""
    caller, path = world.caller(unit), f"/v1/batches/{batch}/assignment"
    pool = [*world.staff[unit.id].assessors, world.staff[unit.id].supervisor]
    proposed = await caller.post("assessment", f"{path}/proposal", {"pool": pool})
    asked = {
        "groups": proposed["groups"],
        "supervisor": proposed["supervisor"],
        "supervision": "internal",
        "invigilators": await invigilators(world, unit, batch),
    }
    answer: dict[str, Any] = await caller.post("assessment", path, asked)
    return answer


async def invigilators(world: World, unit: Unit, batch: str) -> list[dict[str, str]]:
    """As many as each theory room of a batch needs."""
    found = await world.caller(unit).get("assessment", f"/v1/batches/{batch}")
    rows = []
    for room in (row for row in found["rooms"] if row["part"] == "theory"):
        wanted = max(IN_A_ROOM, -(-room["stations"] // TO_AN_INVIGILATOR))
        rows += [
            {"part": "theory", "room": room["name"], "name": person.name, "id_number": person.id_number}
            for person in islice(world.staff[unit.id].invigilators, wanted)
        ]
    return rows


async def begun(world: World, unit: Unit, batch: str) -> dict[str, Any]:
    """The exam begins."""
    answer: dict[str, Any] = await world.caller(unit).post("assessment", f"/v1/batches/{batch}/begin")
    return answer


async def scored(world: World, unit: Unit, batch: str, marks: Mapping[str, Marks]) -> list[dict[str, Any]]:
    """The sheets of these entries, in files of 500 rows; the answers."""
    caller, path = world.caller(unit), f"/v1/batches/{batch}/sheets"
    group = (await groups(world, unit, batch))["practical"]
    entries = await entries_of(world, unit, batch)
    sheets = [sheet for row in entries if row["id"] in marks for sheet in sheets_of(row, group, marks[row["id"]])]
    answers = [
        await caller.post_rows("assessment", path, sheets[start : start + ROWS])
        for start in range(0, len(sheets), ROWS)
    ]
    if refused := [row for answer in answers for row in answer["refused"]]:
        raise SheetsRefused(f"{len(refused)} sheets of {batch} are refused; the first: {refused[0]}")
    return answers


async def groups(world: World, unit: Unit, batch: str) -> dict[str, list[str]]:
    """The cards of those who assess, by part."""
    found = await world.caller(unit).get("assessment", f"/v1/batches/{batch}/assignment")
    return {row["part"]: [card["card"] for card in row["assessors"]] for row in found["groups"]}


def sheets_of(entry: Mapping[str, Any], group: list[str], marks: Marks) -> list[dict[str, Any]]:
    """One theory sheet, and a practical one by each assessor, of the parts a candidate sits."""
    work_pieces = {row["part"]: row["work_piece"] for row in entry["places"]}
    rows: list[dict[str, Any]] = []
    if piece := work_pieces.get("theory"):
        signed = {"scorer": MARKING, "checker": CHECKING}
        rows.append({"work_piece": piece, "part": "theory", "points": {"points": marks.theory}, **signed})
    if piece := work_pieces.get("practical"):
        points = spread(marks.practical)
        rows += [
            {"work_piece": piece, "part": "practical", "points": points, "scorer": card, "checker": CHECKING}
            for card in group
        ]
    return rows


def spread(practical: float) -> dict[str, float]:
    """Practical points over the sheet's dimensions, in steps of a half."""
    points = {name: int(most * practical / 100 * 2) / 2 for name, most in POINTS.items()}
    rest = practical - sum(points.values())
    for name, most in POINTS.items():
        more = min(rest, most - points[name])
        points[name] += more
        rest -= more
    return points


async def sealed(world: World, unit: Unit, batch: str) -> dict[str, Any]:
    """The exam ended and every sheet sealed; the batch."""
    caller, path = world.caller(unit), f"/v1/batches/{batch}"
    await caller.post("assessment", f"{path}/end")
    await caller.post("assessment", f"{path}/seal")

    async def has_seal() -> dict[str, Any] | None:
        found: dict[str, Any] = await caller.get("assessment", path)
        return found if found["seal"] else None

    return await until(has_seal, f"the seal of {batch}")


async def examined(world: World, unit: Unit, batch: str, marks: Mapping[str, Marks]) -> dict[str, Any]:
    """Everything from the arrangement to the seal, on the day of the exam; the batch."""
    await arranged(world, unit, batch)
    await assigned(world, unit, batch)
    await begun(world, unit, batch)
    await scored(world, unit, batch, marks)
    return await sealed(world, unit, batch)
