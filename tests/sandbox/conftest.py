"""What tests of the stand-in service share: a certificate, a running service, a door without HTTP."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from scim2_server.requests import ScimRequest

from spoke_admin.domain.profile import ServiceProfile, read_profile
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.modes import Mode, played
from spoke_admin.sandbox.scim_door import ScimDoor
from tests.stand_ins import StandIns

BASE_URL = "http://127.0.0.1:1/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

MakeCertificate = Callable[..., str]


@pytest.fixture(scope="session")
def make_certificate() -> MakeCertificate:
    """Makes a self-signed certificate as PEM: `days` from now until its end, `bits` of its RSA key."""

    def make(*, days: int = 365, begins: int = -1, bits: int = 2048) -> str:
        key = rsa.generate_private_key(65537, bits)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rehearsal")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=days))
            .sign(key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    return make


@pytest.fixture(scope="session")
def certificate(make_certificate: MakeCertificate) -> str:
    return make_certificate()


def saml_values(own_certificate: str, **changed: object) -> dict[str, object]:
    return {
        "sign_on_url": "https://idp.example.com/sso/saml",
        "issuer": "http://www.okta.com/exk1",
        "certificate": own_certificate,
    } | changed


def metadata(certificate: str) -> str:
    bare = "".join(line for line in certificate.splitlines() if "-----" not in line)
    return f"""<?xml version="1.0"?>
<md:EntityDescriptor entityID="http://www.okta.com/exk1" xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">
 <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
  <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
   <ds:X509Certificate>{bare}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
  <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
   Location="https://idp.example.com/sso/saml"/>
 </md:IDPSSODescriptor>
</md:EntityDescriptor>"""


def settings_client(stand_ins: StandIns) -> httpx.Client:
    return httpx.Client(
        base_url=stand_ins.settings_url, headers={"authorization": f"Bearer {stand_ins.key}"}, trust_env=False
    )


def scim_client(stand_ins: StandIns) -> httpx.Client:
    return httpx.Client(
        base_url=stand_ins.scim_url, headers={"authorization": f"Bearer {stand_ins.token}"}, trust_env=False
    )


def activate_saml(settings: httpx.Client, certificate: str) -> None:
    assert settings.put("/saml", json=saml_values(certificate)).status_code == 200
    assert settings.post("/saml/test").status_code == 200
    assert settings.post("/saml/activate").status_code == 200


def connect_scim(stand_ins: StandIns, certificate: str) -> str:
    """SAML active, SCIM connected; the token."""
    with settings_client(stand_ins) as settings:
        activate_saml(settings, certificate)
        reply = settings.post("/scim")
    assert reply.status_code == 201
    stand_ins.token = str(reply.json()["token"])
    return stand_ins.token


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory, certificate: str) -> Iterator[StandIns]:
    """One running service for a module, mode askspoke, SCIM connected."""
    stand_ins = StandIns(tmp_path_factory.mktemp("connected") / "data")
    stand_ins.start()
    connect_scim(stand_ins, certificate)
    yield stand_ins
    stand_ins.close()


@pytest.fixture(scope="session")
def profile() -> ServiceProfile:
    path = Path(__file__).parents[2] / "resources" / "profiles" / "askspoke.toml"
    return read_profile(path.read_text(encoding="utf-8"), path.name)


@dataclass
class Answered:
    """The answer of a door."""

    status: int
    document: dict[str, Any]


class DirectDoor:
    """A SCIM door spoken to without HTTP: the same handler that answers below /scim/v2."""

    def __init__(self, door: ScimDoor) -> None:
        self.door = door

    def call(self, method: str, path: str, document: object = None, **query: str) -> Answered:
        body = b"" if document is None else json.dumps(document).encode()
        return self.send(method, path, body, **query)

    def send(self, method: str, path: str, body: bytes, **query: str) -> Answered:
        headers = {"content-type": "application/scim+json"}
        response = self.door.respond(ScimRequest(method, BASE_URL, path, query, headers, body))
        return Answered(int(response.status), response.body or {})

    def create(self, **attributes: object) -> dict[str, Any]:
        """A user; its representation."""
        answered = self.call("POST", "/Users", {"schemas": [USER], "userName": "ada@example.com"} | attributes)
        assert answered.status == 201, answered
        return answered.document

    def patch(self, user: dict[str, Any], *operations: Mapping[str, object]) -> Answered:
        return self.call("PATCH", f"/Users/{user['id']}", {"schemas": [PATCH_OP], "Operations": list(operations)})

    def put(self, user: dict[str, Any], **attributes: object) -> Answered:
        return self.call("PUT", f"/Users/{user['id']}", user | attributes)

    def read(self, user: dict[str, Any]) -> dict[str, Any]:
        answered = self.call("GET", f"/Users/{user['id']}")
        assert answered.status == 200, answered
        return answered.document


MakeDoor = Callable[[Mode], DirectDoor]


@pytest.fixture
def make_door(tmp_path: Path, profile: ServiceProfile) -> Iterator[MakeDoor]:
    databases: list[Database] = []

    def make(mode: Mode) -> DirectDoor:
        databases.append(Database(tmp_path / f"door-{len(databases)}"))
        return DirectDoor(ScimDoor(databases[-1], played(profile, mode), BASE_URL))

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def door(make_door: MakeDoor) -> DirectDoor:
    """A door with askSpoke's rules."""
    return make_door("askspoke")


def planted(secret: str) -> tuple[bytes, ...]:
    """The forms in which a secret may lie about."""
    plain = secret.encode()
    return (
        plain,
        base64.b64encode(plain),
        secret.encode("utf-16-le"),
        secret.encode("utf-16-be"),
        plain.hex().encode(),
    )
