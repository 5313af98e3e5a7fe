"""Windows of stages and extensions against a plain model of them, day by day."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import TypeAdapter, ValidationError

from services.evaluation.cycles.commands import ChangeWindows, CycleCode, GrantExtension, MakeCycle, Window
from services.evaluation.cycles.domain import (
    Cycle,
    ExtensionRefused,
    NoticeStage,
    OutsideTheWindow,
    StagesOutOfOrder,
    StageUnknown,
    WindowBegun,
    WindowTurned,
)
from services.evaluation.evaluations.handlers import APPLY, SELF_CHECK
from shared.errors import Fault
from shared.events.base import Event
from shared.events.evaluation import StageClosed, StageOpened
from shared.rulebook import Rulebook
from shared.workdays import start_of_day
from tests.evaluation.cycles import STAGES, laid
from tests.evaluation.examples import DATA

FIRST = date(2019, 1, 1)
MOST_DAYS = 60
ONE_DAY = timedelta(days=1)
ACTS = ["self_check", "apply", "report"]
LAUNCH, ACCEPTANCE, SUMMARY = (stage.id for stage in STAGES)


def day(number: int) -> date:
    return FIRST + number * ONE_DAY


def noon(on: date) -> datetime:
    return start_of_day(on) + timedelta(hours=12)


def window(opens: int, closes: int) -> Window:
    return Window(opens=day(opens), closes=day(closes))


def usual() -> dict[str, Window]:
    """Launch on days 10 to 40, acceptance 30 to 60, summary 50 to 60."""
    return {LAUNCH: window(10, 40), ACCEPTANCE: window(30, 60), SUMMARY: window(50, 60)}


def told_until(cycle: Cycle, now: datetime) -> tuple[Cycle, list[Event]]:
    told, events = cycle.announced(now)
    return told, list(events)


def named(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.type.split(".")[2], event.stage) for event in events if isinstance(event, StageOpened | StageClosed)]


# -- examples ------------------------------------------------------------------------------------------


def test_the_stages_of_the_data_file_are_those_the_notice_dates() -> None:
    dated = Rulebook.load(DATA / "rules.json").value("cycle.stages", tuple[NoticeStage, ...], on=date(2019, 9, 27))
    assert [stage.id for stage in STAGES] == [stage.id for stage in dated]
    laid({stage.id: Window(opens=stage.opens, closes=stage.closes) for stage in dated})


def test_what_the_handlers_ask_about_is_allowed_by_some_stage_under_that_name() -> None:
    assert {act for stage in STAGES for act in stage.allows} == {SELF_CHECK, APPLY, "report"} == set(ACTS)


def test_what_is_allowed_on_the_first_and_the_last_day_and_on_no_other() -> None:
    cycle = laid(usual())
    for on in (30, 45, 60):
        cycle.must_allow("apply", day(on))
    for on in (29, 61):
        with pytest.raises(OutsideTheWindow):
            cycle.must_allow("apply", day(on))


def test_a_refusal_names_the_window_the_rule_and_what_to_do() -> None:
    cycle = laid(usual())
    with pytest.raises(OutsideTheWindow, match=r"acceptance \(评估验收\) 2019-01-31 to 2019-03-02.*wait") as early:
        cycle.must_allow("apply", day(5))
    assert early.value.rule == "stages.acceptance.allows.apply"
    with pytest.raises(OutsideTheWindow, match="the Center can record an extension, the last one ended on 2019-03-07"):
        cycle.must_allow("apply", day(66), extended_until=day(65))
    with pytest.raises(OutsideTheWindow, match="no stage of the cycle 2019 allows dancing"):
        cycle.must_allow("dancing", day(45))


def test_windows_are_refused_that_are_turned_missing_unknown_disordered_or_of_another_year() -> None:
    bad: list[tuple[dict[str, Window], type[Fault], str]] = [
        ({**usual(), SUMMARY: window(50, 49)}, WindowTurned, "/windows/summary/closes"),
        ({LAUNCH: window(10, 40), SUMMARY: window(50, 60)}, StageUnknown, "/windows/acceptance"),
        ({**usual(), "party": window(50, 60)}, StageUnknown, "/windows/party"),
        ({**usual(), ACCEPTANCE: window(9, 60)}, StagesOutOfOrder, "/windows/acceptance"),
        ({**usual(), SUMMARY: window(50, 59)}, StagesOutOfOrder, "/windows/summary"),
        ({**usual(), LAUNCH: window(-1, 40)}, StagesOutOfOrder, "/windows"),
    ]
    for windows, fault, field in bad:
        with pytest.raises(fault) as refused:
            laid(windows)
        assert refused.value.field == field


@pytest.mark.parametrize("code", ["19", "2019-2", "2019B", "2019 ", "２０１９", "20191"])
def test_a_cycle_is_named_by_its_year_and_at_most_a_letter(code: str) -> None:
    reader: TypeAdapter[str] = TypeAdapter(CycleCode)
    with pytest.raises(ValidationError):
        reader.validate_python(code)
    assert [reader.validate_python(good) for good in ("2019", "2019b")] == ["2019", "2019b"]


def test_what_changed_is_recorded_with_reason_and_person_and_the_same_again_changes_nothing() -> None:
    cycle, _ = laid(usual()).moved({SUMMARY: window(55, 70), LAUNCH: window(10, 40)}, "台风", "li", noon(day(45)))
    (change,) = cycle.changes
    assert (change.stage, change.opened, change.closed, change.opens, change.closes) == (
        SUMMARY, day(50), day(60), day(55), day(70),
    )  # fmt: skip
    assert (change.reason, change.changed_by, change.changed_on) == ("台风", "li", day(45))
    again, events = cycle.moved({SUMMARY: window(55, 70)}, "again", "li", noon(day(45)))
    assert again is cycle
    assert list(events) == []


def test_a_window_whose_opening_or_closing_was_announced_is_held_to_it_whatever_a_slower_clock_says() -> None:
    opened, _ = told_until(laid(usual()), noon(day(30)))
    with pytest.raises(WindowBegun, match="keep 2019-01-31"):
        opened.moved({ACCEPTANCE: window(32, 60)}, "later", "li", noon(day(29)))
    closed, _ = told_until(laid(usual()), noon(day(61)))
    with pytest.raises(WindowBegun, match="was over on 2019-03-02"):
        closed.moved({ACCEPTANCE: window(30, 70)}, "longer", "li", noon(day(60)))


def test_stages_that_passed_while_nobody_looked_are_announced_in_their_order() -> None:
    told, events = told_until(laid(usual()), noon(day(100)))
    assert named(events) == [
        ("opened", LAUNCH), ("opened", ACCEPTANCE), ("closed", LAUNCH), ("opened", SUMMARY), ("closed", ACCEPTANCE),
        ("closed", SUMMARY),
    ]  # fmt: skip
    assert told.next_at is None


def test_a_window_begins_and_ends_at_midnight_in_shanghai() -> None:
    before, none = told_until(laid(usual()), start_of_day(day(10)) - timedelta(milliseconds=1))
    assert none == []
    opened, events = told_until(before, start_of_day(day(10)))
    assert named(events) == [("opened", LAUNCH)]
    assert opened.next_at == start_of_day(day(30))


def test_an_extension_is_of_something_the_cycle_has_after_its_window_and_within_the_limit() -> None:
    cycle = laid(usual())
    cycle.must_extend("apply", day(61), day(40), MOST_DAYS)
    cycle.must_extend("apply", day(120), day(100), MOST_DAYS)
    bad = [
        ("dancing", 61, 40, "/act"),
        ("apply", 60, 40, "/until"),
        ("apply", 29, 20, "/until"),
        ("apply", 70, 71, "/until"),
        ("apply", 121, 100, "/until"),
    ]
    for act, until, today, field in bad:
        with pytest.raises(ExtensionRefused) as refused:
            cycle.must_extend(act, day(until), day(today), MOST_DAYS)
        assert refused.value.field == field


def test_an_id_number_in_a_reason_or_a_name_is_masked() -> None:
    number = "110105188912310021"
    asked: dict[str, Any] = MakeCycle.model_json_schema()["examples"][0]
    made = MakeCycle.model_validate({**asked, "name_zh": f"试点 {number}", "basis": number})
    moved = ChangeWindows(windows={SUMMARY: window(1, 2)}, reason=f"因 {number}")
    extended = GrantExtension(organisation="unit-33-001", act="apply", until=FIRST, reason=number)
    assert number not in "".join(command.model_dump_json() for command in (made, moved, extended))


# -- any order of days, changes and extensions ---------------------------------------------------------

days = st.integers(0, 120)
TWICE = (STAGES[0].model_copy(update={"allows": ("report",)}), *STAGES[1:])
"""Stages of which the first allows what the last one does, with days between them perhaps."""


class Year(RuleBasedStateMachine):
    """A cycle, what was granted and announced of it, and the days that were promised to be open."""

    def __init__(self) -> None:
        super().__init__()
        self.today = 0
        self.events: list[Event] = []
        self.extended: dict[str, int] = {}
        self.open_on: dict[str, set[int]] = {stage.id: set() for stage in TWICE}

    @initialize(numbers=st.lists(days, min_size=6, max_size=6))
    def made(self, numbers: list[int]) -> None:
        opens, closes = sorted(numbers[:3]), sorted(numbers[3:])
        spans = [(first, max(first, last)) for first, last in zip(opens, closes, strict=True)]
        self.cycle = laid({stage.id: window(*span) for stage, span in zip(TWICE, spans, strict=True)}, stages=TWICE)
        self._saw()

    @rule(by=st.integers(1, 30), looked=st.booleans())
    def days_pass(self, by: int, looked: bool) -> None:
        """Sometimes the service is down meanwhile and announces nothing."""
        for _ in range(by):
            self.today += 1
            self._saw()
        if looked:
            self._look()

    @rule(stage=st.sampled_from([LAUNCH, ACCEPTANCE, SUMMARY]), opens=days | st.none(), by=st.integers(-20, 20))
    def a_window_is_moved(self, stage: str, opens: int | None, by: int) -> None:
        """To another first day, or none; and to a last day earlier or later than it was."""
        before = {term.id: term for term in self.cycle.stages}
        (old, today) = (before[stage], day(self.today))
        wanted = Window(opens=old.opens if opens is None else day(opens), closes=old.closes + by * ONE_DAY)
        try:
            self.cycle, _ = self.cycle.moved({stage: wanted}, "reason", "li", noon(today))
        except (WindowBegun, WindowTurned, StagesOutOfOrder):
            return
        after = {term.id: term for term in self.cycle.stages}
        assert all(after[other] == before[other] for other in before if other != stage)
        assert (after[stage].opens, after[stage].closes) == (wanted.opens, wanted.closes)
        if wanted != Window(opens=old.opens, closes=old.closes):
            assert old.closes >= today, "a window that is over does not move"
            assert (wanted.opens == old.opens and wanted.closes > old.closes) if old.opens <= today else True
            assert wanted.opens >= today or old.opens <= today, "none begins in the past"
        self._saw()

    @rule(act=st.sampled_from(ACTS), until=days)
    def an_extension_is_granted(self, act: str, until: int) -> None:
        try:
            self.cycle.must_extend(act, day(until), day(self.today), MOST_DAYS)
        except ExtensionRefused:
            return
        assert until >= self.today
        assert not self._is_open(act, until)
        self.extended[act] = max(until, self.extended.get(act, until))

    @rule()
    def somebody_looks(self) -> None:
        self._look()

    @invariant()
    def what_is_allowed_today_is_what_a_window_or_an_extension_says(self) -> None:
        for act in ACTS:
            late = any(act in term.allows and term.closes < day(self.today) for term in self.cycle.stages)
            extended = late and self.today <= self.extended.get(act, -1)
            assert self._allows(act) == (self._is_open(act, self.today) or extended)

    @invariant()
    def each_stage_is_announced_once_opened_before_closed_and_never_too_early(self) -> None:
        seen = named(self.events)
        assert len(seen) == len(set(seen))
        for term in self.cycle.stages:
            opened, closed = ("opened", term.id) in seen, ("closed", term.id) in seen
            assert opened or not closed
            assert not (opened and closed) or seen.index(("opened", term.id)) < seen.index(("closed", term.id))
            assert not opened or term.opens <= day(self.today)
            assert not closed or term.closes < day(self.today)

    @invariant()
    def no_day_on_which_a_stage_was_open_is_taken_out_of_its_window(self) -> None:
        for term in self.cycle.stages:
            assert all(term.is_open(day(number)) for number in self.open_on[term.id])

    def teardown(self) -> None:
        """In the end everything was announced, once."""
        self.today = max((term.closes - FIRST).days for term in self.cycle.stages) + self.today + 1
        self._look()
        kinds = ("opened", "closed")
        assert sorted(named(self.events)) == sorted((kind, stage.id) for kind in kinds for stage in STAGES)

    def _look(self) -> None:
        self.cycle, told = self.cycle.announced(noon(day(self.today)))
        self.events += told
        again, nothing = self.cycle.announced(noon(day(self.today)))
        assert again is self.cycle
        assert list(nothing) == []

    def _saw(self) -> None:
        for term in self.cycle.stages:
            if term.is_open(day(self.today)):
                self.open_on[term.id].add(self.today)

    def _allows(self, act: str) -> bool:
        extended = self.extended.get(act)
        try:
            self.cycle.must_allow(act, day(self.today), None if extended is None else day(extended))
        except OutsideTheWindow:
            return False
        return True

    def _is_open(self, act: str, number: int) -> bool:
        return any(act in term.allows and term.opens <= day(number) <= term.closes for term in self.cycle.stages)


TestAnyYear = Year.TestCase


@given(looks=st.lists(st.integers(0, 24 * 70), max_size=12))
def test_looking_at_any_hours_tells_the_same_story(looks: list[int]) -> None:
    cycle, seen = laid(usual()), list[Event]()
    for hour in [*sorted(looks), 24 * 70]:
        cycle, events = told_until(cycle, start_of_day(FIRST) + timedelta(hours=hour))
        seen += events
    _, at_once = told_until(laid(usual()), start_of_day(FIRST) + timedelta(days=70))
    assert named(seen) == named(at_once)
