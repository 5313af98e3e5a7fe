"""A private mongod: a replica set of one on a loopback port, with one user per database."""

import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from infra.broker import ADMIN
from infra.local import install
from infra.local.folders import private_environment, write_private
from infra.local.leash import Leashed
from infra.local.ports import LOOPBACK, free_ports, listens
from infra.local.readiness import await_ready
from infra.provision import REPLICA_SET, initiate_replica_set, is_primary, mongo_users, put_user

STOP_GRACE = 10.0  # seconds
ANSWER_TIMEOUT = 5.0

Client = MongoClient[dict[str, Any]]


class Mongod:
    """One mongod with its data in `folder`; it keeps port and data over `kill` and `start`.

    Every call blocks until what it says is true.
    """

    def __init__(self, folder: Path, passwords: Mapping[str, str]) -> None:
        self._folder = folder
        self._passwords = passwords
        self._port = free_ports(1)[0]
        self._process: Leashed | None = None
        self._has_users = False

    def url(self, user: str) -> str:
        """The URL of a service's user and database, or the administrator's."""
        return (
            f"mongodb://{user}:{self._passwords[user]}@{LOOPBACK}:{self._port}/{user}"
            f"?authSource={user}&replicaSet={REPLICA_SET}"
        )

    def launch(self) -> None:
        """Start the process without waiting for it; `await_ready` follows."""
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        key = self._folder / "key"
        if not key.exists():
            write_private(key, secrets.token_hex(32))
        self._process = Leashed(
            [
                *(install.mongod(), "--dbpath", data, "--replSet", REPLICA_SET, "--keyFile", key),
                *("--bind_ip", LOOPBACK, "--port", str(self._port), "--nounixsocket"),
                *("--wiredTigerCacheSizeGB", "1", "--oplogSize", "512", "--quiet"),
                *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            ],
            private_environment(self._folder),
            self._folder / "mongod.log",
        )

    def await_ready(self) -> None:
        """Wait until it is primary, its users are there and a majority write is done."""
        assert self._process is not None
        await_ready("mongod", self._process, lambda: listens(self._port))
        if not self._has_users:
            self._create_users()
        with self._client(ADMIN) as admin:
            await_ready("mongod", self._process, lambda: is_primary(admin))
            admin.admin.get_collection("ready", write_concern=WriteConcern("majority")).insert_one({})

    def _create_users(self) -> None:
        assert self._process is not None
        # As long as there is no user, mongod lets a local client set up the replica set and the first user.
        with self._client(None) as nobody:
            initiate_replica_set(nobody, f"{LOOPBACK}:{self._port}")
            await_ready("mongod", self._process, lambda: is_primary(nobody))
            root = [{"role": "root", "db": ADMIN}]
            nobody[ADMIN].command("createUser", ADMIN, pwd=self._passwords[ADMIN], roles=root)
        with self._client(ADMIN) as admin:
            for user in mongo_users(self._passwords):
                put_user(admin, user)
        self._has_users = True

    def _client(self, user: str | None) -> Client:
        password = None if user is None else self._passwords[user]
        return MongoClient(LOOPBACK, self._port, username=user, password=password, directConnection=True)

    def start(self) -> None:
        self.launch()
        self.await_ready()

    def restart(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop(STOP_GRACE)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()

    def freeze(self) -> None:
        """Halt it as a stalled machine would: connections stay open and nothing answers."""
        if self._process is not None:
            self._process.halt()

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send(signal.SIGCONT)


def require_mongo(url: str) -> None:
    """Raise ServersUnavailable unless the MongoDB given by MONGO_URL answers its user."""
    try:
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=int(ANSWER_TIMEOUT * 1000)) as client:
            client.admin.command("ping")
    except PyMongoError as refused:
        reason = str(refused).split(", ")[0]  # the rest is the server's whole reply
        raise install.ServersUnavailable(f"The MongoDB given by MONGO_URL cannot be used: {reason}") from refused
