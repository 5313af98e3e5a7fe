"""Wires assessment: mirrors, stores, rooms, doors, hearers."""

from functools import partial
from pathlib import Path

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
from services.assessment.entries.storage import entry_store, tally
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
from services.assessment.scores.handlers import ScorePapers, Scoring, Sealing
from services.assessment.scores.storage import paper_store
from services.assessment.signals import api as signals_api
from services.assessment.signals import consumers as signals_consumers
from services.assessment.signals.handlers import Signals
from services.assessment.signals.storage import signal_store
from shared.http.limits import Allowance
from shared.http.rendering import Layouts
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


def build(tools: Tools) -> Service:
    """Assessment, not yet connected to anything."""
    rules = Rulebook.load(DATA / "rules.json")
    mirrors = Mirrors(
        unit_store(tools.database),
        standard_store(tools.database),
        card_store(tools.database),
        site_store(tools.database),
        tools.sealer,
    )
    known = Knowledge(
        batch_store(tools.database), entry_store(tools.database), recusal_store(tools.database), mirrors, rules
    )
    assignments = Assignments(known, tools.sealer, tools.clock)
    quotas = Quotas(quota_store(tools.database), known.batches)
    batches = Batches(known.batches, quotas, mirrors, rules, tools.clock, assignments.checked)
    reviews = Reviews(known.entries, mirrors, rules, tools.sealer, tools.clock)
    entries = Entries(reviews.entries, batches.batches, reviews, tools.sealer, tools.clock)
    score_papers = ScorePapers(paper_store(tools.database), batches.batches, rules)
    scoring = Scoring(entries.entries, batches.batches, score_papers, tools.clock)
    sealing = Sealing(batches.batches, entries.entries, tools.clock)
    signals = Signals(signal_store(tools.database), entries.entries, batches.batches, rules, tools.clock)
    results = Results(batches.batches, entries.entries, chunk_store(tools.database), rules, tools.clock)
    rolls, stations = roll_store(tools.database), partial(stations_of, mirrors.sites)
    arrangements = Arrangements(
        *(batches.batches, entries.entries, rolls, series_store(tools.database)),
        *(stations, rules, tools.sealer, tools.clock),
    )
    attendances = Attendances(entries.entries, batches.batches, rolls, rules, tools.clock)
    prints = Papers(batches.batches, entries.entries, rolls, mirrors, rules, tools.sealer)
    objections = Objections(
        objection_store(tools.database),
        entries.entries,
        batches.batches,
        score_papers.all_of,
        rules,
        tools.sealer,
        tools.clock,
    )
    notices = Notices(batches.batches, entries.entries, mirrors, rules, tools.clock)
    reading = _allowance(tools, rules, "notice.public_per_minute")
    hearers = Hearers()
    mirrors_consumers.hear(hearers, mirrors, batches.told)
    assignments_consumers.hear(hearers, assignments)
    entries_consumers.hear(hearers, entries)
    scores_consumers.hear(hearers, sealing)
    signals_consumers.hear(hearers, signals)
    objections_consumers.hear(hearers, objections)  # before the results room, which says whom an objection let go
    results_consumers.hear(hearers, results)
    cancellations_consumers.hear(hearers, Cancellations(batches.batches, entries.entries, quotas))
    arrangements_consumers.hear(hearers, arrangements)
    return Service(
        stores=[
            *(mirrors.units, mirrors.standards, mirrors.cards, mirrors.sites),
            *(batches.batches, quotas.quotas, entries.entries, results.chunks),
            *(rolls, arrangements.series, known.recusals),
            *(score_papers.papers, signals.signals),
            objections.objections,
        ],
        routers=[
            batches_api.routes(batches, partial(tally, entries.entries)),
            assignments_api.routes(assignments),
            eligibility_api.routes(reviews),
            entries_api.routes(entries),
            scores_api.routes(score_papers, scoring, sealing),
            signals_api.routes(signals),
            results_api.routes(results),
            arrangements_api.routes(arrangements, attendances, prints, Layouts(DATA)),
            objections_api.routes(objections, _allowance(tools, rules, "objection.public_per_minute")),
            notices_api.routes(notices, reading),
            notices_pages.routes(notices_pages.Board(notices, Layouts(DATA), reading)),
        ],
        hearers=hearers,
        due=[batches.due, quotas.due, entries.due, objections.due, results.due],
    )


def _allowance(tools: Tools, rules: Rulebook, rule: str) -> Allowance:
    """What one address of the public may ask of some doors; unbounded where the settings say so."""
    bounded = tools.settings.public_limit
    return Allowance(rule, (lambda: rules.integer(rule, on=tools.clock.today())) if bounded else None)
