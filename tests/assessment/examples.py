"""Example standards, units, batches and candidates; people are born 1880 to 1899, so nobody living is meant."""

from datetime import UTC, date, datetime
from typing import Any

from stdnum.cn.ric import calc_check_digit

from services.assessment.batches.commands import PlanBatch
from services.assessment.batches.domain import (
    Assignment,
    Batch,
    Group,
    Mode,
    Room,
    Seal,
    State,
    Tally,
    known_as,
    planned,
)
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import Entry, blank, enrolled, entry_id
from services.assessment.mirrors.domain import Card, Site, Standard, Unit, card_of, site_of, standard_of, unit_of
from services.assessment.rooms import DATA
from shared.events.registry import (
    CardIssued,
    Dimension,
    Grant,
    Part,
    Scope,
    SiteChanged,
    SiteScope,
    StandardPublished,
    Standing,
    UnitAuthorised,
)
from shared.rulebook import Rulebook
from shared.workdays import PeriodEnd

UNIT = "unit-33-001"
LINE = "33"
ALL_LEVELS = ("5", "4", "3", "2", "1")
DIMENSIONS = {
    "operating_rules": 25.0,
    "safe_production": 20.0,
    "problem_solving": 15.0,
    "task_completion": 30.0,
    "conduct": 10.0,
}
SHEET = {"operating_rules": 20, "safe_production": 16.5, "problem_solving": 11, "task_completion": 24, "conduct": 9}
PARTS = (
    Part(id="theory", pass_mark=60, out_of=100, minutes=90, levels=ALL_LEVELS, dimensions=()),
    Part(
        id="practical",
        pass_mark=60,
        out_of=100,
        minutes=60,
        levels=ALL_LEVELS,
        dimensions=tuple(Dimension(id=name, name=name, points=points) for name, points in DIMENSIONS.items()),
    ),
    Part(id="review", pass_mark=60, out_of=100, minutes=15, levels=("2", "1"), dimensions=()),
)
EXAM = date(2019, 10, 12)
BEGUN = date(2019, 9, 20)
PERIOD = PeriodEnd(date(2019, 10, 21), datetime(2019, 10, 21, 16, tzinfo=UTC), provisional=False)


MODES = known_as(Rulebook.load(DATA / "rules.json").value("exam.modes", tuple[Mode, ...], on=EXAM))


def published(**changes: Any) -> StandardPublished:
    """The pilot edition of the rebar worker's standard."""
    about: dict[str, Any] = {
        "standard": "rebar_worker-2019p",
        "occupation": "rebar_worker",
        "occupation_name": "钢筋工",
        "edition": "2019年试点版",
        "levels": ("5", "4", "3", "2"),
        "effective": date(2019, 8, 1),
        "parts": PARTS,
    }
    return StandardPublished(**{**about, **changes})


def standard(sequence: int = 1, **changes: Any) -> Standard:
    return standard_of(published(**changes), "national", sequence)


def standing(kind: type[Standing] = UnitAuthorised, **changes: Any) -> Standing:
    """A unit that may examine rebar workers of levels 5, 4 and 2 for a year."""
    about: dict[str, Any] = {
        "unit": UNIT,
        "name": "示例单位",
        "plan": "plan-1",
        "scopes": (Scope(occupation="rebar_worker", levels=("5", "4", "2")),),
        "valid_from": date(2019, 9, 1),
        "valid_until": date(2020, 8, 31),
        "suspended_on": None,
        "reason": "",
    }
    return kind(**{**about, **changes})


def unit(sequence: int = 1, **changes: Any) -> Unit:
    return unit_of(standing(**changes), LINE, sequence)


def grant(**changes: Any) -> Grant:
    """What the example unit's filed plan lets it examine."""
    about: dict[str, Any] = {
        "plan": "plan-1",
        "authority": LINE,
        "scopes": (Scope(occupation="rebar_worker", levels=("5", "4", "2")),),
        "valid_from": date(2019, 9, 1),
        "valid_until": date(2020, 8, 31),
    }
    return Grant(**{**about, **changes})


def issued(**changes: Any) -> CardIssued:
    """The card of somebody who assesses rebar workers."""
    about: dict[str, Any] = {
        "card": "card-1",
        "number": "33-0001",
        "kind": "assessor",
        "holder": "测*",
        "person": "v1.sealed",
        "employer": "",
        "scopes": (Scope(occupation="rebar_worker", levels=("5", "4")),),
        "valid_from": date(2019, 1, 1),
        "valid_until": date(2021, 12, 31),
        "suspended_on": None,
        "ended_on": None,
        "reason": "",
    }
    return CardIssued(**{**about, **changes})


def card(sequence: int = 1, **changes: Any) -> Card:
    return card_of(issued(**changes), LINE, sequence)


def site_said(**changes: Any) -> SiteChanged:
    """A confirmed site of the example unit, for rebar workers of every level."""
    about: dict[str, Any] = {
        "site": "site-1",
        "unit": UNIT,
        "name": "示例考点",
        "address": "杭州市示例路1号",
        "region_code": "330106",
        "state": "confirmed",
        "scopes": (SiteScope(occupation="rebar_worker", levels=ALL_LEVELS, stations=12),),
        "conditions_met": (),
        "equipment": 30,
        "equipment_fit": 29,
        "confirmed_on": date(2019, 9, 1),
        "on": date(2019, 9, 1),
    }
    return SiteChanged(**{**about, **changes})


def site(sequence: int = 1, **changes: Any) -> Site:
    return site_of(site_said(**changes), LINE, sequence)


CARDS = ("card-1", "card-2", "card-3")
ASSIGNED = Assignment(
    state="confirmed", groups=(Group(part="practical", assessors=CARDS, head="card-1"),), supervisor="card-9"
)
SEAL = Seal(digest="0" * 64, sheets=4, at=datetime(2019, 10, 13, tzinfo=UTC), by="exam office")
NOW = datetime(2019, 9, 20, 4, tzinfo=UTC)


def batch(level: str = "5", state: State = State.REGISTERING, **changes: Any) -> Batch:
    """A batch of the example unit as it is filed, moved to a state without what leads there."""
    asked = PlanBatch(occupation="rebar_worker", level=level, exam_on=EXAM, planned=20, site="site-1")
    made = planned("batch-1", UNIT, LINE, standard(), asked, MODES, now=NOW)
    return made.filed(grant(), NOW, BEGUN)[0].having(state=state, **changes)


def in_exam(level: str = "5", **changes: Any) -> Batch:
    """A batch that is being examined by three assessors."""
    rooms = (
        Room(part="theory", name="一号考场", stations=20),
        Room(part="practical", name="一号工位区", stations=10, turns=2),
    )
    return batch(level, **{"state": State.IN_EXAM, "rooms": rooms, "tickets": 4, "assignment": ASSIGNED, **changes})


def publicised(passed: int = 3) -> Batch:
    of = in_exam(state=State.SCORED, seal=SEAL)
    return of.publicised(Tally(passed=passed, failed=1), NOW, date(2019, 10, 14), PERIOD)[0]


def closed(passed: int = 3, chunk_rows: int = 500) -> Batch:
    return publicised(passed).closed(PERIOD.ends_at, passed, chunk_rows)[0]


def resident_id(number: int) -> str:
    """A right resident ID number, another one for each number below 2,000,000."""
    year, serial = divmod(number % 20_000, 1000)
    day, region = number // 20_000 % 28 + 1, 330102 + number // 560_000
    stem = f"{region}{1880 + year}03{day:02d}{serial:03d}"
    return stem + calc_check_digit(stem + "0")


def person(number: int) -> dict[str, str]:
    return {"name": f"测试{number}", "id_number": resident_id(number)}


def entry(number: int = 1) -> Entry:
    of = batch()
    row = EnrolRow.model_validate(person(number))
    return enrolled(entry_id(of.id, f"index-{number}"), blank(of), row, "v1.sealed", f"index-{number}")
