"""Reading certificates on file."""

from dataclasses import dataclass

from services.registry.certificates.domain import Certificate
from services.registry.certificates.storage import by_number
from shared.errors import NotFound
from shared.storage.store import Store


@dataclass(frozen=True)
class Certificates:
    """The certificates room."""

    certificates: Store[Certificate]

    async def verify(self, number: str) -> Certificate:
        """The certificate with this number."""
        found = await by_number(self.certificates, number)
        if found is None:
            raise NotFound("no certificate has this number; check it, or ask the issuing body")
        return found
