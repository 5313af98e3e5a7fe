"""The Center, the authorities and their pilot units; a unit's standing says what it may examine, and when."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from shared.entity import Entity
from shared.events.base import Event
from shared.events.registry import PlanFiled, Scope, Standing, UnitAuthorised, UnitSuspended


class OrganisationKind(StrEnum):
    """What an organisation is in the notice's order."""

    CENTER = "center"
    PROVINCIAL_AUTHORITY = "provincial_authority"
    CENTRAL_SOE = "central_soe"
    UNIT = "unit"


class Refusal(StrEnum):
    """Why a result of a unit cannot be filed; each slug is stable."""

    UNIT_NOT_AUTHORISED = "unit-not-authorised"
    UNIT_SUSPENDED = "unit-suspended"
    OCCUPATION_OUT_OF_SCOPE = "occupation-out-of-scope"
    LEVEL_OUT_OF_SCOPE = "level-out-of-scope"


class Organisation(Entity):
    """One organisation; for a unit, `unit` is its own id and the fields below tell its standing."""

    unit: str | None
    kind: OrganisationKind
    name: str
    name_en: str
    example: bool
    uscc: str = ""
    issuer_code: str = ""
    issuer_codes: Mapping[str, str] = {}
    """Code of the issuing body in certificate numbers, by regime."""
    plan: str = ""
    scopes: tuple[Scope, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    suspended_on: date | None = None
    reason: str = ""

    def authorised(self, filed: PlanFiled) -> "tuple[Organisation, Sequence[Event]]":
        """A filed plan gives the unit its scopes; a suspension stays until it is lifted."""
        if filed.plan == self.plan:
            return self, []
        unit = self.having(
            plan=filed.plan, scopes=filed.scopes, valid_from=filed.valid_from, valid_until=filed.valid_until
        )
        return unit, [unit.standing(UnitAuthorised if unit.suspended_on is None else UnitSuspended)]

    def suspended(self, on: date, reason: str) -> "tuple[Organisation, Sequence[Event]]":
        """No standing from that day on; a unit already suspended stays so from its first day."""
        if self.suspended_on is not None and self.suspended_on <= on:
            return self, []
        unit = self.having(suspended_on=on, reason=reason)
        return unit, [unit.standing(UnitSuspended)]

    def standing(self, kind: type[Standing]) -> Standing:
        """The whole standing, so that a hearer needs no earlier event."""
        return kind(
            unit=self.id,
            name=self.name,
            plan=self.plan,
            scopes=self.scopes,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            suspended_on=self.suspended_on,
            reason=self.reason,
        )

    def refuses(self, occupation: str, level: str, exam_on: date, today: date) -> tuple[Refusal, str] | None:
        """Why a result of that exam cannot be filed today, or None."""
        if self.suspended_on is not None and self.suspended_on <= today:
            return Refusal.UNIT_SUSPENDED, f"the unit is suspended since {self.suspended_on}: {self.reason}"
        if self.valid_from is None or self.valid_until is None:
            return Refusal.UNIT_NOT_AUTHORISED, "the unit has no filed plan"
        if not self.valid_from <= exam_on <= self.valid_until:
            days = f"{self.valid_from} to {self.valid_until}"
            return Refusal.UNIT_NOT_AUTHORISED, f"the exam was on {exam_on}, the filed plan holds {days}"
        return self._beyond_scope(occupation, level)

    def _beyond_scope(self, occupation: str, level: str) -> tuple[Refusal, str] | None:
        levels = {scope.occupation: scope.levels for scope in self.scopes}
        if occupation not in levels:
            return Refusal.OCCUPATION_OUT_OF_SCOPE, f"{occupation} is not in the filed plan"
        if level not in levels[occupation]:
            return Refusal.LEVEL_OUT_OF_SCOPE, f"level {level} of {occupation} is not in the filed plan"
        return None
