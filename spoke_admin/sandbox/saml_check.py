"""What "Test SAML connection" looks at in the stand-in service: named checks, each with what was found.

The stand-in reaches no other machine, so the test covers what the values themselves can show.
"""

import base64
import ipaddress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from spoke_admin.domain.error import AdminError
from spoke_admin.sandbox.settings import Saml

LONGEST_ISSUER = 1024  # SAML 2.0 core, section 8.3.6
SMALLEST_RSA_KEY = 2048


@dataclass(frozen=True)
class Check:
    """One check by name."""

    name: str
    passed: bool
    found: str
    expected: str

    def document(self) -> dict[str, object]:
        return {"name": self.name, "passed": self.passed, "found": self.found, "expected": self.expected}


def url_fault(url: str) -> str:
    """Why `url` is no absolute web address, or ""."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "it holds a blank, a control character or a character beyond ASCII"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        return str(fault)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "it is not an absolute address that begins with https://"
    if parts.username is not None or port == 0:
        return "it holds a user name or port 0"
    return ""


def check_saml(saml: Saml, now: datetime) -> list[Check]:
    """Every check, passed or not."""
    return [
        _issuer(saml.issuer),
        Check(
            "sign_on_url_well_formed",
            not url_fault(saml.sign_on_url),
            saml.sign_on_url,
            url_fault(saml.sign_on_url) or "an absolute address",
        ),
        Check(
            "sign_on_url_encrypted", _https_or_loopback(saml.sign_on_url), saml.sign_on_url, "https, or this computer"
        ),
        Check(
            "certificate_valid_now",
            datetime.fromisoformat(saml.not_before) <= now < datetime.fromisoformat(saml.not_after),
            f"{saml.not_before} to {saml.not_after}",
            f"valid at {now.isoformat(timespec='seconds')}",
        ),
        _key(saml.certificate),
    ]


def _issuer(issuer: str) -> Check:
    well_formed = 0 < len(issuer) <= LONGEST_ISSUER and not any(sign.isspace() for sign in issuer)
    return Check("issuer_well_formed", well_formed, issuer, f"one to {LONGEST_ISSUER:,} characters without blanks")


def _https_or_loopback(url: str) -> bool:
    if url_fault(url):
        return False
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return parts.scheme == "https" or loopback


def _key(certificate: str) -> Check:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    expected = f"RSA of at least {SMALLEST_RSA_KEY:,} bits, or an elliptic curve"
    try:
        key = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    except (ValueError, UnsupportedAlgorithm) as fault:
        return Check("certificate_key", passed=False, found=str(fault), expected=expected)
    if isinstance(key, rsa.RSAPublicKey):
        return Check("certificate_key", key.key_size >= SMALLEST_RSA_KEY, f"RSA, {key.key_size:,} bits", expected)
    return Check("certificate_key", isinstance(key, ec.EllipticCurvePublicKey), type(key).__name__, expected)


def read_saml(values: dict[str, object]) -> Saml:
    """The identity provider in the body of PUT /saml. Raises AdminError when a value is missing or malformed."""
    from spoke_admin.saml.metadata import read_certificate, read_metadata

    if "metadata" in values:
        described = read_metadata(_text(values, "metadata"))
        issuer, sign_on_url, certificate = described.entity_id, described.sign_on_url, described.certificates[0]
    else:
        issuer, sign_on_url = _text(values, "issuer").strip(), _text(values, "sign_on_url").strip()
        certificate = read_certificate(_text(values, "certificate"))
    if fault := url_fault(sign_on_url):
        raise AdminError(
            f"The sign-on URL cannot be used: {fault}.", "Copy the sign-on URL of the application whole.", sign_on_url
        )
    return Saml(
        state="connected",
        issuer=issuer,
        sign_on_url=sign_on_url,
        certificate=base64.b64encode(certificate.der).decode(),
        sha256=certificate.sha256,
        not_before=certificate.not_before.isoformat(),
        not_after=certificate.not_after.isoformat(),
    )


def _text(values: dict[str, object], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise AdminError(
            f"{name} is missing, or not a text.",
            'Send {"metadata": XML}, or {"sign_on_url", "issuer", "certificate"}.',
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise AdminError(f"{name} holds half a character.", "Send it as UTF-8 text.") from None
    return value
