"""The HTTP shell around routes of a test's own, in this process and without any server behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI

from infra.local.issuer import Issuer
from shared.auth import Verifier
from shared.clock import Clock
from shared.http.app import make_app
from shared.http.idempotency import Answers
from shared.privacy import Sealer
from shared.storage.mongo import Database
from tests.live import INDEX_KEY, SEAL_KEYS


@asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def around(router: APIRouter, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of these routes; no database answers behind them."""
    database = Database("mongodb://127.0.0.1:9", "nowhere")
    verifier = Verifier(jwks_url=issuer.url, issuer="skillcert", audience="skillcert")
    app = make_app(
        "shell",
        [router],
        clock=Clock(),
        verifier=verifier,
        answers=Answers(database, Sealer(SEAL_KEYS, INDEX_KEY)),
        checks={},
        lifespan=_nothing,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shell") as http:
        yield http
    await verifier.aclose()
    await database.close()
