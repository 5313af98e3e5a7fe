"""Wires the registry: each room from those it asks, then stores, doors, hearers and what falls due."""

from fastapi import APIRouter

from services.registry.cards import api as cards_api
from services.registry.cases import api as cases_api
from services.registry.cases import consumers as cases_consumers
from services.registry.certificates import api as certificates_api
from services.registry.certificates import consumers as certificates_consumers
from services.registry.filings import api as filings_api
from services.registry.filings import consumers as filings_consumers
from services.registry.organisations import api as organisations_api
from services.registry.plans import api as plans_api
from services.registry.programmes import api as programmes_api
from services.registry.proposals import api as proposals_api
from services.registry.reports import api as reports_api
from services.registry.rooms import DATA, Rooms
from services.registry.sites import api as sites_api
from services.registry.sites import consumers as sites_consumers
from services.registry.standards import api as standards_api
from services.registry.standards import consumers as standards_consumers
from services.registry.standings import api as standings_api
from services.registry.standings import consumers as standings_consumers
from services.registry.unit_lists import api as unit_lists_api
from services.registry.unit_lists.handlers import UnitLists
from services.registry.verification import api as verification_api
from services.registry.verification import pages as verification_pages
from services.registry.verification.printing import Press
from shared.http.rendering import Layouts
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools


def build(tools: Tools) -> Service:
    """The registry, not yet connected to anything."""
    rooms = Rooms(tools)
    return Service(
        stores=[
            rooms.standards.standards,
            rooms.proposals.proposals,
            rooms.organisations.organisations,
            rooms.sites.sites,
            rooms.plans.plans,
            rooms.plans.editions,
            rooms.standings.standings,
            rooms.reports.reports,
            rooms.cards.cards,
            rooms.programmes.programmes,
            rooms.filings.filings,
            rooms.certificates.certificates,
            rooms.cases.cases,
        ],
        routers=_routers(rooms),
        hearers=_hearers(rooms),
        due=[rooms.plans.due, rooms.cards.lapse],
        prepare=[rooms.verification.prepare],
        start=[rooms.organisations.load, rooms.standards.load, rooms.programmes.load],
    )


def _routers(rooms: Rooms) -> list[APIRouter]:
    layouts = Layouts(DATA)
    return [
        certificates_api.lookups(rooms.certificates, rooms.allowance),
        standards_api.routes(rooms.standards),
        proposals_api.routes(rooms.proposals),
        organisations_api.routes(rooms.register),
        unit_lists_api.routes(UnitLists(rooms.register)),
        sites_api.routes(rooms.sites),
        plans_api.routes(rooms.plans),
        standings_api.routes(rooms.standings),
        reports_api.routes(rooms.reports),
        cards_api.routes(rooms.cards),
        programmes_api.routes(rooms.programmes),
        certificates_api.routes(rooms.certificates),
        filings_api.routes(rooms.filings),
        cases_api.routes(rooms.cases),
        verification_api.routes(rooms.verification, layouts, Press(), rooms.allowance),
        verification_pages.routes(verification_pages.Desk(rooms.verification, layouts, rooms.allowance)),
    ]


def _hearers(rooms: Rooms) -> Hearers:
    hearers = Hearers()
    standards_consumers.hear(hearers, rooms.standards)
    standings_consumers.hear(hearers, rooms.standings, rooms.plans.settle)
    sites_consumers.hear(hearers, rooms.sites)
    filings_consumers.hear(hearers, rooms.filings)
    certificates_consumers.hear(hearers, rooms.certificates)
    cases_consumers.hear(hearers, rooms.cases)
    return hearers
