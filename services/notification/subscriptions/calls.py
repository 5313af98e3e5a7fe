"""What is said to an endpoint beside events: the challenge that shows whether it wants them, and a test call."""

import hmac
import json
import secrets
import ssl
import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property

import httpx
from pydantic import Field
from pydantic_core import to_json

from services.notification.subscriptions.domain import Subscription
from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.outward import Answer, Outward, Signer
from services.notification.subscriptions.wire import Wire
from shared.clock import Clock
from shared.events.base import Record
from shared.rulebook import Rulebook

CHALLENGE = "skillcert.challenge"
TEST = "skillcert.test.v1"
NOTE = "This is a test call. It is no event of the feed and needs no answer but a 2xx."
JSON = {"content-type": "application/json"}
CLOUD_EVENT = {"content-type": "application/cloudevents+json"}
ELSE = "it answered something else than the challenge"


class Tried(Record):
    """What an endpoint did with a test call."""

    answer: str = Field(
        description="its status code, or what went wrong: timeout, unreachable, broken, webhook-private-host",
        examples=["204"],
    )
    taken: bool = Field(description="whether an event would have counted as delivered")
    ms: int = Field(description="how long it took, milliseconds", examples=[12])


@dataclass(frozen=True)
class Calls:
    """Calls endpoints, each once and within the time that an attempt may take."""

    hosts: Hosts
    rules: Rulebook
    clock: Clock

    async def challenge(self, subscription: Subscription, signer: Signer, spent: float = 0.0) -> str:
        """Ask an endpoint to say a random text back; why it did not, empty when it did.

        It shows that what answers there reads what is posted to it and gives back a text unknown until then: that
        somebody meant this very URL to take webhooks, or that an echo stands there. It does not show who that is, nor
        that signatures are checked. Whoever waits has `spent` some seconds already; the endpoint has that much less.
        """
        challenge = secrets.token_urlsafe(32)
        asked = {"type": CHALLENGE, "challenge": challenge, "subscription": subscription.id}
        said = await self._post(subscription, signer, f"challenge-{secrets.token_hex(16)}", asked, JSON, spent)
        if not said.taken:
            return f"it answered the challenge with {said.answer}"
        return "" if hmac.compare_digest(_echoed(said.body), challenge.encode()) else ELSE

    async def try_out(self, subscription: Subscription, signer: Signer) -> Tried:
        """Send a signed example that is no event."""
        identity, begun = f"test-{secrets.token_hex(16)}", time.perf_counter()
        event = {
            "specversion": "1.0",
            "id": identity,
            "source": "/notification/subscriptions",
            "type": TEST,
            "subject": subscription.id,
            "time": self.clock.now(),
            "data": {"note": NOTE},
        }
        said = await self._post(subscription, signer, identity, event, CLOUD_EVENT)
        return Tried(answer=said.answer, taken=said.taken, ms=round((time.perf_counter() - begun) * 1000))

    async def _post(
        self,
        subscription: Subscription,
        signer: Signer,
        identity: str,
        said: Mapping[str, object],
        headers: Mapping[str, str],
        spent: float = 0.0,
    ) -> Answer:
        outward = Outward(subscription.url, signer, self.hosts)
        seconds = self.rules.number("delivery.timeout", on=self.clock.today())
        async with aclosing(Wire(self._tls)) as wire:
            return await outward.post(wire, identity, to_json(said).decode(), seconds - spent, headers)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context(trust_env=False)


def _echoed(body: bytes) -> bytes:
    """The challenge in an answer: a JSON object's `challenge`, or the whole text."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):  # the latter: brackets without end
        return body.strip()
    echoed = read.get("challenge") if isinstance(read, dict) else read
    return echoed.encode(errors="replace") if isinstance(echoed, str) else b""
