"""What is answered about a certificate, as of which instant, and to whom: only to who knows one of its facts."""

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from pydantic import Field

from services.registry.certificates.domain import Certificate, Change, ChangeKind, Standing, Status
from services.registry.verification.domain.particulars import Particulars
from shared.errors import Fault, Kind, NotFound
from shared.events.base import Record
from shared.privacy import mask_id
from shared.workdays import local_day, start_of_day

_DOTS = str.maketrans(dict.fromkeys("•‧・∙⋅.", "·"))
NOBODY = "nobody"
_TELLS_ID = ("id_number", "code")


class NotYet(Fault):
    """What will be the case in the future is not known."""

    slug, kind = "as-of-in-the-future", Kind.INVALID


class Holder(NamedTuple):
    """The person's data in clear, and the keyed index of the ID number."""

    name: str
    id_number: str
    keyed: str


class Words(Record):
    """A name in Chinese and English."""

    zh: str = Field(examples=["钢筋工"])
    en: str = Field(examples=["Rebar worker"])


class OccupationWords(Words):
    """An occupation by its slug and names."""

    id: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])


class LevelWords(Words):
    """A level by its code and names."""

    code: str = Field(description="level code, 5 junior … 1 senior technician", examples=["5"])
    print: str = Field(description="as it is printed on the certificate", examples=["五级/初级工"])


class UnitWords(Words):
    """The issuing unit by its id and names."""

    id: str = Field(examples=["unit-33-001"])


class Note(Record):
    """A correction or reissue that a reader of the paper should know of."""

    kind: ChangeKind
    on: date = Field(description="day it was done, Asia/Shanghai")
    print_serial: str = Field(default="", description="serial of the new print; empty for a correction")


class Verified(Record):
    """A certificate that is on file, as the one who asked may see it."""

    number: str
    status: Status
    since: datetime = Field(description="since when it has had this status, UTC")
    voided_at: datetime | None = Field(
        default=None, description="declared void after the instant asked about: it never held, UTC"
    )
    holder: str = Field(description="masked name", examples=["张*"])
    id_number: str | None = Field(
        default=None,
        description="masked ID number; only for who gave it or the check code",
        examples=["110105********0029"],
    )
    occupation: OccupationWords
    level: LevelWords
    unit: UnitWords
    filed_on: date = Field(description="day it was put on file, Asia/Shanghai")
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    regime: str = Field(description="appraisal or recognition")
    edition: int = Field(description="counts the certificate's corrections from 1")
    notes: tuple[Note, ...] = ()
    as_of: datetime = Field(description="the instant the answer holds for, UTC")
    checked_at: datetime = Field(description="when it was asked, UTC")


class Catalogue(NamedTuple):
    """The words of the answers, from data."""

    occupations: Mapping[str, OccupationWords]
    levels: Mapping[str, LevelWords]

    def occupation(self, slug: str) -> OccupationWords:
        """Its words; the slug itself where the data has none."""
        return self.occupations.get(slug) or OccupationWords(id=slug, zh=slug, en=slug)

    def level(self, code: str) -> LevelWords:
        """Its words; the code itself where the data has none."""
        return self.levels.get(code) or LevelWords(code=code, zh=code, en=code, print=code)


def moment(as_of: date | datetime | None, now: datetime) -> datetime:
    """The instant an answer holds for: of a day its end in Asia/Shanghai, of today now."""
    if as_of is None:
        return now
    if as_of > (now if isinstance(as_of, datetime) else local_day(now)):
        raise NotYet("ask as of today or earlier", field="/as_of")
    if isinstance(as_of, datetime):
        return as_of
    return min(start_of_day(as_of + timedelta(days=1)) - timedelta(microseconds=1), now)


def fits(asked: Particulars, code: str, index: str, holder: Holder) -> bool:
    """Whether the one fact is right; `code` and `index` are those of the certificate's number and the asked ID.

    Every fact is compared, given or not, so that the time it takes tells nothing.
    """
    given = getattr(asked, "code", None)
    by_name = _same(_plain(asked.name or ""), _plain(holder.name))
    by_id = _same(index, holder.keyed)
    by_code = _same((given or "").upper(), code)
    return (by_name and asked.name is not None) or (by_id and asked.id_number is not None) or (by_code and bool(given))


def verified(
    certificate: Certificate, standing: Standing, catalogue: Catalogue, unit: UnitWords, at: datetime, now: datetime
) -> Verified:
    """The answer, without any ID number."""
    return Verified(
        number=certificate.number,
        status=standing.status,
        since=standing.since,
        voided_at=standing.voided_at,
        holder=standing.holder,
        occupation=catalogue.occupation(certificate.occupation),
        level=catalogue.level(certificate.level),
        unit=unit,
        filed_on=certificate.filed_on,
        exam_on=standing.exam_on,
        regime=certificate.regime,
        edition=standing.edition,
        notes=notes(certificate.changes, at),
        as_of=at,
        checked_at=now,
    )


def told_id(answer: Verified, asked: Particulars, holder: Holder) -> Verified:
    """The answer with the masked ID number, for who knows it or holds the paper that it stands on."""
    if not any(getattr(asked, fact, None) for fact in _TELLS_ID):
        return answer
    return answer.model_copy(update={"id_number": mask_id(holder.id_number)})


def notes(changes: Sequence[Change], at: datetime) -> tuple[Note, ...]:
    """The corrections and reissues up to an instant."""
    told = (ChangeKind.CORRECTED, ChangeKind.REISSUED)
    return tuple(
        Note(kind=row.kind, on=local_day(row.at), print_serial=row.print_serial)
        for row in changes
        if row.kind in told and row.at <= at
    )


def nobody(person: str, index: str, now: datetime) -> Certificate:
    """What stands in for a certificate that is not there, so that looking for it takes the same work."""
    blank = dict.fromkeys(("number", "regime", "series", "filing", "unit", "occupation", "standard", "batch"), "")
    return Certificate.model_validate(
        {
            **blank,
            "id": NOBODY,
            "authority": "",
            "serial": 0,
            "status": Status.VALID,
            "level": "",
            "holder": "",
            "person": person,
            "person_index": index,
            "theory": 0,
            "practical": 0,
            "exam_on": local_day(now),
            "filed_on": local_day(now),
            "filed_at": now,
        }
    )


def unknown() -> NotFound:
    """The one answer to everything that does not match, so that nobody can fish for names or numbers."""
    return NotFound("no certificate with these particulars is on file; check them, or ask the issuing body")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _plain(name: str) -> str:
    """A name as people type it: full-width letters, spaces and the dots of transcribed names do not matter."""
    text = unicodedata.normalize("NFKC", name).translate(_DOTS)
    return "".join(text.split()).casefold()
