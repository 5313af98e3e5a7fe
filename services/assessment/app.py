"""Wires assessment: mirrors, stores, rooms, doors, hearers."""

from functools import partial
from typing import Any

from fastapi import APIRouter

from services.assessment.archives import api as archives_api
from services.assessment.archives import consumers as archives_consumers
from services.assessment.arrangements import api as arrangements_api
from services.assessment.arrangements import consumers as arrangements_consumers
from services.assessment.assignments import api as assignments_api
from services.assessment.assignments import consumers as assignments_consumers
from services.assessment.batches import api as batches_api
from services.assessment.cancellations import consumers as cancellations_consumers
from services.assessment.cancellations.handlers import Cancellations
from services.assessment.eligibility import api as eligibility_api
from services.assessment.entries import api as entries_api
from services.assessment.entries import consumers as entries_consumers
from services.assessment.entries.storage import shown_tally
from services.assessment.explanations import api as explanations_api
from services.assessment.imports import api as imports_api
from services.assessment.imports.storage import Turns
from services.assessment.imports.worker import Worker
from services.assessment.mirrors import consumers as mirrors_consumers
from services.assessment.notices import api as notices_api
from services.assessment.notices import pages as notices_pages
from services.assessment.objections import api as objections_api
from services.assessment.objections import consumers as objections_consumers
from services.assessment.results import api as results_api
from services.assessment.results import consumers as results_consumers
from services.assessment.rooms import DATA, Rooms
from services.assessment.scores import api as scores_api
from services.assessment.scores import consumers as scores_consumers
from services.assessment.scores.handlers import Judging
from services.assessment.signals import api as signals_api
from services.assessment.signals import consumers as signals_consumers
from shared.http.limits import allowance
from shared.http.rendering import Layouts
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.storage.store import Store


def build(tools: Tools) -> Service:
    """Assessment, not yet connected to anything."""
    rooms = Rooms(tools)
    judging = Judging(rooms.known.batches, rooms.known.entries)
    return Service(
        stores=_stores(rooms),
        routers=_routers(rooms),
        hearers=_hearers(rooms),
        due=[
            *(rooms.batches.due, rooms.quotas.due, rooms.entries.due, judging.due, rooms.imports.due),
            *(rooms.objections.due, rooms.notices.due),  # before the results, which close by the days of a notice
            rooms.results.due,
        ],
        prepare=[rooms.imports.prepare],
        loops=[Worker(rooms.imports, Turns(tools.database), tools.database).run],
    )


def _stores(rooms: Rooms) -> list[Store[Any]]:
    mirrors, known, arrangements, archives = rooms.mirrors, rooms.known, rooms.arrangements, rooms.archives
    return [
        *(mirrors.units, mirrors.standards, mirrors.cards, mirrors.sites),
        *(known.batches, known.entries, known.recusals, rooms.quotas.quotas),
        *(arrangements.rolls, arrangements.series, rooms.papers.papers, rooms.signals.signals),
        *(rooms.objections.objections, rooms.results.chunks, archives.archives, archives.views, rooms.imports.imports),
    ]


def _routers(rooms: Rooms) -> list[APIRouter]:
    layouts, bounded = Layouts(DATA), rooms.tools.settings.public_limit
    public = partial(allowance, rules=rooms.rules, clock=rooms.tools.clock, bounded=bounded)
    reading, objecting = public("notice.public_per_minute"), public("objection.public_per_minute")
    return [
        batches_api.routes(rooms.batches, partial(shown_tally, rooms.known.entries)),
        eligibility_api.routes(rooms.reviews),
        entries_api.routes(rooms.entries, rooms.assignments.recheck),
        imports_api.routes(rooms.imports),
        arrangements_api.routes(rooms.arrangements, rooms.attendances, rooms.prints, layouts),
        assignments_api.routes(rooms.assignments),
        scores_api.routes(rooms.papers, rooms.scoring, rooms.sealing),
        signals_api.routes(rooms.signals),
        notices_api.routes(rooms.notices, reading),
        notices_pages.routes(notices_pages.Board(rooms.notices, layouts, reading)),
        objections_api.routes(rooms.objections, objecting),
        results_api.routes(rooms.results),
        archives_api.routes(rooms.archives),
        explanations_api.routes(rooms.explanations),
    ]


def _hearers(rooms: Rooms) -> Hearers:
    hearers = Hearers()
    mirrors_consumers.hear(hearers, rooms.mirrors, rooms.batches.told)
    assignments_consumers.hear(hearers, rooms.assignments)  # after the mirrors, by whose cards it checks
    entries_consumers.hear(hearers, rooms.entries)
    arrangements_consumers.hear(hearers, rooms.arrangements)
    scores_consumers.hear(hearers, rooms.sealing)
    signals_consumers.hear(hearers, rooms.signals)
    objections_consumers.hear(hearers, rooms.objections)  # before the results, which say whom an objection let go
    results_consumers.hear(hearers, rooms.results)
    cancellations_consumers.hear(hearers, Cancellations(rooms.known.batches, rooms.known.entries, rooms.quotas))
    archives_consumers.hear(hearers, rooms.archives)
    return hearers
