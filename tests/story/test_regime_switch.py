"""The regime changes between two batches: two formats of numbers, and one person goes on with an old certificate."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import pytest

from infra.drive import exam, spine
from infra.drive.people import Person, people
from infra.drive.plans import overall_for, plan_for
from infra.drive.staff import staffed
from infra.drive.world import Unit, World, world
from infra.local.stack import Stack, stack
from shared.clock import SHANGHAI

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]

START = date(2019, 9, 2)  # a Monday of the notice's first stage
SWITCH = START + timedelta(days=1)  # the first batch is examined, and later filed, under the new regime
LATER = date(2023, 10, 16)  # four years after the first certificates; every plan filed in 2019 is over
OCCUPATION = "mason"
CLAIMS = {"years": [{"years": 4, "kind": "continuous"}]}
"""Enough for level 5; for level 4 only together with a certificate, years alone need six."""
REGIMES = "/v1/programmes/pilot-2019/regimes"
OLD, NEW = re.compile(r"\d{16}"), re.compile(r"[YS]\d{21}")


@dataclass
class Told:
    """What the story left behind; certificates as the registry lists them."""

    switched: dict[str, Any] = field(default_factory=dict)
    first: list[dict[str, Any]] = field(default_factory=list)
    second: list[dict[str, Any]] = field(default_factory=list)
    enrolment: dict[str, Any] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)
    third: list[dict[str, Any]] = field(default_factory=list)
    verified: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)


class Switch:
    """Two batches of level 5 on either side of the switch, and one of level 4 four years on."""

    def __init__(self, around: World) -> None:
        self.world = around
        self.unit, self.other = around.units[0], around.units[1]  # of one line
        self.crowd = people(seed=1893)
        self.told = Told()

    async def run(self) -> Told:
        """The whole story; the first to be certified is who goes on."""
        holder, *old = islice(self.crowd, 3)
        new = list(islice(self.crowd, 2))
        plans = await self._plans(START, START + timedelta(days=365))
        self.told.switched = await self.world.center.post(
            "registry", REGIMES, {"regime": "recognition", "effective": SWITCH.isoformat(), "basis": "转为等级认定"}
        )
        await self._before_and_after([holder, *old], new)
        self.world.set_time(LATER)
        await self._over(plans)
        await self._plans(LATER, LATER + timedelta(days=365))
        await self._goes_on(holder, next(self.crowd))
        await self._verify(holder)
        return self.told

    async def _plans(self, start: date, end: date) -> list[str]:
        """The overall plan of the line and the plans of both units; their ids."""
        scopes = [{"occupation": OCCUPATION, "levels": ["5", "4"], "numbers": 1000}]
        overall = {**overall_for(self.unit.authority, start, end), "scopes": scopes}
        made = await self.world.authority(self.unit.authority).post("registry", "/v1/plans", overall)
        await self.world.center.post("registry", f"/v1/plans/{made['id']}/file")
        own = [{**scopes[0], "numbers": 100}]
        units = [
            await spine.authorise(self.world, unit, {**plan_for(unit, start, end), "scopes": own})
            for unit in (self.unit, self.other)
        ]
        for unit in (self.unit, self.other):
            await staffed(self.world, unit, start)
        return [made["id"], *units]

    async def _before_and_after(self, old: list[Person], new: list[Person]) -> None:
        first = await self._entered(self.unit, old, level="5", exam_on=SWITCH)
        await self._publicised(self.unit, first, SWITCH)
        self.world.set_time(START + timedelta(days=9))
        self.told.first = await self._certified(self.unit, first)
        exam_on = START + timedelta(days=10)
        second = await self._entered(self.other, new, level="5", exam_on=exam_on)
        await self._publicised(self.other, second, exam_on)
        self.world.set_time(START + timedelta(days=19))
        self.told.second = await self._certified(self.other, second)

    async def _goes_on(self, holder: Person, stranger: Person) -> None:
        exam_on = LATER + timedelta(days=1)
        batch = await spine.announce(self.world, self.unit, OCCUPATION, exam_on, 2, level="4")
        self.told.enrolment = await self._enrol(self.unit, batch, [stranger, holder])
        rows = await spine.entries_of(self.world, self.unit, batch)
        (self.told.entry,) = [row for row in rows if row["state"] == "enrolled"]  # the other is kept, and not let in
        await self._publicised(self.unit, batch, exam_on)
        self.world.set_time(LATER + timedelta(days=9))
        self.told.third = await self._certified(self.unit, batch)

    async def _entered(self, unit: Unit, rows: list[Person], *, level: str, exam_on: date) -> str:
        batch = await spine.announce(self.world, unit, OCCUPATION, exam_on, len(rows), level=level)
        answer = await self._enrol(unit, batch, rows)
        assert answer["accepted"] == len(rows), answer["refused"]
        return batch

    async def _enrol(self, unit: Unit, batch: str, rows: list[Person]) -> dict[str, Any]:
        claimed = [{**person.row(), "claims": CLAIMS} for person in rows]
        path = f"/v1/batches/{batch}/entries"
        answer: dict[str, Any] = await self.world.caller(unit).post_rows("assessment", path, claimed)
        return answer

    async def _publicised(self, unit: Unit, batch: str, exam_on: date) -> None:
        self.world.set_time(exam_on, 17)
        entries = await spine.entries_of(self.world, unit, batch)
        await exam.examined(
            self.world, unit, batch, {row["id"]: exam.GOOD for row in entries if row["state"] == "enrolled"}
        )
        await spine.publicise(self.world, unit, batch)

    async def _certified(self, unit: Unit, batch: str) -> list[dict[str, Any]]:
        """The batch's certificates, in the order of their numbers."""
        await spine.finalise(self.world, unit, batch)
        await spine.settled(self.world, unit, batch)
        entries = await spine.entries_of(self.world, unit, batch)
        caller = self.world.caller(unit)
        certified = [row["id"] for row in entries if row["state"] == "certified"]
        rows = [await caller.get("registry", f"/v1/certificates/{entry}") for entry in certified]
        return sorted(rows, key=lambda row: str(row["number"]))

    async def _over(self, plans: list[str]) -> None:
        """Until the clock has ended these plans: one overall plan of a line is in force at a time."""

        async def ended() -> bool | None:
            rows = [await self.world.center.get("registry", f"/v1/plans/{plan}") for plan in plans]
            return all(row["state"] == "expired" for row in rows) or None

        await spine.until(ended, "the end of the plans of 2019")

    async def _verify(self, holder: Person) -> None:
        for row in (*self.told.first, *self.told.third):
            asked = {"number": row["number"], "name": holder.name}
            answer = await self.world.http.post(f"{self.world.stack.url('registry')}/v1/verify", json=asked)
            self.told.verified[row["number"]] = answer.status_code, answer.json()


async def _tell(running: Stack) -> Told:
    async with world(running) as around:
        return await Switch(around).run()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    at = datetime.combine(START, time(9), SHANGHAI)
    with stack(folder=tmp_path_factory.mktemp("switch"), at=at) as running:
        return asyncio.run(_tell(running))


def numbers(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["number"]) for row in rows]


def test_a_batch_filed_before_the_switch_and_ended_after_it_keeps_the_old_numbers(told: Told) -> None:
    assert [term["regime"] for term in told.switched["regimes"]] == ["appraisal", "recognition"]
    assert told.switched["regimes"][1]["effective"] == SWITCH.isoformat()
    assert [(row["regime"], row["level"]) for row in told.first] == [("appraisal", "5")] * 3
    assert all(SWITCH.isoformat() <= row["exam_on"] < row["filed_on"] for row in told.first)
    assert all(OLD.fullmatch(number) for number in numbers(told.first)), numbers(told.first)
    assert [int(number[-5:]) for number in numbers(told.first)] == [1, 2, 3]


def test_a_batch_filed_after_the_switch_has_the_new_numbers(told: Told) -> None:
    assert [(row["regime"], row["level"]) for row in told.second] == [("recognition", "5")] * 2
    assert all(NEW.fullmatch(number) for number in numbers(told.second)), numbers(told.second)
    assert [int(number[-6:]) for number in numbers(told.second)] == [1, 2]


def test_only_who_holds_the_old_certificate_goes_on_to_the_next_level(told: Told) -> None:
    (refused,) = told.enrolment["refused"]
    assert (told.enrolment["accepted"], refused["line"], refused["rule"]) == (1, 1, "eligibility")
    (proof,) = told.entry["eligibility"]["evidence"]
    assert (proof["predicate"], proof["by"]) == ("years_since_certificate", "certificate")
    assert proof["number"] in numbers(told.first)


def test_the_next_level_is_certified_with_a_new_number(told: Told) -> None:
    (row,) = told.third
    assert (row["regime"], row["level"]) == ("recognition", "4")
    assert NEW.fullmatch(row["number"])
    assert row["number"].endswith("234000001")


def test_the_old_certificate_still_verifies_beside_the_new_one(told: Told) -> None:
    old, new = told.entry["eligibility"]["evidence"][0]["number"], told.third[0]["number"]
    for number, regime in ((old, "appraisal"), (new, "recognition")):
        status, answer = told.verified[number]
        assert (status, answer["status"], answer["regime"]) == (200, "valid", regime)
    others = set(numbers(told.first)) - {old}
    assert {told.verified[number][0] for number in others} == {404}, "they are not in this person's name"
