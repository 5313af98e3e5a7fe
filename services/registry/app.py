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
from services.registry.standards import api as standards_api
from services.registry.standards.handlers import Standards
from services.registry.standards.storage import standard_store
from services.registry.verification import api as verification_api
from services.registry.verification import pages as verification_pages
from services.registry.verification.handlers import Verification
from services.registry.verification.printing import Press
from services.registry.verification.rendering import Layouts
from services.registry.verification.signing import Signer
from services.registry.verification.storage import catalogue, issuer, papers
from shared.http.limits import Allowance
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


def build(tools: Tools) -> Service:
    """The registry, not yet connected to anything."""
    standards = Standards(standard_store(tools.database), DATA, tools.clock)
    organisations = Organisations(organisation_store(tools.database), DATA / "organisations.json", tools.clock)
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
    verification = _verification(tools, certificates, filings)
    layouts = Layouts(DATA)
    limit = _public_limit(tools, verification.rules)
    hearers = Hearers()
    organisations_consumers.hear(hearers, organisations)
    filings_consumers.hear(hearers, filings)
    return Service(
        stores=[
            standards.standards,
            organisations.organisations,
            plans.plans,
            filings.filings,
            certificates.certificates,
        ],
        routers=[
            standards_api.routes(standards),
            organisations_api.routes(organisations),
            plans_api.routes(plans),
            certificates_api.routes(certificates, limit),
            verification_api.routes(verification, layouts, Press(), limit),
            verification_pages.routes(verification_pages.Desk(verification, layouts, limit)),
        ],
        hearers=hearers,
        prepare=[verification.prepare],
        start=[organisations.load, standards.load],
    )


def _verification(tools: Tools, certificates: Certificates, filings: Filings) -> Verification:
    settings = tools.settings
    url = settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
    keys = settings.credential_keys.get_secret_value() if settings.credential_keys else ""
    return Verification(
        certificates.certificates,
        filings.filings,
        filings.organisations,
        catalogue(DATA),
        papers(DATA),
        Rulebook.load(DATA / "rules.json"),
        Signer(keys, issuer(DATA, url)),
        tools.sealer,
        tools.clock,
    )


def _public_limit(tools: Tools, rules: Rulebook) -> Allowance:
    rule = "verification.public_per_minute"
    allowed = (lambda: rules.integer(rule, on=tools.clock.today())) if tools.settings.public_limit else None
    return Allowance(rule, allowed)
