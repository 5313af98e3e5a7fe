"""A secret shown once: a door whose answers are kept with a field sealed, and opened on their way out, repeats too."""

import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from shared.http.door import Door
from shared.privacy import Sealer

UNKEPT = {"Cache-Control": "no-store"}


def showing(field: str, sealer: Sealer, *, bound_to: str = "id") -> type[Door]:
    """A door that opens `field` of its successful answers; it was sealed bound to what the answer's `bound_to` says.

    Give it as `route_class_override` of `add_api_route`, to a route whose endpoint answers with the field sealed:
    so it is kept for repeats of the write, and a copy of the database shows no secret.
    """

    class ShowingDoor(Door):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            kept = super().get_route_handler()

            async def through(request: Request) -> Response:
                response = await kept(request)
                if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
                    return response
                return _opened(response, field, sealer, bound_to)

            return through

    return ShowingDoor


def _opened(response: Response, field: str, sealer: Sealer, bound_to: str) -> Response:
    answer = json.loads(bytes(response.body))
    answer[field] = sealer.open(answer[field], bound_to=answer[bound_to])
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return JSONResponse(answer, response.status_code, {**headers, **UNKEPT})
