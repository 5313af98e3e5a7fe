"""The digest of an event: the same for everybody who reads it, another one for whatever was changed."""

import json
from hashlib import sha256
from typing import Any

import pytest

from shared.digests import DIGESTED, chained, digest_of

EVENT: dict[str, Any] = {
    "id": "registry.plans.plan-1@2",
    "type": "registry.plan.filed.v1",
    "source": "/registry/plans",
    "subject": "plan-1",
    "time": "2026-03-02T04:00:00Z",
    "sequence": 2,
    "authority": "33",
    "data": {"unit": "unit-33-001", "名称": "张*", "points": 80.0},
}
WRITTEN = (
    '{"authority":"33","data":{"points":80,"unit":"unit-33-001","名称":"张*"},"id":"registry.plans.plan-1@2",'
    '"sequence":2,"source":"/registry/plans","subject":"plan-1","time":"2026-03-02T04:00:00Z",'
    '"type":"registry.plan.filed.v1"}'
)


def test_a_digest_is_of_the_canonical_json_whatever_the_order_of_the_fields() -> None:
    assert digest_of(EVENT) == sha256(WRITTEN.encode()).hexdigest()
    assert digest_of(dict(reversed(EVENT.items()))) == digest_of(EVENT)


def test_what_notification_adds_is_not_part_of_what_was_said() -> None:
    assert digest_of({**EVENT, "position": 7, "place": 3, "traceparent": "00-aa-bb-01"}) == digest_of(EVENT)


@pytest.mark.parametrize("field", DIGESTED)
def test_whatever_is_changed_changes_the_digest(field: str) -> None:
    assert digest_of({**EVENT, field: "changed"}) != digest_of(EVENT)


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**30])
def test_a_number_beyond_what_json_holds_exactly_is_digested_as_text(number: int) -> None:
    assert digest_of({**EVENT, "data": {"n": number}}) == digest_of({**EVENT, "data": {"n": str(number)}})


@pytest.mark.parametrize(
    ("odd", "written"), [("[NaN]", [None]), ("[Infinity, true, 1]", [None, True, 1]), ('["\\ud800"]', ["?"])]
)
def test_what_is_no_json_value_elsewhere_has_a_digest_as_well(odd: str, written: list[Any]) -> None:
    assert digest_of({**EVENT, "data": json.loads(odd)}) == digest_of({**EVENT, "data": written})


def test_a_chain_binds_the_order() -> None:
    assert chained("", "a") != chained("", "b")
    assert chained(chained("", "a"), "b") != chained(chained("", "b"), "a")
