"""What holds for the kit holds for notification: the subscriber to copy from, told of every event by the real one."""

import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from infra.docs.examples import example_of
from infra.kit.examples import Examples
from infra.kit.good import Subscriber
from infra.kit.keys import Keys
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.events.catalogue import EVENTS
from tests.infra.subscribers import Headers, Said, served
from tests.live import eventually, running

pytestmark = pytest.mark.live

SOMETIMES = {"causationid", "traceparent"}


class Recording(Subscriber):
    """The one to copy from, and what it was sent."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self.came: list[tuple[Headers, dict[str, Any]]] = []

    def answer(self, headers: Headers, body: bytes) -> Said:
        status, said = super().answer(headers, body)
        if status == 200 and "challenge" not in said:
            self.came.append((headers, json.loads(body)))
        return status, said


def kinds(headers: Headers) -> list[str]:
    """Of what kinds the parts of a signature are."""
    return [part.partition(",")[0] for part in headers["webhook-signature"].split(" ")]


async def test_the_subscriber_to_copy_from_hears_every_event_from_notification_as_the_kit_says_it(
    servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = Keys.made()
    subscriber, folder = Recording(keys.secret), tmp_path_factory.mktemp("kit")
    async with running("notification", servers, issuer, folder) as service:
        with served(subscriber) as url:
            made = await service.http.post("/v1/subscriptions", json={"url": url}, headers=service.token("center"))
            assert made.status_code == 201, made.text
            subscriber.webhook = Webhook(made.json()["secret"])
            for event_type, event in EVENTS.items():
                body = json.dumps(example_of(event)["body"])
                await service.says(event.model_validate_json(body), subject=f"kit-{event_type}")

            async def all_of_them() -> bool:
                return set(EVENTS) <= {event["type"] for _, event in subscriber.came}

            await eventually(all_of_them, within=60)
    theirs = {event["type"]: (headers, event) for headers, event in subscriber.came}
    for message in Examples().each():
        ours = json.loads(message.body)
        headers, said = theirs[ours["type"]]
        assert ours.keys() - SOMETIMES == said.keys() - SOMETIMES
        assert ours["data"].keys() <= said["data"].keys()  # a frozen example may be older than today's fields
        assert keys.headers(message).keys() <= headers.keys()
        assert set(kinds(headers)) <= set(kinds(keys.headers(message)))
        assert headers["webhook-id"] == said["id"]
