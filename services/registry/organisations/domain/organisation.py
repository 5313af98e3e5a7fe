"""The Center, the authorities and their pilot units; what a unit may examine is its standing, a room of its own."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from services.registry.organisations.commands import Office, Proof
from shared.entity import Entity
from shared.events.base import Record
from shared.events.registry import Affiliation, FormerName


class OrganisationKind(StrEnum):
    """What an organisation is in the notice's order."""

    CENTER = "center"
    PROVINCIAL_AUTHORITY = "provincial_authority"
    CENTRAL_SOE = "central_soe"
    UNIT = "unit"


class Happened(Record):
    """One thing that was done to an organisation or a site."""

    at: datetime = Field(description="instant, UTC")
    actor: str = Field(description="subject of whoever asked, or `system`")
    what: str = Field(examples=["renamed"])
    reason: str = ""


class Organisation(Entity):
    """One organisation; for a unit, `unit` is its own id."""

    unit: str | None
    kind: OrganisationKind
    name: str
    name_en: str
    example: bool
    uscc: str = ""
    issuer_code: str = ""
    issuer_codes: dict[str, str] = Field(default_factory=dict)
    uscc_proof: Proof | None = None
    region_code: str = ""
    office: Office = Office()
    contact: str = Field(default="", description="sealed name and phone of the contact person, bound to the id")
    contact_masked: str = ""
    affiliations: tuple[Affiliation, ...] = ()
    former_names: tuple[FormerName, ...] = ()
    closed_on: date | None = None
    successor: str = ""
    history: tuple[Happened, ...] = ()

    def is_open(self, on: date) -> bool:
        """Whether it may submit anything that day."""
        return self.closed_on is None or on < self.closed_on

    def lines(self) -> tuple[Affiliation, ...]:
        """Every line it stood, stands or will stand in; one that nothing was recorded of stands in its own."""
        return self.affiliations or (Affiliation(authority=self.authority),)

    def lines_on(self, on: date) -> frozenset[str]:
        """The authorities it stands under that day."""
        return frozenset(line.authority for line in self.lines() if line.covers(on))

    def name_on(self, on: date) -> FormerName | None:
        """The former name it bore that day, or None when it bore its present one."""
        return next((former for former in self.former_names if on <= former.until), None)

    def code_of(self, regime: str) -> str:
        """Its code in certificate numbers of a regime; empty when it has none."""
        return self.issuer_codes.get(regime) or (self.issuer_code if regime == "appraisal" else "")
