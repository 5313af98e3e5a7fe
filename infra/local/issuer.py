"""A token issuer for local runs and tests: one Ed25519 key made at start, published over HTTP."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.auth import Role

JWKS_PATH = "/.well-known/jwks.json"


class Issuer:
    """Makes tokens that services accept; `url` is where its keys are, while it serves."""

    def __init__(self, issuer: str = "skillcert", audience: str = "skillcert") -> None:
        self.issuer = issuer
        self.audience = audience
        self.fetches = 0
        self.url = ""
        self._keys: tuple[OKPKey, ...] = (_new_key(),)

    def jwks(self) -> dict[str, Any]:
        """The published keys, the signing one first."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def token(
        self,
        role: Role | str,
        org: str,
        authority: str | None = None,
        subject: str | None = None,
        expires_in: float = 3600,
    ) -> str:
        """A token for one caller; the subject is `<role>@<org>` unless it is given."""
        now = int(time.time())
        claims = {"role": Role(role).value, "org": org, "sub": subject or f"{Role(role)}@{org}"}
        claims |= {"authority": authority} if authority is not None else {}
        times = {"iat": now, "nbf": now, "exp": now + expires_in}
        return self.sign({"iss": self.issuer, "aud": self.audience, **claims, **times})

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with exactly these claims."""
        key = self._keys[0]
        return jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=["Ed25519"])

    def rotate(self) -> None:
        """Sign with a new key; the keys before it stay published until `drop_old`."""
        self._keys = (_new_key(), *self._keys)

    def drop_old(self) -> None:
        """Publish the signing key only."""
        self._keys = self._keys[:1]

    @contextmanager
    def serve(self) -> Iterator["Issuer"]:
        """Publish the keys on a free port of 127.0.0.1 until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}{JWKS_PATH}"
        try:
            yield self
        finally:
            self.url = ""
            server.shutdown()
            server.server_close()
            thread.join()


def _new_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", parameters={"alg": "Ed25519", "use": "sig"}, auto_kid=True)


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != JWKS_PATH:
                self.send_error(404)
                return
            issuer.fetches += 1
            body = json.dumps(issuer.jwks()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/jwk-set+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: every fetch would stand in the run's output."""

    return Door
