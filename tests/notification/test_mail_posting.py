"""One attempt at a mail server: with STARTTLS and a password, refused, hanging, dying, away; each is an answer."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notification.mails.domain import Outcome
from services.notification.mails.posting import Post
from tests.notification.mailserver import DIE, HANG, MailServer, mail_server

TO = "office@example.org"
SENDER = "skillcert@example.org"


def mail() -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = "标题", SENDER, TO
    made.set_content("内容")
    return made


async def answer(server: MailServer, seconds: float = 5.0) -> Outcome:
    return await Post.at(server.url, SENDER).send(mail(), TO, seconds)


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server on 127.0.0.1 shows, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of the tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(pem)
    trusting = ssl.create_default_context(cafile=str(pem))
    return shown, trusting


async def test_a_mail_is_taken() -> None:
    async with mail_server() as server:
        assert await answer(server) == Outcome("250")
        assert server.taken[TO][0]["Subject"] == "标题"


async def test_a_recipient_refused_for_good_is_final_and_for_now_is_not() -> None:
    async with mail_server() as server:
        server.refused[TO] = "550 no such user"
        assert await answer(server) == Outcome("550", final=True)
        server.refused[TO] = "450 mailbox busy"
        assert await answer(server) == Outcome("450")


async def test_a_mail_refused_after_it_was_read_is_final_or_not_by_its_code() -> None:
    async with mail_server() as server:
        server.answers[TO].extend(["554 spam", "451 later"])
        assert await answer(server) == Outcome("554", final=True)
        assert await answer(server) == Outcome("451")


async def test_a_server_that_hangs_costs_the_time_of_one_attempt() -> None:
    async with mail_server() as server:
        server.answers[TO].append(HANG)
        assert await answer(server, 0.3) == Outcome("timeout")


async def test_a_server_that_dies_in_the_middle_is_no_success() -> None:
    async with mail_server() as server:
        server.answers[TO].append(DIE)
        assert await answer(server) == Outcome("broken")


async def test_a_server_that_is_away_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert await Post.at(f"smtp://127.0.0.1:{port}", SENDER).send(mail(), TO, 5) == Outcome("unreachable")


async def test_with_starttls_and_a_password_it_is_taken_and_without_the_right_one_tried_again(tmp_path: Path) -> None:
    shown, trusting = certified(tmp_path)
    async with mail_server(shown, login=True) as server:
        at = f"127.0.0.1:{server.port}"
        assert await Post.at(f"smtp://skillcert:p%2Fw@{at}", SENDER, trusting).send(mail(), TO, 5) == Outcome("250")
        assert await Post.at(f"smtp://skillcert:wrong@{at}", SENDER, trusting).send(mail(), TO, 5) == Outcome("535")
        assert len(server.taken[TO]) == 1


async def test_with_tls_from_the_beginning_it_is_taken(tmp_path: Path) -> None:
    shown, trusting = certified(tmp_path)
    async with mail_server(shown, implicit=True) as server:
        at = f"smtps://127.0.0.1:{server.port}"
        assert await Post.at(at, SENDER, trusting).send(mail(), TO, 5) == Outcome("250")


async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(tmp_path: Path) -> None:
    shown, _ = certified(tmp_path)
    async with mail_server(shown) as server:
        outcome = await Post.at(server.url, SENDER).send(mail(), TO, 5)
        assert (outcome.answer in ("broken", "unreachable"), outcome.final) == (True, False)
        assert server.taken[TO] == []


async def test_a_server_elsewhere_that_offers_no_starttls_gets_no_mail() -> None:
    async with mail_server() as server:
        post = Post(host="127.0.0.1", port=server.port, sender=SENDER)
        assert await post.send(mail(), TO, 5) == Outcome("unfit")
        assert server.taken[TO] == []
