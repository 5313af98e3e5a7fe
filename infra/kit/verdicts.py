"""What a scenario found: right, wrong, or not observable; and the sentences that say so."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from infra.kit.endpoint import Answer, Endpoint
from infra.kit.examples import Examples, types_of
from infra.kit.keys import Message

NO_PROBE = "the endpoint shows nothing at GET {handled: [ids]}"


class Verdict(StrEnum):
    """How a scenario ended."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSEEN = "not observable"


class Finding(NamedTuple):
    """A verdict, and what was seen."""

    verdict: Verdict
    seen: str


@dataclass(frozen=True)
class Kit:
    """What a scenario plays with; `pause` is how long an outage lasts, in seconds."""

    endpoint: Endpoint
    examples: Examples
    pause: float


@dataclass(frozen=True)
class Scenario:
    """One thing that happens to every subscriber, and what it should do then."""

    name: str
    title: str
    should: str
    play: Callable[[Kit], Awaitable[Finding]]


@dataclass(frozen=True)
class Result:
    """A scenario as it was played."""

    scenario: Scenario
    finding: Finding


def right(seen: str) -> Finding:
    """The subscriber did as it should."""
    return Finding(Verdict.RIGHT, seen)


def wrong(seen: str) -> Finding:
    """It did not."""
    return Finding(Verdict.WRONG, seen)


def unseen(seen: str) -> Finding:
    """Nothing shows whether it did."""
    return Finding(Verdict.UNSEEN, seen)


def untaken(messages: Sequence[Message], answers: Sequence[Answer]) -> str:
    """Which of the messages were not answered 2xx, in words; empty when all were."""
    types = types_of(messages)
    lost = [(types[one.identity], answer) for one, answer in zip(messages, answers, strict=True) if not answer.taken]
    if not lost:
        return ""
    counted = ", ".join(f"{answer} {times} times" for answer, times in Counter(str(one) for _, one in lost).items())
    return f"{len(lost)} of {len(messages)} were not answered 2xx ({counted}), the first of type {lost[0][0]}"


def all_taken(messages: Sequence[Message], answers: Sequence[Answer]) -> Finding:
    """Right when every message was answered 2xx."""
    lost = untaken(messages, answers)
    return wrong(lost) if lost else right(f"{len(messages)} of {len(messages)} were answered 2xx")
