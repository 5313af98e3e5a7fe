"""Lines of a site's equipment ledger."""

from datetime import date

from pydantic import Field

from services.registry.sites.commands import LedgerLine
from shared.errors import Fault, Kind
from shared.events.base import Record


class WrongLedger(Fault):
    """The ledger cannot be kept like this."""

    slug, kind = "site-ledger", Kind.CONFLICT


class Equipment(Record):
    """A line of the ledger; retired ones stay and are not counted."""

    id: str
    name: str
    model: str
    count: int = Field(description="pieces")
    fit: int = Field(description="pieces of them that are fit for use")
    keeper: str = Field(description="sealed name of the keeper, bound to the site's id")
    keeper_masked: str
    inspected_on: date | None
    retired_on: date | None = None


def equipment(identity: str, asked: LedgerLine, keeper: tuple[str, str]) -> Equipment:
    """A line of the ledger; `keeper` is sealed and masked."""
    if asked.fit > asked.count:
        raise WrongLedger("no more pieces can be fit than there are", field="/fit")
    return Equipment(
        id=identity,
        name=asked.name,
        model=asked.model,
        count=asked.count,
        fit=asked.fit,
        keeper=keeper[0],
        keeper_masked=keeper[1],
        inspected_on=asked.inspected_on,
    )
