"""Wires notification: each room from those it asks, then stores, doors, hearers, and the loops that keep it moving."""

from fastapi import APIRouter

from services.notification.checkpoints import api as checkpoints_api
from services.notification.deliveries import api as deliveries_api
from services.notification.feed import api as feed_api
from services.notification.feed import consumers as feed_consumers
from services.notification.inboxes import api as inboxes_api
from services.notification.mails import api as mails_api
from services.notification.notices import api as notices_api
from services.notification.notices import pages as notices_pages
from services.notification.replays import api as replays_api
from services.notification.rooms import Rooms
from services.notification.streams import api as streams_api
from services.notification.subscriptions import api as subscriptions_api
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools


def build(tools: Tools) -> Service:
    """Notification, not yet connected to anything."""
    rooms = Rooms(tools)
    return Service(
        stores=[
            rooms.subscriptions.subscriptions,
            rooms.replays.replays,
            rooms.notices.notices,
            rooms.readers.readers,
            rooms.inboxes.items,
            rooms.mailboxes.mailboxes,
        ],
        routers=_routers(rooms),
        hearers=_hearers(rooms),
        due=[
            rooms.fan_out.due,
            rooms.notices.due,
            rooms.follower.due,
            rooms.readers.due,
            rooms.checkpoints.due,
            rooms.inbox_follower.due,
            rooms.teller.due,
        ],
        prepare=[
            rooms.log.prepare,
            rooms.deliveries.prepare,
            rooms.checkpoint_log.prepare,
            rooms.mailboxes.mails.prepare,
        ],
        loops=[
            rooms.fan_out.run,
            rooms.follower.run,
            rooms.sender.run,
            rooms.replays.run,
            rooms.out.run,
            rooms.inbox_follower.run,
            *([rooms.mail_sender.run] if rooms.mail_sender else []),
        ],
    )


def _routers(rooms: Rooms) -> list[APIRouter]:
    return [
        feed_api.routes(rooms.feed),
        subscriptions_api.routes(rooms.subscriptions),
        subscriptions_api.key_routes(rooms.keyring),
        replays_api.routes(rooms.replays),
        deliveries_api.routes(rooms.deliveries),
        deliveries_api.lag_routes(rooms.lags),
        streams_api.routes(rooms.readers, rooms.amqp),
        checkpoints_api.routes(rooms.checkpoints),
        checkpoints_api.line_routes(rooms.checkpoints),
        notices_api.routes(rooms.notices, rooms.reading),
        notices_pages.routes(rooms.board, rooms.reading),
        inboxes_api.routes(rooms.inboxes),
        *mails_api.routes(rooms.mailboxes, rooms.inboxes.causes),
    ]


def _hearers(rooms: Rooms) -> Hearers:
    hearers = Hearers()
    feed_consumers.hear(hearers, rooms.feed)
    return hearers
