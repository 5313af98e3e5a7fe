"""Work plans for tests that need no server."""

from datetime import date
from pathlib import Path
from typing import Any

from infra.drive.plans import SECTIONS, sections_for
from services.registry.plans.commands import SubmitPlan
from services.registry.plans.domain import Content, Plan, PlanKind, begun, content_of
from services.registry.plans.storage import sections_in

ALL_SECTIONS = sections_in(Path(SECTIONS))
TODAY = date(2019, 9, 2)


def asked(kind: str = "unit", **changes: Any) -> SubmitPlan:
    """A plan to submit."""
    content = {
        "title": "试点工作方案",
        "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4"], "numbers": 100}],
        "valid_from": "2019-09-01",
        "valid_until": "2020-08-31",
        "sections": sections_for(kind),
    }
    return SubmitPlan.model_validate({**content, **changes})


def content(kind: str = "unit", **changes: Any) -> Content:
    """What a plan holds."""
    return content_of(asked(kind, **changes))


def of(*numbers: tuple[str, int], levels: tuple[str, ...] = ("5", "4")) -> list[dict[str, Any]]:
    """Scopes with the candidates expected in each occupation."""
    return [{"occupation": name, "levels": levels, "numbers": count} for name, count in numbers]


def submitted(name: str = "plan-1", unit: str = "unit-33-001", **changes: Any) -> Plan:
    """A unit plan that waits for the Center."""
    return begun(name, unit, "33", PlanKind.UNIT, content(**changes)).sent()[0]


def overall(**changes: Any) -> Plan:
    """An overall plan on file."""
    plan = begun("plan-overall", "", "33", PlanKind.OVERALL, content("overall", **changes))
    return plan.sent()[0].filed(TODAY)[0]
