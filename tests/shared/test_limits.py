"""An address gets its share of the public's doors, and no more memory than is set aside."""

import pytest

from shared.errors import TooMany
from shared.http.limits import Allowance

RULE = "verification.public_per_minute"


class Ticks:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def allowance(ticks: Ticks, per_minute: int = 6, most: int = 100) -> Allowance:
    return Allowance(RULE, lambda: per_minute, most=most, ticks=ticks)


def spent(taken: Allowance, address: str) -> int:
    """How often the address is let through now; at most 100 times."""
    for times in range(100):
        try:
            taken.take(address)
        except TooMany:
            return times
    return 100


def test_an_address_may_ask_its_share_at_once_and_then_as_often_as_time_gives_back() -> None:
    ticks = Ticks()
    taken = allowance(ticks)
    assert spent(taken, "192.0.2.1") == 6
    ticks.now += 9.9
    assert spent(taken, "192.0.2.1") == 0
    ticks.now += 0.2
    assert spent(taken, "192.0.2.1") == 1
    ticks.now += 3600
    assert spent(taken, "192.0.2.1") == 6


def test_who_is_refused_is_told_when_to_come_again() -> None:
    ticks = Ticks()
    taken = allowance(ticks, per_minute=2)
    assert spent(taken, "192.0.2.1") == 2
    with pytest.raises(TooMany) as refused:
        taken.take("192.0.2.1")
    assert (refused.value.retry_after, refused.value.rule) == (30, RULE)
    ticks.now += refused.value.retry_after
    taken.take("192.0.2.1")


def test_addresses_do_not_share_save_those_of_one_ipv6_home() -> None:
    taken = allowance(Ticks())
    assert [spent(taken, address) for address in ("192.0.2.1", "192.0.2.2")] == [6, 6]
    assert [spent(taken, address) for address in ("2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::1")] == [6, 0, 6]
    assert spent(taken, "fe80::1%eth0") == 6
    assert [spent(taken, address) for address in ("::ffff:192.0.2.8", "::ffff:192.0.2.9", "192.0.2.9")] == [6, 6, 0]
    assert spent(taken, "") == 6


def test_memory_is_bounded_and_the_longest_silent_are_forgotten_first() -> None:
    taken = allowance(Ticks(), most=10)
    for number in range(1000):
        taken.take(f"192.0.2.{number}")
    assert len(taken) == 10
    assert spent(taken, "192.0.2.999") == 5
    assert spent(taken, "192.0.2.1") == 6


def test_without_a_share_nothing_is_limited_and_nobody_remembered() -> None:
    taken = Allowance(RULE, None)
    assert spent(taken, "192.0.2.1") == 100
    assert len(taken) == 0
