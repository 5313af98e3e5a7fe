"""A webhook receiver that checks every signature and remembers what came, with the trace it came under."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

CHALLENGE = "skillcert.challenge"


class Receiver:
    """`url` takes the webhooks and answers challenges; `secret` is set once the subscription is made."""

    def __init__(self) -> None:
        self.url = ""
        self.secret = ""
        self.verified: Counter[str] = Counter()
        self.events: dict[str, dict[str, Any]] = {}
        self.traces: dict[str, str] = {}
        self.unverified = 0
        self.challenges = 0
        self._lock = Lock()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Verify one delivery; the status to answer."""
        try:
            Webhook(self.secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):
            with self._lock:
                self.unverified += 1
            return 401
        event = json.loads(body)
        with self._lock:
            self.verified[event["id"]] += 1
            self.events[event["id"]] = event
            self.traces[event["id"]] = headers.get("traceparent", "").split("-")[1:2][0]
        return 204

    def answer(self, body: bytes) -> bytes | None:
        """The answer to a challenge, None to anything else.

        The first one comes before its secret is known, so it is told by its type and not by its signature.
        """
        try:
            said = json.loads(body)
        except ValueError:
            return None
        if not isinstance(said, dict) or said.get("type") != CHALLENGE:
            return None
        with self._lock:
            self.challenges += 1
        return json.dumps({"challenge": said.get("challenge")}).encode()

    def received(self) -> list[dict[str, Any]]:
        """The different events that came so far."""
        with self._lock:
            return list(self.events.values())

    @contextmanager
    def serve(self) -> Iterator["Receiver"]:
        """Serve on a free port of 127.0.0.1 until the block ends."""
        server = _Server(("127.0.0.1", 0), _handler(self))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}/hooks"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a sender that is killed leaves broken connections."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if (answer := receiver.answer(body)) is not None:
                self._say(200, answer)
            else:
                self._say(receiver.take({name.lower(): value for name, value in self.headers.items()}, body))

        def _say(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            if body:
                self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing: a delivery is counted, not logged."""

    return Handler
