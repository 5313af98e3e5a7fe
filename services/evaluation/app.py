"""Wires evaluation: stores, rooms, doors, hearers, due work."""

from pathlib import Path

from services.evaluation.evaluations import api as evaluations_api
from services.evaluation.evaluations.handlers import Evaluations
from services.evaluation.evaluations.storage import evaluation_store, form_in
from services.evaluation.indicators import api as indicators_api
from services.evaluation.indicators import consumers as indicators_consumers
from services.evaluation.indicators.handlers import Indicators
from services.evaluation.indicators.storage import Facts, Units
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


def build(tools: Tools) -> Service:
    """Evaluation, not yet connected to anything."""
    indicators = Indicators(Facts(tools.database), Units(tools.database))
    evaluations = Evaluations(
        evaluation_store(tools.database),
        indicators,
        form_in(DATA / "form.json"),
        Rulebook.load(DATA / "rules.json"),
        tools.clock,
    )
    hearers = Hearers()
    indicators_consumers.hear(hearers, indicators)
    return Service(
        stores=[evaluations.evaluations],
        routers=[indicators_api.routes(indicators), evaluations_api.routes(evaluations)],
        hearers=hearers,
        due=[evaluations.file_due],
        prepare=[indicators.prepare],
    )
