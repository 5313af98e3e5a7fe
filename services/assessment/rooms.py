"""Assessment's rooms, each made from those it asks; app.py wires them to doors, hearers and loops."""

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from services.assessment.archives.handlers import Archives
from services.assessment.archives.storage import archive_store, checklist_in, view_store
from services.assessment.arrangements.handlers import Arrangements, Attendances, Papers
from services.assessment.arrangements.storage import roll_store, series_store, stations_of
from services.assessment.assignments.handlers import Assignments, Knowledge
from services.assessment.assignments.storage import recusal_store
from services.assessment.batches.handlers import Batches, Quotas
from services.assessment.batches.storage import batch_store, quota_store
from services.assessment.eligibility.handlers import Reviews
from services.assessment.entries.handlers import Entries
from services.assessment.entries.storage import entry_store
from services.assessment.explanations.handlers import Explanations
from services.assessment.imports.handlers import Imports
from services.assessment.imports.storage import Files, Reports, import_store
from services.assessment.imports.takers import takers_of
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import card_store, site_store, standard_store, unit_store
from services.assessment.notices.handlers import Notices
from services.assessment.objections.handlers import Objections
from services.assessment.objections.storage import objection_store
from services.assessment.results.handlers import Results
from services.assessment.results.storage import chunk_store
from services.assessment.scores.handlers import ScorePapers, Scoring, Sealing
from services.assessment.scores.storage import paper_store
from services.assessment.signals.handlers import Signals
from services.assessment.signals.storage import signal_store
from shared.process import Tools
from shared.rulebook import Rulebook
from shared.signing import Keyring

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
