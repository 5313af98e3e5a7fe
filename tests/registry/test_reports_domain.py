"""Reports on filed plans, without a server: figures that can be right, and what becomes of a report."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.plans.domain import Plan
from services.registry.reports.commands import MendReport, SubmitReport
from services.registry.reports.domain import NotFiled, Report, State, WrongFigures, WrongPeriod, WrongState, submitted
from shared.errors import Fault
from shared.events.registry import ReportNoted, ReportReturned, ReportSubmitted
from tests.registry import planning

TODAY = date(2019, 12, 2)
FIGURES = {"occupation": "rebar_worker", "examined": 40, "qualified": 31, "certified": 30}


def plan() -> Plan:
    scopes = planning.of(("rebar_worker", 80), ("mason", 20))
    return planning.submitted(scopes=scopes).filed(planning.TODAY)[0]


def asked(**changes: Any) -> SubmitReport:
    content = {"plan": "plan-1", "period_from": "2019-09-01", "period_until": "2019-11-30", "figures": [FIGURES]}
    return SubmitReport.model_validate({**content, **changes})


def report() -> Report:
    return submitted(plan(), asked(), TODAY)[0]


def test_a_report_shows_its_figures_beside_what_the_plan_expects() -> None:
    made, (event,) = submitted(plan(), asked(problems="场地不足"), TODAY)
    assert isinstance(event, ReportSubmitted)
    assert [(row.occupation, row.expected, row.examined, row.share) for row in made.figures] == [
        ("rebar_worker", 80, 40, 0.5),
        ("mason", 20, 0, 0.0),
    ]
    assert (event.edition, event.kind, event.problems) == (1, "unit", "场地不足")
    assert made.model_dump()["figures"][0]["share"] == 0.5
    assert Report.model_validate(made.model_dump()) == made


def test_plan_and_period_are_the_reports_identity() -> None:
    assert report().id == submitted(plan(), asked(text="another"), TODAY)[0].id
    assert report().id != submitted(plan(), asked(period_until="2019-11-29"), TODAY)[0].id


@pytest.mark.parametrize(
    ("changes", "fault", "field"),
    [
        ({"period_until": "2019-08-31"}, WrongPeriod, "/period_until"),
        ({"period_until": "2019-12-03"}, WrongPeriod, "/period_until"),
        ({"period_from": "2019-08-31"}, WrongPeriod, "/period_from"),
        ({"figures": [{**FIGURES, "occupation": "plumber"}]}, WrongFigures, "/figures/0/occupation"),
        ({"figures": [FIGURES, FIGURES]}, WrongFigures, "/figures/1/occupation"),
        ({"figures": [{**FIGURES, "qualified": 41}]}, WrongFigures, "/figures/0/qualified"),
        ({"figures": [{**FIGURES, "certified": 32}]}, WrongFigures, "/figures/0/certified"),
    ],
)
def test_what_cannot_be_right_is_refused_with_the_field(
    changes: dict[str, Any], fault: type[Fault], field: str
) -> None:
    with pytest.raises(fault) as refused:
        submitted(plan(), asked(**changes), TODAY)
    assert refused.value.field == field


def test_a_period_that_outlasts_the_plan_is_refused() -> None:
    with pytest.raises(WrongPeriod, match="2020-08-31"):
        submitted(plan(), asked(period_until="2020-09-01"), date(2021, 1, 1))


def test_there_is_nothing_to_report_on_a_plan_that_was_never_filed() -> None:
    with pytest.raises(NotFiled):
        submitted(planning.submitted(), asked(), TODAY)


STEPS: dict[str, Callable[[Report], tuple[Report, Any]]] = {
    "mend": lambda found: found.mended(MendReport.model_validate({"figures": [FIGURES]})),
    "return": lambda found: found.returned("remarks"),
    "note": lambda found: found.noted("remarks"),
}
ALLOWED = {
    (State.SUBMITTED, "return"): (State.RETURNED, ReportReturned),
    (State.SUBMITTED, "note"): (State.NOTED, ReportNoted),
    (State.RETURNED, "mend"): (State.SUBMITTED, ReportSubmitted),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_no_order_of_commands_reaches_a_state_the_rules_forbid(steps: list[str]) -> None:
    found = report()
    for step in steps:
        if (found.state, step) not in ALLOWED:
            with pytest.raises(WrongState):
                STEPS[step](found)
            continue
        state, kind = ALLOWED[found.state, step]
        found, (event,) = STEPS[step](found)
        assert (found.state, type(event), event.remarks) == (state, kind, "" if step == "mend" else "remarks")
        assert [row.expected for row in found.figures] == [80, 20]
