"""Candidates on the real servers: entered one by one and in bulk, kept out, let in, withdrawn, mended, revealed."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pymongo
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State as BatchState
from services.assessment.eligibility.handlers import Reviews
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import Entry, Score, State
from services.assessment.entries.handlers import Entries
from services.assessment.entries.storage import TO_BE_EXAMINED, entry_store
from services.assessment.rooms import DATA
from shared.events.registry import Alternative, Conditions, Predicate
from shared.rulebook import Rulebook
from shared.storage.store import Store
from tests.assessment.driving import batch_of, batches, enrolled, get, mirrors_of, moved, person_of, post, slug
from tests.assessment.examples import grant, person, published, standing
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

UNIT = "unit-33-entries"
REASON = {"reason": "核对原件后决定。"}
LONG = Predicate(predicate="min_years", years=6, kind="cumulative", scope="related")
CONDITIONS = Conditions(level="4", alternatives=(Alternative(all_of=(LONG,)),), source="the standard of an example")
SIX = {"years": [{"years": 6}]}
REVIEWER = ("authority", "33", "33")
DAYS = count()
SEVERAL = {"$in": ["index-1", "index-2"]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("entries")) as live:
        await live.says(published(eligibility=(CONDITIONS,)), subject="rebar_worker-2019p", authority="national")
        await live.says(standing(unit=UNIT, grants=(grant(valid_until=date(2029, 12, 31)),)), subject=UNIT)
        await eventually(lambda: _may_plan(live))
        yield live


async def _may_plan(service: Running) -> bool:
    try:
        await batch_of(service, UNIT)
    except AssertionError:
        return False
    return True


def entries_of(service: Running) -> Store[Entry]:
    return entry_store(service.process.tools.database)


async def on_a_day(service: Running, **changes: Any) -> str:
    """A batch that takes candidates, on a day of its own."""
    return await batch_of(service, UNIT, exam_on=f"{date(2019, 11, 1) + timedelta(days=next(DAYS))}", **changes)


def room_of(service: Running) -> Entries:
    """The room as a worker has it, beside the one behind the doors."""
    tools = service.process.tools
    rules = Rulebook.load(DATA / "rules.json")
    reviews = Reviews(entries_of(service), batches(service), mirrors_of(service), rules, tools.sealer, tools.clock)
    return Entries(reviews.entries, batches(service), reviews, tools.sealer, tools.clock)


async def enrol(service: Running, batch: str, *rows: Any, **headers: str) -> dict[str, Any]:
    answer = await post(service, UNIT, f"/{batch}/entries", list(rows), **headers)
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


def rules(taken: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(row["line"], row["field"], row["rule"]) for row in taken["refused"]]


async def act_on(
    service: Running, path: str, body: Any, caller: tuple[str, str, str | None] = ("unit", UNIT, "33")
) -> httpx.Response:
    return await service.http.post(f"/v1/batches{path}", json=body, headers=service.token(*caller))


async def failed_in(service: Running, batch: str, entry: str, **scores: float) -> None:
    """Put an entry where a final result of a finalised batch would have put it."""
    held = [Score(part=part, points=points).model_dump() for part, points in scores.items()]
    change = {"$set": {"state": State.FAILED, "scores": held}, "$inc": {"version": 1}}
    assert await entries_of(service).collection.update({"_id": entry}, change)
    await moved(service, batch, BatchState.FINALISED)


# -- rows ----------------------------------------------------------------------------------------------


async def test_bad_rows_are_refused_one_by_one_and_no_number_is_repeated(service: Running) -> None:
    batch = await on_a_day(service)
    good, twice = person(1), person(2)
    wrong = {**person(3), "id_number": person(3)["id_number"][:-1] + "A"}
    rows = [good, twice, twice, wrong, {"name": "无号"}, {**person(4), "id_number": "1"}]
    body = "\n".join(map(json.dumps, rows)).encode()
    answer = await post(service, UNIT, f"/{batch}/entries", body, **{"Content-Type": "application/x-ndjson"})
    taken = answer.json()
    assert (taken["accepted"], len(taken["entries"])) == (2, 2)
    assert rules(taken) == [
        (3, "/id_number", "duplicate"),
        (4, "/id_number", "characters"),
        (5, "/id_number", "missing"),
        (6, "/id_number", "length"),
    ]
    assert not any(row["id_number"] in answer.text for row in rows if len(row.get("id_number", "")) > 1)
    assert rules(await enrol(service, batch, good)) == [(1, "/id_number", "duplicate")]
    listing = json.dumps(await get(service, UNIT, f"/{batch}/entries"), ensure_ascii=False)
    assert good["id_number"] not in listing
    assert "person" not in listing


async def test_a_repeated_enrolment_answers_the_same_even_when_its_answer_was_lost(service: Running) -> None:
    batch = await on_a_day(service, level="4")
    rows = [{**person(401), "claims": SIX}, person(402), {**person(401), "claims": SIX}, person(403)]
    key = {"Idempotency-Key": "the same request"}
    first = await enrol(service, batch, *rows, **key)
    assert (first["accepted"], [rule for _, _, rule in rules(first)]) == (
        1,
        ["eligibility", "duplicate", "eligibility"],
    )
    await service.process.tools.database.collection("answers").delete({})
    assert await enrol(service, batch, *rows, **key) == first
    counts = (await get(service, UNIT, f"/{batch}"))["counts"]
    assert (counts["enrolled"], counts["ineligible"]) == (1, 2)


async def test_what_is_personal_is_sealed_and_a_table_of_cells_is_read_like_an_array(service: Running) -> None:
    batch = await on_a_day(service)
    secret = {"mobile": "13900001111", "address": "杭州市不公开路2号", "email": "a@example.org", "ethnicity": "畲族"}
    row = {**person(11), **secret, "source": "army", "resit": "false", "teachers": "A33190001;A33190002"}
    cells = f"{','.join(row)}\r\n{','.join(row.values())}\r\n".encode()
    answer = await post(service, UNIT, f"/{batch}/entries", cells, **{"Content-Type": "text/csv"})
    assert (answer.json()["accepted"], answer.json()["refused"]) == (1, [])
    [entry] = answer.json()["entries"]
    kept = await entries_of(service).collection.find_one({"_id": entry})
    text = json.dumps(kept, ensure_ascii=False, default=str)
    assert not [told for told in (*secret.values(), row["id_number"], row["name"]) if told in text]
    assert kept is not None
    assert kept["teachers"] == ["A33190001", "A33190002"]
    shown = (await act_on(service, f"/{batch}/entries/{entry}/reveal", REASON)).json()
    assert (shown["name"], shown["id_number"]) == (row["name"], row["id_number"])
    assert shown["particulars"] == {**secret, "source": "army"}


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"sex": "male"}, "/sex", "sex-mismatch"),
        ({"id_type": "library_card"}, "/id_type", "entry.id_types"),
        ({"source": "moon"}, "/source", "entry.sources"),
        ({"born": "1899-01-01"}, "/born", "born-mismatch"),
        ({"photo": "x"}, "/photo", "malformed"),
        ({"resit": True}, "/resit", "resit-none"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_rule(
    service: Running, change: dict[str, Any], field: str, rule: str
) -> None:
    batch = await on_a_day(service)
    assert rules(await enrol(service, batch, {**person(20), **change})) == [(1, field, rule)]  # 020: a woman's number
    assert (await get(service, UNIT, f"/{batch}/entries"))["rows"] == []


async def test_another_document_is_another_person_and_its_number_is_of_no_resident(service: Running) -> None:
    batch = await on_a_day(service)
    number = person(30)["id_number"]
    rows = [person(30), {"name": "Smith", "id_number": number, "id_type": "passport"}]
    again = {"name": "Smith", "id_number": f" {number} ".lower(), "id_type": "passport"}
    taken = await enrol(service, batch, *rows, again)
    assert (taken["accepted"], rules(taken)) == (2, [(3, "/id_number", "duplicate")])
    shown = await act_on(service, f"/{batch}/entries/{taken['entries'][1]}/reveal", REASON)
    assert (shown.json()["id_type"], shown.headers["cache-control"]) == ("passport", "no-store")


async def test_registration_ends_with_its_last_day(service: Running) -> None:
    batch = await on_a_day(service)
    await moved(service, batch, BatchState.REGISTERING, registration_until="2019-09-20")
    assert (await enrol(service, batch, person(40)))["accepted"] == 1
    service.forward(days=1)
    late = await post(service, UNIT, f"/{batch}/entries", [person(41)])
    assert (late.status_code, slug(late)) == (409, "registration-over")
    await moved(service, batch, BatchState.ARRANGED)
    assert slug(await post(service, UNIT, f"/{batch}/entries", [person(42)])) == "batch-state"


async def test_an_edition_that_was_never_heard_of_judges_nobody(service: Running) -> None:
    batch = await on_a_day(service)
    await moved(service, batch, BatchState.REGISTERING, standard="rebar_worker-1999")
    answer = await post(service, UNIT, f"/{batch}/entries", [person(43)])
    assert (answer.status_code, slug(answer)) == (409, "unknown-edition")
    await moved(service, batch, BatchState.ARRANGED)  # nobody is left signed on as a writer
    found = await service.process.tools.database.collection("batches").find_one({"_id": batch})
    assert found is not None
    assert found["writers"] == {}


async def test_a_dry_run_answers_the_same_and_writes_nothing(service: Running) -> None:
    batch, other = await on_a_day(service, level="4"), await on_a_day(service, level="4")
    await enrol(service, batch, {**person(50), "claims": SIX}, person(51))
    await moved(service, other, BatchState.REGISTERING)
    rows = [{**person(number), "claims": SIX} for number in (50, 51, 52, 52)] + [person(53)]
    told = await post(service, UNIT, f"/{batch}/entries/check", rows)
    before = (await get(service, UNIT, f"/{batch}"))["counts"]
    assert (before["enrolled"], before["ineligible"]) == (1, 1)
    assert told.json() == await enrol(service, batch, *rows)
    assert rules(told.json()) == [
        (1, "/id_number", "duplicate"),
        (4, "/id_number", "duplicate"),
        (5, "/claims", "eligibility"),
    ]


async def test_a_list_is_checked_in_several_calls_and_nobody_is_on_it_twice(service: Running) -> None:
    batch, seen = await on_a_day(service), set[str]()
    rows = [(line, EnrolRow.model_validate(person(54))) for line in (1, 2)]
    told = [await room_of(service).check(batch, [row], seen=seen) for row in rows]
    assert [(row.accepted, [one.rule for one in row.refused]) for row in told] == [(1, []), (0, ["duplicate"])]


async def test_no_more_enter_than_the_batch_was_filed_for(service: Running) -> None:
    batch = await on_a_day(service, level="4", planned=3)
    same_day = (await get(service, UNIT, f"/{batch}"))["exam_on"]
    elsewhere = await batch_of(service, UNIT, level="4", exam_on=same_day)
    able = [{**person(number), "claims": SIX} for number in range(600, 607)]
    await enrol(service, elsewhere, able[1])
    await enrol(service, batch, able[0])
    # who stands, is kept out or is examined elsewhere that day takes nothing of the number
    rows = [able[0], person(610), able[1], able[2], able[3], able[4], person(611)]
    key = {"Idempotency-Key": "filed-for-three"}
    wanted = [
        (1, "/id_number", "duplicate"),
        (2, "/claims", "eligibility"),
        (3, "/id_number", "same-day"),
        (6, "", "planned-number"),
        (7, "/claims", "eligibility"),
    ]
    told = await post(service, UNIT, f"/{batch}/entries/check", rows)
    taken = await enrol(service, batch, *rows, **key)
    assert (rules(told.json()), rules(taken), taken["accepted"]) == (wanted, wanted, 2)
    await service.process.tools.database.collection("answers").delete({})  # its answer was lost
    assert await enrol(service, batch, *rows, **key) == taken
    counts = (await get(service, UNIT, f"/{batch}"))["counts"]
    assert (counts["enrolled"], counts["ineligible"]) == (3, 2)

    kept = (await get(service, UNIT, f"/{batch}/entries?state=ineligible"))["rows"][0]["id"]
    admit = await act_on(service, f"/{batch}/entries/{kept}/admit", REASON, REVIEWER)
    assert (admit.status_code, slug(admit), admit.json()["rule"]) == (409, "batch-full", "planned-number")
    one = await post(service, UNIT, f"/{batch}/entries/one", able[5])
    assert (one.status_code, slug(one)) == (409, "batch-full")
    await act_on(service, f"/{batch}/entries/{taken['entries'][0]}/withdraw", REASON)
    assert (await enrol(service, batch, able[5]))["accepted"] == 1
    assert rules(await enrol(service, batch, able[2])) == [(1, "", "planned-number")]  # who withdrew comes too late


async def test_a_list_that_is_checked_in_several_calls_is_counted_as_one(service: Running) -> None:
    batch, room = await on_a_day(service, planned=1), room_of(service)
    rows = [(line, EnrolRow.model_validate(person(630 + line))) for line in (1, 2)]
    told = [await room.check(batch, [row], ahead=ahead) for ahead, row in enumerate(rows)]
    assert [(row.accepted, [one.rule for one in row.refused]) for row in told] == [(1, []), (0, ["planned-number"])]


async def test_nobody_is_entered_in_two_levels_of_an_occupation_at_once(service: Running) -> None:
    five, four = await on_a_day(service), await on_a_day(service, level="4")
    both, later = {**person(640), "claims": SIX}, {**person(641), "claims": SIX}
    taken = await enrol(service, five, both)
    assert rules(await enrol(service, four, both, later)) == [(1, "/claims", "level.max_levels_per_year")]
    assert rules(await enrol(service, five, later)) == [(1, "/claims", "level.max_levels_per_year")]
    await act_on(service, f"/{five}/entries/{taken['entries'][0]}/withdraw", REASON)
    assert (await enrol(service, four, both))["accepted"] == 1


async def test_who_failed_enters_another_level_once_results_are_open_and_not_before(service: Running) -> None:
    five, four = await on_a_day(service), await on_a_day(service, level="4")
    row = {**person(650), "claims": SIX}
    [entry] = (await enrol(service, five, row))["entries"]
    await failed_in(service, five, entry, theory=50, practical=80)
    await moved(service, five, BatchState.MARKING)
    assert rules(await enrol(service, four, row)) == [(1, "/claims", "level.max_levels_per_year")]
    await moved(service, five, BatchState.PUBLICISED)
    assert (await enrol(service, four, row))["accepted"] == 1


QUESTIONS: list[tuple[dict[str, Any], str]] = [
    ({"person_index": SEVERAL, "days": {"$in": ["2019-10-12"]}, **TO_BE_EXAMINED}, "one a day"),
    ({"person_index": SEVERAL, "occupation": "x", "level": "5", "state": "failed"}, "failed"),
    ({"person_index": SEVERAL, **TO_BE_EXAMINED, "occupation": "x", "state": {"$in": ["enrolled"]}}, "one a day"),
    ({"resit.entry": SEVERAL, "batch": {"$ne": "x"}, **TO_BE_EXAMINED}, "resits"),
    ({"state": "ineligible", "entered_at": {"$lt": datetime(2019, 1, 1, tzinfo=UTC)}}, "refused"),
    ({"state": "withdrawn", "entered_at": {"$lt": datetime(2019, 1, 1, tzinfo=UTC)}}, "withdrawn"),
]


@pytest.mark.parametrize(
    ("query", "index"), QUESTIONS, ids=[f"{at} {index}" for at, (_, index) in enumerate(QUESTIONS)]
)
async def test_a_question_across_batches_is_answered_from_its_index(
    service: Running, query: dict[str, Any], index: str
) -> None:
    settings = service.process.tools.settings
    with pymongo.MongoClient[Any](settings.mongo_url.get_secret_value()) as direct:
        asked = {"find": "entries", "filter": query}
        told = direct[settings.database].command("explain", asked, verbosity="queryPlanner")
    assert f'"indexName": "{index}"' in json.dumps(told["queryPlanner"]["winningPlan"], default=str)


# -- one a day -----------------------------------------------------------------------------------------


async def test_nobody_is_examined_twice_on_one_day(service: Running) -> None:
    first, second = await batch_of(service, UNIT), await batch_of(service, UNIT)
    assert (await enrol(service, first, person(60)))["accepted"] == 1
    dry = await post(service, UNIT, f"/{second}/entries/check", [person(60), person(61)])
    taken = await enrol(service, second, person(60), person(61))
    assert (taken["accepted"], rules(taken)) == (1, [(1, "/id_number", "same-day")])
    assert dry.json() == taken
    another = await on_a_day(service)
    assert (await enrol(service, another, person(60)))["accepted"] == 1


async def test_of_two_requests_at_once_one_takes_the_day(service: Running) -> None:
    pair = [await batch_of(service, UNIT), await batch_of(service, UNIT)]
    rows = [person(number) for number in range(70, 90)]
    one, two = await asyncio.gather(*(enrol(service, batch, *rows) for batch in pair))
    assert one["accepted"] + two["accepted"] == len(rows)
    assert {rule for _, _, rule in [*rules(one), *rules(two)]} == {"same-day"}


async def test_who_enters_with_better_claims_and_elsewhere_at_once_takes_the_day_once(service: Running) -> None:
    first, second = await batch_of(service, UNIT, level="4"), await batch_of(service, UNIT)
    people = range(300, 350)
    await enrol(service, first, *(person(number) for number in people))
    one, two = await asyncio.gather(
        enrol(service, first, *({**person(number), "claims": SIX} for number in people)),
        enrol(service, second, *(person(number) for number in reversed(people))),
    )
    assert one["accepted"] + two["accepted"] == len(people)
    assert {rule for _, _, rule in [*rules(one), *rules(two)]} == {"same-day"}


async def test_a_part_on_another_day_takes_that_day_too(service: Running) -> None:
    sittings = [{"part": "theory", "on": "2020-11-27"}, {"part": "practical", "on": "2020-11-28"}]
    first = await batch_of(service, UNIT, exam_on="2020-11-27", sittings=sittings)
    await enrol(service, first, person(90))
    second = await batch_of(service, UNIT, exam_on="2020-11-28")
    assert rules(await enrol(service, second, person(90))) == [(1, "/id_number", "same-day")]


# -- one entry -----------------------------------------------------------------------------------------


async def test_one_candidate_is_entered_and_read_or_refused_with_field_and_rule(service: Running) -> None:
    batch = await on_a_day(service, level="4")
    path = f"/{batch}/entries/one"
    told = {"born": "1880-03-01", "teachers": ["A33190001"], "claims": SIX, "employer": "示例公司"}
    made = await post(service, UNIT, path, {**person(100), **told})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"'), made.text
    assert made.json()["teachers"] == ["A33190001"]
    assert (made.json()["state"], made.json()["eligibility"]["alternative"]) == ("enrolled", 1)
    assert (await get(service, UNIT, f"/{batch}/entries/{made.json()['id']}")) == made.json()
    for body, status, problem, field, rule in (
        ({**person(100), "claims": SIX}, 409, "duplicate", "/id_number", "duplicate"),
        (person(101), 409, "not-eligible", "/claims", "eligibility"),
        ({**person(102), "id_number": "330106189309141014"}, 400, "invalid-resident-id", "/id_number", "check_digit"),
    ):
        refused = await post(service, UNIT, path, body)
        [told] = refused.json()["errors"]
        assert (refused.status_code, slug(refused), told["pointer"], told["rule"]) == (status, problem, field, rule)
    other = await on_a_day(service)
    foreign = await service.http.get(
        f"/v1/batches/{other}/entries/{made.json()['id']}", headers=service.token("unit", UNIT, "33")
    )
    assert foreign.status_code == 404


async def test_who_is_refused_is_kept_and_enters_with_better_claims(service: Running) -> None:
    batch = await on_a_day(service, level="4")
    assert rules(await enrol(service, batch, person(110))) == [(1, "/claims", "eligibility")]
    [kept] = (await get(service, UNIT, f"/{batch}/entries?state=ineligible"))["rows"]
    assert (kept["reason"], "6 years" in kept["detail"]) == ("eligibility", True)
    still = await enrol(service, batch, {**person(110), "claims": {"years": [{"years": 5}]}})
    assert rules(still) == [(1, "/claims", "eligibility")]
    taken = await enrol(service, batch, {**person(110), "claims": SIX})
    assert (taken["entries"], taken["refused"]) == ([kept["id"]], [])
    shown = await get(service, UNIT, f"/{batch}/entries/{kept['id']}")
    assert (shown["state"], shown["reason"], shown["eligibility"]["alternative"]) == ("enrolled", "", 1)
    assert rules(await enrol(service, batch, {**person(110), "claims": SIX})) == [(1, "/id_number", "duplicate")]


async def test_a_reviewer_lets_somebody_in_and_the_rule_set_aside_stays_on_record(service: Running) -> None:
    batch, same_day = await batch_of(service, UNIT, level="4"), await batch_of(service, UNIT)
    await enrol(service, batch, person(120), person(121))
    kept = [row["id"] for row in (await get(service, UNIT, f"/{batch}/entries?state=ineligible"))["rows"]]
    path = f"/{batch}/entries/{kept[0]}/admit"
    assert (await act_on(service, path, REASON)).status_code == 403
    assert (await act_on(service, path, REASON, ("authority", "34", "34"))).status_code == 404
    admitted = (await act_on(service, path, REASON, REVIEWER)).json()
    assert (admitted["state"], admitted["reviewed"]["rule"]) == ("enrolled", "eligibility")
    assert (admitted["reviewed"]["reason"], bool(admitted["reviewed"]["actor"])) == (REASON["reason"], True)
    assert slug(await act_on(service, path, REASON, REVIEWER)) == "entry-state"
    [one] = [number for number in (120, 121) if _masked(number) == admitted["id_masked"]]
    assert rules(await enrol(service, same_day, person(one))) == [(1, "/id_number", "same-day")]
    await enrol(service, same_day, person(241 - one))
    refused = await act_on(service, f"/{batch}/entries/{kept[1]}/admit", REASON, REVIEWER)
    assert (refused.status_code, slug(refused)) == (409, "same-day")


def _masked(number: int) -> str:
    known = person(number)["id_number"]
    return f"{known[:6]}********{known[-4:]}"


async def test_who_withdraws_frees_the_day_and_may_come_back(service: Running) -> None:
    first, second = await batch_of(service, UNIT), await batch_of(service, UNIT)
    [entry] = (await enrol(service, first, person(130)))["entries"]
    path = f"/{first}/entries/{entry}/withdraw"
    await moved(service, first, BatchState.ARRANGED)
    gone = (await act_on(service, path, REASON)).json()
    assert (gone["state"], gone["handled"][0]["what"]) == ("withdrawn", "withdrawn")
    assert slug(await act_on(service, path, REASON)) == "entry-state"
    [elsewhere] = (await enrol(service, second, person(130)))["entries"]
    await moved(service, first, BatchState.REGISTERING)
    assert rules(await enrol(service, first, person(130))) == [(1, "/id_number", "same-day")]
    await act_on(service, f"/{second}/entries/{elsewhere}/withdraw", REASON)
    assert (await enrol(service, first, person(130)))["entries"] == [entry]
    back = await get(service, UNIT, f"/{first}/entries/{entry}")
    assert (back["state"], [row["what"] for row in back["handled"]]) == ("enrolled", ["withdrawn"])
    await moved(service, first, BatchState.IN_EXAM)
    assert slug(await act_on(service, path, REASON)) == "batch-state"


async def test_a_mistaken_person_is_mended_under_the_same_entry(service: Running) -> None:
    batch = await on_a_day(service)
    [entry, other] = (await enrol(service, batch, {**person(140), "mobile": "13900002222"}, person(141)))["entries"]
    path = f"/{batch}/entries/{entry}"
    taken = await act_on(service, f"{path}/mend", {**REASON, "id_number": person(141)["id_number"]})
    assert (taken.status_code, slug(taken)) == (409, "duplicate")
    wrong = await act_on(service, f"{path}/mend", {**REASON, "id_number": "330106189309141014"})
    assert (wrong.status_code, wrong.json()["rule"]) == (400, "check_digit")
    mended = await act_on(service, f"{path}/mend", {**REASON, "name": "改名", "id_number": person(142)["id_number"]})
    assert (mended.status_code, mended.json()["id"], mended.json()["id_masked"]) == (200, entry, _masked(142))
    assert (mended.json()["handled"][0]["mended"], mended.json()["holder"]) == (["name", "id_number"], "改*")
    shown = (await act_on(service, f"{path}/reveal", REASON)).json()
    assert (shown["name"], shown["id_number"]) == ("改名", person(142)["id_number"])
    assert shown["particulars"] == {"mobile": "13900002222"}
    assert rules(await enrol(service, batch, person(142), person(140))) == [
        (1, "/id_number", "duplicate"),
        (2, "/id_number", "duplicate"),
    ]
    await act_on(service, f"{path}/withdraw", REASON)
    anew = await enrol(service, batch, person(142), person(140))
    assert (anew["accepted"], anew["entries"][1]) == (2, entry)
    assert (await get(service, UNIT, path))["id_masked"] == _masked(140)
    await moved(service, batch, BatchState.PUBLICISED)
    late = await act_on(service, f"{path}/mend", {**REASON, "name": "再改"})
    assert (late.status_code, slug(late)) == (409, "batch-state")
    await entries_of(service).collection.update({"_id": other}, {"$set": {"state": State.REJECTED, "reason": "x"}})
    await moved(service, batch, BatchState.ARCHIVED)
    never = await act_on(service, f"/{batch}/entries/{other}/mend", {**REASON, "name": "再改"})
    assert (never.status_code, slug(never)) == (409, "batch-state"), "what is archived stays as it was hashed"
    await moved(service, batch, BatchState.FINALISED)
    again = await act_on(service, f"/{batch}/entries/{other}/mend", {**REASON, "name": "再改"})
    assert (again.status_code, again.json()["state"], again.json()["holder"]) == (200, "rejected", "再*")


async def test_nobody_enters_by_anothers_number_and_is_mended_into_the_exam(service: Running) -> None:
    batch = await on_a_day(service, level="4")
    [entry] = (await enrol(service, batch, {**person(150), "claims": SIX}))["entries"]
    await entries_of(service).collection.update({"_id": entry}, {"$set": {"claims": None}})
    refused = await act_on(service, f"/{batch}/entries/{entry}/mend", {**REASON, "id_number": person(151)["id_number"]})
    assert (refused.status_code, slug(refused)) == (409, "not-eligible")


async def test_who_reveals_a_candidate_stays_on_record_and_no_answer_is_kept(service: Running) -> None:
    batch = await on_a_day(service)
    [entry] = (await enrol(service, batch, person(160)))["entries"]
    for caller, status in ((("unit", UNIT, "33"), 200), (REVIEWER, 200), (("auditor", "audit", "33"), 403)):
        answer = await act_on(service, f"/{batch}/entries/{entry}/reveal", REASON, caller)
        assert answer.status_code == status, caller
    record = await get(service, UNIT, f"/{batch}/entries/{entry}")
    assert [(row["what"], row["reason"]) for row in record["handled"]] == [("revealed", REASON["reason"])] * 2
    kept = await service.process.tools.database.collection("answers").find({})
    assert not any(person(160)["id_number"].encode() in row["answer"] for row in kept)


# -- resits --------------------------------------------------------------------------------------------


async def test_a_resit_carries_the_passed_part_once(service: Running) -> None:
    first = await batch_of(service, UNIT, exam_on="2019-10-12")
    [entry] = await enrolled(service, UNIT, first, range(1))
    row = {**person_of(first, 0), "resit": True}
    second, third = await on_a_day(service), await on_a_day(service)
    assert rules(await enrol(service, second, row)) == [(1, "/resit", "resit-none")]
    await failed_in(service, first, entry, theory=80, practical=50)
    taken = await enrol(service, second, row)
    assert taken["accepted"] == 1, taken
    shown = await get(service, UNIT, f"/{second}/entries/{taken['entries'][0]}")
    [carried] = shown["resit"]["carried"]
    assert (shown["resit"]["entry"], carried["part"], carried["points"]) == (entry, "theory", 80)
    assert (carried["state"], carried["carried_from"]) == ("carried", entry)
    assert rules(await enrol(service, third, row)) == [(1, "/resit", "resit-used")]
    await act_on(service, f"/{second}/entries/{shown['id']}/withdraw", REASON)
    assert (await enrol(service, third, row))["accepted"] == 1
    back = await enrol(service, second, row)
    assert rules(back) == [(1, "/resit", "resit-used")]


async def test_of_two_resits_at_once_one_is_entered(service: Running) -> None:
    first = await batch_of(service, UNIT, exam_on="2019-10-12")
    names = await enrolled(service, UNIT, first, range(8))
    for name in names:
        await failed_in(service, first, name, theory=80, practical=50)
    pair = [await on_a_day(service), await on_a_day(service)]
    rows = [{**person_of(first, number), "resit": True} for number in range(8)]
    one, two = await asyncio.gather(*(enrol(service, batch, *rows) for batch in pair))
    assert one["accepted"] + two["accepted"] == len(rows)
    assert {rule for _, _, rule in [*rules(one), *rules(two)]} == {"resit-used"}


async def test_a_resit_after_the_validity_of_the_passed_part_is_refused(service: Running) -> None:
    first = await batch_of(service, UNIT, exam_on="2019-10-12")
    [entry] = await enrolled(service, UNIT, first, range(1))
    await failed_in(service, first, entry, theory=80, practical=50)
    await moved(service, first, BatchState.FINALISED, registration_until="2019-10-05")
    row = {**person_of(first, 0), "resit": True}
    late = await batch_of(service, UNIT, exam_on="2020-10-06")
    assert rules(await enrol(service, late, row)) == [(1, "/resit", "resit-expired")]
    last = await batch_of(service, UNIT, exam_on="2020-10-05")
    assert (await enrol(service, last, row))["accepted"] == 1


async def test_a_resit_stands_on_the_claims_of_the_entry_before(service: Running) -> None:
    first, second = await on_a_day(service, level="4"), await on_a_day(service, level="4")
    [entry] = (await enrol(service, first, {**person(165), "claims": SIX}))["entries"]
    await failed_in(service, first, entry, theory=30, practical=60)
    assert rules(await enrol(service, second, person(165))) == [(1, "/claims", "eligibility")]
    taken = await enrol(service, second, {**person(165), "resit": True})
    assert (taken["accepted"], taken["refused"]) == (1, [])
    shown = await get(service, UNIT, f"/{second}/entries/{taken['entries'][0]}")
    assert ([row["part"] for row in shown["resit"]["carried"]], shown["eligibility"]["alternative"]) == (
        ["practical"],
        1,
    )


async def test_a_resit_let_in_by_a_reviewer_is_still_sat_once(service: Running) -> None:
    batches_ = [await on_a_day(service, level="4") for _ in range(3)]
    [entry] = (await enrol(service, batches_[0], {**person(166), "claims": SIX}))["entries"]
    await failed_in(service, batches_[0], entry, theory=30, practical=60)
    poor = {**person(166), "resit": True, "claims": {"years": [{"years": 1}]}}
    for batch in batches_[1:]:
        assert rules(await enrol(service, batch, poor)) == [(1, "/claims", "eligibility")]
    kept = [(await get(service, UNIT, f"/{batch}/entries?state=ineligible"))["rows"][0]["id"] for batch in batches_[1:]]
    answers = [
        await act_on(service, f"/{batch}/entries/{one}/admit", REASON, REVIEWER)
        for batch, one in zip(batches_[1:], kept, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert (slug(answers[1]), answers[1].json()["rule"]) == ("resit-refused", "resit-used")


async def test_who_was_let_in_is_not_mended_into_somebody_else(service: Running) -> None:
    batch = await on_a_day(service, level="4")
    await enrol(service, batch, person(167))
    [kept] = (await get(service, UNIT, f"/{batch}/entries?state=ineligible"))["rows"]
    path = f"/{batch}/entries/{kept['id']}"
    assert (await act_on(service, f"{path}/admit", REASON, REVIEWER)).status_code == 200
    assert (await act_on(service, f"{path}/mend", {**REASON, "name": "改名"})).status_code == 200
    other = await act_on(service, f"{path}/mend", {**REASON, "id_number": person(168)["id_number"]})
    assert (other.status_code, slug(other)) == (409, "not-eligible")


# -- retention -----------------------------------------------------------------------------------------


async def test_who_was_kept_out_is_forgotten_after_a_year_and_who_withdrew_after_five(service: Running) -> None:
    batch = await on_a_day(service, level="4")
    rows = [{**person(number), **({"claims": SIX} if number > 171 else {})} for number in range(170, 174)]
    await enrol(service, batch, *rows)
    kept, gone = entries_of(service), (await get(service, UNIT, f"/{batch}/entries?state=enrolled"))["rows"][0]["id"]
    await act_on(service, f"/{batch}/entries/{gone}/withdraw", REASON)

    async def left() -> list[str]:
        return sorted(row.state for row in await kept.find({"batch": batch}))

    assert await left() == ["enrolled", "ineligible", "ineligible", "withdrawn"]
    service.set_time(datetime(2020, 9, 20, 1, tzinfo=UTC))
    assert await left() == ["enrolled", "ineligible", "ineligible", "withdrawn"]
    service.set_time(datetime(2020, 9, 21, 1, tzinfo=UTC))

    async def without(state: str) -> bool:
        return state not in await left()

    await eventually(lambda: without("ineligible"))
    assert await left() == ["enrolled", "withdrawn"]
    service.set_time(datetime(2024, 9, 21, 1, tzinfo=UTC))
    await eventually(lambda: without("withdrawn"))
    assert await left() == ["enrolled"]
