"""A certificate as a W3C Verifiable Credential 2.0, and the status lists it points to; signed elsewhere."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from services.registry.certificates.domain import Certificate, Status
from services.registry.verification.domain.answer import Catalogue, UnitWords
from services.registry.verification.domain.statuslist import Purpose, place_of
from shared.clock import SHANGHAI
from shared.errors import Fault, Kind

Claims = dict[str, Any]
CONTEXT = "https://www.w3.org/ns/credentials/v2"
ISSUER_PATH = "/v1/credentials/issuer"
HOLDING = (Status.VALID, Status.SUSPENDED)


class NoLongerHolds(Fault):
    """The certificate was revoked or declared void; nothing new is made of it."""

    slug, kind = "certificate-ended", Kind.CONFLICT


class Digest(NamedTuple):
    """A slow salted digest of an ID number: who is shown the ID card can check it."""

    salt: bytes
    iterations: int
    value: bytes

    @classmethod
    def of(cls, id_number: str, salt: bytes, iterations: int) -> "Digest":
        """PBKDF2-HMAC-SHA-256 (RFC 8018).

        One plain SHA-256 would not do: ID numbers are so few that all of them can be tried in minutes.
        """
        value = hashlib.pbkdf2_hmac("sha256", id_number.encode(), salt, iterations)
        return cls(salt, iterations, value)

    def claims(self) -> Claims:
        return {
            "algorithm": "PBKDF2-HMAC-SHA-256",
            "salt": _text(self.salt),
            "iterations": self.iterations,
            "digest": _text(self.value),
        }


class Issuer(NamedTuple):
    """Who signs: the address everything begins with, and the name of the body behind it."""

    url: str
    name: str

    @property
    def id(self) -> str:
        """Where its keys are described (W3C Controlled Identifiers)."""
        return f"{self.url}{ISSUER_PATH}"

    @property
    def path(self) -> str:
        """What the paths of the public's pages begin with; empty where the address has none."""
        return urlsplit(self.url).path

    def page(self, number: str, code: str) -> str:
        """The public page of a certificate, as its QR code says it."""
        return f"{self.url}/verify/{number}?c={code}"

    def list_url(self, purpose: Purpose, series: str, block: int) -> str:
        """Where a status list is."""
        return f"{self.url}/v1/credentials/status/{purpose}/{series}/{block}"


def check_holds(certificate: Certificate) -> None:
    """Refuse to make anything new of what has ended."""
    if certificate.status not in HOLDING:
        raise NoLongerHolds(f"the certificate is {certificate.status}; verify it to see since when")


def credential(
    certificate: Certificate, issuer: Issuer, catalogue: Catalogue, unit: UnitWords, digest: Digest
) -> Claims:
    """The credential's own claims; the name is masked, the ID number a digest."""
    occupation, level = catalogue.occupation(certificate.occupation), catalogue.level(certificate.level)
    return {
        "@context": [CONTEXT, {"@vocab": f"{issuer.url}/v1/credentials/terms#"}],
        "id": f"{issuer.url}/v1/certificates/{certificate.id}/credential",
        "type": ["VerifiableCredential", "SkillCertificateCredential"],
        "issuer": {"id": issuer.id, "name": issuer.name},
        "validFrom": stamp(certificate.filed_at),
        "credentialSubject": {
            "type": "SkillCertificate",
            "certificateNumber": certificate.number,
            "edition": certificate.edition,
            "regime": certificate.regime,
            "holderName": certificate.holder,
            "idNumberDigest": digest.claims(),
            "occupation": {"slug": occupation.id, "zh": occupation.zh, "en": occupation.en},
            "level": {"code": level.code, "printed": level.print, "en": level.en},
            "standardEdition": certificate.standard,
            "examDate": certificate.exam_on.isoformat(),
            "filedOn": certificate.filed_on.isoformat(),
            "issuingUnit": {"unit": unit.id, "zh": unit.zh, "en": unit.en},
        },
        "credentialStatus": [_status(certificate, issuer, purpose) for purpose in Purpose],
    }


def _status(certificate: Certificate, issuer: Issuer, purpose: Purpose) -> Claims:
    place = place_of(certificate.serial)
    list_url = issuer.list_url(purpose, certificate.series, place.block)
    return {
        "id": f"{list_url}#{place.bit}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose.value,
        "statusListIndex": str(place.bit),
        "statusListCredential": list_url,
    }


def status_list(url: str, issuer: Issuer, purpose: Purpose, bits: str, now: datetime, ttl: int) -> Claims:
    """A status list's own claims; a reader may keep it for `ttl` seconds."""
    return {
        "@context": [CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": {"id": issuer.id, "name": issuer.name},
        "validFrom": stamp(now),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose.value,
            "encodedList": bits,
            "ttl": ttl * 1000,  # the W3C text counts milliseconds
        },
    }


def stamp(instant: datetime) -> str:
    """An instant as an XML Schema dateTimeStamp in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
