"""Wires notification: each room from those it asks, then stores, doors, hearers, and the loops that keep it moving."""

from functools import cached_property
from pathlib import Path

from fastapi import APIRouter

from services.notification.deliveries import api as deliveries_api
from services.notification.deliveries.handlers import FanOut
from services.notification.deliveries.sender import Sender
from services.notification.deliveries.storage import Cursors, Deliveries, Endpoints
from services.notification.feed import api as feed_api
from services.notification.feed import consumers as feed_consumers
from services.notification.feed.growth import Growth
from services.notification.feed.handlers import Feed
from services.notification.feed.storage import FeedLog
from services.notification.inboxes import api as inboxes_api
from services.notification.inboxes.domain.causes import Causes as InboxCauses
from services.notification.inboxes.handlers import FOLLOWER, Inboxes, InboxFollower
from services.notification.inboxes.storage import item_store
from services.notification.mails import api as mails_api
from services.notification.mails.handlers.mailboxes import Mailboxes
from services.notification.mails.handlers.telling import Teller
from services.notification.mails.posting import Post
from services.notification.mails.sender import MailSender
from services.notification.mails.storage import Mails, mailbox_store
from services.notification.notices import api as notices_api
from services.notification.notices import pages as notices_pages
from services.notification.notices.domain.causes import Causes
from services.notification.notices.handlers import NoticeFollower, Notices
from services.notification.notices.storage import Followed, UnitNames, notice_store
from services.notification.replays import api as replays_api
from services.notification.replays.handlers import Replays
from services.notification.replays.storage import replay_store
from services.notification.subscriptions import api as subscriptions_api
from services.notification.subscriptions.handlers import Subscriptions
from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.storage import subscription_store
from shared.http.limits import Allowance, allowance
from shared.http.rendering import Layouts
from shared.messaging.consumers import Hearers
from shared.process import Service, Tools
from shared.rulebook import Rulebook
from shared.signing import Keyring

DATA = Path(__file__).parent / "data"


class Rooms:
    """Notification's rooms; each is made when it is first asked for, so their order follows from who asks whom."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.rules = Rulebook.load(DATA / "rules.json")

    @cached_property
    def url(self) -> str:
        """How links to this service begin."""
        settings = self.tools.settings
        return settings.public_url or f"http://{settings.http_host}:{settings.http_port}"

    @cached_property
    def keyring(self) -> Keyring:
        """What proofs of notices are signed with."""
        keys = self.tools.settings.credential_keys
        return Keyring(keys.get_secret_value() if keys else "", self.url)

    @cached_property
    def log(self) -> FeedLog:
        return FeedLog(self.tools.database)

    @cached_property
    def feed(self) -> Feed:
        return Feed(
            self.log,
            Growth(self.log.newest),
            grown=[self.fan_out.nudge, self.follower.nudge, self.inbox_follower.nudge],
        )

    @cached_property
    def subscriptions(self) -> Subscriptions:
        tools = self.tools
        hosts = Hosts(private_allowed=tools.settings.webhook_private_hosts)
        return Subscriptions(subscription_store(tools.database), self.log.newest, hosts, tools.sealer)

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self.tools.database)

    @cached_property
    def sender(self) -> Sender:
        tools = self.tools
        return Sender(
            self.deliveries,
            Endpoints(tools.database),
            self.log,
            self.subscriptions,
            self.rules,
            tools.clock,
            look_every=tools.settings.poll_every,
        )

    @cached_property
    def fan_out(self) -> FanOut:
        return FanOut(
            self.log,
            self.subscriptions.subscriptions,
            self.deliveries,
            Cursors(self.tools.database),
            self.tools.clock,
            made=self.sender.serve,
        )

    @cached_property
    def replays(self) -> Replays:
        return Replays(
            replay_store(self.tools.database),
            self.log,
            self.subscriptions,
            self.deliveries,
            self.tools.clock,
            made=self.sender.serve,
            look_every=self.tools.settings.poll_every,
        )

    @cached_property
    def notices(self) -> Notices:
        tools = self.tools
        store, names = notice_store(tools.database), UnitNames(tools.database)
        return Notices(store, self.log, self.rules, tools.clock, self.keyring, names)

    @cached_property
    def causes(self) -> Causes:
        return Causes.model_validate_json((DATA / "notices.json").read_bytes())

    @cached_property
    def follower(self) -> NoticeFollower:
        return NoticeFollower(
            self.notices.notices,
            self.log,
            self.causes,
            Followed(self.tools.database),
            self.notices.names,
            self.rules,
            self.tools.clock,
        )

    @cached_property
    def inboxes(self) -> Inboxes:
        causes = InboxCauses.model_validate_json((DATA / "inbox.json").read_bytes())
        return Inboxes(item_store(self.tools.database), causes, self.rules, self.tools.clock)

    @cached_property
    def inbox_follower(self) -> InboxFollower:
        room, followed = self.inboxes, Followed(self.tools.database, FOLLOWER)
        return InboxFollower(room.items, self.log, room.causes, self.causes.words, followed, self.rules, room.clock)

    @cached_property
    def post(self) -> Post | None:
        """The mail server; None where the settings name none."""
        return Post.of(self.tools.settings)

    @cached_property
    def mailboxes(self) -> Mailboxes:
        tools, mails = self.tools, Mails(self.tools.database)
        store = mailbox_store(tools.database)
        return Mailboxes(store, mails, self.rules, tools.clock, tools.sealer, sending=self.post is not None)

    @cached_property
    def teller(self) -> Teller:
        return Teller(self.inboxes.items, self.mailboxes)

    @cached_property
    def mail_sender(self) -> MailSender | None:
        every = self.tools.settings.poll_every
        return MailSender(self.mailboxes, self.inboxes.items, self.post, self.url, every) if self.post else None

    @cached_property
    def reading(self) -> Allowance:
        """What one address of the public may read."""
        bounded = self.tools.settings.public_limit
        return allowance("board.public_per_minute", self.rules, self.tools.clock, bounded=bounded)

    @cached_property
    def board(self) -> notices_pages.Board:
        return notices_pages.Board(self.notices, Layouts(DATA), self.reading, self.url)


def build(tools: Tools) -> Service:
    """Notification, not yet connected to anything."""
    rooms = Rooms(tools)
    return Service(
        stores=[
            rooms.subscriptions.subscriptions,
            rooms.replays.replays,
            rooms.notices.notices,
            rooms.inboxes.items,
            rooms.mailboxes.mailboxes,
        ],
        routers=_routers(rooms),
        hearers=_hearers(rooms),
        due=[rooms.fan_out.due, rooms.notices.due, rooms.follower.due, rooms.inbox_follower.due, rooms.teller.due],
        prepare=[rooms.log.prepare, rooms.deliveries.prepare, rooms.mailboxes.mails.prepare],
        loops=[
            rooms.fan_out.run,
            rooms.follower.run,
            rooms.sender.run,
            rooms.replays.run,
            rooms.inbox_follower.run,
            *([rooms.mail_sender.run] if rooms.mail_sender else []),
        ],
    )


def _routers(rooms: Rooms) -> list[APIRouter]:
    return [
        feed_api.routes(rooms.feed),
        subscriptions_api.routes(rooms.subscriptions),
        replays_api.routes(rooms.replays),
        deliveries_api.routes(rooms.deliveries),
        notices_api.routes(rooms.notices, rooms.reading),
        notices_pages.routes(rooms.board, rooms.reading),
        inboxes_api.routes(rooms.inboxes),
        *mails_api.routes(rooms.mailboxes, rooms.inboxes.causes),
    ]


def _hearers(rooms: Rooms) -> Hearers:
    hearers = Hearers()
    feed_consumers.hear(hearers, rooms.feed)
    return hearers
