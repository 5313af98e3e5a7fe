"""Any life of any cards: moves in any order, repeated and at once, while the days go by; on the real database."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pydantic_core import from_json

from infra.drive.people import people
from infra.local.servers import Servers
from services.registry.cards.commands import (
    GradeCard,
    IssueCard,
    ReinstateCard,
    RenewCard,
    RevealHolder,
    RevokeCard,
    SuspendCard,
)
from services.registry.cards.domain.card import Card
from services.registry.cards.domain.history import Status
from services.registry.cards.domain.rules import Offered
from services.registry.cards.handlers import Cards
from services.registry.cards.storage import Wanted, card_store, listed
from shared.act import EVERYTHING, Act, Scope
from shared.auth import Caller, Role
from shared.clock import FrozenClock
from shared.errors import Fault, Kind
from shared.events.registry import CardIssued, CardStanding
from shared.privacy import Sealer
from shared.storage.mongo import Database
from tests.live import INDEX_KEY, SEAL_KEYS
from tests.registry.card_examples import CARDS, OFFERED, RULES

pytestmark = pytest.mark.live

BEGINS = datetime(2019, 9, 2, 4, tzinfo=UTC)
PEOPLE = [person for person, _ in zip(people(seed=1881), range(3), strict=False)]
LINES = ("33", "36", None)
KINDS = ("assessor", "senior_assessor", "supervisor")
Move = Callable[[Act], Awaitable[Any]]
STANDING = set(CardStanding.model_fields) - {"card"}


async def offered() -> Offered:
    return OFFERED


def act(line: str | None) -> Act:
    """One request of an issuer."""
    caller = Caller(subject="clerk", role=Role.AUTHORITY if line else Role.CENTER, organisation="o", authority=line)
    identity = uuid4().hex
    return Act(identity, BEGINS, identity, Scope(authority=line), caller)


def issue(kind: str, person: int, today: date) -> IssueCard:
    """A card with every paper a kind could ask for."""
    long_ago, lately = "2010-01-01", (today - timedelta(days=1)).isoformat()
    papers = [
        {"kind": "certificate", "document": "证书", "level": "1", "since": long_ago},
        {"kind": "practice", "document": "聘书", "level": "assessor", "since": long_ago},
        {"kind": "training", "document": "结业证", "since": lately},
        {"kind": "exam", "document": "通知", "since": lately},
    ]
    return IssueCard.model_validate(
        {
            "kind": kind,
            "name": PEOPLE[person].name,
            "id_number": PEOPLE[person].id_number,
            "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4"]}],
            "evidence": papers,
            "valid_from": today,
        }
    )


class Life(RuleBasedStateMachine):
    """The cards of three people in three lines."""

    runner: ClassVar[asyncio.Runner]
    database: ClassVar[Database]

    @initialize()
    def begin(self) -> None:
        self.clock = FrozenClock(BEGINS)
        store = card_store(self.database)
        self.cards = Cards(store, offered, CARDS, RULES, Sealer(SEAL_KEYS, INDEX_KEY), self.clock)
        self.ended: dict[str, date] = {}
        self.done: list[tuple[Act, Move]] = []
        self.run(store.collection.delete({}))

    def run(self, work: Awaitable[Any]) -> Any:
        async def awaited() -> Any:
            return await work

        return self.runner.run(awaited())

    def all(self) -> list[Card]:
        found: list[Card] = self.run(self.cards.cards.find({}))
        return found

    def tried(self, line: str | None, *moves: Move) -> list[Any]:
        """What became of moves made at once: an answer, or None where a rule refused it."""

        async def one(move: Move) -> Any:
            mine = act(line)
            try:
                answer = await move(mine)
            except Fault as fault:
                if fault.kind is not Kind.CONFLICT:
                    raise
                return None
            self.done.append((mine, move))
            return answer

        async def together() -> list[Any]:
            return await asyncio.gather(*map(one, moves))

        answers: list[Any] = self.run(together())
        return answers

    def with_one(self, chosen: int, move: Callable[[Cards, Act, str], Awaitable[Any]]) -> None:
        if found := self.all():
            card = sorted(found, key=lambda row: row.number)[chosen % len(found)]
            self.tried(card.authority if card.authority != "national" else None, lambda a: move(self.cards, a, card.id))

    # -- moves -----------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(KINDS), person=st.integers(0, 2), line=st.sampled_from(LINES), at_once=st.integers(1, 3))
    def issues(self, kind: str, person: int, line: str | None, at_once: int) -> None:
        asked = issue(kind, person, self.clock.today())
        answers = self.tried(line, *[lambda a: self.cards.issue(a, asked)] * at_once)
        assert sum(answer is not None for answer in answers) <= 1

    @rule(kind=st.sampled_from(KINDS), line=st.sampled_from(LINES))
    def issues_to_all_at_once(self, kind: str, line: str | None) -> None:
        asked = [issue(kind, person, self.clock.today()) for person in range(3)]
        self.tried(line, *(lambda a, one=one: self.cards.issue(a, one) for one in asked))

    @rule(chosen=st.integers(0, 9))
    def renews(self, chosen: int) -> None:
        lately = self.clock.today() - timedelta(days=1)
        paper = {"kind": "training", "document": "结业证", "since": lately}
        asked = RenewCard.model_validate({"evidence": [paper]})
        self.with_one(chosen, lambda cards, a, card: cards.renew(a, card, asked, None))

    @rule(chosen=st.integers(0, 9), days=st.integers(0, 20))
    def suspends(self, chosen: int, days: int) -> None:
        asked = SuspendCard(since=self.clock.today() + timedelta(days=days), reason="调查", basis="办法")
        self.with_one(chosen, lambda cards, a, card: cards.suspend(a, card, asked, None))

    @rule(chosen=st.integers(0, 9))
    def reinstates(self, chosen: int) -> None:
        self.with_one(chosen, lambda cards, a, card: cards.reinstate(a, card, ReinstateCard(reason="无"), None))

    @rule(chosen=st.integers(0, 9))
    def revokes(self, chosen: int) -> None:
        asked = RevokeCard(reason="弄虚作假", basis="办法")
        self.with_one(chosen, lambda cards, a, card: cards.revoke(a, card, asked, None))

    @rule(chosen=st.integers(0, 9), refusals=st.integers(0, 3), corrects=st.booleans())
    def grades(self, chosen: int, refusals: int, corrects: bool) -> None:
        asked = GradeCard(year=self.clock.today().year, grade="qualified", refusals=refusals, corrects=corrects)
        self.with_one(chosen, lambda cards, a, card: cards.grade(a, card, asked, None))

    @rule(chosen=st.integers(0, 9))
    def reveals(self, chosen: int) -> None:
        asked = RevealHolder(reason="核对身份信息")
        self.with_one(chosen, lambda cards, a, card: cards.reveal(a, card, asked))

    @rule(days=st.sampled_from([1, 10, 80, 170, 365, 1005]))
    def days_go_by(self, days: int) -> None:
        self.clock.move(timedelta(days=days))

    @rule()
    def terms_end(self) -> None:
        for _ in range(2):
            self.run(self.cards.lapse(self.clock.now()))
        today = self.clock.today()
        assert all(card.lapsed_on for card in self.all() if card.held and card.valid_until < today)

    @rule(chosen=st.integers(0, 99))
    def what_was_done_is_asked_again(self, chosen: int) -> None:
        if self.done:
            again, move = self.done[chosen % len(self.done)]
            before = self.all()
            self.run(move(again))
            assert self.all() == before

    # -- what always holds -----------------------------------------------------------------------------

    @invariant()
    def promises_hold(self) -> None:
        found = self.all()
        a_person_holds_one_card_of_a_kind(found)
        terms_do_not_overlap(found)
        only_a_valid_card_may_act(found, self.clock.today())
        numbers_have_no_gap(found)
        self.revoked_is_the_end(found)
        self.a_list_by_status_has_the_cards_of_that_status(found)
        self.the_last_event_tells_the_whole_card(found)

    def revoked_is_the_end(self, found: list[Card]) -> None:
        now = {card.id: card.ended_on for card in found if card.ended_on is not None}
        assert self.ended.items() <= now.items()
        self.ended = now

    def a_list_by_status_has_the_cards_of_that_status(self, found: list[Card]) -> None:
        today = self.clock.today()
        for status in Status:
            wanted = Wanted(status=status)
            rows = self.run(listed(self.cards.cards, EVERYTHING, wanted, today=today, after="", limit=0))
            assert {row.id for row in rows} == {card.id for card in found if card.status(today) is status}

    def the_last_event_tells_the_whole_card(self, found: list[Card]) -> None:
        rows = self.run(self.cards.cards.collection.find({}, fields={"pending": 1}))
        said = {row["_id"]: from_json(row["pending"][-1]["body"]) for row in rows}
        for card in found:
            expected = from_json(card.saying(CardIssued).model_dump_json())
            assert {name: said[card.id][name] for name in STANDING} == {name: expected[name] for name in STANDING}


def a_person_holds_one_card_of_a_kind(found: list[Card]) -> None:
    held = [(card.kind, card.person_index) for card in found if card.held]
    assert len(held) == len(set(held))


def terms_do_not_overlap(found: list[Card]) -> None:
    for card in found:
        assert all(one.valid_until < other.valid_from for one, other in pairwise(card.terms))


def only_a_valid_card_may_act(found: list[Card], today: date) -> None:
    for card in found:
        barred = card.ended_on is not None or (card.suspended_on is not None and card.suspended_on <= today)
        in_term = any(term.valid_from <= today <= term.valid_until for term in card.terms)
        assert (card.refuses(today, "rebar_worker", "5") is None) == (in_term and not barred)


def numbers_have_no_gap(found: list[Card]) -> None:
    series: dict[str, list[int]] = defaultdict(list)
    for card in found:
        series[card.series].append(card.serial)
    assert all(sorted(serials) == list(range(1, len(serials) + 1)) for serials in series.values())


@pytest.fixture
def life(servers: Servers) -> Iterator[type[Life]]:
    """The machine on the registry's own database."""
    with asyncio.Runner() as runner:
        Life.runner, Life.database = runner, Database(servers.mongo_url("registry"), "registry")
        runner.run(card_store(Life.database).prepare())
        yield Life
        runner.run(Life.database.close())


def test_whatever_is_done_with_cards_their_promises_hold(life: type[Life]) -> None:
    bounds = settings(max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(life, settings=bounds)
