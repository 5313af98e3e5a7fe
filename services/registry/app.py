"""Wires the registry: stores, rooms, doors, hearers."""

from pathlib import Path

from services.registry.certificates import api as certificates_api
from services.registry.certificates.handlers import Certificates
from services.registry.certificates.storage import certificate_store
from services.registry.filings import consumers as filings_consumers
from services.registry.filings.handlers import Filings
from services.registry.filings.storage import filing_store, number_format
from services.registry.organisations import api as organisations_api
from services.registry.organisations import consumers as organisations_consumers
from services.registry.organisations.handlers import Organisations
from services.registry.organisations.storage import organisation_store
from services.registry.plans import api as plans_api
from services.registry.plans.handlers import Plans
from services.registry.plans.storage import plan_store
from services.registry.proposals import api as proposals_api
from services.registry.proposals.handlers import Proposals
from services.registry.proposals.storage import proposal_store
from services.registry.standards import api as standards_api
from services.registry.standards import consumers as standards_consumers
from services.registry.standards.handlers import Standards
from services.registry.standards.storage import catalogue, standard_store
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
    proposals = Proposals(
        proposal_store(tools.database), standards.catalogue.occupations, standards.occupation_of, tools.clock
    )
    certificates = Certificates(certificate_store(tools.database))
    filings = Filings(
        certificates.certificates,
        filing_store(tools.database),
        organisations.organisations,
        number_format(DATA / "numbers.json"),
        tools.sealer,
        tools.clock,
    )
    hearers = Hearers()
    standards_consumers.hear(hearers, standards)
    organisations_consumers.hear(hearers, organisations)
    filings_consumers.hear(hearers, filings)
    return Service(
        stores=[
            standards.standards,
            organisations.organisations,
            plans.plans,
            proposals.proposals,
            filings.filings,
            certificates.certificates,
        ],
        routers=[
            standards_api.routes(standards),
            organisations_api.routes(organisations),
            plans_api.routes(plans),
            proposals_api.routes(proposals),
            certificates_api.routes(certificates),
        ],
        hearers=hearers,
        start=[organisations.load, standards.load],
    )
