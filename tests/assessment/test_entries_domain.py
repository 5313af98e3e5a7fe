"""An entry shows no personal data, and ends certified or rejected."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import Certificate, Entry, NotQualified, Score, State, blank, enrolled, entry_id
from shared.events.assessment import EntryCertified, EntryRejected
from tests.assessment.examples import batch, entry, resident_id

SCORES = (Score(part="theory", points=80), Score(part="practical", points=75.5))
NUMBER = "1999002001500001"
FILED = Certificate(
    number=NUMBER, regime="appraisal", exam_on=date(2019, 10, 12), filed_on=date(2019, 11, 1), sequence=1
)


def _passed() -> Entry:
    return entry().scored(SCORES, passed=True)[0]


def test_an_entry_keeps_name_and_number_masked_only() -> None:
    number = resident_id(7)
    row = EnrolRow(name="欧阳测试", id_number=number, employer=f"示例公司 {number}")
    shown = enrolled("entry-1", blank(batch()), row, "v1.sealed", "index").model_dump_json()
    assert number not in shown
    assert "欧阳测试" not in shown
    assert "欧阳*" in shown


def test_a_person_has_one_entry_per_batch() -> None:
    assert entry_id("batch-1", "index-1") == entry_id("batch-1", "index-1")
    assert len({entry_id(of, person) for of in ("batch-1", "batch-2") for person in ("index-1", "index-2")}) == 4


def test_scores_decide_between_passed_and_failed_and_can_be_replaced() -> None:
    failed, events = entry().scored(SCORES, passed=False)
    assert (failed.state, events) == (State.FAILED, [])
    assert failed.scored(SCORES, passed=True)[0].state is State.PASSED


def test_the_same_scores_again_change_nothing() -> None:
    passed = _passed()
    assert passed.scored(SCORES, passed=True)[0] is passed


def test_a_certificate_ends_a_passed_entry_once() -> None:
    certified, [said] = _passed().certified(FILED)
    assert isinstance(said, EntryCertified)
    assert (certified.state, certified.number, said.number, said.entry) == (
        State.CERTIFIED,
        NUMBER,
        NUMBER,
        certified.id,
    )
    assert certified.certified(FILED) == (certified, [])


def test_a_rejection_keeps_the_registrys_reason_and_is_said_once() -> None:
    rejected, [said] = _passed().rejected("unit-suspended", "since today")
    assert isinstance(said, EntryRejected)
    assert (rejected.state, rejected.reason, said.reason) == (State.REJECTED, "unit-suspended", "unit-suspended")
    assert rejected.rejected("unit-suspended", "since today") == (rejected, [])


def test_a_certificate_outweighs_a_rejection_in_either_order() -> None:
    late, _ = _passed().certified(FILED)[0].rejected("already-certified", "")
    early, _ = _passed().rejected("series-exhausted", "")[0].certified(FILED)
    assert (late.state, early.state, early.reason) == (State.CERTIFIED, State.CERTIFIED, "")


def test_a_certificate_for_who_did_not_pass_is_refused() -> None:
    with pytest.raises(NotQualified):
        entry().certified(FILED)
    with pytest.raises(NotQualified):
        entry().scored(SCORES, passed=False)[0].rejected("unit-suspended", "")


@pytest.mark.parametrize("reason", ["sanctioned", "issuer-without-code", "level-without-number", "already-certified"])
def test_whatever_reason_the_registry_gives_is_shown_as_it_is(reason: str) -> None:
    rejected, [said] = _passed().rejected(reason, "what to do")
    assert isinstance(said, EntryRejected)
    assert (rejected.reason, rejected.detail, said.reason, said.detail) == (reason, "what to do", reason, "what to do")


def test_what_became_of_a_certificate_is_shown_and_is_no_second_certificate() -> None:
    revoked = Certificate(number=NUMBER, regime="appraisal", status="revoked", reason="fraud", sequence=3)
    entry_, events = _passed().certified(FILED)[0].certified(revoked)
    assert events == []
    assert entry_.certificate == revoked.model_copy(update={"exam_on": FILED.exam_on, "filed_on": FILED.filed_on})
    assert entry_.certified(revoked) == (entry_, [])


@given(st.permutations(range(4)))
def test_the_newest_word_on_a_certificate_stands_in_whichever_order_all_are_heard(order: list[int]) -> None:
    words = [
        FILED,
        Certificate(number=NUMBER, regime="appraisal", status="suspended", sequence=2),
        Certificate(number=NUMBER, regime="appraisal", status="valid", edition=2, sequence=3),
        Certificate(number=NUMBER, regime="appraisal", status="voided", edition=2, sequence=4),
    ]
    of, said = _passed(), 0
    for place in [*order, *order]:
        of, events = of.certified(words[place])
        said += len(events)
    assert of.certificate is not None
    assert (of.certificate.status, of.certificate.filed_on, of.state, said) == (
        "voided",
        FILED.filed_on,
        State.CERTIFIED,
        1,
    )
