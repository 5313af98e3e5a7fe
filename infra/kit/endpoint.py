"""The subscriber's endpoint, as the kit talks to it: the one URL it was given, bounded in time and bytes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx

from infra.kit.keys import Keys, Message
from services.notification.subscriptions.outward import MOST_ANSWER, asked_to_wait

CLOUD_EVENT = {"content-type": "application/cloudevents+json"}
AT_ONCE = 16
PATIENCE = 3
"""An answer is waited for three times as long as notification would, so that a late one is seen to be late."""
TRIES = 5
LONGEST_WAIT = 5.0
LOOKS = 16
"""How often the probe is asked until it says the same twice."""
MOST_HANDLED = 64 * 1024 * 1024
TOO_MANY = 429
ASKS_TO_WAIT = (TOO_MANY, 503)
GONE = 410


class Answer(NamedTuple):
    """What came of one request: the status, 0 without an answer; after how long; what it said."""

    status: int
    seconds: float
    body: bytes = b""
    wait: float | None = None
    trouble: str = ""

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of statuses

    @property
    def refused(self) -> bool:
        """Refused for what was sent; 410 and 429 mean something else to the sender."""
        return 400 <= self.status < 500 and self.status not in (GONE, TOO_MANY)  # noqa: PLR2004 - same

    def __str__(self) -> str:
        """As a report names it."""
        return str(self.status) if self.status else self.trouble


class Endpoint:
    """One endpoint; `answers` is everything it ever answered."""

    def __init__(self, url: str, keys: Keys, limit: float, settled: float, client: httpx.AsyncClient) -> None:
        self.url = url
        self.keys = keys
        self.limit = limit
        self._settled = settled
        self.answers: list[Answer] = []
        self._client = client

    async def send(self, message: Message) -> Answer:
        """Signed as it should be."""
        return await self.post(self.keys.headers(message), message.body)

    async def send_all(self, messages: Sequence[Message], at_once: int = AT_ONCE) -> list[Answer]:
        """Burst after burst of so many at once."""
        answers: list[Answer] = []
        for begin in range(0, len(messages), at_once):
            answers += await asyncio.gather(*map(self.send, messages[begin : begin + at_once]))
        return answers

    async def post(self, headers: Mapping[str, str], body: str) -> Answer:
        """One request as it stands, again after a while when the endpoint asks for that."""
        answer = await self._post(headers, body)
        for _ in range(TRIES):
            if answer.status not in ASKS_TO_WAIT or answer.wait is None:
                break
            await asyncio.sleep(min(answer.wait, LONGEST_WAIT))
            answer = await self._post(headers, body)
        return answer

    async def _post(self, headers: Mapping[str, str], body: str) -> Answer:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(self.limit * PATIENCE):
                status, wait, text = await self._asked("POST", MOST_ANSWER, {**CLOUD_EVENT, **headers}, body.encode())
            answer = Answer(status, time.perf_counter() - begun, text, wait)
        except (TimeoutError, httpx.HTTPError) as cause:
            answer = Answer(0, time.perf_counter() - begun, trouble=_trouble(cause))
        self.answers.append(answer)
        return answer

    async def handled(self) -> list[str] | None:
        """The ids of events that had an effect, by the probe, once they are the same twice; None without a probe."""
        last = await self._handled()
        for _ in range(LOOKS):
            if last is None:
                break
            await asyncio.sleep(self._settled)
            before, last = last, await self._handled()
            if before == last:
                break
        return last

    async def _handled(self) -> list[str] | None:
        try:
            async with asyncio.timeout(self.limit * PATIENCE):
                status, _, text = await self._asked("GET", MOST_HANDLED, {}, b"")
            found = json.loads(text)["handled"] if Answer(status, 0).taken else None
        except (TimeoutError, httpx.HTTPError, ValueError, TypeError, KeyError):
            return None
        return [str(identity) for identity in found] if isinstance(found, list) else None

    async def _asked(
        self, method: str, most: int, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, float | None, bytes]:
        text = b""
        async with self._client.stream(method, self.url, headers=headers, content=body) as response:
            async for chunk in response.aiter_raw():
                text += chunk
                if len(text) > most:
                    break
        return response.status_code, asked_to_wait(response.headers.get("retry-after", "")), text[:most]


@asynccontextmanager
async def endpoint(url: str, keys: Keys, limit: float, settled: float) -> AsyncIterator[Endpoint]:
    """The endpoint at a URL until the block ends; no proxy, no redirect leads anywhere else."""
    limits = httpx.Limits(max_connections=64)
    headers = {"user-agent": "skillcert-kit", "accept-encoding": "identity"}
    async with httpx.AsyncClient(
        trust_env=False, follow_redirects=False, timeout=None, limits=limits, headers=headers  # noqa: S113 - bounded outside
    ) as client:  # fmt: skip
        yield Endpoint(url, keys, limit, settled, client)


def _trouble(cause: Exception) -> str:
    if isinstance(cause, TimeoutError):
        return "no answer"
    return "unreachable" if isinstance(cause, httpx.ConnectError) else f"broken ({type(cause).__name__})"
