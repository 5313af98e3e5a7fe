"""Who a candidate is: a document with its number, and what is told besides has to fit it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from pydantic_core import from_json, to_json

from services.assessment.eligibility.domain import Exam, born_on
from services.assessment.entries.commands import EnrolRow
from shared.documents import RESIDENT_ID, document_key
from shared.errors import Fault, Kind
from shared.privacy import InvalidResidentId, check_resident_id

CHECKED_BY = "GB 11643-1999"
SEX = 16  # the place of the digit that is odd for men
PARTICULARS = frozenset({"born", "sex", "ethnicity", "education", "mobile", "source", "address", "email", "photo"})
"""What is personal and read by nobody in clear unless it is revealed."""


class WrongParticulars(Fault):
    """Something told of the candidate cannot be right; `rule` says what."""

    slug, kind = "particulars-refused", Kind.INVALID


class Document(Protocol):
    """What somebody shows: a kind of document, its number, and a birth date where the number tells none."""

    @property
    def id_type(self) -> str: ...
    @property
    def id_number(self) -> str: ...
    @property
    def born(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Allowed:
    """The documents that are taken, each with the standard its number is checked by, and the sources."""

    id_types: Mapping[str, str | None]
    sources: frozenset[str]


def checked(row: EnrolRow, allowed: Allowed, today: date) -> date | None:
    """The birth date of a candidate whose row is right, None where nothing tells it."""
    if row.source is not None and row.source not in allowed.sources:
        known = ", ".join(sorted(allowed.sources))
        raise WrongParticulars(f"choose one of: {known}", field="/source", rule="entry.sources")
    born = birth_of(row, allowed, today)
    if row.sex is not None and row.id_type == RESIDENT_ID and row.sex != sex_of(row.id_number):
        raise WrongParticulars("the sex is not the one in the ID number; check both", field="/sex", rule="sex-mismatch")
    return born


def birth_of(told: Document, allowed: Allowed, today: date) -> date | None:
    """The birth date of whoever shows a document, None where nothing tells it."""
    if told.id_type not in allowed.id_types:
        raise WrongParticulars(f"choose one of: {', '.join(allowed.id_types)}", field="/id_type", rule="entry.id_types")
    if told.born is not None and told.born > today:
        raise WrongParticulars("the birth date is in the future", field="/born", rule="future")
    if allowed.id_types[told.id_type] != CHECKED_BY:
        return told.born
    try:
        check_resident_id(told.id_number, today=today)
    except InvalidResidentId as fault:
        raise InvalidResidentId(fault.detail, field="/id_number", rule=fault.rule) from None
    born = born_on(told.id_number)
    if told.born not in (None, born):
        raise WrongParticulars(
            "the birth date is not the one in the ID number; check both", field="/born", rule="born-mismatch"
        )
    return born


def sex_of(id_number: str) -> str:
    """Whose number it is, by its last digit but one."""
    return "male" if int(id_number[SEX]) % 2 else "female"


def must_be_known(born: date | None, exam: Exam) -> None:
    """Refuse who does not tell a birth date where a condition asks for an age."""
    if born is None and exam.needs_birth:
        raise WrongParticulars("a condition of this level asks for an age", field="/born", rule="missing")


def known_by(told: Document) -> str:
    """The text a person is found by, here and in the registry."""
    return document_key(told.id_number, told.id_type)


def person_text(row: EnrolRow) -> str:
    """What is sealed as the person: name, number, and which document unless it is the usual one."""
    person = {"name": row.name, "id_number": row.id_number}
    if row.id_type != RESIDENT_ID:
        person["id_type"] = row.id_type
    return to_json(person).decode()


def particulars_text(row: EnrolRow) -> str:
    """What else is sealed; empty when nothing was told."""
    told = row.model_fields_set & PARTICULARS
    kept = {name: value for name in sorted(told) if (value := getattr(row, name)) is not None}
    return to_json(kept).decode() if kept else ""


def row_of(person: str, particulars: str) -> EnrolRow:
    """The row that these two were sealed from, as far as it is personal."""
    return EnrolRow.model_validate({**from_json(person), **(from_json(particulars) if particulars else {})})
