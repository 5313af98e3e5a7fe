"""A batch is assigned on the real servers: refused, mended, set aside, opened again, begun only if it still holds."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from itertools import count
from time import perf_counter
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.assignments.domain import Recusal
from services.assessment.assignments.storage import recusal_store
from services.assessment.batches.domain import Assignment, Group, Room, State
from services.assessment.batches.storage import taking_rows
from services.assessment.entries.domain import employer_key
from services.assessment.entries.storage import entry_store, tally
from shared.clock import SHANGHAI
from shared.events.assessment import AssignmentConfirmed, AssignmentReopened, BatchArranged
from shared.events.registry import CardChanged, CardRevoked
from shared.storage.mongo import Document
from tests.assessment.driving import (
    authorised,
    batch_of,
    batches,
    enrolled,
    get,
    heard_of,
    moved,
    post,
    said_of,
    site_of,
    slug,
    writing,
)
from tests.assessment.examples import EXAM, NOW, issued, person, published, resident_id
from tests.assessment.sheets import placed, places, practical, sign, theory
from tests.assessment.staffing import CARDS, ROOMS, SCOPES, WATCHING, asked, card_known, cards_known, says_card, staffed
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

PEOPLE = count(step=4)
LEAVES = {"reason": "本人申请退出考试。"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("assignments")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        await cards_known(live)
        yield live


def others() -> range:
    """Four people whom no other batch has: nobody is examined twice on a day."""
    first = next(PEOPLE)
    return range(first, first + 4)


async def arranged(service: Running, name: str, **changes: Any) -> tuple[str, str, list[str]]:
    """A unit's batch with entries, whose room is named and whose tickets are given."""
    unit = await authorised(service, f"unit-33-{name}")
    batch = await batch_of(service, unit, **changes)
    entries = await enrolled(service, unit, batch, others())
    await moved(service, batch, State.ARRANGED, rooms=ROOMS, arrangement=1, tickets=len(entries))
    return unit, batch, entries


async def assign(service: Running, unit: str, batch: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await post(service, unit, f"/{batch}/assignment", body, **headers)


async def assigned(service: Running, unit: str, batch: str, *cards: str) -> None:
    answer = await assign(service, unit, batch, asked(*cards))
    assert answer.status_code == 200, answer.text


async def entry_has(service: Running, entry: str, **fields: Any) -> None:
    """What the entries room keeps of a candidate beside the name."""
    entries = service.process.tools.database.collection("entries")
    assert await entries.update({"_id": entry}, {"$set": fields})


def rules(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 409, answer.text
    return [(row["rule"], row["pointer"]) for row in answer.json()["errors"]]


async def begins(service: Running, unit: str, batch: str) -> httpx.Response:
    service.set_time(datetime.combine(EXAM, time(8), SHANGHAI))
    return await post(service, unit, f"/{batch}/begin")


async def test_an_assignment_is_refused_rule_by_rule_and_mended(service: Running) -> None:
    unit, batch, _ = await arranged(service, "mends")
    key = {"Idempotency-Key": "assigns once"}
    wrong = asked("a1", "v2", "nobody", "a4", supervisor="a1", invigilators=WATCHING[:1])
    answer = await assign(service, unit, batch, wrong, **key)
    assert slug(answer) == "assignment-refused"
    named = [
        ("card-kind", "/groups/0/assessors/1"),
        ("card-unknown", "/groups/0/assessors/2"),
        ("group-odd", "/groups/0/assessors"),
        ("card-kind", "/supervisor"),
        ("supervisor-assesses", "/supervisor"),
        ("invigilator-count", "/invigilators"),
    ]
    assert rules(answer) == named
    await assign(service, unit, batch, wrong, **key)
    await assigned(service, unit, batch)
    [said] = await said_of(service, AssignmentConfirmed, batch)
    assert said["groups"] == [{"part": "practical", "assessors": ["a1", "a2", "a3"], "head": "a1"}]
    assert (said["supervisor"], said["supervision"], said["rules_on"]) == ("v1", "internal", "2019-10-12")

    shown = await get(service, unit, f"/{batch}/assignment")
    assert (shown["state"], shown["rules_on"]) == ("confirmed", "2019-10-12")
    first = shown["groups"][0]["assessors"][0]
    assert (first["card"], first["number"], first["holder"]) == ("a1", "no-a1", "测*")
    assert [row["rule"] for row in shown["refusals"]] == [rule for rule, _ in named]
    assert [row["holder"] for row in shown["invigilators"]] == ["监*", "监*"]
    assert "监考1" not in json.dumps(shown, ensure_ascii=False)
    assert all(row["id_number"] not in json.dumps(shown) for row in WATCHING)


async def test_a_panel_of_senior_assessors_reviews_at_level_2(service: Running) -> None:
    unit, batch, _ = await arranged(service, "reviews", level="2")
    answer = await assign(service, unit, batch, asked())
    assert rules(answer) == [
        ("group-missing", "/groups"),
        *[("card-senior", f"/groups/0/assessors/{place}") for place in range(3)],
    ]
    await staffed(service, unit, batch)
    assert (await begins(service, unit, batch)).status_code == 200


async def test_what_is_kept_of_an_invigilator_is_sealed_to_the_batch_and_the_person(service: Running) -> None:
    unit, batch, _ = await arranged(service, "seals")
    await assigned(service, unit, batch)
    kept = (await batches(service).get(batch)).assignment.invigilators[0]
    opened = service.process.tools.sealer.open(kept.person, bound_to=f"{batch} {kept.person_index}")
    assert json.loads(opened)["id_number"] == WATCHING[0]["id_number"]
    wrong = [{**WATCHING[0], "id_number": WATCHING[0]["id_number"][:-1] + "A"}]
    answer = await assign(service, unit, batch, asked(invigilators=wrong))
    assert (slug(answer), answer.json()["errors"][0]["pointer"]) == (
        "invalid-resident-id",
        "/invigilators/0/id_number",
    )


async def test_conflicts_with_candidates_are_found_whoever_they_are_declared_by(service: Running) -> None:
    unit, batch, entries = await arranged(service, "ties")
    await says_card(service, "a4", sequence=2, employer="示例建筑（集团）有限公司")
    await entry_has(service, entries[0], employer_key=employer_key("示例建筑(集团) 有限责任公司"))
    await entry_has(service, entries[1], teachers=["no-a1", "somebody"])
    await entry_has(service, entries[2], relatives=["v1"])
    found = rules(await assign(service, unit, batch, asked("a1", "a2", "a4")))
    assert found == [
        ("teacher", "/groups/0/assessors/0"),
        ("same-employer", "/groups/0/assessors/2"),
        ("relative", "/supervisor"),
    ]
    for entry in entries[:3]:
        await entry_has(service, entry, state="withdrawn")
    await assigned(service, unit, batch, "a1", "a2", "a4")


async def test_a_conflict_is_of_the_holder_whichever_of_their_cards_is_named(service: Running) -> None:
    unit, batch, entries = await arranged(service, "two-cards")
    cards = service.process.tools.database.collection("cards")
    [first] = await cards.find({"_id": "a1"})
    fields = {"pending": [], "employer": "丁公司", "kind": "supervisor"}
    await cards.insert_all([{**first, **fields, "_id": "w1", "number": "no-w1"}])
    await entry_has(service, entries[0], teachers=["no-w1"], employer_key=employer_key("丁公司"))
    assert rules(await assign(service, unit, batch, asked())) == [
        ("same-employer", "/groups/0/assessors/0"),
        ("teacher", "/groups/0/assessors/0"),
    ]
    await entry_has(service, entries[0], teachers=[], employer_key="")
    await assigned(service, unit, batch)
    answer = await post(service, unit, f"/{batch}/recusals", {"card": "w1", "kind": "relative"})
    assert answer.status_code == 201, answer.text
    assert (await get(service, unit, f"/{batch}/assignment"))["state"] == "reopened"
    assert rules(await assign(service, unit, batch, asked())) == [("recusal", "/groups/0/assessors/0")]
    assert await cards.delete({"_id": "w1"})


async def test_a_conflict_declared_while_a_batch_is_being_assigned_opens_it_again(service: Running) -> None:
    unit, batch, _ = await arranged(service, "races")
    await assigned(service, unit, batch)
    assert (await begins(service, unit, batch)).status_code == 200
    about = {"unit": unit, "batch": batch, "card": "a3", "kind": "other", "note": "", "actor": "a", "role": "unit"}
    recusal = Recusal(id="recusal-races", authority="33", entry="", at=NOW, **about)
    await recusal_store(service.process.tools.database).add(recusal, [], writing(service))
    [said] = await heard_of(service, AssignmentConfirmed, batch)
    await service.says(AssignmentConfirmed.model_validate_json(said.body), subject=batch, sequence=99)
    [reopened] = await said_of(service, AssignmentReopened, batch)
    assert (reopened["card"], reopened["rule"]) == ("a3", "recusal")


async def test_a_candidate_who_is_mended_in_the_exam_is_compared_with_those_who_assess(service: Running) -> None:
    unit, batch, entries = await arranged(service, "mended")
    await says_card(service, "a6", sequence=2, employer="戊建筑公司")
    await assigned(service, unit, batch, "a1", "a2", "a6")
    assert (await begins(service, unit, batch)).status_code == 200
    row = {"reason": "单位录入有误，已核对合同。", "employer": "戊建筑公司"}
    assert (await post(service, unit, f"/{batch}/entries/{entries[0]}/mend", row)).status_code == 200
    [reopened] = await said_of(service, AssignmentReopened, batch)
    assert (reopened["card"], reopened["rule"]) == ("a6", "same-employer")


async def test_a_candidate_of_the_batch_neither_assesses_nor_invigilates(service: Running) -> None:
    unit = await authorised(service, "unit-33-candidate")
    batch = await batch_of(service, unit)
    cards = service.process.tools.database.collection("cards")
    [kept] = await cards.find({"_id": "a2"})
    assert kept["person_index"] == service.process.tools.sealer.index(resident_id(CARDS["a2"][1]))
    await cards.update({"_id": "a2"}, {"$unset": {"person_index": ""}})  # as it was kept before it was looked for
    people = [person(CARDS["a2"][1]), {"name": "监考1", "id_number": WATCHING[0]["id_number"]}]
    assert (await post(service, unit, f"/{batch}/entries", people)).json()["accepted"] == 2
    assert rules(await assign(service, unit, batch, asked())) == [
        ("candidate", "/groups/0/assessors/1"),
        ("invigilator-candidate", "/invigilators/0"),
    ]


async def test_nobody_is_assigned_who_cannot_be_compared_with_candidates(service: Running) -> None:
    unit, batch, _ = await arranged(service, "unreadable")
    unreadable = issued(card="a8", number="no-a8", scopes=SCOPES, person="v9.sealed with a key that is not here")
    await service.says(unreadable, subject="a8")
    await eventually(lambda: card_known(service, "a8", 1))
    found = rules(await assign(service, unit, batch, asked("a1", "a2", "a8")))
    assert found == [("card-person", "/groups/0/assessors/2")]


async def test_the_group_changes_and_nobody_assesses_on_four_days_in_a_row(service: Running) -> None:
    unit = await authorised(service, "unit-33-rotates")
    for days in (9, 6, 3):
        before = await batch_of(service, unit, exam_on=str(EXAM - timedelta(days=days)))
        cards = ("a1", "a2", f"a{3 + days // 3}")
        held = Assignment(state="confirmed", groups=(Group(part="practical", assessors=cards, head="a1"),))
        await moved(service, before, State.ARCHIVED, assignment=held.model_dump())
    online = await batch_of(service, unit, exam_on=str(EXAM - timedelta(days=1)))  # not assigned: does not count
    assert online
    batch = await batch_of(service, unit)
    assert rules(await assign(service, unit, batch, asked("a1", "a2", "a4"))) == [
        ("consecutive-site", "/groups/0/assessors/0"),
        ("consecutive-site", "/groups/0/assessors/1"),
        ("rotation", "/groups/0/assessors"),
    ]
    center = service.token("center")
    override = {"rule": "consecutive-site", "subject": "a1", "reason": "仅此一人持证。"}
    path = f"/v1/batches/{batch}/assignment/overrides"
    refused = await service.http.post(path, json=override, headers=service.token("unit", unit, "33"))
    assert refused.status_code == 403
    let = await service.http.post(path, json=override, headers=center)
    assert let.status_code == 200, let.text
    assert let.json()["overrides"][0]["reason"] == "仅此一人持证。"
    assert rules(await assign(service, unit, batch, asked("a1", "a2", "a3"))) == [
        ("consecutive-site", "/groups/0/assessors/1")
    ]
    await assigned(service, unit, batch, "a1", "a3", "a4")
    never = {**override, "rule": "relative"}
    answer = await service.http.post(path, json=never, headers=service.token("authority", "dept-33", "33"))
    assert (answer.status_code, slug(answer)) == (409, "rule-not-overridable")
    nobody = {**override, "subject": "nobody"}
    assert (await service.http.post(path, json=nobody, headers=service.token("center"))).status_code == 404


async def test_a_batch_assigned_before_another_opens_that_ones_check_again(service: Running) -> None:
    unit = await authorised(service, "unit-33-between")
    later = await batch_of(service, unit)
    await assigned(service, unit, later, "a5", "a6", "a7")
    earlier = await batch_of(service, unit, exam_on=str(EXAM - timedelta(days=1)))
    await assigned(service, unit, earlier, "a5", "a6", "a7")
    [said] = await said_of(service, AssignmentReopened, later)
    assert (said["rule"], said["card"]) == ("rotation", "")


async def test_a_revoked_card_opens_the_check_again_and_the_exam_does_not_begin(service: Running) -> None:
    unit, batch, _ = await arranged(service, "revoked")
    other, untouched, _ = await arranged(service, "untouched")
    await assigned(service, unit, batch, "a5", "a2", "a3")
    await assigned(service, other, untouched, "a1", "a2", "a3")
    await says_card(service, "a5", 2, CardRevoked, ended_on=date(2019, 10, 1), reason="fraud")
    [said] = await said_of(service, AssignmentReopened, batch)
    assert (said["card"], said["rule"]) == ("a5", "card-status")
    shown = await get(service, unit, f"/{batch}/assignment")
    assert shown["state"] == "reopened"
    assert "a5" in shown["why"]
    answer = await begins(service, unit, batch)
    assert (slug(answer), answer.json()["rule"]) == ("batch-not-ready", "assignment")
    await assigned(service, unit, batch, "a1", "a2", "a4")
    begun = await post(service, unit, f"/{batch}/begin")
    assert begun.status_code == 200, begun.text
    assert (await get(service, other, f"/{untouched}/assignment"))["state"] == "confirmed"


async def test_what_nobody_heard_of_is_found_when_the_exam_begins(service: Running) -> None:
    unit, batch, entries = await arranged(service, "begins")
    await assigned(service, unit, batch)
    await entry_has(service, entries[3], teachers=["a2"])
    answer = await begins(service, unit, batch)
    assert (answer.status_code, slug(answer)) == (409, "batch-not-ready")
    assert [row["rule"] for row in answer.json()["errors"]] == ["teacher"]
    assert (await said_of(service, AssignmentReopened, batch))[0]["card"] == "a2"
    assert rules(await assign(service, unit, batch, asked())) == [("teacher", "/groups/0/assessors/1")]
    await assigned(service, unit, batch, "a1", "a4", "a3")
    key = {"Idempotency-Key": "begins once"}
    for _ in range(2):
        begun = await post(service, unit, f"/{batch}/begin", **key)
        assert (begun.status_code, begun.json()["state"]) == (200, "in_exam")


async def test_an_exam_without_candidates_does_not_begin(service: Running) -> None:
    unit, batch, entries = await arranged(service, "nobody")
    await assigned(service, unit, batch)
    for entry in entries[1:]:
        assert (await post(service, unit, f"/{batch}/entries/{entry}/withdraw", LEAVES)).status_code == 200
    async with taking_rows(batches(service), batch, writing(service), (State.ARRANGED,), "test"):
        assert slug(await begins(service, unit, batch)) == "batch-busy", "somebody withdraws right now"
    last = await post(service, unit, f"/{batch}/entries/{entries[0]}/withdraw", LEAVES)
    assert last.status_code == 200
    assert slug(await begins(service, unit, batch)) == "no-entries"


async def test_an_assessor_is_replaced_during_the_exam_only_before_a_sheet_is_signed(service: Running) -> None:
    unit, batch, entries = await arranged(service, "replaces")
    await assigned(service, unit, batch)
    assert (await begins(service, unit, batch)).status_code == 200
    assert slug(await assign(service, unit, batch, asked("a1", "a2", "a4"))) == "batch-state"
    [sheet] = sign(placed(), practical(placed().id)).sheets
    await entry_has(service, entries[0], sheets=[sheet.model_copy(update={"assessor": "a1"}).model_dump()])
    recusal = {"card": "a3", "kind": "mentor", "entry": entries[0]}
    answer = await post(service, unit, f"/{batch}/recusals", recusal)
    assert answer.status_code == 201, answer.text
    await said_of(service, AssignmentReopened, batch)
    assert rules(await assign(service, unit, batch, asked("a2", "a4", "a6"))) == [("signed", "/groups")]
    await assigned(service, unit, batch, "a1", "a2", "a4")
    assert (await get(service, unit, f"/{batch}"))["state"] == "in_exam"


async def test_who_must_go_after_signing_is_replaced_and_their_sheets_do_not_count(service: Running) -> None:
    unit, batch, entries = await arranged(service, "signs")
    await assigned(service, unit, batch)
    assert (await begins(service, unit, batch)).status_code == 200
    for entry in entries:
        await entry_has(service, entry, places=[place.model_dump() for place in places(entry)])
    own = [practical(entries[0], "a1", checker=name) for name in ("no-a1", "ＮＯ-A1", " A1")]
    refused = (await post(service, unit, f"/{batch}/sheets", own[:1])).json()["refused"]
    refused += (await post(service, unit, f"/{batch}/sheets", own[1:2])).json()["refused"]
    assert [row["rule"] for row in refused] == ["same-signature"] * 2, "the number on the card is the assessor's too"
    rows = [practical(entry, card) for entry in entries for card in ("a1", "a2", "a3")]
    rows += [theory(entry) for entry in entries]
    assert (await post(service, unit, f"/{batch}/sheets", rows)).json() == {"accepted": 16, "refused": []}
    assert (await post(service, unit, f"/{batch}/end")).status_code == 200
    answer = await post(service, unit, f"/{batch}/recusals", {"card": "a3", "kind": "relative"})
    assert answer.status_code == 201, answer.text
    assert (await post(service, unit, f"/{batch}/seal")).json()["rule"] == "assignment"
    again = [practical(entries[0], "a3", correction="更正")]
    assert (await post(service, unit, f"/{batch}/sheets", again)).json()["refused"][0]["rule"] == "assignment"
    await assigned(service, unit, batch, "a1", "a2", "a4")

    async def all_wait() -> bool:
        kept = await batches(service).get(batch)
        counts = await tally(entry_store(service.process.tools.database), batch)
        return (counts.enrolled, kept.assignment.judging) == (4, False)

    await eventually(all_wait)
    assert slug(await post(service, unit, f"/{batch}/seal")) == "entries-not-scored"
    rows = [practical(entry, "a4") for entry in entries]
    assert (await post(service, unit, f"/{batch}/sheets", rows)).json() == {"accepted": 4, "refused": []}
    assert (await post(service, unit, f"/{batch}/seal")).status_code == 200


async def test_holders_recuse_themselves_and_only_themselves(service: Running) -> None:
    unit, batch, _ = await arranged(service, "recuses")
    await assigned(service, unit, batch)
    path = f"/v1/batches/{batch}/recusals"
    caller = {
        "Authorization": f"Bearer {service.issuer.token('assessor', 'elsewhere', '44', subject='a2')}",
        "Idempotency-Key": "recuses",
    }
    body = {"card": "a2", "kind": "relative", "note": f"考生 {resident_id(7)} 为其外甥。"}
    other = await service.http.post(path, json={**body, "card": "a1"}, headers=caller)
    assert (other.status_code, slug(other)) == (403, "forbidden")
    for _ in range(2):
        answer = await service.http.post(path, json=body, headers=caller)
        assert answer.status_code == 201, answer.text
        assert resident_id(7) not in answer.text
    shown = await get(service, unit, f"/{batch}/assignment")
    assert (shown["state"], [row["kind"] for row in shown["recusals"]]) == ("reopened", ["relative"])
    assert rules(await assign(service, unit, batch, asked())) == [("recusal", "/groups/0/assessors/1")]
    unknown = {"card": "a1", "kind": "teacher", "entry": "entry-elsewhere"}
    assert (await post(service, unit, f"/{batch}/recusals", unknown)).status_code == 404


async def test_rooms_that_need_more_invigilators_open_the_check_again(service: Running) -> None:
    unit = await authorised(service, "unit-33-rooms")
    batch = await batch_of(service, unit)
    await enrolled(service, unit, batch, others())
    await assigned(service, unit, batch)
    rooms = [*ROOMS, Room(part="theory", name="二号考场", stations=5).model_dump()]
    await moved(service, batch, State.ARRANGED, rooms=rooms, arrangement=1, tickets=4)
    said = BatchArranged(batch=batch, unit=unit, occupation="rebar_worker", level="5", entries=4, arrangement=1)
    await service.says(said, subject=batch, sequence=99)
    [reopened] = await said_of(service, AssignmentReopened, batch)
    assert reopened["rule"] == "invigilator-count"


async def test_a_holder_with_another_employer_or_scope_is_looked_at_again(service: Running) -> None:
    unit, batch, entries = await arranged(service, "changed")
    await entry_has(service, entries[0], employer_key=employer_key("乙公司"))
    await assigned(service, unit, batch, "a7", "a2", "a3")
    await says_card(service, "a7", 2, CardChanged, employer="乙公司")
    [said] = await said_of(service, AssignmentReopened, batch)
    assert (said["card"], said["rule"]) == ("a7", "same-employer")


async def test_a_proposal_is_what_can_be_assigned_or_says_what_is_missing(service: Running) -> None:
    unit, batch, entries = await arranged(service, "proposes")
    await entry_has(service, entries[0], teachers=["no-a1"])
    caller = service.token("unit", unit, "33")
    path = f"/v1/batches/{batch}/assignment/proposal"
    answer = await service.http.post(path, json={"pool": ["a1", "a2", "a3", "v1"]}, headers=caller)
    found = answer.json()
    assert [(row["rule"], row["subject"]) for row in found["unmet"]] == [("group-size", "practical")]
    assert ("a1", "practical", "teacher") in [(row["card"], row["part"], row["rule"]) for row in found["left_out"]]
    answer = await service.http.post(path, json={"pool": ["a4", "a1", "a2", "a3", "v1"]}, headers=caller)
    found = answer.json()
    assert found["unmet"] == []
    body = {"groups": found["groups"], "supervisor": found["supervisor"], "invigilators": WATCHING}
    answer = await assign(service, unit, batch, body)
    assert answer.status_code == 200, answer.text


async def test_a_pool_of_200_with_conflicts_is_answered_in_time(service: Running) -> None:
    unit, batch, entries = await arranged(service, "pools")
    cards = service.process.tools.database.collection("cards")
    [model] = await cards.find({"_id": "a1"})
    names = [f"p{place:03}" for place in range(200)]
    fields = {"pending": [], "version": 1, "employer": "丙公司"}
    await cards.insert_all(
        [{**model, **fields, "_id": name, "number": f"no-{name}", "person_index": f"index-{name}"} for name in names]
    )
    await entry_has(service, entries[0], employer_key=employer_key("丙公司"), teachers=names[:50], relatives=names[:9])
    path, caller = f"/v1/batches/{batch}/assignment/proposal", service.token("unit", unit, "33")
    start = perf_counter()
    answer = await service.http.post(path, json={"pool": [*names, "a1", "a2", "a3", "v1"]}, headers=caller)
    assert perf_counter() - start < 5
    assert answer.json()["groups"][0]["assessors"] == ["a1", "a2", "a3"]
    left = [(row["card"], row["rule"]) for row in answer.json()["left_out"] if row["part"] == "practical"]
    assert len([row for row in left if row[1] == "same-employer"]) == 200
    assert len([row for row in left if row[1] == "teacher"]) == 50


async def test_every_question_about_batches_and_entries_is_answered_by_an_index(service: Running) -> None:
    unit, batch, entries = await arranged(service, "indexed")
    await entry_has(service, entries[0], employer_key="k", teachers=["a1"], relatives=["a1"])
    for field in ("employer_key", "teachers", "relatives"):
        query = {"batch": batch, field: {"$in": ["k", "a1"], "$gt": ""}, "state": {"$in": ["enrolled"]}}
        assert await _index(service, "entries", query) == field
    signed = {"batch": batch, "sheets.assessor": "a1", "sheets.0": {"$exists": True}}
    assert await _index(service, "entries", signed) == "signed"
    held = {"site": site_of(unit), "on": {"$gte": "2019-01-01", "$lt": "2019-10-12"}}
    assert "sittings.site" in await _index(service, "batches", {"sittings": {"$elemMatch": held}})
    named = {"$or": [{"assignment.groups.assessors": "a1"}, {"assignment.supervisor": "a1"}]}
    assert await _index(service, "batches", named) != "COLLSCAN"


async def _index(service: Running, collection: str, query: Document) -> str:
    """The index by which the database answers a query."""
    plan = await service.process.tools.database.collection(collection)._inner.find(query).explain()
    told = json.dumps(plan["queryPlanner"]["winningPlan"], default=str)
    if "COLLSCAN" in told:
        return "COLLSCAN"
    return str(told.split('"indexName": "')[1].split('"')[0])
