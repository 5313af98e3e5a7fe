"""Assessment in the test's own process: its doors, its hearers, and between them a bus that the test shuffles."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.app import build
from shared.auth import Verifier
from shared.clock import FrozenClock
from shared.errors import Fault
from shared.events.base import Event
from shared.http.app import make_app
from shared.http.idempotency import Answers
from shared.messaging.envelope import heard, outgoing
from shared.outbox.pending import Pending
from shared.process import Service, Tools
from shared.storage.mongo import Database
from tests.live import settings_for


@dataclass
class Shuffled:
    """The service without relay and broker: what it says waits in `bus` until the test gives it, in any order."""

    service: Service
    tools: Tools
    clock: FrozenClock
    http: httpx.AsyncClient
    issuer: Issuer
    bus: list[Pending] = field(default_factory=list)
    said: list[Pending] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)

    async def ask(
        self, role: str, organisation: str, line: str | None, method: str, path: str, body: Any = None
    ) -> httpx.Response:
        """One request of a caller with a key of its own."""
        token = self.issuer.token(role, organisation, line)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
        answer = await self.http.request(method, f"/v1{path}", json=body, headers=headers)
        assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code == 503, answer.text
        await self.collect()
        return answer

    def hears(self, event: Event, subject: str, authority: str = "33") -> None:
        """Something another service says of a subject goes on the bus."""
        sequence = self.sequences[subject] = self.sequences.get(subject, 0) + 1
        identity = f"{subject}@{sequence}"
        body = event.model_dump_json().encode()
        source = f"/{event.type.split('.', 1)[0]}/tests"
        now = self.clock.now()
        self.bus.append(
            Pending(
                identity, event.type, source, subject, now, sequence, authority, identity, None, None, body, time.time()
            )
        )

    async def collect(self) -> None:
        """Take over what was written to be said, as the relay would."""
        for store in self.service.stores:
            while left := await store.left_behind(time.time() + 60, 1000):
                await store.strike(left)
                self.bus += left
                self.said += left

    async def give(self, chosen: int, *, again: bool = False) -> None:
        """Give one of the waiting messages to its hearer; one that fails comes again, as from a retry queue."""
        if not self.bus:
            return
        place = chosen % len(self.bus)
        message = self.bus[place]
        if await self._taken(message) and not again:
            self.bus.remove(message)
        await self.collect()

    async def give_all(self) -> None:
        """Give everything until nothing more follows; what fails for good stays on the bus."""
        for _ in range(50):
            waiting = list(self.bus)
            for message in waiting:
                if await self._taken(message):
                    self.bus.remove(message)
                await self.collect()
            if not self.bus or self.bus == waiting:
                return

    async def look(self) -> None:
        """One look of the clock at what is due."""
        for due in self.service.due:
            await due(self.clock.now())
            await self.collect()

    async def _taken(self, message: Pending) -> bool:
        out = outgoing(message, None)
        for hearing in self.service.hearers:
            if hearing.key != message.type:
                continue
            said = heard(out.headers, out.body, hearing.kind)
            try:
                await hearing.handler([(said, said.act(self.clock.now(), None))])
            except Fault:
                return False
        return True


@asynccontextmanager
async def shuffled(servers: Servers, issuer: Issuer, folder: Any, at: datetime) -> AsyncIterator[Shuffled]:
    """An empty assessment, its clock standing at an instant."""
    settings = settings_for("assessment", servers, issuer.url, folder)
    clock = FrozenClock(at)
    made = Tools.made(settings)
    tools = Tools(settings, clock, Database(servers.mongo_url("assessment"), "assessment"), made.sealer)
    service = build(tools)
    answers = Answers(tools.database, tools.sealer)
    verifier = Verifier(jwks_url=issuer.url, issuer="skillcert", audience="skillcert")
    for store in service.stores:
        await store.prepare()
        await store.collection.delete({})
    for step in (*service.prepare, answers.prepare):
        await step()
    app = make_app(
        "assessment", service.routers, clock=clock, verifier=verifier, answers=answers, checks={}, lifespan=_nothing
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://assessment") as http:
        yield Shuffled(service, tools, clock, http, issuer)
    await verifier.aclose()
    await tools.database.close()
    await made.database.close()


@asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield
