"""What all lanes work with."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from services.notification.deliveries.domain import Delivery
from services.notification.deliveries.posting import AT_ONCE
from services.notification.deliveries.storage import Deliveries, Endpoints
from services.notification.feed.storage import FeedLog
from services.notification.subscriptions.handlers import Subscriptions
from shared.clock import Clock
from shared.rulebook import Rulebook

TOGETHER = 128  # attempts at the same time of all lanes that have something to try, one for each at least


@dataclass(frozen=True)
class Office:
    """What all lanes work with.

    `tried` takes what became of a delivery and sees that it is written; `record` has written it when it returns;
    `busy` are the lanes that have something to try.
    """

    deliveries: Deliveries
    endpoints: Endpoints
    feed: FeedLog
    subscriptions: Subscriptions
    rules: Rulebook
    clock: Clock
    tried: Callable[[Delivery], None]
    record: Callable[[Sequence[Delivery]], Awaitable[None]]
    busy: set[str] = field(default_factory=set)

    @property
    def share(self) -> int:
        """How many attempts one lane makes at the same time: one with a backlog leaves the others their turn."""
        return min(AT_ONCE, max(1, TOGETHER // max(1, len(self.busy))))
