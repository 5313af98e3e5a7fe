"""Who is calling: bearer tokens checked against the keys their issuer publishes."""

from shared.auth.caller import Caller, Role
from shared.auth.refusals import (
    AlgorithmRefused,
    BadSignature,
    Expired,
    IssuerUnavailable,
    MalformedClaims,
    MalformedToken,
    NotYetValid,
    Unauthenticated,
    UnknownKey,
    WrongAudience,
    WrongIssuer,
)
from shared.auth.verifier import Verifier

__all__ = [
    "AlgorithmRefused",
    "BadSignature",
    "Caller",
    "Expired",
    "IssuerUnavailable",
    "MalformedClaims",
    "MalformedToken",
    "NotYetValid",
    "Role",
    "Unauthenticated",
    "UnknownKey",
    "Verifier",
    "WrongAudience",
    "WrongIssuer",
]
