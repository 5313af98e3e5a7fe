"""The catalogue opens in a browser without a network, on a phone too, and leaves no event and no field out."""

import asyncio
import re
from html import escape, unescape
from pathlib import Path

import pytest

from infra.docs.__main__ import ROOT
from infra.docs.catalogue import ATTRIBUTES, coded, names
from infra.docs.examples import FOLDER
from infra.docs.schemas import HEADERS, schemas_of
from infra.docs.wiring import services
from infra.local.chromium import dom, screenshot
from services.notification.feed.api import CloudEvent
from shared.events.catalogue import EVENTS
from tests.assessment.pages import widths

FILE = ROOT / "docs/catalogue.html"
PAGE = FILE.read_text(encoding="utf-8")
BUILD = ROOT / "build/catalogue"
ANCHORS = re.findall(r'\bid="([^"]+)"', PAGE)
WIDTHS = (390, 1280)


def section(anchor: str) -> str:
    """What stands between an anchor and the end of its section."""
    return PAGE.partition(f'<section id="{anchor}">')[2].partition("</section>")[0]


@pytest.mark.parametrize("event_type", EVENTS)
def test_an_event_is_shown_with_its_name_its_hearers_its_fields_and_its_example(event_type: str) -> None:
    shown = section(event_type)
    schema = schemas_of([EVENTS[event_type]])[EVENTS[event_type].__name__]
    assert f"<h3>{names()[event_type]} <" in shown
    for described in schema["properties"].values():
        assert coded(described["description"]) in shown
    assert re.findall(r"<dt><code>(\w+)</code></dt>", shown) == list(schema["properties"])
    assert shown.count('class="mark"') == sum(bool(one.get("sealed")) for one in schema["properties"].values())
    for service in services():
        for ear in service.hears:
            assert (f"{service.name} (<code>{ear.queue}</code>)" in shown) == (EVENTS[event_type] in ear.events)
    (example,) = re.findall(r"<pre>(.*)</pre>", shown, re.DOTALL)
    assert unescape(example) == (FOLDER / f"{event_type}.json").read_text(encoding="utf-8").rstrip("\n")


def test_every_event_has_a_chinese_name_and_no_name_is_left_over_or_used_twice() -> None:
    assert set(names()) == set(EVENTS)
    assert len(set(names().values())) == len(EVENTS)
    assert all(re.search("[\u4e00-\u9fff]", name) for name in names().values())


def test_the_index_and_every_link_lead_to_one_place_on_the_page() -> None:
    assert len(set(ANCHORS)) == len(ANCHORS)
    linked = set(re.findall(r'href="#([^"]+)"', PAGE))
    assert linked <= set(ANCHORS)
    assert set(EVENTS) <= linked


def test_every_attribute_of_both_forms_is_described() -> None:
    shown = section("attributes")
    for name in (*CloudEvent.model_fields, *HEADERS["properties"]):
        assert f"<code>{name}</code>" in shown
    assert set(ATTRIBUTES) <= set(CloudEvent.model_fields)
    assert set(ATTRIBUTES.values()) <= set(HEADERS["properties"])
    assert '<dd lang="en"></dd>' not in shown


def test_every_door_for_subscribers_is_named_and_every_door_that_is_named_is_there() -> None:
    (told,) = [service for service in services() if service.name == "notification"]
    doors = {
        f"{method.upper()} {path}"
        for path, methods in told.app.openapi()["paths"].items()
        for method, said in methods.items()
        if path.startswith("/v1/") and "notices" not in said.get("tags", ())
    }
    assert set(re.findall(r"<dt><code>([A-Z]+ /v1/[^<]*)</code>", section("doors"))) == doors
    assert {name.partition("?")[0] for name in re.findall(r"<code>([A-Z]+ /v1/[^<]*)</code>", PAGE)} == doors


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs() -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'" in PAGE
    assert re.findall(r"<(?:script|link|img|iframe|object|form)\b|\bsrc=|url\(|@import|\bon\w+=|style=", PAGE) == []
    assert [link for link in re.findall(r'href="([^"]*)"', PAGE) if not link.startswith("#")] == []


def test_a_text_is_escaped_and_its_names_are_code() -> None:
    assert coded("a < b, see `x<y>`") == f"a &lt; b, see <code>{escape('x<y>')}</code>"


@pytest.mark.live
@pytest.mark.parametrize("width", WIDTHS)
async def test_in_a_browser_nothing_sticks_out(width: int, tmp_path: Path) -> None:
    opened = PAGE.replace("<details>", "<details open>")
    assert opened != PAGE
    for text in (PAGE, opened):
        assert await asyncio.to_thread(widths, text, tmp_path, width) == (width, width)
    picture = await asyncio.to_thread(screenshot, FILE.as_uri(), BUILD / f"{width}.png", width, 2000)
    assert picture.stat().st_size > 50_000


@pytest.mark.live
async def test_a_browser_has_every_event_under_its_anchor() -> None:
    shown = await asyncio.to_thread(dom, FILE.as_uri())
    assert [anchor for anchor in re.findall(r'<section id="([^"]+)"', shown) if anchor in EVENTS] == [
        event.type for service in services() for event in service.says
    ]
