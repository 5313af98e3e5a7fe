"""How often one address may ask the public's doors, or one thing be asked: a token bucket each, in bounded memory."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from fastapi import Request

from shared.clock import Clock
from shared.errors import TooMany
from shared.rulebook import Rulebook

MOST_ADDRESSES = 50_000  # about 10 MB; the address that was silent the longest is forgotten first
_HOME_PREFIX = 64  # one subscriber's share of IPv6; within it anybody has all the addresses they like


class Allowance:
    """Lets an address ask `per_minute()` times at once and as often again each minute; None limits nothing.

    Each process counts for itself, so with n processes behind one ingress an address has up to n times as much.
    """

    def __init__(
        self,
        rule: str,
        per_minute: Callable[[], int] | None,
        *,
        who: str = "an address",
        most: int = MOST_ADDRESSES,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rule = rule
        self._per_minute = per_minute
        self._who = who
        self._most = most
        self._ticks = ticks
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, address: str) -> None:
        """Count one request; raises `TooMany` when the allowance is used up."""
        if self._per_minute is None:
            return
        allowed, now, home = self._per_minute(), self._ticks(), _home(address)
        left, at = self._buckets.pop(home, (float(allowed), now))
        left = min(float(allowed), left + (now - at) * allowed / 60)
        enough = left >= 1
        self._buckets[home] = (left - enough, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if not enough:
            wait = math.ceil((1 - left) * 60 / allowed)
            raise TooMany(
                f"{self._who} may ask {allowed} times a minute; ask again in {wait} s",
                rule=self._rule,
                retry_after=wait,
            )


def allowance(rule: str, rules: Rulebook, clock: Clock, *, bounded: bool, who: str = "an address") -> Allowance:
    """What one address of the public, or `who` is named, may ask by a rule; unbounded where the settings say so."""
    return Allowance(rule, (lambda: rules.integer(rule, on=clock.today())) if bounded else None, who=who)


def address_of(request: Request) -> str:
    """The client's address, as uvicorn knows it: a trusted proxy's `X-Forwarded-For`, else the connection's."""
    return request.client.host if request.client else ""


def _home(address: str) -> str:
    if ":" not in address:
        return address
    try:
        if mapped := ipaddress.IPv6Address(address).ipv4_mapped:  # IPv4 as a socket for both shows it
            return str(mapped)
        return str(ipaddress.ip_network(f"{address}/{_HOME_PREFIX}", strict=False).network_address)
    except ValueError:
        return address
