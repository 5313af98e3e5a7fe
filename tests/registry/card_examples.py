"""Cards, papers and rules as the data has them, for tests without a server."""

from datetime import date
from pathlib import Path
from typing import Any

from services.registry.cards.commands import IssueCard
from services.registry.cards.domain.card import Card
from services.registry.cards.domain.evidence import CardKind
from services.registry.cards.domain.history import Holder
from services.registry.cards.domain.issue import issued, numbered
from services.registry.cards.domain.rules import CardRules
from services.registry.cards.storage import card_data, card_rules
from shared.rulebook import Rulebook

DATA = Path(__file__).parents[2] / "services/registry/data"
RULES = Rulebook.load(DATA / "rules.json")
CARDS = card_data(DATA / "cards.json")
TODAY = date(2019, 9, 2)
OFFERED = {"rebar_worker": frozenset({"5", "4", "3", "2", "1"}), "mason": frozenset({"5", "4", "3"})}
SEALED = Holder(holder="张*", id_number="330106********1015", person="v1.sealed", person_index="index")
CERTIFICATE = {"kind": "certificate", "document": "职业资格证书", "level": "3", "since": "2012-05-18"}
TITLE = {"kind": "title", "document": "职称证书", "level": "intermediate", "since": "2014-11-03"}
TRAINING = {"kind": "training", "document": "结业证", "since": "2019-08-20"}
EXAM = {"kind": "exam", "document": "考试合格通知", "since": "2019-08-23"}


def rules(kind: str = "assessor", today: date = TODAY) -> CardRules:
    """What holds for a kind of card on a day."""
    return card_rules(RULES, CARDS, CardKind(kind), today)


def practice(of: str, since: str) -> dict[str, Any]:
    """A paper on practice since a day."""
    return {"kind": "practice", "document": "聘书", "level": of, "since": since}


def asked(**changed: Any) -> IssueCard:
    """An assessor's card with papers that are enough."""
    content = {
        "kind": "assessor",
        "name": "张示例",
        "id_number": "330106189309141015",
        "employer": "示例建筑工程有限公司",
        "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4", "3"]}],
        "evidence": [CERTIFICATE, TRAINING, EXAM],
        "valid_from": TODAY.isoformat(),
    }
    return IssueCard.model_validate({**content, **changed})


def card(**changed: Any) -> Card:
    """A card as it is issued under its number."""
    what = asked(**changed)
    today = rules(what.kind)
    made, _ = numbered(issued("card-1", "33", what, SEALED, today, "clerk"), 1, today)
    return made
