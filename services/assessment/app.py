"""Wires assessment: mirrors, stores, rooms, doors, hearers."""

from functools import partial
from pathlib import Path

from services.assessment.batches import api as batches_api
from services.assessment.batches.handlers import Batches
from services.assessment.batches.storage import batch_store
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
from services.assessment.scores.handlers import Scoring
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
    )
    batches = Batches(batch_store(tools.database), mirrors, tools.clock)
    reviews = Reviews(entry_store(tools.database), mirrors, rules, tools.sealer, tools.clock)
    entries = Entries(reviews.entries, batches.batches, reviews, tools.sealer, tools.clock)
    scoring = Scoring(entries.entries, batches.batches, rules, tools.clock)
    results = Results(batches.batches, entries.entries, chunk_store(tools.database), rules, tools.clock)
    objections = Objections(
        *(objection_store(tools.database), entries.entries, batches.batches), rules, tools.sealer, tools.clock
    )
    notices = Notices(batches.batches, entries.entries, mirrors, rules, tools.clock)
    reading = _allowance(tools, rules, "notice.public_per_minute")
    hearers = Hearers()
    mirrors_consumers.hear(hearers, mirrors, batches.told)
    entries_consumers.hear(hearers, entries)
    objections_consumers.hear(hearers, objections)  # before the results room, which says whom an objection let go
    results_consumers.hear(hearers, results)
    return Service(
        stores=[
            *(mirrors.units, mirrors.standards, mirrors.cards, mirrors.sites),
            *(batches.batches, entries.entries, results.chunks, objections.objections),
        ],
        routers=[
            batches_api.routes(batches, partial(tally, entries.entries)),
            eligibility_api.routes(reviews),
            entries_api.routes(entries),
            scores_api.routes(scoring),
            results_api.routes(results),
            objections_api.routes(objections, _allowance(tools, rules, "objection.public_per_minute")),
            notices_api.routes(notices, reading),
            notices_pages.routes(notices_pages.Board(notices, Layouts(DATA), reading)),
        ],
        hearers=hearers,
        due=[batches.due, results.due, objections.due],
    )


def _allowance(tools: Tools, rules: Rulebook, rule: str) -> Allowance:
    """What one address of the public may ask of some doors; unbounded where the settings say so."""
    bounded = tools.settings.public_limit
    return Allowance(rule, (lambda: rules.integer(rule, on=tools.clock.today())) if bounded else None)
