"""A certificate on file as verification finds it, and an offline check of credentials that is not our own code."""

import gzip
import json
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from services.registry.certificates.domain import Certificate, Status
from services.registry.verification.domain.answer import UnitWords
from services.registry.verification.storage import catalogue
from tests.registry.test_data import SERVICES

DATA = SERVICES / "registry/data"
WORDS = catalogue(DATA)
FILED_AT = datetime(2019, 10, 23, 2, 0, tzinfo=UTC)
UNIT = UnitWords(id="unit-33-001", zh="示例鉴定站", en="Example Station")
ID_NUMBER = "110105188912310021"

JWS = jwt.PyJWS()
JWS.register_algorithm("Ed25519", OKPAlgorithm())  # the name of RFC 9864, newer than the library's table


def certificate(**changes: Any) -> Certificate:
    content: dict[str, Any] = {
        "id": "entry-1",
        "authority": "33",
        "number": "1999332001500007",
        "regime": "appraisal",
        "series": "99332001-2019-5",
        "serial": 7,
        "filing": "batch-1.1",
        "unit": "unit-33-001",
        "status": Status.VALID,
        "occupation": "rebar_worker",
        "level": "5",
        "standard": "rebar_worker-2019p",
        "batch": "batch-1",
        "holder": "张*",
        "person": "v1.sealed",
        "person_index": "index",
        "theory": 80,
        "practical": 90,
        "exam_on": date(2019, 9, 2),
        "filed_on": date(2019, 10, 23),
        "filed_at": FILED_AT,
    }
    return Certificate.model_validate(content | changes)


def checked(token: str, jwks: dict[str, Any]) -> dict[str, Any]:
    """The claims of a credential, its signature checked with PyJWT; raises where that is wrong."""
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == ("Ed25519", "vc+jwt")
    (key,) = [row for row in jwks["keys"] if row["kid"] == header["kid"]]
    public = OKPAlgorithm.from_jwk(json.dumps(key))
    assert isinstance(public, Ed25519PublicKey)
    claims: dict[str, Any] = json.loads(JWS.decode(token, public, algorithms=["Ed25519"]))
    return claims


def unpacked(claims: dict[str, Any]) -> bytes:
    """The bits of a status list, after the W3C's text: multibase base64url, then GZIP, 131,072 bits at least."""
    text = claims["credentialSubject"]["encodedList"]
    assert text[0] == "u"
    raw = gzip.decompress(urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)))
    assert len(raw) * 8 >= 131_072
    return raw


def bit(claims: dict[str, Any], index: int) -> bool:
    """One bit of a status list: index 0 is the leftmost bit of the first byte."""
    raw = unpacked(claims)
    return "".join(f"{byte:08b}" for byte in raw[index // 8 : index // 8 + 1])[index % 8] == "1"
