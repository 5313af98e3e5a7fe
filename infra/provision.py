"""Tells RabbitMQ and MongoDB, already up, who may do what: `python -m infra.provision`.

It may be run again at any time: what is there is left or brought up to date. infra/README.md lists the
environment variables it reads.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, ConfigurationError, OperationFailure

from infra.broker import ADMIN, Definitions, definitions
from infra.order import Order, ProvisionFailed, read_order
from infra.waiting import TookTooLong, wait_until

__all__ = ["definitions", "mongo_users"]

REPLICA_SET = "skillcert"
ALREADY_INITIALIZED = 23
REFUSED = (401, 403)
SERVER_ERROR = 500

Document = dict[str, Any]


@dataclass(frozen=True)
class MongoUser:
    """A database user; it is created in, and proves itself to, its own database."""

    name: str
    database: str
    password: str = field(repr=False)
    role: str = "readWrite"


def mongo_users(passwords: Mapping[str, str]) -> list[MongoUser]:
    """One user per service, for the database of the same name and no other."""
    return [MongoUser(name, name, password) for name, password in passwords.items() if name != ADMIN]


def initiate_replica_set(client: MongoClient[Document], member: str) -> None:
    """Make this server the one member of the replica set; a set that is there already stays as it is."""
    config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]}
    try:
        client.admin.command("replSetInitiate", config)
    except OperationFailure as refused:
        if refused.code != ALREADY_INITIALIZED:
            raise


def is_primary(client: MongoClient[Document]) -> bool:
    """Whether the server answers and takes writes."""
    try:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
    except AutoReconnect:
        return False


def put_user(client: MongoClient[Document], user: MongoUser) -> None:
    """Create the user, or give the one that is there this password and role."""
    database = client[user.database]
    known = database.command("usersInfo", user.name)["users"]
    command = "updateUser" if known else "createUser"
    database.command(command, user.name, pwd=user.password, roles=[{"role": user.role, "db": user.database}])


def prepare_mongo(url: str, member: str, users: Sequence[MongoUser], deadline: float) -> None:
    """Initiate the replica set where it is not, and put the users; waits until the deadline (monotonic)."""
    # The set may not exist yet, so speak to the one server whatever the URL says about a set.
    alone: MongoClient[Document] = MongoClient(
        url, directConnection=True, replicaSet=None, serverSelectionTimeoutMS=1_000, connectTimeoutMS=2_000
    )
    with alone as client:
        wait_until(lambda: _answers(client), deadline, "MONGO_ADMIN_URL names no MongoDB that answers.")
        initiate_replica_set(client, member)
        wait_until(
            lambda: is_primary(client), deadline, f"MongoDB's member {member} (MONGO_REPLICA_MEMBER) is no primary."
        )
        for user in users:
            put_user(client, user)


def _answers(client: MongoClient[Document]) -> bool:
    try:
        client.admin.command("ping")
    except AutoReconnect:  # network errors and "no server yet" are of this kind
        return False
    return True


def prepare_rabbitmq(url: str, user: str, password: str, wanted: Definitions, deadline: float) -> None:
    """Send the definitions to the management API; waits for it to come up until the deadline (monotonic)."""
    answers: list[httpx.Response] = []
    with httpx.Client(auth=(user, password), timeout=10, trust_env=False) as client:

        def answered() -> bool:
            try:
                answers.append(client.post(f"{url}/api/definitions", json=wanted))
            except httpx.TransportError:
                return False
            return answers[-1].status_code < SERVER_ERROR

        wait_until(answered, deadline, "RABBITMQ_MANAGEMENT_URL names no management API that answers.", pause=0.5)
    _check(answers[-1])


def _check(answer: httpx.Response) -> None:
    if answer.status_code in REFUSED:
        raise ProvisionFailed("RabbitMQ refuses RABBITMQ_ADMIN_USER with RABBITMQ_ADMIN_PASSWORD.")
    if not answer.is_success:
        raise ProvisionFailed(
            f"RABBITMQ_MANAGEMENT_URL answers {answer.status_code} to the definitions: {answer.text[:300]}"
        )


def provision(order: Order) -> None:
    """Carry out the order; raises ProvisionFailed with the one sentence that helps."""
    deadline = time.monotonic() + order.timeout
    wanted = definitions(order.amqp_passwords)
    users = mongo_users(order.mongo_passwords)
    try:
        prepare_rabbitmq(order.management_url, order.admin_user, order.admin_password, wanted, deadline)
        prepare_mongo(order.mongo_admin_url, order.replica_member, users, deadline)
    except TookTooLong as late:
        raise ProvisionFailed(f"{late} Waited {order.timeout:.0f} s (PROVISION_TIMEOUT).") from late
    except httpx.InvalidURL as wrong:
        raise ProvisionFailed(f"RABBITMQ_MANAGEMENT_URL is not usable: {wrong}") from wrong
    except ConfigurationError as wrong:
        raise ProvisionFailed(f"MONGO_ADMIN_URL is not usable: {wrong}") from wrong
    except OperationFailure as refused:
        reason = str(refused).split(", ")[0]  # the rest is the server's whole reply
        raise ProvisionFailed(f"MongoDB refuses what the user of MONGO_ADMIN_URL asks: {reason}") from refused


if __name__ == "__main__":
    try:
        provision(read_order(os.environ))
    except ProvisionFailed as failed:
        sys.exit(str(failed))
    print("RabbitMQ and MongoDB are provisioned.")
