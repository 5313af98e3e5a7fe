"""What the four services hold after the story, side by side; every number must agree before the demo says OK."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

from infra.demo.correction import EDITION, Corrected
from infra.demo.proving import Proved
from infra.demo.tally import Tally
from infra.demo.telling import broken_lines, timeline_of
from infra.demo.traces import Span, spans_of
from infra.drive.caller import pages
from infra.drive.spine import until
from infra.drive.world import World
from shared.privacy import scrub

SERVICES = 4


@dataclass(frozen=True)
class Check:
    """One number as several parties know it."""

    name: str
    values: dict[str, object]

    @property
    def agrees(self) -> bool:
        return len(set(map(str, self.values.values()))) == 1


@dataclass(frozen=True)
class Findings:
    """All checks, and the trace that is shown."""

    checks: list[Check]
    spans: list[Span]
    certificates: list[dict[str, Any]]
    timeline: dict[str, Any]


@dataclass(frozen=True)
class Books:
    """What each service holds of the same story."""

    feed: list[dict[str, Any]]
    states: Counter[str]
    figures: Counter[str]
    certificates: list[dict[str, Any]]
    hooks: Counter[str]

    @property
    def said(self) -> Counter[str]:
        return Counter(event["type"] for event in self.feed)


async def examine(world: World, tally: Tally) -> Findings:
    """Ask every service, and compare."""
    books = await _books(world, tally)
    trace, spans = await _trace(world, books.feed, tally)
    number = books.certificates[0]["number"]
    verified = await world.center.get("registry", f"/v1/verify/{number}")
    timeline = await timeline_of(world, books.certificates[0]["id"])
    checks = [
        *_workers(books, tally),
        *_exams(books, tally),
        *_certificates(books),
        *_correction(books, tally.corrected),
        *_announcements(world, books),
        Check("services in the trace", {"spans": len({span["service"] for span in spans}), "expected": SERVICES}),
        Check("trace id", {"request": trace, "webhook's receiver": _trace_at_receiver(world, books.feed, tally)}),
        Check("verification by number", {"asked": number, "answered": verified["number"]}),
        Check("who tells of that certificate", {"timeline": _tellers(timeline), "expected": "assessment, registry"}),
        Check("lines whose chain does not hold", {"computed anew": len(broken_lines(books.feed)), "allowed": 0}),
        Check("ID numbers in logs and traces", {"found": _leaks(world), "allowed": 0}),
    ]
    return Findings(checks, spans, books.certificates, timeline)


def completeness(proved: Proved) -> list[Check]:
    """What a subscriber proves by a checkpoint, and what it is told of a gap."""
    return [
        Check("events of the longest line up to a checkpoint", {"verifier": proved.complete, "expected": True}),
        Check("what is missing when three are left out", {"left out": proved.lost, "verifier": proved.named}),
    ]


def _tellers(timeline: dict[str, Any]) -> str:
    return ", ".join(sorted({step["service"] for step in timeline["steps"]}))


async def _books(world: World, tally: Tally) -> Books:
    feed = await _feed_complete(world)
    rows = await pages(world.center, "evaluation", "/v1/indicators")
    names = ("batches", "entries", "passed", "failed", "filed", "rejected")
    return Books(
        feed,
        await _states(world, tally),
        Counter({name: sum(int(row[name]) for row in rows) for name in names}),
        await pages(world.center, "registry", "/v1/certificates"),
        Counter(event["type"] for event in world.receiver.received()),
    )


def _workers(books: Books, tally: Tally) -> list[Check]:
    states, figures = books.states, books.figures
    ended = states["certified"] + states["rejected"]
    return [
        Check(
            "entries",
            {"sent": tally.accepted, "assessment": sum(states.values()), "evaluation": figures["entries"]},
        ),
        Check("passed in the end", {"scored": tally.passed, "assessment": ended}),
        Check("failed in the end", {"scored": tally.failed, "assessment": states["failed"]}),
        *(
            Check(f"{name} on the notice", {"notices": tally.publicised[name], "evaluation": figures[name]})
            for name in ("passed", "failed")
        ),
    ]


def _exams(books: Books, tally: Tally) -> list[Check]:
    """What the story tells of a refused assignment, an objection and a resit, as far as enough workers failed."""
    failures, held = len(tally.failures), len(tally.batches)
    return [
        Check("assignments confirmed", {"batches": held, "feed": books.said["assessment.assignment.confirmed.v1"]}),
        Check("batches whose sheets are sealed", {"batches": held, "feed": books.said["assessment.batch.scored.v1"]}),
        Check("objection", {"expected": "changed" if failures else "", "answered": tally.objected}),
        Check("resit", {"expected": "certified" if failures > 1 else "", "answered": tally.resat}),
    ]


def _certificates(books: Books) -> list[Check]:
    filed, rejected = "registry.certificate.filed.v1", "registry.filing.rejected.v1"
    values: dict[str, object] = {
        "registry": len(books.certificates),
        "different numbers": len({row["number"] for row in books.certificates}),
        "assessment": books.states["certified"],
        "evaluation": books.figures["filed"],
    }
    refusals: dict[str, object] = {"assessment": books.states["rejected"], "evaluation": books.figures["rejected"]}
    return [
        Check("certificates", {**values, "feed": books.said[filed], "webhooks": books.hooks[filed]}),
        Check(
            "filings rejected",
            {"one person twice": 1, **refusals, "feed": books.said[rejected], "webhooks": books.hooks[rejected]},
        ),
    ]


def _correction(books: Books, corrected: Corrected) -> list[Check]:
    said = "registry.certificate.corrected.v1"
    event = next(event["data"] for event in books.feed if event["type"] == said)
    row = next(row for row in books.certificates if row["id"] == corrected.id)
    editions = {"registry": row["edition"], "answer": corrected.edition, "assessment": corrected.in_assessment}
    return [
        Check("certificates corrected", {"name misspelt": 1, "feed": books.said[said], "webhooks": books.hooks[said]}),
        Check("edition after correction", {"expected": EDITION, **editions, "feed": event["edition"]}),
        Check(
            "number after correction", {"before": corrected.number, "registry": row["number"], "feed": event["number"]}
        ),
        *(
            Check(
                f"public, {answer.when} correction: {answer.name}", {"expected": answer.right, "answered": answer.said}
            )
            for answer in corrected.answers
        ),
    ]


def _announcements(world: World, books: Books) -> list[Check]:
    receiver, last = world.receiver, books.feed[-1]["position"]
    events: dict[str, object] = {"feed": len(books.feed), "last position": last}
    return [
        Check("events", {**events, "webhooks verified": len(receiver.verified)}),
        Check("webhooks that did not verify", {"receiver": receiver.unverified, "allowed": 0}),
    ]


async def _feed_complete(world: World) -> list[dict[str, Any]]:
    """The whole feed, once it no longer grows and every event of it has reached the receiver."""

    async def complete() -> list[dict[str, Any]] | None:
        before = await feed_of(world)
        await asyncio.sleep(0.5)
        after = await feed_of(world)
        return after if len(after) == len(before) == len(world.receiver.verified) else None

    return await until(complete, "the last webhook", within=90)


async def feed_of(world: World) -> list[dict[str, Any]]:
    """Every event of the feed."""
    events: list[dict[str, Any]] = []
    after = "0"
    while True:
        run = await world.center.get("notification", "/v1/events", after=after, limit=1000)
        if not run["rows"] and not run["more"]:
            return events
        events += run["rows"]
        after = run["next"]


async def _states(world: World, tally: Tally) -> Counter[str]:
    states: Counter[str] = Counter()
    for batch in tally.batches:
        found = await world.center.get("assessment", f"/v1/batches/{batch.id}")
        states.update(found["counts"])
    return states


async def _trace(world: World, feed: list[dict[str, Any]], tally: Tally) -> tuple[str, list[Span]]:
    """The trace that began with the request to finalise the first batch, once all four services are in it."""
    closed = "assessment.batch.closed.v1"
    trace = next(
        event["traceparent"].split("-")[1]
        for event in feed
        if event["type"] == closed and event["subject"] == tally.batches[0].id
    )

    async def whole() -> list[Span] | None:
        spans = spans_of(world.stack.trace_file, trace)
        return spans if len({span["service"] for span in spans}) == SERVICES else None

    return trace, await until(whole, "the last span", within=10)


def _trace_at_receiver(world: World, feed: list[dict[str, Any]], tally: Tally) -> str:
    first = tally.batches[0].id
    certified = next(
        event["id"]
        for event in feed
        if event["type"] == "assessment.entry.certified.v1" and event["data"]["batch"] == first
    )
    return world.receiver.traces[certified]


def _leaks(world: World) -> int:
    lines = world.stack.logs() + world.stack.trace_file.read_text(encoding="utf-8")
    return sum(scrub(line) != line for line in lines.splitlines())
