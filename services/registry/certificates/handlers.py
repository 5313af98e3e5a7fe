"""Reading certificates on file."""

from services.registry.certificates.domain import Certificate
from services.registry.certificates.storage import Lookups
from shared.errors import NotFound
from shared.storage.mongo import Document
from shared.storage.store import Store


class Certificates:
    """The certificates room."""

    def __init__(self, certificates: Store[Certificate]) -> None:
        self.certificates = certificates
        self._lookups = Lookups(certificates)

    async def verify(self, number: str) -> Document:
        """What the public may know of the certificate with this number."""
        found = await self._lookups.by_number(number)
        if found is None:
            raise NotFound("no certificate has this number; check it, or ask the issuing body")
        return found
