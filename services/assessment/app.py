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
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.handlers import Entries
from services.assessment.entries.storage import entry_store, tally
from services.assessment.imports import api as imports_api
from services.assessment.imports.domain import Kind as ImportKind
from services.assessment.imports.handlers import Imports, Taker
from services.assessment.imports.storage import Files, Reports, Turns, import_store
from services.assessment.imports.worker import Worker
from services.assessment.mirrors import consumers as mirrors_consumers
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import card_store, standard_store, unit_store
from services.assessment.results import api as results_api
from services.assessment.results import consumers as results_consumers
from services.assessment.results.handlers import Results
from services.assessment.results.storage import chunk_store
from services.assessment.scores import api as scores_api
from services.assessment.scores.commands import ScoreRow
from services.assessment.scores.handlers import Scoring
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


def build(tools: Tools) -> Service:
    """Assessment, not yet connected to anything."""
    rules = Rulebook.load(DATA / "rules.json")
    mirrors = Mirrors(unit_store(tools.database), standard_store(tools.database), card_store(tools.database))
    batches = Batches(batch_store(tools.database), mirrors, tools.clock)
    reviews = Reviews(entry_store(tools.database), mirrors, rules, tools.sealer, tools.clock)
    entries = Entries(reviews.entries, batches.batches, reviews, tools.sealer, tools.clock)
    scoring = Scoring(entries.entries, batches.batches, rules, tools.clock)
    results = Results(batches.batches, entries.entries, chunk_store(tools.database), rules, tools.clock)
    takers = {
        ImportKind.ENTRIES: Taker(
            row=EnrolRow,
            take=entries.enrol,
            check=lambda _act, batch, rows: entries.check(batch, rows),
            key=lambda row: tools.sealer.index(row.id_number),
            field="/id_number",
        ),
        ImportKind.SCORES: Taker(
            row=ScoreRow, take=scoring.score, check=None, key=lambda row: str(row.entry), field="/entry", replaces=True
        ),
    }
    imports = Imports(
        import_store(tools.database),
        batches.batches,
        Files(tools.database, tools.sealer),
        Reports(tools.database),
        takers,
        rules,
        tools.clock,
    )
    hearers = Hearers()
    mirrors_consumers.hear(hearers, mirrors, batches.told)
    entries_consumers.hear(hearers, entries)
    results_consumers.hear(hearers, results)
    return Service(
        stores=[
            *(mirrors.units, mirrors.standards, mirrors.cards),
            *(batches.batches, entries.entries, imports.imports, results.chunks),
        ],
        routers=[
            batches_api.routes(batches, partial(tally, entries.entries)),
            eligibility_api.routes(reviews),
            entries_api.routes(entries),
            scores_api.routes(scoring),
            results_api.routes(results),
            imports_api.routes(imports),
        ],
        hearers=hearers,
        due=[batches.due, results.due, imports.due],
        prepare=[imports.prepare],
        loops=[Worker(imports, Turns(tools.database), tools.database).run],
    )
