"""Mail on the real servers and a real mail server: proved addresses are told, whatever the mail server does."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.clock import SHANGHAI
from shared.events.registry import CardIssued
from tests.live import Running, built, eventually, running, served
from tests.notification.mailserver import DIE, DIE_AFTER, HANG, MailServer, mail_server
from tests.notification.story import Asking, returned
from tests.notification.test_inboxes_domain import example
from tests.notification.test_inboxes_live import counts, item, of_unit, problem, raised, says, submitted

pytestmark = pytest.mark.live
SENDER = "skillcert@example.org"


@pytest.fixture(scope="module")
async def mails() -> AsyncIterator[MailServer]:
    async with mail_server() as answering:
        yield answering


@pytest.fixture(scope="module")
async def service(
    servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory, mails: MailServer
) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("mails")
    async with running("notification", servers, issuer, folder, smtp_url=mails.url, mail_from=SENDER) as live:
        yield live


@pytest.fixture
def unit() -> str:
    """A unit of this test's own."""
    return f"unit-33-{uuid4().hex[:8]}"


@pytest.fixture
def address() -> str:
    """An address of this test's own."""
    return f"{uuid4().hex}@example.org"


async def named(people: Asking, address: str, **more: Any) -> dict[str, Any]:
    answer = await people.post("/mailboxes", {"address": address, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def code_in(mail: EmailMessage) -> str:
    found = re.search(r"验证码：(\d{8})", plain(mail))
    assert found is not None
    return found[1]


async def proved(people: Asking, mails: MailServer, address: str, **more: Any) -> dict[str, Any]:
    """An address that named its code; what came before is out of the way."""
    made = await named(people, address, **more)
    (first, *_) = await mails.got(address)
    answer = await people.post(f"/mailboxes/{made['id']}/verify", {"code": code_in(first)})
    assert answer.status_code == 200, answer.text
    mails.taken[address].clear()
    found: dict[str, Any] = answer.json()
    return found


async def plan_returned(service: Running, unit: str) -> str:
    plan = f"plan-{uuid4().hex}"
    await says(service, returned(plan, unit), plan, 2)
    return plan


async def sent(people: Asking, most: int = 1, **query: Any) -> list[dict[str, Any]]:
    """At least so many mails of the log, once they are there."""

    async def enough() -> list[dict[str, Any]]:
        answer = await people.get("/mails", **query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["rows"]
        return found if len(found) >= most else []

    return await eventually(enough)


def traced(service: Running) -> str:
    """Every span so far."""
    file = service.process.tools.settings.trace_file
    assert file is not None
    return file.read_text(encoding="utf-8") if file.exists() else ""  # another service of this run may have it


async def is_told(service: Running, unit: str, plan: str) -> None:
    """The item of a plan is there, and mails of it, if any, are made."""

    async def noted() -> bool:
        found = await service.process.tools.database.collection("inbox_items").find({"unit": unit, "subject": plan})
        return bool(found) and all(row["told"] for row in found)

    await eventually(noted)


async def test_a_returned_plan_comes_by_mail_and_is_settled_when_it_is_filed_again(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    await proved(people, mails, address)
    plan = await plan_returned(service, unit)
    (mail,) = await mails.got(address)
    found = await item(people)
    assert mail["Subject"] == "【新待办】工作方案被退回，请补正后重新提交"
    assert (mail["From"], mail["To"], mail["Auto-Submitted"]) == (SENDER, address, "auto-generated")
    assert f"https://cert.example.org/v1/inbox/{found['id']}" in plain(mail)
    (logged,) = await sent(people, purpose="item", state="delivered")
    assert mail["Message-ID"] == f"<{logged['id']}@example.org>"
    assert [row["answer"] for row in logged["attempts"]] == ["250"]
    assert (await people.get(f"/mails/{logged['id']}")).json() == logged
    await says(service, submitted(plan, unit), plan, 3)
    assert (await item(people, which="settled"))["subject"] == plan
    assert (await counts(people))["waiting"] == 0


async def test_an_address_is_told_nothing_before_its_code_is_named(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    made = await named(people, address)
    assert (made["state"], made["sending"]) == ("unverified", True)
    (first,) = await mails.got(address)
    await is_told(service, unit, await plan_returned(service, unit))
    wrong = "00000000" if code_in(first) != "00000000" else "11111111"
    answer = await people.post(f"/mailboxes/{made['id']}/verify", {"code": wrong})
    assert problem(answer) == (409, "mail-code-wrong")
    assert "4 more tries" in answer.json()["detail"]
    answer = await people.post(f"/mailboxes/{made['id']}/verify", {"code": code_in(first)})
    assert answer.json()["state"] == "verified"
    await plan_returned(service, unit)
    _, second = await mails.got(address, 2)
    assert second["Subject"].startswith("【新待办】")
    assert len(mails.taken[address]) == 2, "what came before it was proved is in the inbox only"


async def test_a_code_named_wrongly_too_often_counts_no_more_and_a_new_one_does(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    made = await named(people, address)
    (first,) = await mails.got(address)
    wrong = "00000000" if code_in(first) != "00000000" else "11111111"
    for _ in range(5):
        assert problem(await people.post(f"/mailboxes/{made['id']}/verify", {"code": wrong})) == (
            409,
            "mail-code-wrong",
        )
    over = await people.post(f"/mailboxes/{made['id']}/verify", {"code": code_in(first)})
    assert problem(over) == (409, "mail-code-over")
    assert (await people.post(f"/mailboxes/{made['id']}/code")).status_code == 200
    _, second = await mails.got(address, 2)
    answer = await people.post(f"/mailboxes/{made['id']}/verify", {"code": code_in(second)})
    assert answer.json()["state"] == "verified"


async def test_the_address_is_kept_sealed_and_shown_masked(
    service: Running, mails: MailServer, unit: str, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    people = of_unit(service, unit)
    made = await proved(people, mails, address)
    assert made["address"] == f"{address[:2]}***@example.org"
    await plan_returned(service, unit)
    await mails.got(address)
    await sent(people, purpose="item", state="delivered")
    database = service.process.tools.database
    for name in ("mailboxes", "mails", "answers", "inbox_items", "feed"):
        assert address not in repr(await database.collection(name).find({})), name
    assert address not in traced(service)
    assert address not in "".join(capfd.readouterr())
    shown = (await people.get("/mailboxes")).text + (await people.get("/mails")).text
    assert address not in shown


async def test_mails_are_of_the_kinds_that_were_chosen_and_an_ended_address_gets_none(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    made = await proved(people, mails, address, kinds=["objection"])
    await is_told(service, unit, await plan_returned(service, unit))
    chosen = {"kinds": ["plan"], "pace": "at_once"}
    assert (await people.post(f"/mailboxes/{made['id']}/choose", chosen)).json()["kinds"] == ["plan"]
    await plan_returned(service, unit)
    await mails.got(address)
    assert (await people.delete(f"/mailboxes/{made['id']}")).status_code == 204
    await is_told(service, unit, await plan_returned(service, unit))
    assert len(await sent(people, purpose="item")) == 1
    assert problem(await people.get(f"/mailboxes/{made['id']}")) == (404, "not-found")
    refused = await people.post("/mailboxes", {"address": address, "kinds": ["moon"]})
    assert problem(refused) == (400, "unknown-item-kind")


async def test_an_organisation_has_five_addresses_however_many_ask_at_once(service: Running, unit: str) -> None:
    people = of_unit(service, unit)
    answers = await asyncio.gather(*(people.post("/mailboxes", {"address": f"a{at}@example.org"}) for at in range(7)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 2
    rows = (await people.get("/mailboxes")).json()["rows"]
    assert len(rows) == 5
    await people.delete(f"/mailboxes/{rows[0]['id']}")
    assert (await people.post("/mailboxes", {"address": "a9@example.org"})).status_code == 201


async def test_an_address_that_could_begin_a_header_is_refused(service: Running, unit: str) -> None:
    for wrong in ("a@example.org\r\nBcc: b@example.org", "a@example.org\n", "a@b", "a@example.org,b@example.org"):
        answer = await of_unit(service, unit).post("/mailboxes", {"address": wrong})
        assert problem(answer) == (400, "mail-address")
        assert "Bcc" not in answer.text


async def test_another_organisation_sees_and_touches_no_address_or_mail(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    made = await proved(people, mails, address)
    (mail,) = await sent(people, purpose="code")
    for other in (of_unit(service, f"{unit}x"), of_unit(service, unit, "44"), Asking(service, "authority", "33", "33")):
        assert (await other.get("/mails", mailbox=made["id"])).json()["rows"] == []
        for answer in (
            await other.get(f"/mailboxes/{made['id']}"),
            await other.delete(f"/mailboxes/{made['id']}"),
            await other.post(f"/mailboxes/{made['id']}/code"),
            await other.get(f"/mails/{mail['id']}"),
            await other.post(f"/mails/{mail['id']}/redrive"),
        ):
            assert problem(answer) == (404, "not-found")
    auditor = Asking(service, "auditor", "audit", "33")
    assert (await auditor.get(f"/mailboxes/{made['id']}")).json()["address"].startswith(address[:2])
    assert (await auditor.delete(f"/mailboxes/{made['id']}")).status_code == 403


async def test_a_mail_refused_for_now_or_cut_off_is_tried_again_under_the_same_id(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    await proved(people, mails, address)
    mails.answers[address].extend(["451 try again later", DIE, DIE_AFTER])
    await plan_returned(service, unit)
    for tried in (1, 2, 3):

        async def is_tried(tried: int = tried) -> bool:
            return bool((await sent(people, purpose="item"))[0]["tried"] >= tried)

        await eventually(is_tried)
        service.forward(hours=1)
    (logged,) = await sent(people, purpose="item", state="delivered")
    assert [row["answer"] for row in logged["attempts"]] == ["451", "broken", "broken", "250"]
    first, second = await mails.got(address, 2)
    assert first["Message-ID"] == second["Message-ID"], "taken twice, and known by its id"


async def test_a_mail_refused_for_good_is_not_tried_again_until_it_is_redriven(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    await proved(people, mails, address)
    mails.refused[address] = "550 no such user"
    await plan_returned(service, unit)
    (logged,) = await sent(people, purpose="item", state="failed")
    assert [row["answer"] for row in logged["attempts"]] == ["550"]
    del mails.refused[address]
    answer = await people.post(f"/mails/{logged['id']}/redrive")
    assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
    assert (await mails.got(address))[0]["Message-ID"] == f"<{logged['id']}@example.org>"
    await sent(people, purpose="item", state="delivered")
    assert problem(await people.post(f"/mails/{logged['id']}/redrive")) == (409, "mail-not-failed")


async def test_a_mail_that_hangs_holds_up_no_other(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people, other = of_unit(service, unit), of_unit(service, f"{unit}x")
    await proved(people, mails, address)
    await proved(other, mails, f"x{address}")
    mails.answers[address].append(HANG)
    await plan_returned(service, unit)

    async def hangs() -> bool:
        return mails.tried[address] == 2  # its code, and this one

    await eventually(hangs)
    await plan_returned(service, f"{unit}x")
    await mails.got(f"x{address}")
    assert (await sent(people, purpose="item"))[0]["tried"] == 0


async def test_what_is_near_its_limit_and_then_overdue_is_told_once_each(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    await proved(people, mails, address)
    objection = f"objection-{uuid4().hex}"
    by = service.process.tools.clock.today() + timedelta(days=5)
    await says(service, raised(objection, unit, by.isoformat()), objection)
    assert (await mails.got(address))[0]["Subject"].startswith("【新待办】")
    service.forward(days=3)
    assert (await mails.got(address, 2))[1]["Subject"].startswith("【即将到期】")
    service.forward(days=1)
    await is_told(service, unit, await plan_returned(service, unit))
    await mails.got(address, 3)
    service.forward(days=2)
    assert (await mails.got(address, 4))[3]["Subject"].startswith("【已逾期】")
    service.forward(days=2)
    await is_told(service, unit, await plan_returned(service, unit))
    await mails.got(address, 5)
    assert [mail["Subject"].partition("】")[0] for mail in mails.taken[address]] == [
        "【新待办",
        "【即将到期",
        "【新待办",
        "【已逾期",
        "【新待办",
    ]


async def test_many_items_that_come_at_the_same_moment_are_one_mail(
    service: Running, mails: MailServer, address: str
) -> None:
    line = "63"
    people = Asking(service, "authority", line, line)
    await proved(people, mails, address)
    until = (service.process.tools.clock.today() + timedelta(days=100)).isoformat()
    for at in range(25):
        card = f"card-{at}-{uuid4().hex}"
        body = example("registry.card.issued.v1", card=card, valid_until=until).body
        await service.says(CardIssued.model_validate_json(body), subject=card, authority=line)
        await eventually(partial(people.feed, subject=card))
    service.forward(days=41)
    (mail,) = await mails.got(address)
    assert mail["Subject"] == "【待办与消息】25项"
    assert plain(mail).count("证卡A33190001将于") == 20
    assert "另有5项" in plain(mail)
    (logged,) = await sent(people, purpose="item", state="delivered")
    assert (len(logged["items"]), logged["further"]) == (20, 5)


async def test_a_day_is_one_mail_in_the_morning(service: Running, mails: MailServer, unit: str, address: str) -> None:
    tomorrow = service.process.tools.clock.today() + timedelta(days=1)
    service.set_time(datetime.combine(tomorrow, time(12), SHANGHAI))
    people = of_unit(service, unit)
    await proved(people, mails, address, pace="daily")
    plans = [await plan_returned(service, unit) for _ in range(22)]
    for plan in plans:
        await is_told(service, unit, plan)
    service.set_time(datetime.combine(tomorrow + timedelta(days=1), time(7, 59), SHANGHAI))
    assert (await people.get("/mails", purpose="digest")).json()["rows"] == []
    service.set_time(datetime.combine(tomorrow + timedelta(days=1), time(8, 2), SHANGHAI))
    (mail,) = await mails.got(address)
    assert mail["Subject"] == f"【每日摘要】{tomorrow + timedelta(days=1)}：22项"
    assert "另有2项" in plain(mail)
    service.set_time(datetime.combine(tomorrow + timedelta(days=2), time(8, 2), SHANGHAI))

    async def is_made() -> bool:
        rows = await service.process.tools.database.collection("mailboxes").find({"unit": unit})
        return bool(rows[0]["digested_at"].astimezone(SHANGHAI).date() == tomorrow + timedelta(days=2))

    await eventually(is_made)
    assert len(await sent(people, purpose="digest")) == 1, "nothing new and nothing pressing: no mail"


async def test_two_processes_send_each_mail_once(service: Running, mails: MailServer, unit: str, address: str) -> None:
    people = of_unit(service, unit)
    await proved(people, mails, address)
    async with served(built(service.process.tools.settings)):
        for _ in range(20):
            await is_told(service, unit, await plan_returned(service, unit))
        await mails.got(address, 20)
        await sent(people, 20, purpose="item", state="delivered")
    assert len({mail["Message-ID"] for mail in mails.taken[address]}) == len(mails.taken[address]) == 20
    assert mails.tried[address] == 21, "its code, and each mail once"


async def test_a_crash_after_mails_were_made_and_before_that_was_noted_makes_no_second_one(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    await proved(people, mails, address)
    plan = await plan_returned(service, unit)
    await mails.got(address)
    await is_told(service, unit, plan)
    rows = service.process.tools.database.collection("inbox_items")
    await rows.update({"unit": unit}, {"$set": {"told": False, "taken": []}})
    await is_told(service, unit, plan)
    other = await plan_returned(service, unit)
    await is_told(service, unit, other)
    await mails.got(address, 2)
    assert len(await sent(people, purpose="item")) == len(mails.taken[address]) == 2


async def test_a_mail_that_a_crash_left_claimed_is_sent_when_its_lease_ends(
    service: Running, mails: MailServer, unit: str, address: str
) -> None:
    people = of_unit(service, unit)
    await proved(people, mails, address)
    mails.answers[address].append("451 later")
    await plan_returned(service, unit)

    async def is_tried() -> bool:
        return bool((await sent(people, purpose="item"))[0]["tried"])

    await eventually(is_tried)
    rows = service.process.tools.database.collection("mails")
    mine = {"unit": unit, "purpose": "item"}
    await rows.update(mine, {"$set": {"claim": "of a process that died", "claimed_until": 9e9}})
    service.forward(hours=1)
    await proved(of_unit(service, f"{unit}x"), mails, f"x{address}")
    assert mails.taken[address] == []
    await rows.update(mine, {"$set": {"claimed_until": 1.0}})
    await mails.got(address)
