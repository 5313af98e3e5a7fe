"""Everything that is said on the bus goes into the feed, known or not."""

from services.notification.feed.handlers import Feed
from shared.events.anything import Anything
from shared.messaging.consumers import Hearers

EVERYTHING = "#"
MOST = 500


def hear(hearers: Hearers, feed: Feed) -> None:
    """Register what this room hears; one run is recorded after the other, so what comes meanwhile is the next."""
    hearers.on_many(Anything, feed.record, key=EVERYTHING, most=MOST, within=None)
