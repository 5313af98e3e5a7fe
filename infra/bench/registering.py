"""Drives one batch of a running assessment to where candidates are entered, with nobody else of skillcert there."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aio_pika

from infra.drive.caller import Caller, Refused
from infra.drive.spine import until
from infra.local.stack import Stack
from shared.events.base import Event
from shared.events.registry import (
    Dimension,
    Grant,
    Part,
    Scope,
    SiteChanged,
    SiteScope,
    StandardPublished,
    UnitAuthorised,
)
from shared.messaging.envelope import outgoing
from shared.messaging.topology import EVENTS
from shared.outbox.pending import Pending

OCCUPATION, LEVEL = "rebar_worker", "5"
NOT_YET = ("unit-not-authorised", "no-standard", "site-unknown", "site-not-confirmed", "not-found")
"""What is answered until the registry's words were heard."""


async def registering(running: Stack, unit: Caller, today: date, planned: int) -> str:
    """The registry says that the unit may examine; it plans and files a batch and opens its entry; the batch's id."""
    await _said(running, unit, today)
    exam_on = today + timedelta(days=20)
    asked = {"occupation": OCCUPATION, "level": LEVEL, "planned": planned, "site": f"site-of-{unit.organisation}"}

    async def filed() -> str | None:
        try:
            made = await unit.post("assessment", "/v1/batches", {**asked, "exam_on": exam_on.isoformat()})
            await unit.post("assessment", f"/v1/batches/{made['id']}/file")
        except Refused as refused:
            if {refused.slug, *refused.rules} & set(NOT_YET):
                return None
            raise
        return str(made["id"])

    batch = await until(filed, f"the standing of {unit.organisation}")
    until_day = (exam_on - timedelta(days=5)).isoformat()
    await unit.post("assessment", f"/v1/batches/{batch}/registration", {"until": until_day})
    return batch


async def _said(running: Stack, unit: Caller, today: date) -> None:
    line = unit.authority or ""
    connection = await aio_pika.connect(running.servers.admin_amqp_url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(EVENTS)
        for subject, authority, event in _words(unit.organisation, line, today):
            message = outgoing(_pending(subject, authority, event), None)
            body = aio_pika.Message(message.body, headers=dict(message.headers), delivery_mode=2)
            await exchange.publish(body, message.routing_key, mandatory=False)


def _words(unit: str, line: str, today: date) -> list[tuple[str, str, Event]]:
    """An edition, a unit with a plan for its lowest level, a site of it."""
    start, end = today - timedelta(days=30), today + timedelta(days=300)
    scopes = (Scope(occupation=OCCUPATION, levels=(LEVEL,)),)
    points: dict[str, Any] = {"pass_mark": 60, "out_of": 100, "minutes": 90, "levels": (LEVEL,)}
    edition = StandardPublished(
        standard=f"{OCCUPATION}-bench",
        occupation=OCCUPATION,
        occupation_name="钢筋工",
        edition="试点版",
        levels=(LEVEL,),
        effective=start,
        parts=(
            Part(id="theory", dimensions=(), **points),
            Part(id="practical", dimensions=(Dimension(id="conduct", name="职业素养", points=100),), **points),
        ),
    )
    standing = UnitAuthorised(
        unit=unit,
        name="示例单位",
        plan=f"plan-of-{unit}",
        scopes=scopes,
        valid_from=start,
        valid_until=end,
        suspended_on=None,
        reason="",
        grants=(Grant(plan=f"plan-of-{unit}", authority=line, scopes=scopes, valid_from=start, valid_until=end),),
    )
    site = SiteChanged(
        site=f"site-of-{unit}",
        unit=unit,
        name="示例考点",
        address="示例路1号",
        region_code=f"{line}0100",
        state="confirmed",
        scopes=(SiteScope(occupation=OCCUPATION, levels=(LEVEL,), stations=100),),
        conditions_met=(),
        equipment=30,
        equipment_fit=30,
        confirmed_on=start,
        on=start,
    )
    return [(edition.standard, "national", edition), (unit, line, standing), (site.site, line, site)]


def _pending(subject: str, authority: str, event: Event) -> Pending:
    return Pending(
        id=f"bench-{subject}",
        type=event.type,
        source="/registry/bench",
        subject=subject,
        time=datetime.now(UTC),
        sequence=1,
        authority=authority,
        correlation=f"bench-{subject}",
        causation=None,
        trace=None,
        body=event.model_dump_json().encode(),
        at=time.time(),
    )
