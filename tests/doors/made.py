"""What a pilot unit of line 33 leaves behind in each service, for the tests of who may see it."""

import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

from services.notification.streams.commands import Kind
from services.notification.streams.domain import Reader
from services.notification.streams.storage import reader_store
from shared.act import Act
from shared.clock import SHANGHAI
from shared.events.assessment import FinalResult, ResultsFinalised, SignalRaised
from shared.settings import ServiceName
from tests.assessment import driving, importing, on_notice
from tests.assessment.examples import published
from tests.doors import cards, cases, proposals, sites
from tests.doors.plans import TODAY, authorised_by, framed, reported, submitted, unit
from tests.evaluation.cycles import on_file
from tests.evaluation.examples import FULL
from tests.evaluation.story import BEGINS, standing
from tests.live import Running, eventually
from tests.notification.receiver import receiver
from tests.notification.story import say

UNIT = "unit-33-001"
Made = dict[str, str]
"""By the name of a path parameter, the id of what was made."""


async def in_registry(service: Running) -> Made:
    """A filed plan, a certificate under it, and one thing of every other room."""
    service.set_time(TODAY)
    await framed(service, "33")
    plan = (await submitted(service)).json()["id"]
    await service.http.post(f"/v1/plans/{plan}/file", headers=service.token("center"))
    certificate = "entry-1"

    async def filed() -> bool:
        answer = await service.http.get(f"/v1/certificates/{certificate}", headers=unit(service))
        return answer.status_code == 200

    await authorised_by(service, UNIT, plan)
    await service.says(_results(service), subject="batch-1.1")
    await eventually(filed)
    made = {"plan": plan, "organisation": UNIT, "unit": UNIT, "certificate": certificate}
    made["report"] = await reported(service, plan)
    for room in (cards, cases, proposals, sites):
        made |= await room.made(service)
    return made


def _results(service: Running) -> ResultsFinalised:
    person = json.dumps({"name": "测试", "id_number": "110105188912310021"})
    sealed = service.process.tools.sealer.seal(person, bound_to="entry-1")
    return ResultsFinalised(
        batch="batch-1",
        unit=UNIT,
        occupation="rebar_worker",
        level="5",
        standard="rebar_worker-2019p",
        exam_on=date(2019, 9, 2),
        closed_at=datetime(2019, 9, 3, tzinfo=SHANGHAI),
        chunk=1,
        chunks=1,
        results=(FinalResult(entry="entry-1", holder="测*", person=sealed, theory=80, practical=90),),
    )


async def in_assessment(service: Running) -> Made:
    """A batch with a file, rooms, sealed sheets and what was found in them; another on notice, with an objection."""
    await service.says(published(), subject="rebar_worker-2019p", authority="national")
    await driving.authorised(service, UNIT)
    batch = await driving.batch_of(service, UNIT)
    entries = await driving.enrolled(service, UNIT, batch, range(12))
    tried = await importing.sent(service, UNIT, batch, importing.as_csv([importing.candidate(3)]), dry_run=True)
    await importing.ended(service, UNIT, tried["id"])
    rooms = [{"part": part, "name": "一号考场", "stations": 12} for part in ("theory", "practical")]
    await driving.post(service, UNIT, f"/{batch}/arrangement", {"rooms": rooms})

    async def ticketed() -> bool:
        return bool((await driving.get(service, UNIT, f"/{batch}"))["tickets"])

    await eventually(ticketed)
    await driving.strictly_marked(service, UNIT, batch, entries)
    (signal, *_) = await driving.said_of(service, SignalRaised, batch, driving.FINDINGS)
    seen = {"item": "name_list", "reason": "核对", "approved_by": "站长", "witnesses": ["甲", "乙"]}
    answer = await driving.post(service, UNIT, f"/{batch}/archive/views", seen)
    assert answer.status_code == 200, answer.text
    publicised, (other, _) = await on_notice.on_notice(service, UNIT)
    objection = await on_notice.raised_by(service, UNIT, publicised, other)
    return {"batch": batch, "entry": entries[0], "room": "1", "signal": signal["signal"], "objection": objection}


async def in_evaluation(service: Running) -> Made:
    """A cycle with an extension, a self-check in it, and the figures of its unit."""
    service.set_time(BEGINS)
    await eventually(lambda: _near(service, BEGINS))
    cycle = (await on_file(service))["id"]
    await service.says(standing(UNIT), subject=UNIT)
    asked = {"cycle": cycle, "scores": FULL, "evidence": dict.fromkeys(FULL, "自查台账")}
    made: dict[str, Any] = {}

    async def checked() -> bool:
        answer = await service.http.post("/v1/evaluations", json=asked, headers=unit(service))
        made.update(answer.json())
        return answer.is_success

    await eventually(checked)
    late = {"organisation": UNIT, "act": "self_check", "until": "2021-01-15", "reason": "考核推迟"}
    path = f"/v1/cycles/{cycle}/extensions"
    answer = await service.http.post(path, json=late, headers=service.token("center"))
    assert answer.is_success, answer.text
    return {"unit": UNIT, "evaluation": made["id"], "cycle": cycle}


async def _near(service: Running, moment: datetime) -> bool:
    return abs(service.process.tools.clock.now() - moment) < timedelta(minutes=1)


async def in_notification(service: Running) -> Made:
    """A subscription, an event in the feed, its delivery, and the line's first checkpoint."""
    async with receiver() as answering:  # the challenge; later attempts fail, which is what a delivery log is for
        asked = {"url": answering.url("/"), "types": [], "from_position": 0}
        made = await service.http.post("/v1/subscriptions", json=asked, headers=unit(service))
    subject = (await say(service)).partition("@")[0]

    async def delivered() -> bool:
        answer = await service.http.get("/v1/deliveries", headers=unit(service))
        return bool(answer.json()["rows"])

    await eventually(delivered)
    rows = (await service.http.get("/v1/deliveries", headers=unit(service))).json()["rows"]
    again = {"subscription": made.json()["id"], "from_position": 0}
    replay = await service.http.post("/v1/replays", json=again, headers=unit(service))
    service.forward(hours=1)

    async def covered() -> bool:
        query = {"line": "33"}
        headers = service.token("authority", "33", "33")
        return (await service.http.get("/v1/checkpoints/latest", params=query, headers=headers)).is_success

    await eventually(covered)
    return {
        "line": "33",
        "number": "1",
        "subscription": made.json()["id"],
        "reader": await _reader(service),
        "delivery": rows[0]["id"],
        "replay": replay.json()["id"],
        "position": str(rows[0]["position"]),
        "subject": subject,
        **await _told(service),
    }


async def _reader(service: Running) -> str:
    """A reader of the unit, as the door would leave it: there is no management of the broker here."""
    tools = service.process.tools
    reader = Reader(id="reader-33", authority="33", owner=UNIT, line="33", unit=UNIT, kind=Kind.QUEUE, password="")
    act = Act("reader-33", tools.clock.now(), "reader-33")
    return (await reader_store(tools.database).add(reader, [], act)).id


async def _told(service: Running) -> Made:
    """An item of the unit's inbox, an address it is told at, and the mail with its code."""
    asked = {"address": "office@example.org"}
    mailbox = (await service.http.post("/v1/mailboxes", json=asked, headers=unit(service))).json()["id"]
    mail = (await service.http.get("/v1/mails", headers=unit(service))).json()["rows"][0]["id"]

    async def items() -> list[dict[str, str]]:
        rows: list[dict[str, str]] = (await service.http.get("/v1/inbox", headers=unit(service))).json()["rows"]
        return rows

    return {"item": (await eventually(items))[0]["id"], "mailbox": mailbox, "mail": mail}


MAKERS: dict[ServiceName, Callable[[Running], Awaitable[Made]]] = {
    "registry": in_registry,
    "assessment": in_assessment,
    "evaluation": in_evaluation,
    "notification": in_notification,
}
