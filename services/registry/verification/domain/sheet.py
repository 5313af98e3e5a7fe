"""The printed certificate: every field of the paper, in words, before it becomes a page."""

from collections.abc import Mapping
from datetime import date

from services.registry.certificates.domain import Certificate, ChangeKind, Status
from services.registry.verification.domain.answer import (
    Catalogue,
    Holder,
    LevelWords,
    Note,
    OccupationWords,
    UnitWords,
    Words,
    notes,
)
from shared.errors import Fault, Kind
from shared.events.base import Record

NO_TRADE = "--"
"""Never empty on the paper: the field for trade or direction says so when there is none."""


class NotPrintable(Fault):
    """Only a certificate that holds is printed."""

    slug, kind = "certificate-not-printable", Kind.CONFLICT


class PaperWords(Record):
    """The fixed words of one regime's certificate."""

    regime: str
    name: Words
    text: Words
    date_label: Words
    id_type: Words
    official: bool
    """False while the wording is ours: the sheet then says that it is a sample."""


class Sheet(Record):
    """One certificate as it is printed; holds personal data in clear and is never kept."""

    words: PaperWords
    number: str
    print_serial: str
    holder: str
    id_number: str
    occupation: OccupationWords
    trade: str
    level: LevelWords
    unit: UnitWords
    filed_on: date
    exam_on: date
    notes: tuple[Note, ...]
    edition: int
    page: str
    """What the QR code says: the public page with the check code."""
    code: str
    lookup: str
    """Where anybody looks a certificate up, as printed."""

    @property
    def reissued(self) -> Note | None:
        """The last reissue, printed as 补发 at the date."""
        return next((row for row in reversed(self.notes) if row.kind is ChangeKind.REISSUED), None)

    @property
    def corrected(self) -> Note | None:
        """The last correction."""
        return next((row for row in reversed(self.notes) if row.kind is ChangeKind.CORRECTED), None)


def sheet(
    certificate: Certificate,
    holder: Holder,
    papers: Mapping[str, PaperWords],
    catalogue: Catalogue,
    unit: UnitWords,
    *,
    print_serial: str,
    page: str,
    code: str,
    lookup: str,
) -> Sheet:
    """The paper of a certificate that holds."""
    if certificate.status is not Status.VALID:
        raise NotPrintable(f"the certificate is {certificate.status}; only a valid one is printed")
    told = notes(certificate.changes, max((row.at for row in certificate.changes), default=certificate.filed_at))
    return Sheet(
        words=papers[certificate.regime],
        number=certificate.number,
        print_serial=print_serial,
        holder=holder.name,
        id_number=holder.id_number,
        occupation=catalogue.occupation(certificate.occupation),
        trade=NO_TRADE,
        level=catalogue.level(certificate.level),
        unit=unit,
        filed_on=certificate.filed_on,
        exam_on=certificate.exam_on,
        notes=told,
        edition=certificate.edition,
        page=page,
        code=code,
        lookup=lookup,
    )
