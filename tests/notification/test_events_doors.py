"""The doors of the feed: filters, one event, where a thing is, and what is refused."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import JsonValue

from infra.docs.examples import example_of
from services.notification.feed.domain.event import about
from services.notification.feed.storage import INDEXES
from shared.events.assessment import FinalResult, ResultsFinalised
from shared.events.registry import CertificateFiled
from tests.live import Running, eventually
from tests.notification.examples import NOON
from tests.notification.story import Asking, center, say, subscriber

pytestmark = pytest.mark.live
MASON = {"occupation": "mason", "level": "5"}


async def finalised(service: Running, entry: str, **changed: Any) -> str:
    """A chunk with one result; its event's id."""
    result = FinalResult(entry=entry, holder="张*", person="", theory=80, practical=90)
    values = {
        "batch": f"batch-{entry}", "unit": "unit-33-001", "standard": "s", "exam_on": NOON.date(), "closed_at": NOON,
        "chunk": 1, "chunks": 1, "results": (result,), **MASON, **changed,
    }  # fmt: skip
    return await service.says(ResultsFinalised(**values), subject=f"batch-{entry}.1")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"occupation": "mason"}, True),
        ({"occupation": "scaffolder"}, False),
        ({"occupation": ["scaffolder", "mason"]}, True),
        ({"level": "5", "occupation": "mason"}, True),
        ({"level": "4", "occupation": "mason"}, False),
        ({"unit": "unit-33-001"}, True),
        ({"unit": "unit-33-002"}, False),
        ({"authority": "33"}, True),
        ({"authority": ["44", "national"]}, False),
        ({"type": ["evaluation.*", "assessment.results.finalised.v1"]}, True),
        ({"type": "evaluation.*"}, False),
    ],
)
async def test_the_feed_is_filtered_by_any_of_the_values_of_every_field(
    service: Running, asked: dict[str, Any], found: bool
) -> None:
    event = await finalised(service, uuid4().hex)
    await center(service).in_feed(event)
    rows = await center(service).feed(**{"correlation": event, **asked})
    assert bool(rows) is found


@pytest.mark.parametrize(
    ("who", "asked", "field", "slug"),
    [
        (subscriber, {"type": "moon.*"}, "/query/type", "unknown-event-type"),
        (subscriber, {"authority": "44"}, "/query/authority", "filter-matches-nothing"),
        (center, {"authority": "zhejiang"}, "/query/authority", "filter-matches-nothing"),
        (center, {"level": "9"}, "/query/level", "filter-matches-nothing"),
        (center, {"after": 10**9}, "/query/after", "beyond-the-feed"),
    ],
)
async def test_a_filter_that_can_match_nothing_is_refused_with_its_field(
    service: Running, who: Any, asked: dict[str, Any], field: str, slug: str
) -> None:
    answer = await who(service).get("/events", **asked)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith(f":{slug}")
    assert answer.json()["errors"][0]["pointer"] == field


async def test_a_unit_asks_for_itself_only(service: Running) -> None:
    unit = Asking(service, "unit", "unit-33-001")
    assert (await unit.get("/events", unit="unit-33-001")).status_code == 200
    for asked in ({"unit": "unit-33-002"}, {"authority": "national"}):
        answer = await unit.get("/events", **asked)
        assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (400, "filter-matches-nothing")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"authorities": ["44"]}, "/authorities/0"),
        ({"levels": ["5", "9"]}, "/levels/1"),
        ({"types": ["x"]}, "/types/0"),
    ],
)
async def test_a_subscription_to_nothing_is_refused_as_well(
    service: Running, changed: dict[str, Any], field: str
) -> None:
    answer = await subscriber(service).post("/subscriptions", {"url": "http://127.0.0.1:9/", **changed})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, field)


async def test_a_subscription_is_told_of_its_filter_only(service: Running, hooks: Any, path: str) -> None:
    await subscriber(service).subscribe(hooks.url(path), occupations=["mason"], levels=["4"], from_position=0)
    await finalised(service, uuid4().hex)
    wanted = await finalised(service, uuid4().hex, level="4")
    (hook,) = await hooks.got(path)
    assert hook.headers["webhook-id"] == wanted


async def test_one_event_is_read_by_its_position_within_the_scope(service: Running) -> None:
    (row,) = await center(service).in_feed(await say(service, "unit-44-001", "44"))
    assert (await center(service).get(f"/events/{row['position']}")).json() == row
    assert (await subscriber(service).get(f"/events/{row['position']}")).status_code == 404
    assert (await center(service).get("/events/999999999")).status_code == 404


@pytest.mark.parametrize("position", [2**63, 10**30, -(10**30), 0])
async def test_a_position_that_no_feed_reaches_is_the_asker_s_mistake(service: Running, position: int) -> None:
    assert (await center(service).get(f"/events/{position}")).status_code in (400, 404, 422)


async def test_a_timeline_tells_where_an_entry_is_across_services(service: Running) -> None:
    entry = f"entry-{uuid4().hex}"
    await finalised(service, entry)
    filed = CertificateFiled.model_validate(
        {**example_of(CertificateFiled)["body"], "entry": entry, "number": entry[-16:]}
    )
    last = await service.says(filed, subject=f"certificate-{entry}")
    await center(service).in_feed(last)
    told = (await center(service).get("/events/timeline", subject=entry)).json()
    assert [(step["service"], step["type"]) for step in told["steps"]] == [
        ("assessment", "assessment.results.finalised.v1"),
        ("registry", "registry.certificate.filed.v1"),
    ]
    first, second = told["steps"]
    assert first["lag_ms"] == 0
    assert told["span_ms"] == second["lag_ms"] >= 0
    assert not told["more"]
    by_number = (await center(service).get("/events/timeline", subject=entry[-16:])).json()
    assert [step["position"] for step in by_number["steps"]] == [second["position"]]


async def test_a_timeline_keeps_to_the_scope(service: Running) -> None:
    entry = f"entry-{uuid4().hex}"
    await center(service).in_feed(await finalised(service, entry))
    other = subscriber(service, line="44")
    assert (await other.get("/events/timeline", subject=entry)).status_code == 404
    assert (await center(service).get("/events/timeline", subject="nothing")).status_code == 404


def test_an_event_is_about_its_subject_and_every_id_in_it() -> None:
    body: dict[str, JsonValue] = {
        "plan": "p1",
        "unit": "u1",
        "results": [{"entry": "e1"}, {"entry": "e2", "number": 7}],
        "batch": "",
    }
    assert about("s1", body) == ("s1", "p1", "e1", "e2")


def test_every_filter_has_an_index_however_long_the_feed_is() -> None:
    asked = ("type", "unit", "occupation", "level", "subject", "correlation", "authority")
    leading = {next(iter(index.document["key"])) for index in INDEXES}
    assert set(asked) <= leading


async def test_the_whole_history_is_pulled_page_by_page(service: Running) -> None:
    for _ in range(5):
        await say(service)
    last = await say(service)
    (end,) = await center(service).in_feed(last)

    async def pulled() -> list[int]:
        seen: list[int] = []
        after = 0
        while rows := await center(service).feed(after=after, limit=7):
            seen += [row["position"] for row in rows]
            after = seen[-1]
        return seen

    seen = await eventually(pulled)
    assert seen[: end["position"]] == list(range(1, end["position"] + 1))


async def test_an_answer_says_whether_the_feed_goes_on_after_it_already(service: Running) -> None:
    first, second = await say(service), await say(service)
    begin = (await center(service).in_feed(first))[0]["position"] - 1
    await center(service).in_feed(second)
    some = (await center(service).get("/events", after=begin, limit=1)).json()
    rest = (await center(service).get("/events", after=some["next"], limit=100)).json()
    assert ([row["id"] for row in some["rows"]], some["more"]) == ([first], True)
    assert ([row["id"] for row in rest["rows"]], rest["more"]) == ([second], False)
