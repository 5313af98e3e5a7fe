"""What was heard of sites: which says where an exam can be held on a day."""

from collections.abc import Iterator
from datetime import date

from services.assessment.mirrors.domain.mirrored import Mirrored
from shared.errors import Fault, Kind
from shared.events.registry import SiteScope, SiteState


class SiteRefused(Fault):
    """An exam cannot be held at a site on its day; `rule` says why."""

    slug, kind = "site-refused", Kind.CONFLICT


class Site(Mirrored):
    """A site of a unit, as the registry's newest word tells it."""

    unit: str
    name: str
    address: str
    region_code: str
    state: str
    scopes: tuple[SiteScope, ...]
    confirmed_on: date | None
    suspended_on: date | None
    removed_on: date | None

    def stations(self, occupation: str, level: str) -> int:
        """Work stations for a level of an occupation; 0 where it does not fit."""
        fitting = (row.stations for row in self.scopes if row.occupation == occupation and level in row.levels)
        return next(fitting, 0)

    def never_serves(self, unit: str, on: date, field: str) -> Iterator[SiteRefused]:
        """Why no exam of a unit can be held at it that day, whatever becomes of the site."""
        if self.unit != unit:
            yield refused(f"site {self.id} is not yours; name a site of your unit", field, "site-unit")
        elif self.removed_on is not None and self.removed_on <= on:
            yield refused(f"site {self.id} is removed from {self.removed_on}; name another", field, "site-removed")

    def lacks(self, unit: str, occupation: str, level: str, on: date, field: str) -> Iterator[SiteRefused]:
        """Why an exam of a unit cannot be held at it that day, as the site now stands."""
        if never := list(self.never_serves(unit, on, field)):
            yield from never
            return
        if self.suspended_on is not None and self.suspended_on <= on:
            yield refused(
                f"site {self.id} is suspended from {self.suspended_on}; name another", field, "site-suspended"
            )
        if self.confirmed_on is None or self.confirmed_on > on:
            detail = f"site {self.id} is not confirmed by {on}; ask your authority to confirm it, or name another"
            yield refused(detail, field, "site-not-confirmed")
        if not self.stations(occupation, level):
            detail = f"site {self.id} has nothing for {occupation}, level {level}; name another, or change its scopes"
            yield refused(detail, field, "site-scope")


def refused(detail: str, field: str, rule: str) -> SiteRefused:
    """Why a site is refused, and where it is named."""
    return SiteRefused(detail, field=field, rule=rule)


def site_of(said: SiteState, authority: str, sequence: int) -> Site:
    """A site as its newest word tells it."""
    known = said.model_dump(include=set(Site.model_fields))
    return Site(id=said.site, authority=authority, sequence=sequence, **known)
