"""What the demo does: the whole spine for N workers, on the notice's occupations and authorities, bad rows included."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from typing import Any

from infra.demo.correction import correct
from infra.demo.exams import Exams
from infra.demo.tally import Batch, Tally
from infra.drive import spine
from infra.drive.caller import Refused
from infra.drive.people import Person, misspelt, people, with_wrong_check_digit
from infra.drive.plans import overall_plan, plan_for
from infra.drive.staff import staffed
from infra.drive.world import Unit, World

START = date(2019, 9, 2)  # a Monday of the notice's first stage
CYCLE = "2019"
SLIP = 1  # whose name is misspelt at the enrolment of the first batch: the second, if there are two

Step = Callable[[str], None]


class Story:
    """Tells `step` what it does."""

    def __init__(self, world: World, count: int, step: Step) -> None:
        self.world = world
        self.count = count
        self.step = step
        self.tally = Tally()
        self.exams = Exams(world, self.tally, step)
        self._crowd = people(seed=2019)

    async def run(self) -> Tally:
        """The whole story."""
        self.world.set_time(START)
        await self.world.subscribe()
        await self._plans()
        await self._batches()
        await self._results()
        await self._correction()
        await self.exams.resit(START + timedelta(days=9))
        await self._a_person_twice()
        await self._evaluation()
        await self._revocation()
        return self.tally

    async def _plans(self) -> None:
        for authority in sorted({unit.authority for unit in self.world.units}):
            self.step(f"整体方案备案 overall plan of authority {authority}")
            await overall_plan(self.world, authority, START, START + timedelta(days=365))
        for place, unit in enumerate(self.world.units):
            self.step(f"工作方案备案 plan of {unit.id}")
            plan = plan_for(unit, START, START + timedelta(days=365))
            if place == 0:
                await self._returned_first(unit, plan)
            else:
                await spine.authorise(self.world, unit, plan)
            self.step(f"站点与证卡 site and cards of {unit.id}")
            await staffed(self.world, unit, START)

    async def _returned_first(self, unit: Unit, plan: dict[str, Any]) -> None:
        center, caller = self.world.center, self.world.caller(unit)
        submitted = await caller.post("registry", "/v1/plans", {**plan, "title": "方案"})
        path = f"/v1/plans/{submitted['id']}"
        await center.post("registry", f"{path}/return", {"remarks": "请写明方案全称。"})
        await caller.post("registry", path, plan, method="PUT")
        await center.post("registry", f"{path}/file")

    async def _batches(self) -> None:
        pairs = [(unit, occupation) for unit in self.world.units for occupation in unit.occupations]
        for place, (unit, occupation) in enumerate(pairs[: self.count]):
            self.step(f"考核批次 batch of {occupation} at {unit.id}")
            size = self.count // len(pairs) + (place < self.count % len(pairs))
            await self._batch(unit, occupation, list(islice(self._crowd, size)), with_bad_rows=place == 0)
        await self._out_of_scope()

    async def _batch(self, unit: Unit, occupation: str, crowd: list[Person], *, with_bad_rows: bool) -> None:
        exam_on = START + timedelta(days=1)
        made = await spine.announce(self.world, unit, occupation, exam_on, len(crowd))
        bad = [with_wrong_check_digit(next(self._crowd)), crowd[0]] if with_bad_rows and crowd else []
        slip = _slip(crowd) if bad else None
        rows = [misspelt(person) if person is slip else person for person in crowd]
        await self.exams.enrolled(Batch(made, unit, occupation, crowd), [person.row() for person in (*rows, *bad)])

    async def _out_of_scope(self) -> None:
        first, second = self.world.units[0], self.world.units[1]
        try:
            await spine.announce(self.world, first, second.occupations[0], START + timedelta(days=1), 10)
        except Refused as refused:
            self.tally.refused[f"batch: {refused.slug}"] += 1

    async def _results(self) -> None:
        batches = list(self.tally.batches)
        await self.exams.held(batches, START + timedelta(days=1))
        await self.exams.objection()
        self.world.set_time(START + timedelta(days=9))
        await self.exams.finalised(batches)

    async def _correction(self) -> None:
        self.step("证书更正 a misspelt name is corrected")
        first = self.tally.batches[0]
        holder = _slip(first.people)
        entry = first.entries[first.people.index(holder)]
        self.tally.corrected = await correct(self.world, first.unit, first.id, entry, holder)

    async def _a_person_twice(self) -> None:
        """Somebody who holds the certificate already is examined again; the registry refuses the second filing."""
        self.step("重复取证 a certificate somebody holds already")
        today = START + timedelta(days=25)
        self.world.set_time(today)
        first = self.tally.batches[0]
        batch = await self.exams.one(first, first.people[0], today, {})
        await self.exams.to_its_end(batch, today)
        (row,) = await spine.entries_of(self.world, batch.unit, batch.id)
        self.tally.refused[f"filing: {row['reason']}"] += 1

    async def _evaluation(self) -> None:
        self.step("综合评估 evaluation of a unit")
        unit = self.world.units[0]
        scores, evidence = spine.form_answers()
        await spine.cycle_with(self.world, CYCLE, START, START + timedelta(days=90))
        asked = {"cycle": CYCLE, "scores": scores, "evidence": evidence}
        made = await self.world.caller(unit).post("evaluation", "/v1/evaluations", asked)
        path = f"/v1/evaluations/{made['id']}"
        await self.world.caller(unit).post("evaluation", f"{path}/apply")
        await self.world.center.post(
            "evaluation", f"{path}/decide", {"scores": scores, "reason": "专家组评估，达到要求。"}
        )
        self.world.set_time(START + timedelta(days=59))
        filed = await self.world.center.post("evaluation", f"{path}/file")
        self.tally.evaluated = f"{unit.id} {filed['state']}"

    async def _revocation(self) -> None:
        self.step("取消试点资格 a unit loses its status in the middle of a batch")
        unit = self.world.units[-1]
        today = START + timedelta(days=60)
        self.world.set_time(today)
        exam_on = today + timedelta(days=1)
        batch = await spine.announce(self.world, unit, unit.occupations[0], exam_on, 1)
        await self.world.center.post(
            "evaluation",
            "/v1/revocations",
            {"unit": unit.id, "cycle": CYCLE, "ground": "dishonesty", "reason": "经查实，伪造考生成绩。"},
        )
        await spine.until(lambda: self._is_frozen(unit, batch), f"the freezing of {batch}")
        self.tally.frozen = batch
        try:
            await spine.enrol(self.world, unit, batch, [next(self._crowd)])
        except Refused as refused:
            self.tally.refused[f"frozen batch: {refused.slug}"] += 1

    async def _is_frozen(self, unit: Unit, batch: str) -> bool | None:
        found = await self.world.caller(unit).get("assessment", f"/v1/batches/{batch}")
        return bool(found["frozen"]) or None


def _slip(crowd: list[Person]) -> Person:
    """The candidate of the first batch whose name somebody misspells."""
    return crowd[: SLIP + 1][-1]
