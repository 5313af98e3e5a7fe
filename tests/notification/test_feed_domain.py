"""What the feed keeps of an event, and who may see it."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.feed.domain.event import named_in
from services.notification.feed.domain.filters import EVERY_LINE, UnknownEventType, check_pattern, matches
from services.notification.feed.domain.sealed import without_sealed
from services.notification.feed.storage import admits, within
from shared.act import EVERYTHING, NATIONAL, Scope
from shared.events.catalogue import EVENTS
from shared.privacy import Sealer
from tests.notification.examples import NOON, feed_event

CHUNK = "assessment.results.finalised.v1"
KEY = base64.b64encode(b"k" * 32).decode()
SEALED = Sealer(f"v1:{KEY}", KEY).seal("张三 110105189001010000", bound_to="entry-1")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def chunk(**changed: Any) -> dict[str, Any]:
    result = {"entry": "e1", "holder": "张*", "person": SEALED, "theory": 80, "practical": 90.5}
    return {"batch": "b1", "unit": "u1", "results": [{**result, **changed}, result]}


def test_a_field_that_its_schema_marks_as_sealed_is_null_at_any_depth() -> None:
    kept = without_sealed(CHUNK, chunk(person="whatever it looks like"))
    assert [row["person"] for row in kept["results"]] == [None, None]
    assert [row["holder"] for row in kept["results"]] == ["张*", "张*"]


def test_a_sealed_value_in_a_field_or_event_not_known_here_is_null_by_its_look() -> None:
    assert without_sealed(CHUNK, chunk(former_name=SEALED))["results"][0]["former_name"] is None
    assert without_sealed("assessment.entry.moved.v7", {"deep": [{"er": SEALED}]}) == {"deep": [{"er": None}]}


def test_every_sealed_field_of_the_catalogue_is_found() -> None:
    marked = [name for name, event in EVENTS.items() if '"sealed": true' in json.dumps(event.model_json_schema())]
    assert CHUNK in marked


@given(st.sampled_from(sorted(EVENTS)), st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_what_is_not_sealed_stays_as_it_came(event_type: str, body: dict[str, Any]) -> None:
    fields = EVENTS[event_type].model_json_schema()["properties"]
    others = {name: value for name, value in body.items() if name not in fields}
    assert without_sealed(event_type, others) == others


def test_the_unit_of_an_event_is_read_from_its_body() -> None:
    assert named_in({"unit": "unit-33-001"}, "unit") == "unit-33-001"
    assert named_in({"unit": 7}, "unit") is None
    assert named_in({}, "unit") is None


def test_an_event_is_written_as_a_structured_cloud_event() -> None:
    event = feed_event(7, causation=None, trace="00-aa-bb-01", body='{"n":12345678901234567890}')
    assert json.loads(event.cloud_event()) == {
        "specversion": "1.0",
        "id": "registry.plans.plan-7@2",
        "source": "/registry/plans",
        "type": "registry.plan.filed.v1",
        "subject": "plan-7",
        "time": "2026-03-02T04:00:00Z",
        "sequence": 2,
        "authority": "33",
        "correlationid": "c1",
        "traceparent": "00-aa-bb-01",
        "position": 7,
        "data": {"n": 12345678901234567890},
    }
    assert NOON.isoformat().startswith("2026-03-02T04:00:00")


def test_a_thin_event_says_where_its_data_are_in_place_of_them_and_is_the_same_otherwise() -> None:
    event = feed_event(7, place=3, digest="d" * 64, chain="c" * 64)
    full, thin = json.loads(event.cloud_event()), json.loads(event.thin_event("https://cert.example.org"))
    assert thin.pop("dataref") == "https://cert.example.org/v1/events/7"
    assert full.pop("data")
    assert thin == full
    assert thin["digest"] == "d" * 64


@pytest.mark.parametrize(
    ("pattern", "event_type", "named"),
    [
        ("registry.plan.filed.v1", "registry.plan.filed.v1", True),
        ("registry.plan.filed.v1", "registry.plan.filed.v10", False),
        ("registry.*", "registry.plan.filed.v1", True),
        ("registry.plan.*", "registry.plan.filed.v1", True),
        ("regis.*", "registry.plan.filed.v1", False),
        ("evaluation.*", "registry.plan.filed.v1", False),
    ],
)
def test_a_pattern_names_whole_words_of_a_type(pattern: str, event_type: str, named: bool) -> None:
    assert matches(pattern, event_type) is named


@pytest.mark.parametrize("pattern", ["*", ".*", "", "registry", "registry.plan.burnt.v1", "police.*", "registry*"])
def test_a_pattern_that_names_no_event_is_refused_with_its_place(pattern: str) -> None:
    with pytest.raises(UnknownEventType) as refusal:
        check_pattern(pattern, "/types/0")
    assert refusal.value.field == "/types/0"


LINES = st.sampled_from(["33", "44", NATIONAL])
UNITS = st.sampled_from([None, "u1", "u2"])
SCOPES = st.builds(Scope, st.none() | st.sampled_from(["33", "44"]), UNITS)


@pytest.mark.parametrize(
    ("scope", "authority", "unit", "seen"),
    [
        (EVERYTHING, "44", "u1", True),
        (Scope("33"), "33", "u1", True),
        (Scope("33"), NATIONAL, None, True),
        (Scope("33"), "44", None, False),
        (Scope("33", "u1"), "33", "u1", True),
        (Scope("33", "u1"), "33", "u2", False),
        (Scope("33", "u1"), "33", None, False),
        (Scope("33", "u1"), NATIONAL, None, False),
    ],
)
def test_a_line_sees_its_own_and_the_national_events_a_unit_its_own(
    scope: Scope, authority: str, unit: str | None, seen: bool
) -> None:
    assert admits(scope, feed_event(authority=authority, unit=unit)) is seen


@given(SCOPES, LINES, UNITS)
def test_the_query_of_a_scope_finds_what_the_scope_admits(scope: Scope, authority: str, unit: str | None) -> None:
    row = {"authority": authority, "unit": unit}
    found = all(
        row[field] in wanted["$in"] if isinstance(wanted, dict) else row[field] == wanted
        for field, wanted in within(scope).items()
    )
    assert found is admits(scope, feed_event(authority=authority, unit=unit))


def test_what_concerns_every_line_is_called_as_everywhere() -> None:
    assert EVERY_LINE == NATIONAL
