"""Lists of units over HTTP: sent as CSV, NDJSON or JSON, tried or taken, the refused rows handed back to be mended."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from services.registry.unit_lists.commands import UnitRow
from services.registry.unit_lists.handlers import ListTaken, UnitLists
from shared.auth import Role
from shared.http.bulk import bulk_body, rows_of
from shared.http.door import Asked, allow, doors
from shared.http.rows import CSV, REFUSAL_COLUMNS, as_sent, table

Accept = Annotated[str, Header(description=f"{CSV} for the refused rows alone, with the columns field and reason")]
DryRun = Annotated[bool, Query(description="judge every row and write nothing")]
COLUMNS = (*UnitRow.model_fields, *REFUSAL_COLUMNS)
AS_TABLE: dict[int | str, dict[str, Any]] = {
    200: {
        "model": ListTaken,
        "content": {CSV: {"schema": {"type": "string", "description": f"columns: {', '.join(COLUMNS)}"}}},
    }
}


def routes(lists: UnitLists) -> APIRouter:
    """The doors of the unit lists room."""
    router = doors("/organisations", "organisations")

    @router.post("/import", openapi_extra=bulk_body(UnitRow), response_model=ListTaken, responses=AS_TABLE)
    @allow(Role.CENTER, Role.AUTHORITY)
    async def take(
        request: Request, act: Asked, *, dry_run: DryRun = False, accept: Accept = "application/json"
    ) -> ListTaken | Response:
        """Take over a list of pilot units: good rows once, bad rows handed back."""
        taken = await lists.take(act, await rows_of(request, UnitRow), dry_run=dry_run)
        lines = frozenset(row.line for row in taken.refused)
        sent = dict(as_sent(await request.body(), request.headers.get("content-type", ""), lines))
        taken.mend = [
            {name: cell for name, cell in sent[row.line].items() if name in UnitRow.model_fields}
            for row in taken.refused
        ]
        return _table(taken) if accept.partition(";")[0].strip() == CSV else taken

    return router


def _table(taken: ListTaken) -> Response:
    told = [
        {**row, "field": refused.field, "reason": f"{refused.rule}: {refused.detail}"}
        for refused, row in zip(taken.refused, taken.mend, strict=True)
    ]
    return Response(table(COLUMNS, told), media_type=CSV)
