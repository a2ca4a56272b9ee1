"""https: each fault of a certificate has its own words, and nothing is sent to a server that is not proved."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from spoke_admin.adapters.http import HttpCaller
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from tests.adapters.hostile import CANARY, http, saying, served_by, serving

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), NOW - DAY, NOW + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "self_signed.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def ask(tls: ssl.SSLContext | None, host: str = "localhost") -> tuple[Reply | AdminError, list[bytes]]:
    async def run() -> tuple[Reply | AdminError, list[bytes]]:
        async with serving(saying(http()), tls) as server, HttpCaller(deadline=10) as caller:
            call = Call("GET", server.url("/", scheme="https", host=host), authorization=f"Bearer {CANARY}")
            try:
                return await caller(call), server.requests
            except AdminError as fault:
                return fault, server.requests

    return asyncio.run(run())


def test_a_certificate_of_a_known_authority_is_taken(authority: trustme.CA) -> None:
    for name, host in (("localhost", "localhost"), ("127.0.0.1", "127.0.0.1")):
        reply, requests = ask(served_by(authority.issue_cert(name)), host)
        assert isinstance(reply, Reply)
        assert len(requests) == 1


@pytest.mark.parametrize(
    ("made", "host", "words"),
    [
        (lambda ca: ca.issue_cert("localhost", not_before=NOW - 9 * DAY, not_after=NOW - DAY), "localhost", "expired"),
        (lambda ca: ca.issue_cert("localhost", not_before=NOW + DAY), "localhost", "not valid yet"),
        (lambda ca: ca.issue_cert("other.example"), "localhost", "belongs to another host"),
        (lambda ca: ca.issue_cert("localhost"), "127.0.0.1", "belongs to another host"),
        (lambda _: trustme.CA().issue_cert("localhost"), "localhost", "an authority that this computer does not know"),
    ],
    ids=["expired", "not yet", "name", "number", "authority"],
)  # fmt: skip
def test_each_fault_of_a_certificate_has_its_words(
    authority: trustme.CA, made: Callable[[trustme.CA], trustme.LeafCert], host: str, words: str
) -> None:
    error, requests = ask(served_by(made(authority)), host)
    assert isinstance(error, AdminError)
    assert words in error.title
    assert f"certificate of {host}:" in error.title
    assert error.remedy
    assert requests == []


@pytest.mark.usefixtures("authority")
def test_a_self_signed_certificate_is_called_so(tmp_path: Path) -> None:
    error, requests = ask(self_signed(tmp_path))
    assert isinstance(error, AdminError)
    assert "signed by itself" in error.title
    assert requests == []


@pytest.mark.usefixtures("authority")
def test_https_to_a_server_that_speaks_plain_http() -> None:
    async def run() -> None:
        async def answer_at_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(http(400, b"plain http here"))
            writer.close()

        server = await asyncio.start_server(answer_at_once, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, HttpCaller(deadline=10) as caller:
            with pytest.raises(AdminError, match="does not speak https"):
                await caller(Call("GET", f"https://127.0.0.1:{port}/"))

    asyncio.run(run())


def test_plain_http_to_a_server_that_speaks_https(authority: trustme.CA) -> None:
    async def run() -> None:
        tls = served_by(authority.issue_cert("localhost"))
        async with serving(saying(http()), tls) as server, HttpCaller(deadline=10) as caller:
            with pytest.raises(AdminError, match=r"broke off|not HTTP"):
                await caller(Call("GET", server.url(), authorization=f"Bearer {CANARY}"))
            assert server.requests == []

    asyncio.run(run())


def test_the_trust_store_is_opened_once_and_only_for_https(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    import truststore

    made: list[int] = []
    original = truststore.SSLContext.__init__

    def counting(self: truststore.SSLContext, protocol: int) -> None:
        made.append(protocol)
        original(self, protocol)

    monkeypatch.setattr(truststore.SSLContext, "__init__", counting)

    async def run() -> None:
        tls = served_by(authority.issue_cert("localhost"))
        async with serving(saying(http())) as plain, serving(saying(http()), tls) as secure, HttpCaller() as caller:
            await caller(Call("GET", plain.url()))
            assert made == []
            for path in ("/a", "/b"):
                await caller(Call("GET", secure.url(path, scheme="https", host="localhost")))
            assert len(made) == 1

    asyncio.run(run())
