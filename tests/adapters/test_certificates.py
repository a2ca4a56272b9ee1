"""A look at a server's certificate, over real TLS with authorities of the test's own."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from spoke_admin.adapters.certificates import PeerCertificate, look
from tests.adapters.hostile import http, saying, serving

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this computer's trust store knows."""
    authority = trustme.CA(organization_name="The Test's Own Authority")
    authority.cert_pem.write_to_path(tmp_path / "trusted.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return authority


def served_by(certificate: trustme.LeafCert, *, alone: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if alone:
        with (
            certificate.private_key_pem.tempfile() as key,
            certificate.cert_chain_pems[0].tempfile() as chain,
        ):
            context.load_cert_chain(chain, key)
    else:
        certificate.configure_cert(context)
    return context


def seen(tls: ssl.SSLContext | None, seconds: float = 5) -> tuple[PeerCertificate | None, list[bytes]]:
    async def run() -> tuple[PeerCertificate | None, list[bytes]]:
        async with serving(saying(http()), tls) as server:
            return await look(server.url("/", scheme="https", host="localhost"), seconds), server.requests

    return asyncio.run(run())


def test_a_trusted_one_tells_by_whom_and_how_long(authority: trustme.CA) -> None:
    found, requests = seen(served_by(authority.issue_cert("localhost", not_after=NOW + 40 * DAY)))
    assert found is not None
    assert (found.reached, found.fault, found.issuer) == (True, None, "The Test's Own Authority")
    assert found.not_after is not None
    assert 39 <= (found.not_after - NOW).days <= 40
    assert found.tls in ("TLSv1.2", "TLSv1.3")
    assert found.sent == 1
    assert requests == []


def test_an_expired_one_is_looked_at_all_the_same(authority: trustme.CA) -> None:
    expired = authority.issue_cert("localhost", not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    found, requests = seen(served_by(expired))
    assert found is not None
    assert found.fault is not None
    assert "has expired" in found.fault.title
    assert found.not_after is not None
    assert found.not_after < NOW
    assert requests == []


def test_a_chain_without_its_middle_is_one_certificate_alone(authority: trustme.CA) -> None:
    middle = authority.create_child_ca()
    certificate = middle.issue_cert("localhost")
    whole, _ = seen(served_by(certificate))
    assert whole is not None
    assert (whole.fault, whole.sent) == (None, 2)
    alone, _ = seen(served_by(certificate, alone=True))
    assert alone is not None
    assert alone.fault is not None
    assert "authority that this computer does not know" in alone.fault.title
    assert alone.sent == 1


def test_what_does_not_speak_tls_and_what_does_not_listen() -> None:
    found, _ = seen(None, 0.5)
    assert found is not None
    assert found.fault is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = asyncio.run(look(f"https://127.0.0.1:{port}/", 5))
    assert nobody is not None
    assert not nobody.reached
    assert nobody.fault is not None
    assert "Nothing listens" in nobody.fault.title


def test_a_server_that_never_shakes_hands_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        found = asyncio.run(look(f"https://127.0.0.1:{deaf.getsockname()[1]}/", 0.5))
    assert found is not None
    assert found.fault is not None
    assert "in time" in found.fault.title


def test_through_a_proxy_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert asyncio.run(look("https://acme.example/scim/v2", 5)) is None
