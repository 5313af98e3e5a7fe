"""The rules of standards: what an edition must say, its life, and what differs between two of them."""

from services.registry.standards.domain.content import (
    Demand,
    LevelNotOffered,
    Measure,
    Repeated,
    UnknownOccupation,
    WrongCondition,
    WrongPart,
    check,
)
from services.registry.standards.domain.difference import Change, difference, facts
from services.registry.standards.domain.edition import (
    Standard,
    State,
    WrongDay,
    WrongState,
    drafted,
    in_force,
    occupations,
    successions,
)

__all__ = [
    "Change",
    "Demand",
    "LevelNotOffered",
    "Measure",
    "Repeated",
    "Standard",
    "State",
    "UnknownOccupation",
    "WrongCondition",
    "WrongDay",
    "WrongPart",
    "WrongState",
    "check",
    "difference",
    "drafted",
    "facts",
    "in_force",
    "occupations",
    "successions",
]
