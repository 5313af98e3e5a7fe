"""What was done to certificates and when, and at which instant the public must be told what of them."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.live import Running

TICK = timedelta(microseconds=1)
KEPT = timedelta(milliseconds=1)  # instants are kept in milliseconds, rounded down


class Word(NamedTuple):
    """The public answer on a certificate."""

    status: str
    edition: int
    holder: str


@dataclass(frozen=True)
class Watched:
    """A certificate that is asked about by its holder's ID number, which no correction here changes."""

    id: str
    number: str
    id_number: str


class Moment(NamedTuple):
    """An instant, and the answer that holds then; None: unknown."""

    at: datetime
    number: str
    told: Word | None


class Chronicle:
    """Written step by step; every instant in it, and instants between, can be asked about at any time."""

    def __init__(self, service: Running) -> None:
        self.service = service
        self.watched: dict[str, Watched] = {}
        self.told: dict[str, Word] = {}
        self.moments: list[Moment] = []
        self.asked = 0
        self._quiet_since = self.now()

    def now(self) -> datetime:
        """The service's time."""
        return self.service.process.tools.clock.now()

    @asynccontextmanager
    async def step(self) -> AsyncIterator[None]:
        """Something is done in the block: until it begins nothing had changed, and from its end on the new holds."""
        begun, before = self.now(), dict(self.told)
        quiet = (self._quiet_since, self._quiet_since + (begun - self._quiet_since) / 2, begun - KEPT)
        yield
        self.moments += [Moment(at, number, before.get(number)) for at in quiet for number in self.watched]
        self._quiet_since = self.now()
        for number in self.told:
            if self.told[number] != before.get(number):
                await self._turned(number, before, begun)

    async def _turned(self, number: str, before: Mapping[str, Word], begun: datetime) -> None:
        """The very instant of a change, as it was written down, and the last one before it."""
        at = await self._written(self.watched[number].id)
        assert begun - KEPT <= at <= self._quiet_since, (begun, at, self._quiet_since)
        self.moments += [Moment(at, number, self.told[number]), Moment(at - TICK, number, before.get(number))]

    async def _written(self, certificate: str) -> datetime:
        path = f"/v1/certificates/{certificate}/history"
        history = (await self.service.http.get(path, headers=self.service.token("center"))).json()
        last = history["changes"][-1]["at"] if history["changes"] else history["filed_at"]
        return datetime.fromisoformat(last)

    async def disagreements(self, numbers: Collection[str]) -> list[str]:
        """Every moment so far, and now, at which the public is told something else than the chronicle says."""
        present = [Moment(self.now(), number, self.told[number]) for number in numbers]
        found = []
        for moment in (*(moment for moment in self.moments if moment.number in numbers), *present):
            told = await self.verified(moment.number, moment.at)
            self.asked += 1
            if told != moment.told:
                found.append(f"{moment.number} as of {moment.at:%FT%T.%f}: {told}, not {moment.told}")
        return found

    async def verified(self, number: str, at: datetime) -> Word | None:
        """What the public is told of a number as of an instant."""
        asked = {"number": number, "id_number": self.watched[number].id_number, "as_of": at.isoformat()}
        answer = await self.service.http.post("/v1/verify", json=asked)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        row = answer.json()
        assert datetime.fromisoformat(row["as_of"]) == at
        return Word(row["status"], row["edition"], row["holder"])
