"""The life of a unit on the register: registered, changed, renamed, affiliated, merged, closed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from services.registry.organisations.commands import (
    Affiliate,
    CloseOrganisation,
    EndAffiliation,
    MergeOrganisation,
    RegisterUnit,
    RenameOrganisation,
)
from services.registry.organisations.domain.organisation import Happened, Organisation, OrganisationKind
from shared.errors import Fault, Kind
from shared.events.base import Event, Record
from shared.events.registry import (
    Affiliation,
    FormerName,
    IssuerCode,
    OrganisationChanged,
    OrganisationClosed,
    OrganisationMerged,
    OrganisationRegistered,
    OrganisationState,
)

S = TypeVar("S", bound=OrganisationState)
Decided = tuple[Organisation, Sequence[Event]]
A_DAY = timedelta(days=1)


class NotAUnit(Fault):
    """Only units are registered, changed and closed; the Center and the authorities are named by the notice."""

    slug, kind = "not-a-unit", Kind.CONFLICT


class OrganisationIsClosed(Fault):
    """The organisation is closed; nothing can be changed or submitted any more."""

    slug, kind = "organisation-closed", Kind.CONFLICT


class WrongAffiliation(Fault):
    """The unit cannot stand in these lines on these days."""

    slug, kind = "affiliation", Kind.CONFLICT


class OtherLine(Fault):
    """The unit does not stand in this line."""

    slug, kind = "other-line", Kind.CONFLICT


class WrongDay(Fault):
    """The day does not fit what is recorded."""

    slug, kind = "organisation-day", Kind.CONFLICT


class WrongMerger(Fault):
    """These two units cannot be merged."""

    slug, kind = "merger", Kind.CONFLICT


class By(Record):
    """Who does something, and when."""

    at: datetime
    actor: str
    today: date


def registered(identity: str, asked: RegisterUnit, by: By, contact: tuple[str, str] = ("", "")) -> Decided:
    """A new unit under its first line; `contact` is sealed and masked."""
    unit = Organisation(
        id=identity,
        authority=asked.authority,
        unit=identity,
        kind=OrganisationKind.UNIT,
        name=asked.name,
        name_en=asked.name_en,
        example=False,
        uscc=asked.uscc,
        uscc_proof=asked.uscc_proof if asked.uscc else None,
        issuer_codes=dict(asked.issuer_codes),
        issuer_code=asked.issuer_codes.get("appraisal", ""),
        region_code=asked.region_code,
        office=asked.office,
        contact=contact[0],
        contact_masked=contact[1],
        affiliations=(Affiliation(authority=asked.authority, since=asked.since or by.today),),
    )
    unit = _noted(unit, by, "registered", "")
    return unit, [state(unit, OrganisationRegistered, asked.since or by.today)]


def changed(unit: Organisation, by: By, reason: str, changes: dict[str, Any]) -> Decided:
    """Other fields than its name and lines; the codes are checked before."""
    must_be_open(unit, by.today)
    new = unit.having(**changes)
    if new == unit:
        return unit, []
    new = new.having(issuer_code=new.issuer_codes.get("appraisal", unit.issuer_code))
    # what a field was before is kept, but for the sealed contact: the history is shown
    shown = [name for name in sorted(changes) if not name.startswith("contact")]
    before = "; ".join(f"{name} was {_told(unit, name)}" for name in shown)
    new = _noted(new, by, "changed", f"{reason} ({before})" if before else reason)
    return new, [state(new, OrganisationChanged, by.today, reason)]


def renamed(unit: Organisation, asked: RenameOrganisation, by: By) -> Decided:
    """A new name from a day on that has come; the former is kept with its last day."""
    must_be_open(unit, by.today)
    if asked.since > by.today:
        raise WrongDay("record a name once it is borne: since is today or before", field="/since")
    if unit.former_names and asked.since <= unit.former_names[-1].until + A_DAY:
        last = unit.former_names[-1].until
        raise WrongDay(f"the present name is borne since {last + A_DAY}; a next one begins later", field="/since")
    former = FormerName(name=unit.name, name_en=unit.name_en, until=asked.since - A_DAY)
    new = unit.having(name=asked.name, name_en=asked.name_en, former_names=(*unit.former_names, former))
    new = _noted(new, by, "renamed", asked.reason)
    return new, [state(new, OrganisationChanged, asked.since, asked.reason)]


def affiliated(unit: Organisation, asked: Affiliate, by: By) -> Decided:
    """One more line from a day on."""
    must_be_open(unit, asked.since)
    lines = unit.lines()
    if any(line.authority == asked.authority and (line.until is None or asked.since <= line.until) for line in lines):
        raise WrongAffiliation("it stands or will stand in this line already", field="/authority")
    new = unit.having(affiliations=(*lines, Affiliation(authority=asked.authority, since=asked.since)))
    new = _noted(new, by, "affiliated", f"{asked.authority} since {asked.since}: {asked.reason}")
    return new, [state(new, OrganisationChanged, asked.since, asked.reason)]


def affiliation_ended(unit: Organisation, asked: EndAffiliation, by: By) -> Decided:
    """A line ends with its last day; an open unit never stands in none."""
    must_be_open(unit, by.today)
    lines = unit.lines()
    place = next((at for at, line in enumerate(lines) if line.authority == asked.authority and line.until is None), -1)
    if place < 0:
        raise WrongAffiliation("it stands in no such line that could end", field="/authority")
    since = lines[place].since
    if since is not None and asked.until < since:
        raise WrongDay(f"the line began on {since}", field="/until")
    ended = (*lines[:place], lines[place].model_copy(update={"until": asked.until}), *lines[place + 1 :])
    if not _always_in_a_line(ended, asked.until + A_DAY):
        raise WrongAffiliation(
            "it would stand in no line; affiliate it elsewhere first, or close it", field="/until", rule="affiliation"
        )
    new = _noted(unit.having(affiliations=ended), by, "affiliation ended", f"{asked.authority}: {asked.reason}")
    return new, [state(new, OrganisationChanged, asked.until, asked.reason)]


def merged(unit: Organisation, into: Organisation, asked: MergeOrganisation, by: By) -> Decided:
    """It closes from that day and names its successor; its plans and certificates stay with it."""
    must_be_open(unit, None)
    if into.id == unit.id or into.kind is not OrganisationKind.UNIT:
        raise WrongMerger("a unit is merged into another unit", field="/into")
    if into.closed_on is not None:
        raise WrongMerger(f"{into.id} is closed from {into.closed_on}; name its successor", field="/into")
    told = f"into {into.id} from {asked.on}: {asked.reason}"
    new = _noted(unit.having(closed_on=asked.on, successor=into.id), by, "merged", told)
    return new, [state(new, kind, asked.on, asked.reason) for kind in (OrganisationMerged, OrganisationClosed)]


def closed(unit: Organisation, asked: CloseOrganisation, by: By) -> Decided:
    """No unit any more from that day on; its history stays."""
    must_be_open(unit, None)
    new = _noted(unit.having(closed_on=asked.on), by, "closed", f"from {asked.on}: {asked.reason}")
    return new, [state(new, OrganisationClosed, asked.on, asked.reason)]


def contact_shown(unit: Organisation, reason: str, by: By) -> Decided:
    """The contact person was shown in clear; nobody else is told. Where none is known, nothing was shown."""
    return (_noted(unit, by, "contact shown", reason), []) if unit.contact else (unit, [])


def state(unit: Organisation, kind: type[S], on: date, reason: str = "") -> S:
    """The event that tells the whole organisation."""
    return kind(
        unit=unit.id,
        name=unit.name,
        name_en=unit.name_en,
        former_names=unit.former_names,
        affiliations=unit.lines(),
        uscc=unit.uscc,
        uscc_by_document=unit.uscc_proof is not None,
        issuer_codes=tuple(IssuerCode(regime=regime, code=code) for regime, code in unit.issuer_codes.items()),
        region_code=unit.region_code,
        closed_on=unit.closed_on,
        successor=unit.successor,
        on=on,
        reason=reason,
    )


def must_be_open(unit: Organisation, on: date | None) -> None:
    """Refuse what is no unit, and what is closed that day; without a day, what is ever to be closed."""
    if unit.kind is not OrganisationKind.UNIT:
        raise NotAUnit(f"{unit.id} is not a unit")
    if unit.closed_on is not None and (on is None or not unit.is_open(on)):
        after = f"; its successor is {unit.successor}" if unit.successor else ""
        raise OrganisationIsClosed(f"{unit.id} is closed from {unit.closed_on}{after}")


def must_stand_in(unit: Organisation, authority: str, on: date) -> None:
    """Refuse a unit that does not stand in a line that day."""
    if authority not in unit.lines_on(on):
        detail = f"{unit.id} does not stand in the line {authority} on {on}; ask the Center to affiliate it"
        raise OtherLine(detail, rule="affiliation")


def _always_in_a_line(lines: Sequence[Affiliation], start: date) -> bool:
    """Whether some line covers every day from `start` on."""
    day = start
    while covering := [line for line in lines if line.covers(day)]:
        if any(line.until is None for line in covering):
            return True
        day = max(line.until for line in covering if line.until is not None) + A_DAY
    return False


def _noted(unit: Organisation, by: By, what: str, reason: str) -> Organisation:
    return unit.having(history=(*unit.history, Happened(at=by.at, actor=by.actor, what=what, reason=reason)))


def _told(unit: Organisation, name: str) -> str:
    value = getattr(unit, name)
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items() if item) or "empty"
    return str(value or "empty")
