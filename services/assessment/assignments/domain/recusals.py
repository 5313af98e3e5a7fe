"""A recusal (回避): somebody declares that the holder of a card must not assess or supervise a batch."""

from datetime import datetime

from services.assessment.assignments.domain.facts import Tie
from services.assessment.batches.domain import UNTIL_PUBLICISED, Batch, State, WrongState
from shared.entity import Entity
from shared.errors import Forbidden

DECLARED = tuple(state for state in UNTIL_PUBLICISED if state is not State.SCORED)


class Recusal(Entity):
    """A conflict that was declared, by whom and why; it holds for one batch."""

    unit: str
    batch: str
    card: str
    kind: str
    entry: str
    note: str
    actor: str
    role: str
    at: datetime

    @property
    def tie(self) -> Tie:
        """What it means for the holder of the card."""
        whom = f" to candidate {self.entry}" if self.entry else ""
        detail = f"the holder of card {self.card} is recused ({self.kind}{whom}); name another"
        return Tie("recusal", detail)


def must_be_own(holder: str, card: str) -> None:
    """Holders of cards, known by the ids of these, recuse themselves only."""
    if holder != card:
        raise Forbidden("you can declare a conflict of your own card only; turn to the unit", field="/card")


def must_take_recusals(batch: Batch) -> None:
    """Refuse what is declared too late to change anything; a freeze keeps nobody from declaring."""
    if batch.state not in DECLARED:
        raise WrongState(f"a conflict is declared before the sheets are sealed; this batch is {batch.state}")
