"""Wires assessment: mirrors, stores, rooms, doors, hearers."""

from functools import partial
from pathlib import Path

from services.assessment.archives import api as archives_api
from services.assessment.archives import consumers as archives_consumers
from services.assessment.archives.handlers import Archives
from services.assessment.archives.storage import archive_store, checklist_in, view_store
from services.assessment.batches import api as batches_api
from services.assessment.batches.handlers import Batches
from services.assessment.batches.storage import batch_store
from services.assessment.eligibility import api as eligibility_api
from services.assessment.eligibility.handlers import Reviews
from services.assessment.entries import api as entries_api
from services.assessment.entries import consumers as entries_consumers
from services.assessment.entries.handlers import Entries
from services.assessment.entries.storage import entry_store, tally
from services.assessment.explanations import api as explanations_api
from services.assessment.explanations.handlers import Explanations
from services.assessment.mirrors import consumers as mirrors_consumers
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import card_store, standard_store, unit_store
from services.assessment.results import api as results_api
from services.assessment.results import consumers as results_consumers
from services.assessment.results.handlers import Results
from services.assessment.results.storage import chunk_store
from services.assessment.scores import api as scores_api
from services.assessment.scores.handlers import Scoring
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook
from shared.signing import Keyring

DATA = Path(__file__).parent / "data"
ARCHIVES = "urn:skillcert:archives"  # names the keys of manifests, which outlive every address of this service


def build(tools: Tools) -> Service:
    """Assessment, not yet connected to anything."""
    rules = Rulebook.load(DATA / "rules.json")
    mirrors = Mirrors(unit_store(tools.database), standard_store(tools.database), card_store(tools.database))
    batches = Batches(batch_store(tools.database), mirrors, tools.clock)
    reviews = Reviews(entry_store(tools.database), mirrors, rules, tools.sealer, tools.clock)
    entries = Entries(reviews.entries, batches.batches, reviews, tools.sealer, tools.clock)
    scoring = Scoring(entries.entries, batches.batches, rules, tools.clock)
    objections = tools.database.collection("objections")
    results = Results(batches.batches, entries.entries, chunk_store(tools.database), objections, rules, tools.clock)
    archives = Archives(
        archive_store(tools.database),
        view_store(tools.database),
        batches.batches,
        entries.entries,
        objections,
        checklist_in(DATA / "archive.json"),
        rules,
        _keys(tools),
        tools.clock,
    )
    explanations = Explanations(batches.batches, entries.entries, results.chunks, objections, mirrors, rules)
    hearers = Hearers()
    mirrors_consumers.hear(hearers, mirrors, batches.told)
    entries_consumers.hear(hearers, entries)
    results_consumers.hear(hearers, results)
    archives_consumers.hear(hearers, archives)
    return Service(
        stores=[
            mirrors.units,
            mirrors.standards,
            mirrors.cards,
            batches.batches,
            entries.entries,
            results.chunks,
            archives.archives,
            archives.views,
        ],
        routers=[
            batches_api.routes(batches, partial(tally, entries.entries)),
            eligibility_api.routes(reviews),
            entries_api.routes(entries),
            scores_api.routes(scoring),
            results_api.routes(results),
            archives_api.routes(archives),
            explanations_api.routes(explanations),
        ],
        hearers=hearers,
        due=[batches.due, results.due],
    )


def _keys(tools: Tools) -> Keyring:
    keys = tools.settings.credential_keys
    return Keyring(keys.get_secret_value() if keys else "", ARCHIVES)
