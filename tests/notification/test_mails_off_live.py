"""Where no mail server is configured: inboxes work, nothing is sent, and the doors say so."""

from pathlib import Path

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from tests.live import running
from tests.notification.test_inboxes_live import item, of_unit
from tests.notification.test_mails_live import SENDER, is_told, named, plan_returned

pytestmark = pytest.mark.live
UNIT = "unit-33-001"


async def test_where_no_mail_is_configured_nothing_is_sent_and_the_doors_say_so(
    servers: Servers, issuer: Issuer, tmp_path: Path
) -> None:
    async with running("notification", servers, issuer, tmp_path, mail_from=SENDER) as service:
        people = of_unit(service, UNIT)
        made = await named(people, "office@example.org")
        assert made["sending"] is False
        await is_told(service, UNIT, await plan_returned(service, UNIT))
        assert (await item(people))["standing"] == "waiting"
        (mail,) = (await people.get("/mails")).json()["rows"]
        assert (mail["purpose"], mail["state"], mail["tried"]) == ("code", "waiting", 0)
