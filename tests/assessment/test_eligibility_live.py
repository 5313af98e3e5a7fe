"""Who may enter an exam, on the real servers: by claims, and by the certificates that assessment has heard of."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.clock import SHANGHAI
from shared.events.assessment import EntryCertified
from shared.events.registry import Alternative, CertificateFiled, CertificateRevoked, Conditions, Predicate, Scope
from tests.assessment.driving import answers, batch_of, certificate, get, planned_by, post, said_of, sited
from tests.assessment.examples import BEGUN, grant, person, published, standing
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

UNIT = "unit-33-eligible"
LATER = "2023-11-02"
SINCE = Predicate(predicate="years_since_certificate", level="5", years=4)
LONG = Predicate(predicate="min_years", years=6, kind="cumulative", scope="related")
CONDITIONS = Conditions(
    level="4",
    alternatives=(Alternative(all_of=(SINCE,)), Alternative(all_of=(LONG,))),
    source="the standard of an example",
)
STEPS = Conditions(
    level="3",
    alternatives=(
        Alternative(all_of=(Predicate(predicate="years_since_certificate", level="4", years=1),)),
        Alternative(all_of=(LONG,)),
    ),
    source="the standard of an example",
)
FOUR = {"years": [{"years": 4}]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("eligibility")) as live:
        conditions = (CONDITIONS, STEPS)
        await live.says(published(eligibility=conditions), subject="rebar_worker-2019p", authority="national")
        scopes = (Scope(occupation="rebar_worker", levels=("5", "4", "3")),)
        grants = (grant(valid_until=date(2029, 12, 31), scopes=scopes),)
        await live.says(standing(unit=UNIT, grants=grants), subject=UNIT)
        await sited(live, UNIT)
        live.set_time(datetime.combine(BEGUN, time(9), SHANGHAI))
        await eventually(lambda: answers(live, UNIT, "", 201, planned_by(UNIT)))
        yield live


async def enrol(
    service: Running, number: int, claims: Any = None, *, exam_on: str = LATER, level: str = "4"
) -> dict[str, Any]:
    """The answer to one candidate who enters a new batch."""
    batch = await batch_of(service, UNIT, level=level, exam_on=exam_on)
    row = {**person(number), **({} if claims is None else {"claims": claims})}
    answer = await post(service, UNIT, f"/{batch}/entries", [row])
    assert row["id_number"] not in answer.text
    taken: dict[str, Any] = answer.json()
    [shown] = (await get(service, UNIT, f"/{batch}/entries?state=enrolled"))["rows"] or [None]
    return {**taken, "shown": shown}


async def ask(service: Running, number: int, claims: Any = None, **changes: Any) -> httpx.Response:
    body = {"occupation": "rebar_worker", "level": "4", "exam_on": LATER, **person(number), "claims": claims or {}}
    del body["name"]
    headers = {"Authorization": service.token("unit", UNIT, "33")["Authorization"]}
    return await service.http.post("/v1/eligibility", json={**body, **changes}, headers=headers)


async def certified(service: Running, number: int, regime: str) -> CertificateFiled:
    """Somebody who reached level 5 in 2019."""
    batch = await batch_of(service, UNIT)
    [entry] = (await post(service, UNIT, f"/{batch}/entries", [person(number)])).json()["entries"]
    entries = service.process.tools.database.collection("entries")
    assert await entries.update({"_id": entry}, {"$set": {"state": "passed"}})
    filed = certificate(entry, batch, UNIT).model_copy(update={"regime": regime})
    await service.says(filed, subject=entry)
    await said_of(service, EntryCertified, batch)
    return filed


async def test_without_claims_a_row_is_refused_with_what_each_alternative_lacks(service: Running) -> None:
    taken = await enrol(service, 1)
    [refused] = taken["refused"]
    assert (taken["accepted"], refused["rule"], refused["field"]) == (0, "eligibility", "/claims")
    for told in ("(1)", "(2)", "累计", "6 years of work", "the standard of an example"):
        assert told in refused["detail"]


async def test_a_claim_that_meets_an_alternative_is_kept_as_evidence(service: Running) -> None:
    taken = await enrol(service, 2, {"years": [{"years": 6}]})
    assert taken["accepted"] == 1
    met = taken["shown"]["eligibility"]
    assert (met["alternative"], met["evidence"][0]["predicate"], met["evidence"][0]["amount"]) == (2, "min_years", 6)


async def test_claims_of_the_wrong_shape_are_refused_by_the_field(service: Running) -> None:
    taken = await enrol(service, 3, {"years": [{"years": -1}]})
    assert [(row["field"], row["rule"]) for row in taken["refused"]] == [("/claims/years/0/years", "malformed")]


@pytest.mark.parametrize(("regime", "number"), [("appraisal", 10), ("recognition", 20)])
async def test_a_certificate_of_either_regime_counts_for_the_next_level(
    service: Running, regime: str, number: int
) -> None:
    assert (await enrol(service, number, FOUR))["accepted"] == 0
    filed = await certified(service, number, regime)
    taken = await enrol(service, number, FOUR)
    [proof] = taken["shown"]["eligibility"]["evidence"]
    assert (taken["accepted"], taken["shown"]["eligibility"]["alternative"]) == (1, 1)
    assert (proof["by"], proof["number"], proof["amount"]) == ("certificate", filed.number, 4)
    early = await enrol(service, number, FOUR, exam_on="2023-10-31")
    assert [row["rule"] for row in early["refused"]] == ["eligibility"]


async def test_a_revoked_certificate_counts_no_more_and_its_entry_shows_it(service: Running) -> None:
    filed = await certified(service, 30, "appraisal")
    assert (await ask(service, 30, FOUR)).json()["eligible"] is True
    about = filed.model_dump(include={"certificate", "number", "entry", "batch", "unit", "occupation", "level"})
    revoked = CertificateRevoked(
        **about,
        regime="appraisal",
        holder="测*",
        status="revoked",
        edition=1,
        at=datetime(2023, 1, 1, tzinfo=UTC),
        reason="伪造成绩",
        basis="example",
    )
    await service.says(revoked, subject=filed.entry, sequence=2)

    async def shown() -> bool:
        [row] = (await get(service, UNIT, f"/{filed.batch}/entries"))["rows"]
        kept = row["certificate"]
        return (row["state"], kept["status"], kept["reason"]) == ("certified", "revoked", "伪造成绩")

    await eventually(shown)
    assert (await ask(service, 30, FOUR)).json()["eligible"] is False


async def test_a_level_is_not_skipped_and_the_standards_way_by_years_stays_open(service: Running) -> None:
    await certified(service, 45, "recognition")
    skipping = await enrol(service, 45, FOUR, level="3")
    assert [row["rule"] for row in skipping["refused"]] == ["level.skip_allowed"]
    assert "Beijing" in skipping["refused"][0]["detail"]
    assert (await enrol(service, 45, {"years": [{"years": 6}]}, level="3", exam_on="2023-11-03"))["accepted"] == 1


async def test_no_second_level_is_reached_within_a_year(service: Running) -> None:
    await certified(service, 40, "appraisal")
    years = {"years": [{"years": 9}]}
    soon = await enrol(service, 40, years, exam_on="2020-08-30")
    assert [row["rule"] for row in soon["refused"]] == ["level.max_levels_per_year"]
    assert "Beijing" in soon["refused"][0]["detail"]
    assert (await enrol(service, 40, years, exam_on="2020-10-12"))["accepted"] == 1


async def test_eligibility_is_told_without_enrolling_and_names_nobody(service: Running) -> None:
    answer = await ask(service, 50, {"years": [{"years": 7}]})
    assert (answer.status_code, answer.json()["eligible"], answer.json()["met"]["alternative"]) == (200, True, 2)
    refused = await ask(service, 50)
    assert [row["alternative"] for row in refused.json()["missing"]] == [1, 2]
    assert refused.json()["source"] == "the standard of an example"
    for told in (answer, refused):
        assert person(50)["id_number"] not in told.text
    open_level = (await ask(service, 50, level="5")).json()
    assert (open_level["eligible"], open_level["met"]) == (True, None)


async def test_a_question_that_cannot_be_right_is_refused(service: Running) -> None:
    wrong = await ask(service, 51, id_number="330106189309141014")
    assert wrong.status_code == 400
    assert json.dumps(wrong.json()).count("330106189309141014") == 0
    assert (await ask(service, 51, occupation="tailor")).status_code == 409


async def test_another_document_is_asked_about_by_its_kind(service: Running) -> None:
    asked = await ask(service, 52, {"years": [{"years": 7}]}, id_number="E12345678", id_type="passport")
    assert (asked.status_code, asked.json()["eligible"]) == (200, True)
    assert (await ask(service, 52, id_type="library_card")).status_code == 400
