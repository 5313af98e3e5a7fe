"""Wires the registry: stores, rooms, doors, hearers."""

from pathlib import Path

from services.registry.certificates import api as certificates_api
from services.registry.certificates.handlers import Certificates
from services.registry.certificates.storage import certificate_store
from services.registry.filings import consumers as filings_consumers
from services.registry.filings.handlers import Filings
from services.registry.filings.storage import filing_store, number_format
from services.registry.organisations import api as organisations_api
from services.registry.organisations.handlers import Organisations
from services.registry.organisations.storage import organisation_store
from services.registry.plans import api as plans_api
from services.registry.plans.handlers import Plans
from services.registry.plans.storage import edition_store, plan_store, sections_in
from services.registry.reports import api as reports_api
from services.registry.reports.handlers import Reports
from services.registry.reports.storage import report_store
from services.registry.standards import api as standards_api
from services.registry.standards.handlers import Standards
from services.registry.standards.storage import standard_store
from services.registry.standings import api as standings_api
from services.registry.standings import consumers as standings_consumers
from services.registry.standings.handlers import Standings
from services.registry.standings.storage import standing_store
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


def build(tools: Tools) -> Service:
    """The registry, not yet connected to anything."""
    standards = Standards(standard_store(tools.database), DATA, tools.clock)
    organisations = Organisations(organisation_store(tools.database), DATA / "organisations.json", tools.clock)
    standings = Standings(standing_store(tools.database), organisations.organisations)
    plans = Plans(
        plan_store(tools.database),
        edition_store(tools.database),
        sections_in(DATA / "plan_sections.json"),
        standards.offered,
        Rulebook.load(DATA / "rules.json"),
        tools.clock,
    )
    reports = Reports(report_store(tools.database), plans.plans, tools.clock)
    certificates = Certificates(certificate_store(tools.database))
    filings = Filings(
        certificates.certificates,
        filing_store(tools.database),
        organisations.organisations,
        standings.standings,
        number_format(DATA / "numbers.json"),
        tools.sealer,
        tools.clock,
    )
    hearers = Hearers()
    standings_consumers.hear(hearers, standings, plans.settle)
    filings_consumers.hear(hearers, filings)
    return Service(
        stores=[
            standards.standards,
            organisations.organisations,
            plans.plans,
            plans.editions,
            standings.standings,
            reports.reports,
            filings.filings,
            certificates.certificates,
        ],
        routers=[
            standards_api.routes(standards),
            organisations_api.routes(organisations),
            plans_api.routes(plans),
            standings_api.routes(standings),
            reports_api.routes(reports),
            certificates_api.routes(certificates),
        ],
        hearers=hearers,
        due=[plans.due],
        start=[organisations.load, standards.load],
    )
