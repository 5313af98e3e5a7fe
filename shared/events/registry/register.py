"""What the registry says of units as organisations: registered, changed, merged, closed; each carries all of it."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


class Affiliation(Record):
    """A line a unit stands in: a province, the corps, or a central enterprise."""

    authority: str = Field(description="authority code", examples=["33"])
    since: date | None = Field(default=None, description="first day; null: since before this was recorded")
    until: date | None = Field(default=None, description="last day; null: until further notice")

    def covers(self, on: date) -> bool:
        """Whether it is in force that day."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


class FormerName(Record):
    """A name that an organisation bore before."""

    name: str = Field(description="Chinese name")
    name_en: str = Field(default="", description="English name")
    until: date = Field(description="last day of this name")


class IssuerCode(Record):
    """A unit's code in the certificate numbers of one regime."""

    regime: str = Field(description="appraisal or recognition", examples=["appraisal"])
    code: str = Field(description="8 digits (appraisal) or 13 characters (recognition)", examples=["99002001"])


class OrganisationState(Event):
    """Everything a hearer must know of a unit as an organisation; what it may examine is said by `registry.unit.*`."""

    unit: str = Field(description="id of the unit", examples=["unit-33-001"])
    name: str = Field(description="Chinese name")
    name_en: str = Field(default="", description="English name")
    former_names: tuple[FormerName, ...] = Field(default=(), description="names before this one, oldest first")
    affiliations: tuple[Affiliation, ...] = Field(description="lines, past and to come ones too; the first is its own")
    uscc: str = Field(default="", description="unified social credit code, GB 32100-2015; empty when not known")
    uscc_by_document: bool = Field(
        default=False, description="the code fails its check digit and was verified by a document"
    )
    issuer_codes: tuple[IssuerCode, ...] = Field(default=(), description="codes in certificate numbers, one per regime")
    region_code: str = Field(default="", description="GB/T 2260 code of its seat, six digits; empty when not known")
    closed_on: date | None = Field(default=None, description="first day on which it is closed, or null")
    successor: str = Field(default="", description="id of the unit it was merged into; empty when it was not")
    on: date = Field(description="first day on which what this event tells holds, Asia/Shanghai")
    reason: str = Field(default="", description="why; empty when none was asked for")


class OrganisationRegistered(OrganisationState):
    """A unit is on the register."""

    type: ClassVar[str] = "registry.organisation.registered.v1"


class OrganisationChanged(OrganisationState):
    """A unit's name, codes, office or lines changed."""

    type: ClassVar[str] = "registry.organisation.changed.v1"


class OrganisationMerged(OrganisationState):
    """A unit is merged into its successor; `registry.organisation.closed` is said beside it."""

    type: ClassVar[str] = "registry.organisation.merged.v1"


class OrganisationClosed(OrganisationState):
    """A unit is closed from `on`, merged or not; what it has filed stays with it."""

    type: ClassVar[str] = "registry.organisation.closed.v1"
