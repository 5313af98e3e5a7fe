"""Verification on the real servers: by each fact, as of a day, in bulk, offline, within an address's allowance."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from infra.drive.people import Person
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.certificates.domain import Status
from services.registry.verification.domain.statuslist import MEANS
from services.registry.verification.storage import HOLDS_NOT, not_holding
from shared.workdays import local_day
from tests.live import PUBLIC_URL, Running, built, eventually, is_ready, running, served, settings_for
from tests.registry.examples_verification import bit, checked
from tests.registry.test_live import CROWD, authorised, filed, finalised, in_frame

pytestmark = pytest.mark.live

UNIT, LINE = "unit-33-001", "33"
GROUNDS = {"reason": "核查。", "basis": "中心处理决定"}


@dataclass(frozen=True)
class World:
    """A running registry, and who holds which certificate in it."""

    service: Running
    held: list[tuple[Person, dict[str, Any]]]

    def code(self, number: str) -> str:
        return self.service.process.tools.sealer.code(number)

    async def verify(self, **asked: Any) -> httpx.Response:
        return await self.service.http.post("/v1/verify", json=asked)

    async def change(self, certificate: str, what: str, **more: Any) -> None:
        role = self.service.token("center")
        answer = await self.service.http.post(
            f"/v1/certificates/{certificate}/{what}", json=GROUNDS | more, headers=role
        )
        assert answer.status_code == 200, answer.text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("verification")) as service:
        await in_frame(service, LINE)
        await authorised(service, UNIT, LINE)
        persons = [next(CROWD) for _ in range(8)]
        made = await filed(service, await finalised(service, UNIT, LINE, persons))
        yield World(service, list(zip(persons, made, strict=True)))


# -- online --------------------------------------------------------------------------------------------


async def test_a_certificate_is_verified_by_each_fact_and_in_words(world: World) -> None:
    person, row = world.held[0]
    facts = [{"name": person.name}, {"id_number": person.id_number}, {"code": world.code(row["number"])}]
    for fact in facts:
        answer = await world.verify(number=row["number"], **fact)
        told = answer.json()
        assert (answer.status_code, told["status"], told["edition"]) == (200, "valid", 1), answer.text
        assert (told["occupation"]["zh"], told["level"]["print"]) == ("钢筋工", "五级/初级工")
        assert told["unit"]["zh"].startswith("示例")
        assert bool(told["id_number"]) == ("name" not in fact)
        assert answer.headers["cache-control"] == "no-store"
        assert person.name not in answer.text
        assert person.id_number not in answer.text


async def test_the_id_number_in_small_letters_is_the_same(world: World) -> None:
    with_x = [(person, row) for person, row in world.held if person.id_number.endswith("X")]
    for person, row in with_x or world.held[:1]:
        answer = await world.verify(number=row["number"], id_number=person.id_number.lower())
        assert answer.status_code == 200


async def test_whatever_does_not_match_is_answered_like_an_unknown_number(world: World) -> None:
    (person, row), (other, _) = world.held[0], world.held[1]
    unknown = row["number"][:11] + "99999"
    wrong = [
        {"number": unknown, "name": person.name},
        {"number": unknown, "id_number": person.id_number},
        {"number": unknown, "code": world.code(row["number"])},
        {"number": row["number"], "name": person.name + "一"},
        {"number": row["number"], "id_number": other.id_number},
        {"number": row["number"], "code": world.code(unknown)},
        {"number": row["number"], "name": person.name, "as_of": "2001-01-01"},
    ]
    answers = [await world.verify(**asked) for asked in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "ask the issuing body" in answers[0].json()["detail"]


async def test_an_answer_holds_as_of_the_instant_asked_about(world: World) -> None:
    person, row = world.held[1]
    clock = world.service.process.tools.clock
    world.service.forward(days=2)
    await world.change(row["certificate"], "suspend")
    suspended_at = clock.now()
    world.service.forward(days=2)
    await world.change(row["certificate"], "reinstate")
    days = [local_day(suspended_at) + timedelta(days=by) for by in (-1, 0, 1)]
    told = [await world.verify(number=row["number"], name=person.name, as_of=day.isoformat()) for day in days]
    assert [answer.json()["status"] for answer in told] == ["valid", "suspended", "suspended"]
    now = await world.verify(number=row["number"], name=person.name)
    assert now.json()["status"] == "valid"
    instant = await world.verify(number=row["number"], name=person.name, as_of=suspended_at.isoformat())
    assert instant.json()["status"] == "suspended"
    future = await world.verify(
        number=row["number"], name=person.name, as_of=(local_day(clock.now()) + timedelta(days=1)).isoformat()
    )
    assert (future.status_code, future.json()["errors"][0]["pointer"]) == (400, "/as_of")


async def test_a_correction_and_a_reissue_are_noted(world: World) -> None:
    person, row = world.held[2]
    await world.change(row["certificate"], "correct", theory=81)
    await world.change(row["certificate"], "reissue")
    told = (await world.verify(number=row["number"], name=person.name)).json()
    assert [note["kind"] for note in told["notes"]] == ["corrected", "reissued"]
    assert told["edition"] == 2
    assert told["notes"][1]["print_serial"]


async def test_a_thousand_rows_are_answered_in_order_within_two_seconds(world: World) -> None:
    rows = []
    for place in range(1000):
        person, row = world.held[place % len(world.held)]
        name = person.name if place % 3 else "不是他"
        rows.append({"number": row["number"], "name": name} if place % 2 else {**_by_id(person, row)})
    started = time.perf_counter()
    answer = await world.service.http.post(
        "/v1/verifications", json={"rows": rows}, headers=world.service.token("subscriber", "reader", "44")
    )
    took = time.perf_counter() - started
    told = answer.json()["rows"]
    assert [row["number"] for row in told] == [row["number"] for row in rows]
    assert [row["certificate"] is not None for row in told] == [row.get("name") != "不是他" for row in rows]
    assert took < 2, took


def _by_id(person: Person, row: dict[str, Any]) -> dict[str, str]:
    return {"number": row["number"], "id_number": person.id_number}


async def test_more_rows_or_no_token_are_refused(world: World) -> None:
    person, row = world.held[0]
    headers = world.service.token("center")
    many = {"rows": [_by_id(person, row)] * 1001}
    assert (await world.service.http.post("/v1/verifications", json=many, headers=headers)).status_code == 422
    assert (await world.service.http.post("/v1/verifications", json={"rows": many["rows"][:1]})).status_code == 401


# -- within an allowance -------------------------------------------------------------------------------


async def test_an_address_that_asks_too_often_is_told_when_to_come_again(
    world: World, servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("limited")
    process = built(settings_for("registry", servers, issuer.url, folder, role="api", public_limit=True))
    number = world.held[0][1]["number"]
    async with served(process) as http:
        await eventually(lambda: is_ready(http), within=30)
        answers = [await http.get(f"/v1/verify/{number}") for _ in range(61)]
        assert [answer.status_code for answer in answers] == [200] * 60 + [429]
        problem = answers[-1].json()
        assert (problem["type"], problem["rule"]) == (
            "urn:skillcert:problem:too-many-requests",
            "verification.public_per_minute",
        )
        assert answers[-1].headers["retry-after"] == "1"
        other = await http.post("/v1/verify", json={"number": number, "name": "张伟"})
        assert other.status_code == 429, "one allowance for all public doors"
        page = await http.get(f"/verify/{number}")
        assert page.status_code == 429
        assert "查询过于频繁" in page.text
        bulk = {"rows": [{"number": number, "name": "张伟"}]}
        headers = world.service.token("center")
        assert (await http.post("/v1/verifications", json=bulk, headers=headers)).status_code == 200


# -- offline -------------------------------------------------------------------------------------------


async def credential(world: World, row: dict[str, Any]) -> dict[str, Any]:
    """The claims of a certificate's credential, checked by another library with the published keys."""
    answer = await world.service.http.get(
        f"/v1/certificates/{row['certificate']}/credential", headers=world.service.token("unit", UNIT, LINE)
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vc+jwt"), answer.text
    assert answer.headers["cache-control"] == "no-store"
    return checked(answer.text, await keys(world))


async def keys(world: World) -> dict[str, Any]:
    published: dict[str, Any] = (await world.service.http.get("/v1/credentials/keys")).json()
    return published


async def states(world: World, claims: dict[str, Any]) -> set[str]:
    """For which purposes the credential's bits are set, read as a checker far away would."""
    found = set()
    for entry in claims["credentialStatus"]:
        url = entry["statusListCredential"]
        assert url.startswith(PUBLIC_URL)
        answer = await world.service.http.get(url.removeprefix(PUBLIC_URL))
        listed = checked(answer.text, await keys(world))
        assert (listed["id"], listed["issuer"]) == (url, claims["issuer"])
        if bit(listed, int(entry["statusListIndex"])):
            found.add(entry["statusPurpose"])
    return found


async def test_a_credential_checked_offline_follows_each_change_within_two_seconds(world: World) -> None:
    person, row = world.held[3]
    claims = await credential(world, row)
    assert claims["credentialSubject"]["certificateNumber"] == row["number"]
    assert person.id_number not in str(claims)
    assert person.name not in str(claims)
    assert await states(world, claims) == set()
    for what, purposes in (
        ("suspend", {"suspension"}),
        ("reinstate", set()),
        ("revoke", {"revocation"}),
    ):
        await world.change(row["certificate"], what)
        changed = time.perf_counter()
        assert await states(world, claims) == purposes, what
        assert time.perf_counter() - changed < 2


async def test_a_voided_certificate_is_on_the_revocation_list_and_gets_no_credential(world: World) -> None:
    _, row = world.held[4]
    claims = await credential(world, row)
    await world.change(row["certificate"], "void", fraud=False)
    assert await states(world, claims) == {"revocation"}
    for path in ("credential", "print"):
        answer = await world.service.http.get(
            f"/v1/certificates/{row['certificate']}/{path}", headers=world.service.token("center")
        )
        assert answer.status_code == 409, path


async def test_who_holds_the_paper_gets_the_credential_by_its_code_and_nobody_else(world: World) -> None:
    _, row = world.held[0]
    path = f"/v1/verify/{row['number']}/credential"
    answer = await world.service.http.get(path, params={"c": world.code(row["number"])})
    assert checked(answer.text, await keys(world))["credentialSubject"]["certificateNumber"] == row["number"]
    wrong = await world.service.http.get(path, params={"c": "A" * 10})
    other = await world.service.http.get("/v1/verify/1999332001599999/credential", params={"c": "A" * 10})
    assert (wrong.status_code, wrong.content) == (404, other.content)


async def test_other_lines_and_roles_get_neither_credential_nor_paper(world: World) -> None:
    _, row = world.held[0]
    strangers = [
        (world.service.token("unit", "unit-33-002", LINE), 404),
        (world.service.token("authority", "44", "44"), 404),
        (world.service.token("auditor", "audit"), 403),
        (world.service.token("subscriber", "reader", LINE), 403),
    ]
    for headers, status in strangers:
        for path in ("credential", "print", "print?format=pdf"):
            answer = await world.service.http.get(f"/v1/certificates/{row['certificate']}/{path}", headers=headers)
            assert answer.status_code == status, path


async def test_an_unchanged_list_is_not_sent_again_and_a_changed_one_is(world: World) -> None:
    _, row = world.held[5]
    url = (await credential(world, row))["credentialStatus"][1]["statusListCredential"].removeprefix(PUBLIC_URL)
    first = await world.service.http.get(url)
    known = {"If-None-Match": first.headers["etag"]}
    assert (await world.service.http.get(url, headers=known)).status_code == 304
    await world.change(row["certificate"], "suspend")
    again = await world.service.http.get(url, headers=known)
    assert (again.status_code, again.headers["cache-control"]) == (200, "public, no-cache")


async def test_there_are_lists_only_where_there_are_certificates(world: World) -> None:
    _, row = world.held[0]
    url = (await credential(world, row))["credentialStatus"][0]["statusListCredential"].removeprefix(PUBLIC_URL)
    beyond, strange = url[:-1] + "1", url.replace("-5/", "-1/")
    for path in (beyond, strange):
        assert (await world.service.http.get(path)).status_code == 404, path


async def test_a_list_is_read_from_the_index_that_holds_only_what_does_not_hold(world: World) -> None:
    certificates = world.service.process.tools.database.collection("certificates")
    plan = await certificates._inner.find(not_holding("99330001-2019-5", 0)).explain()
    assert "'indexName': 'not_valid'" in str(plan["queryPlanner"]["winningPlan"])
    assert set(HOLDS_NOT["status"]["$in"]) == set(Status) - {Status.VALID}
    assert {status for statuses in MEANS.values() for status in statuses} == set(Status) - {Status.VALID}


async def test_the_issuer_is_described_with_the_same_keys(world: World) -> None:
    document = (await world.service.http.get("/v1/credentials/issuer")).json()
    methods = [method["publicKeyJwk"] for method in document["verificationMethod"]]
    assert methods == (await keys(world))["keys"]
    token = world.service.process.tools.settings.credential_keys
    assert token is not None
    assert token.get_secret_value().split(":")[1] not in str(document)


async def test_a_rotated_process_signs_anew_and_still_publishes_the_old_key(
    world: World, servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, row = world.held[0]
    path = f"/v1/certificates/{row['certificate']}/credential"
    headers = world.service.token("center")
    old = (await world.service.http.get(path, headers=headers)).text
    settings = world.service.process.tools.settings
    assert settings.credential_keys is not None
    rotated = f"k2:{'eHh4' * 10}eHg=,{settings.credential_keys.get_secret_value()}"
    folder = tmp_path_factory.mktemp("rotated")
    process = built(settings_for("registry", servers, issuer.url, folder, role="api", credential_keys=rotated))
    async with served(process) as http:
        await eventually(lambda: is_ready(http), within=30)
        new = (await http.get(path, headers=headers)).text
        published = (await http.get("/v1/credentials/keys")).json()
    assert jwt.get_unverified_header(new)["kid"].endswith("#k2")
    assert jwt.get_unverified_header(old)["kid"].endswith("#k1")
    for token in (old, new):
        assert checked(token, published)["credentialSubject"]["certificateNumber"] == row["number"]


async def test_each_print_is_on_record_without_personal_data(world: World) -> None:
    person, row = world.held[0]
    with capture_logs() as logs:
        await world.service.http.get(
            f"/v1/certificates/{row['certificate']}/print", headers=world.service.token("unit", UNIT, LINE)
        )
    (line,) = [line for line in logs if line["event"] == "certificate printed"]
    assert (line["certificate"], line["actor"], line["form"]) == (row["certificate"], f"unit@{UNIT}", "html")
    assert person.id_number not in str(logs)
    assert person.name not in str(logs)
    assert 'skillcert_certificates_printed_total{form="html"}' in (await world.service.http.get("/metrics")).text
