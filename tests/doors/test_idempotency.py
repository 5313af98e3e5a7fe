"""A write that is repeated, over HTTP and on the real database: one effect, one answer."""

import asyncio
from typing import Any

import pytest

from shared.events.registry import PlanSubmitted
from shared.http.idempotency import MOST_BYTES
from shared.storage.mongo import Collection
from tests.doors.plans import PLAN, plans_seen, submitted, unit
from tests.live import Running

pytestmark = pytest.mark.live


@pytest.fixture
def kept(registry: Running) -> Collection:
    """The kept answers."""
    return registry.process.tools.database.collection("answers")


def slug(answer: Any) -> str:
    return str(answer.json()["type"]).rsplit(":", 1)[-1]


async def test_the_same_request_again_gets_the_same_answer_and_has_one_effect(registry: Running) -> None:
    headers = unit(registry)
    before = await plans_seen(registry, headers)
    first, again = await submitted(registry, headers), await submitted(registry, headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"] == '"1"'
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotent-replay"), again.headers["idempotent-replay"]) == (None, "true")
    assert await plans_seen(registry, headers) - before == {first.json()["id"]}


async def test_a_repeat_gets_the_first_answer_whatever_became_of_the_plan(registry: Running) -> None:
    headers = unit(registry)
    first = await submitted(registry, headers)
    filed = await registry.http.post(f"/v1/plans/{first.json()['id']}/file", headers=registry.token("center"))
    assert filed.json()["state"] == "filed"
    assert (await submitted(registry, headers)).content == first.content


async def test_the_same_key_with_another_body_is_refused(registry: Running) -> None:
    headers = unit(registry)
    first = await submitted(registry, headers)
    before = await plans_seen(registry, headers)
    other = await submitted(registry, headers, title="另一个方案")
    assert (other.status_code, slug(other)) == (409, "idempotency-key-reused")
    assert await plans_seen(registry, headers) == before
    assert (await submitted(registry, headers)).content == first.content


async def test_the_same_key_with_another_query_is_refused(registry: Running) -> None:
    headers = unit(registry)
    await submitted(registry, headers)
    other = await registry.http.post("/v1/plans?as=draft", json=PLAN, headers=headers)
    assert (other.status_code, slug(other)) == (409, "idempotency-key-reused")


@pytest.mark.parametrize(("key", "status"), [(None, 400), ("", 400), ("k" * 201, 422)])
async def test_a_write_without_a_usable_key_is_refused(registry: Running, key: str | None, status: int) -> None:
    headers = unit(registry)
    before = await plans_seen(registry, headers)
    without = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
    answer = await submitted(registry, without if key is None else {**without, "Idempotency-Key": key})
    assert answer.status_code == status
    assert await plans_seen(registry, headers) == before


async def test_the_longest_key_is_taken(registry: Running) -> None:
    assert (await submitted(registry, {**unit(registry), "Idempotency-Key": "k" * 200})).status_code == 201


async def test_two_callers_may_use_the_same_key(registry: Running) -> None:
    headers = unit(registry)
    other = {**unit(registry, "unit-33-002"), "Idempotency-Key": headers["Idempotency-Key"]}
    first, second = await submitted(registry, headers), await submitted(registry, other)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


async def test_one_key_may_be_used_for_two_routes(registry: Running) -> None:
    plans = [(await submitted(registry)).json()["id"] for _ in range(2)]
    headers = registry.token("center")
    filed = [await registry.http.post(f"/v1/plans/{plan}/file", headers=headers) for plan in plans]
    assert [answer.json()["state"] for answer in filed] == ["filed", "filed"]


async def test_identical_requests_at_the_same_moment_make_one_plan(registry: Running) -> None:
    headers = unit(registry)
    before = await plans_seen(registry, headers)
    answers = await asyncio.gather(*(submitted(registry, headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await plans_seen(registry, headers) - before == {answers[0].json()["id"]}


async def test_identical_changes_at_the_same_moment_change_once(registry: Running) -> None:
    plan = (await submitted(registry)).json()["id"]
    headers = registry.token("center")
    answers = await asyncio.gather(*(registry.http.post(f"/v1/plans/{plan}/file", headers=headers) for _ in range(8)))
    assert {(answer.status_code, answer.json()["version"]) for answer in answers} == {(200, 2)}


async def test_after_a_crash_between_effect_and_answer_the_repeat_finds_the_effect(
    registry: Running, kept: Collection
) -> None:
    headers = unit(registry)
    first = await submitted(registry, headers)
    await kept.delete({})  # as if the process had ended before it kept the answer
    before = await plans_seen(registry, headers)
    again = await submitted(registry, headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert await plans_seen(registry, headers) == before
    assert "idempotent-replay" not in again.headers
    said = await registry.heard(PlanSubmitted)
    assert len([one for one in said if one.headers["ce-subject"] == first.json()["id"]]) == 1


async def test_a_refused_write_may_be_mended_and_sent_with_the_same_key(registry: Running) -> None:
    headers = unit(registry)
    assert (await submitted(registry, headers, valid_until="2019-08-01")).status_code == 409
    assert (await submitted(registry, headers)).status_code == 201


async def test_what_is_too_large_is_refused(registry: Running) -> None:
    answer = await submitted(registry, title="x" * MOST_BYTES)
    assert (answer.status_code, slug(answer)) == (422, "body-too-large")


async def test_an_answer_is_kept_for_a_day_without_the_request(registry: Running, kept: Collection) -> None:
    await submitted(registry, title="只在请求里")
    [index] = [row async for row in kept._inner.list_indexes() if "expireAfterSeconds" in row]
    assert (index["key"], index["expireAfterSeconds"]) == ({"at": 1}, 86_400)
    row = await kept.find_one({})
    assert row is not None
    assert set(row) == {"_id", "body", "status", "headers", "answer", "at"}
    assert len(row["body"]) == 64
