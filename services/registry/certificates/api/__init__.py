"""Certificates over HTTP: lists and changes for those entitled, verification by number for everybody."""

from fastapi import APIRouter, Response

from services.registry.certificates.api.readings import lookups, readings
from services.registry.certificates.api.views import CertificateView, view
from services.registry.certificates.commands import (
    CorrectCertificate,
    ReinstateCertificate,
    ReissueCertificate,
    RevokeCertificate,
    SuspendCertificate,
    VoidCertificate,
)
from services.registry.certificates.domain import Certificate
from services.registry.certificates.handlers import Certificates
from shared.auth import Role
from shared.http.door import Asked, Expected, allow, doors
from shared.http.tags import tagged

__all__ = ["lookups", "routes"]

ISSUERS = (Role.CENTER, Role.UNIT)
"""Who evaluates issues, and answers for what it issued."""
OVERSEERS = (Role.CENTER, Role.AUTHORITY)


def routes(certificates: Certificates) -> APIRouter:
    """The doors of the certificates room."""
    router = doors("", "certificates")
    readings(router, certificates)
    _corrections(router, certificates)
    _endings(router, certificates)
    return router


def _corrections(router: APIRouter, certificates: Certificates) -> None:
    @router.post("/certificates/{certificate}/correct")
    @allow(*ISSUERS)
    async def correct(
        certificate: str, asked: CorrectCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Correct what a certificate says; its number stays."""
        return _shown(response, await certificates.correct(act, certificate, asked, expect))

    @router.post("/certificates/{certificate}/reissue")
    @allow(*OVERSEERS, Role.UNIT)
    async def reissue(
        certificate: str, asked: ReissueCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Print a lost or spoilt certificate anew, under its number."""
        return _shown(response, await certificates.reissue(act, certificate, asked, expect))


def _endings(router: APIRouter, certificates: Certificates) -> None:
    @router.post("/certificates/{certificate}/suspend")
    @allow(*OVERSEERS)
    async def suspend(
        certificate: str, asked: SuspendCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Suspend a certificate until it is reinstated."""
        return _shown(response, await certificates.suspend(act, certificate, asked, expect))

    @router.post("/certificates/{certificate}/reinstate")
    @allow(*OVERSEERS)
    async def reinstate(
        certificate: str, asked: ReinstateCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Lift a suspension."""
        return _shown(response, await certificates.reinstate(act, certificate, asked, expect))

    @router.post("/certificates/{certificate}/revoke")
    @allow(Role.CENTER)
    async def revoke(
        certificate: str, asked: RevokeCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Withdraw a certificate for good; it held until now."""
        return _shown(response, await certificates.revoke(act, certificate, asked, expect))

    @router.post("/certificates/{certificate}/void")
    @allow(Role.CENTER)
    async def void(
        certificate: str, asked: VoidCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Declare that a certificate never held."""
        return _shown(response, await certificates.void(act, certificate, asked, expect))


def _shown(response: Response, certificate: Certificate) -> CertificateView:
    return view(tagged(response, certificate))
