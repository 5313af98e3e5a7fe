"""Certificates on the real servers: corrected, reissued, suspended, ended, and never two for one person."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.drive.people import Person, people
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.registry import CertificateCorrected, CertificateSuspended, CertificateVoided
from tests.live import Running, running
from tests.registry.test_live import authorised, filed, finalised, in_frame, rejected

pytestmark = pytest.mark.live

CROWD = people(seed=1888)
UNIT = ("unit", "unit-33-001", "33")
CENTER = ("center", "center", None)
WHY = {"reason": "核查", "basis": "中心处理决定"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("certificates")) as live:
        await in_frame(live, "33")
        await authorised(live, "unit-33-001", "33")
        yield live


async def certified(service: Running, *persons: Person) -> list[str]:
    entries = await finalised(service, "unit-33-001", "33", list(persons))
    await filed(service, entries)
    return entries


async def asks(
    service: Running, certificate: str, what: str, who: tuple[str, str, str | None] = CENTER, **asked: Any
) -> httpx.Response:
    headers = service.token(*who)
    return await service.http.post(f"/v1/certificates/{certificate}/{what}", json={**WHY, **asked}, headers=headers)


async def reads(service: Running, certificate: str, what: str = "") -> dict[str, Any]:
    answer = await service.http.get(f"/v1/certificates/{certificate}{what}", headers=service.token(*UNIT))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_unit_corrects_its_own_and_the_number_stays(service: Running) -> None:
    person = next(CROWD)
    (made,) = await certified(service, person)
    before = await reads(service, made)
    answer = await asks(service, made, "correct", UNIT, name="欧阳明", theory=81.5)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["number"], after["holder"], after["theory"], after["edition"]) == (before["number"], "欧阳*", 81.5, 2)
    (change,) = (await reads(service, made, "/history"))["changes"]
    assert (change["fields"], change["before"]) == (["holder", "theory"], {"holder": "张*", "theory": 80})
    (said, *_) = await service.heard(CertificateCorrected)
    assert person.id_number not in said.body.decode()
    assert json.loads(said.body)["fields"] == ["holder", "theory"]


async def test_an_id_number_moves_the_certificate_to_that_person_unless_it_holds_one_already(service: Running) -> None:
    first, second, third = next(CROWD), next(CROWD), next(CROWD)
    made, _ = await certified(service, first, second)
    taken = await asks(service, made, "correct", id_number=second.id_number)
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:skillcert:problem:already-certified")
    assert [error["pointer"] for error in taken.json()["errors"]] == ["/id_number"]
    moved = await asks(service, made, "correct", id_number=third.id_number)
    assert moved.status_code == 200, moved.text
    (again,) = await finalised(service, "unit-33-001", "33", [third])
    assert (await rejected(service, again))["reason"] == "already-certified"
    await certified(service, first)  # whose certificate was another's


async def test_points_below_the_mark_are_no_correction(service: Running) -> None:
    (made,) = await certified(service, next(CROWD))
    answer = await asks(service, made, "correct", UNIT, practical=59)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:skillcert:problem:score-out-of-marks")


async def test_a_reissue_has_the_next_print_serial(service: Running) -> None:
    (made,) = await certified(service, next(CROWD))
    first = (await asks(service, made, "reissue", UNIT)).json()
    assert first["prints"] == 2
    (change,) = (await reads(service, made, "/history"))["changes"]
    assert change["print_serial"] == f"{first['number']}-02"


async def test_an_authority_suspends_and_reinstates_in_its_line_only(service: Running) -> None:
    (made,) = await certified(service, next(CROWD))
    assert (await asks(service, made, "suspend", ("authority", "44", "44"))).status_code == 404
    assert (await asks(service, made, "suspend", ("authority", "33", "33"))).json()["status"] == "suspended"
    await service.heard(CertificateSuspended)
    assert (await asks(service, made, "suspend")).json()["type"] == "urn:skillcert:problem:certificate-status"
    assert (await asks(service, made, "reinstate", ("authority", "33", "33"))).json()["status"] == "valid"
    assert (await asks(service, made, "revoke", ("authority", "33", "33"))).status_code == 403


async def test_who_cheated_is_not_filed_again_while_it_is_on_record(service: Running) -> None:
    person = next(CROWD)
    (made,) = await certified(service, person)
    assert (await asks(service, made, "void", fraud=True)).json()["status"] == "voided"
    (said, *_) = await service.heard(CertificateVoided)
    assert json.loads(said.body)["certificate"] == made
    (again,) = await finalised(service, "unit-33-001", "33", [person])
    found = await rejected(service, again)
    assert found["reason"] == "sanctioned"
    assert str(service.process.tools.clock.today().year + 5) in found["detail"]


async def test_who_lost_one_without_fraud_may_be_certified_again(service: Running) -> None:
    person = next(CROWD)
    (made,) = await certified(service, person)
    assert (await asks(service, made, "revoke")).json()["status"] == "revoked"
    (again,) = await certified(service, person)
    assert (await reads(service, again))["status"] == "valid"
    assert (await asks(service, made, "reinstate")).status_code == 409


async def test_a_certificate_leads_back_to_what_it_rests_on(service: Running) -> None:
    rests_on: dict[str, Any] = {
        "plan": "plan-1",
        "plan_edition": 2,
        "site": "site-1",
        "assessors": ["card-1", "card-2", "card-3"],
    }
    today = service.process.tools.clock.today()
    (made,) = await finalised(
        service, "unit-33-001", "33", [next(CROWD)], **rests_on, supervisor="card-9", begun_on=today
    )
    await filed(service, [made])
    found = await reads(service, made, "/lineage")
    assert {name: found[name] for name in rests_on} == rests_on
    assert (found["entry"], found["supervisor"], found["regime"]) == (made, "card-9", "appraisal")
    assert found["standard"] == "rebar_worker-2019p"
    assert found["number"][2:10] == found["issuer"]


async def test_documents_of_two_kinds_are_two_people_and_one_document_is_one(service: Running) -> None:
    number = f"E{next(CROWD).id_number[9:]}"
    holder, sloppy = Person("Smith", number), Person("Smith", f" {number[:4].lower()} {number[4:]}")
    (card,) = await finalised(service, "unit-33-001", "33", [holder], id_type="officer_card")
    (passport,) = await finalised(service, "unit-33-001", "33", [holder], id_type="passport")
    await filed(service, [card, passport])
    assert (await asks(service, passport, "correct", UNIT, name="Smyth")).status_code == 200
    (again,) = await finalised(service, "unit-33-001", "33", [sloppy], id_type="passport")
    assert (await rejected(service, again))["reason"] == "already-certified"
    assert (await asks(service, card, "void", fraud=True)).json()["status"] == "voided"
    (cheat,) = await finalised(service, "unit-33-001", "33", [sloppy], id_type="officer_card")
    assert (await rejected(service, cheat))["reason"] == "sanctioned"


async def test_a_resident_id_number_takes_the_place_of_another_document(service: Running) -> None:
    resident = next(CROWD)
    (made,) = await finalised(
        service, "unit-33-001", "33", [Person(resident.name, f"P{resident.id_number[9:]}")], id_type="passport"
    )
    await filed(service, [made])
    moved = await asks(service, made, "correct", id_number=resident.id_number)
    assert moved.status_code == 200, moved.text
    (again,) = await finalised(service, "unit-33-001", "33", [resident])
    assert (await rejected(service, again))["reason"] == "already-certified"
