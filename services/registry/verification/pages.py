"""The public's own pages, where a QR code leads: plain HTML without script, Chinese first."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from services.registry.verification.commands import VerifyCertificate
from services.registry.verification.domain.answer import Verified
from services.registry.verification.handlers import Verification
from shared.errors import Fault
from shared.http.door import Door, public, reading
from shared.http.limits import Allowance, address_of
from shared.http.problems import STATUS
from shared.http.rendering import Layouts

MOST_BYTES = 4096
FIELDS = ("number", "name", "id_number", "as_of")
SENT_BACK = ("number", "name", "code", "as_of")
"""An ID number never is."""
Form = dict[str, str]


class Desk:
    """Answers the pages' forms; whatever goes wrong becomes a page as well."""

    def __init__(self, verification: Verification, layouts: Layouts, limit: Allowance) -> None:
        self._verification = verification
        self._layouts = layouts
        self._limit = limit
        self._today = verification.clock.today

    def empty(self) -> HTMLResponse:
        """The form to fill in."""
        return self._page({}, None)

    async def answer(self, request: Request, form: Form) -> HTMLResponse:
        """The page for what was filled in, or came with the QR code."""
        filled = {name: value.strip() for name, value in form.items() if value.strip()}
        try:
            self._limit.take(address_of(request))
            if filled.keys() <= {"number", "as_of"}:
                return self._page(filled, None)
            asked = VerifyCertificate.model_validate({**filled, "number": _number(filled.get("number", ""))})
            return self._page(filled, await self._verification.verify(asked))
        except ValidationError as malformed:
            return self._page(filled, None, _wrong_field(malformed), HTTPStatus.UNPROCESSABLE_ENTITY)
        except Fault as fault:
            return self._page(filled, None, fault.slug, STATUS[fault.kind])

    def _page(self, form: Form, answer: Verified | None, problem: str = "", status: int = 200) -> HTMLResponse:
        kept = {name: form.get(name, "") for name in SENT_BACK}
        root = self._verification.signer.issuer.path
        return self._layouts.page(
            "verification", status, form=kept, answer=answer, problem=problem, root=root, today=self._today()
        )


def routes(desk: Desk) -> APIRouter:
    """The pages."""
    router = APIRouter(tags=["pages"], route_class=Door)

    @router.get("/verify", response_class=HTMLResponse)
    @public
    async def start() -> HTMLResponse:
        """The page with the form."""
        return desk.empty()

    @router.post("/verify", response_class=HTMLResponse)
    @public
    @reading
    async def ask(request: Request) -> HTMLResponse:
        """The page with the answer to what was filled in; nothing of it is in the address."""
        return await desk.answer(request, await _form(request))

    @router.get("/verify/{number}", response_class=HTMLResponse)
    @public
    async def scanned(
        request: Request,
        number: str,
        c: Annotated[str, Query(description="the check code by the QR code")] = "",
        as_of: Annotated[str, Query(description="a day, e.g. 2026-03-01")] = "",
    ) -> HTMLResponse:
        """The page where a certificate's QR code leads."""
        return await desk.answer(request, {"number": number, "code": c, "as_of": as_of})

    return router


async def _form(request: Request) -> Form:
    """The fields of a sent form; what is not one of them, or too much, is left out."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return {}
    sent = parse_qs(body.decode("utf-8", "replace"), max_num_fields=None)
    return {name: sent[name][0] for name in FIELDS if name in sent}


def _number(text: str) -> str:
    """A number as people copy it from the paper."""
    return "".join(text.split()).upper()


def _wrong_field(malformed: ValidationError) -> str:
    named = [str(error["loc"][0]) for error in malformed.errors() if error["loc"]]
    return f"malformed-{named[0]}" if named else "one-fact"
