"""The stand-in's SAML side: a signing certificate of its own, and the metadata that shows it.

The private key stays in the stand-in's own folder, for its owner only: it is the rehearsal's identity, opens nothing
else, and has to survive a restart, or SAML at the service would trust a key that no longer exists.
"""

import base64
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

FILE_NAME = "identity-provider-signing.pem"
VALID_DAYS = 3650


def certificate_of(folder: Path) -> x509.Certificate:
    """The certificate kept in the folder; made there when it is fresh."""
    path = folder / FILE_NAME
    if not path.exists():
        _make(path)
    return x509.load_pem_x509_certificate(path.read_bytes())


def _make(path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stand-in identity provider")])
    start = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=VALID_DAYS))
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(certificate.public_bytes(Encoding.PEM) + private)
    beside.replace(path)


def metadata(certificate: x509.Certificate, url: str) -> str:
    """The identity provider's metadata (XML), for the stand-in at `url`."""
    der = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    # the same after a restart on another port: a service that trusts it goes on trusting it
    entity = quoteattr(f"http://127.0.0.1/okta/{certificate.fingerprint(hashes.SHA256()).hex()[:16]}")
    sign_on = quoteattr(f"{url}/saml/sso")
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID={entity}>\n'
        '  <md:IDPSSODescriptor WantAuthnRequestsSigned="false"'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\n'
        '    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n"
        "    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>\n"
        f'    <md:SingleSignOnService Binding="{binding}HTTP-POST" Location={sign_on}/>\n'
        f'    <md:SingleSignOnService Binding="{binding}HTTP-Redirect" Location={sign_on}/>\n'
        "  </md:IDPSSODescriptor>\n"
        "</md:EntityDescriptor>\n"
    )
