"""One attempt at an endpoint: what counts as an answer, and to which address it goes."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from services.notification.deliveries.domain import Attempt
from services.notification.deliveries.posting import Endpoint
from services.notification.subscriptions.domain import PrivateHost, WrongUrl
from services.notification.subscriptions.handlers import new_secret
from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.outward import Signer, asked_to_wait
from shared.clock import Clock
from tests.notification.examples import feed_event
from tests.notification.receiver import NEVER, Receiver, receiver

SECRET = new_secret()
ANYWHERE = Hosts(private_allowed=True)
PUBLIC_ONLY = Hosts(private_allowed=False)


@pytest.fixture
async def hooks() -> AsyncIterator[Receiver]:
    async with receiver() as answering:
        yield answering


async def posted(url: str, hosts: Hosts = ANYWHERE) -> Attempt:
    endpoint = Endpoint(url, Signer([SECRET]), hosts, Clock(), httpx.create_ssl_context())
    with endpoint.place() as place:
        attempt, _ = await endpoint.post(place, feed_event(), 0.3)
    await endpoint.close()
    return attempt


class KnowsOne(Hosts):
    """As if a name server said that every host is on this machine."""

    async def address(self, host: str) -> str | None:
        assert host == "hooks.example.org"
        return "127.0.0.1"


class ToThisMachine(Hosts):
    """The same for any host."""

    async def address(self, host: str) -> str | None:
        return "127.0.0.1" if host else None


class Tls(NamedTuple):
    """What the two sides of a connection know."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def self_signed(name: str, folder: Path) -> Tls:
    """A certificate of one name that its own client trusts."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    written = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "both.pem"
    file.write_bytes(private + written.public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return Tls(server, ssl.create_default_context(cadata=written.public_bytes(Encoding.PEM).decode()))


@pytest.mark.parametrize(("status", "taken"), [(204, True), (200, True), (307, False), (410, False), (500, False)])
async def test_the_status_is_the_answer(hooks: Receiver, status: int, taken: bool) -> None:
    hooks.answers["/"].append(status)
    attempt = await posted(hooks.url("/"))
    assert (attempt.answer, attempt.taken) == (str(status), taken)
    assert hooks.at("/elsewhere") == []


async def test_the_request_carries_the_event_and_a_signature_of_it(hooks: Receiver) -> None:
    await posted(hooks.url("/a?b=c"))
    (hook,) = hooks.received
    assert hook.path == "/a?b=c"
    assert hook.verified(SECRET)["id"] == feed_event().event


async def test_over_tls_the_name_is_checked_though_the_address_is_connected_to(tmp_path: Path) -> None:
    certificate = self_signed("hooks.example.org", tmp_path)
    async with receiver(certificate.server) as hooks:
        for url, answer in (
            (hooks.url("/").replace("http://127.0.0.1", "https://hooks.example.org"), ["204", "204"]),
            (hooks.url("/").replace("http://127.0.0.1", "https://other.example.org"), ["unreachable", "unreachable"]),
        ):
            endpoint = Endpoint(url, Signer([SECRET]), ToThisMachine(private_allowed=True), Clock(), certificate.client)
            with endpoint.place() as place:
                assert [(await endpoint.post(place, feed_event(), 2))[0].answer for _ in range(2)] == answer
            await endpoint.close()
        assert [hook.headers["host"].split(":")[0] for hook in hooks.received] == ["hooks.example.org"] * 2


async def test_without_an_answer_the_attempt_says_why(hooks: Receiver) -> None:
    hooks.answers["/"].append(NEVER)
    attempt = await posted(hooks.url("/"))
    assert attempt.answer == "timeout"
    assert 200 < attempt.ms < 2000
    assert (await posted("http://127.0.0.1:1/")).answer == "unreachable"
    assert (await posted(f"http://{'a' * 64}.example.org/")).answer == "unreachable"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"\xff\x00 what?\r\n\r\n",
        b"HTTP/1.1 302 X\r\nLocation: http://xn--/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 X\r\nLocation: mailto:somebody\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n" + b"x" * 200_000,
    ],
)
async def test_an_answer_without_sense_is_one_more_failed_attempt(nonsense: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(nonsense)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    attempt = await posted(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert attempt.answer in ("broken", "unreachable", "302", "500")
    assert not attempt.taken
    server.close()


async def test_it_connects_to_the_address_that_was_looked_at_under_the_name_it_was_given(hooks: Receiver) -> None:
    attempt = await posted(f"http://hooks.example.org:{hooks.port}/x", KnowsOne(private_allowed=False))
    assert attempt.taken
    assert hooks.received[0].headers["host"] == f"hooks.example.org:{hooks.port}"


async def test_a_host_that_became_private_is_not_connected_to(hooks: Receiver) -> None:
    attempt = await posted(hooks.url("/"), PUBLIC_ONLY)
    assert (attempt.answer, attempt.taken) == ("webhook-private-host", False)
    assert hooks.received == []


@pytest.mark.parametrize(
    "url", ["http://localhost/", "https://127.0.0.1:8443/x", "http://[::1]/", "http://2130706433/"]
)
async def test_a_private_host_is_refused(url: str) -> None:
    with pytest.raises(PrivateHost):
        await PUBLIC_ONLY.check(url)
    await ANYWHERE.check(url)


@pytest.mark.parametrize("url", ["https://xn--/", f"https://{'a' * 64}.org/"])
async def test_a_host_without_an_address_is_refused(url: str) -> None:
    with pytest.raises(WrongUrl):
        await PUBLIC_ONLY.check(url)


async def test_a_public_address_is_reached_by_itself() -> None:
    assert await PUBLIC_ONLY.address("8.8.8.8") == "8.8.8.8"
    assert await ANYWHERE.address("8.8.8.8") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120.0), ("", None), ("soon", None), ("-5", None), ("1e9", None), ("9" * 40, None),
     ("Wed, 21 Oct 2015 07:28:00 GMT", None), ("Wed, 99 Oct 2015 99:99:99 GMT", None)],
)  # fmt: skip
def test_a_retry_after_is_read_as_seconds_and_nonsense_asks_for_nothing(text: str, seconds: float | None) -> None:
    assert asked_to_wait(text) == seconds


def test_a_retry_after_by_date_counts_from_now() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=600)
    assert asked_to_wait(format_datetime(moment, usegmt=True)) == pytest.approx(600, abs=5)


async def test_an_attempt_remembers_how_long_the_endpoint_asks_to_be_left_alone(hooks: Receiver) -> None:
    hooks.answers["/"].append(503)
    hooks.headers["/"] = "Retry-After: 3600"
    attempt = await posted(hooks.url("/"))
    assert (attempt.answer, attempt.retry_after) == ("503", 3600.0)


async def test_a_name_server_that_hangs_for_one_host_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    hang, asked = threading.Event(), list[str]()

    def answer(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host == "hangs.example.org":
            hang.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    hosts = Hosts(private_allowed=False)
    waiting = [asyncio.create_task(hosts.address("hangs.example.org")) for _ in range(200)]
    async with asyncio.timeout(5):
        assert await hosts.address("well.example.org") == "93.184.215.14"
        hang.set()
        assert await asyncio.gather(*waiting) == ["93.184.215.14"] * 200
    assert sorted(asked) == ["hangs.example.org", "well.example.org"]
