"""Public notices on the real servers: made of the feed, announced, withdrawn, proved; and shown in a real browser."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4
from xml.etree.ElementTree import fromstring

import pytest
import pytest_asyncio
import rfc8785
from joserfc import jws
from joserfc.jwk import KeySet

from infra.local.chromium import dom, screenshot
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.notification.notices.domain.causes import identity_of
from services.notification.rooms import Rooms
from shared.clock import SHANGHAI
from shared.events.assessment import ResultsPublicised
from shared.events.base import Event
from shared.events.catalogue import EVENTS
from shared.events.notification import NoticePublished, NoticeWithdrawn
from tests.assessment.pages import widths
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/notices"
PHONE, DESK = (390, 844), (1280, 900)
ID_NUMBER = re.compile(r"(?<![0-9a-f])\d{17}[\dX](?![0-9a-f])")
PERSON = "11010118900307301X"
MADE_BY = [
    "assessment.results.publicised.v1",
    "assessment.batch.cancelled.v1",
    "evaluation.unit.passed.v1",
    "evaluation.pilot.revoked.v1",
    "registry.certificate.revoked.v1",
    "registry.certificate.voided.v1",
]


def example(event_type: str, **changed: Any) -> Event:
    frozen = json.loads((ROOT / f"tests/contracts/{event_type}.json").read_text(encoding="utf-8"))
    return EVENTS[event_type].model_validate({**frozen["body"], **changed})


class PassedWithoutDay(Event):
    """A unit passed, said by somebody who left out until when that is on notice."""

    type: ClassVar[str] = "evaluation.unit.passed.v1"
    unit: str


class Public:
    """The public, and who writes for it."""

    def __init__(self, service: Running) -> None:
        self.service = service
        self.now = service.process.tools.clock.now

    async def says(self, event: Event, subject: str = "", **more: Any) -> str:
        """An event is said; the id of the notice it makes."""
        event_id: str = await self.service.says(event, subject=subject or uuid4().hex, **more)
        return identity_of(event_id)

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.service.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def seen(self, notice: str, standing: str = "") -> dict[str, Any]:
        """A notice, once it is there, proved, and in that standing."""

        async def there() -> dict[str, Any]:
            answer = await self.service.http.get(f"/v1/notices/{notice}")
            found: dict[str, Any] = answer.json() if answer.is_success else {}
            fits = found.get("position") and standing in ("", found.get("standing"))
            return found if fits else {}

        return await eventually(there)

    async def post(self, path: str, body: Any, role: str = "authority", line: str | None = "33") -> Any:
        headers = self.service.token(role, "org-1", line)
        return await self.service.http.post(f"/v1/notices{path}", json=body, headers=headers)

    async def announce(self, role: str = "authority", line: str | None = "33", **changed: Any) -> dict[str, Any]:
        closes = (self.now() + timedelta(days=10)).date().isoformat()
        body = {"title_zh": "鉴定安排公告", "text_zh": "本季度鉴定安排如下。", "closes_on": closes, **changed}
        answer = await self.post("", body, role, line)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def public(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Public]:
    async with running("notification", servers, issuer, tmp_path_factory.mktemp("notices")) as live:
        yield Public(live)


def days(public: Public, number: int) -> str:
    return (public.now().astimezone(SHANGHAI) + timedelta(days=number)).date().isoformat()


# -- made of events ------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", MADE_BY)
async def test_what_is_said_to_all_becomes_a_public_notice_at_its_position(public: Public, event_type: str) -> None:
    notice = await public.says(example(event_type))
    found = await public.seen(notice)
    assert found["title"]["zh"]
    assert found["title"]["en"]
    proof = await public.get(f"/v1/notices/{notice}/proof")
    assert (proof["event_type"], proof["position"]) == (event_type, found["position"])
    assert found["digest"] == proof["digest"]


async def test_an_event_that_comes_again_makes_no_second_notice(public: Public) -> None:
    subject = uuid4().hex
    event = example("registry.certificate.revoked.v1", number="1999002001500777")
    notice = await public.says(event, subject)
    await public.seen(notice)
    await public.says(event, subject)
    later = await public.says(example("registry.certificate.voided.v1"))
    await public.seen(later)
    rows = (await public.get("/v1/notices", kind="certificate", limit=100))["rows"]
    assert [row["id"] for row in rows if "1999002001500777" in row["title"]["zh"]] == [notice]


async def test_a_period_counted_anew_replaces_the_notice_in_whatever_order_it_is_heard(public: Public) -> None:
    for order in ((1, 2), (2, 1)):
        subject = uuid4().hex
        made = {}
        for sequence in order:
            event = example(ResultsPublicised.type, closes_on=days(public, sequence))
            made[sequence] = await public.says(event, subject, sequence=sequence)
        older, newer = await public.seen(made[1], "replaced"), await public.seen(made[2], "open")
        assert older["replaced_by"] == newer["id"]


async def test_an_event_that_says_too_little_holds_up_no_other(public: Public) -> None:
    broken = await public.says(PassedWithoutDay(unit="unit-33-001"))
    fine = await public.says(example("evaluation.unit.passed.v1"))
    await public.seen(fine)
    assert (await public.service.http.get(f"/v1/notices/{broken}")).status_code == 404


async def test_a_follower_that_begins_anew_makes_the_same_notices(public: Public) -> None:
    await public.seen(await public.says(example("registry.certificate.revoked.v1")))
    before = (await public.get("/v1/notices", limit=100))["rows"]
    follower = Rooms(public.service.process.tools).follower
    await public.service.process.tools.database.collection("notices_followed").update(
        {"_id": "notices"}, {"$set": {"position": 0}}
    )
    await follower.follow()
    assert (await public.get("/v1/notices", limit=100))["rows"] == before


async def test_a_unit_is_shown_under_its_newest_name_in_whatever_order_it_is_heard(public: Public) -> None:
    unit = f"unit-33-{uuid4().hex[:6]}"
    for sequence, name in ((5, "新名称建设职业学校"), (3, "旧名称建设学校")):
        event = example("registry.unit.authorised.v1", unit=unit, name=name)
        await public.service.says(event, subject=unit, sequence=sequence)
    notice = await public.says(example("evaluation.unit.passed.v1", unit=unit))
    assert (await public.seen(notice))["unit_name"] == "新名称建设职业学校"
    assert "新名称建设职业学校" in (await public.service.http.get(f"/notices/{notice}")).text


# -- announcements -------------------------------------------------------------------------------------


async def test_an_announcement_is_open_at_once_and_proved_by_its_own_event(public: Public) -> None:
    made = await public.announce(text_zh=f"见附件。{PERSON}")
    assert PERSON not in json.dumps(made)
    found = await public.seen(made["id"], "open")
    assert (found["kind"], found["authority"]) == ("announcement", "33")
    proof = await public.get(f"/v1/notices/{made['id']}/proof")
    (said,) = [
        json.loads(one.body) for one in await public.service.heard(NoticePublished) if made["id"].encode() in one.body
    ]
    assert said["digest"] == proof["digest"] == sha256(rfc8785.dumps(proof["content"])).hexdigest()


async def test_a_signed_proof_is_checked_with_the_public_keys(public: Public) -> None:
    made = await public.announce("center", None)
    await public.seen(made["id"])
    proof = await public.get(f"/v1/notices/{made['id']}/proof")
    keys = KeySet.import_key_set(await public.get("/v1/notices/keys"))
    read = jws.deserialize_compact(proof["signed"].encode(), keys, algorithms=["Ed25519"])
    assert read.headers()["typ"] == "notice+jwt"
    assert json.loads(read.payload) == {name: value for name, value in proof.items() if name != "signed"}
    assert (proof["line"], proof["content"]["id"]) == ("national", made["id"])


async def test_what_is_announced_for_later_is_hidden_until_then(public: Public) -> None:
    at = (public.now() + timedelta(hours=2)).astimezone(UTC).isoformat()
    made = await public.announce(opens_at=at, title_zh="以后的公告")
    assert made["standing"] == "scheduled"
    assert (await public.service.http.get(f"/v1/notices/{made['id']}")).status_code == 404
    assert (await public.service.http.get(f"/notices/{made['id']}")).status_code == 404
    assert "以后的公告" not in (await public.service.http.get("/notices")).text
    public.service.forward(hours=2, minutes=1)
    await public.seen(made["id"], "open")


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({"closes_on": -1}, "notice-closes-too-early"),
        ({"closes_on": 400}, "notice-open-too-long"),
        ({"opens_at": "2019-01-01T00:00:00Z"}, "notice-opens-in-the-past"),
    ],
)
async def test_a_wrong_period_is_refused_with_the_reason(public: Public, changed: dict[str, Any], slug: str) -> None:
    named = {name: days(public, value) if isinstance(value, int) else value for name, value in changed.items()}
    body = {"title_zh": "公告", "text_zh": "内容。", "closes_on": days(public, 5), **named}
    answer = await public.post("", body)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (400, slug)


async def test_only_the_center_and_authorities_announce(public: Public) -> None:
    body = {"title_zh": "公告", "text_zh": "内容。", "closes_on": days(public, 5)}
    for role in ("unit", "subscriber", "auditor"):
        assert (await public.post("", body, role)).status_code == 403


async def test_a_withdrawn_notice_stays_visible_with_its_reason_and_both_events(public: Public) -> None:
    made = await public.announce(title_zh="误发公告")
    await public.seen(made["id"])
    other_line = await public.post(f"/{made['id']}/withdraw", {"reason": "x"}, line="32")
    assert other_line.status_code == 404
    answer = await public.post(f"/{made['id']}/withdraw", {"reason": "内容有误。"})
    assert (answer.status_code, answer.json()["standing"]) == (200, "withdrawn")
    await public.service.heard(NoticeWithdrawn)

    async def proved() -> bool:
        return bool((await public.get(f"/v1/notices/{made['id']}"))["withdrawal"]["position"])

    await eventually(proved)
    proof = await public.get(f"/v1/notices/{made['id']}/proof")
    assert proof["withdrawal"]["position"] > proof["position"]
    page = (await public.service.http.get(f"/notices/{made['id']}")).text
    assert "本公示已撤回" in page
    assert "内容有误。" in page
    assert "误发公告" in (await public.service.http.get("/notices/archive")).text
    assert "误发公告" not in (await public.service.http.get("/notices")).text
    assert (await public.post(f"/{made['id']}/withdraw", {"reason": "又。"})).status_code == 409


# -- the board -----------------------------------------------------------------------------------------


async def test_a_notice_leaves_the_board_for_the_archive_when_its_last_day_is_over(public: Public) -> None:
    made = await public.announce(title_zh="一日公告", closes_on=days(public, 0))
    await public.seen(made["id"], "open")
    assert "一日公告" in (await public.service.http.get("/notices")).text
    ends = datetime.fromisoformat(made["ends_at"])
    was = public.service.offset
    public.service.set_time(ends + timedelta(seconds=1))
    assert "一日公告" not in (await public.service.http.get("/notices")).text
    assert "一日公告" in (await public.service.http.get("/notices/archive")).text
    assert (await public.get(f"/v1/notices/{made['id']}/proof"))["standing"] == "closed"
    public.service.forward(seconds=was - public.service.offset)


async def test_the_board_is_read_page_by_page_and_by_kind_and_line(public: Public) -> None:
    line = "62"
    made = [await public.announce(line=line, title_zh=f"公告{number}") for number in range(21)]
    path, seen = f"/notices?line={line}&kind=announcement", []
    while path:
        page = (await public.service.http.get(path)).text
        seen += re.findall(r"公告\d+(?=</a>)", page)
        further = re.search(r'class="further" href="([^"]+)"', page)
        path = unescape(further[1]).removeprefix("https://cert.example.org") if further else ""
    assert sorted(seen) == sorted(f"公告{number}" for number in range(21))
    rows: list[str] = []
    cursor = None
    while cursor or not rows:
        answer = await public.get("/v1/notices", line=line, limit=8, **({"cursor": cursor} if cursor else {}))
        rows += [row["id"] for row in answer["rows"]]
        cursor = answer["next"]
    assert sorted(rows) == sorted(row["id"] for row in made)
    none = await public.service.http.get(f"/notices?line={line}&kind=results")
    assert "暂无公示" in none.text


async def test_whatever_goes_wrong_is_a_page_as_well(public: Public) -> None:
    for path, status, words in (
        ("/notices/notice-1", 404, "未查到该公示"),
        ("/notices?cursor=%3F", 422, "网址不正确"),
        ("/notices?kind=moon", 422, "网址不正确"),
    ):
        answer = await public.service.http.get(path)
        assert (answer.status_code, words in answer.text) == (status, True), path


async def test_the_newest_notices_are_an_atom_feed(public: Public) -> None:
    made = await public.announce(title_zh="订阅公告 <b>\u0001")
    answer = await public.service.http.get("/notices.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = fromstring(answer.content)  # noqa: S314 - our own answer
    atom = "{http://www.w3.org/2005/Atom}"
    entries = {entry.findtext(f"{atom}id"): entry for entry in feed.findall(f"{atom}entry")}
    entry = entries[f"https://cert.example.org/notices/{made['id']}"]
    assert entry.findtext(f"{atom}title") == "订阅公告 <b>"


async def test_pages_need_no_script_load_nothing_and_name_nobody(public: Public) -> None:
    revoked = example("registry.certificate.revoked.v1", holder="测试人", reason=f"冒用{PERSON}<script>1</script>")
    notice = await public.says(revoked)
    await public.seen(notice)
    for path in ("/notices", "/notices/archive", f"/notices/{notice}", f"/v1/notices/{notice}", "/notices.atom"):
        answer = await public.service.http.get(path)
        assert "测试人" not in answer.text, path
        assert not ID_NUMBER.search(answer.text), path
        if path.startswith("/v1") or path.endswith("atom"):
            continue
        assert "<script" not in answer.text
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        hashed = b64encode(sha256(unescape(style).encode()).digest()).decode()
        policy = answer.headers["content-security-policy"]
        assert policy.startswith(f"default-src 'none'; style-src 'sha256-{hashed}'")


async def test_a_browser_shows_board_and_notice_on_phone_and_desk_and_nothing_sticks_out(
    public: Public, tmp_path: Path
) -> None:
    results = example(ResultsPublicised.type, opens_on=days(public, 0), closes_on=days(public, 5))
    notice = await public.says(results)
    await public.seen(notice)
    for name, path, title in (
        ("board", "/notices", "职业技能鉴定公示公告"),
        ("notice", f"/notices/{notice}", "钢筋工（五级/初级工）职业技能鉴定成绩公示"),
        ("archive", "/notices/archive", "公示公告存档"),
    ):
        url = f"{public.service.http.base_url}{path}"
        assert title in await asyncio.to_thread(dom, url, *PHONE)
        page = (await public.service.http.get(path)).text
        for device, (width, height) in {"phone": PHONE, "desk": DESK}.items():
            seen = await asyncio.to_thread(widths, page, tmp_path, width)
            assert seen == (width, width), (path, device)
            picture = await asyncio.to_thread(screenshot, url, BUILD / f"{name}-{device}.png", width, height)
            assert picture.stat().st_size > 10_000
