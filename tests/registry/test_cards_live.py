"""Cards on the real servers: over HTTP and the bus, by those entitled, with the person never in clear."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from infra.drive.people import Person, people
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.base import Event
from shared.events.registry import CardChanged, CardGraded, CardIssued, CardReinstated, CardRevoked, CardSuspended
from tests.doors.cards import answered, authority, issued
from tests.doors.plans import TODAY, unit
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

CROWD = people(seed=1888)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("cards")) as live:
        live.set_time(TODAY)
        yield live


async def said_of(service: Running, kind: type[Event], card: str) -> dict[str, Any]:
    """The body of the first event of a kind about a card, once it is heard."""

    async def there() -> list[dict[str, Any]]:
        bodies = (json.loads(said.body) for said in service.said if said.type == kind.type)
        return [body for body in bodies if body["card"] == card]

    return (await eventually(there))[0]


async def moved(service: Running, card: str, what: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
    answer = await service.http.post(f"/v1/cards/{card}/{what}", json=body, headers=headers or authority(service))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def checked(service: Running, headers: dict[str, str], *cards: str, **changed: str) -> list[str | None]:
    """The refusals of these cards, None for those that may act."""
    asked = {"cards": cards, "on": "2019-10-12", "occupation": "rebar_worker", "level": "5", **changed}
    answer = await service.http.post("/v1/cards/check", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return [row["refusal"] for row in answer.json()]


async def listed(service: Running, headers: dict[str, str] | None = None, **query: Any) -> set[str]:
    answer = await service.http.get("/v1/cards", params={"limit": 1000, **query}, headers=headers or authority(service))
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["rows"]}


def problem(answer: Any) -> str:
    return str(answer.json()["type"]).rsplit(":", 1)[-1]


# -- issuing -------------------------------------------------------------------------------------------


async def test_an_issued_card_is_said_whole_and_shows_its_person_masked(service: Running) -> None:
    person = next(CROWD)
    made = await issued(service, person)
    said = await said_of(service, CardIssued, made["id"])
    assert (made["number"][:5], made["status"], made["valid_until"]) == ("A3319", "valid", "2022-09-01")
    assert (said["number"], said["holder"]) == (made["number"], f"{person.name[0]}*")
    opened = service.process.tools.sealer.open(said["person"], bound_to=made["id"])
    assert json.loads(opened) == {"name": person.name, "id_number": person.id_number}
    assert made["id_number"] == f"{person.id_number[:6]}********{person.id_number[-4:]}"


async def test_cards_issued_at_once_take_consecutive_numbers_of_their_issuer_and_year(service: Running) -> None:
    headers = [authority(service, "36") for _ in range(12)]
    made = await asyncio.gather(*(issued(service, next(CROWD), one, kind="supervisor") for one in headers))
    assert sorted(card["number"] for card in made) == [f"R3619{serial:04d}" for serial in range(1, 13)]


async def test_of_two_cards_of_a_kind_asked_for_one_person_at_once_one_is_issued(service: Running) -> None:
    person = next(CROWD)
    lines = [authority(service), authority(service, "36")]
    answers = await asyncio.gather(*(answered(service, person, one) for one in lines))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["errors"][0]["pointer"] == "/id_number"
    assert (await answered(service, person, kind="supervisor")).status_code == 201


async def test_a_request_repeated_gets_the_same_card_and_uses_no_number(service: Running) -> None:
    person, headers = next(CROWD), authority(service, "44")
    first = await issued(service, person, headers)
    collection = service.process.tools.database.collection("answers")
    await collection.delete({})  # as if the process had died before it kept its answer
    again = await issued(service, person, headers)
    following = await issued(service, next(CROWD), authority(service, "44"))
    assert [again["id"], again["number"]] == [first["id"], first["number"]]
    assert int(following["number"][-4:]) == int(first["number"][-4:]) + 1


@pytest.mark.parametrize(
    ("changed", "slug", "pointer"),
    [
        ({"evidence": []}, "card-not-qualified", "/evidence"),
        ({"id_number": "330106189309141016"}, "invalid-resident-id", "/id_number"),
        ({"scopes": [{"occupation": "rebar_worker", "levels": ["2"]}]}, "card-outside-standards", "/scopes/0/levels"),
        ({"valid_from": "2018-01-01"}, "card-day", "/valid_from"),
    ],
)
async def test_what_breaks_a_rule_is_refused_with_its_field(
    service: Running, changed: dict[str, Any], slug: str, pointer: str
) -> None:
    answer = await answered(service, next(CROWD), **changed)
    assert (problem(answer), answer.json()["errors"][0]["pointer"]) == (slug, pointer)


# -- life ----------------------------------------------------------------------------------------------


async def test_a_card_is_suspended_reinstated_changed_graded_and_revoked_and_each_is_said(service: Running) -> None:
    made = await issued(service, next(CROWD))
    card, asker = made["id"], unit(service)
    assert await checked(service, asker, made["number"]) == [None]
    await moved(service, card, "suspend", since="2019-10-01", reason="调查期间", basis="办法")
    assert (await said_of(service, CardSuspended, card))["suspended_on"] == "2019-10-01"
    assert await checked(service, asker, card) == ["card-suspended"]
    assert await checked(service, asker, card, on="2019-09-30") == [None]
    await moved(service, card, "reinstate", reason="无违规")
    assert (await said_of(service, CardReinstated, card))["suspended_on"] is None
    scopes = [{"occupation": "mason", "levels": ["5"]}]
    await moved(service, card, "scopes", scopes=scopes, reason="改报")
    assert (await said_of(service, CardChanged, card))["scopes"] == scopes
    assert await checked(service, asker, card) == ["occupation-out-of-scope"]
    await moved(service, card, "grade", year=2019, grade="excellent")
    assert (await said_of(service, CardGraded, card))["grade"] == "excellent"
    gone = await moved(service, card, "revoke", reason="弄虚作假", basis="办法")
    assert (gone["status"], gone["suspensions"][0]["until"]) == ("revoked", "2019-10-01")
    assert (await said_of(service, CardRevoked, card))["ended_on"] == "2019-09-02"


async def test_a_change_of_a_card_that_moved_on_is_refused(service: Running) -> None:
    made = await issued(service, next(CROWD))
    stale = {**authority(service), "If-Match": '"1"'}
    await moved(service, made["id"], "employer", employer="另一公司", reason="调动")
    answer = await service.http.post(f"/v1/cards/{made['id']}/reinstate", json={"reason": "x"}, headers=stale)
    assert (answer.status_code, problem(answer)) == (412, "stale-version")


# -- asking --------------------------------------------------------------------------------------------


async def test_a_unit_may_ask_of_its_line_and_of_the_centers_cards_and_of_no_others(service: Running) -> None:
    own = await issued(service, next(CROWD))
    centers = await issued(service, next(CROWD), service.token("center"), kind="senior_assessor")
    others = await issued(service, next(CROWD), authority(service, "44"))
    names = [own["number"], centers["number"], others["number"], "A33199999"]
    assert await checked(service, unit(service), *names) == [None, None, "card-unknown", "card-unknown"]
    assert await checked(service, service.token("center"), others["id"]) == [None]
    assert centers["number"].startswith("S0019")


async def test_a_list_is_narrowed_by_what_is_asked_and_by_the_line(service: Running) -> None:
    line = authority(service, "51")
    plain = await issued(service, next(CROWD), authority(service, "51"), employer="甲公司")
    mason = await issued(
        service,
        next(CROWD),
        authority(service, "51"),
        scopes=[{"occupation": "mason", "levels": ["3"]}],
        valid_from="2019-08-20",
    )
    ahead = await issued(service, next(CROWD), authority(service, "51"), kind="supervisor", valid_from="2019-10-01")
    everything = {plain["id"], mason["id"], ahead["id"]}
    assert await listed(service, line) == everything
    assert await listed(service, line, employer="甲公司") == {plain["id"]}
    assert await listed(service, line, occupation="mason", level="3") == {mason["id"]}
    assert await listed(service, line, level="3") == {mason["id"]}
    assert await listed(service, line, occupation="mason", level="5") == set()
    assert await listed(service, line, kind="supervisor") == {ahead["id"]}
    assert await listed(service, line, status="upcoming") == {ahead["id"]}
    assert await listed(service, line, status="valid") == {plain["id"], mason["id"]}
    assert await listed(service, line, expiring_before="2022-09-01") == {mason["id"]}
    assert await listed(service, authority(service, "52")) == set()
    assert everything <= await listed(service, service.token("center"))


# -- the person ----------------------------------------------------------------------------------------


async def test_a_reveal_shows_the_person_once_on_record_and_is_stored_nowhere_in_clear(service: Running) -> None:
    person = next(CROWD)
    made = await issued(service, person)
    headers = authority(service)
    for _ in range(2):
        answer = await service.http.post(
            f"/v1/cards/{made['id']}/reveal", json={"reason": "核对举报材料"}, headers=headers
        )
        assert answer.json() == {"name": person.name, "id_number": person.id_number}
        assert answer.headers["cache-control"] == "no-store"
    record = (await service.http.get(f"/v1/cards/{made['id']}", headers=service.token("auditor"))).json()
    assert [row["reason"] for row in record["reveals"]] == ["核对举报材料"]
    assert record["reveals"][0]["by"]
    await nowhere_in_clear(service, person)


async def nowhere_in_clear(service: Running, person: Person) -> None:
    database = service.process.tools.database
    stored = [await database.collection(name).find({}) for name in ("cards", "answers")]
    assert len(stored[1]) > 0
    for text in (person.id_number, person.name):
        assert text not in str(stored)
        assert text.encode() not in b"".join(row.get("answer", b"") for row in stored[1])
        assert not any(text.encode() in said.body for said in service.said)


async def test_only_issuers_of_the_line_reveal(service: Running) -> None:
    made = await issued(service, next(CROWD))
    for headers, status in ((authority(service, "44"), 404), (unit(service), 403), (service.token("auditor"), 403)):
        answer = await service.http.post(
            f"/v1/cards/{made['id']}/reveal", json={"reason": "核对举报材料"}, headers=headers
        )
        assert answer.status_code == status
    record = (await service.http.get(f"/v1/cards/{made['id']}", headers=authority(service))).json()
    assert record["reveals"] == []


async def test_a_card_is_renewed_in_its_window_and_lapses_by_the_clock(service: Running) -> None:
    made = await issued(service, next(CROWD), authority(service, "62"))
    paper = {"kind": "training", "document": "结业证", "since": "2022-08-01"}
    early = await service.http.post(
        f"/v1/cards/{made['id']}/renew", json={"evidence": [paper]}, headers=authority(service, "62")
    )
    assert (problem(early), early.json()["rule"]) == ("card-renewal-window", "card.renewal_opens_days")
    service.set_time(TODAY + timedelta(days=3 * 365))
    try:
        again = await moved(service, made["id"], "renew", authority(service, "62"), evidence=[paper])
        assert [term["valid_from"] for term in again["terms"]] == ["2019-09-02", "2022-09-02"]
        assert (again["valid_from"], again["valid_until"]) == ("2019-09-02", "2025-09-01")
    finally:
        service.set_time(TODAY)
