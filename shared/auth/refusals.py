"""Why a caller is not believed: one error with its own slug for each thing that can be wrong with a token."""

from shared.errors import Fault, Kind


class Unauthenticated(Fault):
    """The request carries no token that is good here; get one from the issuer and repeat the request."""

    slug, kind = "token-missing", Kind.UNAUTHENTICATED


class MalformedToken(Unauthenticated):
    """This is not a signed JWT in compact form."""

    slug = "token-malformed"


class AlgorithmRefused(Unauthenticated):
    """The token is signed with an algorithm that is not accepted."""

    slug = "token-algorithm"


class UnknownKey(Unauthenticated):
    """The token's key is not among those the issuer publishes."""

    slug = "token-unknown-key"


class BadSignature(Unauthenticated):
    """The token's signature does not match."""

    slug = "token-bad-signature"


class MalformedClaims(Unauthenticated):
    """The token's claims are incomplete or malformed."""

    slug = "token-malformed-claims"


class WrongIssuer(Unauthenticated):
    """The token comes from another issuer."""

    slug = "token-wrong-issuer"


class WrongAudience(Unauthenticated):
    """The token was issued for something else."""

    slug = "token-wrong-audience"


class Expired(Unauthenticated):
    """The token has expired."""

    slug = "token-expired"


class NotYetValid(Unauthenticated):
    """The token is not valid yet."""

    slug = "token-not-yet-valid"


class IssuerUnavailable(Fault):
    """The issuer's keys cannot be fetched; repeat the same request later."""

    slug, kind = "issuer-unavailable", Kind.UNAVAILABLE
