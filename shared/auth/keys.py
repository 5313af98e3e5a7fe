"""The keys an issuer publishes: cached, renewed while requests go on, fetched by one task at a time."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry
from pydantic import BaseModel

from shared.auth.refusals import IssuerUnavailable, UnknownKey

log = structlog.get_logger()

# Signatures only: a MAC key would have to be shared with every service, and then each could make tokens.
ALGORITHMS = ("Ed25519", "RS256", "ES256")
REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)

_KEY_TYPES = ("OKP", "RSA", "EC")
_REFRESH_AFTER = 300
_ASK_AGAIN_AFTER = 10


class _Published(BaseModel):
    keys: list[dict[str, Any]]


class PublishedKeys:
    """The usable keys at one URL; `patience` bounds each fetch (seconds)."""

    def __init__(self, url: str, patience: float, ticks: Callable[[], float]) -> None:
        if httpx.URL(url).scheme not in ("http", "https"):
            raise ValueError("the URL of the issuer's keys must begin with http:// or https://")
        self._url = url
        self._patience = patience
        self._ticks = ticks
        self._client = httpx.AsyncClient(timeout=patience)
        self._keys: tuple[Key, ...] = ()
        self._renew_at = -math.inf
        self._ask_again_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None

    async def fitting(self, algorithm: str, key_id: str | None) -> Key:
        """The key for a token signed with `algorithm` by the key `key_id` (None: the only one that fits)."""
        if not self._keys:
            await self._fetched()
        elif self._ticks() >= self._renew_at:
            self._start_fetch()
        key = self._find(algorithm, key_id)
        if key is None and self._may_ask_again():
            await self._fetched()
            key = self._find(algorithm, key_id)
        if key is None and not self._keys:
            raise IssuerUnavailable("the issuer of tokens does not answer; repeat the request later")
        if key is None:
            raise UnknownKey("the issuer does not publish this token's key; get a new token")
        return key

    async def aclose(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        await self._client.aclose()

    def _find(self, algorithm: str, key_id: str | None) -> Key | None:
        fitting = [key for key in self._keys if _fits(key, algorithm, key_id)]
        # Without a key id the choice must be clear: trying key after key would hide a mistake of the issuer.
        return fitting[0] if fitting and (key_id or len(fitting) == 1) else None

    def _may_ask_again(self) -> bool:
        if self._in_flight():
            return True
        due = bool(self._keys) and self._ticks() >= self._ask_again_at
        if due:
            self._ask_again_at = self._ticks() + _ASK_AGAIN_AFTER
        return due

    def _in_flight(self) -> bool:
        return self._fetching is not None and not self._fetching.done()

    def _start_fetch(self) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._renew_at = self._ticks() + _ASK_AGAIN_AFTER  # the next try, should this one fail
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetched(self) -> None:
        # Shielded: a request that is given up must not end the fetch that others wait for.
        await asyncio.shield(self._start_fetch())

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._client.get(self._url)
            keys = _usable(_Published.model_validate_json(answer.raise_for_status().content))
        except (httpx.HTTPError, TimeoutError, ValueError) as cause:
            log.warning("issuer_keys_not_fetched", url=self._url, cause=type(cause).__name__)
            return
        if keys:
            self._keys = keys
            self._renew_at = self._ticks() + _REFRESH_AFTER


def _usable(published: _Published) -> tuple[Key, ...]:
    keys: list[Key] = []
    for jwk in published.keys:
        if jwk.get("kty") in _KEY_TYPES:
            try:
                keys.append(JWKRegistry.import_key(jwk))
            except (JoseError, ValueError, TypeError, KeyError) as cause:
                log.warning("published_key_ignored", cause=type(cause).__name__)
    return tuple(keys)


def _fits(key: Key, algorithm: str, key_id: str | None) -> bool:
    if key_id not in (None, key.kid):
        return False
    try:
        REGISTRY.get_alg(algorithm).check_key(key)
    except JoseError:
        return False
    return True
