"""A database of the registry's through either driver, and a store of notes in it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient

from infra.local.servers import Servers
from shared.storage.mongo import Database
from shared.storage.store import Store
from tests.shared.notes import Note, note_store

DRIVERS: dict[str, Callable[..., Any]] = {"motor": AsyncIOMotorClient, "pymongo": AsyncMongoClient}


@pytest.fixture(params=DRIVERS)
async def either_database(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """The same database through Motor and through PyMongo's own client: one contract over both."""
    database = Database(servers.mongo_url("registry"), "registry", DRIVERS[request.param])
    yield database
    await database.close()


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[Database]:
    database = Database(servers.mongo_url("registry"), "registry")
    yield database
    await database.close()


@pytest.fixture
async def notes(either_database: Database) -> Store[Note]:
    store = note_store(either_database)
    await store.prepare()
    return store
