"""Who a candidate is: a document with its number, and what is told besides has to fit it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic_core import from_json, to_json

from services.assessment.eligibility.domain import born_on
from services.assessment.entries.commands import EnrolRow
from shared.errors import Fault, Kind
from shared.privacy import InvalidResidentId, check_resident_id

RESIDENT = "resident_id"
CHECKED_BY = "GB 11643-1999"
SEX = 16  # the place of the digit that is odd for men
PARTICULARS = frozenset({"born", "sex", "ethnicity", "education", "mobile", "source", "address", "email", "photo"})
"""What is personal and read by nobody in clear unless it is revealed."""


class WrongParticulars(Fault):
    """Something told of the candidate cannot be right; `rule` says what."""

    slug, kind = "particulars-refused", Kind.INVALID


@dataclass(frozen=True, slots=True)
class Allowed:
    """The documents that are taken, each with the standard its number is checked by, and the sources."""

    id_types: Mapping[str, str | None]
    sources: frozenset[str]


def checked(row: EnrolRow, allowed: Allowed, today: date) -> date | None:
    """The birth date of a candidate whose row is right, None where nothing tells it."""
    if row.id_type not in allowed.id_types:
        raise WrongParticulars(f"choose one of: {', '.join(allowed.id_types)}", field="/id_type", rule="entry.id_types")
    if row.source is not None and row.source not in allowed.sources:
        known = ", ".join(sorted(allowed.sources))
        raise WrongParticulars(f"choose one of: {known}", field="/source", rule="entry.sources")
    if row.born is not None and row.born > today:
        raise WrongParticulars("the birth date is in the future", field="/born", rule="future")
    if allowed.id_types[row.id_type] != CHECKED_BY:
        return row.born
    return _resident(row, today)


def _resident(row: EnrolRow, today: date) -> date:
    try:
        check_resident_id(row.id_number, today=today)
    except InvalidResidentId as fault:
        raise InvalidResidentId(fault.detail, field="/id_number", rule=fault.rule) from None
    if row.sex is not None and row.sex != ("male" if int(row.id_number[SEX]) % 2 else "female"):
        raise WrongParticulars("the sex is not the one in the ID number; check both", field="/sex", rule="sex-mismatch")
    born = born_on(row.id_number)
    if row.born not in (None, born):
        raise WrongParticulars(
            "the birth date is not the one in the ID number; check both", field="/born", rule="born-mismatch"
        )
    return born


def known_by(row: EnrolRow) -> str:
    """The text a person is found by; another document's number never equals a resident ID number."""
    if row.id_type == RESIDENT:
        return row.id_number
    number = unicodedata.normalize("NFKC", row.id_number)
    return f"{row.id_type}:{''.join(number.split()).upper()}"


def person_text(row: EnrolRow) -> str:
    """What is sealed as the person: name, number, and which document unless it is the usual one."""
    person = {"name": row.name, "id_number": row.id_number}
    if row.id_type != RESIDENT:
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
