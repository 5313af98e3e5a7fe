"""Objections on the real servers: raised, decided, healed after a crash, overdue by the clock; and who may what."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import State as EntryState
from services.assessment.entries.domain import known_by
from services.assessment.objections.commands import DecideObjection, Kind, RaisedBy
from services.assessment.objections.domain import State, raised
from services.assessment.results.domain import chunk_of
from services.assessment.results.storage import chunk_store
from shared.act import Act
from shared.clock import SHANGHAI
from shared.events.assessment import (
    ObjectionAccepted,
    ObjectionDecided,
    ObjectionOverdue,
    ObjectionRaised,
    ObjectionRefused,
)
from shared.events.base import Event
from shared.events.registry import UnitSuspended
from tests.assessment.driving import authorised, batches, get, moved, person_of, said_of, slug, writing
from tests.assessment.examples import CARDS, published, standing
from tests.assessment.objecting import LIMITS, review
from tests.assessment.on_notice import (
    accepted_by,
    asked,
    asked_by_public,
    entries,
    objections,
    on_notice,
    raised_by,
    ticket_of,
)
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live

REVIEW = review().model_dump(mode="json")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("objections")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


async def is_held(service: Running, entry: str, objection: str) -> bool:
    return (await entries(service).get(entry)).objection == objection


async def words_on(service: Running, kind: type[Event], objection: str) -> list[dict[str, Any]]:
    """What was said of one objection, once at least one word was."""

    async def some() -> list[dict[str, Any]]:
        bodies = [json.loads(said.body) for said in service.said if said.type == kind.type]
        return [body for body in bodies if body["objection"] == objection]

    return await eventually(some)


async def test_an_objection_turns_a_58_into_a_61_with_two_signatures_and_its_neighbour_stays(service: Running) -> None:
    unit = await authorised(service, "unit-33-story")
    batch, (low, neighbour) = await on_notice(service, unit)
    beside = await entries(service).get(neighbour)
    objection = await raised_by(service, unit, batch, low)
    assert await is_held(service, low, objection)
    await accepted_by(service, unit, objection)

    one = await asked(service, f"/objections/{objection}/review", {**REVIEW, "checker": "复核人丙"}, org=unit)
    assert (one.status_code, slug(one)) == (400, "signed-twice")
    anew = await asked(service, f"/objections/{objection}/review", {**REVIEW, "ground": "leniency"}, org=unit)
    assert (anew.status_code, slug(anew), anew.json()["rule"]) == (400, "review-out-of-scope", "review.scope")

    done = await asked(service, f"/objections/{objection}/review", REVIEW, org=unit)
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "changed"
    entry = await entries(service).get(low)
    assert (entry.state, entry.points("practical"), entry.objection) == (EntryState.PASSED, 61, "")
    (said,) = await words_on(service, ObjectionDecided, objection)
    assert (said["entry"], said["outcome"], said["certified"], said["before"], said["after"], said["scores"]) == (
        *(low, "changed", False, "failed", "passed"),
        {"theory": 78.5, "practical": 61},
    )
    assert await entries(service).get(neighbour) == beside
    for kind in (ObjectionRaised, ObjectionAccepted):
        assert await words_on(service, kind, objection)


async def test_a_candidate_objects_by_ticket_and_id_number_and_follows_it_without_a_token(service: Running) -> None:
    unit = await authorised(service, "unit-33-own")
    batch, (low, _) = await on_notice(service, unit)
    number = person_of(batch, 0)["id_number"]
    mine = {"ticket": ticket_of(batch, 0), "id_number": number}
    body = {**mine, "kind": "score", "text": f"我是{person_of(batch, 0)['name']}，{number}，第三项漏计。"}
    answer = await asked_by_public(service, "/objections", body)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"id", "kind", "state", "raised_on", "answer_by", "reason"}
    assert number not in answer.text
    objection = answer.json()["id"]
    assert await is_held(service, low, objection)
    kept = (await objections(service).get(objection)).text
    assert number not in kept
    assert "漏计" in kept
    refusal = {"reason": "复核无误。"}
    assert (await asked(service, f"/objections/{objection}/refuse", refusal, org=unit)).status_code == 200
    seen = await asked_by_public(service, "/objections/own", mine)
    assert [(row["state"], row["reason"]) for row in seen.json()["rows"]] == [("refused", "复核无误。")]
    assert seen.headers["cache-control"] == "no-store"


async def test_a_candidate_of_another_document_objects_by_its_number(service: Running) -> None:
    unit = await authorised(service, "unit-33-passport")
    batch, (low, _) = await on_notice(service, unit)
    index = service.process.tools.sealer.index(
        known_by(EnrolRow(name="Smith", id_number="E1234567", id_type="passport"))
    )
    await entries(service).collection.update({"_id": low}, {"$set": {"person_index": index}})
    body = {"ticket": ticket_of(batch, 0), "id_number": "e123 4567", "kind": "score", "text": "第三项漏计。"}
    answer = await asked_by_public(service, "/objections", body)
    assert answer.status_code == 201, answer.text
    assert await is_held(service, low, answer.json()["id"])


async def test_a_wrong_ticket_and_a_wrong_number_get_the_very_same_refusal(service: Running) -> None:
    unit = await authorised(service, "unit-33-vague")
    batch, _ = await on_notice(service, unit)
    right = {"ticket": ticket_of(batch, 0), "id_number": person_of(batch, 0)["id_number"]}
    assert (await asked_by_public(service, "/objections/own", right)).json()["rows"] == [], "the two together are right"
    answers = []
    for wrong in (
        {"ticket": "19101433-000-00000"},
        {"id_number": person_of(batch, 1)["id_number"]},
        {"id_number": "1"},
        {"ticket": "$gt"},
    ):
        for path, more in (("/objections", {"kind": "score", "text": "?"}), ("/objections/own", {})):
            answers.append(await asked_by_public(service, path, {**right, **wrong, **more}))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert {slug(answer) for answer in answers} == {"no-such-candidate"}


async def test_two_candidates_with_the_same_key_raise_two_objections(service: Running) -> None:
    unit = await authorised(service, "unit-33-same-key")
    batch, people = await on_notice(service, unit)
    made = []
    for number in range(2):
        mine = {"ticket": ticket_of(batch, number), "id_number": person_of(batch, number)["id_number"]}
        body = {**mine, "kind": "score", "text": "?"}
        made.append(await asked_by_public(service, "/objections", body, key="1"))
        await service.process.tools.database.collection("answers").delete({})  # as if a day had gone by
    assert [answer.status_code for answer in made] == [201, 201]
    for entry, answer in zip(people, made, strict=True):
        assert await is_held(service, entry, answer.json()["id"])


async def test_one_objection_to_a_result_is_open_at_a_time(service: Running) -> None:
    unit = await authorised(service, "unit-33-one")
    batch, (low, _) = await on_notice(service, unit)
    first = await raised_by(service, unit, batch, low)
    body = {"entry": low, "kind": "other", "text": "?", "raised_by": "public"}
    second = await asked(service, f"/batches/{batch}/objections", body, org=unit)
    assert (second.status_code, slug(second)) == (409, "objection-open")
    assert (await asked(service, f"/objections/{first}/refuse", {"reason": "无关。"}, org=unit)).status_code == 200
    assert await is_held(service, low, "")
    assert await words_on(service, ObjectionRefused, first)
    third = await raised_by(service, unit, batch, low, "other")
    assert await is_held(service, low, third)


async def test_a_crash_between_the_two_writes_is_healed_by_our_own_events(service: Running) -> None:
    unit = await authorised(service, "unit-33-crash")
    batch, (_, high) = await on_notice(service, unit)
    store, act, now = objections(service), writing(service), service.process.tools.clock.now()
    of = await entries(service).get(high), await batches(service).get(batch)
    by = (RaisedBy.PUBLIC, "somebody")
    identity = "objection-crash"
    await store.add(*raised(identity, *of, Kind.CONDUCT, "代考。", by, LIMITS, now), act)
    await eventually(lambda: is_held(service, high, identity))  # the door ended before it held the entry back
    await accepted_by(service, unit, identity)
    entry = await entries(service).get(high)
    upheld = DecideObjection(outcome="upheld", reason="经查为代考。")
    decides = replace(act, id="decides")
    await store.change(identity, decides, lambda found: found.decided(upheld, entry, "somebody", now))
    await eventually(lambda: is_held(service, high, ""))  # the door ended before the entry followed
    after = await entries(service).get(high)
    assert (after.state, after.reason, after.sheets) == (EntryState.FAILED, "objection-upheld", entry.sheets)

    words = [
        said for said in service.said if said.type.startswith("assessment.objection.") and identity in str(said.body)
    ]
    kinds = {kind.type: kind for kind in (ObjectionRaised, ObjectionDecided)}
    for number, said in enumerate(word for word in words if word.type in kinds):  # each once more, in a wrong order
        event = kinds[said.type].model_validate_json(said.body)
        await service.says(event, subject=identity, event_id=f"again-{number}")
    later = await raised_by(service, unit, batch, high, "other")  # an objection of its own is still heard and held
    await eventually(lambda: is_held(service, high, later))
    assert (await entries(service).get(high)).scores == after.scores


async def test_a_batch_does_not_move_between_an_objection_and_the_hold_on_its_entry(service: Running) -> None:
    unit = await authorised(service, "unit-33-quiet")
    batch, (low, _) = await on_notice(service, unit)
    before = await batches(service).get(batch)
    await raised_by(service, unit, batch, low)
    after = await batches(service).get(batch)
    assert after.version == before.version + 2, "who moved it on meanwhile decides anew"
    assert after.writers == {}
    refused = {"entry": low, "kind": "other", "text": "?"}
    assert (await asked(service, f"/batches/{batch}/objections", refused, org=unit)).status_code == 409
    assert (await batches(service).get(batch)).version == after.version, "what is refused holds nothing up"


async def test_a_raise_that_lost_its_answer_is_repeated_without_a_second_objection(service: Running) -> None:
    unit = await authorised(service, "unit-33-repeat")
    batch, (low, _) = await on_notice(service, unit)
    body, key = {"entry": low, "kind": "score", "text": "?"}, {"Idempotency-Key": "raise-once"}
    first = await asked(service, f"/batches/{batch}/objections", body, org=unit, **key)
    await service.process.tools.database.collection("answers").delete({})
    service.forward(days=60)  # the period is over, but the objection stands
    again = await asked(service, f"/batches/{batch}/objections", body, org=unit, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert await objections(service).count({"entry": low}) == 1


async def test_what_is_too_late_is_refused_with_the_rule_and_the_last_day(service: Running) -> None:
    unit = await authorised(service, "unit-33-late")
    batch, (low, high) = await on_notice(service, unit)
    # published on Monday 14 October: objections to conduct until the 21st, to points until the 28th
    for kind, entry, day, rule in (
        ("conduct", high, "2019-10-21", "notice.result_wd"),
        ("score", low, "2019-10-28", "review.apply_wd"),
    ):
        last = datetime.combine(datetime.fromisoformat(day), time(0), SHANGHAI)
        body = {"entry": entry, "kind": kind, "text": "?"}
        service.set_time(last + timedelta(days=1, minutes=1))
        late = await asked(service, f"/batches/{batch}/objections", body, org=unit)
        assert (late.status_code, slug(late), late.json()["rule"]) == (409, "objection-too-late", rule)
        assert day in late.json()["detail"]
        service.set_time(last + timedelta(hours=23, minutes=59))
        assert (await asked(service, f"/batches/{batch}/objections", body, org=unit)).status_code == 201


async def test_what_is_overdue_is_said_once_and_listed(service: Running) -> None:
    unit = await authorised(service, "unit-33-overdue")
    batch, (low, high) = await on_notice(service, unit)
    late, answered = [await raised_by(service, unit, batch, entry) for entry in (low, high)]
    await accepted_by(service, unit, answered)
    service.set_time(datetime(2019, 10, 17, 0, 0, 5, tzinfo=SHANGHAI) + timedelta(days=1))
    (said,) = await words_on(service, ObjectionOverdue, late)
    assert (said["step"], said["due"]) == ("acceptance", "2019-10-17")

    async def listed(overdue: str) -> list[str]:
        caller = service.token("authority", "33", "33")
        path = f"/v1/objections?batch={batch}&overdue={overdue}"
        return [row["id"] for row in (await service.http.get(path, headers=caller)).json()["rows"]]

    assert await listed("true") == [late]
    assert await listed("false") == [answered]
    await accepted_by(service, unit, late)
    assert await listed("true") == []
    service.set_time(datetime(2019, 11, 15, tzinfo=SHANGHAI))
    assert await eventually(lambda: _late_twice(service, late)) == ["acceptance", "decision"]
    assert [word["step"] for word in await words_on(service, ObjectionOverdue, answered)] == ["decision"]


async def _late_twice(service: Running, objection: str) -> list[str]:
    found = await objections(service).get(objection)
    words = [said for said in service.said if said.type == ObjectionOverdue.type and objection in str(said.body)]
    return list(found.late) if len(found.late) == len(words) == 2 else []


async def test_a_unit_leaves_what_is_not_about_points_to_its_authority(service: Running) -> None:
    unit = await authorised(service, "unit-33-powers")
    batch, (_, high) = await on_notice(service, unit)
    objection = await raised_by(service, unit, batch, high, "conduct")
    refused = await asked(service, f"/objections/{objection}/refuse", {"reason": "?"}, org=unit)
    assert (refused.status_code, slug(refused)) == (409, "objection-not-the-units")
    await accepted_by(service, unit, objection)
    decision = {"outcome": "upheld", "reason": "经查为代考。"}
    assert (await asked(service, f"/objections/{objection}/decide", decision, org=unit)).status_code == 403
    elsewhere = await asked(service, f"/objections/{objection}/decide", decision, role="authority", line="32")
    assert elsewhere.status_code == 404
    other = await asked(service, f"/objections/{objection}/accept", org="unit-33-stranger")
    assert other.status_code == 404
    done = await asked(service, f"/objections/{objection}/decide", decision, role="authority")
    assert (done.status_code, done.json()["state"]) == (200, "upheld")
    entry = await entries(service).get(high)
    assert (entry.state, entry.detail) == (EntryState.FAILED, "经查为代考。")


async def test_nobody_sees_or_raises_what_is_not_within_their_scope(service: Running) -> None:
    unit = await authorised(service, "unit-33-scope")
    batch, (low, _) = await on_notice(service, unit)
    objection = await raised_by(service, unit, batch, low)
    for role, org, line, status in (
        ("unit", unit, "33", 200),
        ("authority", "33", "33", 200),
        ("center", "center", None, 200),
        ("unit", "unit-33-other", "33", 404),
        ("authority", "32", "32", 404),
    ):
        answer = await service.http.get(f"/v1/objections/{objection}", headers=service.token(role, org, line))
        assert answer.status_code == status, (role, org)
    body = {"entry": low, "kind": "other", "text": "?"}
    assert (await asked(service, f"/batches/{batch}/objections", body, org="unit-33-other")).status_code == 404
    another, _ = await on_notice(service, unit)
    mixed = await asked(service, f"/batches/{another}/objections", body, org=unit)
    assert mixed.status_code == 404


async def test_while_a_batch_is_frozen_its_candidates_object_and_the_authority_acts(service: Running) -> None:
    unit = await authorised(service, "unit-33-frozen")
    batch, (low, _) = await on_notice(service, unit)
    suspended = standing(UnitSuspended, unit=unit, suspended_on=date(2019, 10, 14), reason="检查")
    await service.says(suspended, subject=unit, sequence=2)

    async def frozen() -> bool:
        return bool((await get(service, unit, f"/{batch}"))["frozen"])

    await eventually(frozen)
    mine = {"ticket": ticket_of(batch, 0), "id_number": person_of(batch, 0)["id_number"]}
    body = {**mine, "kind": "score", "text": "?"}
    made = await asked_by_public(service, "/objections", body)
    assert made.status_code == 201, made.text
    objection = made.json()["id"]
    theirs = await asked(service, f"/objections/{objection}/accept", org=unit)
    assert (theirs.status_code, slug(theirs)) == (409, "batch-frozen")
    assert (await asked(service, f"/objections/{objection}/accept", role="authority")).status_code == 200
    done = await asked(service, f"/objections/{objection}/review", REVIEW, role="authority")
    assert done.json()["state"] == "changed"
    assert (await entries(service).get(low)).state is EntryState.PASSED


async def test_a_certified_result_is_found_wrong_and_the_entry_stays_as_it_is(service: Running) -> None:
    unit = await authorised(service, "unit-33-certified")
    batch, (_, high) = await on_notice(service, unit)
    await moved(service, batch, BatchState.FINALISED)
    change = {"$set": {"state": EntryState.CERTIFIED, "filings": 1}, "$inc": {"version": 1}}
    assert await entries(service).collection.update({"_id": high}, change)
    before = await entries(service).get(high)
    objection = await raised_by(service, unit, batch, high)
    await accepted_by(service, unit, objection)
    lower = {**REVIEW, "changes": [{"part": "theory", "points": {"points": 59}}]}
    assert (await asked(service, f"/objections/{objection}/review", lower, org=unit)).status_code == 200
    (said,) = await words_on(service, ObjectionDecided, objection)
    assert (said["certified"], said["passes"], said["scores"]["theory"]) == (True, False, 59)
    assert (said["before"], said["after"]) == ("certified", "certified")
    after = await entries(service).get(high)
    assert (after.sheets, after.scores, after.state, after.objection) == (
        before.sheets,
        before.scores,
        before.state,
        "",
    )


async def test_what_a_crash_left_unmarked_in_a_chunk_that_stands_is_not_decided_as_if_it_were_unsaid(
    service: Running,
) -> None:
    unit = await authorised(service, "unit-33-unmarked")
    batch, (_, high) = await on_notice(service, unit)
    await moved(service, batch, BatchState.CLOSED, chunks=1, chunk_rows=500)
    of, row = await batches(service).get(batch), await entries(service).get(high)
    once = Act(id=f"{batch} said", at=row.sheets[0].signed_at, correlation="test")
    await chunk_store(service.process.tools.database).add(chunk_of(of, 1, [row])[0], [], once)
    objection = await raised_by(service, unit, batch, high)
    await accepted_by(service, unit, objection)
    lower = {**REVIEW, "changes": [{"part": "theory", "points": {"points": 59}}]}
    early = await asked(service, f"/objections/{objection}/review", lower, org=unit)
    assert (early.status_code, slug(early)) == (503, "contended")
    change = {"$set": {"filings": 1, "chunk": 1}, "$inc": {"version": 1}}
    assert await entries(service).collection.update({"_id": high}, change)
    assert (await asked(service, f"/objections/{objection}/review", lower, org=unit)).status_code == 200
    (said,) = await words_on(service, ObjectionDecided, objection)
    assert (said["certified"], said["passes"]) == (True, False)


async def test_a_second_review_of_a_certified_result_counts_with_the_first(service: Running) -> None:
    unit = await authorised(service, "unit-33-twice")
    batch, (_, high) = await on_notice(service, unit)
    await moved(service, batch, BatchState.FINALISED)
    change = {"$set": {"state": EntryState.CERTIFIED, "filings": 1, "chunk": 1}, "$inc": {"version": 1}}
    assert await entries(service).collection.update({"_id": high}, change)
    points = []
    for element in ("problem_solving", "task_completion"):
        objection = await raised_by(service, unit, batch, high)
        await accepted_by(service, unit, objection)
        changes = [{"part": "practical", "assessor": card, "points": {element: 13}} for card in CARDS]
        answer = await asked(service, f"/objections/{objection}/review", {**REVIEW, "changes": changes}, org=unit)
        assert answer.status_code == 200, answer.text
        (said,) = await words_on(service, ObjectionDecided, objection)
        points.append(said["scores"]["practical"])
    assert points == [82, 71], "11 to 13, then also 24 to 13"


async def test_an_if_match_of_an_older_version_is_refused(service: Running) -> None:
    unit = await authorised(service, "unit-33-stale")
    batch, (low, _) = await on_notice(service, unit)
    objection = await raised_by(service, unit, batch, low)
    await accepted_by(service, unit, objection)
    stale = await asked(service, f"/objections/{objection}/review", REVIEW, org=unit, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    assert (await objections(service).get(objection)).state is State.ACCEPTED


async def test_no_word_on_an_objection_holds_a_name_or_what_was_objected(service: Running) -> None:
    said = [word.body.decode() for word in service.said if word.type.startswith("assessment.objection.")]
    assert said
    assert not [
        word for word in said if "漏计 3 分。" in word or "测试" in word or "复核人" in word or "person" in word
    ]


async def test_events_reach_other_systems_with_their_batch(service: Running) -> None:
    unit = await authorised(service, "unit-33-heard")
    batch, (low, _) = await on_notice(service, unit)
    objection = await raised_by(service, unit, batch, low)
    (said,) = await said_of(service, ObjectionRaised, batch)
    assert (said["objection"], said["unit"], said["accept_by"]) == (objection, unit, "2019-10-17")
