"""An identity provider's SAML metadata: XML in, values out.

One parser for foreign XML: no document type, no entities, no network, bounded size. Source of the format: SAML 2.0
Metadata (OASIS), sections 2.3.2, 2.4.1 and 2.4.3.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from lxml.etree import _Element

MOST_BYTES = 5 * 1024 * 1024
NAMESPACES = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}
SAML_2 = "urn:oasis:names:tc:SAML:2.0:protocol"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A signing certificate: DER bytes, SHA-256 fingerprint in lower-case hex, validity (aware, UTC)."""

    der: bytes = field(repr=False)
    sha256: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """Where sign-on requests go. `binding` is its last part: HTTP-POST, HTTP-Redirect."""

    binding: str
    url: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a service needs of an identity provider. Never empty: one sign-on address and one certificate at least."""

    entity_id: str
    sso: tuple[SingleSignOn, ...]
    certificates: tuple[Certificate, ...]

    @property
    def sign_on_url(self) -> str:
        """The address for HTTP-POST, else the first one."""
        return next((sso.url for sso in self.sso if sso.binding == "HTTP-POST"), self.sso[0].url)


def read_metadata(document: str | bytes) -> Metadata:
    """The identity provider that `document` describes. Raises AdminError saying what it is instead."""
    root = _root(document)
    provider = _provider(root)
    entity = provider.getparent()
    entity_id = (entity.get("entityID") if entity is not None else None) or ""
    if not entity_id.strip():
        raise _refusal("it names no entityID")
    sso = tuple(
        SingleSignOn((element.get("Binding") or "").removeprefix(BINDINGS), (element.get("Location") or "").strip())
        for element in provider.iterfind("md:SingleSignOnService", NAMESPACES)
    )
    if not any(service.url for service in sso):
        raise _refusal("it names no SingleSignOnService")
    return Metadata(entity_id.strip(), tuple(service for service in sso if service.url), _certificates(provider))


def read_certificate(text: str) -> Certificate:
    """A certificate as PEM or as bare base64. Raises AdminError in words."""
    bare = re.sub(r"-----(BEGIN|END) CERTIFICATE-----", "", text)
    if "-----" in bare:
        raise _no_certificate("this is another kind of PEM file; a private key must never be pasted here")
    try:
        der = base64.b64decode("".join(bare.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _no_certificate("it is not base64") from None
    return _certificate(der)


def _root(document: str | bytes) -> "_Element":
    from lxml import etree

    if isinstance(document, str):
        document = re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", document).strip().encode("utf-8", "replace")
    document = document.strip() if not document.startswith((b"\xff\xfe", b"\xfe\xff")) else document
    if not document:
        raise _refusal("it is empty")
    if len(document) > MOST_BYTES:
        raise _refusal(f"it is larger than {MOST_BYTES // 2**20} MiB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        if re.match(rb"(?i)\s*<!doctype html|\s*<html", document):
            raise _refusal("it is a web page") from None
        raise _refusal("it is not well-formed XML", str(fault)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _refusal("it is a web page" if "html" in str(root.tag).lower() else "it declares a document type (DTD)")
    return root


def _provider(root: "_Element") -> "_Element":
    from lxml import etree

    name = etree.QName(root)
    if name.namespace != NAMESPACES["md"] or name.localname not in ("EntityDescriptor", "EntitiesDescriptor"):
        raise _refusal("it is a web page" if name.localname.lower() == "html" else f"it is a {name.localname}")
    found = [
        provider
        for provider in root.iterfind(".//md:IDPSSODescriptor", NAMESPACES)
        if SAML_2 in (provider.get("protocolSupportEnumeration") or SAML_2).split()
    ]
    if not found:
        other = root.find(".//md:SPSSODescriptor", NAMESPACES) is not None
        raise _refusal("it describes a service provider" if other else "it describes no identity provider for SAML 2.0")
    if len(found) > 1:
        raise _refusal(f"it describes {len(found)} identity providers; hand over the metadata of one")
    return found[0]


def _certificates(provider: "_Element") -> tuple[Certificate, ...]:
    certificates: dict[str, Certificate] = {}
    for key in provider.iterfind("md:KeyDescriptor", NAMESPACES):
        if key.get("use") in (None, "signing"):
            for element in key.iterfind(".//ds:X509Certificate", NAMESPACES):
                certificate = read_certificate(element.text or "")
                certificates.setdefault(certificate.sha256, certificate)
    if not certificates:
        raise _refusal("it holds no signing certificate")
    return tuple(certificates.values())


def _certificate(der: bytes) -> Certificate:
    from cryptography import x509

    try:
        parsed = x509.load_der_x509_certificate(der)
        return Certificate(
            der, hashlib.sha256(der).hexdigest(), parsed.not_valid_before_utc, parsed.not_valid_after_utc
        )
    except Exception as fault:  # noqa: BLE001  # the library raises several kinds on foreign bytes
        raise _no_certificate("it cannot be read", str(fault)) from None


def _refusal(reason: str, detail: str = "") -> AdminError:
    return AdminError(
        f"This is not the metadata of an identity provider: {reason}.",
        "In Okta, open the application, tab Sign On, copy the metadata URL, and hand over that or its document.",
        detail,
    )


def _no_certificate(reason: str, detail: str = "") -> AdminError:
    return AdminError(
        f"The signing certificate cannot be used: {reason}.",
        "Copy the X.509 certificate whole, from BEGIN CERTIFICATE to END CERTIFICATE.",
        detail,
    )
