"""All batches together never take more than their plan expects, whatever is filed, cancelled or left half done."""

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.assessment.batches.domain import Batch, Quota, Share, State, TooManyPlanned, first_quota
from tests.assessment.examples import BEGUN, LINE, NOW, UNIT, batch, grant

MINUTE = timedelta(minutes=1)


def planned(name: str = "batch-1", number: int = 20) -> Batch:
    return batch(state=State.PLANNED, id=name, planned=number, plan="", version=1)


def empty(*filed: Batch) -> Quota:
    return first_quota("plan-1", "rebar_worker", UNIT, LINE, filed, NOW)


def test_a_batch_takes_what_is_left_and_no_more() -> None:
    quota, _ = empty().reserved(planned(), 50, NOW)
    quota, _ = quota.reserved(planned("batch-2", 30), 50, NOW)
    with pytest.raises(TooManyPlanned, match="expects 50, other batches take 50, 0 are left") as refused:
        quota.reserved(planned("batch-3", 1), 50, NOW)
    assert (refused.value.field, refused.value.rule) == ("/planned", "plan-numbers")


def test_a_batch_that_asks_again_takes_no_second_share() -> None:
    quota, _ = empty().reserved(planned(), 20, NOW)
    assert quota.reserved(planned(), 20, NOW + MINUTE) == (quota, [])
    anew, _ = quota.reserved(planned().having(version=2), 20, NOW + MINUTE)
    assert anew.shares == {"batch-1": Share(planned=20, version=2, at=NOW + MINUTE)}


def test_a_plan_that_names_no_number_has_no_limit_and_is_counted_still() -> None:
    quota, _ = empty().reserved(planned(number=1_000_000), 0, NOW)
    with pytest.raises(TooManyPlanned):
        quota.reserved(planned("batch-2", 1), 300, NOW)


def test_what_was_filed_before_there_were_quotas_counts() -> None:
    quota = empty(batch(id="batch-7", planned=60), batch(id="batch-8", planned=30))
    assert (quota.id, quota.planned_beside("batch-1"), quota.waiting) == ("plan-1:rebar_worker", 90, NOW)


def test_a_share_that_waits_is_settled_or_dropped_and_one_reserved_anew_stays() -> None:
    quota, _ = empty().reserved(planned(), 0, NOW)
    quota, _ = quota.reserved(planned("batch-2"), 0, NOW + MINUTE)
    assert set(quota.overdue(NOW)) == {"batch-1"}
    seen = quota.overdue(NOW + MINUTE)
    kept, _ = quota.settled({"batch-1"}, {"batch-2": seen["batch-2"]})
    assert (set(kept.shares), kept.waiting) == ({"batch-1"}, None)
    anew, _ = quota.reserved(planned("batch-2").having(version=2), 0, NOW + 2 * MINUTE)
    assert set(anew.settled({"batch-1"}, {"batch-2": seen["batch-2"]})[0].shares) == {"batch-1", "batch-2"}


def test_a_cancelled_batch_leaves_its_share_to_others() -> None:
    quota, _ = empty().reserved(planned(), 20, NOW)
    freed, _ = quota.without("batch-1")
    assert (freed.shares, freed.waiting, freed.without("batch-1")) == ({}, None, (freed, []))


NUMBER = 100
NAMES = tuple(f"batch-{place}" for place in range(4))


class Filing(RuleBasedStateMachine):
    """Several filers, a clock and cancellations over four batches; every write of each is a step of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.batches = {name: planned(name, 40) for name in NAMES}
        self.quota = empty()
        self.filers: list[Batch] = []  # those that reserved, with the batch as they checked it
        self.looks: list[tuple[str, Share]] = []  # shares the clock saw waiting
        self.put_off: list[tuple[str, Share]] = []  # and those whose batch it found not filed

    def write(self, name: str, state: Batch) -> None:
        if state is not self.batches[name]:
            self.batches[name] = state.having(version=state.version + 1)

    @rule(name=st.sampled_from(NAMES))
    def reserve(self, name: str) -> None:
        checked = self.batches[name]
        if checked.state is State.PLANNED:
            try:
                self.quota, _ = self.quota.reserved(checked, NUMBER, self.now)
            except TooManyPlanned:
                return
            self.filers.append(checked)

    @rule(slow=st.integers(0, 9))
    def file(self, slow: int) -> None:
        if self.filers:
            checked = self.filers.pop(slow % len(self.filers))
            found = self.batches[checked.id]
            if found.version == checked.version:
                self.write(found.id, found.filed(grant(), NOW, BEGUN)[0])

    @rule(often=st.integers(0, 5))
    def crash(self, often: int) -> None:
        if self.filers and often == 0:
            self.filers.pop()

    @rule(seconds=st.sampled_from([1, 61]))
    def look(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.looks = list(self.quota.overdue(self.now - MINUTE).items())

    @rule()
    def touch(self) -> None:
        if self.looks:
            name, share = self.looks.pop()
            self.write(name, self.batches[name].put_off()[0])
            if self.batches[name].is_filed_under("plan-1"):
                self.quota, _ = self.quota.settled({name}, {})
            else:
                self.put_off.append((name, share))

    @rule()
    def drop(self) -> None:
        self.quota, _ = self.quota.settled((), dict(self.put_off))
        self.put_off.clear()

    @rule(name=st.sampled_from(NAMES), often=st.integers(0, 5))
    def cancel(self, name: str, often: int) -> None:
        if often == 0 and self.batches[name].state is not State.CANCELLED:
            self.write(name, self.batches[name].cancelled("typhoon", NOW, 0)[0])
            self.quota, _ = self.quota.without(name)

    @invariant()
    def what_is_filed_is_within_the_plan(self) -> None:
        filed = {name for name, of in self.batches.items() if of.is_filed_under("plan-1")}
        assert sum(self.batches[name].planned for name in filed) <= NUMBER
        assert filed <= self.quota.shares.keys()

    def teardown(self) -> None:
        """Once everybody is gone, the clock leaves the shares of filed batches and no other."""
        self.filers.clear()
        self.drop()
        self.now += 2 * MINUTE
        self.look(0)
        while self.looks:
            self.touch()
        self.drop()
        assert self.quota.shares.keys() == {name for name, of in self.batches.items() if of.is_filed_under("plan-1")}
        assert self.quota.waiting is None


TestFiling = Filing.TestCase
TestFiling.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
