"""What the demo does: the whole spine for N workers, on the notice's occupations and authorities, bad rows included."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from infra.demo.correction import Corrected, correct
from infra.drive import spine
from infra.drive.caller import Refused
from infra.drive.people import Person, misspelt, people, with_wrong_check_digit
from infra.drive.plans import overall_plan, plan_for
from infra.drive.world import Unit, World
from shared.workdays import local_day

START = date(2019, 9, 2)  # a Monday of the notice's first stage
CYCLE = "2019"
NOBODY = 1 << 30
FAILING = 10  # every tenth worker scores 59 in theory
SLIP = 1  # whose name is misspelt at the enrolment of the first batch: the second, if there are two

Step = Callable[[str], None]


@dataclass
class Batch:
    """One batch of the demo."""

    id: str
    unit: Unit
    occupation: str
    people: list[Person]
    entries: list[str] = field(default_factory=list)


@dataclass
class Tally:
    """What the demo sent and what it was told; the checks compare it with what the services hold."""

    accepted: int = 0
    passed: int = 0
    failed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    batches: list[Batch] = field(default_factory=list)
    frozen: str = ""
    evaluated: str = ""
    corrected: Corrected = field(init=False)


class Story:
    """Tells `step` what it does."""

    def __init__(self, world: World, count: int, step: Step) -> None:
        self.world = world
        self.count = count
        self.step = step
        self.tally = Tally()
        self._crowd = people(seed=2019)
        self._scored_before = 0

    async def run(self) -> Tally:
        """The whole story."""
        self.world.set_time(START)
        await self.world.subscribe()
        await self._plans()
        await self._batches()
        await self._results()
        await self._correction()
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
        batch = await spine.announce(self.world, unit, occupation, exam_on, len(crowd))
        bad = [with_wrong_check_digit(next(self._crowd)), crowd[0]] if with_bad_rows and crowd else []
        slip = _slip(crowd) if bad else None
        rows = [misspelt(person) if person is slip else person for person in crowd]
        await self._enrolled(Batch(batch, unit, occupation, crowd), [*rows, *bad])

    async def _enrolled(self, batch: Batch, rows: list[Person]) -> None:
        for answer in await spine.enrol(self.world, batch.unit, batch.id, rows):
            batch.entries += answer["entries"]
            self.tally.accepted += answer["accepted"]
            self.tally.refused.update(f"enrolment: {row['rule']}" for row in answer["refused"])
        self.tally.batches.append(batch)

    async def _out_of_scope(self) -> None:
        first, second = self.world.units[0], self.world.units[1]
        try:
            await spine.announce(self.world, first, second.occupations[0], START + timedelta(days=1), 10)
        except Refused as refused:
            self.tally.refused[f"batch: {refused.slug}"] += 1

    async def _results(self) -> None:
        self.world.set_time(START + timedelta(days=1), 17)
        for batch in self.tally.batches:
            self.step(f"成绩公示 results of {batch.occupation}")
            await self._scored(batch)
            await spine.publicise(self.world, batch.unit, batch.id)
        self.world.set_time(START + timedelta(days=9))
        for batch in self.tally.batches:
            await spine.finalise(self.world, batch.unit, batch.id)
        for batch in self.tally.batches:
            self.step(f"证书备案 certificates of {batch.occupation}")
            await spine.settled(self.world, batch.unit, batch.id)

    async def _scored(self, batch: Batch, *, every: int = FAILING) -> None:
        sheets = [
            spine.sheet(entry, 59 if place % every == every - 1 else 80, 72.5)
            for place, entry in enumerate(batch.entries, start=self._scored_before)
        ]
        if sheets and batch is self.tally.batches[0]:
            sheets[0]["practical"]["conduct"] = 99
            (refused,) = (await spine.score(self.world, batch.unit, batch.id, sheets[:1]))[0]["refused"]
            self.tally.refused[f"score: {refused['rule']}"] += 1
            sheets[0] = spine.sheet(batch.entries[0], 80, 72.5)
        await spine.score(self.world, batch.unit, batch.id, sheets)
        failed = sum(row["theory"] < 60 for row in sheets)  # noqa: PLR2004 - the notice's pass mark
        self._scored_before += len(sheets)
        self.tally.failed += failed
        self.tally.passed += len(sheets) - failed

    async def _correction(self) -> None:
        self.step("证书更正 a misspelt name is corrected")
        first = self.tally.batches[0]
        holder = _slip(first.people)
        entry = first.entries[first.people.index(holder)]
        self.tally.corrected = await correct(self.world, first.unit, first.id, entry, holder)

    async def _a_person_twice(self) -> None:
        """Somebody who holds the certificate already is examined again; the registry refuses the second filing."""
        self.step("重复取证 a certificate somebody holds already")
        first = self.tally.batches[0]
        start = START + timedelta(days=9)
        batch = await spine.announce(self.world, first.unit, first.occupation, start + timedelta(days=1), 1)
        made = Batch(batch, first.unit, first.occupation, first.people[:1])
        await self._enrolled(made, made.people)
        self.world.set_time(start + timedelta(days=1), 17)
        await self._scored(made, every=NOBODY)
        shown = await spine.publicise(self.world, first.unit, batch)
        # On the day the notice is over: a day later assessment would finalise by itself, perhaps before us.
        self.world.set_time(local_day(datetime.fromisoformat(shown["notice"]["ends_at"])))
        await spine.finalise(self.world, first.unit, batch)
        await spine.settled(self.world, first.unit, batch)
        (row,) = await spine.entries_of(self.world, first.unit, batch)
        self.tally.refused[f"filing: {row['reason']}"] += 1

    async def _evaluation(self) -> None:
        self.step("综合评估 evaluation of a unit")
        unit = self.world.units[0]
        scores, evidence = spine.form_answers()
        asked = {"cycle": CYCLE, "scores": scores, "evidence": evidence}
        made = await self.world.caller(unit).post("evaluation", "/v1/evaluations", asked)
        path = f"/v1/evaluations/{made['id']}"
        await self.world.caller(unit).post("evaluation", f"{path}/apply")
        await self.world.center.post(
            "evaluation", f"{path}/decide", {"scores": scores, "reason": "专家组评估，达到要求。"}
        )
        self.world.set_time(START + timedelta(days=50))
        filed = await self.world.center.post("evaluation", f"{path}/file")
        self.tally.evaluated = f"{unit.id} {filed['state']}"

    async def _revocation(self) -> None:
        self.step("取消试点资格 a unit loses its status in the middle of a batch")
        unit = self.world.units[-1]
        today = START + timedelta(days=50)
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
