"""The main job on the whole stack: it agrees with itself, leaks nothing, and survives duplicates and reordering."""

import re

import pytest

from shared.privacy import scrub
from tests.story.telling import Told, told

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

STORAGE_IDENT = re.compile(r"\b(?:index|collection)-\d+-{1,2}\d+\b")
"""How mongod names a file of its own; its random number has 18 digits in one file of ten."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def shaken(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told(tmp_path_factory.mktemp("shaken"), disturbance=11)


def test_every_number_agrees_across_the_four_services(plain: Told) -> None:
    disagreeing = [f"{check.name}: {check.values}" for check in plain.findings.checks if not check.agrees]
    assert disagreeing == []


def test_bad_input_got_the_rule_it_broke(plain: Told) -> None:
    assert dict(plain.tally.refused) == {
        "enrolment: check_digit": 1,
        "enrolment: duplicate": 1,
        "batch: occupation-out-of-scope": 1,
        "assignment: card-kind": 1,
        "assignment: group-odd": 1,
        "assignment: group-size": 1,
        "assignment: supervisor-assesses": 1,
        "score: above-points": 1,
        "filing: already-certified": 1,
        "frozen batch: batch-frozen": 1,
    }
    assert plain.tally.failed > 0


def test_the_public_is_told_by_the_right_name_once_it_is_corrected(plain: Told) -> None:
    corrected = plain.tally.corrected
    told = [(answer.when, answer.name == corrected.holder.name, answer.said[:16]) for answer in corrected.answers]
    assert told == [
        ("before", False, "valid, edition 1"),
        ("before", True, "not-found"),
        ("after", False, "not-found"),
        ("after", True, "valid, edition 2"),
    ]


def test_one_trace_leads_from_the_request_to_the_webhook_through_all_services(plain: Told) -> None:
    roots = [span for span in plain.findings.spans if span["parent"] is None]
    assert [(span["service"], span["name"]) for span in roots] == [("assessment", "POST /v1/batches/{batch}/finalise")]
    services = {span["service"] for span in plain.findings.spans}
    assert services == {"registry", "assessment", "evaluation", "notification"}
    assert [span for span in plain.findings.spans if span["name"] == "deliver"]


def test_no_message_carries_an_id_number(plain: Told) -> None:
    assert len(plain.messages) > 100
    assert [message for message in plain.messages if _leaks(message, plain.id_numbers)] == []


def test_no_answer_and_no_error_over_http_carries_an_id_number(plain: Told) -> None:
    for refusal in ("occupation-out-of-scope", "batch-frozen", "check_digit"):
        assert [answer for answer in plain.answers if refusal in answer], refusal
    assert [answer for answer in plain.answers if _leaks(answer, plain.id_numbers)] == []


def test_no_document_and_no_index_holds_an_id_number_in_clear(plain: Told) -> None:
    assert len(plain.documents) > 100
    assert [document for document in plain.documents if _leaks(document, plain.id_numbers)] == []


def test_no_log_and_no_trace_holds_an_id_number(plain: Told) -> None:
    assert any(name.endswith("trace.jsonl") for name in plain.files)
    assert [name for name, text in plain.files.items() if _leaks(text, plain.id_numbers)] == []


def test_what_the_public_and_subscribers_see_names_nobody_in_full(plain: Told) -> None:
    names = {person.name for batch in plain.tally.batches for person in batch.people}
    names |= {answer.name for answer in plain.tally.corrected.answers}
    assert [message for message in plain.messages if any(name in message for name in names)] == []


def test_duplicates_and_reordering_give_the_same_end_state(plain: Told, shaken: Told) -> None:
    assert shaken.reordered > 20
    assert shaken.given >= 2 * sum(plain.end["events"].values()) * 0.9
    for name, state in plain.end.items():
        assert shaken.end[name] == state, name


def _leaks(text: str, id_numbers: set[str]) -> bool:
    shapes = STORAGE_IDENT.sub("ident", text)
    return any(number in text for number in id_numbers) or scrub(shapes) != shapes
