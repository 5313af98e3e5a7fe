"""Rows of a list against the register: which unit a row means, what it changes, and what it may not."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.organisations.domain import By, Codes, Organisation, OtherLine, changed, registered
from services.registry.unit_lists.commands import UnitRow
from services.registry.unit_lists.domain import (
    CodeDiffers,
    Key,
    Known,
    NameDiffers,
    RepeatedRow,
    check,
    compare,
    differences,
    identity,
    keys,
    new,
)

DAY = date(2019, 9, 2)
BY = By(at=datetime(2019, 9, 2, 1, tzinfo=UTC), actor="somebody", today=DAY)
CODES = Codes({"33": "浙江省"}, frozenset({"33", "44"}), {"appraisal": r"^\d{8}$", "recognition": r"^[YS]\d{12}$"})
USCC = ("", "91350100M000100Y43", "52000000EXAMPLE11R")


def row(**fields: str) -> UnitRow:
    return UnitRow.model_validate({"name": "甲站", "authority": "33", **fields})


def taken(asked: UnitRow) -> Organisation:
    return registered(identity(asked), new(asked, DAY), BY)[0]


ROWS = st.builds(
    UnitRow,
    name=st.sampled_from(["甲站", "乙站"]),
    authority=st.sampled_from(["33", "44"]),
    uscc=st.sampled_from(USCC),
    name_en=st.sampled_from(["", "A"]),
    region_code=st.sampled_from(["", "330106"]),
    appraisal_code=st.sampled_from(["", "99002001"]),
    phone=st.sampled_from(["", "1", "2"]),
)


@given(ROWS)
def test_a_row_that_was_taken_means_its_own_unit_and_changes_nothing(asked: UnitRow) -> None:
    unit = taken(asked)
    found = compare(asked, Known.among([unit]), DAY)
    assert found is unit
    assert differences(unit, asked) == {}


@given(ROWS, ROWS)
def test_after_a_change_by_a_row_the_row_changes_nothing_more(first: UnitRow, second: UnitRow) -> None:
    unit = taken(first)
    after, _ = changed(unit, BY, "list", dict(differences(unit, second)))
    assert differences(after, second) == {}


def test_a_unit_is_known_again_by_its_code_and_without_one_by_line_and_name() -> None:
    assert identity(row(uscc=USCC[1])) == identity(row(uscc=USCC[1], name="另一", authority="44"))
    assert identity(row()) == identity(row(phone="1"))
    assert (
        len({identity(row()), identity(row(authority="44")), identity(row(name="乙站")), identity(row(uscc=USCC[1]))})
        == 4
    )


def test_a_code_that_comes_later_is_given_to_the_unit_of_that_name() -> None:
    unit = taken(row())
    later = row(uscc=USCC[1])
    assert compare(later, Known.among([unit]), DAY) is unit
    assert differences(unit, later) == {"uscc": USCC[1]}


def test_an_empty_cell_erases_nothing() -> None:
    unit = taken(row(phone="1", region_code="330106", name_en="A"))
    assert differences(unit, row()) == {}


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        (row(name="乙站", uscc=USCC[1]), NameDiffers),
        (row(uscc=USCC[2]), CodeDiffers),
        (row(authority="44", uscc=USCC[1]), OtherLine),
    ],
)
def test_a_list_neither_renames_nor_moves_nor_recodes_a_unit(asked: UnitRow, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        compare(asked, Known.among([taken(row(uscc=USCC[1]))]), DAY)


@given(st.lists(ROWS, max_size=6))
def test_what_passes_the_check_of_one_list_shares_no_unit_and_no_code(rows: list[UnitRow]) -> None:
    seen: set[Key] = set()
    passed = []
    for asked in rows:
        try:
            check(asked, CODES, None, seen)
        except RepeatedRow:
            continue
        seen |= {key for key, _ in keys(asked)}
        passed.append(taken(asked))
    assert len({unit.id for unit in passed}) == len(passed)
    for codes in (
        [unit.uscc for unit in passed if unit.uscc],
        [unit.issuer_code for unit in passed if unit.issuer_code],
    ):
        assert len(set(codes)) == len(codes)


def test_an_authority_names_its_own_line_only() -> None:
    check(row(), CODES, "33", set())
    with pytest.raises(OtherLine):
        check(row(), CODES, "44", set())


def test_a_document_stands_for_a_code_whose_check_digit_fails() -> None:
    asked = row(uscc="91350100M000100Y4Z", uscc_document="登记证书", uscc_reason="一致")
    check(asked, CODES, None, set())
    unit = taken(asked)
    assert unit.uscc_proof is not None
    assert unit.uscc_proof.document == "登记证书"
