"""The register of units: codes, names and lines by day, mergers and closing; what was is never lost."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.registry.organisations.commands import (
    Affiliate,
    CloseOrganisation,
    EndAffiliation,
    MergeOrganisation,
    Office,
    Proof,
    RegisterUnit,
    RenameOrganisation,
)
from services.registry.organisations.domain import (
    By,
    Codes,
    InvalidIssuerCode,
    InvalidUscc,
    NotAUnit,
    Organisation,
    OrganisationIsClosed,
    OrganisationKind,
    UnknownAuthority,
    UnknownRegion,
    WrongAffiliation,
    WrongDay,
    WrongMerger,
    affiliated,
    affiliation_ended,
    changed,
    check_uscc,
    closed,
    merged,
    registered,
    renamed,
)
from shared.errors import Fault
from shared.events.registry import (
    OrganisationChanged,
    OrganisationClosed,
    OrganisationMerged,
    OrganisationRegistered,
    OrganisationState,
)

DAY = date(2019, 9, 2)
BY = By(at=datetime(2019, 9, 2, 1, tzinfo=UTC), actor="somebody", today=DAY)
CODES = Codes(
    {"33": "浙江省", "65": "新疆维吾尔自治区"},
    frozenset({"33", "44", "66", "C01"}),
    {"appraisal": r"^\d{4}[0-4]\d{3}$", "recognition": r"^[YS]\d{12}$"},
)
DAYS = st.integers(0, 400).map(lambda days: DAY + timedelta(days=days))


def unit(identity: str = "unit-1", **fields: object) -> Organisation:
    asked = RegisterUnit.model_validate({"authority": "33", "name": "示例鉴定站", **fields})
    return registered(identity, asked, BY)[0]


def test_a_registered_unit_stands_in_its_line_from_its_day_on_and_tells_all_of_itself() -> None:
    asked = RegisterUnit.model_validate(RegisterUnit.model_json_schema()["examples"][0])
    made, (event,) = registered("unit-1", asked, BY, ("sealed", "张*"))
    assert isinstance(event, OrganisationRegistered)
    assert (event.unit, event.issuer_codes[0].code, event.uscc_by_document) == ("unit-1", "99002009", True)
    assert made.lines_on(date(2019, 8, 31)) == frozenset()
    assert made.lines_on(date(2019, 9, 1)) == {"33"}
    assert (made.code_of("appraisal"), made.issuer_code, made.code_of("recognition")) == (
        "99002009",
        "99002009",
        "S000033000009",
    )


def test_nothing_of_the_contact_person_is_said_on_the_bus() -> None:
    asked = RegisterUnit.model_validate(RegisterUnit.model_json_schema()["examples"][0])
    _, (event,) = registered("unit-1", asked, BY, ("sealed-text", "张*"))
    assert not any(word in event.model_dump_json() for word in ("张", "sealed-text", "0571"))


@pytest.mark.parametrize("code", ["91350100M000100Y43", "52000000EXAMPLE11R", ""])
def test_a_right_credit_code_is_taken(code: str) -> None:
    check_uscc(code, None)


@pytest.mark.parametrize("code", ["91350100M000100Y4Z", "91350100M000100Y4", "91350100m000100y43", "I" * 18, "张"])
def test_a_wrong_credit_code_is_refused(code: str) -> None:
    with pytest.raises(InvalidUscc) as refused:
        check_uscc(code, None)
    assert refused.value.field == "/uscc"


def test_a_document_shows_a_code_whose_check_digit_fails_but_not_one_of_another_length() -> None:
    proof = Proof(document="登记证书", reason="一致")
    check_uscc("91350100M000100Y4Z", proof)
    with pytest.raises(InvalidUscc):
        check_uscc("91350100M000100Y4", proof)


def test_the_corps_is_an_authority_and_no_region() -> None:
    CODES.check_authority("66")
    CODES.check_region("659001")
    with pytest.raises(UnknownRegion, match="under 65"):
        CODES.check_region("660000")
    with pytest.raises(UnknownAuthority):
        CODES.check_authority("65")


@pytest.mark.parametrize("code", ["33", "3301060", "33010a", "990000"])
def test_what_is_no_region_code_is_refused(code: str) -> None:
    with pytest.raises(UnknownRegion):
        CODES.check_region(code)


@pytest.mark.parametrize(
    ("regime", "code"),
    [("appraisal", "99005001"), ("recognition", "X000033000001"), ("recognition", "S000099000001"), ("later", "1")],
)
def test_an_issuer_code_fits_the_number_of_its_regime(regime: str, code: str) -> None:
    CODES.check("", None, "", {"appraisal": "99002001", "recognition": "Y000066000001"})
    with pytest.raises(InvalidIssuerCode):
        CODES.check("", None, "", {regime: code})


def test_a_change_keeps_what_was_before_in_the_history_without_the_contact_person() -> None:
    changes = {"office": Office(address="示例路2号"), "contact": "sealed", "contact_masked": "李*"}
    found, (event,) = changed(unit(office={"address": "示例路1号"}), BY, "搬迁", changes)
    assert isinstance(event, OrganisationChanged)
    assert found.history[-1].reason == "搬迁 (office was address 示例路1号)"
    assert found.history[-1].actor == "somebody"


def test_a_change_that_changes_nothing_says_nothing() -> None:
    found = unit(region_code="330106")
    assert changed(found, BY, "again", {"region_code": "330106"}) == (found, [])


@given(st.lists(st.integers(1, 60), max_size=6), DAYS)
def test_the_name_of_any_day_is_the_one_borne_then(gaps: list[int], asked_for: date) -> None:
    found, begins = unit(), {DAY - timedelta(days=1000): "示例鉴定站"}
    since = DAY
    for number, gap in enumerate(gaps):
        since += timedelta(days=gap)
        begins[since] = f"第{number}个名称"
        later = BY.model_copy(update={"today": since})
        found, _ = renamed(found, RenameOrganisation(name=begins[since], since=since, reason="更名"), later)
    former = found.name_on(asked_for)
    assert (former.name if former else found.name) == begins[max(day for day in begins if day <= asked_for)]
    assert [row.name for row in found.former_names] + [found.name] == list(begins.values())


@pytest.mark.parametrize("since", [DAY + timedelta(days=1), DAY - timedelta(days=5)])
def test_a_name_begins_neither_later_than_today_nor_before_the_one_it_follows(since: date) -> None:
    found, _ = renamed(unit(), RenameOrganisation(name="二", since=DAY - timedelta(days=5), reason="更名"), BY)
    with pytest.raises(WrongDay):
        renamed(found, RenameOrganisation(name="三", since=since, reason="更名"), BY)


LINE_STEPS = st.lists(st.tuples(st.sampled_from(["join", "leave"]), st.sampled_from(["33", "44", "C01"]), DAYS))


@given(LINE_STEPS)
def test_an_open_unit_stands_in_some_line_on_every_day_and_in_each_once(
    steps: list[tuple[str, str, date]],
) -> None:
    found = unit()
    for step, authority, day in steps:
        try:
            if step == "join":
                found, _ = affiliated(found, Affiliate(authority=authority, since=day, reason="r"), BY)
            else:
                found, _ = affiliation_ended(found, EndAffiliation(authority=authority, until=day, reason="r"), BY)
        except (WrongAffiliation, WrongDay):
            continue
    for offset in range(0, 420, 7):
        day = DAY + timedelta(days=offset)
        covering = [line.authority for line in found.lines() if line.covers(day)]
        assert covering
        assert len(covering) == len(set(covering))
    assert found.authority == "33"


def test_a_unit_of_the_data_file_stands_in_its_line_since_ever() -> None:
    found = unit().having(affiliations=())
    assert found.lines_on(date(1949, 10, 1)) == {"33"}
    both, _ = affiliated(found, Affiliate(authority="C01", since=DAY, reason="划归"), BY)
    assert both.lines_on(DAY - timedelta(days=1)) == {"33"}
    assert both.lines_on(DAY) == {"33", "C01"}


@given(DAYS, DAYS)
def test_a_merged_unit_is_open_until_its_day_and_names_its_successor(on: date, asked_for: date) -> None:
    found, events = merged(unit(), unit("unit-2"), MergeOrganisation(into="unit-2", on=on, reason="合并"), BY)
    assert [type(event) for event in events] == [OrganisationMerged, OrganisationClosed]
    told = [event for event in events if isinstance(event, OrganisationState)]
    assert {(event.on, event.successor, event.reason) for event in told} == {(on, "unit-2", "合并")}
    assert found.is_open(asked_for) == (asked_for < on)


def test_a_unit_is_merged_neither_into_itself_nor_into_what_is_closed_or_no_unit() -> None:
    gone, _ = closed(unit("unit-2"), CloseOrganisation(on=DAY, reason="注销"), BY)
    province = unit("33").having(kind=OrganisationKind.PROVINCIAL_AUTHORITY)
    for into in (unit(), gone, province):
        with pytest.raises(WrongMerger):
            merged(unit(), into, MergeOrganisation(into=into.id, on=DAY, reason="合并"), BY)


def test_a_closed_unit_is_changed_in_nothing() -> None:
    gone, (event,) = closed(unit(), CloseOrganisation(on=DAY, reason="注销"), BY)
    assert isinstance(event, OrganisationClosed)
    again: list[Callable[[], object]] = [
        lambda: closed(gone, CloseOrganisation(on=DAY, reason="r"), BY),
        lambda: merged(gone, unit("unit-2"), MergeOrganisation(into="unit-2", on=DAY, reason="r"), BY),
        lambda: changed(gone, BY, "r", {"region_code": "330106"}),
        lambda: renamed(gone, RenameOrganisation(name="名", since=DAY, reason="r"), BY),
        lambda: affiliated(gone, Affiliate(authority="44", since=DAY, reason="r"), BY),
        lambda: affiliation_ended(gone, EndAffiliation(authority="33", until=DAY, reason="r"), BY),
    ]
    for attempt in again:
        with pytest.raises(OrganisationIsClosed):
            attempt()


def test_a_unit_that_is_to_close_may_still_be_changed_but_not_closed_again() -> None:
    closing, _ = closed(unit(), CloseOrganisation(on=DAY + timedelta(days=30), reason="注销"), BY)
    assert changed(closing, BY, "搬迁", {"region_code": "330106"})[1]
    with pytest.raises(OrganisationIsClosed):
        closed(closing, CloseOrganisation(on=DAY, reason="r"), BY)


def test_authorities_are_not_closed_here() -> None:
    province = unit("33").having(kind=OrganisationKind.PROVINCIAL_AUTHORITY)
    with pytest.raises(NotAUnit):
        closed(province, CloseOrganisation(on=DAY, reason="r"), BY)


@given(st.lists(st.tuples(st.sampled_from(["rename", "join", "close", "change"]), DAYS), max_size=8))
def test_whatever_is_done_the_history_grows_by_one_line_and_the_event_tells_the_state(
    steps: list[tuple[str, date]],
) -> None:
    assume(steps)
    found = unit()
    for number, (step, day) in enumerate(steps):
        before = found
        by = BY.model_copy(update={"today": day})
        try:
            match step:
                case "rename":
                    asked = RenameOrganisation(name=f"名{number}", since=day, reason="r")
                    found, events = renamed(found, asked, by)
                case "join":
                    found, events = affiliated(found, Affiliate(authority=f"C{number}", since=day, reason="r"), by)
                case "change":
                    found, events = changed(found, by, "r", {"region_code": f"3301{number:02d}"})
                case _:
                    found, events = closed(found, CloseOrganisation(on=day, reason="r"), by)
        except Fault:
            assert found is before
            continue
        (event,) = events
        assert isinstance(event, OrganisationState)
        assert found.history[:-1] == before.history
        assert (event.name, event.former_names, event.affiliations, event.closed_on) == (
            found.name,
            found.former_names,
            found.affiliations,
            found.closed_on,
        )
