"""Inboxes on the real servers: filled and settled from the feed, read by those they belong to and nobody else."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.notification.feed.storage import Reached
from services.notification.inboxes.handlers import InboxFollower
from services.notification.rooms import Rooms
from shared.events.assessment import ObjectionOverdue, ObjectionRaised
from shared.events.base import Event
from shared.events.catalogue import EVENTS
from shared.events.registry import PlanFiled, PlanSubmitted
from shared.process import Tools
from tests.live import Running, eventually
from tests.notification.story import Asking, center, returned
from tests.notification.test_inboxes_domain import example

pytestmark = pytest.mark.live


@pytest.fixture
def unit() -> str:
    """A unit of this test's own."""
    return f"unit-33-{uuid4().hex[:8]}"


def of_unit(service: Running, unit: str, line: str = "33") -> Asking:
    return Asking(service, "unit", unit, line)


def submitted(plan: str, unit: str) -> PlanSubmitted:
    return PlanSubmitted.model_validate_json(example(PlanSubmitted.type, plan=plan, unit=unit).body)


def filed(plan: str, unit: str) -> PlanFiled:
    return PlanFiled.model_validate_json(example(PlanFiled.type, plan=plan, unit=unit).body)


def raised(objection: str, unit: str, by: str) -> ObjectionRaised:
    body = example(ObjectionRaised.type, objection=objection, unit=unit, accept_by=by).body
    return ObjectionRaised.model_validate_json(body)


async def rows(asking: Asking, **query: Any) -> list[dict[str, Any]]:
    answer = await asking.get("/inbox", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


async def item(asking: Asking, most: int = 1, **query: Any) -> dict[str, Any]:
    """The first item, once there are so many."""

    async def enough() -> list[dict[str, Any]]:
        found = await rows(asking, **query)
        return found if len(found) >= most else []

    return (await eventually(enough))[0]


async def unversioned(asking: Asking) -> list[dict[str, Any]]:
    """All items but for the count of writes: that mails are made of one is noted in it a moment later."""
    return [{name: value for name, value in row.items() if name != "version"} for row in await rows(asking)]


async def counts(asking: Asking) -> dict[str, Any]:
    answer = await asking.get("/inbox/counts")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def says(service: Running, event: Event, subject: str, sequence: int = 1) -> None:
    await service.says(event, subject=subject, sequence=sequence)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


async def test_a_returned_plan_waits_for_its_unit_until_it_is_submitted_again(service: Running, unit: str) -> None:
    plan, people = f"plan-{uuid4().hex}", of_unit(service, unit)
    await says(service, returned(plan, unit), plan, 2)
    found = await item(people)
    assert (found["kind"], found["standing"], found["subject"]) == ("plan", "waiting", plan)
    assert found["title"]["zh"] == "工作方案被退回，请补正后重新提交"
    assert (await counts(people))["first"]["id"] == found["id"]
    await says(service, submitted(plan, unit), plan, 3)
    settled = await item(people, which="settled")
    assert settled["settlement"]["type"] == PlanSubmitted.type
    assert {name: number for name, number in (await counts(people)).items() if number} == {"unread": 1}


async def test_the_center_has_what_was_submitted_until_it_is_filed(service: Running, unit: str) -> None:
    plan = f"plan-{uuid4().hex}"
    await says(service, submitted(plan, unit), plan, 1)

    async def waiting() -> list[dict[str, Any]]:
        found = await rows(center(service), which="open", order="newest", limit=1000)
        return [row for row in found if row["subject"] == plan]

    (found,) = await eventually(waiting)
    assert found["desk"] == "center"
    await says(service, filed(plan, unit), plan, 2)

    async def gone() -> bool:
        return not await waiting()

    await eventually(gone)
    assert (await item(of_unit(service, unit)))["event_type"] == PlanFiled.type


async def test_an_item_that_its_settlement_overtook_on_the_bus_is_settled(service: Running, unit: str) -> None:
    plan, people = f"plan-{uuid4().hex}", of_unit(service, unit)
    await says(service, submitted(plan, unit), plan, 3)
    await eventually(lambda: center(service).feed(subject=plan))
    await says(service, returned(plan, unit), plan, 2)
    assert (await item(people))["standing"] == "settled"


async def test_an_event_told_twice_is_one_item(service: Running, unit: str) -> None:
    plan, people = f"plan-{uuid4().hex}", of_unit(service, unit)
    for _ in range(2):
        await says(service, returned(plan, unit), plan, 2)
    await says(service, returned(f"{plan}x", unit), f"{plan}x", 2)
    await item(people, most=2)
    assert len(await rows(people)) == 2


async def test_another_process_that_follows_the_feed_from_its_beginning_changes_nothing(
    service: Running, unit: str
) -> None:
    plan, people = f"plan-{uuid4().hex}", of_unit(service, unit)
    await says(service, returned(plan, unit), plan, 2)
    await says(service, returned(f"{plan}x", unit), f"{plan}x", 2)
    await says(service, submitted(plan, unit), plan, 3)
    found = await item(people, which="settled")
    await people.post(f"/inbox/{found['id']}/read")
    before = await unversioned(people)
    tools = Tools.made(service.process.tools.settings)
    rooms = Rooms(tools)
    room, reached = rooms.inboxes, Reached(tools.database, f"again-{unit}")
    other = InboxFollower(
        room.items, room.causes, rooms.causes.words, rooms.rules, room.clock, log=rooms.log, reached=reached
    )
    await other.follow()
    await other.follow()
    assert await reached.position() > 0
    await tools.database.close()
    assert await unversioned(people) == before


async def test_what_waits_is_near_its_limit_and_then_overdue_by_the_clock_alone(service: Running, unit: str) -> None:
    now, people = service.process.tools.clock, of_unit(service, unit)
    objection, plan = f"objection-{uuid4().hex}", f"plan-{uuid4().hex}"
    by = now.today().toordinal() + 5
    await says(service, returned(plan, unit), plan, 2)
    await says(service, raised(objection, unit, type(now.today()).fromordinal(by).isoformat()), objection)
    await item(people, most=2)
    assert [row["standing"] for row in await rows(people, which="open")] == ["waiting", "waiting"]
    assert (await rows(people))[0]["subject"] == objection, "the soonest due first"
    service.forward(days=3)
    assert [row["subject"] for row in await rows(people, which="soon")] == [objection]
    service.forward(days=3)
    assert [row["subject"] for row in await rows(people, which="overdue")] == [objection]
    found = await counts(people)
    assert (found["waiting"], found["soon"], found["overdue"], found["unread"]) == (2, 0, 1, 2)
    assert found["first"]["standing"] == "overdue"


async def test_a_card_about_to_lapse_shows_to_its_authority_when_its_time_comes(service: Running) -> None:
    line, card = "62", f"card-{uuid4().hex}"
    today = service.process.tools.clock.today()
    until = type(today).fromordinal(today.toordinal() + 100).isoformat()
    body = example("registry.card.issued.v1", card=card, valid_until=until)
    event = EVENTS[body.type].model_validate_json(body.body)
    await service.says(event, subject=card, authority=line)
    people = Asking(service, "authority", line, line)
    await eventually(lambda: people.feed(subject=card))
    assert await rows(people) == []
    service.forward(days=41)
    found = await item(people)
    assert (found["subject"], found["due_on"], found["standing"]) == (card, until, "waiting")


async def test_who_read_and_acknowledged_it_stands_and_the_first_one_does(service: Running, unit: str) -> None:
    plan, people = f"plan-{uuid4().hex}", of_unit(service, unit)
    await says(service, returned(plan, unit), plan, 2)
    found = await item(people, which="unread")
    read = (await people.post(f"/inbox/{found['id']}/read")).json()
    assert read["read"]["by"]
    seen = (await people.post(f"/inbox/{found['id']}/acknowledge")).json()
    assert seen["read"] == read["read"]
    assert seen["acknowledged"]["at"] >= read["read"]["at"]
    assert (await people.post(f"/inbox/{found['id']}/acknowledge")).json()["acknowledged"] == seen["acknowledged"]
    assert await rows(people, which="unread") == []
    assert [row["id"] for row in await rows(people, which="acknowledged")] == [found["id"]]
    assert seen["standing"] == "waiting", "who sees to it has not settled it"


async def test_many_are_read_at_once_by_name_or_up_to_a_position(service: Running, unit: str) -> None:
    people = of_unit(service, unit)
    for at in range(4):
        plan = f"plan-{at}-{uuid4().hex}"
        await says(service, returned(plan, unit), plan, 2)
    await item(people, most=4)
    found = await rows(people, order="newest")
    named = await people.post("/inbox/read", {"items": [found[0]["id"], "item-of-nobody"]})
    assert named.json() == {"read": 1, "more": False}
    up_to = await people.post("/inbox/read", {"up_to": found[2]["position"]})
    assert up_to.json() == {"read": 2, "more": False}
    assert [row["id"] for row in await rows(people, which="unread")] == [found[1]["id"]]
    wrong = await people.post("/inbox/read", {"up_to": 1, "items": ["a"]})
    assert wrong.status_code in (400, 422)


async def test_pages_go_on_where_the_one_before_ended_in_either_order(service: Running, unit: str) -> None:
    people = of_unit(service, unit)
    for at in range(5):
        plan = f"plan-{at}-{uuid4().hex}"
        await says(service, returned(plan, unit), plan, 2)
        await says(service, filed(f"{plan}f", unit), f"{plan}f", 2)
    await item(people, most=10)
    for order in ("due", "newest"):
        whole, cursor, paged = await rows(people, order=order), None, []
        for _ in range(4):
            query: dict[str, Any] = {"cursor": cursor} if cursor else {}
            answer = (await people.get("/inbox", order=order, limit=3, **query)).json()
            paged += answer["rows"]
            cursor = answer["next"]
        assert cursor is None
        assert [row["id"] for row in paged] == [row["id"] for row in whole]
    mixed = (await people.get("/inbox", limit=3)).json()["next"]
    assert problem(await people.get("/inbox", order="newest", cursor=mixed)) == (422, "malformed")


async def test_an_inbox_belongs_to_its_organisation_alone(service: Running, unit: str) -> None:
    plan = f"plan-{uuid4().hex}"
    await says(service, returned(plan, unit), plan, 2)
    found = await item(of_unit(service, unit))
    others = [
        of_unit(service, f"{unit}x"),
        of_unit(service, unit, "44"),
        Asking(service, "authority", "33", "33"),
        center(service),
    ]
    for other in others:
        for answer in (
            await other.get(f"/inbox/{found['id']}"),
            await other.post(f"/inbox/{found['id']}/read"),
            await other.post(f"/inbox/{found['id']}/acknowledge"),
        ):
            assert problem(answer) == (404, "not-found")
        assert (await other.post("/inbox/read", {"items": [found["id"]]})).json()["read"] == 0
    auditor = Asking(service, "auditor", "audit", "33")
    assert (await auditor.get(f"/inbox/{found['id']}")).status_code == 200
    assert problem(await auditor.post(f"/inbox/{found['id']}/read")) == (403, "forbidden")
    assert problem(await Asking(service, "auditor", "audit", "44").get(f"/inbox/{found['id']}")) == (404, "not-found")
    assert problem(await Asking(service, "subscriber", "sub-1").get("/inbox")) == (403, "forbidden")
    assert (await item(of_unit(service, unit)))["read"] is None


async def test_an_unknown_kind_is_refused_with_the_known_ones(service: Running, unit: str) -> None:
    answer = await of_unit(service, unit).get("/inbox", kind="moon")
    assert problem(answer) == (400, "unknown-item-kind")
    assert "objection" in answer.json()["detail"]


async def test_an_event_that_says_too_little_holds_up_no_other(service: Running, unit: str) -> None:
    class Bare(Event):
        """An overdue objection of a speaker that names no day."""

        type = ObjectionOverdue.type
        objection: str
        unit: str

    class Odd(Event):
        """An objection of a speaker whose days are numbers."""

        type = ObjectionRaised.type
        objection: str
        unit: str
        accept_by: int

    await says(service, Bare(objection="o", unit=unit), f"objection-{uuid4().hex}")
    await says(service, Odd(objection="o", unit=unit, accept_by=20261125), f"objection-{uuid4().hex}")
    plan = f"plan-{uuid4().hex}"
    await says(service, returned(plan, unit), plan, 2)
    assert (await item(of_unit(service, unit)))["subject"] == plan
