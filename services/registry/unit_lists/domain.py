"""What a row means for the register: a new unit, a change of one, nothing, or a refusal that says what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from services.registry.organisations.commands import Office, Proof, RegisterUnit
from services.registry.organisations.domain import (
    Codes,
    CodeTaken,
    Organisation,
    OrganisationKind,
    OtherLine,
    must_be_open,
)
from services.registry.unit_lists.commands import UnitRow
from shared.errors import Fault, Kind

Key = tuple[str, ...]


class RepeatedRow(Fault):
    """The unit, or a code of it, stands on an earlier row of this list."""

    slug, kind = "repeated-row", Kind.CONFLICT


class NameDiffers(Fault):
    """The unit bears another name on the register; a list renames nobody."""

    slug, kind = "name-differs", Kind.CONFLICT


class CodeDiffers(Fault):
    """A unit of this name in this line has another credit code."""

    slug, kind = "uscc-differs", Kind.CONFLICT


@dataclass
class Known:
    """The units of the register that some rows may mean, found by credit code, by name in a line, by issuer code."""

    by_key: dict[Key, Organisation] = field(default_factory=dict)

    @classmethod
    def among(cls, units: Iterable[Organisation]) -> "Known":
        """Units only: an authority of the same name is none."""
        known = cls()
        for unit in units:
            if unit.kind is OrganisationKind.UNIT:
                names = (("name", line.authority, unit.name) for line in unit.lines())
                codes = ((regime, code) for regime, code in unit.issuer_codes.items() if code)
                known.by_key |= dict.fromkeys((*names, *codes, *((("uscc", unit.uscc),) if unit.uscc else ())), unit)
        return known

    def meant(self, row: UnitRow) -> Organisation | None:
        """The unit a row means: that with its credit code, else that of its name in its line."""
        by_code = self.by_key.get(("uscc", row.uscc)) if row.uscc else None
        return by_code or self.by_key.get(("name", row.authority, row.name))


def keys(row: UnitRow) -> list[tuple[Key, str]]:
    """What may stand once in a list, each with the field that says it."""
    found: list[tuple[Key, str]] = [(("name", row.authority, row.name), "/name")]
    found += [((regime, code), f"/{regime}_code") for regime, code in row.issuer_codes().items()]
    return [(("uscc", row.uscc), "/uscc"), *found] if row.uscc else found


def identity(row: UnitRow) -> str:
    """The same for the same unit in every list: by its credit code, or by line and name when it has none."""
    known_by = row.uscc or f"{row.authority}\n{row.name}"
    return f"unit-{sha256(known_by.encode()).hexdigest()[:20]}"


def check(row: UnitRow, codes: Codes, line: str | None, seen: set[Key]) -> None:
    """What a row must be, whatever is on the register; `line` is the only one the caller may name."""
    for key, place in keys(row):
        if key in seen:
            raise RepeatedRow("send one row for each unit and code", field=place)
    codes.check_authority(row.authority)
    if line not in (None, row.authority):
        raise OtherLine(f"an authority sends the units of its own line {line}", field="/authority")
    try:
        codes.check(row.uscc, _proof(row), row.region_code, row.issuer_codes())
    except Fault as fault:
        place = (fault.field or "").replace("/issuer_codes/appraisal", "/appraisal_code")
        fault.field = place.replace("/issuer_codes/recognition", "/recognition_code")
        raise


def compare(row: UnitRow, known: Known, today: date) -> Organisation | None:
    """The unit on the register that a row means, or None for a new one; refused when the two do not fit."""
    unit = known.meant(row)
    for regime, code in row.issuer_codes().items():
        if known.by_key.get((regime, code), unit) is not unit:
            raise CodeTaken("another unit has this code; a code is given once", field=f"/{regime}_code")
    if unit is None:
        return None
    must_be_open(unit, today)
    if row.authority not in unit.lines_on(today):
        raise OtherLine("it stands in another line; ask the Center to affiliate it", field="/authority")
    if unit.name != row.name:
        raise NameDiffers(
            "take the name it bears, or record the new one with its day by POST /v1/organisations/{id}/rename",
            field="/name",
        )
    if row.uscc and unit.uscc not in ("", row.uscc):
        raise CodeDiffers("mend the code, or change it by PATCH /v1/organisations/{id}", field="/uscc")
    return unit


def new(row: UnitRow, since: date) -> RegisterUnit:
    """The command that registers the unit of a row."""
    return RegisterUnit.model_construct(
        authority=row.authority,
        name=row.name,
        name_en=row.name_en,
        uscc=row.uscc,
        uscc_proof=_proof(row),
        issuer_codes=row.issuer_codes(),
        region_code=row.region_code,
        office=Office(address=row.address, phone=row.phone, email=row.email),
        contact=None,
        since=since,
    )


def differences(unit: Organisation, row: UnitRow) -> Mapping[str, Any]:
    """What a row says otherwise than the register; an empty cell says nothing."""
    office = unit.office.model_dump() | {
        name: cell for name in ("address", "phone", "email") if (cell := getattr(row, name))
    }
    said = {
        "name_en": row.name_en or unit.name_en,
        "uscc": row.uscc or unit.uscc,
        "uscc_proof": _proof(row) or unit.uscc_proof,
        "region_code": row.region_code or unit.region_code,
        "issuer_codes": {**unit.issuer_codes, **row.issuer_codes()},
        "office": Office(**office),
    }
    return {name: value for name, value in said.items() if value != getattr(unit, name)}


def _proof(row: UnitRow) -> Proof | None:
    if row.uscc and row.uscc_document and row.uscc_reason:
        return Proof(document=row.uscc_document, reason=row.uscc_reason)
    return None
