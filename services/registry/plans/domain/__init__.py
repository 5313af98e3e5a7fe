"""The rules of work plans: what one holds, how it lives, and how unit plans fit into an overall plan."""

from services.registry.plans.domain.content import (
    Content,
    IncompletePlan,
    Offered,
    OutsideStandards,
    PlanKind,
    Planned,
    RepeatedScope,
    Section,
    WrongPeriod,
    check,
    check_sections,
    content_of,
)
from services.registry.plans.domain.frame import (
    Claim,
    LeavesOutside,
    NoOverallPlan,
    OutsideOverallPlan,
    Share,
    claim_of,
    must_contain,
)
from services.registry.plans.domain.life import Plan, begun
from services.registry.plans.domain.states import (
    IN_FORCE,
    FiledEdition,
    OverallPlanStanding,
    OverallPlanUsed,
    State,
    WrongState,
)

__all__ = [
    "IN_FORCE",
    "Claim",
    "Content",
    "FiledEdition",
    "IncompletePlan",
    "LeavesOutside",
    "NoOverallPlan",
    "Offered",
    "OutsideOverallPlan",
    "OutsideStandards",
    "OverallPlanStanding",
    "OverallPlanUsed",
    "Plan",
    "PlanKind",
    "Planned",
    "RepeatedScope",
    "Section",
    "Share",
    "State",
    "WrongPeriod",
    "WrongState",
    "begun",
    "check",
    "check_sections",
    "claim_of",
    "content_of",
    "must_contain",
]
