"""Verification over HTTP: for everybody by number and one fact, in bulk with a token, signed, and on paper."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, Field

from services.registry.verification.commands import Code, VerifyCertificate, VerifyCertificates
from services.registry.verification.domain.answer import Verified
from services.registry.verification.domain.particulars import Number
from services.registry.verification.domain.statuslist import Purpose
from services.registry.verification.handlers import Verification
from services.registry.verification.printing import Press
from services.registry.verification.rendering import paper
from shared.auth import Role
from shared.http.door import Calling, Within, allow, doors, limited, public, reading
from shared.http.limits import Allowance
from shared.http.rendering import Layouts

CREDENTIAL = "application/vc+jwt"
Described = dict[int | str, dict[str, Any]]
OWNERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT)
JWT: Described = {200: {"content": {CREDENTIAL: {}}, "description": "A W3C Verifiable Credential 2.0, signed as a JWT"}}
PAPER: Described = {200: {"content": {"text/html": {}, "application/pdf": {}}, "description": "One A4 page"}}


class Form(StrEnum):
    """How a certificate is printed."""

    HTML = "html"
    PDF = "pdf"


class Row(BaseModel):
    """The answer to one row."""

    number: str
    certificate: Verified | None = Field(description="absent when the number and the fact match no certificate")


class Answers(BaseModel):
    """The answers, in the order of the rows."""

    rows: list[Row]


def routes(verification: Verification, layouts: Layouts, press: Press, limit: Allowance) -> APIRouter:
    """The doors of the verification room."""
    router = doors("", "verification")
    _online(router, verification, limit)
    _owners(router, verification, layouts, press)
    _offline(router, verification, limit)
    return router


def _online(router: APIRouter, verification: Verification, limit: Allowance) -> None:
    @router.post("/verify")
    @public
    @reading
    @limited(limit)
    async def verify(asked: VerifyCertificate, response: Response) -> Verified:
        """Whether a certificate holds, or held: by its number and one more fact."""
        response.headers["Cache-Control"] = "no-store"
        return await verification.verify(asked)

    @router.post("/verifications")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR, Role.SUBSCRIBER)
    @reading
    async def verify_all(asked: VerifyCertificates, response: Response) -> Answers:
        """Up to 1,000 certificates at once; whoever knows a certificate's facts is answered, whatever their line."""
        response.headers["Cache-Control"] = "no-store"
        told = await verification.verify_all(asked)
        rows = [Row(number=row.number, certificate=one) for row, one in zip(asked.rows, told, strict=True)]
        return Answers(rows=rows)


def _owners(router: APIRouter, verification: Verification, layouts: Layouts, press: Press) -> None:
    @router.get("/certificates/{certificate}/credential", response_class=Response, responses=JWT)
    @allow(*OWNERS)
    async def credential(certificate: str, scope: Within) -> Response:
        """A certificate as a signed credential, to be handed to its holder."""
        return _unkept(await verification.credential(certificate, scope), CREDENTIAL)

    @router.get("/certificates/{certificate}/print", response_class=Response, responses=PAPER)
    @allow(*OWNERS)
    async def print_certificate(
        certificate: str,
        scope: Within,
        caller: Calling,
        form: Annotated[Form, Query(alias="format", description="html, or pdf with its fonts inside")] = Form.HTML,
    ) -> Response:
        """The paper of a valid certificate, with the holder's name and ID number; each print is on record."""
        sheet = await verification.sheet(certificate, scope, caller.subject, form)
        if form is Form.HTML:
            return layouts.page("certificate", **paper(sheet))
        return _unkept(await press.pdf(layouts.html("certificate", **paper(sheet))), "application/pdf")


def _offline(router: APIRouter, verification: Verification, limit: Allowance) -> None:
    @router.get("/verify/{number}/credential", response_class=Response, responses=JWT)
    @public
    @limited(limit)
    async def credential_by_code(
        number: Annotated[str, Path(pattern=_pattern(Number))],
        code: Annotated[str, Query(alias="c", pattern=_pattern(Code), description="the check code by the QR code")],
    ) -> Response:
        """A certificate as a signed credential, for who holds the paper."""
        return _unkept(await verification.credential_by_code(number, code), CREDENTIAL)

    @router.get("/credentials/keys")
    @public
    @limited(limit)
    async def keys() -> dict[str, Any]:
        """The public keys that credentials are signed with (JWKS, RFC 7517)."""
        return verification.signer.jwks()

    @router.get("/credentials/issuer")
    @public
    @limited(limit)
    async def issuer() -> dict[str, Any]:
        """Who signs credentials, and with which keys (W3C Controlled Identifier Document)."""
        return verification.signer.controlled_identifier()

    @router.get("/credentials/status/{purpose}/{series}/{block}", response_class=Response, responses=JWT)
    @public
    @limited(limit)
    async def status_list(
        purpose: Purpose,
        series: Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,60}$", description="issuer, year and level")],
        block: Annotated[int, Path(ge=0, le=99, description="serial divided by 131,072")],
        if_none_match: Annotated[str | None, Header(description="ETag of the list that is known")] = None,
    ) -> Response:
        """Which certificates of a series do not hold, as a signed bit string (W3C Bitstring Status List)."""
        made = await verification.status_list(purpose, series, block)
        # Kept, but never used without asking: a change of status shows at once, an unchanged list costs no bytes.
        headers = {"ETag": f'W/"{made.tag}"', "Cache-Control": "public, no-cache"}
        if if_none_match and made.tag in if_none_match:
            return Response(status_code=304, headers=headers)
        return Response(made.token, media_type=CREDENTIAL, headers=headers)


def _unkept(content: str | bytes, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"Cache-Control": "no-store"})


def _pattern(annotated: Any) -> str:
    """The pattern of a command's field, for the same thing in an address."""
    (field,) = annotated.__metadata__
    return next(str(item.pattern) for item in field.metadata if hasattr(item, "pattern"))
