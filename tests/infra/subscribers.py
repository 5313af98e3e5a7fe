"""Subscribers with one fault each, made of the one that has none; and what they are served on."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from threading import Thread
from typing import Any, ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infra.kit.good import Door, Server, Subscriber
from infra.kit.keys import PUBLIC
from shared.events.catalogue import EVENTS

Headers = dict[str, str]
Said = tuple[int, dict[str, Any]]
CHALLENGE = "skillcert.challenge"
LIMIT, LATE = 2.0, 2.5
"""Seconds: what `Slow` is given, and what it takes."""


@contextmanager
def served(subscriber: Subscriber, door: type[Door] = Door) -> Iterator[str]:
    """Its URL, until the block ends."""
    serving = Server(subscriber)
    serving.RequestHandlerClass = door
    thread = Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_port}/hooks"
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join()


def believe(subscriber: Subscriber, body: bytes) -> Said:
    """What is answered to a text whose signature holds."""
    event = json.loads(body)
    if event["type"] == CHALLENGE:
        return 200, {"challenge": event["challenge"]}
    with subscriber.lock:
        subscriber.take(event)
    return 200, {}


class Mute(Subscriber):
    """Takes the challenge as if it were an event."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        return (200, {}) if json.loads(body)["type"] == CHALLENGE else super().answer(headers, body)


class Credulous(Subscriber):
    """Checks nothing."""

    def answer(self, _: Headers, body: bytes) -> Said:
        return believe(self, body)


class Polite(Subscriber):
    """Does nothing with what is not signed, and answers 200 to it."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        return 200, super().answer(headers, body)[1]


class Crashing(Subscriber):
    """Leaves what is not signed to the error page of its server."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        status, said = super().answer(headers, body)
        return (500 if status == 401 else status), said


class Hasty(Subscriber):
    """Keeps what it is sent before it looks at the signature."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        event = json.loads(body)
        with self.lock:
            if event["type"] != CHALLENGE:
                self.take(event)
        return super().answer(headers, body)


class Timeless(Subscriber):
    """Checks the signature, and no clock."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        identity, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if identity and at.isdecimal():
            expected = self.webhook.sign(identity, datetime.fromtimestamp(int(at), UTC), body.decode())
            if expected in headers.get("webhook-signature", "").split(" "):
                return believe(self, body)
        return super().answer(headers, body)


class Nameless(Subscriber):
    """Takes the event's own id for a missing `webhook-id`."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        known = json.loads(body).get("id", "")
        return super().answer({"webhook-id": known, **headers}, body)


class Remembering(Subscriber):
    """Believes a signature that it has seen to hold once, whatever it comes with."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self.held: set[str] = set()

    def answer(self, headers: Headers, body: bytes) -> Said:
        signature = headers.get("webhook-signature", "")
        if signature in self.held:
            return 200, {}
        status, said = super().answer(headers, body)
        if status == 200:
            self.held.add(signature)
        return status, said


class Narrow(Subscriber):
    """Looks at the first part of the signature only."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        first = headers.get("webhook-signature", "").split(" ")[0]
        return super().answer({**headers, "webhook-signature": first}, body)


class Blind(Subscriber):
    """Takes `v1a` for right because it cannot check it."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        if headers.get("webhook-signature", "").startswith("v1a,"):
            return 200, {}
        return super().answer(headers, body)


class Asymmetric(Subscriber):
    """No fault: checks `v1a` with the public key as well."""

    def __init__(self, secret: str, public: str) -> None:
        super().__init__(secret)
        self.public = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix(PUBLIC)))

    def answer(self, headers: Headers, body: bytes) -> Said:
        for part in headers.get("webhook-signature", "").split(" "):
            if part.startswith("v1a,") and self.holds(part[4:], headers, body):
                return believe(self, body)
        return super().answer(headers, body)

    def holds(self, signature: str, headers: Headers, body: bytes) -> bool:
        identity, at = headers.get("webhook-id"), headers.get("webhook-timestamp", "")
        if not identity or not at.isdecimal() or abs(time.time() - int(at)) > 300:
            return False
        try:
            self.public.verify(base64.b64decode(signature), f"{identity}.{at}.".encode() + body)
        except (InvalidSignature, ValueError):
            return False
        return True


class Strict(Subscriber):
    """Refuses fields it does not know."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        return (422, {}) if b"added_later" in body else super().answer(headers, body)


class Closed(Subscriber):
    """Dies on types it does not know."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        event_type = json.loads(body)["type"]
        return (500, {}) if event_type not in {*EVENTS, CHALLENGE} else super().answer(headers, body)


class Departing(Subscriber):
    """Says that it is gone when it is asked for what it does not know."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        event_type = json.loads(body)["type"]
        return (410, {}) if event_type not in {*EVENTS, CHALLENGE} else super().answer(headers, body)


class Stout(Subscriber):
    """Needs the data in the event."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        event = json.loads(body)
        return (500, {}) if event["type"] != CHALLENGE and "data" not in event else super().answer(headers, body)


class Forgetful(Subscriber):
    """Handles the same event again each time it comes."""

    def take(self, event: dict[str, Any]) -> None:
        self.seen.discard(event["id"])
        super().take(event)


class Following(Subscriber):
    """What comes last overwrites what came before."""

    def take(self, event: dict[str, Any]) -> None:
        self.newest.clear()
        super().take(event)


class Waiting(Subscriber):
    """Follows order blindly: an entity's second event is refused until it has seen the first."""

    def answer(self, headers: Headers, body: bytes) -> Said:
        event = json.loads(body)
        early = event.get("sequence") == 2 and event["type"] == "registry.plan.filed.v1"
        if early and event["subject"] not in self.newest:
            return 409, {}
        return super().answer(headers, body)


class Losing(Subscriber):
    """Answers 200 and drops every second one of a backlog."""

    def take(self, event: dict[str, Any]) -> None:
        self.newest.setdefault(event["type"], 0)
        self.newest[event["type"]] += 1
        if self.newest[event["type"]] % 2 or event["type"] != "registry.case.closed.v1":
            super().take(event)


class Overwhelmed(Subscriber):
    """Breaks down when more than a few come at once, and does not say until when."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self.inside = 0

    def answer(self, headers: Headers, body: bytes) -> Said:
        with self.lock:
            self.inside += 1
        time.sleep(0.1)
        try:
            return (503, {}) if self.inside > 20 else super().answer(headers, body)
        finally:
            with self.lock:
                self.inside -= 1


class Slow(Subscriber):
    """Works first and answers afterwards, on the first event of one kind."""

    worked = False

    def answer(self, headers: Headers, body: bytes) -> Said:
        if not self.worked and b'"type":"assessment.import.finished.v1"' in body:
            self.worked = True
            time.sleep(LATE)
        return super().answer(headers, body)


class Patient(Door):
    """No fault: asks every tenth to come again, and says when."""

    came: ClassVar[Iterator[int]] = count(1)
    asks: ClassVar[tuple[tuple[str, str], ...]] = (("retry-after", "0"),)

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        if next(self.came) % 10:
            super().do_POST()
            return
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(429)
        for name, value in self.asks:
            self.send_header(name, value)
        self.end_headers()


class Probeless(Door):
    """No fault: shows nothing of what it handled."""

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        self.say(404, {})


class Moved(Door):
    """Answers that it is elsewhere."""

    elsewhere = ""

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(307)
        self.send_header("location", self.elsewhere)
        self.end_headers()
