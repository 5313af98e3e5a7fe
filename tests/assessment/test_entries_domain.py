"""An entry shows no personal data, is entered, mended and withdrawn by its rules, and ends certified or rejected."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.batches.domain import Frozen, WrongState
from services.assessment.batches.domain import State as BatchState
from services.assessment.eligibility.domain import Met
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import (
    Allowed,
    Certificate,
    Entry,
    Handling,
    Limits,
    NoResit,
    NotQualified,
    Resit,
    Score,
    State,
    WrongParticulars,
    blank,
    days_of,
    employer_key,
    enrolled,
    entry_id,
    kept_out,
    resit_of,
)
from services.assessment.entries.domain.handling import (
    Person,
    WrongEntryState,
    admitted,
    entered_again,
    mended,
    must_be_mendable,
    overdue_from,
    withdrawn,
)
from services.assessment.entries.domain.identity import checked, known_by, particulars_text, person_text, row_of
from services.assessment.entries.domain.resit import months_after
from shared.events.assessment import EntryCertified, EntryRejected
from shared.privacy import InvalidResidentId
from tests.assessment.examples import EXAM, batch, entry, person, resident_id

SCORES = (Score(part="theory", points=80), Score(part="practical", points=75.5))
NUMBER = "1999002001500001"
FILED = Certificate(
    number=NUMBER, regime="appraisal", exam_on=date(2019, 10, 12), filed_on=date(2019, 11, 1), sequence=1
)


def _passed() -> Entry:
    return entry().having(state=State.PASSED, scores=SCORES)


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
        entry().having(state=State.FAILED).rejected("unit-suspended", "")


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


# -- who a candidate is --------------------------------------------------------------------------------

TODAY = date(2019, 9, 20)
ALLOWED = Allowed({"resident_id": "GB 11643-1999", "passport": None}, frozenset({"enterprise", "army"}))
FULL: dict[str, Any] = {
    "sex": "female",
    "mobile": "13800000000",
    "source": "army",
    "born": "1880-03-01",
    "address": "示例路1号",
}


def row(number: int = 20, **changes: Any) -> EnrolRow:
    return EnrolRow.model_validate({**person(number), **changes})


def test_a_resident_is_born_when_the_number_says_and_another_document_tells_nothing() -> None:
    assert checked(row(), ALLOWED, TODAY) == date(1880, 3, 1)
    passport: dict[str, Any] = {"id_number": "E12345678", "id_type": "passport"}
    assert checked(row(**passport), ALLOWED, TODAY) is None
    assert checked(row(**passport, born="1890-01-01"), ALLOWED, TODAY) == date(1890, 1, 1)


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"sex": "male"}, "/sex", "sex-mismatch"),
        ({"born": "1880-03-02"}, "/born", "born-mismatch"),
        ({"born": "2019-09-21", "id_type": "passport"}, "/born", "future"),
        ({"id_type": "other"}, "/id_type", "entry.id_types"),
        ({"source": "moon"}, "/source", "entry.sources"),
        ({"id_number": "330102188013010203"}, "/id_number", "birth_date"),
        ({"id_number": "330102209901010203"}, "/id_number", "future"),
        ({"id_number": "330102189001010204"}, "/id_number", "check_digit"),
    ],
)
def test_what_does_not_fit_the_document_is_refused_with_its_rule(change: dict[str, Any], field: str, rule: str) -> None:
    with pytest.raises((WrongParticulars, InvalidResidentId)) as refused:
        checked(row(**change), ALLOWED, TODAY)
    assert (refused.value.field, refused.value.rule) == (field, rule)


def test_a_sex_is_the_one_of_the_number() -> None:
    for number in range(20, 40):
        right = "male" if int(resident_id(number)[16]) % 2 else "female"
        assert checked(row(number, sex=right), ALLOWED, TODAY) is not None


@given(st.text(min_size=1, max_size=20).filter(str.strip))
def test_another_documents_number_is_found_by_no_resident_id(number: str) -> None:
    known = known_by(EnrolRow(name="Smith", id_number=number, id_type="passport"))
    assert known.startswith("passport:")
    assert known == known_by(EnrolRow(name="Smith", id_number=f"  {number} ", id_type="passport"))


def test_what_was_sealed_reads_back_as_the_row_it_came_from() -> None:
    for told in (row(), row(**FULL), row(id_type="passport", id_number="E 1", born="1890-01-01")):
        assert row_of(person_text(told), particulars_text(told)) == told
    assert particulars_text(row()) == ""


def test_only_employer_and_cards_stay_readable() -> None:
    told = row(**FULL, employer="示例公司", teachers=["A33190001"], relatives=["A33190002"])
    made = enrolled("entry-1", blank(batch()), told, "v1.sealed", "index", particulars="v1.sealed")
    shown = made.model_dump_json()
    assert not [value for name, value in FULL.items() if name != "source" and value in shown]
    assert (made.employer, made.teachers, made.relatives) == ("示例公司", ("A33190001",), ("A33190002",))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("示例建筑（集团）有限公司", "示例建筑(集团) 有限责任公司", True),
        ("示例建筑股份有限公司", "示例建筑有限公司", True),
        ("ＡＢＣ Construction", "abc construction", True),
        ("示例建筑一公司", "示例建筑二公司", False),
        ("公司", "", False),
    ],
)
def test_employers_are_the_same_however_they_are_typed(one: str, other: str, same: bool) -> None:
    assert (employer_key(one) == employer_key(other)) is same
    assert employer_key(None) == ""


# -- let in, withdrawn, mended ------------------------------------------------------------------------

AT = datetime(2019, 9, 20, 4, tzinfo=UTC)
MET = Met(alternative=1, evidence=())
MENDED = Handling(what="mended", mended=("name",), reason="typed wrong", actor="clerk", at=AT)


def test_who_is_kept_out_takes_no_day_until_a_reviewer_lets_them_in() -> None:
    out = kept_out(entry(), "eligibility", "lacks years")
    assert (out.state, out.days, out.reason) == (State.INELIGIBLE, (), "eligibility")
    let_in, said = admitted(out, batch(), "originals seen", "reviewer", AT)
    assert (let_in.state, let_in.days, let_in.reason, said) == (State.ENROLLED, (EXAM,), "", [])
    assert let_in.reviewed is not None
    assert (let_in.reviewed.rule, let_in.reviewed.actor) == ("eligibility", "reviewer")
    with pytest.raises(WrongEntryState):
        admitted(let_in, batch(), "once more", "reviewer", AT)


def test_who_withdraws_takes_no_day_and_no_resit() -> None:
    resit = Resit(entry="entry-0", exam_on=EXAM, carried=())
    gone, _ = withdrawn(entry().having(resit=resit), "left the site", "clerk", AT)
    assert (gone.state, gone.days, gone.resit, gone.handled[0].what) == (State.WITHDRAWN, (), None, "withdrawn")
    for ended in (gone, _passed(), _passed().having(state=State.CERTIFIED)):
        with pytest.raises(WrongEntryState):
            withdrawn(ended, "again", "clerk", AT)


@pytest.mark.parametrize("state", list(State))
def test_only_who_is_kept_out_or_withdrew_is_entered_again(state: State) -> None:
    standing, anew = entry().having(state=state, version=7, taken=("act-1",), handled=(MENDED,)), entry()
    found, _ = entered_again(standing, anew)
    if state in (State.INELIGIBLE, State.WITHDRAWN):
        assert (found.state, found.version, found.taken, found.handled) == (State.ENROLLED, 7, ("act-1",), (MENDED,))
    else:
        assert found is standing


def test_a_mended_entry_keeps_its_identity_and_says_what_was_mended() -> None:
    before = entry().having(employer="甲公司", employer_key="甲")
    after, _ = mended(before, row(21), Person("v1.new", "index-21", MET), MENDED)
    assert (after.id, after.person, after.person_index, after.eligibility) == (before.id, "v1.new", "index-21", MET)
    assert (after.employer, after.handled) == ("甲公司", (MENDED,))
    let_in, _ = admitted(kept_out(before, "eligibility", ""), batch(), "originals seen", "reviewer", AT)
    same = Person("v1.new", before.person_index, MET)
    assert mended(let_in, row(21), same, MENDED)[0].reviewed == let_in.reviewed
    assert mended(let_in, row(21), Person("v1.new", "index-21", MET), MENDED)[0].reviewed is None
    assert mended(before, row(21, employer="乙 公司"), Person("", "", None), MENDED)[0].employer_key == "乙"


@pytest.mark.parametrize("state", list(BatchState))
def test_an_entry_is_mended_until_results_are_public_and_a_rejected_one_until_its_batch_is_archived(
    state: BatchState,
) -> None:
    until = ("registering", "arranged", "in_exam", "marking", "scored")
    rejected = entry().having(state=State.REJECTED)
    for row, states in ((_passed(), until), (rejected, ("closed", "finalised", "certified"))):
        if state in states:
            must_be_mendable(row, batch(state=state))
        else:
            with pytest.raises(WrongState):
                must_be_mendable(row, batch(state=state))


def test_nothing_is_mended_while_frozen_or_after_withdrawing() -> None:
    with pytest.raises(Frozen):
        must_be_mendable(entry(), batch(frozen=True))
    with pytest.raises(WrongEntryState):
        must_be_mendable(entry().having(state=State.WITHDRAWN), batch())


def test_what_is_kept_for_years_is_over_on_the_same_day() -> None:
    assert overdue_from(date(2020, 9, 21), 1) == date(2019, 9, 21)
    assert overdue_from(date(2020, 2, 29), 1) == date(2019, 2, 28)


# -- resits --------------------------------------------------------------------------------------------

LIMITS = Limits(months=12, most=1)
LATER = batch(id="batch-2", ends_on=date(2020, 10, 12))


def _failed(**changes: Any) -> Entry:
    scores = (Score(part="theory", points=80), Score(part="practical", points=59.5))
    return entry().having(**{"state": State.FAILED, "scores": scores, **changes})


def _sat(**changes: Any) -> Any:
    return batch(state=BatchState.FINALISED, **changes)


def test_a_resit_carries_what_was_passed_and_sits_the_rest() -> None:
    found = resit_of(_failed(), _sat(), LATER, (), LIMITS)
    assert [(score.part, score.points, score.state) for score in found.carried] == [("theory", 80, "carried")]
    assert (found.entry, found.since, found.turn) == (_failed().id, EXAM, 1)
    sits = entry().having(resit=found)
    assert [part.id for part in sits.to_sit(LATER.parts)] == ["practical"]


@pytest.mark.parametrize(
    ("failed", "sat", "used", "rule"),
    [
        (_failed(scores=()), _sat(), (), "resit-none"),
        (_failed(objection="objection-1"), _sat(), (), "resit-none"),
        (_failed(), batch(state=BatchState.PUBLICISED), (), "resit-none"),
        (_failed(), _sat(), (1,), "resit-used"),
        (_failed(), _sat(registration_until=date(2019, 10, 11)), (), "resit-expired"),
    ],
)
def test_a_resit_is_refused_with_its_rule(failed: Entry, sat: Any, used: tuple[int, ...], rule: str) -> None:
    with pytest.raises(NoResit) as refused:
        resit_of(failed, sat, LATER, used, LIMITS)
    assert (refused.value.field, refused.value.rule) == ("/resit", rule)


def test_who_failed_every_part_registers_anew() -> None:
    scores = (Score(part="theory", points=59.5), Score(part="practical", points=0, state="absent"))
    with pytest.raises(NoResit) as refused:
        resit_of(entry().having(state=State.FAILED, scores=scores), _sat(), LATER, (), LIMITS)
    assert refused.value.rule == "resit-none"


def test_an_edition_without_the_failed_part_gives_no_certificate_for_nothing() -> None:
    of_theory = LATER.having(parts=LATER.parts[:1])
    with pytest.raises(NoResit):
        resit_of(_failed(), _sat(), of_theory, (), LIMITS)


def test_a_failed_resit_counts_for_the_entry_that_failed_first_and_from_its_day() -> None:
    first = resit_of(_failed(), _sat(registration_until=date(2019, 10, 1)), batch(), (), Limits(12, 2))
    again = entry(2).having(
        state=State.FAILED, scores=(*first.carried, Score(part="practical", points=40)), resit=first
    )
    second = resit_of(again, _sat(exam_on=date(2020, 3, 1)), batch(), (1,), Limits(12, 2))
    assert (second.entry, second.since, second.turn) == (first.entry, date(2019, 10, 1), 2)
    assert [score.carried_from for score in second.carried] == [first.entry]
    with pytest.raises(NoResit, match="2 time"):
        resit_of(again, _sat(), batch(), (1, 2), Limits(12, 2))


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int) -> None:
    later = months_after(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1 < later.day < day.day


def test_every_day_of_the_exam_is_taken_and_at_a_resit_those_of_the_parts_sat_again() -> None:
    theory, practical = batch().sittings
    two_days = batch(sittings=(theory, practical.model_copy(update={"on": date(2019, 10, 13)})))
    assert (days_of(batch()), days_of(two_days)) == ((EXAM,), (EXAM, date(2019, 10, 13)))
    resit = resit_of(_failed(), _sat(), LATER, (), LIMITS)
    assert days_of(two_days, resit) == (date(2019, 10, 13),)
