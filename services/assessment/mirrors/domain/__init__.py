"""What was heard of units, standards, cards and sites: who may examine what, how, by whom and where."""

from services.assessment.mirrors.domain.cards import Card, CardRefused, card_of
from services.assessment.mirrors.domain.mirrored import Mirrored
from services.assessment.mirrors.domain.sites import Site, SiteRefused, site_of
from services.assessment.mirrors.domain.standards import NoStandard, Standard, edition_for, standard_of
from services.assessment.mirrors.domain.units import (
    LevelOutOfScope,
    NotAuthorised,
    OccupationOutOfScope,
    Suspended,
    Unit,
    unit_of,
)

__all__ = [
    "Card",
    "CardRefused",
    "LevelOutOfScope",
    "Mirrored",
    "NoStandard",
    "NotAuthorised",
    "OccupationOutOfScope",
    "Site",
    "SiteRefused",
    "Standard",
    "Suspended",
    "Unit",
    "card_of",
    "edition_for",
    "site_of",
    "standard_of",
    "unit_of",
]
