"""What a certificate rests on, over HTTP."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.registry.certificates.domain import Certificate
from services.registry.filings.domain import Filing
from services.registry.filings.handlers import Filings
from shared.auth import Role
from shared.http.door import Within, allow, doors


class Lineage(BaseModel):
    """From a certificate back to what it rests on: entry, batch, who assessed and supervised, plan and standard."""

    certificate: str
    number: str
    regime: str
    issuer: str = Field(description="code of the issuing body in the number", examples=["99002001"])
    filing: str = Field(description="id of the filing that gave the number")
    entry: str
    batch: str
    unit: str
    authority: str
    site: str = Field(description="id of the site; empty when none was named")
    assessors: tuple[str, ...] = Field(description="ids of the assessors' cards")
    supervisor: str = Field(description="id of the supervisor's card; empty when none was named")
    plan: str = Field(description="id of the plan the batch was held under; empty in results from before it was told")
    plan_edition: int
    standard: str = Field(description="the standard's edition", examples=["rebar_worker-2019p"])
    begun_on: date | None = Field(description="day the batch was filed; it decides the regime")
    exam_on: date
    filed_on: date


FROM_FILING = ("issuer", "site", "assessors", "supervisor", "plan", "plan_edition", "begun_on")
FROM_CERTIFICATE = ("number", "regime", "filing", "batch", "unit", "authority", "standard", "exam_on", "filed_on")


def routes(filings: Filings) -> APIRouter:
    """The doors of the filings room."""
    router = doors("/certificates", "certificates")

    @router.get("/{certificate}/lineage")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def lineage(certificate: str, scope: Within) -> Lineage:
        """What a certificate rests on."""
        return _lineage(*await filings.lineage(certificate, scope))

    return router


def _lineage(certificate: Certificate, filing: Filing) -> Lineage:
    return Lineage(
        certificate=certificate.id,
        entry=certificate.id,
        **{name: getattr(certificate, name) for name in FROM_CERTIFICATE},
        **{name: getattr(filing, name) for name in FROM_FILING},
    )
