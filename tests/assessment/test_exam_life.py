"""Any life of a batch, with several actors: whatever they do, in whatever order, nobody is certified against a rule.

The doors and hearers are assessment's own, on the real database; the bus gives messages in any order, some twice.
What is allowed is judged here anew, from what was sent and accepted, never from what assessment keeps.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.clock import SHANGHAI
from shared.events.assessment import EntryFoundWrong, ResultsFinalised
from shared.events.registry import (
    Alternative,
    CardIssued,
    CardRevoked,
    CertificateFiled,
    Conditions,
    FilingRejected,
    Predicate,
    UnitReinstated,
    UnitSuspended,
)
from tests.assessment.examples import DIMENSIONS, issued, person, published, resident_id, site_said, standing
from tests.assessment.shuffled import Shuffled, shuffled

pytestmark = [pytest.mark.live, pytest.mark.timeout(280)]

BEGINS = datetime(2019, 9, 20, 4, tzinfo=UTC)
UNIT, LINE, SITE, LEVEL = "unit-33-001", "33", "site-1", "5"
YEARS = 2
CONDITIONS = Conditions(
    level=LEVEL,
    alternatives=(
        Alternative(all_of=(Predicate(predicate="min_years", years=YEARS, kind="continuous", scope="related"),)),
    ),
    source="older national standard",
)
CARDS = [f"card-{place}" for place in range(1, 8)]
SUPERVISOR = "card-9"
MARK = 60
THEORY = st.sampled_from([58.0, 59.5, 60.0, 61.0, 80.0, 80.0, 90.0])
PRACTICAL = st.sampled_from([50.0, 59.5, 60.0, 72.5, 90.0, 90.0])
LIVES, MOST_ROUNDS = 12, 6
ENOUGH = 10  # results made final and entries certified, before the machine is believed
RARELY = st.sampled_from([True, False, False, False, False, False])


@dataclass(frozen=True)
class Chance:
    """What happens at the next proper step of a batch, where it is left to chance."""

    theory: float
    practical: float
    absent: bool
    accident: bool
    files: bool
    size: int
    """Of a group that is assigned whatever the proposal says; 0: as it says."""
    objects: bool


CHANCES = st.builds(
    Chance,
    THEORY,
    PRACTICAL,
    RARELY,
    RARELY,
    st.sampled_from([True, True, False]),
    st.sampled_from([0, 0, 0, 2, 4]),
    st.booleans(),
)
EIGHT = st.lists(CHANCES, min_size=8, max_size=8)


@dataclass
class Candidate:
    """What was sent of one candidate and taken."""

    batch: str
    years: float
    resit: bool
    number: int
    admitted: bool = False
    withdrawn: bool = False
    attendance: dict[str, str] = field(default_factory=dict)
    sheets: dict[tuple[str, str], float] = field(default_factory=dict)
    accidents: set[str] = field(default_factory=set)
    objection: str = ""
    upheld: bool = False


@dataclass
class Exam:
    """What was sent of one batch and taken."""

    id: str
    exam_on: date
    group: list[str] = field(default_factory=list)
    ends_at: datetime | None = None


def spread(points: float) -> dict[str, float]:
    """Practical points over the dimensions, in steps of a half."""
    marks = {name: int(most * points / 100 * 2) / 2 for name, most in DIMENSIONS.items()}
    rest = points - sum(marks.values())
    for name, most in DIMENSIONS.items():
        more = min(rest, most - marks[name])
        marks[name] += more
        rest -= more
    return marks


class Life(RuleBasedStateMachine):
    """One unit, two batches at a time, a registry that files or rejects, cards that are revoked."""

    runner: ClassVar[asyncio.Runner]
    app: ClassVar[Shuffled]
    judged: ClassVar[int]
    explained: ClassVar[set[str]]

    @initialize(depth=st.sampled_from([5, 9, 12, 12, 12]), chances=st.lists(CHANCES, min_size=12, max_size=12))
    def begin(self, depth: int, chances: list[Chance]) -> None:
        """A batch that has come somewhere on its way."""
        self.exams: dict[str, Exam] = {}
        self.candidates: dict[str, Candidate] = {}
        self.revoked: dict[str, date] = {}
        self.answered: set[tuple[str, int]] = set()
        self.certified: set[str] = set()
        self.people = 0
        self._checked = 0
        self.run(self._begin())
        self.plans(days=3)
        self.a_batch_goes_on(0, depth, chances)

    async def _begin(self) -> None:
        for store in self.app.service.stores:
            await store.collection.delete({})
        for waiting in (self.app.bus, self.app.said):
            waiting.clear()
        self.app.clock.move(BEGINS - self.app.clock.now())
        self.app.hears(published(eligibility=(CONDITIONS,)), "rebar_worker-2019p", "national")
        self.app.hears(standing(unit=UNIT), UNIT)
        self.app.hears(site_said(site=SITE, unit=UNIT), SITE)
        for card in (*CARDS, SUPERVISOR):
            self.app.hears(self._card(card), card)
        await self.app.give_all()

    def _card(self, card: str, kind: type[CardIssued] | type[CardRevoked] = CardIssued, **changed: Any) -> Any:
        number = 1_000_000 + int(card.rpartition("-")[2])
        sealed = json.dumps({"name": "考评员", "id_number": resident_id(number)}, ensure_ascii=False)
        said = issued(
            card=card,
            number=f"A3319{number % 1000:04d}",
            kind="supervisor" if card == SUPERVISOR else "assessor",
            person=self.app.tools.sealer.seal(sealed, bound_to=card),
            **changed,
        )
        return kind(**said.model_dump())

    def run(self, work: Awaitable[Any]) -> Any:
        async def awaited() -> Any:
            return await work

        return self.runner.run(awaited())

    # -- asking ----------------------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: Any = None, role: str = "unit") -> Any:
        """The answer of a door, or None where a rule refused."""
        organisation, line = (UNIT, LINE) if role == "unit" else (LINE, LINE)
        answer = await self.app.ask(role, organisation, line, method, path, body)
        return answer.json() if answer.is_success else None

    async def entries(self, batch: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.ask("GET", f"/batches/{batch}/entries?limit=100"))["rows"]
        return rows

    def exam(self, chosen: int) -> Exam | None:
        found = list(self.exams.values())
        return found[chosen % len(found)] if found else None

    def candidate(self, chosen: int) -> tuple[str, Candidate] | None:
        found = list(self.candidates.items())
        return found[chosen % len(found)] if found else None

    # -- what a unit does ------------------------------------------------------------------------------

    @rule(days=st.integers(2, 4))
    def plans(self, days: int) -> None:
        open_ = [exam for exam in self.exams.values() if exam.ends_at is None]
        if len(open_) < 2:
            self.run(self._plans(days))

    async def _plans(self, days: int) -> None:
        exam_on = self.app.clock.today() + timedelta(days=days)
        asked = {
            "occupation": "rebar_worker",
            "level": LEVEL,
            "exam_on": exam_on.isoformat(),
            "planned": 5,
            "site": SITE,
        }
        if made := await self.ask("POST", "/batches", asked):
            self.exams[made["id"]] = Exam(made["id"], exam_on)

    @rule(chosen=st.integers(0, 9), steps=st.integers(1, 8), chances=EIGHT)
    def a_batch_goes_on(self, chosen: int, steps: int, chances: list[Chance]) -> None:
        """The next steps in their proper order, whatever they are."""
        for chance in chances[:steps]:
            if exam := self.exam(chosen):
                self.run(self._goes_on(exam, chance))

    @rule(steps=st.integers(4, 8), chances=EIGHT)
    def the_newest_batch_goes_on(self, steps: int, chances: list[Chance]) -> None:
        """The same for the batch that was planned last."""
        self.a_batch_goes_on(len(self.exams) - 1, steps, chances)

    async def _goes_on(self, exam: Exam, chance: Chance) -> None:
        batch = await self.ask("GET", f"/batches/{exam.id}")
        steps = {
            "planned": self._files,
            "filed": self._registers,
            "registering": self._enters_or_arranges,
            "arranged": self._assigns_and_begins,
            "in_exam": self._examines_and_ends,
            "marking": self._examines_and_seals,
            "scored": self._publicises,
            "publicised": self._finalises,
            "closed": self._ends,
            "finalised": self._ends,
        }
        if step := steps.get(batch["state"]):
            await step(exam, chance)

    async def _files(self, exam: Exam, _: Chance) -> None:
        await self.ask("POST", f"/batches/{exam.id}/file")

    async def _registers(self, exam: Exam, _: Chance) -> None:
        await self.ask("POST", f"/batches/{exam.id}/registration", {"until": exam.exam_on.isoformat()})

    async def _enters_or_arranges(self, exam: Exam, _: Chance) -> None:
        count = (await self.ask("GET", f"/batches/{exam.id}"))["counts"]["enrolled"]
        if count < 2:
            await self._enrols(exam, YEARS, resit=False)
            return
        rooms = [
            {"part": "theory", "name": "一号考场", "stations": count},
            {"part": "practical", "name": "一号工位区", "stations": 1, "turns": count},
        ]
        await self.ask("POST", f"/batches/{exam.id}/arrangement", {"rooms": rooms})

    async def _examines_and_ends(self, exam: Exam, chance: Chance) -> None:
        await self._examines(exam, chance)
        await self.ask("POST", f"/batches/{exam.id}/end")

    async def _examines_and_seals(self, exam: Exam, chance: Chance) -> None:
        await self._examines(exam, replace(chance, absent=False, accident=False))
        await self.ask("POST", f"/batches/{exam.id}/seal")

    async def _finalises(self, exam: Exam, chance: Chance) -> None:
        rows = await self.entries(exam.id)
        if chance.objects and rows:
            await self._objects(rows[-1]["id"], self.candidates[rows[-1]["id"]], "score")
        if not chance.absent:  # else it is tried before the period is over
            self._not_before(exam.ends_at)
        await self.ask("POST", f"/batches/{exam.id}/finalise")

    async def _ends(self, _: Exam, chance: Chance) -> None:
        await self.app.give_all()
        await self._registry_answers(files=chance.files)

    def _not_before(self, moment: datetime | None) -> None:
        if moment is not None and self.app.clock.now() < moment:
            self.app.clock.move(moment - self.app.clock.now())

    async def _assigns_and_begins(self, exam: Exam, chance: Chance) -> None:
        await self.app.give_all()
        path = f"/batches/{exam.id}/assignment"
        if proposed := await self.ask("POST", f"{path}/proposal", {"pool": [*CARDS, SUPERVISOR]}):
            await self._assigns(exam, proposed["groups"], proposed["supervisor"])
        if chance.size:
            await self._assigns_any(exam, chance.size, 0)
        if chance.absent and proposed:
            self.a_card_is_revoked(CARDS.index(proposed["groups"][0]["assessors"][0]))
            await self.app.give_all()
        self._not_before(datetime.combine(exam.exam_on, time(9), SHANGHAI))
        await self._begins(exam)

    async def _assigns(self, exam: Exam, groups: Any, supervisor: str) -> None:
        watching = [
            {"part": "theory", "room": "一号考场", "name": f"监考{place}", "id_number": resident_id(1_500_000 + place)}
            for place in (1, 2)
        ]
        asked = {"groups": groups, "supervisor": supervisor, "supervision": "internal", "invigilators": watching}
        await self.ask("POST", f"/batches/{exam.id}/assignment", asked)

    async def _begins(self, exam: Exam) -> None:
        waiting = {row.subject for row in self.app.bus if row.type == CardRevoked.type}
        if await self.ask("POST", f"/batches/{exam.id}/begin"):
            shown = await self.ask("GET", f"/batches/{exam.id}")
            exam.group = shown["assessors"]
            assert not self.revoked.keys() & set(exam.group) - waiting, "a card that is known to be revoked assesses"

    async def _examines(self, exam: Exam, chance: Chance) -> None:
        """The sheets that are missing; one candidate may be absent, or have an accident."""
        rows = [row for row in await self.entries(exam.id) if row["state"] in ("enrolled", "passed", "failed")]
        if chance.absent and rows:
            await self._notes(exam, rows[0]["id"], "practical", "absent")
        for place, row in enumerate(rows):
            for seat in row["places"]:
                points = chance.theory if seat["part"] == "theory" else chance.practical
                bad = "触电" if chance.accident and place == 0 and seat["part"] == "practical" else ""
                await self._signs(exam, row["id"], seat, points if place else max(points, MARK), bad)

    async def _signs(self, exam: Exam, entry: str, seat: dict[str, Any], points: float, accident: str = "") -> None:
        signers = exam.group if seat["part"] == "practical" else ["阅卷员"]
        for signer in signers:
            if (seat["part"], signer) not in self.candidates[entry].sheets:
                await self._sheet(exam, entry, seat, signer, points, accident)

    async def _sheet(
        self, exam: Exam, entry: str, seat: dict[str, Any], signer: str, points: float, accident: str, why: str = ""
    ) -> None:
        part = seat["part"]
        row = {
            "work_piece": seat["work_piece"],
            "part": part,
            "points": spread(points) if part == "practical" else {"points": points},
            "scorer": signer,
            "checker": "核分员",
            "accident": accident,
            "correction": why,
        }
        answer = await self.ask("POST", f"/batches/{exam.id}/sheets", [row])
        if answer and answer["accepted"]:
            known = self.candidates[entry]
            known.sheets[part, signer] = points
            (known.accidents.add if accident else known.accidents.discard)(f"{part} {signer}")

    async def _notes(self, exam: Exam, entry: str, part: str, mark: str) -> None:
        row = {"entry": entry, "part": part, "mark": mark, "note": "见考场记录"}
        answer = await self.ask("POST", f"/batches/{exam.id}/attendance", [row])
        if answer and answer["accepted"]:
            self.candidates[entry].attendance[part] = mark

    async def _publicises(self, exam: Exam, _: Chance | None = None) -> None:
        await self.app.give_all()
        if shown := await self.ask("POST", f"/batches/{exam.id}/publicise"):
            exam.ends_at = datetime.fromisoformat(shown["notice"]["ends_at"])

    # -- candidates ------------------------------------------------------------------------------------

    @rule(chosen=st.integers(0, 9), years=st.sampled_from([0.5, 2.0, 8.0]))
    def somebody_is_entered(self, chosen: int, years: float) -> None:
        if exam := self.exam(chosen):
            self.run(self._enrols(exam, years, resit=False))

    @rule(chosen=st.integers(0, 9), who=st.integers(0, 99))
    def somebody_who_was_examined_resits(self, chosen: int, who: int) -> None:
        known = self.candidate(who)
        if known and (exam := self.exam(chosen)):
            self.run(self._enrols(exam, YEARS, resit=True, number=known[1].number))

    async def _enrols(self, exam: Exam, years: float, *, resit: bool, number: int | None = None) -> None:
        if number is None:
            number = self.people = self.people + 1
        row = {**person(number), "claims": {"years": [{"years": years, "kind": "continuous"}]}, "resit": resit}
        before = {known["id"] for known in await self.entries(exam.id)}
        answer = await self.ask("POST", f"/batches/{exam.id}/entries", [row])
        if answer is None:
            return
        for entry in answer["entries"]:
            self.candidates[entry] = Candidate(exam.id, years, resit, number)
        for known in await self.entries(exam.id):
            if known["state"] == "ineligible" and known["id"] not in before:
                self.candidates[known["id"]] = Candidate(exam.id, years, resit, number)

    @rule(who=st.integers(0, 99))
    def an_authority_admits_somebody(self, who: int) -> None:
        if known := self.candidate(who):
            self.run(self._admits(*known))

    async def _admits(self, entry: str, known: Candidate) -> None:
        asked = {"reason": "原件已核验，符合条件。"}
        if await self.ask("POST", f"/batches/{known.batch}/entries/{entry}/admit", asked, role="authority"):
            known.admitted = True

    @rule(who=st.integers(0, 99))
    def somebody_withdraws(self, who: int) -> None:
        if known := self.candidate(who):
            self.run(self._withdraws(*known))

    async def _withdraws(self, entry: str, known: Candidate) -> None:
        if await self.ask("POST", f"/batches/{known.batch}/entries/{entry}/withdraw", {"reason": "本人申请退出。"}):
            known.withdrawn = True

    # -- at the wrong time, by the wrong hand ----------------------------------------------------------

    @rule(chosen=st.integers(0, 9), step=st.sampled_from(["file", "begin", "end", "seal", "publicise", "finalise"]))
    def a_step_is_tried_out_of_its_order(self, chosen: int, step: str) -> None:
        if exam := self.exam(chosen):
            self.run(self._tried(exam, step))

    async def _tried(self, exam: Exam, step: str) -> None:
        if step == "begin":
            await self._begins(exam)
        elif step == "publicise":
            await self._publicises(exam)
        else:
            await self.ask("POST", f"/batches/{exam.id}/{step}")

    @rule(chosen=st.integers(0, 9), size=st.integers(1, 4), first=st.integers(0, 6))
    def any_group_is_assigned(self, chosen: int, size: int, first: int) -> None:
        if exam := self.exam(chosen):
            self.run(self._assigns_any(exam, size, first))

    async def _assigns_any(self, exam: Exam, size: int, first: int) -> None:
        cards = [CARDS[(first + place) % len(CARDS)] for place in range(size)]
        await self._assigns(exam, [{"part": "practical", "assessors": cards, "head": cards[0]}], SUPERVISOR)

    @rule(who=st.integers(0, 99), mark=st.sampled_from(["absent", "violation", "late", "present"]))
    def attendance_is_noted(self, who: int, mark: str) -> None:
        if known := self.candidate(who):
            entry, about = known
            self.run(self._notes(self.exams[about.batch], entry, "theory", mark))

    @rule(who=st.integers(0, 99), points=THEORY, signer=st.sampled_from([*CARDS, "阅卷员"]))
    def a_sheet_is_signed_again(self, who: int, points: float, signer: str) -> None:
        if known := self.candidate(who):
            self.run(self._signs_again(*known, points, signer))

    async def _signs_again(self, entry: str, known: Candidate, points: float, signer: str) -> None:
        exam = self.exams[known.batch]
        row = next((row for row in await self.entries(exam.id) if row["id"] == entry), None)
        for seat in row["places"] if row else ():
            if (seat["part"] == "practical") == signer.startswith("card"):
                await self._sheet(exam, entry, seat, signer, points, "", "复查更正")

    # -- objections ------------------------------------------------------------------------------------

    @rule(who=st.integers(0, 99), kind=st.sampled_from(["score", "conduct"]))
    def somebody_objects(self, who: int, kind: str) -> None:
        if known := self.candidate(who):
            self.run(self._objects(*known, kind))

    async def _objects(self, entry: str, known: Candidate, kind: str) -> None:
        asked = {"entry": entry, "kind": kind, "text": "请予复核。"}
        if made := await self.ask("POST", f"/batches/{known.batch}/objections", asked):
            known.objection = made["id"]

    @rule(who=st.integers(0, 99), points=THEORY, upholds=st.booleans(), refuses=RARELY)
    def an_objection_is_decided(self, who: int, points: float, upholds: bool, refuses: bool) -> None:
        known = self.candidate(who)
        if known and known[1].objection:
            self.run(self._decided(known[1], points, upholds=upholds, refuses=refuses))

    async def _decided(self, known: Candidate, points: float, *, upholds: bool, refuses: bool) -> None:
        path = f"/objections/{known.objection}"
        if refuses and await self.ask("POST", f"{path}/refuse", {"reason": "不属复核范围。"}, role="authority"):
            known.objection = ""
            return
        await self.ask("POST", f"{path}/accept", role="authority")
        shown = await self.ask("GET", path)
        if shown["kind"] == "score":
            await self._review(path, known, points)
        else:
            await self._decide(path, known, upholds=upholds)

    async def _review(self, path: str, known: Candidate, points: float) -> None:
        change = {"part": "theory", "points": {"points": points}}
        asked = {
            "ground": "omission",
            "changes": [change],
            "reason": "漏计，予以补计。",
            "scorer": "甲",
            "checker": "乙",
        }
        if answer := await self.ask("POST", f"{path}/review", asked):
            known.objection = ""
            if answer["state"] == "changed":
                known.sheets["theory", "阅卷员"] = points

    async def _decide(self, path: str, known: Candidate, *, upholds: bool) -> None:
        outcome = "upheld" if upholds else "rejected"
        if await self.ask("POST", f"{path}/decide", {"outcome": outcome, "reason": "经查实。"}, role="authority"):
            known.objection = ""
            known.upheld = known.upheld or upholds

    # -- the registry ----------------------------------------------------------------------------------

    async def _registry_answers(self, *, files: bool) -> None:
        """It files or rejects what was said final and not answered yet."""
        for said in self._final():
            for row in said.results:
                key = (row.entry, sum(one is row or one.entry == row.entry for one in self._results_until(said)))
                if key in self.answered:
                    continue
                self.answered.add(key)
                self._answer(said, row.entry, files=files)
        await self.app.give_all()

    def _results_until(self, last: ResultsFinalised) -> Iterator[Any]:
        for said in self._final():
            yield from said.results
            if said == last:
                return

    def _answer(self, said: ResultsFinalised, entry: str, *, files: bool) -> None:
        about = {"entry": entry, "batch": said.batch, "unit": said.unit}
        if not files:
            self.app.hears(FilingRejected(**about, reason="issuer-without-code", detail="-"), f"{entry}-rejected")
            return
        self.certified.add(entry)
        filed = CertificateFiled(
            **about,
            certificate=entry,
            number=f"1910332001{LEVEL}{len(self.certified):05d}",
            occupation=said.occupation,
            level=said.level,
            holder="测*",
            exam_on=said.exam_on,
            filed_on=self.app.clock.today(),
        )
        self.app.hears(filed, entry)

    @rule(who=st.integers(0, 99))
    def a_rejected_result_is_filed_again(self, who: int) -> None:
        if known := self.candidate(who):
            entry, about = known
            path = f"/batches/{about.batch}/entries/{entry}/refile"
            self.run(self.ask("POST", path, {"reason": "发证代码已录入。"}))

    @rule(chosen=st.integers(0, 6))
    def a_card_is_revoked(self, chosen: int) -> None:
        card = CARDS[chosen]
        if card in self.revoked or len(self.revoked) >= 2:
            return
        today = self.revoked[card] = self.app.clock.today()
        self.app.hears(self._card(card, CardRevoked, ended_on=today, reason="弄虚作假"), card)

    @rule(lifts=st.booleans())
    def the_unit_is_suspended_and_lifted(self, lifts: bool) -> None:
        kind = UnitReinstated if lifts else UnitSuspended
        about = standing(kind, unit=UNIT, suspended_on=None if lifts else self.app.clock.today(), reason="整改")
        granted = standing(unit=UNIT).grants
        self.app.hears(about.model_copy(update={"grants": granted}), UNIT)
        if lifts:
            self.run(self.app.give_all())

    # -- bus and clock ---------------------------------------------------------------------------------

    @rule(chosen=st.integers(0, 99), again=st.booleans())
    def a_message_comes(self, chosen: int, again: bool) -> None:
        self.run(self.app.give(chosen, again=again))

    @rule(days=st.sampled_from([0, 0, 0, 1, 8]))
    def days_go_by(self, days: int) -> None:
        self.app.clock.move(timedelta(days=days))
        self.run(self.app.look())

    # -- what always holds -----------------------------------------------------------------------------

    def _final(self) -> list[ResultsFinalised]:
        """Every chunk of final results that was said, in order."""
        return [ResultsFinalised.model_validate_json(row.body) for row in self._said(ResultsFinalised.type)]

    def _said(self, kind: str) -> list[Any]:
        return [row for row in self.app.said if row.type == kind]

    @invariant()
    def only_results_that_keep_every_rule_are_said_final(self) -> None:
        for message in self._said(ResultsFinalised.type)[self._checked :]:
            said = ResultsFinalised.model_validate_json(message.body)
            for row in said.results:
                self.must_be_right(row.entry, message.time)
        self._checked = len(self._said(ResultsFinalised.type))

    def must_be_right(self, entry: str, at: datetime) -> None:
        """Judge an entry anew from what was sent of it, at the moment its result is said."""
        type(self).judged += 1
        known = self.candidates[entry]
        exam = self.exams[known.batch]
        assert known.years >= YEARS or known.admitted, "not eligible, and nobody let them in"
        assert not known.withdrawn
        assert not known.upheld, "an objection to their conduct was right"
        assert known.objection == "", "an objection is open"
        assert exam.ends_at is not None
        assert at >= exam.ends_at, "the period is not over"
        self.group_must_be_right(exam)
        for part in ("theory", "practical"):
            assert self.has_passed(known, exam, part) or self.was_carried(known, part), (entry, part, known)

    def group_must_be_right(self, exam: Exam) -> None:
        assert len(exam.group) >= 3
        assert len(exam.group) % 2 == 1
        assert len(set(exam.group)) == len(exam.group)
        assert SUPERVISOR not in exam.group

    def has_passed(self, known: Candidate, exam: Exam, part: str) -> bool:
        if known.attendance.get(part) == "absent" or "violation" in known.attendance.values():
            return False
        if any(row.startswith(part) for row in known.accidents):
            return False
        signers = exam.group if part == "practical" else ["阅卷员"]
        points = [known.sheets.get((part, signer)) for signer in signers]
        given = [one for one in points if one is not None]
        return len(given) == len(signers) and sum(given) / len(given) >= MARK

    def was_carried(self, known: Candidate, part: str) -> bool:
        """Whether a resit carries the part over from an earlier exam of the same person."""
        earlier = [row for row in self.candidates.values() if row.number == known.number and row is not known]
        return known.resit and any(self.has_passed(row, self.exams[row.batch], part) for row in earlier)

    @invariant()
    def every_certified_entry_is_explained_by_what_is_stored(self) -> None:
        self.run(self._explained())

    async def _explained(self) -> None:
        for exam in self.exams.values():
            rows = await self.ask("GET", f"/batches/{exam.id}/entries?state=certified&limit=100")
            for row in rows["rows"]:
                assert row["id"] in self.certified, "certified without a word of the registry"
                path = f"/batches/{exam.id}/entries/{row['id']}/explanation"
                told = await self.ask("GET", path)
                failing = {check["rule"] for check in told["checks"] if not check["holds"]}
                assert failing <= self.lost_since(exam, row["id"]), (failing, told["checks"])
                self.explained.add(row["id"])

    def lost_since(self, exam: Exam, entry: str) -> set[str]:
        """What no longer holds by what became known only after the exam had begun, or after the certificate."""
        lost = set()
        if any(self.revoked[card] <= exam.exam_on for card in exam.group if card in self.revoked):
            lost.add("assessors")
        if any(entry in str(said.body) for said in self._said(EntryFoundWrong.type)):
            lost.add("still-right")
        return lost


@pytest.fixture
def life(servers: Servers, issuer: Issuer, tmp_path: Path) -> Iterator[type[Life]]:
    """The machine on assessment's own database."""
    with asyncio.Runner() as runner:
        held = shuffled(servers, issuer, tmp_path, BEGINS)
        Life.runner, Life.judged, Life.explained = runner, 0, set()
        Life.app = runner.run(held.__aenter__())
        yield Life
        runner.run(held.__aexit__(None, None, None))


def test_no_order_of_commands_certifies_an_entry_that_breaks_a_rule(life: type[Life]) -> None:
    # A failure is told as it was met: to make it shorter takes many minutes of real servers.
    bounds = settings(
        max_examples=LIVES,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    for turn in range(MOST_ROUNDS):
        # CI begins with the same lives each time, so that what it says of a change is about the change
        begun = seed(turn)(life) if os.environ.get("CI") else life
        run_state_machine_as_test(begun, settings=bounds)
        if life.judged >= ENOUGH and len(life.explained) >= ENOUGH:
            return
    pytest.fail(f"{life.judged} results were made final, {len(life.explained)} certified: too few to prove anything")
