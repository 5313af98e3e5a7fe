"""Every refusal over HTTP tells which field, which rule and what to do, and never the value."""

import json
from typing import Any

import httpx
import pytest

from tests.doors.plans import PLAN, submitted, unit
from tests.live import Running

pytestmark = pytest.mark.live
ID_NUMBER = "110105188912310021"
SCOPE = {"occupation": "rebar_worker", "levels": ["5"], "numbers": 10}


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The body of a refusal, which is of this kind."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"]) == (f"urn:skillcert:problem:{slug}", status)
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("changed", "pointers"),
    [
        ({"title": ""}, ["/title"]),
        ({"title": ["swordfish"]}, ["/title"]),
        ({"valid_from": "swordfish"}, ["/valid_from"]),
        ({"valid_from": None, "valid_until": 7.5}, ["/valid_from", "/valid_until"]),
        ({"scopes": []}, ["/scopes"]),
        ({"scopes": [SCOPE, {"occupation": "mason", "numbers": 10}]}, ["/scopes/1/levels"]),
        ({"scopes": [SCOPE, {**SCOPE, "levels": ["5", {"swordfish": 1}]}]}, ["/scopes/1/levels/1"]),
        ({"a/b~c": "swordfish"}, ["/a~1b~0c"]),
        ({ID_NUMBER: "swordfish"}, ["/110105********0021"]),
        ({"title": "\ud800 is half a character"}, ["/title"]),
    ],
)
async def test_each_malformed_field_is_named_and_its_value_never_shown(
    registry: Running, changed: dict[str, Any], pointers: list[str]
) -> None:
    content = json.dumps({**PLAN, **changed})
    headers = {**unit(registry), "Content-Type": "application/json"}
    body = problem(await registry.http.post("/v1/plans", content=content, headers=headers), 422, "malformed")
    assert [error["pointer"] for error in body["errors"]] == pointers
    assert all(error["rule"] and error["detail"] for error in body["errors"])
    assert "swordfish" not in str(body)
    assert ID_NUMBER not in str(body)


@pytest.mark.parametrize("content", [b"no JSON", b"", b"\xff\xfe", b'{"title": '])
async def test_a_body_that_is_no_json_is_refused_as_a_whole(registry: Running, content: bytes) -> None:
    headers = {**unit(registry), "Content-Type": "application/json"}
    answer = await registry.http.post("/v1/plans", content=content, headers=headers)
    body = problem(answer, 422, "malformed")
    assert [error["pointer"] for error in body["errors"]] == [""]


async def test_a_body_that_is_no_object_is_refused_as_a_whole(registry: Running) -> None:
    answer = await registry.http.post("/v1/plans", json=[PLAN], headers=unit(registry))
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == ""


async def test_a_wrong_parameter_is_named(registry: Running) -> None:
    headers = unit(registry)
    answer = await registry.http.get("/v1/plans?limit=0&state=swordfish", headers=headers)
    body = problem(answer, 422, "malformed")
    assert {error["pointer"] for error in body["errors"]} == {"/query/limit", "/query/state"}
    assert "swordfish" not in str(body)
    answer = await registry.http.get("/v1/plans?cursor=%C3%A9%21", headers=headers)
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "cursor"


async def test_a_rule_that_refuses_is_named_with_its_field_and_what_to_do(registry: Running) -> None:
    outside = [SCOPE, {"occupation": "mason", "levels": ["9"], "numbers": 10}]
    body = problem(await submitted(registry, scopes=outside), 409, "plan-outside-standards")
    assert body["errors"][0]["pointer"] == "/scopes/1/levels"
    assert body["detail"] == "level 9 is not offered for mason"
    body = problem(await submitted(registry, valid_until="2039-08-31"), 409, "plan-period")
    assert (body["rule"], body["detail"]) == ("body.filing_years", "a plan holds at most 3 years")


async def test_a_state_that_forbids_it_is_named(registry: Running) -> None:
    plan = (await submitted(registry)).json()["id"]
    url = f"/v1/plans/{plan}/file"
    assert (await registry.http.post(url, headers=registry.token("center"))).status_code == 200
    body = problem(await registry.http.post(url, headers=registry.token("center")), 409, "plan-state")
    assert body["detail"] == "only a submitted plan can be filed; this one is filed"


async def test_what_is_another_lines_or_units_is_not_there(registry: Running) -> None:
    plan = (await submitted(registry)).json()["id"]
    url = f"/v1/plans/{plan}"
    others = [
        registry.token("authority", "44", "44"),
        registry.token("auditor", "audit", "44"),
        unit(registry, "unit-33-002"),
        unit(registry, "unit-44-001", "44"),
    ]
    for headers in others:
        problem(await registry.http.get(url, headers=headers), 404, "not-found")
    problem(await registry.http.put(url, json=PLAN, headers=others[-1]), 404, "not-found")
    for headers in (unit(registry), registry.token("authority", "33", "33"), registry.token("auditor", "audit")):
        assert (await registry.http.get(url, headers=headers)).status_code == 200


async def test_a_change_of_an_older_version_is_refused(registry: Running) -> None:
    first = await submitted(registry)
    url = f"/v1/plans/{first.json()['id']}"
    seen = {"If-Match": first.headers["etag"]}
    returned = await registry.http.post(
        f"{url}/return", json={"remarks": "请补充考评员名单。"}, headers={**registry.token("center"), **seen}
    )
    assert (returned.status_code, returned.headers["etag"]) == (200, '"2"')
    late = await registry.http.put(url, json=PLAN, headers={**unit(registry), **seen})
    body = problem(late, 412, "stale-version")
    assert body["detail"] == "version 1 was expected, version 2 stands"
    read = await registry.http.get(url, headers=unit(registry))
    assert (read.headers["etag"], read.json()["state"]) == ('"2"', "returned")
    again = await registry.http.put(url, json=PLAN, headers={**unit(registry), "If-Match": read.headers["etag"]})
    assert (again.status_code, again.headers["etag"]) == (200, '"3"')


async def test_a_list_is_read_page_by_page_without_a_gap_or_a_repeat(registry: Running) -> None:
    headers = unit(registry, "unit-66-001", "66")
    made = {(await submitted(registry, unit(registry, "unit-66-001", "66"))).json()["id"] for _ in range(5)}
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await registry.http.get("/v1/plans", headers=headers, params=query)).json()
        seen += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == sorted(made)
