"""The registry's rooms, each made from those it asks; app.py wires them to doors, hearers and loops."""

from functools import cached_property
from pathlib import Path

from services.registry.cards.handlers import Cards
from services.registry.cards.storage import card_data, card_store
from services.registry.cases.handlers import Cases
from services.registry.cases.storage import case_store
from services.registry.certificates.handlers import Certificates
from services.registry.certificates.storage import Lookups, certificate_store, number_formats
from services.registry.filings.handlers import Filings
from services.registry.filings.storage import filing_store
from services.registry.organisations.handlers import Organisations, Register
from services.registry.organisations.storage import authorities_in, organisation_store, regions_in
from services.registry.plans.handlers import Plans
from services.registry.plans.storage import edition_store, plan_store, sections_in
from services.registry.programmes.handlers import Programmes
from services.registry.programmes.storage import current_in, programme_store
from services.registry.proposals.handlers import Proposals
from services.registry.proposals.storage import proposal_store
from services.registry.reports.handlers import Reports
from services.registry.reports.storage import report_store
from services.registry.sites.handlers import Sites
from services.registry.sites.storage import conditions_in, site_store
from services.registry.standards.handlers import Standards
from services.registry.standards.storage import catalogue, standard_store
from services.registry.standings.handlers import Standings
from services.registry.standings.storage import standing_store
from services.registry.verification.handlers import Verification
from services.registry.verification.signing import Signer
from services.registry.verification.storage import catalogue as print_catalogue
from services.registry.verification.storage import issuer, papers
from shared.http.limits import Allowance, allowance
from shared.process import Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


class Rooms:
    """The registry's rooms; each is made when it is first asked for, so their order follows from who asks whom."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.rules = Rulebook.load(DATA / "rules.json")
        self.formats = number_formats(DATA / "numbers.json")

    @cached_property
    def standards(self) -> Standards:
        store = standard_store(self.tools.database)
        return Standards(store, DATA, catalogue(DATA), self.rules, self.tools.clock)

    @cached_property
    def proposals(self) -> Proposals:
        standards = self.standards
        store = proposal_store(self.tools.database)
        return Proposals(store, standards.catalogue.occupations, standards.occupation_of, self.tools.clock)

    @cached_property
    def organisations(self) -> Organisations:
        return Organisations(organisation_store(self.tools.database), DATA / "organisations.json", self.tools.clock)

    @cached_property
    def register(self) -> Register:
        regions, authorities = regions_in(DATA / "regions.json"), authorities_in(DATA / "organisations.json")
        return Register(self.organisations, regions, authorities, self.rules, self.tools.sealer)

    @cached_property
    def sites(self) -> Sites:
        store, conditions = site_store(self.tools.database), conditions_in(DATA / "conditions.json")
        return Sites(store, self.register, self.standards.offered, conditions, self.rules, self.tools.sealer)

    @cached_property
    def plans(self) -> Plans:
        return Plans(
            plan_store(self.tools.database),
            edition_store(self.tools.database),
            sections_in(DATA / "plan_sections.json"),
            self.standards.offered,
            self.organisations.must_stand,
            self.rules,
            self.tools.clock,
        )

    @cached_property
    def standings(self) -> Standings:
        return Standings(standing_store(self.tools.database), self.organisations.organisations)

    @cached_property
    def reports(self) -> Reports:
        return Reports(report_store(self.tools.database), self.plans.plans, self.tools.clock)

    @cached_property
    def cards(self) -> Cards:
        store, data = card_store(self.tools.database), card_data(DATA / "cards.json")
        return Cards(store, self.standards.offered, data, self.rules, self.tools.sealer, self.tools.clock)

    @cached_property
    def programmes(self) -> Programmes:
        file = DATA / "programmes.json"
        return Programmes(programme_store(self.tools.database), file, current_in(file), self.tools.clock)

    @cached_property
    def certificates(self) -> Certificates:
        store, parts_of = certificate_store(self.tools.database), self.standards.parts_of
        lookups = Lookups(store)
        return Certificates(store, lookups, self.formats, parts_of, self.rules, self.tools.sealer, self.tools.clock)

    @cached_property
    def filings(self) -> Filings:
        return Filings(
            self.certificates.certificates,
            filing_store(self.tools.database),
            self.organisations.organisations,
            self.standings.standings,
            self.programmes.regime_on,
            self.formats,
            self.tools.sealer,
            self.tools.clock,
        )

    @cached_property
    def cases(self) -> Cases:
        store = case_store(self.tools.database)
        return Cases(store, self.certificates, self.filings.filings, self.organisations.organisations)

    @cached_property
    def verification(self) -> Verification:
        settings, filings = self.tools.settings, self.filings
        url = settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
        keys = settings.credential_keys.get_secret_value() if settings.credential_keys else ""
        return Verification(
            filings.certificates,
            filings.filings,
            filings.organisations,
            self.formats,
            print_catalogue(DATA),
            papers(DATA),
            self.rules,
            Signer(keys, issuer(DATA, url)),
            self.tools.sealer,
            self.tools.clock,
        )

    @cached_property
    def allowance(self) -> Allowance:
        """What one address of the public may ask."""
        bounded = self.tools.settings.public_limit
        return allowance("verification.public_per_minute", self.rules, self.tools.clock, bounded=bounded)
