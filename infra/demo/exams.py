"""The demo's exams: an assignment refused and mended, sheets sealed, an objection that is right, a resit passed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from infra.demo.tally import Batch, Failed, Tally
from infra.drive import exam, spine
from infra.drive.caller import Refused
from infra.drive.exam import GOOD, Marks
from infra.drive.people import CLAIMS, Person
from infra.drive.world import World
from shared.workdays import local_day

FAILING = 10  # every tenth worker scores 59 in theory
MISCOUNTED, RIGHT = 58, 61  # the theory points of the first who fails: three points were left out
REVIEWERS = {"scorer": "复核员甲", "checker": "复核员乙"}
HELD = ("certified", "rejected", "failed")


@dataclass
class Exams:
    """Tells `step` what it does and keeps the tally."""

    world: World
    tally: Tally
    step: Callable[[str], None]
    scored: int = 0

    async def enrolled(self, batch: Batch, rows: list[dict[str, Any]]) -> None:
        """Candidates entered; what was refused is counted by its rule."""
        path = f"/v1/batches/{batch.id}/entries"
        answer = await self.world.caller(batch.unit).post_rows("assessment", path, rows)
        batch.entries += answer["entries"]
        self.tally.accepted += answer["accepted"]
        self.tally.refused.update(f"enrolment: {row['rule']}" for row in answer["refused"])
        self.tally.batches.append(batch)

    async def held(self, batches: list[Batch], exam_on: date) -> None:
        """Each of these batches from its arrangement to the public notice."""
        self.world.set_time(exam_on)
        for batch in batches:
            self.step(f"编排与考评 tickets and assessors of {batch.occupation}")
            await exam.arranged(self.world, batch.unit, batch.id)
            if batch is self.tally.batches[0]:
                await self._refused_first(batch)
            await exam.assigned(self.world, batch.unit, batch.id)
            await exam.begun(self.world, batch.unit, batch.id)
        self.world.set_time(exam_on, 17)
        for batch in batches:
            self.step(f"封存与公示 sheets sealed, results of {batch.occupation} publicised")
            await self._publicised(batch)

    async def _refused_first(self, batch: Batch) -> None:
        """A group of two whose supervisor assesses as well is refused; the one that follows is confirmed."""
        path = f"/v1/batches/{batch.id}/assignment"
        first, second, *_ = self.world.staff[batch.unit.id].assessors
        asked = {
            "groups": [{"part": "practical", "assessors": [first, second], "head": first}],
            "supervisor": first,
            "supervision": "internal",
            "invigilators": await exam.invigilators(self.world, batch.unit, batch.id),
        }
        try:
            await self.world.caller(batch.unit).post("assessment", path, asked)
        except Refused as refused:
            self.tally.refused.update(f"assignment: {rule}" for rule in refused.rules)
            self.tally.mended = batch.id

    async def _publicised(self, batch: Batch) -> None:
        if batch is self.tally.batches[0]:
            await self._above_points(batch)
        marks = self._marks(batch)
        await exam.scored(self.world, batch.unit, batch.id, marks)
        await exam.sealed(self.world, batch.unit, batch.id)
        notice = (await spine.publicise(self.world, batch.unit, batch.id))["notice"]
        self.tally.publicised.update({name: notice[name] for name in ("passed", "failed")})
        self.tally.passed += notice["passed"]
        self.tally.failed += notice["failed"]

    def _marks(self, batch: Batch) -> dict[str, Marks]:
        marks = {}
        for entry, person in zip(batch.entries, batch.people, strict=True):
            self.scored += 1
            if self.scored % FAILING == 0:
                self.tally.failures.append(Failed(batch, entry, person))
                marks[entry] = Marks(theory=MISCOUNTED if len(self.tally.failures) == 1 else 59)
            else:
                marks[entry] = GOOD
        return marks

    async def _above_points(self, batch: Batch) -> None:
        """More conduct points than the sheet has are refused."""
        group = (await exam.groups(self.world, batch.unit, batch.id))["practical"]
        (entry, *_) = await spine.entries_of(self.world, batch.unit, batch.id)
        sheet = exam.sheets_of(entry, group, GOOD)[-1]
        sheet["points"]["conduct"] = 99
        path = f"/v1/batches/{batch.id}/sheets"
        answer = await self.world.caller(batch.unit).post_rows("assessment", path, [sheet])
        self.tally.refused.update(f"score: {row['rule']}" for row in answer["refused"])

    async def finalised(self, batches: list[Batch]) -> None:
        """Each of these batches made final, and every entry of them ended."""
        for batch in batches:
            await spine.finalise(self.world, batch.unit, batch.id)
        for batch in batches:
            self.step(f"证书备案 certificates of {batch.occupation}")
            await spine.settled(self.world, batch.unit, batch.id)

    async def objection(self) -> None:
        """The first who failed objects: three points of the paper were left out, which two people sign."""
        if not self.tally.failures:
            return
        self.step("异议复核 an objection: 58 becomes 61")
        batch, entry, _ = self.tally.failures[0]
        caller = self.world.caller(batch.unit)
        asked = {"entry": entry, "kind": "score", "text": "第三大题漏计三分，请予复核。"}
        made = await caller.post("assessment", f"/v1/batches/{batch.id}/objections", asked)
        path = f"/v1/objections/{made['id']}"
        await caller.post("assessment", f"{path}/accept")
        change = {"part": "theory", "points": {"points": RIGHT}}
        reason = "第三大题三分漏计，予以补计。"
        review = {"ground": "omission", "changes": [change], "reason": reason, **REVIEWERS}
        decided = await caller.post("assessment", f"{path}/review", review)
        self.tally.objected = f"{decided['state']}"
        self.tally.passed += 1
        self.tally.failed -= 1

    async def resit(self, today: date) -> None:
        """The second who failed sits the theory part again in a further batch, and is certified."""
        if len(self.tally.failures) <= 1:
            return
        self.step("补考 a resit of the part that was failed")
        failed = self.tally.failures[1]
        batch = await self.one(failed.batch, failed.person, today, {"resit": True})
        await self.to_its_end(batch, today)
        (row,) = await spine.entries_of(self.world, batch.unit, batch.id)
        self.tally.resat = row["state"]

    async def one(self, like: Batch, person: Person, today: date, more: Mapping[str, Any]) -> Batch:
        """A further batch of the same unit and occupation, for one candidate."""
        exam_on = today + timedelta(days=1)
        made = await spine.announce(self.world, like.unit, like.occupation, exam_on, 1)
        batch = Batch(made, like.unit, like.occupation, [person])
        await self.enrolled(batch, [{**person.row(), "claims": CLAIMS, **more}])
        return batch

    async def to_its_end(self, batch: Batch, today: date) -> None:
        """From the day before its exam until the registry has answered for its candidate."""
        self.scored = 0  # nobody fails here
        await self.held([batch], today + timedelta(days=1))
        shown = await self.world.caller(batch.unit).get("assessment", f"/v1/batches/{batch.id}")
        # On the day the notice is over: a day later assessment would finalise by itself, perhaps before us.
        self.world.set_time(local_day(datetime.fromisoformat(shown["notice"]["ends_at"])))
        await spine.finalise(self.world, batch.unit, batch.id)
        await spine.settled(self.world, batch.unit, batch.id)
