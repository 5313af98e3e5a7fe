"""Wires notification: the feed, subscriptions, deliveries and the loops that keep them moving."""

from pathlib import Path

from services.notification.deliveries import api as deliveries_api
from services.notification.deliveries.handlers import FanOut
from services.notification.deliveries.sender import Sender
from services.notification.deliveries.storage import Cursors, Deliveries
from services.notification.feed import api as feed_api
from services.notification.feed import consumers as feed_consumers
from services.notification.feed.growth import Growth
from services.notification.feed.handlers import Feed
from services.notification.feed.storage import FeedLog
from services.notification.subscriptions import api as subscriptions_api
from services.notification.subscriptions.handlers import Subscriptions
from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.storage import subscription_store
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook

DATA = Path(__file__).parent / "data"


def build(tools: Tools) -> Service:
    """Notification, not yet connected to anything."""
    log = FeedLog(tools.database)
    subscriptions = Subscriptions(
        subscription_store(tools.database),
        log.newest,
        Hosts(private_allowed=tools.settings.webhook_private_hosts),
        tools.sealer,
    )
    deliveries = Deliveries(tools.database)
    rules = Rulebook.load(DATA / "rules.json")
    sender = Sender(deliveries, log, subscriptions, rules, tools.clock, look_every=tools.settings.poll_every)
    fan_out = FanOut(
        log, subscriptions.subscriptions, deliveries, Cursors(tools.database), tools.clock, made=sender.serve
    )
    feed = Feed(log, Growth(log.newest), grown=[fan_out.nudge])
    hearers = Hearers()
    feed_consumers.hear(hearers, feed)
    return Service(
        stores=[subscriptions.subscriptions],
        routers=[
            feed_api.routes(feed),
            subscriptions_api.routes(subscriptions),
            deliveries_api.routes(deliveries),
        ],
        hearers=hearers,
        due=[fan_out.due],
        prepare=[log.prepare, deliveries.prepare],
        loops=[fan_out.run, sender.run],
    )
