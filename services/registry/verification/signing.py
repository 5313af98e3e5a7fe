"""The keys that sign credentials, under the issuer's address: VC-JOSE-COSE tokens and the issuer's own document."""

from typing import Any

from services.registry.verification.domain.credential import Claims, Issuer
from shared.signing import Keyring


class Signer:
    """Signs claims as VC-JOSE-COSE wants it: a JWT whose payload is the credential itself."""

    def __init__(self, keys: str, issuer: Issuer) -> None:
        self.issuer = issuer
        self._ring = Keyring(keys, issuer.id)

    def sign(self, claims: Claims) -> str:
        """A JWT of these claims, signed with the first key."""
        return self._ring.sign(claims, "vc+jwt")

    @property
    def signing(self) -> str:
        """The id of the key that signs; empty without keys."""
        return self._ring.signing

    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517), the signing one first."""
        return self._ring.jwks()

    def controlled_identifier(self) -> dict[str, Any]:
        """The issuer with its keys as a W3C Controlled Identifier Document."""
        methods = [
            {"id": key["kid"], "type": "JsonWebKey", "controller": self.issuer.id, "publicKeyJwk": key}
            for key in self.jwks()["keys"]
        ]
        return {
            "@context": ["https://www.w3.org/ns/cid/v1"],
            "id": self.issuer.id,
            "verificationMethod": methods,
            "assertionMethod": [method["id"] for method in methods],
        }
