"""The settings API: its gates, its codes, and the token that is shown once."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from spoke_admin.domain.profile import ServiceProfile
from tests.sandbox.conftest import (
    MakeCertificate,
    activate_saml,
    connect_scim,
    metadata,
    saml_values,
    scim_client,
    settings_client,
)
from tests.stand_ins import StandIns, StartStandIns


def code_of(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_the_way_from_nothing_to_scim(stand_ins: StandIns, certificate: str, profile: ServiceProfile) -> None:
    with settings_client(stand_ins) as service:
        begin = service.get("").json()
        assert begin["plan"] == "plus"
        assert begin["saml"]["state"] == "off"
        assert begin["scim"] == {"state": "off", "base_url": stand_ins.scim_url, "token": None}
        assert stand_ins.token is None

        assert code_of(service.post("/scim")) == (409, "saml_not_active")
        assert code_of(service.post("/saml/test")) == (409, "saml_not_connected")
        assert code_of(service.post("/saml/activate")) == (409, "saml_not_tested")
        assert code_of(service.post("/scim/token")) == (409, "scim_not_connected")
        refused = httpx.get(f"{stand_ins.scim_url}/Users", headers={"authorization": "Bearer x"}, trust_env=False)
        assert refused.status_code == 401
        assert "SCIM is not connected" in refused.json()["detail"]

        connected = service.put("/saml", json={"metadata": metadata(certificate)}).json()["saml"]
        assert connected["state"] == "connected"
        assert connected["issuer"] == "http://www.okta.com/exk1"
        assert connected["sign_on_url"] == "https://idp.example.com/sso/saml"
        assert len(connected["certificate"]["sha256"]) == 64
        assert code_of(service.post("/saml/activate")) == (409, "saml_not_tested")
        tested = service.post("/saml/test").json()
        assert tested["state"] == "tested"
        assert all(check["passed"] for check in tested["checks"])
        assert code_of(service.post("/scim")) == (409, "saml_not_active")
        assert service.post("/saml/activate").json()["saml"]["state"] == "active"

        reply = service.post("/scim")
        assert reply.status_code == 201
        token = reply.json()["token"]
        shown = service.get("")
        assert shown.json()["scim"]["state"] == "connected"
        assert shown.json()["scim"]["token"]["last4"] == token[-4:]
        assert token not in shown.text
        assert code_of(service.post("/scim")) == (409, "scim_connected")
        assert code_of(service.delete("/saml")) == (409, "scim_connected")
        assert code_of(service.put("/saml", json=saml_values(certificate))) == (409, "scim_connected")

        stand_ins.token = token
        with scim_client(stand_ins) as scim:
            assert scim.get("/Users").json()["totalResults"] == 0
        assert service.delete("/scim").json()["scim"]["state"] == "off"
        with scim_client(stand_ins) as scim:
            assert scim.get("/Users").status_code == 401
        assert service.put("/saml", json=saml_values(certificate)).json()["saml"]["state"] == "connected"
        assert service.delete("/saml").json()["saml"]["state"] == "off"


def test_below_plus_nothing_is_offered(start_stand_ins: StartStandIns, certificate: str) -> None:
    stand_ins = start_stand_ins(plan="free")
    with settings_client(stand_ins) as service:
        assert service.get("").json()["plan"] == "free"
        for method, path in (
            ("PUT", "/saml"), ("POST", "/saml/test"), ("POST", "/saml/activate"), ("DELETE", "/saml"),
            ("POST", "/scim"), ("DELETE", "/scim"), ("POST", "/scim/token"),
        ):  # fmt: skip
            body = saml_values(certificate) if method == "PUT" else {}
            assert code_of(service.request(method, path, json=body)) == (403, "plan_below_plus"), path
        assert code_of(service.put("/plan", json={"plan": "gold"})) == (422, "plan_unknown")
        assert service.put("/plan", json={"plan": "plus"}).json()["plan"] == "plus"
        token = connect_scim(stand_ins, certificate)
        assert service.put("/plan", json={"plan": "free"}).status_code == 200
        refused = httpx.get(
            f"{stand_ins.scim_url}/Users", headers={"authorization": f"Bearer {token}"}, trust_env=False
        )
        assert refused.status_code == 403
        assert "Plus plan" in refused.json()["detail"]


def test_a_regenerated_token_ends_the_old_one(stand_ins: StandIns, certificate: str) -> None:
    old = connect_scim(stand_ins, certificate)
    with settings_client(stand_ins) as service:
        assert code_of(service.post("/scim/token", json={"keep_old_s": 60})) == (422, "overlap_unsupported")
        with scim_client(stand_ins) as scim:
            assert scim.get("/Users").status_code == 200
        new = service.post("/scim/token").json()["token"]
        assert new != old
        with scim_client(stand_ins) as scim:
            assert scim.get("/Users").status_code == 401
        stand_ins.token = new
        with scim_client(stand_ins) as scim:
            assert scim.get("/Users").status_code == 200
        assert code_of(service.delete("/scim/token/old")) == (404, "no_old_token")


def test_rfc_mode_starts_connected_and_lets_tokens_overlap(rfc_stand_ins: StandIns) -> None:
    old = rfc_stand_ins.token
    assert old
    with settings_client(rfc_stand_ins) as service:
        for wrong in (-1, 1.5, "60", True, None, 10**9):
            assert code_of(service.post("/scim/token", json={"keep_old_s": wrong})) == (422, "overlap_invalid")
        new = service.post("/scim/token", json={"keep_old_s": 600}).json()["token"]
        assert service.get("").json()["scim"]["old_token"]["last4"] == old[-4:]
        for token in (old, new):
            rfc_stand_ins.token = token
            with scim_client(rfc_stand_ins) as scim:
                assert scim.get("/Users").status_code == 200
        assert service.delete("/scim/token/old").status_code == 200
        rfc_stand_ins.token = old
        with scim_client(rfc_stand_ins) as scim:
            assert scim.get("/Users").status_code == 401


def test_a_test_that_fails_names_the_check(
    stand_ins: StandIns, make_certificate: MakeCertificate, certificate: str
) -> None:
    faults: dict[str, dict[str, Any]] = {
        "certificate_valid_now": {"certificate": make_certificate(begins=-9, days=-2)},
        "certificate_key": {"certificate": make_certificate(bits=1024)},
        "sign_on_url_encrypted": {"sign_on_url": "http://idp.example.com/sso"},
        "issuer_well_formed": {"issuer": "two words"},
    }
    with settings_client(stand_ins) as service:
        for name, changed in faults.items():
            assert service.put("/saml", json=saml_values(certificate, **changed)).status_code == 200
            failed = service.post("/saml/test")
            assert code_of(failed) == (409, "saml_test_failed")
            assert name in failed.json()["error"]["detail"]
            assert service.get("").json()["saml"]["state"] == "connected"
            assert code_of(service.post("/saml/activate")) == (409, "saml_not_tested")
        loopback = saml_values(certificate, sign_on_url="http://127.0.0.1:9/okta/saml/sign-on")
        assert service.put("/saml", json=loopback).status_code == 200
        assert service.post("/saml/test").status_code == 200


def test_a_new_identity_provider_has_to_be_tested_again(stand_ins: StandIns, certificate: str) -> None:
    with settings_client(stand_ins) as service:
        activate_saml(service, certificate)
        assert service.post("/saml/test").json()["state"] == "active"
        assert service.put("/saml", json=saml_values(certificate)).json()["saml"]["state"] == "connected"


@pytest.mark.parametrize(
    "changed",
    [
        {"certificate": "none"}, {"certificate": 5}, {"issuer": ""}, {"issuer": None}, {"sign_on_url": "example.com"},
        {"sign_on_url": "ftp://idp.example.com"}, {"sign_on_url": "https://[::1"}, {"metadata": "<html/>"},
        {"metadata": []}, {"sign_on_url": "https://idp.example.com:99999/"}, {"issuer": "\ud800"},
    ],
)  # fmt: skip
def test_invalid_saml_values_change_nothing(connected: StandIns, certificate: str, changed: dict[str, object]) -> None:
    with settings_client(connected) as service:
        service.delete("/scim")
        service.delete("/saml")
        body = json.dumps(saml_values(certificate, **changed)).encode()  # escapes half characters, as httpx would not
        reply = service.put("/saml", content=body, headers={"content-type": "application/json"})
        assert code_of(reply) == (422, "saml_invalid")
        assert service.get("").json()["saml"]["state"] == "off"


def test_paths_and_methods_that_are_not_there(connected: StandIns) -> None:
    with settings_client(connected) as service:
        assert code_of(service.get("/nothing")) == (404, "not_found")
        refused = service.patch("/saml")
        assert code_of(refused) == (405, "method_not_allowed")
        assert refused.headers["allow"] == "DELETE, PUT"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
NAMES = ("metadata", "sign_on_url", "issuer", "certificate", "plan", "keep_old_s")


@example_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_values | st.dictionaries(st.sampled_from(NAMES), json_values) | st.binary(max_size=40))
def test_no_body_breaks_it(connected: StandIns, body: Any) -> None:
    with settings_client(connected) as service:
        headers = {"content-type": "application/json"}
        for method, path in (("PUT", "/saml"), ("PUT", "/plan"), ("POST", "/scim/token")):
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            reply = service.request(method, path, content=content, headers=headers)
            assert reply.status_code < 500
            if not reply.is_success:
                assert reply.json()["error"]["title"]
