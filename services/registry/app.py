"""Wires the registry: stores, rooms, doors, hearers."""

from pathlib import Path

from services.registry.cards import api as cards_api
from services.registry.cards.handlers import Cards
from services.registry.cards.storage import card_data, card_store
from services.registry.cases import api as cases_api
from services.registry.cases import consumers as cases_consumers
from services.registry.cases.handlers import Cases
from services.registry.cases.storage import case_store
from services.registry.certificates import api as certificates_api
from services.registry.certificates.handlers import Certificates
from services.registry.certificates.storage import certificate_store, number_formats
from services.registry.filings import api as filings_api
from services.registry.filings import consumers as filings_consumers
from services.registry.filings.handlers import Filings
from services.registry.filings.storage import filing_store
from services.registry.organisations import api as organisations_api
from services.registry.organisations import consumers as organisations_consumers
from services.registry.organisations.handlers import Organisations, Register
from services.registry.organisations.storage import authorities_in, organisation_store, regions_in
from services.registry.plans import api as plans_api
from services.registry.plans.handlers import Plans
from services.registry.plans.storage import plan_store
from services.registry.programmes import api as programmes_api
from services.registry.programmes.handlers import Programmes
from services.registry.programmes.storage import current_in, programme_store
from services.registry.proposals import api as proposals_api
from services.registry.proposals.handlers import Proposals
from services.registry.proposals.storage import proposal_store
from services.registry.sites import api as sites_api
from services.registry.sites import consumers as sites_consumers
from services.registry.sites.handlers import Sites
from services.registry.sites.storage import conditions_in, site_store
from services.registry.standards import api as standards_api
from services.registry.standards import consumers as standards_consumers
from services.registry.standards.handlers import Standards
from services.registry.standards.storage import catalogue, standard_store
from services.registry.unit_lists import api as unit_lists_api
from services.registry.unit_lists.handlers import UnitLists
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


def build(tools: Tools) -> Service:
    """The registry, not yet connected to anything."""
    rules = Rulebook.load(DATA / "rules.json")
    standards = Standards(standard_store(tools.database), DATA, catalogue(DATA), rules, tools.clock)
    organisations = Organisations(organisation_store(tools.database), DATA / "organisations.json", tools.clock)
    plans = Plans(plan_store(tools.database), standards.offered, rules, tools.clock)
    programmes = Programmes(
        programme_store(tools.database), DATA / "programmes.json", current_in(DATA / "programmes.json"), tools.clock
    )
    formats = number_formats(DATA / "numbers.json")
    certificates = Certificates(
        certificate_store(tools.database), formats, standards.parts_of, rules, tools.sealer, tools.clock
    )
    cards = Cards(
        card_store(tools.database),
        standards.offered,
        card_data(DATA / "cards.json"),
        rules,
        tools.sealer,
        tools.clock,
    )
    register = Register(
        organisations,
        regions_in(DATA / "regions.json"),
        authorities_in(DATA / "organisations.json"),
        rules,
        tools.sealer,
    )
    proposals = Proposals(
        proposal_store(tools.database), standards.catalogue.occupations, standards.occupation_of, tools.clock
    )
    sites = Sites(
        site_store(tools.database),
        register,
        standards.offered,
        conditions_in(DATA / "conditions.json"),
        rules,
        tools.sealer,
    )
    filings = Filings(
        certificates.certificates,
        filing_store(tools.database),
        organisations.organisations,
        programmes.regime_on,
        formats,
        tools.sealer,
        tools.clock,
    )
    cases = Cases(case_store(tools.database), certificates, filings.filings, organisations.organisations)
    hearers = Hearers()
    standards_consumers.hear(hearers, standards)
    organisations_consumers.hear(hearers, organisations)
    filings_consumers.hear(hearers, filings)
    cases_consumers.hear(hearers, cases)
    sites_consumers.hear(hearers, sites)
    return Service(
        stores=[
            standards.standards,
            organisations.organisations,
            sites.sites,
            plans.plans,
            programmes.programmes,
            cards.cards,
            proposals.proposals,
            filings.filings,
            certificates.certificates,
            cases.cases,
        ],
        routers=[
            standards_api.routes(standards),
            organisations_api.routes(register),
            unit_lists_api.routes(UnitLists(register)),
            sites_api.routes(sites),
            plans_api.routes(plans),
            programmes_api.routes(programmes),
            cards_api.routes(cards),
            proposals_api.routes(proposals),
            certificates_api.routes(certificates),
            filings_api.routes(filings),
            cases_api.routes(cases),
        ],
        hearers=hearers,
        due=[cards.lapse],
        start=[organisations.load, standards.load, programmes.load],
    )
