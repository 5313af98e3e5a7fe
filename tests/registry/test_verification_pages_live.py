"""What people see: the public's pages in a real browser, and the certificate on paper; pictures under build/."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from html import escape, unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pypdf import PdfReader

from infra.drive.people import Person
from infra.local import install
from infra.local.chromium import dom, screenshot
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from tests.live import PUBLIC_URL, Running, running
from tests.registry.test_live import authorised, filed, finalised, in_frame

pytestmark = pytest.mark.live

BUILD = Path(__file__).parents[2] / "build/verification"
UNIT, LINE = "unit-33-001", "33"
HOLDER = Person("欧阳明超", "110105188912310021")
PHONE, DESK = (390, 844), (1280, 900)


@dataclass(frozen=True)
class Shown:
    """A running registry with one certificate on file."""

    service: Running
    row: dict[str, Any]

    @property
    def path(self) -> str:
        """Where the QR code leads."""
        number = self.row["number"]
        return f"/verify/{number}?c={self.service.process.tools.sealer.code(number)}"

    def url(self, path: str) -> str:
        return f"{self.service.http.base_url}{path}"

    async def printed(self, form: str = "html", role: str = "unit", line: str = LINE) -> httpx.Response:
        headers = self.service.token(role, UNIT, line)
        path = f"/v1/certificates/{self.row['certificate']}/print"
        answer = await self.service.http.get(path, params={"format": form}, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shown(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    await asyncio.to_thread(install.printing)
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("pages")) as service:
        await in_frame(service, LINE)
        await authorised(service, UNIT, LINE)
        (row,) = await filed(service, await finalised(service, UNIT, LINE, [HOLDER]))
        yield Shown(service, row)


# -- pages ---------------------------------------------------------------------------------------------


async def test_the_page_of_a_qr_code_says_in_words_that_the_certificate_holds(shown: Shown) -> None:
    seen = await asyncio.to_thread(dom, shown.url(shown.path), *PHONE)
    for words in ("有效", "Valid", shown.row["number"], "钢筋工", "五级/初级工", "110105********0021"):
        assert words in seen
    assert HOLDER.name not in seen
    assert HOLDER.id_number not in seen
    for name, (width, height) in {"phone": PHONE, "desk": DESK}.items():
        file = BUILD / f"valid-{name}.png"
        await asyncio.to_thread(screenshot, shown.url(shown.path), file, width, height)
        assert file.stat().st_size > 10_000


async def test_without_a_code_there_is_a_form_and_nothing_about_the_certificate(shown: Shown) -> None:
    for path in ("/verify", f"/verify/{shown.row['number']}"):
        answer = await shown.service.http.get(path)
        assert answer.status_code == 200
        assert "钢筋工" not in answer.text
        assert '<form method="post" action="/verify"' in answer.text
    await asyncio.to_thread(screenshot, shown.url("/verify"), BUILD / "form-phone.png", *PHONE)


async def filled(shown: Shown, **fields: str) -> httpx.Response:
    """The page after the form was sent as a browser sends it."""
    return await shown.service.http.post("/verify", data=fields)


async def test_the_form_takes_the_name_or_the_id_number_and_shows_neither_in_an_address(shown: Shown) -> None:
    number = shown.row["number"]
    spaced = f" {number[:4]} {number[4:]} "
    for fact in ({"name": HOLDER.name, "id_number": ""}, {"name": "", "id_number": HOLDER.id_number}):
        answer = await filled(shown, number=spaced, **fact)
        assert answer.status_code == 200
        assert "有效" in answer.text
        assert HOLDER.id_number not in answer.text
        assert str(answer.url).endswith("/verify")


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"name": "王伟"}, 404, "未查到相符的证书"),
        ({"number": "1999002001599999", "name": "王伟"}, 404, "未查到相符的证书"),
        ({"number": "123", "name": "王伟"}, 422, "证书编号格式不正确"),
        ({"id_number": "123"}, 422, "身份证号码格式不正确"),
        ({"name": "王伟", "id_number": HOLDER.id_number}, 422, "只填一项"),
        ({"name": "王伟", "as_of": "2999-01-01"}, 400, "日期不能晚于今天"),
        ({"name": "王伟", "as_of": "gestern"}, 422, "日期格式不正确"),
    ],
)
async def test_whatever_goes_wrong_is_a_page_that_says_what_to_do(
    shown: Shown, fields: dict[str, str], status: int, words: str
) -> None:
    answer = await filled(shown, **({"number": shown.row["number"]} | fields))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert HOLDER.id_number not in answer.text
    assert "钢筋工" not in answer.text


async def test_a_wrong_code_a_strange_number_and_too_much_are_pages_too(shown: Shown) -> None:
    wrong = {
        f"/verify/{shown.row['number']}?c=AAAAAAAAAA": 404,
        f"/verify/{shown.row['number']}?c=1": 422,
        "/verify/%3Cb%3E?c=AAAAAAAAAA": 422,
    }
    for path, status in wrong.items():
        answer = await shown.service.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), path
        assert "<b>" not in answer.text
    assert (await filled(shown, number="1" * 10_000)).status_code == 200
    sent = await shown.service.http.post("/verify", content=b"\xff\xfe&=%zz&number", headers={"content-type": "x/y"})
    assert sent.status_code == 200


async def test_what_is_sent_is_shown_escaped_and_the_browser_may_load_and_run_nothing(shown: Shown) -> None:
    answer = await filled(shown, number=shown.row["number"], name='"><script>alert(1)</script>')
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    hashed = b64encode(sha256(unescape(style).encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{hashed}'")
    assert not re.search(r"(src|href|style)=|https?://", answer.text)
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_nothing_sticks_out_on_a_phone_and_every_field_has_a_label(shown: Shown, tmp_path: Path) -> None:
    # In a frame, because the browser's own window is never narrower than 500 pixels.
    look = "document.title = this.contentWindow.innerWidth + '/' + this.contentDocument.documentElement.scrollWidth"
    for path in (shown.path, "/verify", f"/verify/{shown.row['number']}?c=AAAAAAAAAA"):
        page = (await shown.service.http.get(path)).text
        file = tmp_path / "page.html"
        frame = f'<iframe width="390" height="844" frameborder="0" onload="{look}" srcdoc="{escape(page)}"></iframe>'
        file.write_text(frame, encoding="utf-8")
        seen = await asyncio.to_thread(dom, file.as_uri(), *PHONE)
        found = re.search(r"<title>(\d+)/(\d+)</title>", seen)
        assert found, path
        assert found[1] == found[2] == "390", path
        fields = re.findall(r'<input id="(\w+)"', page)
        assert fields
        assert set(fields) == set(re.findall(r'<label for="(\w+)"', page)), path
        assert '<html lang="zh-CN">' in page


async def test_an_earlier_day_is_asked_on_the_page_itself(shown: Shown) -> None:
    page = (await shown.service.http.get(shown.path)).text
    assert 'name="as_of" type="date"' in page
    before = await shown.service.http.get(f"{shown.path}&as_of=2001-01-01")
    assert before.status_code == 404
    today = shown.service.process.tools.clock.today()
    assert "有效" in (await shown.service.http.get(f"{shown.path}&as_of={today}")).text


# -- paper ---------------------------------------------------------------------------------------------


async def test_the_pdf_is_one_a4_page_with_its_fonts_inside_and_text_that_can_be_read(shown: Shown) -> None:
    answer = await shown.printed("pdf")
    assert answer.headers["content-type"] == "application/pdf"
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "certificate.pdf").write_bytes(answer.content)
    document = PdfReader(BytesIO(answer.content))
    (page,) = document.pages
    assert [round(float(side) * 25.4 / 72) for side in page.mediabox[2:]] == [210, 297]
    text = page.extract_text()
    for words in (shown.row["number"], HOLDER.name, HOLDER.id_number, "职业资格证书", "钢筋工", "五级/初级工", "--"):
        assert words in "".join(text.split())
    assert "\ufffd" not in text
    resources: Any = page["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]
    assert fonts
    for font in fonts:
        assert "Noto" in font["/BaseFont"], "a Chinese font, so that nothing is a box"
        described = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & described.keys(), font["/BaseFont"]


async def test_many_prints_at_once_hold_up_no_other_request(shown: Shown) -> None:
    prints = [asyncio.create_task(shown.printed("pdf")) for _ in range(4)]
    waits = []
    while not all(task.done() for task in prints):
        started = asyncio.get_running_loop().time()
        assert (await shown.service.http.get("/health/live")).status_code == 200
        waits.append(asyncio.get_running_loop().time() - started)
    await asyncio.gather(*prints)
    assert len(waits) > 10, "other requests were answered meanwhile"
    assert max(waits) < 2


async def test_the_sheet_for_the_browser_is_the_same_and_says_that_it_is_a_sample(shown: Shown, tmp_path: Path) -> None:
    page = (await shown.printed()).text
    code = shown.service.process.tools.sealer.code(shown.row["number"])
    for words in (HOLDER.name, HOLDER.id_number, shown.row["number"], code, f"{PUBLIC_URL}/verify", "样本", "照片"):
        assert words in page
    assert page.count("<svg") == 1
    file = tmp_path / "certificate.html"
    file.write_text(page, encoding="utf-8")
    await asyncio.to_thread(screenshot, file.as_uri(), BUILD / "certificate.png", 860, 1190)


async def test_after_a_reissue_and_a_correction_the_paper_says_so(shown: Shown) -> None:
    grounds = {"reason": "遗失。", "basis": "中心处理决定"}
    path = f"/v1/certificates/{shown.row['certificate']}"
    first = (await shown.printed()).text
    assert "补发" not in first
    for what, more in (("reissue", {}), ("correct", {"theory": 81})):
        headers = shown.service.token("center")
        answer = await shown.service.http.post(f"{path}/{what}", json=grounds | more, headers=headers)
        assert answer.status_code == 200, answer.text
    again = (await shown.printed()).text
    for words in ("补发：", "Reissued", "更正，为第 2 版", f"{shown.row['number']}-02"):
        assert words in again
    await asyncio.to_thread(screenshot, shown.url(shown.path), BUILD / "reissued-phone.png", 390, 1400)


async def test_a_certificate_that_ended_is_shown_so(shown: Shown) -> None:
    headers = shown.service.token("center")
    grounds = {"reason": "核查。", "basis": "中心处理决定"}
    answer = await shown.service.http.post(
        f"/v1/certificates/{shown.row['certificate']}/revoke", json=grounds, headers=headers
    )
    assert answer.status_code == 200, answer.text
    seen = await asyncio.to_thread(dom, shown.url(shown.path), *PHONE)
    assert "已撤销" in seen
    assert "Revoked" in seen
    await asyncio.to_thread(screenshot, shown.url(shown.path), BUILD / "revoked-phone.png", *PHONE)
