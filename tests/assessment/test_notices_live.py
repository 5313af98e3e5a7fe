"""What the public reads: announcements and masked lists, as data and as pages in a real browser; pictures in build/."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from html import escape, unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.chromium import dom, screenshot
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain import State as EntryState
from shared.clock import SHANGHAI
from shared.events.assessment import ResultsPublicised
from shared.events.registry import Alternative, Conditions, Predicate
from tests.assessment.driving import authorised, batch_of, batches, moved, person_of, planned_by, post, said_of, slug
from tests.assessment.examples import published
from tests.assessment.objecting import FIFTY_EIGHT
from tests.assessment.on_notice import PASSING, asked, entries, on_notice, ticket_of
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

BUILD = Path(__file__).parents[2] / "build/notices"
PHONE, DESK = (390, 844), (1280, 900)
UNIT = "unit-33-public"
CONDITIONS = (
    Conditions(
        level="4",
        alternatives=(
            Alternative(all_of=(Predicate(predicate="min_years", years=6, kind="cumulative"),)),
            Alternative(all_of=(Predicate(predicate="years_since_certificate", level="5", years=4),)),
        ),
        source="国家职业技能标准编制技术规程 (2018)",
    ),
)
SITTINGS = [
    {"part": "theory", "on": "2019-10-12", "begins": "18:30", "mode": "evening", "site": f"site-of-{UNIT}"},
    {"part": "practical", "on": "2019-10-13", "begins": "08:30", "mode": "on_site", "place": "示例路桥工地2号楼"},
]


@dataclass(frozen=True)
class Shown:
    """A running assessment with two batches: one of four entries on notice, one announced."""

    service: Running
    batch: str
    people: list[str]
    announced: str

    async def got(self, path: str, **options: Any) -> httpx.Response:
        return await self.service.http.get(path, **options)

    def url(self, path: str) -> str:
        return f"{self.service.http.base_url}{path}"

    @property
    def listing(self) -> str:
        return f"/batches/{self.batch}/public-list"

    @property
    def announcement(self) -> str:
        return f"/batches/{self.announced}/announcement"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shown(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("notices")) as live:
        said = published(eligibility=CONDITIONS)
        await live.says(said, subject="rebar_worker-2019p", authority="national")
        await authorised(live, UNIT)
        announced = await batch_of(live, UNIT, level="4", sittings=SITTINGS)
        batch, people = await on_notice(live, UNIT, [PASSING, FIFTY_EIGHT, PASSING, PASSING])
        yield Shown(live, batch, people, announced)


def text_of(page: str) -> str:
    """What a reader sees of a page: its words without their markup."""
    return re.sub(r"<[^>]*>", "", page)


# -- as data -------------------------------------------------------------------------------------------


async def test_who_passed_is_listed_by_ticket_with_a_masked_name_and_nothing_more(shown: Shown) -> None:
    answer = await shown.got(f"/v1{shown.listing}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [row["ticket"] for row in found["rows"]] == [ticket_of(shown.batch, number) for number in (0, 2, 3)]
    assert {name for row in found["rows"] for name in row} == {"ticket", "holder", "occupation", "level", "result"}
    assert {row["holder"] for row in found["rows"]} == {"测*"}
    assert {row["result"] for row in found["rows"]} == {"passed"}
    days = found["period"]
    assert (days["opens_on"], days["closes_on"], days["score_until"]) == ("2019-10-14", "2019-10-21", "2019-10-28")
    assert (days["examined"], days["passed"], days["failed"], days["provisional"]) == (4, 3, 1, False)
    assert (found["unit_name"], found["occupation_name"], found["authority"]) == ("示例单位", "钢筋工", "33")
    for number in range(4):
        person = person_of(shown.batch, number)
        assert person["name"] not in answer.text
        assert person["id_number"] not in answer.text
    assert not [name for name in ("person", "scores", "points", "entry-", "employer") if name in answer.text]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_long_list_comes_page_by_page(shown: Shown) -> None:
    seen, cursor = [], None
    for _ in range(3):
        answer = await shown.got(f"/v1{shown.listing}", params={"limit": 1, **({"cursor": cursor} if cursor else {})})
        (row,) = answer.json()["rows"]
        seen.append(row["ticket"])
        cursor = answer.json()["next"]
    assert cursor is None
    assert seen == [ticket_of(shown.batch, number) for number in (0, 2, 3)]
    assert (await shown.got(f"/v1{shown.listing}", params={"cursor": "?"})).status_code == 422


async def test_a_held_back_entry_stays_on_the_list_and_a_disqualified_one_leaves_it(shown: Shown) -> None:
    unit = "unit-33-leaves"
    await authorised(shown.service, unit)
    batch, (first, _) = await on_notice(shown.service, unit, [PASSING, PASSING])
    listing = f"/v1/batches/{batch}/public-list"
    body = {"entry": first, "kind": "conduct", "text": "代考。", "raised_by": "public"}
    objection = (await asked(shown.service, f"/batches/{batch}/objections", body, org=unit)).json()["id"]
    assert len((await shown.got(listing)).json()["rows"]) == 2
    for step, more in (("accept", None), ("decide", {"outcome": "upheld", "reason": "经查属实。"})):
        answer = await asked(shown.service, f"/objections/{objection}/{step}", more, role="authority")
        assert answer.status_code == 200, answer.text
    assert [row["ticket"] for row in (await shown.got(listing)).json()["rows"]] == [ticket_of(batch, 1)]
    assert (await entries(shown.service).get(first)).state is EntryState.FAILED


async def test_before_and_after_the_period_the_list_says_so_with_the_days(shown: Shown) -> None:
    before = await shown.got(f"/v1/batches/{shown.announced}/public-list")
    assert (before.status_code, slug(before)) == (409, "not-on-notice")
    shown.service.set_time(datetime(2019, 10, 22, 0, 0, 1, tzinfo=SHANGHAI))
    after = await shown.got(f"/v1{shown.listing}")
    page = await shown.got(shown.listing)
    shown.service.set_time(datetime(2019, 10, 29, 0, 0, 1, tzinfo=SHANGHAI))
    over = text_of((await shown.got(shown.listing)).text)
    shown.service.set_time(datetime(2019, 10, 21, 23, 59, 30, tzinfo=SHANGHAI))
    assert (after.status_code, slug(after)) == (409, "not-on-notice")
    assert "2019-10-14" in after.json()["detail"]
    assert "2019-10-21" in after.json()["detail"]
    assert (page.status_code, "2019年10月14日 至 2019年10月21日" in text_of(page.text)) == (409, True)
    assert "仍可申请成绩复核（漏计、合分、登分错误），截止 2019年10月28日" in text_of(page.text)
    assert ("公示已结束" in over, "仍可申请" in over) == (True, False)
    assert (await shown.got(f"/v1{shown.listing}")).status_code == 200


async def test_an_announcement_tells_when_where_how_and_who_may_enter(shown: Shown) -> None:
    answer = await shown.got(f"/v1{shown.announcement}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    theory, practical = found["parts"]
    assert (theory["on"], theory["begins"], theory["mode"], theory["site"]) == (
        "2019-10-12",
        "18:30",
        "evening",
        "示例考点",
    )
    assert (practical["on"], practical["mode"], practical["place"]) == ("2019-10-13", "on_site", "示例路桥工地2号楼")
    assert (found["exam_on"], found["ends_on"], found["announced_on"]) == ("2019-10-12", "2019-10-13", "2019-09-20")
    assert [[one["zh"] for one in line] for line in found["conditions"]] == [
        ["累计从事本职业或相关职业工作满6年"],
        ["取得5级证书后从事本职业或相关职业工作满4年"],
    ]
    assert (found["occupation_name"], found["edition"], found["cancelled"]) == ("钢筋工", "2019年试点版", False)


async def test_what_is_only_planned_is_nobody_elses_business(shown: Shown) -> None:
    made = await post(shown.service, UNIT, "", planned_by(UNIT, exam_on="2019-11-12"))
    batch = made.json()["id"] if made.is_success else ""
    assert batch, made.text
    for path in (f"/v1/batches/{batch}/announcement", f"/v1/batches/{batch}/public-list", "/v1/batches/1/announcement"):
        answer = await shown.got(path)
        assert (answer.status_code, slug(answer)) == (404, "not-found")
    page = await shown.got(f"/batches/{batch}/announcement")
    assert (page.status_code, "未查到该批次" in page.text) == (404, True)


async def test_a_cancelled_batch_stays_announced_with_the_reason(shown: Shown) -> None:
    batch = await batch_of(shown.service, UNIT)
    shown.service.set_time(datetime(2019, 10, 1, tzinfo=SHANGHAI))
    assert (await post(shown.service, UNIT, f"/{batch}/cancel", {"reason": "台风停工。"})).status_code == 200
    shown.service.set_time(datetime(2019, 10, 15, 9, tzinfo=SHANGHAI))
    found = (await shown.got(f"/v1/batches/{batch}/announcement")).json()
    assert (found["cancelled"], found["reason"]) == (True, "台风停工。")
    page = (await shown.got(f"/batches/{batch}/announcement")).text
    assert "本批次已取消" in page
    assert "台风停工。" in page


# -- as pages ------------------------------------------------------------------------------------------


async def test_the_page_of_a_list_says_who_passed_until_when_and_how_to_object(shown: Shown) -> None:
    seen = text_of(await asyncio.to_thread(dom, shown.url(shown.listing), *PHONE))
    for words in (
        *("成绩公示", "Public notice of exam results", "示例单位", "钢筋工", "五级/初级工"),
        *("2019年10月14日 至 2019年10月21日", "最后一日：2019年10月21日", "如何提出异议", "2019年10月28日"),
        "有成绩 4 人，合格 3 人，不合格 1 人",
        *(ticket_of(shown.batch, 0), ticket_of(shown.batch, 3), "测*", "Last day: 21 October 2019"),
    ):
        assert words in seen, words
    assert ticket_of(shown.batch, 1) not in seen, "who failed is not shown"
    assert "暂定" not in seen
    for name, (width, height) in {"phone": (390, 1700), "desk": (1280, 1300)}.items():
        file = BUILD / f"list-{name}.png"
        await asyncio.to_thread(screenshot, shown.url(shown.listing), file, width, height)
        assert file.stat().st_size > 10_000


async def test_the_page_of_an_announcement_says_when_where_and_who_may_enter(shown: Shown) -> None:
    seen = await asyncio.to_thread(dom, shown.url(shown.announcement), *PHONE)
    for words in (
        *("职业技能鉴定公告", "Announcement of an exam", "四级/中级工", "理论知识考试", "技能考核", "夜间考核"),
        *("2019年10月12日 18:30", "示例考点", "杭州市示例路1号", "施工现场考核", "示例路桥工地2号楼"),
        *("具备以下条件之一", "累计从事本职业或相关职业工作满6年", "报名截止"),
    ):
        assert words in seen, words
    for name, (width, height) in {"phone": (390, 2100), "desk": (1280, 1600)}.items():
        file = BUILD / f"announcement-{name}.png"
        await asyncio.to_thread(screenshot, shown.url(shown.announcement), file, width, height)
        assert file.stat().st_size > 10_000


async def test_a_period_whose_calendar_is_not_announced_is_called_provisional(shown: Shown) -> None:
    unit = "unit-33-provisional"
    await authorised(shown.service, unit)
    batch, _ = await on_notice(shown.service, unit, opened=date(2098, 9, 29))
    page = (await shown.got(f"/batches/{batch}/public-list")).text
    shown.service.set_time(datetime(2019, 10, 15, 9, tzinfo=SHANGHAI))
    assert "截止日期为暂定" in page
    assert "Provisional" in page
    assert "2098年10月6日" in page


async def test_the_days_of_a_notice_follow_the_calendar_once_it_is_announced(shown: Shown) -> None:
    service, unit = shown.service, "unit-33-recounted"
    await authorised(service, unit)
    batch, _ = await on_notice(service, unit)
    # as it was counted while the holidays of the year were not known: two days too early
    early = datetime(2019, 10, 18, tzinfo=SHANGHAI)
    stored = {"provisional": True, "closes_on": date(2019, 10, 17).isoformat(), "ends_at": early}
    was = (await batches(service).get(batch)).notice
    assert was is not None
    found = batches(service).collection
    await found.update({"_id": batch}, {"$set": {f"notice.{name}": value for name, value in stored.items()}})
    service.set_time(early.replace(hour=9))

    async def is_counted() -> bool:
        return (await batches(service).get(batch)).notice == was

    await eventually(is_counted)
    said = await said_of(service, ResultsPublicised, batch, 2)
    assert [row["closes_on"] for row in said] == ["2019-10-21", "2019-10-21"]
    refused = await post(service, unit, f"/{batch}/finalise")
    service.set_time(datetime(2019, 10, 15, 9, tzinfo=SHANGHAI))
    assert (refused.status_code, slug(refused)) == (409, "period-open")


async def test_pages_need_no_script_load_nothing_and_show_nothing_unescaped(shown: Shown) -> None:
    batch = await batch_of(shown.service, UNIT, place='"><script>alert(1)</script>')
    await moved(shown.service, batch, BatchState.REGISTERING)
    for path in (shown.listing, shown.announcement, f"/batches/{batch}/announcement", "/batches/%3Cb%3E/announcement"):
        answer = await shown.got(path)
        assert "<script" not in answer.text
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        hashed = b64encode(sha256(unescape(style).encode()).digest()).decode()
        policy = answer.headers["content-security-policy"]
        assert policy.startswith(f"default-src 'none'; style-src 'sha256-{hashed}'")
        assert not re.search(r"(src|style)=|https?://|<b>", answer.text), path
        assert '<html lang="zh-CN">' in answer.text
    shown.service.set_time(datetime(2019, 10, 15, 9, tzinfo=SHANGHAI))
    assert "&lt;script&gt;" in (await shown.got(f"/batches/{batch}/announcement")).text


async def test_nothing_sticks_out_on_a_phone(shown: Shown, tmp_path: Path) -> None:
    # In a frame, because the browser's own window is never narrower than 500 pixels.
    look = "document.title = this.contentWindow.innerWidth + '/' + this.contentDocument.documentElement.scrollWidth"
    for path in (
        shown.listing,
        shown.announcement,
        f"/batches/{shown.announced}/public-list",
        "/batches/1/announcement",
    ):
        page = (await shown.got(path)).text
        file = tmp_path / "page.html"
        frame = f'<iframe width="390" height="844" frameborder="0" onload="{look}" srcdoc="{escape(page)}"></iframe>'
        file.write_text(frame, encoding="utf-8")
        seen = await asyncio.to_thread(dom, file.as_uri(), *PHONE)
        found = re.search(r"<title>(\d+)/(\d+)</title>", seen)
        assert found, path
        assert found[1] == found[2] == "390", path
    BUILD.mkdir(parents=True, exist_ok=True)
    for name, path in {
        "before": f"/batches/{shown.announced}/public-list",
        "unknown": "/batches/1/announcement",
    }.items():
        await asyncio.to_thread(screenshot, shown.url(path), BUILD / f"{name}-phone.png", *PHONE)


async def test_the_next_page_is_a_link_that_a_browser_can_follow(shown: Shown) -> None:
    unit = "unit-33-long"
    await authorised(shown.service, unit)
    batch, _ = await on_notice(shown.service, unit, [PASSING] * 101)
    first = (await shown.got(f"/batches/{batch}/public-list")).text
    (link,) = re.findall(r'href="(public-list\?cursor=[^"]+)"', first)
    assert first.count("<tr><td") == 100
    second = (await shown.got(f"/batches/{batch}/{unescape(link)}")).text
    assert second.count("<tr><td") == 1
    assert ticket_of(batch, 100) in second
    assert "cursor=" not in second
