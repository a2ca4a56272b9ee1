"""Who is not meant to be here changes nothing: Host, Origin, right, type and size, at every door."""

import http.client
import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.conftest import scim_client, settings_client
from tests.stand_ins import StandIns

MIB = 1024 * 1024
DOORS = ("scim", "settings", "okta")


def call_of(stand_ins: StandIns, door: str) -> tuple[str, str]:
    """The address of a call that changes something there, and its right."""
    return {
        "scim": (f"{stand_ins.scim_url}/Users", f"Bearer {stand_ins.token}"),
        "settings": (f"{stand_ins.settings_url}/scim/token", f"Bearer {stand_ins.key}"),
        "okta": (f"{stand_ins.identity_provider_url}/api/v1/groups", f"SSWS {stand_ins.key}"),
    }[door]


def host_of(stand_ins: StandIns) -> str:
    return httpx.URL(stand_ins.scim_url).netloc.decode()


@pytest.fixture
def unchanged(connected: StandIns) -> Iterator[None]:
    """Fails the test after which the service is not what it was."""

    def state() -> tuple[object, object]:
        with settings_client(connected) as settings, scim_client(connected) as scim:
            return settings.get("").json(), scim.get("/Users").json()

    before = state()
    yield
    assert state() == before


@pytest.mark.usefixtures("unchanged")
class TestMatrix:
    @pytest.mark.parametrize("door", DOORS)
    @pytest.mark.parametrize(
        "host", ["localhost:{port}", "127.0.0.1", "evil.example:{port}", "127.0.0.1:{port}.evil.example", ""]
    )
    def test_wrong_host(self, connected: StandIns, door: str, host: str) -> None:
        address, right = call_of(connected, door)
        named = host.format(port=httpx.URL(address).port)
        reply = httpx.post(address, headers={"host": named, "authorization": right}, trust_env=False)
        assert reply.status_code == 421

    @pytest.mark.parametrize(
        "head", ["POST {path} HTTP/1.1", "POST {path} HTTP/1.0", "POST {path} HTTP/1.1\r\nhost: a\r\nhost: b"]
    )
    def test_missing_or_doubled_host(self, connected: StandIns, head: str) -> None:
        address, right = call_of(connected, "settings")
        url = httpx.URL(address)
        with socket.create_connection(("127.0.0.1", url.port or 0), timeout=10) as raw:
            raw.sendall(f"{head.format(path=url.path)}\r\nauthorization: {right}\r\n\r\n".encode())
            answer = http.client.HTTPResponse(raw)
            answer.begin()
            assert answer.status == 421
            assert json.loads(answer.read())["error"]["code"] == "wrong_host"

    @pytest.mark.parametrize("door", DOORS)
    @pytest.mark.parametrize("origin", ["null", "http://{host}", "https://evil.example", ""])
    def test_any_origin(self, connected: StandIns, door: str, origin: str) -> None:
        address, right = call_of(connected, door)
        named = origin.format(host=host_of(connected))
        reply = httpx.post(address, headers={"origin": named, "authorization": right}, trust_env=False)
        assert reply.status_code == 403

    @pytest.mark.parametrize("door", DOORS)
    def test_no_right_a_wrong_one_and_those_of_other_doors(self, connected: StandIns, door: str) -> None:
        address, own = call_of(connected, door)
        others = {call_of(connected, other)[1] for other in DOORS} - {own}
        wrong = {
            "",
            "Bearer",
            f"{own}x",
            own[:-1],
            f"Basic {own.split()[1]}",
            own.split()[1],
            f"{own} x",
            *others,
        }
        for right in wrong:
            reply = httpx.post(address, headers={"authorization": right}, trust_env=False)
            assert reply.status_code == 401, right
            assert reply.headers["www-authenticate"]
        assert httpx.post(address, trust_env=False).status_code == 401

    @pytest.mark.parametrize("door", DOORS)
    @pytest.mark.parametrize(
        "media_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonp", ""]
    )
    def test_a_body_that_is_not_json(self, connected: StandIns, door: str, media_type: str) -> None:
        address, right = call_of(connected, door)
        headers = {"authorization": right} | ({"content-type": media_type} if media_type else {})
        assert httpx.post(address, content=b"{}", headers=headers, trust_env=False).status_code == 415
        chunked = httpx.post(address, content=iter([b"{", b"}"]), headers=headers, trust_env=False)
        assert chunked.status_code == 415

    @pytest.mark.parametrize("door", DOORS)
    def test_bodies_over_one_mebibyte(self, connected: StandIns, door: str) -> None:
        address, right = call_of(connected, door)
        headers = {"authorization": right, "content-type": "application/json"}
        padded = (
            b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "big@example.com"'
            + b" " * MIB
            + b"}"
        )
        assert httpx.post(address, content=padded, headers=headers, trust_env=False).status_code == 413
        pieces = (padded[start : start + 65536] for start in range(0, len(padded), 65536))
        assert httpx.post(address, content=pieces, headers=headers, trust_env=False).status_code == 413

    def test_a_declared_size_is_refused_before_the_body_is_sent(self, connected: StandIns) -> None:
        address, right = call_of(connected, "scim")
        url = httpx.URL(address)
        head = f"POST {url.path} HTTP/1.1\r\nhost: {host_of(connected)}\r\nauthorization: {right}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {MIB + 1}\r\nexpect: 100-continue\r\n\r\n"
        with socket.create_connection(("127.0.0.1", url.port or 0), timeout=10) as raw:
            raw.sendall(head.encode())
            answer = http.client.HTTPResponse(raw)
            answer.begin()
            assert answer.status == 413

    def test_an_address_without_a_door(self, connected: StandIns) -> None:
        for path in ("/", "/scim", "/scim/v2x", "/api/v1/integrations/sso2", "/oktax"):
            reply = httpx.get(f"http://{host_of(connected)}{path}", trust_env=False)
            assert reply.status_code == 404
            assert reply.json()["error"]["code"] == "not_found"


def test_what_passes(connected: StandIns) -> None:
    with scim_client(connected) as scim:
        assert scim.get("/Users").status_code == 200
        assert scim.post("/Schemas").status_code == 405  # a call without a body
        assert scim.post("/Schemas", content=iter([])).status_code == 405  # chunked, and empty
        for media_type in ("application/json", "application/scim+json; charset=utf-8", "Application/JSON"):
            reply = scim.post("/Users", content=b"{}", headers={"content-type": media_type})
            assert reply.status_code == 400, media_type
        exact = b"{" + b" " * (MIB - 2) + b"}"
        assert scim.post("/Users", content=exact, headers={"content-type": "application/json"}).status_code == 400


def test_the_identity_providers_metadata_is_public_and_nothing_else(connected: StandIns) -> None:
    okta = connected.identity_provider_url
    assert httpx.get(f"{okta}/saml/metadata", trust_env=False).status_code == 200
    assert httpx.post(f"{okta}/saml/metadata", trust_env=False).status_code == 401
    assert httpx.get(f"{okta}/saml/metadata/x", trust_env=False).status_code == 401
    assert httpx.get(f"{okta}/api/v1/users", trust_env=False).status_code == 401


def test_refusals_in_the_words_of_the_door(connected: StandIns) -> None:
    scim = httpx.get(f"{connected.scim_url}/Users", trust_env=False)
    assert scim.headers["content-type"] == "application/scim+json"
    assert scim.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert scim.json()["status"] == "401"
    settings = httpx.get(connected.settings_url, trust_env=False)
    assert set(settings.json()["error"]) == {"code", "title", "remedy", "detail"}
