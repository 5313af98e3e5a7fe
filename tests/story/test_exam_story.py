"""One exam with everything that can go wrong in it: a conflict, an objection, a suspension; on the whole stack."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import pytest

from infra.drive import exam, spine
from infra.drive.caller import Refused
from infra.drive.exam import GOOD, Marks
from infra.drive.people import Person, people
from infra.drive.plans import overall_plan, plan_for
from infra.drive.staff import staffed
from infra.drive.world import World, world
from infra.local.stack import Stack, stack
from shared.clock import SHANGHAI

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]

START = date(2019, 9, 2)  # a Monday of the notice's first stage
EXAM_ON = START + timedelta(days=1)
OVER = START + timedelta(days=9)  # the notice of five working days is over
EMPLOYER = "示例建筑工程有限公司"
SIGNED = {"scorer": "复核员甲", "checker": "复核员乙"}


@dataclass
class Told:
    """What the story left behind."""

    conflict: list[str] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    replaced: str = ""
    seal: dict[str, Any] = field(default_factory=dict)
    after_the_seal: str = ""
    publicised: dict[str, dict[str, Any]] = field(default_factory=dict)
    same_signature: Refused | None = None
    while_open: dict[str, dict[str, Any]] = field(default_factory=dict)
    batch_while_open: dict[str, Any] = field(default_factory=dict)
    decided: dict[str, Any] = field(default_factory=dict)
    sheets: list[dict[str, Any]] = field(default_factory=list)
    end: dict[str, dict[str, Any]] = field(default_factory=dict)
    batch_at_the_end: dict[str, Any] = field(default_factory=dict)
    certificates: dict[str, dict[str, Any]] = field(default_factory=dict)
    explanation: dict[str, Any] = field(default_factory=dict)
    frozen: dict[str, Any] = field(default_factory=dict)
    while_frozen: str = ""


class Exam:
    """Two candidates: one passes, one is counted three points too few."""

    def __init__(self, around: World) -> None:
        self.world = around
        self.unit = around.units[0]
        self.occupation = self.unit.occupations[0]
        self.caller = around.caller(self.unit)
        self.told = Told()

    async def run(self) -> Told:
        """The whole story."""
        self.world.set_time(START)
        await overall_plan(self.world, self.unit.authority, START, START + timedelta(days=365))
        await spine.authorise(self.world, self.unit, plan_for(self.unit, START, START + timedelta(days=365)))
        await staffed(self.world, self.unit, START)
        neighbour, miscounted, *others = islice(people(seed=1889), 4)
        batch = await self._entered([neighbour, miscounted], EXAM_ON)
        path = f"/v1/batches/{batch}"
        first, second = await self._in_order(batch, [neighbour, miscounted])
        self.world.set_time(EXAM_ON)
        await exam.arranged(self.world, self.unit, batch)
        await self._conflict(path)
        await exam.begun(self.world, self.unit, batch)
        await exam.scored(self.world, self.unit, batch, {first: GOOD, second: Marks(theory=58)})
        self.told.seal = (await exam.sealed(self.world, self.unit, batch))["seal"]
        await self._too_late(batch, second)
        await spine.publicise(self.world, self.unit, batch)
        self.told.publicised = await self._entries(batch)
        objection = await self._objects(path, second)
        self.world.set_time(OVER)
        await spine.finalise(self.world, self.unit, batch)
        await self._until_state(batch, first, "certified")
        self.told.while_open = await self._entries(batch)
        self.told.batch_while_open = await self.caller.get("assessment", path)
        await self._reviewed(objection)
        await self._until_state(batch, second, "certified")
        await self._at_the_end(batch, first, second)
        await self._suspended(others)
        return self.told

    async def _entered(self, crowd: list[Person], exam_on: date) -> str:
        batch = await spine.announce(self.world, self.unit, self.occupation, exam_on, len(crowd))
        rows = [{**person.row(), "employer": EMPLOYER} for person in crowd]
        answer = await self.caller.post_rows("assessment", f"/v1/batches/{batch}/entries", rows)
        assert answer["accepted"] == len(crowd), answer["refused"]
        self._taken = dict(zip((person.id_number for person in crowd), answer["entries"], strict=True))
        return batch

    async def _in_order(self, batch: str, crowd: list[Person]) -> list[str]:
        found = {row["id"] for row in await spine.entries_of(self.world, self.unit, batch)}
        assert found == set(self._taken.values())
        return [self._taken[person.id_number] for person in crowd]

    async def _conflict(self, path: str) -> None:
        """An assessor who works where the candidates do is refused, and another takes their place."""
        staff = self.world.staff[self.unit.id]
        partial, *rest = staff.assessors
        line = self.world.authority(self.unit.authority)
        changed = {"employer": EMPLOYER, "reason": "调动"}
        await line.post("registry", f"/v1/cards/{partial}/employer", changed)
        asked = {
            "groups": [{"part": "practical", "assessors": [partial, *rest[:2]], "head": rest[0]}],
            "supervisor": staff.supervisor,
            "supervision": "external",
            "invigilators": await exam.invigilators(self.world, self.unit, path.rpartition("/")[2]),
        }

        async def refused() -> list[str] | None:
            try:
                await self.caller.post("assessment", f"{path}/assignment", asked)
            except Refused as refusal:
                return refusal.rules
            return None  # the new employer has not been heard of yet

        self.told.conflict = await spine.until(refused, "the conflict")
        self.told.replaced = partial
        await exam.assigned(self.world, self.unit, path.rpartition("/")[2])
        self.told.group = (await exam.groups(self.world, self.unit, path.rpartition("/")[2]))["practical"]

    async def _too_late(self, batch: str, entry: str) -> None:
        try:
            await exam.scored(self.world, self.unit, batch, {entry: GOOD})
        except Refused as refused:
            self.told.after_the_seal = refused.slug

    async def _objects(self, path: str, entry: str) -> str:
        asked = {"entry": entry, "kind": "score", "text": "第三大题漏计三分，请予复核。"}
        made = await self.caller.post("assessment", f"{path}/objections", asked)
        await self.caller.post("assessment", f"/v1/objections/{made['id']}/accept")
        return str(made["id"])

    async def _reviewed(self, objection: str) -> None:
        path = f"/v1/objections/{objection}/review"
        change = {"part": "theory", "points": {"points": 61}}
        asked = {"ground": "omission", "changes": [change], "reason": "三分漏计，予以补计。", **SIGNED}
        try:
            await self.caller.post("assessment", path, {**asked, "checker": SIGNED["scorer"]})
        except Refused as refused:
            self.told.same_signature = refused
        self.told.decided = await self.caller.post("assessment", path, asked)

    async def _entries(self, batch: str) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in await spine.entries_of(self.world, self.unit, batch)}

    async def _until_state(self, batch: str, entry: str, state: str) -> None:
        async def reached() -> bool | None:
            return (await self._entries(batch))[entry]["state"] == state or None

        await spine.until(reached, f"{entry} {state}")

    async def _at_the_end(self, batch: str, first: str, second: str) -> None:
        path = f"/v1/batches/{batch}"

        async def certified() -> dict[str, Any] | None:
            found: dict[str, Any] = await self.caller.get("assessment", path)
            return found if found["state"] == "certified" else None

        self.told.batch_at_the_end = await spine.until(certified, f"the end of {batch}")
        self.told.end = await self._entries(batch)
        self.told.sheets = await self.caller.get("assessment", f"{path}/entries/{second}/sheets")
        self.told.explanation = await self.caller.get("assessment", f"{path}/entries/{second}/explanation")
        for entry in (first, second):
            self.told.certificates[entry] = await self.caller.get("registry", f"/v1/certificates/{entry}")

    async def _suspended(self, crowd: list[Person]) -> None:
        """The Center suspends the unit while its next batch is being examined."""
        batch = await self._entered(crowd, OVER + timedelta(days=1))
        entries = await self._in_order(batch, crowd)
        self.world.set_time(OVER + timedelta(days=1))
        await exam.arranged(self.world, self.unit, batch)
        await exam.assigned(self.world, self.unit, batch)
        await exam.begun(self.world, self.unit, batch)
        asked = {
            "on": (OVER + timedelta(days=1)).isoformat(),
            "reason": "考场管理失序，停止鉴定。",
            "basis": "试点管理要求",
        }
        await self.world.center.post("registry", f"/v1/standings/{self.unit.id}/suspend", asked)

        async def frozen() -> dict[str, Any] | None:
            found: dict[str, Any] = await self.caller.get("assessment", f"/v1/batches/{batch}")
            return found if found["frozen"] else None

        self.told.frozen = await spine.until(frozen, f"the freezing of {batch}")
        try:
            await exam.scored(self.world, self.unit, batch, dict.fromkeys(entries, GOOD))
        except Refused as refused:
            self.told.while_frozen = refused.slug


async def _tell(running: Stack) -> tuple[Told, list[str]]:
    async with world(running) as around:
        story = Exam(around)
        told = await story.run()
        return told, list(dict.fromkeys(told.end))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    at = datetime.combine(START, time(9), SHANGHAI)
    with stack(folder=tmp_path_factory.mktemp("exam"), at=at) as running:
        return asyncio.run(_tell(running))[0]


def by_theory(rows: dict[str, dict[str, Any]]) -> dict[float, str]:
    """The state of each entry by its theory points."""
    points = {row["id"]: next(s["points"] for s in row["scores"] if s["part"] == "theory") for row in rows.values()}
    return {points[identity]: str(row["state"]) for identity, row in rows.items()}


def test_an_assessor_in_conflict_is_found_and_replaced(told: Told) -> None:
    assert told.conflict == ["same-employer"]
    assert told.replaced not in told.group
    assert len(told.group) == 3


def test_sheets_are_sealed_and_take_no_points_any_more(told: Told) -> None:
    assert (told.seal["sheets"], len(told.seal["digest"])) == (8, 64)
    assert told.after_the_seal == "batch-state"


def test_the_notice_shows_58_as_failed(told: Told) -> None:
    assert by_theory(told.publicised) == {80: "passed", 58: "failed"}


def test_the_neighbour_is_certified_while_the_objection_is_open(told: Told) -> None:
    assert by_theory(told.while_open) == {80: "certified", 58: "failed"}
    assert told.batch_while_open["state"] == "finalised"


def test_58_becomes_61_by_two_signatures_and_both_versions_stay(told: Told) -> None:
    assert told.same_signature is not None
    assert told.decided["state"] == "changed"
    theory = [sheet for sheet in told.sheets if sheet["part"] == "theory"]
    assert [(sheet["version"], sheet["points"]) for sheet in theory] == [(1, 58), (2, 61)]
    assert (theory[1]["scorer"], theory[1]["checker"]) == (SIGNED["scorer"], SIGNED["checker"])
    assert theory[0]["digest"] != theory[1]["digest"]


def test_both_end_with_a_certificate_the_neighbour_first(told: Told) -> None:
    assert by_theory(told.end) == {80: "certified", 61: "certified"}
    assert told.batch_at_the_end["state"] == "certified"
    earlier, later = (told.certificates[row["id"]] for row in sorted(told.end.values(), key=lambda row: row["number"]))
    assert (earlier["theory"], later["theory"]) == (80, 61)
    assert int(later["number"][-5:]) == int(earlier["number"][-5:]) + 1


def test_why_the_second_passed_is_answered_from_what_is_stored(told: Told) -> None:
    assert told.explanation["holds"] is True
    assert all(row["holds"] for row in told.explanation["checks"])


def test_a_suspension_in_the_middle_of_the_next_batch_freezes_it(told: Told) -> None:
    assert (told.frozen["state"], told.frozen["frozen"]) == ("in_exam", True)
    assert told.while_frozen == "batch-frozen"
