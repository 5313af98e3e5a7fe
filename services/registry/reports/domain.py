"""The life of an implementation-status report: submitted, returned and submitted again, noted."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import computed_field

from services.registry.plans.domain import Plan
from services.registry.reports.commands import Figures, MendReport, SubmitReport
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import ReportedFigures, ReportEvent, ReportNoted, ReportReturned, ReportSubmitted

Said = TypeVar("Said", bound=ReportEvent)


class State(StrEnum):
    """Where a report stands."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    NOTED = "noted"


class WrongState(Fault):
    """The report is not in a state that allows this."""

    slug, kind = "report-state", Kind.CONFLICT


class WrongFigures(Fault):
    """The figures of an occupation cannot be right."""

    slug, kind = "report-figures", Kind.CONFLICT


class WrongPeriod(Fault):
    """The period is none that can be reported on."""

    slug, kind = "report-period", Kind.CONFLICT


class NotFiled(Fault):
    """The plan was never on file, so there is nothing to report on."""

    slug, kind = "report-plan-not-filed", Kind.CONFLICT


class Compared(ReportedFigures):
    """The figures of one occupation beside what the plan expects of it."""

    @computed_field(description="examined ÷ expected; null when the plan expects nobody")  # type: ignore[prop-decorator]
    @property
    def share(self) -> float | None:
        """How much of the plan the period fulfilled."""
        return round(self.examined / self.expected, 4) if self.expected else None


class Report(Entity):
    """One report on one plan and period."""

    plan: str
    edition: int
    kind: str
    unit: str
    period_from: date
    period_until: date
    state: State
    figures: tuple[Compared, ...]
    problems: str = ""
    measures: str = ""
    experience: str = ""
    text: str = ""
    remarks: str = ""

    def mended(self, asked: MendReport) -> "tuple[Report, Sequence[Event]]":
        """A returned report comes back; it is measured by the same edition of the plan as before."""
        self._must_be(State.RETURNED, "only a returned report can be mended")
        expected = {row.occupation: row.expected for row in self.figures}
        report = self.having(**_content(asked, expected), state=State.SUBMITTED, remarks="")
        return report, [report.saying(ReportSubmitted)]

    def returned(self, remarks: str) -> "tuple[Report, Sequence[Event]]":
        """The Center sends it back."""
        self._must_be(State.SUBMITTED, "only a submitted report can be returned")
        report = self.having(state=State.RETURNED, remarks=remarks)
        return report, [report.saying(ReportReturned)]

    def noted(self, remarks: str) -> "tuple[Report, Sequence[Event]]":
        """The Center takes note of it."""
        self._must_be(State.SUBMITTED, "only a submitted report can be noted")
        report = self.having(state=State.NOTED, remarks=remarks)
        return report, [report.saying(ReportNoted)]

    def saying(self, kind: type[Said]) -> Said:
        """The whole report, as everybody hears it."""
        return kind.model_validate({"report": self.id, **self.model_dump()})

    def _must_be(self, state: State, rule: str) -> None:
        if self.state is not state:
            raise WrongState(f"{rule}; this one is {self.state}")


def submitted(plan: Plan, asked: SubmitReport, today: date) -> tuple[Report, Sequence[Event]]:
    """A new report; plan and period are its identity, so there is one of each."""
    _check_period(plan, asked, today)
    report = Report(
        id=f"report-{plan.id}-{asked.period_from:%Y%m%d}-{asked.period_until:%Y%m%d}",
        authority=plan.authority,
        unit=plan.unit,
        plan=plan.id,
        edition=plan.edition,
        kind=plan.kind,
        period_from=asked.period_from,
        period_until=asked.period_until,
        state=State.SUBMITTED,
        **_content(asked, plan.numbers),
    )
    return report, [report.saying(ReportSubmitted)]


def _check_period(plan: Plan, asked: SubmitReport, today: date) -> None:
    if not plan.edition:
        raise NotFiled(f"plan {plan.id} is {plan.state}; report on it once it is on file", field="/plan")
    if asked.period_until < asked.period_from:
        raise WrongPeriod("the last day lies before the first", field="/period_until")
    if asked.period_until > today:
        raise WrongPeriod(f"it is {today}; report on days that are over or today", field="/period_until")
    if asked.period_from < plan.valid_from:
        raise WrongPeriod(f"the plan begins on {plan.valid_from}; begin no earlier", field="/period_from")
    if asked.period_until > plan.valid_until:
        raise WrongPeriod(f"the plan ends on {plan.valid_until}; end no later", field="/period_until")


def _content(asked: MendReport, expected: Mapping[str, int]) -> dict[str, Any]:
    named: set[str] = set()
    for place, row in enumerate(asked.figures):
        _check_figures(row, expected, named, f"/figures/{place}")
        named.add(row.occupation)
    by_occupation = {row.occupation: row for row in asked.figures}
    nothing = {"examined": 0, "qualified": 0, "certified": 0}
    figures = tuple(
        Compared.model_validate(
            {**nothing, **(by_occupation[name].model_dump() if name in by_occupation else {})}
            | {"occupation": name, "expected": count}
        )
        for name, count in expected.items()
    )
    texts = {name: getattr(asked, name) for name in ("problems", "measures", "experience", "text")}
    return {"figures": figures, **texts}


def _check_figures(row: Figures, expected: Mapping[str, int], named: set[str], pointer: str) -> None:
    if row.occupation not in expected:
        known = ", ".join(sorted(expected))
        raise WrongFigures(f"{row.occupation} is not in the plan; it names: {known}", field=f"{pointer}/occupation")
    if row.occupation in named:
        raise WrongFigures(f"{row.occupation} is named before; add the figures up", field=f"{pointer}/occupation")
    if row.qualified > row.examined:
        raise WrongFigures("more are qualified than were examined", field=f"{pointer}/qualified")
    if row.certified > row.qualified:
        raise WrongFigures("more are certified than are qualified", field=f"{pointer}/certified")
