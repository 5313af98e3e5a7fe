"""Where a plan can stand, its amendment, and an edition as it was filed."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from services.registry.plans.domain.content import Content, PlanKind
from shared.entity import Entity
from shared.errors import Fault, Kind


class State(StrEnum):
    """Where a plan, or the amendment of a filed one, stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    FILED = "filed"
    """Its first edition is on file."""
    AMENDED = "amended"
    """A later edition is on file."""
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


IN_FORCE = (State.FILED, State.AMENDED)
OVER = (State.EXPIRED, State.WITHDRAWN)


class WrongState(Fault):
    """The plan is not in a state that allows this."""

    slug, kind = "plan-state", Kind.CONFLICT


class OverallPlanUsed(Fault):
    """Unit plans on file rest on the overall plan."""

    slug, kind = "overall-plan-used", Kind.CONFLICT


class OverallPlanStanding(Fault):
    """The authority has another overall plan in force; there is one at a time."""

    slug, kind = "overall-plan-standing", Kind.CONFLICT


class Amendment(Content):
    """What is to become the next edition; the edition on file stays in force until then."""

    state: State
    remarks: str = ""
    section_remarks: dict[str, str] = Field(default={})


class FiledEdition(Entity, Content):
    """One edition as it was filed; it never changes."""

    plan: str
    kind: PlanKind
    unit: str
    edition: int
    filed_on: date | None
