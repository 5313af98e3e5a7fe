"""The same write twice gets the same answer: answers are kept for a day under the act's id."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import Request, Response

from shared.errors import Fault, Kind
from shared.privacy import Sealer
from shared.storage.mongo import Binary, Database, IndexModel

KEEP_SECONDS = 86_400
MOST_BYTES = 8 * 1024 * 1024


class KeyReused(Fault):
    """This Idempotency-Key came with another request before; take a new key for a new write."""

    slug, kind = "idempotency-key-reused", Kind.CONFLICT


class TooLarge(Fault):
    """The body is larger than this route takes; send it in parts."""

    slug, kind = "body-too-large", Kind.MALFORMED


class Answers:
    """Kept answers of successful writes.

    They only repeat an answer: the single effect is guaranteed by the act's id in the entity itself,
    so a crash between effect and record costs nothing.
    """

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._kept = database.collection("answers")
        self._sealer = sealer

    async def prepare(self) -> None:
        await self._kept.ensure_indexes([IndexModel([("at", 1)], expireAfterSeconds=KEEP_SECONDS)])

    async def once(self, request: Request, identity: str, inside: Callable[[Request], Awaitable[Response]]) -> Response:
        """The kept answer of this act, or the one made now."""
        mark = self._sealer.fingerprint(request.url.query.encode() + b"\n" + await request.body())
        if (kept := await self._kept.find_one({"_id": identity})) is not None:
            if kept["body"] != mark:
                raise KeyReused("this Idempotency-Key was used with another body or query")
            return Response(kept["answer"], kept["status"], {**kept["headers"], "Idempotent-Replay": "true"})
        response = await inside(request)
        if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            await self._keep(identity, mark, response)
        return response

    async def _keep(self, identity: str, mark: str, response: Response) -> None:
        names = ("content-type", "etag", "location")
        record = {
            "_id": identity,
            "body": mark,
            "status": response.status_code,
            "headers": {name: response.headers[name] for name in names if name in response.headers},
            "answer": Binary(bytes(response.body)),
            "at": datetime.now(UTC),
        }
        await self._kept.insert(record)


def too_large(most: int = MOST_BYTES) -> TooLarge:
    """The refusal of a body of more than `most` bytes."""
    return TooLarge(f"send at most {most} bytes at once")
