"""Subscriptions of a running service: whose they are, what is shown of them, and where they may point."""

from uuid import uuid4

import pytest

from tests.live import Running
from tests.notification.receiver import Receiver
from tests.notification.story import Asking, subscriber

pytestmark = pytest.mark.live


async def test_the_secret_is_shown_at_creation_and_its_repeat_and_nowhere_else(
    service: Running, hooks: Receiver, path: str
) -> None:
    body, key = {"url": hooks.url(path)}, uuid4().hex
    first, again = [
        await subscriber(service).post("/subscriptions", body, **{"Idempotency-Key": key}) for _ in range(2)
    ]
    assert first.json() == again.json()
    assert first.json()["secret"].startswith("whsec_")
    assert (first.headers["etag"], again.headers["idempotent-replay"]) == ('"2"', "true")
    one = await subscriber(service).get(f"/subscriptions/{first.json()['id']}")
    assert "secret" not in one.json()
    assert "secret" not in (await subscriber(service).get("/subscriptions")).json()["rows"][0]
    for collection in ("answers", "subscriptions"):
        rows = await service.process.tools.database.collection(collection).find({})
        assert first.json()["secret"] not in str(rows)


async def test_subscribers_of_one_line_do_not_touch_each_others_subscriptions(
    service: Running, hooks: Receiver, path: str
) -> None:
    made = await subscriber(service, "sub-1").subscribe(hooks.url(path))
    place = f"/subscriptions/{made['id']}"
    for stranger in (
        subscriber(service, "sub-2"),
        Asking(service, "unit", "unit-33-001"),
        subscriber(service, line="44"),
    ):
        assert (await stranger.get(place)).status_code == 404
        assert (await stranger.delete(place)).status_code == 404
        assert (await stranger.post(f"{place}/disable")).status_code == 404
        rows = (await stranger.get("/subscriptions")).json()["rows"]
        assert made["id"] not in [row["id"] for row in rows]
    assert (await Asking(service, "authority", "province-33").get(place)).status_code == 200
    assert (await Asking(service, "supervisor", "s").get(place)).status_code == 403


async def test_a_url_that_cannot_be_sent_to_is_refused(service: Running) -> None:
    answer = await subscriber(service).post("/subscriptions", {"url": "ftp://example.org/"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/url"
