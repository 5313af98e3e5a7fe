"""The cycle that the tests of evaluation run in, and what makes it."""

from typing import Any

from services.evaluation.cycles.commands import Window
from services.evaluation.cycles.domain import Cycle, Stage, Term, laid_out, next_moment
from services.evaluation.cycles.storage import stages_in
from tests.evaluation.examples import DATA, FRIDAY
from tests.live import Running

STAGES: tuple[Stage, ...] = stages_in(DATA / "stages.json")
WINDOWS = {
    "launch": {"opens": "2019-08-01", "closes": "2019-09-30"},
    "acceptance": {"opens": "2019-09-02", "closes": "2020-12-31"},
    "summary": {"opens": "2020-12-01", "closes": "2021-01-31"},
}
"""Acceptance is open whenever the tests of evaluations are."""
CYCLE: dict[str, Any] = {
    "cycle": "2019",
    "name_zh": "2019年度试点",
    "name_en": "Pilot of 2019",
    "basis": "建办人函〔2019〕491号",
    "windows": WINDOWS,
}


async def on_file(service: Running, cycle: str = "2019", **windows: dict[str, str]) -> dict[str, Any]:
    """A cycle the Center has made, with these windows in place of the usual ones."""
    body = {**CYCLE, "cycle": cycle, "windows": {**WINDOWS, **windows}}
    answer = await service.http.post("/v1/cycles", json=body, headers=service.token("center"))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def laid(windows: dict[str, Window], stages: tuple[Stage, ...] = STAGES) -> Cycle:
    """A cycle with these windows, as it is made."""
    terms: tuple[Term, ...] = laid_out(windows, stages, 2019)
    return Cycle(
        id="2019",
        authority="national",
        name_zh="试点",
        name_en="Pilot",
        year=2019,
        basis="通知",
        stages=terms,
        made_by="center",
        made_on=FRIDAY,
        next_at=next_moment(terms),
    )
