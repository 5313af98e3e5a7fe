"""Wires evaluation: stores, rooms, doors, hearers, due work."""

from pathlib import Path

from services.evaluation.cycles import api as cycles_api
from services.evaluation.cycles.handlers import Cycles
from services.evaluation.cycles.storage import cycle_store, extension_store, stages_in
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
    rules = Rulebook.load(DATA / "rules.json")
    cycles = Cycles(
        cycle_store(tools.database),
        extension_store(tools.database),
        stages_in(DATA / "stages.json"),
        indicators,
        rules,
        tools.clock,
    )
    evaluations = Evaluations(
        evaluation_store(tools.database), indicators, cycles, form_in(DATA / "form.json"), rules, tools.clock
    )
    hearers = Hearers()
    indicators_consumers.hear(hearers, indicators)
    return Service(
        stores=[cycles.cycles, cycles.extensions, evaluations.evaluations],
        routers=[indicators_api.routes(indicators), cycles_api.routes(cycles), evaluations_api.routes(evaluations)],
        hearers=hearers,
        due=[cycles.due, evaluations.file_due],
        prepare=[indicators.prepare],
    )
