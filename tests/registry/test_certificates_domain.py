"""The life of a certificate: what may follow what, what it was at any instant, and that nobody holds two."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from infra.local.stack import ROOT
from services.registry.certificates.commands import CorrectCertificate
from services.registry.certificates.domain import (
    Certificate,
    Change,
    ChangeKind,
    Decision,
    ExamAfterFiling,
    Grounds,
    NothingCorrected,
    ScoreOutOfMarks,
    Status,
    WrongStatus,
    check_correction,
    differing,
    sanction_end,
)
from services.registry.certificates.storage import number_formats
from shared.events.registry import CertificateCorrected, CertificateReissued, CertificateVoided, Part
from shared.privacy import InvalidResidentId

FILED = datetime(2019, 10, 23, 2, tzinfo=UTC)
FORMATS = number_formats(ROOT / "services" / "registry" / "data" / "numbers.json")
PARTS = [
    Part(id=name, pass_mark=60, out_of=100, minutes=90, levels=("5",), dimensions=())
    for name in ("theory", "practical")
]
PERSON = {"name": "王明", "id_number": "110105188912310021"}


def certificate(**changes: Any) -> Certificate:
    content = {
        "id": "entry-1", "authority": "33", "number": "1999002001500001", "regime": "appraisal",
        "series": "99002001-2019-5", "serial": 1, "filing": "batch-1.1", "unit": "unit-33-001", "status": "valid",
        "occupation": "mason", "level": "5", "standard": "mason-2019p", "batch": "batch-1", "holder": "王*",
        "person": "v1.first", "person_index": "anna", "theory": 80, "practical": 72.5,
        "exam_on": date(2019, 10, 12), "filed_on": date(2019, 10, 23), "filed_at": FILED,
    }  # fmt: skip
    return Certificate.model_validate({**content, **changes})


def why(hours: int = 1, case: str = "") -> Grounds:
    return Grounds(reason="核查", basis="决定", actor="official-1", at=FILED + timedelta(hours=hours), case=case)


def corrected(asked: dict[str, Any]) -> CorrectCertificate:
    return CorrectCertificate.model_validate({"reason": "录入有误", "basis": "核对记录", **asked})


# -- one change ----------------------------------------------------------------------------------------


def test_a_correction_keeps_the_number_and_what_was_said_before() -> None:
    made, (said,) = certificate().corrected(why(), {"holder": "李*", "person": "v1.second"}, ["holder"])
    assert (made.number, made.edition, made.holder) == ("1999002001500001", 2, "李*")
    assert made.changes[0].before == {"holder": "王*", "person": "v1.first"}
    assert isinstance(said, CertificateCorrected)
    assert (said.fields, said.edition, said.holder) == (("holder",), 2, "李*")
    assert "v1." not in said.model_dump_json()


def test_a_correction_of_nothing_is_refused() -> None:
    with pytest.raises(NothingCorrected):
        certificate().corrected(why(), {}, [])


def test_a_reissue_keeps_number_and_edition_and_takes_the_next_print_serial() -> None:
    found = certificate()
    made, (said,) = found.reissued(why(), FORMATS.printed(found.number, found.prints + 1))
    assert (made.number, made.edition, made.prints) == (found.number, 1, 2)
    assert isinstance(said, CertificateReissued)
    assert said.print_serial == "1999002001500001-02" == made.changes[0].print_serial


def test_a_voided_certificate_gives_its_place_back_and_keeps_the_fraud_on_record() -> None:
    made, (said,) = certificate().voided(why(), date(2024, 10, 22))
    assert (made.place, made.sanctioned_until) == (made.id, date(2024, 10, 22))
    assert isinstance(said, CertificateVoided)
    assert (said.status, said.reason, said.basis) == ("voided", "核查", "决定")


def test_a_suspended_certificate_keeps_its_place() -> None:
    assert certificate().suspended(why())[0].place == ""


@pytest.mark.parametrize("ended", ["revoked", "voided"])
@pytest.mark.parametrize("name", ["suspended", "reinstated", "revoked", "voided"])
def test_what_has_ended_stays_so(ended: str, name: str) -> None:
    found = getattr(certificate(), ended)(why())[0]
    with pytest.raises(WrongStatus, match=f"is {ended}"):
        getattr(found, name)(why(2))
    with pytest.raises(WrongStatus):
        found.corrected(why(2), {"holder": "李*"}, ["holder"])
    with pytest.raises(WrongStatus):
        found.reissued(why(2), "1")


def test_a_change_is_never_noted_before_the_one_it_follows() -> None:
    made, _ = certificate().suspended(why(5))
    made, _ = made.reinstated(why(1))
    assert [change.at for change in made.changes] == [why(5).at, why(5).at]


@pytest.mark.parametrize(
    ("decision", "status", "events"), [("keep", "valid", 0), ("suspend", "suspended", 1), ("revoke", "revoked", 1)]
)
def test_a_decision_of_a_case_is_carried_out_and_noted_with_the_case(decision: str, status: str, events: int) -> None:
    made, said = certificate().decided(Decision(decision), why(case="case-1"))
    assert (made.status, len(said)) == (status, events)
    assert [(item.case, item.decision) for item in made.decisions] == [("case-1", decision)]
    assert {change.case for change in made.changes} <= {"case-1"}


# -- as of ---------------------------------------------------------------------------------------------


def test_it_was_nothing_before_it_was_filed() -> None:
    assert certificate().as_of(FILED - timedelta(microseconds=1)) is None


def test_what_was_voided_later_is_told_with_what_it_was_worth_then() -> None:
    made, _ = certificate().voided(why(10))
    before, after = made.as_of(FILED + timedelta(hours=9)), made.as_of(FILED + timedelta(hours=10))
    assert before is not None
    assert after is not None
    assert (before.status, before.voided_at) == (Status.VALID, why(10).at)
    assert (after.status, after.since, after.voided_at) == (Status.VOIDED, why(10).at, None)


def test_an_earlier_edition_says_what_it_said() -> None:
    made, _ = certificate().corrected(why(1), {"theory": 81.0}, ["theory"])
    made, _ = made.corrected(why(2), {"theory": 82.0, "holder": "李*"}, ["theory", "holder"])
    told = [made.as_of(FILED + timedelta(minutes=minutes)) for minutes in (30, 90, 150)]
    assert [(row.edition, row.theory, row.holder) for row in told if row] == [
        (1, 80, "王*"),
        (2, 81, "王*"),
        (3, 82, "李*"),
    ]


def test_a_day_that_a_correction_replaced_comes_back_from_storage_as_a_day() -> None:
    made, _ = certificate().corrected(why(1), {"exam_on": date(2019, 10, 11)}, ["exam_on"])
    change = Change.model_validate({**made.changes[0].model_dump(), "before": {"exam_on": "2019-10-12"}})
    told = made.having(changes=(change,)).as_of(FILED)
    assert told is not None
    assert told.exam_on == date(2019, 10, 12)


# -- what a correction may say -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "fault", "field"),
    [
        ({"theory": 59.5}, ScoreOutOfMarks, "/theory"),
        ({"practical": 100.5}, ScoreOutOfMarks, "/practical"),
        ({"exam_on": "2019-10-24"}, ExamAfterFiling, "/exam_on"),
        ({"id_number": "110105188912310020"}, InvalidResidentId, "/id_number"),
    ],
)
def test_what_no_certificate_can_say_is_refused_with_its_field(asked: dict[str, Any], fault: Any, field: str) -> None:
    with pytest.raises(fault) as refused:
        check_correction(corrected(asked), certificate(), PARTS, date(2019, 11, 1))
    assert refused.value.field == field


def test_only_what_differs_is_corrected() -> None:
    asked = corrected({"name": "王明", "theory": 80, "practical": 75, "exam_on": "2019-10-12"})
    check_correction(asked, certificate(), PARTS, date(2019, 11, 1))
    assert differing(asked, certificate(), PERSON) == {"practical": 75}


def test_an_id_number_in_a_reason_is_masked() -> None:
    assert corrected({"reason": "原号110105188912310021有误"}).reason == "原号110105********0021有误"


@given(st.dates(date(2019, 1, 1), date(2090, 1, 1)), st.integers(1, 9))
def test_a_fraud_is_on_record_for_whole_years(day: date, years: int) -> None:
    after = sanction_end(day, years) + timedelta(days=1)
    assert after.year == day.year + years
    assert (after.month, after.day) == (day.month, day.day) or (day.month, day.day) == (2, 29)


# -- a whole life --------------------------------------------------------------------------------------


class Life(RuleBasedStateMachine):
    """Certificates of one person, filed while the register allows it, changed at random; a log is kept beside."""

    def __init__(self) -> None:
        super().__init__()
        self.now = FILED
        self.register: list[Certificate] = []
        self.logs: list[list[tuple[datetime, Status, int, str, float]]] = []

    @property
    def newest(self) -> Certificate:
        return self.register[-1]

    @precondition(lambda self: all(row.place for row in self.register))
    @rule()
    def file(self) -> None:
        self.now += timedelta(hours=1)
        made = certificate(id=f"entry-{len(self.register)}", filed_at=self.now)
        self.register.append(made)
        self.logs.append([])
        self._log()

    @precondition(lambda self: bool(self.register))
    @rule(
        kind=st.sampled_from(["suspended", "reinstated", "revoked", "voided", "reissued", "corrected"]),
        theory=st.integers(60, 100),
        hours=st.integers(0, 3),
    )
    def change(self, kind: str, theory: int, hours: int) -> None:
        self.now += timedelta(hours=hours)
        found, asked = (
            self.newest,
            {"reissued": ["serial"], "corrected": [{"theory": theory}, ["theory"]]}.get(kind, []),
        )
        grounds = Grounds(reason="r", basis="b", actor="a", at=self.now)
        allowed = {"reinstated": (Status.SUSPENDED,), "suspended": (Status.VALID,), "reissued": (Status.VALID,)}
        if found.status not in allowed.get(kind, (Status.VALID, Status.SUSPENDED)):
            with pytest.raises(WrongStatus):
                getattr(found, kind)(grounds, *asked)
            return
        self.register[-1], (said,) = getattr(found, kind)(grounds, *asked)
        assert (said.status, said.edition) == (self.newest.status, self.newest.edition)
        self._log()

    def _log(self) -> None:
        row = self.newest
        self.logs[-1].append((self.now, row.status, row.edition, row.holder, row.theory))

    @invariant()
    def nobody_holds_two(self) -> None:
        assert sum(row.status in (Status.VALID, Status.SUSPENDED) for row in self.register) <= 1
        assert sum(not row.place for row in self.register) <= 1
        assert all((row.place == "") == (row.status in (Status.VALID, Status.SUSPENDED)) for row in self.register)

    @invariant()
    def exactly_one_edition_is_the_current_one(self) -> None:
        for row in self.register:
            corrections = [change for change in row.changes if change.kind is ChangeKind.CORRECTED]
            assert row.edition == 1 + len(corrections)
            current = row.as_of(self.now)
            assert current is not None
            assert (current.edition, current.theory) == (row.edition, row.theory)

    @invariant()
    def at_every_instant_it_was_what_the_log_says(self) -> None:
        for row, log in zip(self.register, self.logs, strict=True):
            assert row.as_of(log[0][0] - timedelta(seconds=1)) is None
            for instant in {at + shift for at, *_ in log for shift in (timedelta(), timedelta(minutes=30))}:
                last = [line for line in log if line[0] <= instant][-1]
                told = row.as_of(instant)
                assert told is not None
                assert (told.status, told.edition, told.holder, told.theory) == last[1:]
                voided = [at for at, status, *_ in log if status is Status.VOIDED and at > instant]
                assert told.voided_at == (voided[0] if voided else None)


TestLife = Life.TestCase
