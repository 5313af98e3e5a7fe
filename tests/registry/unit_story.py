"""The life of a unit and of its certificates in one running registry, told with the clock moved."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from infra.drive.people import Person
from shared.events.registry import UnitLapsed
from shared.privacy import mask_name
from tests.live import Running, eventually
from tests.registry.chronicle import Chronicle, Watched, Word
from tests.registry.test_live import CROWD, authorised, filed, finalised, in_frame, plan, rejected
from tests.registry.test_verification_live import GROUNDS, World, credential, states

UNIT, LINE = "unit-33-001", "33"
START = datetime(2019, 9, 2, 1, tzinfo=UTC)  # a Monday of the notice's first stage, 09:00 in Shanghai
MASK = "张*"  # the masked name that results carry here
NEW_NAME = "欧阳小明"
BITS = {"valid": set[str](), "suspended": {"suspension"}, "revoked": {"revocation"}, "voided": {"revocation"}}
AMENDED = [
    {"occupation": "rebar_worker", "levels": ["5"], "numbers": 50},
    {"occupation": "mason", "levels": ["5"], "numbers": 50},
]
MASON: dict[str, Any] = {"occupation": "mason", "standard": "mason-2019p"}


@dataclass
class Story:
    """What happens, chapter by chapter; `outcomes` is what became of results, `took` how long the lists took."""

    service: Running
    chronicle: Chronicle
    world: World
    outcomes: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)
    disagreements: list[str] = field(default_factory=list)

    async def tell(self) -> None:
        """The whole story."""
        await self._authorised()
        life, wrong = await self._certified("under the first edition", 2)
        await self._amended()
        await self._mended(life)
        await self._unit_suspended_and_lifted()
        await self._certificates_suspended_and_voided(life, wrong)
        await self._lapsed()
        await self._changed(life, "revoke", "revoked")
        self.service.forward(days=30)
        async with self.chronicle.step():
            pass  # the last thirty days were quiet
        await self._agrees(self.chronicle.watched.values())

    # -- the unit --------------------------------------------------------------------------------------

    async def _authorised(self) -> None:
        await in_frame(self.service, LINE)
        await authorised(self.service, UNIT, LINE)
        self.plan = (await self._get("/v1/plans", kind="unit"))["rows"][0]
        self.service.forward(hours=3)

    async def _amended(self) -> None:
        """The old edition is in force until the new one is on file; exams held under it are filed still."""
        self.service.forward(days=20)
        content = plan(self._today(), scopes=AMENDED)
        await self._post(f"/v1/plans/{self.plan['id']}/amend", content, self.service.token("unit", UNIT, LINE))
        await self._refused("mason before the amendment", **MASON)
        await self._certified("level 4 before the amendment", level="4")
        self.service.forward(days=1)
        await self._post(f"/v1/plans/{self.plan['id']}/file", None)
        await eventually(lambda: self._granted(edition=2))
        await self._certified("mason after the amendment", **MASON)
        await self._refused("level 4 after the amendment", level="4")
        earlier = self._today() - timedelta(days=1)
        await self._certified("level 4, held before the amendment", level="4", exam_on=earlier)
        self.plan |= {"valid_until": content["valid_until"]}

    async def _unit_suspended_and_lifted(self) -> None:
        self.service.forward(days=10)
        asked = {"on": self._today().isoformat(), **GROUNDS}
        await self._post(f"/v1/standings/{UNIT}/suspend", asked)
        await self._refused("while suspended")
        self.service.forward(days=14)
        await self._post(f"/v1/standings/{UNIT}/lift", GROUNDS)
        await self._certified("after the suspension was lifted")

    async def _lapsed(self) -> None:
        """The plan's last day passes; nobody but the clock says so."""
        last = date.fromisoformat(self.plan["valid_until"])
        await self._certified("on an early day of the plan")
        self.service.set_time(datetime(last.year, last.month, last.day, 15, 59, tzinfo=UTC))  # 23:59 in Shanghai
        await self._certified("in the last minute of the plan")
        self.service.forward(minutes=2)
        await self.service.heard(UnitLapsed)
        await self._certified("after the end, held on the last day", exam_on=last)
        await self._refused("after the end, held after it")

    # -- its certificates ------------------------------------------------------------------------------

    async def _certified(self, what: str, count: int = 1, **changes: Any) -> list[Watched]:
        """Results that are filed; their certificates are watched from then on."""
        people = [next(CROWD) for _ in range(count)]
        async with self.chronicle.step():
            made = await filed(self.service, await finalised(self.service, UNIT, LINE, people, **changes))
            rows = [_watched(person, row) for person, row in zip(people, made, strict=True)]
            self.chronicle.watched |= {row.number: row for row in rows}
            self.chronicle.told |= {row.number: Word("valid", 1, MASK) for row in rows}
        self.outcomes[what] = "filed"
        await self._agrees(rows)
        return rows

    async def _refused(self, what: str, **changes: Any) -> None:
        async with self.chronicle.step():
            (entry,) = await finalised(self.service, UNIT, LINE, [next(CROWD)], **changes)
            said = await rejected(self.service, entry)
        self.outcomes[what], self.details[what] = said["reason"], said["detail"]

    async def _mended(self, life: Watched) -> None:
        self.service.forward(days=5)
        before = self.chronicle.told[life.number]
        corrected = before._replace(edition=2, holder=mask_name(NEW_NAME))
        await self._changed(life, "correct", corrected, name=NEW_NAME)
        self.service.forward(days=5)
        await self._changed(life, "reissue", corrected)

    async def _certificates_suspended_and_voided(self, life: Watched, wrong: Watched) -> None:
        for what, status in (("suspend", "suspended"), ("reinstate", "valid")):
            self.service.forward(days=3)
            await self._changed(life, what, status)
        self.service.forward(days=3)
        await self._changed(wrong, "void", "voided", fraud=False)
        self.service.forward(days=3)
        await self._changed(life, "suspend", "suspended")

    async def _changed(self, row: Watched, what: str, now: str | Word, **more: Any) -> None:
        """One change; the credential that a checker has held from the beginning is looked at at once."""
        if row.number not in self.claims:
            self.claims[row.number] = await credential(self.world, {"certificate": row.id})
        word = self.chronicle.told[row.number]._replace(status=now) if isinstance(now, str) else now
        async with self.chronicle.step():
            await self.world.change(row.id, what, **more)
            self.chronicle.told[row.number] = word
            await self._told_offline(row, f"{what} {len(self.took)}")
        await self._agrees([row])

    async def _told_offline(self, row: Watched, what: str) -> None:
        wanted = BITS[self.chronicle.told[row.number].status]

        async def agrees() -> bool:
            return await states(self.world, self.claims[row.number]) == wanted

        changed = time.perf_counter()
        await eventually(agrees, within=5)
        self.took[what] = time.perf_counter() - changed

    # -- how it is done --------------------------------------------------------------------------------

    async def _agrees(self, rows: Iterable[Watched]) -> None:
        self.disagreements += await self.chronicle.disagreements({row.number for row in rows})

    def _today(self) -> date:
        return self.service.process.tools.clock.today()

    async def _granted(self, edition: int) -> bool:
        row = await self._get(f"/v1/standings/{UNIT}")
        return [grant["edition"] for grant in row["grants"]] == [edition]

    async def _get(self, path: str, **query: str) -> dict[str, Any]:
        answer = await self.service.http.get(path, params=query, headers=self.service.token("center"))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def _post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> None:
        answer = await self.service.http.post(path, json=body, headers=headers or self.service.token("center"))
        assert answer.status_code == 200, answer.text


def _watched(person: Person, row: dict[str, Any]) -> Watched:
    return Watched(row["certificate"], row["number"], person.id_number)
