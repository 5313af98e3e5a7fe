"""Cases over HTTP: the Center opens, decides and closes; authorities see those of their line."""

from datetime import date

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.registry.cases.commands import CloseCase, DecideCertificates, OpenCase
from services.registry.cases.domain import Case
from services.registry.cases.handlers import Cases
from services.registry.cases.storage import listed
from services.registry.certificates.domain import Certificate, Decision, Status
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, cursor_of, page
from shared.http.tags import tagged

READERS = (Role.CENTER, Role.AUTHORITY, Role.AUDITOR)


class AffectedCertificate(BaseModel):
    """A certificate of a case, and what was decided on it there."""

    certificate: str
    number: str
    status: Status
    unit: str
    occupation: str
    level: str
    holder: str = Field(description="masked name", examples=["张*"])
    exam_on: date
    decision: Decision | None = Field(description="the last one in this case; null while there is none")
    reason: str = Field(description="why it was decided so; empty while there is no decision of its own")


def routes(cases: Cases) -> APIRouter:
    """The doors of the cases room."""
    router = doors("/cases", "cases")

    @router.post("", status_code=201)
    @allow(Role.CENTER)
    async def open_(asked: OpenCase, act: Asked, response: Response) -> Case:
        """Open a case about the certificates that rest on a unit, a site, an assessor or a supervisor, or about one."""
        return tagged(response, await cases.open(act, asked, await cases.line_of(asked)))

    @router.get("")
    @allow(*READERS)
    async def index(scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[Case]:
        """Cases by id."""
        return page(await listed(cases.cases, scope, after=after(cursor), limit=limit + 1), limit, lambda row: row.id)

    @router.get("/{case}")
    @allow(*READERS)
    async def read(case: str, scope: Within, response: Response) -> Case:
        """One case."""
        return tagged(response, await cases.cases.get(case, scope))

    @router.get("/{case}/certificates")
    @allow(*READERS)
    async def certificates(
        case: str, scope: Within, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[AffectedCertificate]:
        """The affected certificates, filing by filing."""
        found, rows, further = await cases.in_question(case, scope, after(cursor), limit)
        return Page(rows=[_affected(found, row) for row in rows], next=cursor_of(further) if further else None)

    @router.post("/{case}/decisions")
    @allow(Role.CENTER)
    async def decide(case: str, asked: DecideCertificates, act: Asked, response: Response) -> Case:
        """Decide on up to 500 affected certificates: all of them or none."""
        return tagged(response, await cases.decide(act, case, asked))

    @router.post("/{case}/close")
    @allow(Role.CENTER)
    async def close(case: str, asked: CloseCase, act: Asked, expect: Expected, response: Response) -> Case:
        """Close a case with a conclusion once every affected certificate is decided on."""
        return tagged(response, await cases.close(act, case, asked, expect))

    return router


def _affected(case: Case, row: Certificate) -> AffectedCertificate:
    decided = [item for item in row.decisions if item.case == case.id]
    rest = Decision.KEEP if case.kept_rest else None
    return AffectedCertificate(
        certificate=row.id,
        number=row.number,
        status=row.status,
        unit=row.unit,
        occupation=row.occupation,
        level=row.level,
        holder=row.holder,
        exam_on=row.exam_on,
        decision=decided[-1].decision if decided else rest,
        reason=decided[-1].reason if decided else "",
    )
