"""What RabbitMQ and MongoDB are told, and what the command says about a wrong environment."""

import base64
import hashlib
import re
from typing import get_args

import pytest

from infra.broker import SERVICES, password_hash
from infra.order import ProvisionFailed, read_order
from infra.provision import definitions, mongo_users, provision
from shared.messaging.topology import EVENTS
from shared.settings import ServiceName

PASSWORDS = {name: f"secret of {name}" for name in (*SERVICES, "admin")}
ENVIRONMENT = {
    "RABBITMQ_MANAGEMENT_URL": "http://rabbitmq:15672/",
    "RABBITMQ_ADMIN_USER": "root",
    "RABBITMQ_ADMIN_PASSWORD": "root secret",
    "MONGO_ADMIN_URL": "mongodb://root:secret@mongo/?authSource=admin",
    **{f"{name.upper()}_AMQP_PASSWORD": f"amqp {name}" for name in SERVICES},
    **{f"{name.upper()}_MONGO_PASSWORD": f"mongo {name}" for name in SERVICES},
}


def test_every_service_that_can_be_started_is_provisioned() -> None:
    assert set(SERVICES) == set(get_args(ServiceName))


def test_the_definitions_hold_no_password_in_clear() -> None:
    told = repr(definitions(PASSWORDS))
    assert not [password for password in PASSWORDS.values() if password in told]


def test_a_password_hash_is_salt_and_salted_digest() -> None:
    raw = base64.b64decode(password_hash("test12", b"\x90\x8d\xc6\x0a"))
    assert raw == b"\x90\x8d\xc6\x0a" + hashlib.sha256(b"\x90\x8d\xc6\x0atest12").digest()


def test_two_hashes_of_one_password_differ() -> None:
    first, second = definitions({"registry": "same"}), definitions({"registry": "same"})
    assert first["users"][0]["password_hash"] != second["users"][0]["password_hash"]


def test_only_admin_is_administrator_and_only_where_it_has_a_password() -> None:
    tags = {user["name"]: user["tags"] for user in definitions(PASSWORDS)["users"]}
    assert [name for name, tag in tags.items() if tag] == ["admin"]
    without = {name: PASSWORDS[name] for name in SERVICES}
    assert [user["name"] for user in definitions(without)["users"]] == list(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_rights_on_its_own_names_and_the_events_exchange_only(service: str) -> None:
    rights = next(row for row in definitions(PASSWORDS)["permissions"] if row["user"] == service)
    others = [f"{other}.inbox" for other in SERVICES if other != service]
    foreign = [*others, "amq.default", "amq.topic", f"{service}x", f"{EVENTS}.more", f"x{service}.inbox"]
    for right in ("configure", "write", "read"):
        assert re.search(rights[right], f"{service}.inbox")
        assert not [name for name in foreign if re.search(rights[right], name)]
    assert not re.search(rights["configure"], EVENTS)
    assert not re.search(rights["write"], EVENTS)
    assert re.search(rights["read"], EVENTS)


def test_each_service_says_its_events_to_an_exchange_that_passes_on_only_its_own() -> None:
    made = definitions(PASSWORDS)
    names = ["certification.events", *(f"{service}.events" for service in SERVICES)]
    assert [exchange["name"] for exchange in made["exchanges"]] == names
    assert {(exchange["type"], exchange["durable"]) for exchange in made["exchanges"]} == {("topic", True)}
    passed_on = {(row["source"], row["routing_key"], row["destination"]) for row in made["bindings"]}
    assert passed_on == {(f"{service}.events", f"{service}.#", "certification.events") for service in SERVICES}


def test_each_database_user_writes_to_its_own_database_only() -> None:
    users = mongo_users(PASSWORDS)
    assert [(user.name, user.database, user.role) for user in users] == [(name, name, "readWrite") for name in SERVICES]
    assert "secret" not in repr(users)


def test_an_order_is_read_from_the_environment() -> None:
    order = read_order(ENVIRONMENT)
    assert order.management_url == "http://rabbitmq:15672"
    assert order.replica_member == "mongo:27017"
    assert order.amqp_passwords["registry"] == "amqp registry"
    assert order.mongo_passwords["evaluation"] == "mongo evaluation"
    assert order.timeout == 120
    assert "secret" not in repr(order)


def test_the_replica_member_can_be_given() -> None:
    assert read_order({**ENVIRONMENT, "MONGO_REPLICA_MEMBER": "mongo-0:27018"}).replica_member == "mongo-0:27018"


@pytest.mark.parametrize("missing", ENVIRONMENT)
def test_a_missing_variable_is_named(missing: str) -> None:
    with pytest.raises(ProvisionFailed, match=f"^{missing} is not set"):
        read_order({**ENVIRONMENT, missing: ""})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RABBITMQ_MANAGEMENT_URL", "rabbitmq:15672"),
        ("MONGO_ADMIN_URL", "mongodb://one,two/"),
        ("PROVISION_TIMEOUT", "soon"),
        ("PROVISION_TIMEOUT", "0"),
        ("PROVISION_TIMEOUT", "121"),
    ],
)
def test_a_malformed_variable_is_named(variable: str, value: str) -> None:
    with pytest.raises(ProvisionFailed, match=variable):
        read_order({**ENVIRONMENT, variable: value})


def test_a_server_that_does_not_answer_is_named_after_the_time_allowed() -> None:
    # Port 9 (discard) is below every port a server of ours is given.
    here = {"RABBITMQ_MANAGEMENT_URL": "http://127.0.0.1:9", "PROVISION_TIMEOUT": "0.1"}
    with pytest.raises(ProvisionFailed, match=r"RABBITMQ_MANAGEMENT_URL .* Waited 0 s"):
        provision(read_order({**ENVIRONMENT, **here}))
