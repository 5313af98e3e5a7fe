"""Where a webhook may connect to: the host is looked up, and what is not public is refused."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from time import monotonic

import httpx

from services.notification.subscriptions.domain import PrivateHost, WrongUrl, check_url, is_public
from shared.errors import Fault

LOOKED_UP_WITHIN = 3.0  # seconds at the door, where somebody waits for the challenge as well
LOOKED_UP_AT_ONCE = 64  # hosts
KNOWN_FOR = 5.0  # seconds a looked-up address is used again; connections go to that very address


class Hosts:
    """Looks hosts up; with `private_allowed` (tests, demonstrations) everything is reachable."""

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed
        self._known: dict[str, tuple[float, str | Fault]] = {}
        self._asked: dict[str, asyncio.Task[str | Fault]] = {}
        self._threads = ThreadPoolExecutor(LOOKED_UP_AT_ONCE, "hosts")

    async def check(self, url: str) -> None:
        """Refuse a URL that no attempt could be made at, now rather than then."""
        check_url(url)
        try:
            parsed = httpx.URL(url)
            _ = parsed.host  # decoded only now, and only now refused
        except (httpx.InvalidURL, UnicodeError) as cause:
            raise WrongUrl("the URL cannot be read; mend its host or port", field="/url") from cause
        try:
            async with asyncio.timeout(LOOKED_UP_WITHIN):
                await self.address(parsed.raw_host.decode())
        except TimeoutError as cause:
            raise WrongUrl("the host is not found in time; check its name, then repeat", field="/url") from cause

    async def address(self, host: str) -> str | None:
        """The address to connect to instead of the host's name, so that none other is met; None: any will do.

        Raises:
            PrivateHost: one of its addresses is not public.
            WrongUrl: the host has no address.
        """
        if self._private_allowed:
            return None
        until, found = self._known.get(host, (0.0, ""))
        if until <= monotonic():
            # One look-up of a host for all who wait: a name server that hangs takes one thread of many.
            if host not in self._asked:
                self._asked[host] = asyncio.create_task(self._look_up(host))
            found = await asyncio.shield(self._asked[host])
        if isinstance(found, Fault):
            raise found
        return found

    async def _look_up(self, host: str) -> str | Fault:
        try:
            found: str | Fault = await _public_address(host, self._threads)
        except Fault as refusal:
            found = refusal
        self._known = {name: kept for name, kept in self._known.items() if kept[0] > monotonic()}
        self._known[host] = (monotonic() + KNOWN_FOR, found)
        del self._asked[host]
        return found


async def _public_address(host: str, threads: ThreadPoolExecutor) -> str:
    asking = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(threads, asking)
    except (OSError, UnicodeError) as cause:
        raise WrongUrl("the host cannot be looked up; check its name", field="/url") from cause
    addresses = [str(row[4][0]) for row in found]
    if not addresses or not all(is_public(ip_address(address.partition("%")[0])) for address in addresses):
        raise PrivateHost("the host has an address that is not public; use a public one", field="/url")
    return addresses[0]
