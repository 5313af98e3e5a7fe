"""A subscriber that does everything right, to copy from: `python -m infra.kit.good PORT`, secret in WEBHOOK_SECRET."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


class Subscriber:
    """Answers webhooks; `handled` is what had an effect. A real one keeps both sets in its database."""

    def __init__(self, secret: str) -> None:
        self.webhook, self.lock = Webhook(secret), Lock()
        self.seen: set[str] = set()
        self.newest: dict[str, int] = {}
        self.handled: list[str] = []

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """The status and the JSON to answer; `headers` have names in small letters."""
        try:
            event = json.loads(body)
            if event["type"] == "skillcert.challenge":
                return 200, {"challenge": event["challenge"]}
            self.webhook.verify(body, headers)  # id, time of day and body, with every part of the signature
        except (WebhookVerificationError, ValueError, KeyError, TypeError):
            return 401, {"error": "not signed for this text, by whom it says, just now"}
        with self.lock:
            self.take(event)
        return 200, {}

    def take(self, event: dict[str, Any]) -> None:
        """Once, in any order, and never old news over new; `data` is absent from a thin event, see its `dataref`."""
        if event["id"] not in self.seen:
            self.seen.add(event["id"])
            if event["sequence"] >= self.newest.get(event["subject"], 0):
                self.newest[event["subject"]] = event["sequence"]
                self.handled.append(event["id"])  # here a real one does its work, or puts it into a queue of its own


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # fifty at once are not turned away

    def __init__(self, subscriber: Subscriber, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Door)
        self.subscriber = subscriber


class Door(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.say(*self.server.subscriber.answer(headers, body))

    def do_GET(self) -> None:
        self.say(200, {"handled": self.server.subscriber.handled})

    def say(self, status: int, answer: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Server(Subscriber(os.environ["WEBHOOK_SECRET"]), int(sys.argv[1])).serve_forever()
