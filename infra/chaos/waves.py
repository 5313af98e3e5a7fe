"""The spine under faults: wave after wave of batches, every request repeated with its key until it is answered."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice

from infra.chaos.faults import Faults
from infra.drive import exam, spine
from infra.drive.caller import Refused
from infra.drive.people import people
from infra.drive.plans import overall_plans, plan_for
from infra.drive.staff import staffed
from infra.drive.world import Unit, World, exam_day

START = date(2019, 9, 2)
PATIENCE = 180.0
CLOSED = "batch-state"


@dataclass
class Waves:
    """What was examined: the entries that passed, and the batches they are in."""

    world: World
    size: int
    passed: set[str] = field(default_factory=set)
    batches: list[tuple[Unit, str]] = field(default_factory=list)
    replay: str = ""

    def __post_init__(self) -> None:
        self._crowd = people(seed=7)
        self._day = START

    async def prepare(self) -> None:
        """Plans on file, the receiver subscribed to everything."""
        self._subscription = (await self.world.subscribe())["id"]
        end = START + timedelta(days=700)
        await overall_plans(self.world, START, end)
        for unit in self.world.units:
            await spine.authorise(self.world, unit, plan_for(unit, START, end))
            await staffed(self.world, unit, START)

    async def run(self, entries: int, faults: Faults, least_faults: int) -> None:
        """That many entries, with the faults spread evenly over them."""
        while len(self.passed) < entries:
            await self._wave()
            if not self.replay:
                await self._tell_again()
            due = min(1, len(self.passed) / entries) * least_faults
            await spine.until(lambda due=due: _reached(faults, due), "the next fault", PATIENCE)  # type: ignore[misc]
        await spine.until(lambda: _enough(faults, least_faults), "the last fault", PATIENCE)

    async def _tell_again(self) -> None:
        """Everything there is by now is sent a second time, beside what is new and under the same faults."""
        asked = {"subscription": self._subscription, "from_position": 0}
        self.replay = str((await self.world.center.post("notification", "/v1/replays", asked))["id"])

    async def _wave(self) -> None:
        self.world.set_time(self._day)
        announced = await asyncio.gather(*(self._announced(unit) for unit in self.world.units))
        self.a_day_on()
        made = await asyncio.gather(*(self._examined(*row) for row in announced))
        self._day = max(closes_on for _, _, closes_on in made)
        self.a_day_on()
        await asyncio.gather(*(self._finalised(unit, batch) for unit, batch, _ in made))
        self.batches += [(unit, batch) for unit, batch, _ in made]

    async def _announced(self, unit: Unit) -> tuple[Unit, str, list[str]]:
        occupation = unit.occupations[len(self.batches) % len(unit.occupations)]
        crowd = list(islice(self._crowd, self.size))
        batch = await spine.announce(self.world, unit, occupation, exam_day(self._day), len(crowd))
        answers = await spine.enrol(self.world, unit, batch, crowd)
        return unit, batch, [entry for answer in answers for entry in answer["entries"]]

    async def _examined(self, unit: Unit, batch: str, entries: list[str]) -> tuple[Unit, str, date]:
        await exam.examined(self.world, unit, batch, dict.fromkeys(entries, exam.GOOD))
        notice = (await spine.publicise(self.world, unit, batch))["notice"]
        self.passed.update(entries)
        return unit, batch, date.fromisoformat(notice["closes_on"])

    async def _finalised(self, unit: Unit, batch: str) -> None:
        try:
            await spine.finalise(self.world, unit, batch)
        except Refused as refused:
            if refused.slug != CLOSED:  # the clock finalises what nobody has finalised: it was first
                raise

    def a_day_on(self) -> None:
        """Move the business clock on by a day."""
        self._day += timedelta(days=1)
        self.world.set_time(self._day)

    async def unsettled(self) -> list[str]:
        """Batches that did not end although everything runs again."""
        left = []
        for unit, batch in self.batches:
            try:
                await spine.settled(self.world, unit, batch, PATIENCE)
            except spine.NeverCame as never:
                left.append(str(never))
        return left


async def _enough(faults: Faults, least: int) -> bool | None:
    return faults.enough(least) or None


async def _reached(faults: Faults, due: float) -> bool | None:
    return len(faults.done) >= due or None
