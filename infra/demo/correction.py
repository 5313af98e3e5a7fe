"""A certificate with a misspelt name: the unit that issued it corrects it, and the public asks before and after."""

from dataclasses import dataclass
from typing import Any

from infra.drive import spine
from infra.drive.caller import pages
from infra.drive.people import Person, misspelt
from infra.drive.world import Unit, World
from shared.privacy import mask_name

GROUNDS = {"reason": "报名时姓名录入有误，予以更正。", "basis": "居民身份证核对记录"}
UNKNOWN = "not-found"
EDITION = 2  # the first correction's


@dataclass(frozen=True)
class Answer:
    """What the public was told for a number and a name, beside what it should be told."""

    name: str
    when: str
    said: str
    right: str


@dataclass(frozen=True)
class Corrected:
    """The certificate that was corrected, as its unit saw it before, and what each party told of it afterwards."""

    id: str
    number: str
    unit: Unit
    holder: Person
    edition: int
    in_assessment: int
    answers: list[Answer]


async def correct(world: World, unit: Unit, batch: str, entry: str, holder: Person) -> Corrected:
    """Have the name on an entry's certificate corrected to the holder's own."""
    number = str((await _entry(world, unit, batch, entry))["number"])
    rows = await pages(world.caller(unit), "registry", "/v1/certificates")
    certificate = next(str(row["id"]) for row in rows if row["number"] == number)
    wrong = misspelt(holder)
    before = {wrong.name: _valid(1, wrong), holder.name: UNKNOWN}
    after = {wrong.name: UNKNOWN, holder.name: _valid(EDITION, holder)}
    answers = await _public(world, number, "before", before)
    path = f"/v1/certificates/{certificate}/correct"
    made = await world.caller(unit).post("registry", path, {"name": holder.name, **GROUNDS})
    answers += await _public(world, number, "after", after)
    in_assessment = await _heard(world, unit, batch, entry)
    return Corrected(certificate, number, unit, holder, made["edition"], in_assessment, answers)


async def _heard(world: World, unit: Unit, batch: str, entry: str) -> int:
    """The edition as assessment knows it, once it has heard of the correction."""

    async def corrected() -> int | None:
        known = int((await _entry(world, unit, batch, entry))["certificate"]["edition"])
        return known if known > 1 else None

    return await spine.until(corrected, f"the correction of {entry}'s certificate in assessment")


async def _public(world: World, number: str, when: str, right: dict[str, str]) -> list[Answer]:
    """What the public is told by each name, beside what is right."""
    return [Answer(name, when, await _asked(world, number, name), said) for name, said in right.items()]


async def _entry(world: World, unit: Unit, batch: str, entry: str) -> dict[str, Any]:
    return next(row for row in await spine.entries_of(world, unit, batch) if row["id"] == entry)


async def _asked(world: World, number: str, name: str) -> str:
    """The public's question: no token, the number and one fact."""
    url = f"{world.stack.url('registry')}/v1/verify"
    told = (await world.http.post(url, json={"number": number, "name": name})).json()
    if "status" not in told or "edition" not in told:
        return str(told["type"]).rsplit(":", 1)[-1]
    return f"{told['status']}, edition {told['edition']}, {told['holder']}"


def _valid(edition: int, holder: Person) -> str:
    return f"valid, edition {edition}, {mask_name(holder.name)}"
