"""Bearer tokens, checked one thing after the other, become callers."""

import time
from collections.abc import Callable
from typing import Annotated

from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, extract_compact, validate_compact
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.auth.caller import Caller, Role
from shared.auth.keys import ALGORITHMS, REGISTRY, PublishedKeys
from shared.auth.refusals import (
    AlgorithmRefused,
    BadSignature,
    Expired,
    MalformedClaims,
    MalformedToken,
    NotYetValid,
    WrongAudience,
    WrongIssuer,
)

_CLOCK_SKEW = 30
_MAY_SEE_ALL = (Role.CENTER, Role.AUDITOR)

Text = Annotated[str, Field(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(allow_inf_nan=False)]


class _Header(BaseModel):
    alg: str
    kid: Text | None = None


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    iss: Text
    aud: Text | list[Text]
    sub: Text
    role: Role
    org: Text
    authority: Text | None = None
    exp: Seconds
    iat: Seconds
    nbf: Seconds | None = None


class Verifier:
    """Turns bearer tokens into callers.

    Keys are fetched from `jwks_url` (http or https) when first needed, again in the background once they are
    five minutes old, and at once, but not more than every ten seconds, for a token with an unknown key.
    `patience` bounds each fetch (seconds); `ticks` is a clock that only moves forward.
    """

    def __init__(
        self,
        *,
        jwks_url: str,
        issuer: str,
        audience: str,
        patience: float = 2.0,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = PublishedKeys(jwks_url, patience, ticks)

    async def caller(self, token: str) -> Caller:
        """The caller a token speaks for.

        Raises:
            Unauthenticated: one subclass, with its own slug, for each thing that can be wrong with the token.
            IssuerUnavailable: no keys were ever fetched and the issuer does not answer.
        """
        signature = _read(token)
        header = _header(signature)
        key = await self._keys.fitting(header.alg, header.kid)
        if not _signed_by(key, signature):
            raise BadSignature("the signature does not match; get a new token from the issuer")
        claims = _claims(signature.payload)
        self._check(claims)
        return Caller(subject=claims.sub, role=claims.role, organisation=claims.org, authority=claims.authority)

    async def aclose(self) -> None:
        """End a running fetch and close the connection to the issuer."""
        await self._keys.aclose()

    def _check(self, claims: _Claims) -> None:
        now = time.time()
        if claims.iss != self._issuer:
            raise WrongIssuer(f"tokens of the issuer {self._issuer} are accepted here")
        if self._audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
            raise WrongAudience(f"ask the issuer for a token with the audience {self._audience}")
        if claims.exp + _CLOCK_SKEW <= now:
            raise Expired("get a new token from the issuer")
        if max(claims.iat, claims.nbf or claims.iat) - _CLOCK_SKEW > now:
            raise NotYetValid("wait until the token is valid, or set the issuer's clock right")
        if claims.authority is None and claims.role not in _MAY_SEE_ALL:
            raise MalformedClaims(f"a token with the role {claims.role} needs the claim authority")


def _read(token: str) -> CompactSignature:
    try:
        return extract_compact(token.encode(), registry=REGISTRY)
    except (JoseError, ValueError, TypeError) as cause:
        raise MalformedToken("send one signed JWT in compact form") from cause


def _header(signature: CompactSignature) -> _Header:
    try:
        header = _Header.model_validate(signature.headers())
        REGISTRY.check_header(signature.headers())
    except (JoseError, ValueError, TypeError) as cause:
        raise MalformedToken("the header of the token cannot be read") from cause
    if header.alg not in ALGORITHMS:
        raise AlgorithmRefused("sign tokens with Ed25519, RS256 or ES256")
    return header


def _signed_by(key: Key, signature: CompactSignature) -> bool:
    try:
        return validate_compact(signature, key, registry=REGISTRY)
    except (JoseError, ValueError) as cause:
        raise BadSignature("the signature cannot be checked; get a new token from the issuer") from cause


def _claims(payload: bytes) -> _Claims:
    try:
        return _Claims.model_validate_json(payload)
    except ValidationError as cause:
        wrong = sorted({str(error["loc"][0]) for error in cause.errors() if error["loc"]})
        raise MalformedClaims(f"these claims are missing or malformed: {', '.join(wrong) or 'all'}") from cause
