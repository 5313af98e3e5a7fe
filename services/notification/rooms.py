"""Notification's rooms, each made from those it asks; app.py wires them to doors, hearers and loops."""

from functools import cached_property
from pathlib import Path

from services.notification.checkpoints.handlers import Checkpoints
from services.notification.checkpoints.storage import CheckpointLog
from services.notification.deliveries.handlers import FanOut, Lags
from services.notification.deliveries.sender import Sender
from services.notification.deliveries.storage import Cursors, Deliveries, Endpoints
from services.notification.feed.growth import Growth
from services.notification.feed.handlers import Feed, Streams
from services.notification.feed.storage import FeedLog, Reached
from services.notification.inboxes.domain.causes import Causes as InboxCauses
from services.notification.inboxes.handlers import Inboxes, InboxFollower
from services.notification.inboxes.storage import item_store
from services.notification.mails.handlers.mailboxes import Mailboxes
from services.notification.mails.handlers.telling import Teller
from services.notification.mails.posting import Post
from services.notification.mails.sender import MailSender
from services.notification.mails.storage import Mails, mailbox_store
from services.notification.notices import pages as notices_pages
from services.notification.notices.domain.causes import Causes
from services.notification.notices.handlers import NoticeFollower, Notices
from services.notification.notices.storage import UnitNames, notice_store
from services.notification.replays.handlers import Replays
from services.notification.replays.storage import replay_store
from services.notification.streams.broker import Administration, Outlet, without_user
from services.notification.streams.handlers import Out, Readers
from services.notification.streams.storage import reader_store
from services.notification.subscriptions.calls import Calls
from services.notification.subscriptions.handlers import Subscriptions
from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.storage import subscription_store
from shared.http.limits import Allowance, allowance
from shared.http.rendering import Layouts
from shared.messaging.wire import Wire
from shared.process import Tools
from shared.rulebook import Rulebook
from shared.signing import Keyring
from shared.storage.leases import Lease

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
        """What proofs of notices, checkpoints and webhooks are signed with."""
        keys = self.tools.settings.credential_keys
        return Keyring(keys.get_secret_value() if keys else "", self.url)

    @cached_property
    def log(self) -> FeedLog:
        return FeedLog(self.tools.database)

    @cached_property
    def feed(self) -> Feed:
        streams = Streams(self.rules, self.tools.clock)
        followers = [self.fan_out.nudge, self.follower.nudge, self.inbox_follower.nudge]
        return Feed(self.log, Growth(self.log.newest), streams, grown=followers)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        tools = self.tools
        hosts = Hosts(private_allowed=tools.settings.webhook_private_hosts)
        calls = Calls(hosts, self.rules, tools.clock)
        asking = allowance(
            "subscription.asked_per_minute", self.rules, tools.clock, bounded=True, who="the owner of a subscription"
        )
        return Subscriptions(
            subscription_store(tools.database),
            self.log.newest,
            hosts,
            tools.sealer,
            self.keyring,
            self.rules,
            tools.clock,
            calls,
            asking,
        )

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
            self.url,
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
            room=self.sender.room,
            hand=self.sender.hand,
        )

    @cached_property
    def lags(self) -> Lags:
        database = self.tools.database
        return Lags(self.log, self.subscriptions, self.deliveries, Cursors(database), Endpoints(database))

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
    def checkpoint_log(self) -> CheckpointLog:
        return CheckpointLog(self.tools.database)

    @cached_property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.checkpoint_log, self.log, self.rules, self.keyring)

    @cached_property
    def notices(self) -> Notices:
        tools = self.tools
        store, names = notice_store(tools.database), UnitNames(tools.database)
        covering = self.checkpoint_log.covering
        return Notices(store, self.log, self.rules, tools.clock, self.keyring, names, covering)

    @cached_property
    def causes(self) -> Causes:
        return Causes.model_validate_json((DATA / "notices.json").read_bytes())

    @cached_property
    def follower(self) -> NoticeFollower:
        room, reached = self.notices, Reached(self.tools.database, "notices")
        return NoticeFollower(
            room.notices, self.causes, room.names, self.rules, room.clock, log=self.log, reached=reached
        )

    @cached_property
    def outlet(self) -> Outlet:
        wire = Wire(self.tools.settings.amqp_url.get_secret_value(), "notification-out")
        return Outlet(wire, self.rules, self.tools.clock)

    @cached_property
    def out(self) -> Out:
        database = self.tools.database
        lease, look_every = Lease(database, "out"), self.tools.settings.poll_every
        return Out(self.log, self.feed.growth, Reached(database, "out"), self.outlet, lease, look_every)

    @cached_property
    def readers(self) -> Readers:
        settings = self.tools.settings
        administration = None
        if management := settings.rabbitmq_management_url:
            administration = Administration(management.get_secret_value(), settings.amqp_url.get_secret_value())
        store = reader_store(self.tools.database)
        return Readers(store, self.outlet, administration, self.rules, self.tools.sealer)

    @cached_property
    def amqp(self) -> str:
        """Where other systems reach the broker."""
        settings = self.tools.settings
        return settings.public_amqp_url or without_user(settings.amqp_url.get_secret_value())

    @cached_property
    def inboxes(self) -> Inboxes:
        causes = InboxCauses.model_validate_json((DATA / "inbox.json").read_bytes())
        return Inboxes(item_store(self.tools.database), causes, self.rules, self.tools.clock)

    @cached_property
    def inbox_follower(self) -> InboxFollower:
        room, reached = self.inboxes, Reached(self.tools.database, "inboxes")
        return InboxFollower(
            room.items, room.causes, self.causes.words, self.rules, room.clock, log=self.log, reached=reached
        )

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
