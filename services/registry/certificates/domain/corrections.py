"""What a correction may say, what of it differs from the certificate, and how long a fraud stays on record."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from services.registry.certificates.commands import CorrectCertificate
from services.registry.certificates.domain.certificate import Certificate
from shared.errors import Fault, Kind
from shared.events.registry import Part
from shared.privacy import InvalidResidentId, check_resident_id
from shared.workdays import years_later

SEALED = {"name": "holder", "id_number": "id_number"}
"""Fields kept in the sealed person, and the names under which their correction is told."""
OPEN = ("theory", "practical", "exam_on")


class ScoreOutOfMarks(Fault):
    """Points that no certificate can show."""

    slug, kind = "score-out-of-marks", Kind.CONFLICT


class ExamAfterFiling(Fault):
    """The exam cannot lie after the day the certificate was filed."""

    slug, kind = "exam-after-filing", Kind.CONFLICT


def check_correction(asked: CorrectCertificate, found: Certificate, parts: Iterable[Part], today: date) -> None:
    """Refuse what the certificate cannot say; `parts` are those of its standard."""
    for part in parts:
        _check_points(part, getattr(asked, part.id, None))
    if asked.exam_on is not None and asked.exam_on > found.filed_on:
        raise ExamAfterFiling(f"the certificate was filed on {found.filed_on}", field="/exam_on")
    if asked.id_number is not None:
        try:
            check_resident_id(asked.id_number, today=today)
        except InvalidResidentId as fault:
            raise InvalidResidentId(fault.detail, field="/id_number", rule=fault.rule) from fault


def _check_points(part: Part, points: float | None) -> None:
    if points is None or part.pass_mark <= points <= part.out_of:
        return
    detail = f"a certificate shows {part.pass_mark:g} to {part.out_of:g} points; who has fewer holds none: void it"
    raise ScoreOutOfMarks(detail, field=f"/{part.id}", rule="exam.pass_mark")


def differing(asked: CorrectCertificate, found: Certificate, person: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked and stands otherwise; `person` is the opened name and ID number."""
    standing = {name: person[name] for name in SEALED} | {name: getattr(found, name) for name in OPEN}
    wanted = {name: getattr(asked, name) for name in standing}
    return {name: value for name, value in wanted.items() if value is not None and value != standing[name]}


def sanction_end(today: date, years: int) -> date:
    """The last day on which a fraud found today is on record."""
    return years_later(today, years) - timedelta(days=1)
