"""Metadata of an identity provider: read, or refused saying what it is instead."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.saml.metadata import Metadata, read_certificate, read_metadata


def make_certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(start).not_valid_after(start + timedelta(days=3650))
    return builder.sign(key, hashes.SHA256())


CERTIFICATE = make_certificate()
BASE64 = base64.b64encode(CERTIFICATE.public_bytes(Encoding.DER)).decode()
METADATA = f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="http://www.okta.com/exk1">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{BASE64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://x.okta.com/r"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://x.okta.com/p"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""


@pytest.mark.parametrize(
    "document",
    [
        METADATA,
        METADATA.encode(),
        "\ufeff  " + METADATA,
        METADATA.replace("UTF-8", "UTF-16").encode("utf-16"),
        METADATA.split("\n", 1)[1],
    ],
    ids=["text", "bytes", "BOM and blanks", "UTF-16", "no declaration"],
)
def test_what_an_identity_provider_offers_is_read(document: str | bytes) -> None:
    metadata = read_metadata(document)
    assert metadata.entity_id == "http://www.okta.com/exk1"
    assert metadata.sign_on_url == "https://x.okta.com/p"
    assert [service.binding for service in metadata.sso] == ["HTTP-Redirect", "HTTP-POST"]
    assert metadata.certificates[0].sha256 == CERTIFICATE.fingerprint(hashes.SHA256()).hex()
    assert metadata.certificates[0].not_before == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "it is empty"),
        ("   \n", "it is empty"),
        ("<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        ("<html><body><p>Log in<br></body></html>", "web page"),
        ("hello", "not well-formed XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + METADATA.split("\n", 1)[1], "document type"),
        ("<a/>", "it is a a"),
        (METADATA.replace("IDPSSODescriptor", "SPSSODescriptor"), "describes a service provider"),
        (METADATA.replace(' entityID="http://www.okta.com/exk1"', ""), "names no entityID"),
        (METADATA.replace("SingleSignOnService", "ArtifactService"), "no SingleSignOnService"),
        (METADATA.replace("ds:X509Certificate", "ds:X509SKI"), "no signing certificate"),
        (METADATA.replace(BASE64, "AAAA"), "cannot be read"),
        (METADATA.replace(BASE64, "%%%"), "not base64"),
        (METADATA.replace("SAML:2.0:protocol", "SAML:1.1:protocol"), "no identity provider for SAML 2.0"),
        ("<a>" + "x" * 6_000_000 + "</a>", "larger than 5 MiB"),
    ],
)
def test_what_is_something_else_is_refused_in_words(document: str, reason: str) -> None:
    with pytest.raises(AdminError) as refused:
        read_metadata(document)
    assert reason in refused.value.title
    assert refused.value.remedy


def test_two_identity_providers_are_not_guessed_between() -> None:
    one = METADATA.split("\n", 1)[1]
    two = f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{one}{one}</md:EntitiesDescriptor>'
    with pytest.raises(AdminError, match="2 identity providers"):
        read_metadata(two)


def test_a_certificate_is_read_as_pem_and_bare() -> None:
    pem = CERTIFICATE.public_bytes(Encoding.PEM).decode()
    assert read_certificate(pem) == read_certificate(BASE64)


def test_a_private_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(AdminError) as refused:
        read_certificate("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----")
    assert "private key" in refused.value.title
    assert "c2VjcmV0" not in f"{refused.value.title} {refused.value.remedy} {refused.value.detail}"


def outcome(document: str | bytes) -> Metadata | AdminError:
    try:
        return read_metadata(document)
    except AdminError as refused:
        return refused


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_any_input_is_refused_in_words(document: str | bytes) -> None:
    assert isinstance(outcome(document), AdminError)


@given(st.data())
def test_damaged_metadata_is_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(METADATA)))
    cut = METADATA[:start] + data.draw(st.text(max_size=6)) + METADATA[data.draw(st.integers(start, len(METADATA))) :]
    assert isinstance(outcome(cut), Metadata | AdminError)
