"""Whatever is asked of editions and proposals, and however often: no forbidden state is reached."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from services.registry.proposals.commands import AdoptProposal, SubmitProposal
from services.registry.proposals.domain import NotTheProposer, Proposal, submitted
from services.registry.proposals.domain import State as ProposalState
from services.registry.proposals.domain import WrongState as WrongProposalState
from services.registry.standards.commands import Content
from services.registry.standards.domain import (
    Standard,
    State,
    WrongDay,
    WrongState,
    drafted,
    in_force,
    successions,
)
from shared.act import NATIONAL
from shared.events.base import Event
from shared.events.registry import (
    Edition,
    ProposalAdopted,
    ProposalDeclined,
    ProposalReturned,
    ProposalStanding,
    ProposalSubmitted,
    StandardPublished,
    StandardSuperseded,
)
from tests.registry.editions import asked, unhurried

BEGIN = date(2019, 8, 1)


class Editions(RuleBasedStateMachine):
    """Many editions of two lines; each published one is heard late, in any order and more than once."""

    editions = Bundle("editions")
    told = Bundle("told")

    def __init__(self) -> None:
        super().__init__()
        self.today = BEGIN
        self.steps = 0
        self.stored: dict[str, Standard] = {}
        self.printed: dict[str, dict[str, Any]] = {}
        self.was_in_force: dict[date, set[str]] = {}
        self.unheard: list[StandardPublished] = []

    @rule(target=editions, regime=st.sampled_from(["appraisal", "recognition"]), ahead=st.integers(-2, 6))
    def draft(self, regime: str, ahead: int) -> str:
        return self._draft(regime, ahead)

    def _draft(self, regime: str, ahead: int) -> str:
        name = f"standard-{len(self.stored)}"
        self.stored[name] = drafted(name, NATIONAL, self._content(regime, ahead))
        return name

    @rule(name=editions, regime=st.sampled_from(["appraisal", "recognition"]), ahead=st.integers(-2, 6))
    def mend(self, name: str, regime: str, ahead: int) -> None:
        found = self.stored[name]
        if found.state is State.DRAFT:
            self._save(*found.mended(self._content(regime, ahead)))
        else:
            with pytest.raises(WrongState):
                found.mended(self._content(regime, ahead))

    @rule(target=told, ahead=st.integers(0, 6))
    def draft_and_publish(self, ahead: int) -> StandardPublished | None:
        return self._publish(self._draft("appraisal", ahead))

    @rule(name=editions, target=told)
    def publish(self, name: str) -> StandardPublished | None:
        return self._publish(name)

    def _publish(self, name: str) -> StandardPublished | None:
        found, at = self.stored[name], datetime(2019, 8, 1, tzinfo=UTC) + timedelta(seconds=self.steps)
        self.steps += 1
        if found.state is not State.DRAFT:
            with pytest.raises(WrongState):
                found.published(at, self.today)
            return None
        if found.effective < self.today:
            with pytest.raises(WrongDay):
                found.published(at, self.today)
            return None
        edition, (event,) = found.published(at, self.today)
        assert isinstance(event, StandardPublished)
        self._save(edition, [event])
        self.printed[name] = self._said(edition)
        self.unheard.append(event)
        return event

    @rule(event=told)
    def hear(self, event: StandardPublished | None) -> None:
        if event is not None:
            self._settle(event)

    @rule()
    def a_day_passes(self) -> None:
        self.was_in_force[self.today] = self._in_force(self.today)
        self.today += timedelta(days=1)

    @invariant()
    def what_was_in_force_stays_so(self) -> None:
        for day, names in self.was_in_force.items():
            assert self._in_force(day) == names

    @invariant()
    def a_line_has_one_edition_in_force_at_most(self) -> None:
        for ahead in range(-3, 8):
            lines = [row.line for row in in_force(self.stored.values(), self.today + timedelta(days=ahead))]
            assert len(lines) == len(set(lines))

    @invariant()
    def what_is_published_never_changes(self) -> None:
        for name, said in self.printed.items():
            assert self._said(self.stored[name]) == said

    @invariant()
    def each_state_has_what_belongs_to_it_and_no_more(self) -> None:
        for edition in self.stored.values():
            assert (edition.state is State.DRAFT) == (edition.published_at is None)
            assert (edition.state is State.SUPERSEDED) == (edition.superseded_on is not None)
            assert edition.superseded_on is None or edition.superseded_on >= edition.effective

    def teardown(self) -> None:
        for event in self.unheard:
            self._settle(event)
        days = successions(self.stored.values())
        for name in self.printed:
            assert self.stored[name].superseded_on == days.get(name)

    def _settle(self, event: StandardPublished) -> None:
        line = [row for row in self.stored.values() if row.line == (event.occupation, event.regime)]
        for name, day in successions(line).items():
            before = self.stored[name].superseded_on
            edition, events = self.stored[name].superseded(day)
            assert before is None or (edition.superseded_on is not None and edition.superseded_on <= before)
            self._save(edition, events)

    def _save(self, edition: Standard, events: Sequence[Event]) -> None:
        for event in events:
            assert isinstance(event, StandardPublished | StandardSuperseded)
            told = {name: getattr(event, name) for name in Edition.model_fields if name not in NAMED_OTHERWISE}
            assert told == {name: getattr(edition, name) for name in told}
        self.stored[edition.id] = edition

    def _in_force(self, day: date) -> set[str]:
        return {row.id for row in in_force(self.stored.values(), day)}

    def _content(self, regime: str, ahead: int) -> Content:
        day = max(BEGIN, self.today + timedelta(days=ahead))
        return asked(regime=regime, effective=day, edition=f"{self.today}/{len(self.stored)}")

    @staticmethod
    def _said(edition: Standard) -> dict[str, Any]:
        return {name: getattr(edition, name) for name in Content.model_fields}


NAMED_OTHERWISE = {"standard", "occupation", "occupation_name"}

SAYS = {
    ProposalState.SUBMITTED: ProposalSubmitted,
    ProposalState.RETURNED: ProposalReturned,
    ProposalState.ADOPTED: ProposalAdopted,
    ProposalState.DECLINED: ProposalDeclined,
}
SUBMIT = SubmitProposal.model_validate(SubmitProposal.model_json_schema()["examples"][0])
Decided = tuple[Proposal, Sequence[Event]]


class Proposals(RuleBasedStateMachine):
    """One proposal of whom everybody asks everything at any time."""

    @initialize()
    def propose(self) -> None:
        self.proposal, _ = submitted("proposal-1", "33", "unit-33-001", "unit-33-001", SUBMIT, BEGIN)
        self.decisions = 0
        self.rounds = 1

    @rule(who=st.sampled_from(["unit-33-001", "unit-33-002", "33"]), times=st.integers(1, 2))
    def mend(self, who: str, times: int) -> None:
        for _ in range(times):
            if who != self.proposal.proposer:
                with pytest.raises(NotTheProposer):
                    self.proposal.resubmitted(who, SUBMIT, BEGIN)
                continue
            asked = SUBMIT.model_copy(update={"title": f"第{self.rounds}稿"})
            mended = self._ask(partial(self.proposal.resubmitted, who, asked, BEGIN), ProposalState.RETURNED)
            self.rounds += mended

    @rule(times=st.integers(1, 2))
    def send_back(self, times: int) -> None:
        for _ in range(times):
            self._ask(lambda: self.proposal.returned("请补充。"), ProposalState.SUBMITTED)

    @rule(times=st.integers(1, 2), standard=st.sampled_from([None, "standard-1"]))
    def adopt(self, times: int, standard: str | None) -> None:
        for _ in range(times):
            asked = AdoptProposal(conclusion="采纳。", standard=standard)
            self.decisions += self._ask(partial(self.proposal.adopted, asked, BEGIN), ProposalState.SUBMITTED)

    @rule(times=st.integers(1, 2))
    def decline(self, times: int) -> None:
        for _ in range(times):
            self.decisions += self._ask(lambda: self.proposal.declined("重复。", BEGIN), ProposalState.SUBMITTED)

    @invariant()
    def it_is_decided_once_at_most(self) -> None:
        is_decided = self.proposal.state in (ProposalState.ADOPTED, ProposalState.DECLINED)
        assert self.decisions == is_decided == (self.proposal.decided_on is not None)

    @invariant()
    def each_state_has_what_belongs_to_it_and_no_more(self) -> None:
        stands = self.proposal
        assert bool(stands.remarks) == (stands.state is ProposalState.RETURNED)
        assert bool(stands.conclusion) == (stands.state is ProposalState.ADOPTED)
        assert bool(stands.reason) == (stands.state is ProposalState.DECLINED)
        assert stands.standard is None or stands.state is ProposalState.ADOPTED
        assert stands.round == self.rounds

    def _ask(self, decide: Callable[[], Decided], needed: ProposalState) -> bool:
        if self.proposal.state is not needed:
            with pytest.raises(WrongProposalState):
                decide()
            return False
        self.proposal, (event,) = decide()
        assert type(event) is SAYS[self.proposal.state]
        assert isinstance(event, ProposalStanding)
        told = {name: getattr(event, name) for name in ProposalStanding.model_fields if name != "proposal"}
        assert told == {name: getattr(self.proposal, name) for name in told}
        return True


TestEditions = Editions.TestCase
TestProposals = Proposals.TestCase
TestEditions.settings = TestProposals.settings = settings(unhurried, stateful_step_count=25)
