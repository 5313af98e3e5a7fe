"""Wires the registry: stores, rooms, doors, hearers."""

from pathlib import Path

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
from services.registry.organisations.handlers import Organisations
from services.registry.organisations.storage import organisation_store
from services.registry.plans import api as plans_api
from services.registry.plans.handlers import Plans
from services.registry.plans.storage import plan_store
from services.registry.programmes import api as programmes_api
from services.registry.programmes.handlers import Programmes
from services.registry.programmes.storage import current_in, programme_store
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
    rules = Rulebook.load(DATA / "rules.json")
    plans = Plans(plan_store(tools.database), standards.offered, rules, tools.clock)
    programmes = Programmes(
        programme_store(tools.database), DATA / "programmes.json", current_in(DATA / "programmes.json"), tools.clock
    )
    formats = number_formats(DATA / "numbers.json")
    certificates = Certificates(
        certificate_store(tools.database), formats, standards.parts_of, rules, tools.sealer, tools.clock
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
    verification = _verification(tools, filings, rules)
    layouts = Layouts(DATA)
    allowance = _public_allowance(tools, rules)
    hearers = Hearers()
    organisations_consumers.hear(hearers, organisations)
    filings_consumers.hear(hearers, filings)
    cases_consumers.hear(hearers, cases)
    return Service(
        stores=[
            standards.standards,
            organisations.organisations,
            plans.plans,
            programmes.programmes,
            filings.filings,
            certificates.certificates,
            cases.cases,
        ],
        routers=[
            standards_api.routes(standards),
            organisations_api.routes(organisations),
            plans_api.routes(plans),
            programmes_api.routes(programmes),
            certificates_api.routes(certificates, allowance),
            filings_api.routes(filings),
            cases_api.routes(cases),
            verification_api.routes(verification, layouts, Press(), allowance),
            verification_pages.routes(verification_pages.Desk(verification, layouts, allowance)),
        ],
        hearers=hearers,
        prepare=[verification.prepare],
        start=[organisations.load, standards.load, programmes.load],
    )


def _verification(tools: Tools, filings: Filings, rules: Rulebook) -> Verification:
    settings = tools.settings
    url = settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
    keys = settings.credential_keys.get_secret_value() if settings.credential_keys else ""
    return Verification(
        filings.certificates,
        filings.filings,
        filings.organisations,
        filings.formats,
        catalogue(DATA),
        papers(DATA),
        rules,
        Signer(keys, issuer(DATA, url)),
        tools.sealer,
        tools.clock,
    )


def _public_allowance(tools: Tools, rules: Rulebook) -> Allowance:
    rule = "verification.public_per_minute"
    allowed = (lambda: rules.integer(rule, on=tools.clock.today())) if tools.settings.public_limit else None
    return Allowance(rule, allowed)
