"""Sites: their life, what they may name, and their equipment ledger."""

from services.registry.sites.domain.ledger import Equipment, WrongLedger, equipment
from services.registry.sites.domain.site import NotFit, Site, State, WrongSiteState, registered
from services.registry.sites.domain.terms import Offered, SiteOutsideStandards, WrongConditions, check

__all__ = [
    "Equipment",
    "NotFit",
    "Offered",
    "Site",
    "SiteOutsideStandards",
    "State",
    "WrongConditions",
    "WrongLedger",
    "WrongSiteState",
    "check",
    "equipment",
    "registered",
]
