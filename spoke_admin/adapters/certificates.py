"""A look at a server's certificate: who vouches for it, how long, and why it is refused."""

import asyncio
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from spoke_admin.adapters.address import host_and_port, is_loopback
from spoke_admin.adapters.http_faults import no_answer
from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What was seen. `reached`: a connection came about; `tls`: the protocol spoken, such as "TLSv1.3".

    `fault`: why the certificate is not trusted, None when it is. `sent`: how many certificates the server sent. What
    is not known is None or "".
    """

    reached: bool
    tls: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    issuer: str = ""
    sent: int | None = None
    fault: AdminError | None = None


async def look(url: str, seconds: float) -> PeerCertificate | None:
    """Looks at the certificate of an https address, within `seconds`; nothing but the handshake is sent.

    None where a proxy of this computer's settings is between: what it would show is not the server's. Never raises
    AdminError: a certificate that is refused is looked at all the same, by a connection that trusts everybody and over
    which nothing is sent.
    """
    import truststore

    if _by_proxy(url):
        return None
    until = time.monotonic() + seconds
    trusted = await _handshake(url, truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), until)
    if isinstance(trusted, PeerCertificate):
        return trusted
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    seen = await _handshake(url, anybody, until)
    if not isinstance(seen, PeerCertificate):
        return PeerCertificate(reached=seen.reached or trusted.reached, fault=trusted.error)
    return replace(seen, fault=trusted.error)


@dataclass(frozen=True, slots=True)
class _Refused:
    error: AdminError
    reached: bool


async def _handshake(url: str, context: ssl.SSLContext, until: float) -> PeerCertificate | _Refused:
    parts = urlsplit(url)
    host = parts.hostname or ""
    writer = None
    try:
        async with asyncio.timeout(max(0.1, until - time.monotonic())):
            _, writer = await asyncio.open_connection(host, parts.port or 443, ssl=context, server_hostname=host)
            return _seen(writer.get_extra_info("ssl_object"))
    except TimeoutError:
        where = host_and_port(url)
        return _Refused(AdminError(f"{where} did not finish the TLS handshake in time.", "Try again."), reached=True)
    except (OSError, ValueError) as fault:  # an SSLError is an OSError
        return _Refused(_words(fault, url), reached=isinstance(fault, ssl.SSLError))
    finally:
        if writer is not None:
            writer.transport.abort()


def _words(fault: OSError | ValueError, url: str) -> AdminError:
    """The words that a call to the same address would end with."""
    import httpx

    wrapped = httpx.ConnectError("")
    wrapped.__cause__ = fault
    return no_answer(wrapped, "GET", url)


def _seen(tls: ssl.SSLObject) -> PeerCertificate:
    from cryptography import x509

    certificate = None
    with suppress(ValueError):
        certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    return PeerCertificate(
        reached=True,
        tls=tls.version() or "",
        not_before=certificate.not_valid_before_utc.astimezone(UTC) if certificate else None,
        not_after=certificate.not_valid_after_utc.astimezone(UTC) if certificate else None,
        issuer=_issuer(certificate) if certificate else "",
        sent=_sent(tls),
    )


def _issuer(certificate: "Certificate") -> str:
    from cryptography.x509.oid import NameOID

    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        with suppress(ValueError):
            if names := certificate.issuer.get_attributes_for_oid(kind):
                text = str(names[0].value)
                return "".join(it for it in text if it.isprintable())[:100]
    return ""


def _sent(tls: ssl.SSLObject) -> int | None:
    """How many certificates came. Public from Python 3.13 on; before, where truststore finds it, too."""
    told = tls if hasattr(tls, "get_unverified_chain") else getattr(tls, "_sslobj", None)
    chain = getattr(told, "get_unverified_chain", None)
    return len(chain() or ()) if chain is not None else None


def _by_proxy(url: str) -> bool:
    parts = urlsplit(url)
    return not is_loopback(url) and parts.scheme in getproxies() and not proxy_bypass(parts.hostname or "")
