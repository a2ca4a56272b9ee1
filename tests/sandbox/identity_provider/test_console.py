"""The stand-in Okta together with the stand-in service, as processes: what each button and call does to the other."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.saml.metadata import read_metadata
from tests.sandbox.conftest import connect_scim
from tests.stand_ins import StandIns, StartStandIns

KEYS = st.sampled_from(
    ["profile", "login", "email", "name", "label", "id", "features", "token", "base_url", "settings"]
)
ALL = ["GROUP_PUSH", "PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"]


class Console:
    """Calls at the stand-in Okta, and looks at the service."""

    def __init__(self, stand_ins: StandIns, token: str) -> None:
        self.stand_ins = stand_ins
        self.token = token
        url, key = stand_ins.identity_provider_url, stand_ins.key
        self.okta = httpx.Client(base_url=url, headers={"authorization": f"SSWS {key}"}, trust_env=False)
        bearer = {"authorization": f"Bearer {token}"}
        self.scim = httpx.Client(base_url=stand_ins.scim_url, headers=bearer, trust_env=False)

    def close(self) -> None:
        self.okta.close()
        self.scim.close()

    def call(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        reply = self.okta.request(method, path, json=body) if body is not None else self.okta.request(method, path)
        assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None

    def add_app(self, features: list[str] | None = None) -> str:
        app: str = self.call("POST", "/api/v1/apps", {"label": "askSpoke"})["id"]
        integration = {"base_url": self.stand_ins.scim_url, "token": self.token}
        self.call("PUT", f"/rehearsal/apps/{app}/api-integration", integration)
        self.call("PUT", f"/rehearsal/apps/{app}/features", {"features": ALL if features is None else features})
        return app

    def people(self) -> list[Any]:
        found: list[Any] = self.call("GET", "/api/v1/users")
        return found

    def at_service(self, login: str) -> Any:
        page = self.scim.get("/Users", params={"filter": f'userName eq "{login}"'}).json()
        return page["Resources"][0] if page["totalResults"] else None


@pytest.fixture
def console(stand_ins: StandIns, certificate: str) -> Iterator[Console]:
    made = Console(stand_ins, connect_scim(stand_ins, certificate))
    yield made
    made.close()


def test_assigning_pushes_and_a_refused_phone_is_lost(console: Console) -> None:
    app = console.add_app()
    for user in console.people()[:2]:
        assigned = console.call("POST", f"/api/v1/apps/{app}/users", {"id": user["id"]})
        assert (assigned["status"], assigned["syncState"]) == ("PROVISIONED", "SYNCHRONIZED")
        assert assigned["externalId"] == console.at_service(user["profile"]["login"])["id"]
    ada, zoe = (console.at_service(user["profile"]["login"]) for user in console.people()[:2])
    assert "phoneNumbers" not in ada
    assert zoe["phoneNumbers"][0]["value"] == "415-555-2671"
    assert zoe["externalId"] == console.people()[1]["id"]


def test_without_the_feature_nothing_is_sent_and_it_says_so(console: Console) -> None:
    app = console.add_app(features=[])
    user = console.people()[0]
    assigned = console.call("POST", f"/api/v1/apps/{app}/users", {"id": user["id"]})
    assert assigned["message"] == "Not pushed: Create Users is off."
    assert console.at_service(user["profile"]["login"]) is None


def test_an_update_is_pushed_and_a_changed_address_is_ignored(console: Console) -> None:
    app = console.add_app()
    user = console.people()[1]
    console.call("POST", f"/api/v1/apps/{app}/users", {"id": user["id"]})
    changed = {"profile": {"title": "Chief", "login": "new@example.com", "email": "new@example.com"}}
    console.call("POST", f"/api/v1/users/{user['id']}", changed)
    there = console.at_service(user["profile"]["login"])
    assert there["title"] == "Chief"
    assert console.at_service("new@example.com") is None


@pytest.mark.parametrize("how", ["unassign", "deactivate"])
def test_who_is_unassigned_or_deactivated_loses_the_account(console: Console, how: str) -> None:
    app = console.add_app()
    user = console.people()[2]
    console.call("POST", f"/api/v1/apps/{app}/users", {"id": user["id"]})
    assert console.at_service(user["profile"]["login"])
    if how == "unassign":
        console.call("DELETE", f"/api/v1/apps/{app}/users/{user['id']}", status=204)
    else:
        console.call("POST", f"/api/v1/users/{user['id']}/lifecycle/deactivate")
    assert console.at_service(user["profile"]["login"]) is None
    assert console.call("GET", f"/api/v1/apps/{app}/users") == []


def test_groups_follow_their_members_and_names(console: Console) -> None:
    app = console.add_app()
    everyone, group = console.call("GET", "/api/v1/groups")[:2]
    console.call("PUT", f"/api/v1/apps/{app}/groups/{everyone['id']}")
    mapping = console.call("POST", f"/api/v1/apps/{app}/group-push/mappings", {"sourceGroupId": group["id"]})
    assert mapping["status"] == "ACTIVE", mapping
    members = console.call("GET", f"/api/v1/groups/{group['id']}/users")

    def pushed() -> Any:
        return console.scim.get(f"/Groups/{mapping['targetGroupId']}").json()

    assert len(pushed()["members"]) == len(members)
    other = next(user for user in console.people() if user["id"] not in {it["id"] for it in members})
    console.call("PUT", f"/api/v1/groups/{group['id']}/users/{other['id']}", status=204)
    assert len(pushed()["members"]) == len(members) + 1
    console.call("DELETE", f"/api/v1/groups/{group['id']}/users/{members[0]['id']}", status=204)
    assert len(pushed()["members"]) == len(members)
    console.call("PUT", f"/api/v1/groups/{group['id']}", {"profile": {"name": "Renamed"}})
    assert pushed()["displayName"] == "Renamed"
    console.call("POST", f"/api/v1/apps/{app}/group-push/mappings", {"sourceGroupId": group["id"]}, status=400)


def test_an_import_links_those_it_knows_and_creates_the_others(console: Console) -> None:
    app = console.add_app()
    known = console.people()[3]["profile"]["login"]
    for login in (known, "stranger@example.com"):
        body = {"userName": login, "emails": [{"value": login, "type": "work"}], "name": {"givenName": "S"}}
        body["schemas"] = ["urn:ietf:params:scim:schemas:core:2.0:User"]
        assert console.scim.post("/Users", json=body).status_code == 201
    found = console.call("POST", f"/rehearsal/apps/{app}/import")
    assert [bool(user["match"]) for user in found["users"]] == [True, False]
    chosen = {"externalIds": [user["externalId"] for user in found["users"]]}
    assert console.call("POST", f"/rehearsal/apps/{app}/import/confirm", chosen) == {"linked": 1, "created": 1}
    assert len(console.call("GET", f"/api/v1/apps/{app}/users")) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"token": "wrong-token-of-somebody"}, "refuses the API token"),
        ({"token": "two lines\nof token"}, "token"),
        ({"base_url": "http://127.0.0.1:9/scim/v2"}, "Nothing listens"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"token": ""}, "token"),
    ],
)
def test_an_api_integration_that_fails_its_test_is_not_stored(
    console: Console, change: dict[str, str], words: str
) -> None:
    app = console.call("POST", "/api/v1/apps", {"label": "askSpoke"})["id"]
    body = {"base_url": console.stand_ins.scim_url, "token": console.token} | change
    refused = console.call("PUT", f"/rehearsal/apps/{app}/api-integration", body, status=400)
    assert words in f"{refused['errorSummary']} {refused['errorCauses']}"
    console.call("GET", f"/rehearsal/apps/{app}/api-integration", status=404)
    console.call("PUT", f"/rehearsal/apps/{app}/features", {"features": ALL}, status=400)


def test_a_restart_keeps_all_but_the_token_which_lies_nowhere(console: Console) -> None:
    app = console.add_app()
    console.call("POST", f"/api/v1/apps/{app}/users", {"id": console.people()[0]["id"]})
    before = read_metadata(console.okta.get("/saml/metadata").text)
    answers = "".join(console.okta.get(path).text for path in ("/api/v1/apps", "/api/v1/logs", f"/api/v1/apps/{app}"))
    assert console.token not in answers
    token = console.token
    console.stand_ins.restart()
    content = b"".join(path.read_bytes() for path in console.stand_ins.folder.rglob("*") if path.is_file())
    for form in (token.encode(), token.encode("utf-16-le"), base64.b64encode(token.encode())):
        assert form not in content
    after = Console(console.stand_ins, token)
    try:
        assert read_metadata(after.okta.get("/saml/metadata").text) == before
        shown = after.call("GET", f"/rehearsal/apps/{app}/api-integration")
        assert shown["works"] is False
        assert "restarted" in shown["message"]
        assert len(after.call("GET", f"/api/v1/apps/{app}/users")) == 1
        user = after.people()[1]
        assigned = after.call("POST", f"/api/v1/apps/{app}/users", {"id": user["id"]})
        assert assigned["syncState"] == "ERROR"
        assert "restarted" in assigned["message"]
    finally:
        after.close()


def test_lists_come_in_pages_that_are_followed_by_their_link(start_stand_ins: StartStandIns) -> None:
    stand_ins = start_stand_ins(people=23)
    with httpx.Client(headers={"authorization": f"SSWS {stand_ins.key}"}, trust_env=False) as client:
        url: str | None = f"{stand_ins.identity_provider_url}/api/v1/users?limit=10"
        sizes, seen = [], set()
        while url:
            reply = client.get(url)
            sizes.append(len(reply.json()))
            seen |= {user["id"] for user in reply.json()}
            url = reply.links.get("next", {}).get("url")
    assert sizes == [10, 10, 3]
    assert len(seen) == 23


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/users/nobody", None, 404),
        ("GET", "/api/v1/apps/none/users", None, 404),
        ("GET", "/nothing", None, 404),
        ("PATCH", "/api/v1/users", {}, 404),
        ("GET", "/api/v1/users?limit=x", None, 400),
        ("GET", "/api/v1/users?after=unknown", None, 400),
        ("POST", "/api/v1/users", {}, 400),
        ("POST", "/api/v1/users", {"profile": {"login": "a", "email": "a", "firstName": "A", "lastName": "B"}}, 400),
        ("POST", "/api/v1/users", {"profile": {"login": 3}}, 400),
        ("POST", "/api/v1/apps", {"label": ""}, 400),
        ("POST", "/api/v1/apps", {"label": "x", "settings": {"app": {"subdomain": 3}}}, 400),
        ("POST", "/api/v1/groups", {"profile": {"name": "Everyone"}}, 400),
    ],
)
def test_refusals_are_in_oktas_form(console: Console, method: str, path: str, body: object, status: int) -> None:
    refused = console.call(method, path, body, status=status)
    assert set(refused) == {"errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"}
    assert refused["errorSummary"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
CALLS = (
    ("POST", "/api/v1/users"), ("POST", "/api/v1/groups"), ("POST", "/api/v1/apps"), ("PUT", "/api/v1/apps/{app}"),
    ("POST", "/api/v1/apps/{app}/users"), ("POST", "/api/v1/apps/{app}/group-push/mappings"),
    ("PUT", "/rehearsal/apps/{app}/api-integration"), ("PUT", "/rehearsal/apps/{app}/features"),
    ("POST", "/rehearsal/apps/{app}/import/confirm"),
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CALLS), JSON)
def test_no_body_breaks_it(console: Console, call: tuple[str, str], body: object) -> None:
    apps = console.call("GET", "/api/v1/apps")
    app = apps[0]["id"] if apps else console.call("POST", "/api/v1/apps", {"label": "askSpoke"})["id"]
    method, path = call
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    headers = {"content-type": "application/json"}
    reply = console.okta.request(method, path.replace("{app}", app), content=content, headers=headers)
    assert reply.status_code < 500, reply.text


def test_an_active_application_is_not_deleted(console: Console) -> None:
    app = console.add_app()
    console.call("DELETE", f"/api/v1/apps/{app}", status=403)
    console.call("POST", f"/api/v1/apps/{app}/lifecycle/deactivate")
    console.call("DELETE", f"/api/v1/apps/{app}", status=204)
    assert console.call("GET", "/api/v1/apps") == []


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize("scenario", ["migrate-users", "push-groups"])
def test_scenarios_start_with_people_on_both_sides(start_stand_ins: StartStandIns, scenario: str, count: int) -> None:
    stand_ins = start_stand_ins(scenario=scenario, people=count)
    assert stand_ins.token
    console = Console(stand_ins, stand_ins.token)
    try:
        apps = console.call("GET", "/api/v1/apps")
        assert len(apps) == 1
        assert ("old instance" in apps[0]["label"]) == (scenario == "migrate-users")
        assert "PUSH_NEW_USERS" in apps[0]["features"]
        assigned = console.call("GET", f"/api/v1/apps/{apps[0]['id']}/users")
        assert len(assigned) == count
        page = console.scim.get("/Users", params={"count": 100}).json()
        assert page["totalResults"] == count
        assert {user["id"] for user in page["Resources"]} == {it["externalId"] for it in assigned}
        assert not any("800-555" in str(user.get("phoneNumbers")) for user in page["Resources"])
        assert len(console.call("GET", "/api/v1/groups")) >= 3
        assert console.scim.get("/Groups").json()["totalResults"] == 0
        assert console.call("GET", f"/rehearsal/apps/{apps[0]['id']}/api-integration")["works"] is True
    finally:
        console.close()
