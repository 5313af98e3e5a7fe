"""The Center, the authorities and their pilot units; what a unit may examine is its standing, a room of its own."""

from enum import StrEnum

from shared.entity import Entity


class OrganisationKind(StrEnum):
    """What an organisation is in the notice's order."""

    CENTER = "center"
    PROVINCIAL_AUTHORITY = "provincial_authority"
    CENTRAL_SOE = "central_soe"
    UNIT = "unit"


class Organisation(Entity):
    """One organisation; for a unit, `unit` is its own id."""

    unit: str | None
    kind: OrganisationKind
    name: str
    name_en: str
    example: bool
    uscc: str = ""
    issuer_code: str = ""
