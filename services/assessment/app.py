"""Wires assessment: mirrors, stores, rooms, doors, hearers."""

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from services.assessment.archives import api as archives_api
from services.assessment.archives import consumers as archives_consumers
from services.assessment.archives.handlers import Archives
from services.assessment.archives.storage import archive_store, checklist_in, view_store
from services.assessment.arrangements import api as arrangements_api
from services.assessment.arrangements import consumers as arrangements_consumers
from services.assessment.arrangements.handlers import Arrangements, Attendances, Papers
from services.assessment.arrangements.storage import roll_store, series_store, stations_of
from services.assessment.assignments import api as assignments_api
from services.assessment.assignments import consumers as assignments_consumers
from services.assessment.assignments.handlers import Assignments, Knowledge
from services.assessment.assignments.storage import recusal_store
from services.assessment.batches import api as batches_api
from services.assessment.batches.handlers import Batches, Quotas
from services.assessment.batches.storage import batch_store, quota_store
from services.assessment.cancellations import consumers as cancellations_consumers
from services.assessment.cancellations.handlers import Cancellations
from services.assessment.eligibility import api as eligibility_api
from services.assessment.eligibility.handlers import Reviews
from services.assessment.entries import api as entries_api
from services.assessment.entries import consumers as entries_consumers
from services.assessment.entries.handlers import Entries
from services.assessment.entries.storage import entry_store, shown_tally
from services.assessment.explanations import api as explanations_api
from services.assessment.explanations.handlers import Explanations
from services.assessment.imports import api as imports_api
from services.assessment.imports.handlers import Imports
from services.assessment.imports.storage import Files, Reports, Turns, import_store
from services.assessment.imports.takers import takers_of
from services.assessment.imports.worker import Worker
from services.assessment.mirrors import consumers as mirrors_consumers
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import card_store, site_store, standard_store, unit_store
from services.assessment.notices import api as notices_api
from services.assessment.notices import pages as notices_pages
from services.assessment.notices.handlers import Notices
from services.assessment.objections import api as objections_api
from services.assessment.objections import consumers as objections_consumers
from services.assessment.objections.handlers import Objections
from services.assessment.objections.storage import objection_store
from services.assessment.results import api as results_api
from services.assessment.results import consumers as results_consumers
from services.assessment.results.handlers import Results
from services.assessment.results.storage import chunk_store
from services.assessment.scores import api as scores_api
from services.assessment.scores import consumers as scores_consumers
from services.assessment.scores.handlers import Judging, ScorePapers, Scoring, Sealing
from services.assessment.scores.storage import paper_store
from services.assessment.signals import api as signals_api
from services.assessment.signals import consumers as signals_consumers
from services.assessment.signals.handlers import Signals
from services.assessment.signals.storage import signal_store
from shared.http.limits import allowance
from shared.http.rendering import Layouts
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook
from shared.signing import Keyring
from shared.storage.store import Store

DATA = Path(__file__).parent / "data"
ARCHIVES = "urn:skillcert:archives"  # names the keys of manifests, which outlive every address of this service


@dataclass
class Rooms:
    """Every room, each made once from what it needs of the others."""

    tools: Tools

    @cached_property
    def rules(self) -> Rulebook:
        return Rulebook.load(DATA / "rules.json")

    @cached_property
    def mirrors(self) -> Mirrors:
        database = self.tools.database
        stores = unit_store(database), standard_store(database), card_store(database), site_store(database)
        return Mirrors(*stores, self.tools.sealer)

    @cached_property
    def known(self) -> Knowledge:
        database = self.tools.database
        stores = batch_store(database), entry_store(database), recusal_store(database)
        return Knowledge(*stores, self.mirrors, self.rules)

    @cached_property
    def assignments(self) -> Assignments:
        return Assignments(self.known, self.tools.sealer, self.tools.clock)

    @cached_property
    def quotas(self) -> Quotas:
        return Quotas(quota_store(self.tools.database), self.known.batches)

    @cached_property
    def batches(self) -> Batches:
        checked = self.assignments.checked
        return Batches(self.known.batches, self.quotas, self.mirrors, self.rules, self.tools.clock, checked)

    @cached_property
    def reviews(self) -> Reviews:
        known, tools = self.known, self.tools
        return Reviews(known.entries, known.batches, self.mirrors, self.rules, tools.sealer, tools.clock)

    @cached_property
    def entries(self) -> Entries:
        return Entries(self.known.entries, self.known.batches, self.reviews, self.tools.sealer, self.tools.clock)

    @cached_property
    def arrangements(self) -> Arrangements:
        rolls, series = roll_store(self.tools.database), series_store(self.tools.database)
        given = self.known.batches, self.known.entries, rolls, series, partial(stations_of, self.mirrors.sites)
        return Arrangements(*given, self.rules, self.tools.sealer, self.tools.clock)

    @cached_property
    def attendances(self) -> Attendances:
        stores = self.known.entries, self.known.batches, self.arrangements.rolls
        return Attendances(*stores, self.rules, self.tools.clock)

    @cached_property
    def prints(self) -> Papers:
        stores = self.known.batches, self.known.entries, self.arrangements.rolls
        return Papers(*stores, self.mirrors, self.rules, self.tools.sealer)

    @cached_property
    def papers(self) -> ScorePapers:
        return ScorePapers(paper_store(self.tools.database), self.known.batches, self.rules)

    @cached_property
    def scoring(self) -> Scoring:
        return Scoring(self.known.entries, self.known.batches, self.papers, self.mirrors, self.tools.clock)

    @cached_property
    def sealing(self) -> Sealing:
        return Sealing(self.known.batches, self.known.entries, self.tools.clock)

    @cached_property
    def signals(self) -> Signals:
        store = signal_store(self.tools.database)
        return Signals(store, self.known.entries, self.known.batches, self.rules, self.tools.clock)

    @cached_property
    def objections(self) -> Objections:
        chunks = chunk_store(self.tools.database).collection
        stores = objection_store(self.tools.database), self.known.entries, self.known.batches, chunks
        return Objections(*stores, self.papers.all_of, self.rules, self.tools.sealer, self.tools.clock)

    @cached_property
    def notices(self) -> Notices:
        return Notices(self.known.batches, self.known.entries, self.mirrors, self.rules, self.tools.clock)

    @cached_property
    def results(self) -> Results:
        stores = self.known.batches, self.known.entries, chunk_store(self.tools.database)
        return Results(*stores, self.objections.objections.collection, self.rules, self.tools.clock)

    @cached_property
    def archives(self) -> Archives:
        known = self.known.batches, self.known.entries, self.objections.objections.collection
        stores = archive_store(self.tools.database), view_store(self.tools.database), *known
        keys = self.tools.settings.credential_keys
        ring = Keyring(keys.get_secret_value() if keys else "", ARCHIVES)
        return Archives(*stores, checklist_in(DATA / "archive.json"), self.rules, ring, self.tools.clock)

    @cached_property
    def explanations(self) -> Explanations:
        stores = self.known.batches, self.known.entries, self.results.chunks
        return Explanations(*stores, self.objections.objections.collection, self.mirrors, self.rules)

    @cached_property
    def imports(self) -> Imports:
        database, sealer = self.tools.database, self.tools.sealer
        store, files, reports = import_store(database), Files(database, sealer), Reports(database)
        takers = takers_of(self.entries, self.scoring, sealer)
        return Imports(store, self.known.batches, files, reports, takers, self.rules, self.tools.clock)


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
