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
from services.registry.organisations.handlers import Organisations, Register
from services.registry.organisations.storage import authorities_in, organisation_store, regions_in
from services.registry.plans import api as plans_api
from services.registry.plans.handlers import Plans
from services.registry.plans.storage import plan_store
from services.registry.sites import api as sites_api
from services.registry.sites import consumers as sites_consumers
from services.registry.sites.handlers import Sites
from services.registry.sites.storage import conditions_in, site_store
from services.registry.standards import api as standards_api
from services.registry.standards.handlers import Standards
from services.registry.standards.storage import standard_store
from services.registry.unit_lists import api as unit_lists_api
from services.registry.unit_lists.handlers import UnitLists
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


def build(tools: Tools) -> Service:
    """The registry, not yet connected to anything."""
    standards = Standards(standard_store(tools.database), DATA, tools.clock)
    organisations = Organisations(organisation_store(tools.database), DATA / "organisations.json", tools.clock)
    register = Register(
        organisations,
        regions_in(DATA / "regions.json"),
        authorities_in(DATA / "organisations.json"),
        Rulebook.load(DATA / "rules.json"),
        tools.sealer,
    )
    sites = Sites(
        site_store(tools.database),
        register,
        standards.offered,
        conditions_in(DATA / "conditions.json"),
        register.rules,
        tools.sealer,
    )
    plans = Plans(plan_store(tools.database), standards.offered, Rulebook.load(DATA / "rules.json"), tools.clock)
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
    organisations_consumers.hear(hearers, organisations)
    filings_consumers.hear(hearers, filings)
    sites_consumers.hear(hearers, sites)
    return Service(
        stores=[
            standards.standards,
            organisations.organisations,
            sites.sites,
            plans.plans,
            filings.filings,
            certificates.certificates,
        ],
        routers=[
            standards_api.routes(standards),
            organisations_api.routes(register),
            unit_lists_api.routes(UnitLists(register)),
            sites_api.routes(sites),
            plans_api.routes(plans),
            certificates_api.routes(certificates),
        ],
        hearers=hearers,
        start=[organisations.load, standards.load],
    )
