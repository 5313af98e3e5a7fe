"""Everything that is said on the bus goes into the feed, known or not."""

from services.notification.feed.handlers import Feed
from shared.events.anything import Anything
from shared.messaging.consumers import Hearers

EVERYTHING = "#"
MOST = 500
WITHIN = 0.005  # seconds; every webhook waits this long, and a busy bus fills a run in less


def hear(hearers: Hearers, feed: Feed) -> None:
    """Register what this room hears."""
    hearers.on_many(Anything, feed.record, key=EVERYTHING, most=MOST, within=WITHIN)
