"""A certificate with a misspelt name: the unit that issued it corrects it, and the public asks before and after."""

from dataclasses import dataclass, field
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
    answers: list[Answer] = field(default_factory=list)


async def correct(world: World, unit: Unit, batch: str, entry: str, holder: Person) -> Corrected:
    """Have the name on an entry's certificate corrected to the holder's own."""
    number = str((await _entry(world, unit, batch, entry))["number"])
    rows = await pages(world.caller(unit), "registry", "/v1/certificates")
    certificate = next(str(row["id"]) for row in rows if row["number"] == number)
    wrong = misspelt(holder)
    before = [
        Answer(wrong.name, "before", await _asked(world, number, wrong.name), _valid(1, wrong)),
        Answer(holder.name, "before", await _asked(world, number, holder.name), UNKNOWN),
    ]
    path = f"/v1/certificates/{certificate}/correct"
    made = await world.caller(unit).post("registry", path, {"name": holder.name, **GROUNDS})
    after = [
        Answer(wrong.name, "after", await _asked(world, number, wrong.name), UNKNOWN),
        Answer(holder.name, "after", await _asked(world, number, holder.name), _valid(EDITION, holder)),
    ]

    async def heard() -> int | None:
        known = int((await _entry(world, unit, batch, entry))["certificate"]["edition"])
        return known if known > 1 else None

    in_assessment = await spine.until(heard, f"the correction of {number} in assessment")
    return Corrected(certificate, number, unit, holder, made["edition"], in_assessment, before + after)


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
