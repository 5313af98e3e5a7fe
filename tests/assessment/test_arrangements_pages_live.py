"""What candidates hold and find at the door: the ticket and a room's list in a real browser; pictures under build/."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.chromium import dom, screenshot
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.arrangements.domain import PartOnTicket
from services.assessment.arrangements.handlers import TicketPaper
from services.assessment.batches.domain import State
from services.assessment.rooms import DATA
from shared.http.rendering import Layouts
from tests.assessment.driving import authorised, batch_of, batches, enrolled, get, moved, person_of, post, slug
from tests.assessment.examples import published
from tests.assessment.pages import PHONE, printed, widths
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

BUILD = Path(__file__).parents[2] / "build/arrangements"
UNIT = "unit-33-001"
ROOMS = [
    {"part": "theory", "name": "一号考场", "stations": 40},
    {"part": "practical", "name": "钢筋一区", "stations": 12, "turns": 3},
]


@dataclass(frozen=True)
class Shown:
    """A running assessment with one batch whose 30 candidates have tickets."""

    service: Running
    batch: str
    people: dict[str, dict[str, str]]
    tickets: list[dict[str, Any]]

    async def page(self, path: str, role: str = "unit", organisation: str = UNIT) -> httpx.Response:
        headers = self.service.token(role, organisation, "33")
        return await self.service.http.get(f"/v1/batches/{self.batch}{path}", headers=headers)

    async def ticket(self, number: int) -> str:
        answer = await self.page(f"/entries/{self.tickets[number]['entry']}/ticket")
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shown(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("tickets")) as service:
        await service.says(published(), subject="rebar_worker-2019p", authority="national")
        await authorised(service, UNIT)
        sittings = [{"part": "practical", "on": "2019-10-13", "begins": "18:30", "site": f"site-of-{UNIT}"}]
        batch = await batch_of(service, UNIT, mode="modular", sittings=sittings)
        entries = await enrolled(service, UNIT, batch, range(30))
        answer = await post(service, UNIT, f"/{batch}/arrangement", {"rooms": ROOMS})
        assert answer.status_code == 200, answer.text
        await eventually(lambda: is_ticketed(service, batch))
        rows = (await get(service, UNIT, f"/{batch}/tickets"))["rows"]
        people = {entry: person_of(batch, number) for number, entry in enumerate(entries)}
        yield Shown(service, batch, people, rows)


async def is_ticketed(service: Running, batch: str) -> bool:
    return (await batches(service).get(batch)).tickets == 30


async def seen(page: str, tmp_path: Path) -> str:
    """The text of a page as the browser has it."""
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    shown = await asyncio.to_thread(dom, file.as_uri(), *PHONE)
    return re.sub(r"<[^>]+>", "", shown)


# -- the ticket ----------------------------------------------------------------------------------------


async def test_a_ticket_says_who_where_and_when_and_not_the_id_number(shown: Shown, tmp_path: Path) -> None:
    row = shown.tickets[20]
    text = await seen(await shown.ticket(20), tmp_path)
    holder = shown.people[row["entry"]]
    place = {place["part"]: place for place in row["places"]}
    assert (place["practical"]["turn"], place["practical"]["station"]) == (2, 9)
    for words in ("准考证", "Admission ticket", row["ticket"], holder["name"], "钢筋工", "Rebar worker", "五级/初级工"):
        assert words in text
    for words in ("2019年10月12日", "09:00", "08:45", "一号考场", "2019年10月13日", "19:30", "19:15", "钢筋一区"):
        assert words in text
    for words in ("理论知识考试", "技能考核", "示例考点（杭州市示例路1号）", "第 2 轮", "提前 15 分钟", "示例单位"):
        assert words in text
    assert holder["id_number"] not in text
    assert place["theory"]["work_piece"] not in text, "whoever marks could tell the person by it"


async def test_a_ticket_fits_a_phone_and_one_sheet_of_a5(shown: Shown, tmp_path: Path) -> None:
    page = await shown.ticket(20)
    assert await asyncio.to_thread(widths, page, tmp_path) == (390, 390)
    ((size, text),) = await asyncio.to_thread(printed, page, BUILD / "ticket.pdf")
    assert size == (148, 210)
    for words in (shown.tickets[20]["ticket"], "准考证", "钢筋一区", "违纪者本次考核各部分成绩均无效"):
        assert words in text
    source = (BUILD / "ticket.html").as_uri()
    for name, width in (("phone", 500), ("desk", 1000)):
        await asyncio.to_thread(screenshot, source, BUILD / f"ticket-{name}.png", width, 1000)


async def test_a_ticket_of_three_parts_with_long_names_is_still_one_sheet(tmp_path: Path) -> None:
    part = PartOnTicket(
        part="review",
        on=date(2019, 10, 12),
        begins="10:30",
        arrive="10:15",
        turn=3,
        room="室" * 24,
        station=1000,
        online=False,
        where=f"示例考点（杭州市示例路1号）{'层' * 24}",
    )
    paper = TicketPaper(
        number="191012C01-1000-100000",
        name="测" * 30,
        id_masked="330102********0143",
        unit="示" * 40,
        occupation="钢筋工",
        occupation_en="Rebar worker",
        level="2",
        early=15,
        latest=30,
        parts=[part.model_copy(update={"part": name}) for name in ("theory", "practical", "review")],
    )
    page = Layouts(DATA).html("ticket", ticket=paper)
    assert await asyncio.to_thread(widths, page, tmp_path) == (390, 390)
    ((size, text),) = await asyncio.to_thread(printed, page, BUILD / "ticket-long.pdf")
    assert (size, text.count("第3轮")) == ((148, 210), 3)


async def test_a_ticket_is_the_units_alone_and_its_showing_is_on_record_without_the_name(
    shown: Shown, capfd: pytest.CaptureFixture[str]
) -> None:
    entry = shown.tickets[0]["entry"]
    answer = await shown.page(f"/entries/{entry}/ticket")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    logged = "".join(capfd.readouterr())
    assert "ticket shown" in logged
    assert entry in logged
    assert shown.people[entry]["name"] not in logged
    assert (await shown.page(f"/entries/{entry}/ticket", "authority", "authority-33")).status_code == 403
    assert (await shown.page(f"/entries/{entry}/ticket", organisation="unit-33-002")).status_code == 404
    assert (await shown.page("/entries/entry-none/ticket")).status_code == 404


async def test_without_an_arrangement_there_is_no_ticket(shown: Shown) -> None:
    batch = await batch_of(shown.service, UNIT)
    (entry,) = await enrolled(shown.service, UNIT, batch, range(100, 101))
    headers = shown.service.token("unit", UNIT, "33")
    answer = await shown.service.http.get(f"/v1/batches/{batch}/entries/{entry}/ticket", headers=headers)
    assert (answer.status_code, slug(answer)) == (409, "no-ticket")
    elsewhere = await shown.service.http.get(f"/v1/batches/{shown.batch}/entries/{entry}/ticket", headers=headers)
    assert elsewhere.status_code == 404


# -- the list at the door ------------------------------------------------------------------------------


async def test_a_rooms_list_has_everybody_once_with_masked_names_only(shown: Shown, tmp_path: Path) -> None:
    answer = await shown.page("/rooms/2")
    text = await seen(answer.text, tmp_path)
    assert all(text.count(row["ticket"]) == 1 for row in shown.tickets)
    for words in (
        "钢筋一区 考生名单",
        "第 1 轮 18:30",
        "第 3 轮 20:30",
        "技能考核",
        "测*",
        "12 人",
        "6 人",
        "示例考点",
    ):
        assert words in text
    pieces = [place["work_piece"] for row in shown.tickets for place in row["places"]]
    hidden = [*pieces, *(value for row in shown.people.values() for value in row.values())]
    assert [words for words in hidden if words in text] == []
    assert (await shown.page("/rooms/3")).status_code == 404
    assert (await shown.page("/rooms/0")).status_code == 404


async def test_a_rooms_list_fits_a_phone_and_a4(shown: Shown, tmp_path: Path) -> None:
    page = (await shown.page("/rooms/2")).text
    assert await asyncio.to_thread(widths, page, tmp_path) == (390, 390)
    sheets = await asyncio.to_thread(printed, page, BUILD / "room.pdf")
    assert {size for size, _ in sheets} == {(210, 297)}
    text = "".join(text for _, text in sheets)
    assert all(row["ticket"] in text for row in shown.tickets)
    await asyncio.to_thread(screenshot, (BUILD / "room.html").as_uri(), BUILD / "room-phone.png", 500, 1000)
    await asyncio.to_thread(screenshot, (BUILD / "room.html").as_uri(), BUILD / "room-desk.png", 1000, 1400)


async def test_who_withdrew_is_not_on_the_list_and_what_a_room_is_called_is_only_text(shown: Shown) -> None:
    service, batch = shown.service, await batch_of(shown.service, UNIT)
    entries = await enrolled(service, UNIT, batch, range(200, 203))
    rooms = [{**room, "name": f"{room['name']}<b>"} for room in ROOMS]
    await post(service, UNIT, f"/{batch}/arrangement", {"rooms": rooms})
    await eventually(lambda: _all_three(service, batch))
    known = service.process.tools.database.collection("entries")
    gone = await known.update_and_get({"_id": entries[0]}, {"$set": {"state": "withdrawn"}})
    assert gone
    headers = service.token("unit", UNIT, "33")
    page = (await service.http.get(f"/v1/batches/{batch}/rooms/1", headers=headers)).text
    assert gone["ticket"] not in page
    assert page.count('<td class="figure">191012') == 2
    assert "<b>" not in page
    assert "一号考场&lt;b&gt;" in page


async def _all_three(service: Running, batch: str) -> bool:
    return (await batches(service).get(batch)).tickets == 3


async def test_a_part_held_online_needs_no_room_and_its_ticket_says_so(shown: Shown, tmp_path: Path) -> None:
    service = shown.service
    batch = await batch_of(service, UNIT)
    await moved(service, batch, State.REGISTERING, **{"sittings.0.site": "", "sittings.0.place": ""})
    (entry,) = await enrolled(service, UNIT, batch, range(300, 301))
    answer = await post(service, UNIT, f"/{batch}/arrangement", {"rooms": ROOMS[1:]})
    assert answer.status_code == 200, answer.text
    headers = service.token("unit", UNIT, "33")
    path = f"/v1/batches/{batch}/entries/{entry}/ticket"
    page = await eventually(lambda: _shown(service, path, headers))
    text = await seen(page, tmp_path)
    assert "线上" in text
    assert "一号考场" not in text


async def _shown(service: Running, path: str, headers: dict[str, str]) -> str:
    answer = await service.http.get(path, headers=headers)
    return answer.text if answer.status_code == 200 else ""
