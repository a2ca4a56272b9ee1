"""Faults on demand, at the SCIM door of the real process, asked for through the settings API."""

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from spoke_admin.sandbox.asgi import Refused
from spoke_admin.sandbox.faults import Faults
from tests.sandbox.conftest import USER, scim_client, settings_client
from tests.stand_ins import StandIns

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

Ask = Callable[..., None]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    stand_ins = StandIns(tmp_path_factory.mktemp("faulty") / "data", ("--mode", "rfc"))
    stand_ins.start()
    yield stand_ins
    stand_ins.close()


@pytest.fixture
def ask(service: StandIns) -> Iterator[Ask]:
    """Asks for faults, and takes them back after the test."""
    with settings_client(service) as settings:

        def ask_for(*faults: dict[str, object], seed: int = 0) -> None:
            reply = settings.put("/faults", json={"seed": seed, "faults": list(faults)})
            assert reply.status_code == 200, reply.text

        yield ask_for
        assert settings.delete("/faults").json() == {"seed": 0, "faults": []}


@pytest.fixture
def scim(service: StandIns) -> Iterator[httpx.Client]:
    with scim_client(service) as client:
        yield client
        for kind in ("Users", "Groups"):
            for resource in client.get(f"/{kind}").json()["Resources"]:
                client.delete(f"/{kind}/{resource['id']}")


def create(scim: httpx.Client, who: str = "ada", **attributes: object) -> httpx.Response:
    return scim.post("/Users", json={"schemas": [USER], "userName": f"{who}@example.com"} | attributes)


def names(scim: httpx.Client) -> list[str]:
    return [user["userName"].partition("@")[0] for user in scim.get("/Users").json()["Resources"]]


def test_latency(scim: httpx.Client, ask: Ask) -> None:
    ask({"fault": "latency", "seconds": 0.4, "methods": ["POST"], "times": 1})
    begin = time.monotonic()
    assert create(scim).status_code == 201
    assert time.monotonic() - begin >= 0.4
    begin = time.monotonic()
    assert names(scim) == ["ada"]
    assert time.monotonic() - begin < 0.4


def test_a_late_answer_is_to_a_call_that_was_carried_out(scim: httpx.Client, ask: Ask) -> None:
    ask({"fault": "latency", "seconds": 60, "methods": ["POST"]})
    with pytest.raises(httpx.ReadTimeout):
        scim.post("/Users", json={"schemas": [USER], "userName": "ada@example.com"}, timeout=0.3)
    assert names(scim) == ["ada"]


def test_too_many_requests(scim: httpx.Client, ask: Ask) -> None:
    ask(
        {"fault": "too_many_requests", "retry_after": 7, "times": 1, "methods": ["POST"]},
        {"fault": "too_many_requests", "retry_after": 90, "as_date": True, "after": 1, "times": 1, "methods": ["POST"]},
        {"fault": "too_many_requests", "after": 2, "times": 1, "methods": ["POST"]},
    )
    replies = [create(scim) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [429, 429, 429, 201]
    seconds, date, without = (reply.headers.get("retry-after") for reply in replies[:3])
    assert (seconds, without) == ("7", None)
    assert 80 < parsedate_to_datetime(date or "").timestamp() - time.time() < 100
    assert replies[0].json()["status"] == "429"
    assert replies[0].headers["content-type"] == "application/scim+json"


def test_server_error(scim: httpx.Client, ask: Ask) -> None:
    ask({"fault": "server_error", "times": 1}, {"fault": "server_error", "status": 503, "after": 1, "times": 1})
    assert [create(scim).status_code for _ in range(3)] == [500, 503, 201]


@pytest.mark.parametrize(("fault", "kept"), [("drop_before_commit", []), ("drop_after_commit", ["ada"])])
def test_dropped(scim: httpx.Client, ask: Ask, service: StandIns, fault: str, kept: list[str]) -> None:
    ask({"fault": fault, "methods": ["POST"]})
    with pytest.raises(httpx.RemoteProtocolError):
        create(scim)
    assert names(scim) == kept
    assert "Traceback" not in service.log


def test_dribble(scim: httpx.Client, ask: Ask) -> None:
    created = create(scim).json()
    ask({"fault": "dribble", "seconds": 0.5})
    begin, pieces = time.monotonic(), 0
    with scim.stream("GET", f"/Users/{created['id']}") as reply:
        body = b""
        for piece in reply.iter_raw():
            body += piece
            pieces += 1
    assert time.monotonic() - begin >= 0.4
    assert pieces > 3
    assert body == scim.get(f"/Users/{created['id']}").content


def test_wrong_content_type(scim: httpx.Client, ask: Ask) -> None:
    ask(
        {"fault": "wrong_content_type", "path": "/Users", "times": 1},
        {"fault": "wrong_content_type", "content_type": "text/plain", "path": "/Groups"},
    )
    assert scim.get("/Users").headers["content-type"] == "text/html; charset=utf-8"
    assert scim.get("/Users").headers["content-type"] == "application/scim+json"
    assert scim.get("/Groups").headers["content-type"] == "text/plain"


def test_a_page_that_repeats(scim: httpx.Client, ask: Ask) -> None:
    for name in "abcde":
        create(scim, name)
    ask({"fault": "repeat_page"})
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "startIndex": 3, "count": 2}
    for page in (
        scim.get("/Users", params={"startIndex": 3, "count": 2}).json(),
        scim.get("/Users", params={"startIndex": 99, "count": 2}).json(),
        scim.post("/Users/.search", json=search).json(),
    ):
        assert [user["userName"][0] for user in page["Resources"]] == ["a", "b"]
        assert (page["totalResults"], page["startIndex"]) == (5, 1)


def test_an_attribute_is_silently_lost(scim: httpx.Client, ask: Ask) -> None:
    before = create(scim, title="Boss", name={"givenName": "Ada", "familyName": "L"}).json()
    ask({"fault": "lose_attribute", "attribute": "title"}, {"fault": "lose_attribute", "attribute": "name.givenName"})
    new = create(scim, "bob", title="Chief", displayName="Bob", name={"givenName": "Bob", "familyName": "M"})
    assert new.status_code == 201
    assert new.json()["displayName"] == "Bob"
    assert new.json()["name"] == {"familyName": "M"}
    assert "title" not in new.json()
    path = f"/Users/{before['id']}"
    put = scim.put(path, json=before | {"title": "Chief", "nickName": "Countess"})
    operations = [
        {"op": "replace", "value": {"title": "Chief", "displayName": "Ada"}},
        {"op": "replace", "path": "title", "value": "Chief"},
    ]
    patch = scim.patch(path, json={"schemas": [PATCH_OP], "Operations": operations})
    for reply in (put, patch, scim.get(path)):
        assert reply.status_code == 200
        assert reply.json()["title"] == "Boss"
        assert reply.json()["nickName"] == "Countess"
    assert scim.get(path).json()["displayName"] == "Ada"


@pytest.mark.parametrize("path", ["emails.value", 'emails[type eq "work"].value', 'emails[type eq "work"]', "emails"])
def test_what_is_lost_may_be_one_of_several_values(scim: httpx.Client, ask: Ask, path: str) -> None:
    emails = [{"type": "work", "value": "ada@example.com"}, {"type": "home", "value": "ada@home.example"}]
    before = create(scim, emails=emails).json()
    ask({"fault": "lose_attribute", "attribute": path})
    new = create(scim, "bob", emails=[{"type": "work", "value": "bob@example.com"}])
    assert new.status_code == 201
    assert "bob@example.com" not in str(new.json().get("emails"))
    put = scim.put(f"/Users/{before['id']}", json=before | {"emails": new.json().get("emails", []), "title": "Chief"})
    operation = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "countess@example.com"}
    patch = scim.patch(f"/Users/{before['id']}", json={"schemas": [PATCH_OP], "Operations": [operation]})
    assert (put.status_code, patch.status_code) == (200, 200)
    shown = scim.get(f"/Users/{before['id']}").json()
    assert (shown["emails"], shown["title"]) == (emails, "Chief")


def test_what_no_resource_can_be_without_is_not_lost(scim: httpx.Client, ask: Ask) -> None:
    ask({"fault": "lose_attribute", "attribute": "schemas"})
    assert create(scim).status_code == 201


def test_a_bad_group(scim: httpx.Client, ask: Ask) -> None:
    user = create(scim).json()
    good, bad = (scim.post("/Groups", json={"schemas": [GROUP], "displayName": it}).json() for it in ("Good", "Sales"))
    ask({"fault": "bad_group", "name": "sales"})
    operation = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    body = {"schemas": [PATCH_OP], "Operations": [operation]}
    assert scim.patch(f"/Groups/{good['id']}", json=body).status_code == 200
    refused = scim.patch(f"/Groups/{bad['id']}", json=body)
    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")
    assert scim.put(f"/Groups/{bad['id']}", json=bad | {"displayName": "Ops"}).status_code == 400
    assert scim.delete(f"/Groups/{bad['id']}").status_code == 400
    assert scim.post("/Groups", json={"schemas": [GROUP], "displayName": "SALES"}).status_code == 400
    assert scim.get(f"/Groups/{bad['id']}").json() == bad
    ask({"fault": "bad_group", "name": "sales", "how": "malformed"})
    assert scim.get(f"/Groups/{bad['id']}").json()["members"] == "everyone"
    listed = {it["displayName"]: it.get("members") for it in scim.get("/Groups").json()["Resources"]}
    assert listed["Sales"] == "everyone"
    assert listed["Good"][0]["value"] == user["id"]
    ask({"fault": "bad_group"})
    assert scim.delete(f"/Groups/{good['id']}").status_code == 400


def test_the_same_seed_gives_the_same_faults(scim: httpx.Client, ask: Ask, service: StandIns) -> None:
    def met(seed: int) -> list[int]:
        ask({"fault": "server_error", "share": 0.5}, {"fault": "too_many_requests", "share": 0.3}, seed=seed)
        return [scim.get("/Users", params={"count": 0}).status_code for _ in range(30)]

    first = met(7)
    assert first == met(7)
    assert first != met(8)
    assert set(first) == {200, 429, 500}
    with settings_client(service) as settings:
        shown = settings.get("/faults").json()
    assert shown["seed"] == 8
    assert [fault["calls"] for fault in shown["faults"]] == [30, 30]
    assert 5 < shown["faults"][0]["met"] < 25


def test_a_fault_more_does_not_change_what_the_others_do() -> None:
    def drawn(*faults: dict[str, object]) -> list[bool]:
        demanded = Faults()
        demanded.arm({"seed": 3, "faults": list(faults)})
        return [demanded.meet("GET", "/Users").first("server_error") is not None for _ in range(50)]

    error: dict[str, object] = {"fault": "server_error", "share": 0.5}
    assert drawn(error) == drawn(error, {"fault": "latency", "seconds": 1, "share": 0.5})
    assert drawn(error)[10:] == drawn(error | {"after": 10})[10:]


def test_only_with_the_key(service: StandIns) -> None:
    body: dict[str, Any] = {"faults": [{"fault": "server_error"}]}
    for right in ("", f"Bearer {service.token}", "Bearer wrong", f"SSWS {service.key}"):
        headers = {"authorization": right} if right else {}
        address = f"{service.settings_url}/faults"
        assert httpx.put(address, json=body, headers=headers, trust_env=False).status_code == 401
    with scim_client(service) as scim:
        assert scim.get("/Users").status_code == 200


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "faults"), ({"faults": {}}, "faults"), ({"faults": [], "seed": -1}, "seed"), ({"faults": [], "x": 1}, "x"),
        ({"faults": [], "seed": True}, "seed"), ({"faults": ["latency"]}, "faults[0]"),
        ({"faults": [{"fault": "flood"}]}, "faults[0].fault"),
        ({"faults": [{"fault": "latency"}]}, "faults[0].seconds"),
        ({"faults": [{"fault": "latency", "seconds": 301}]}, "faults[0].seconds"),
        ({"faults": [{"fault": "latency", "seconds": True}]}, "faults[0].seconds"),
        ({"faults": [{"fault": "server_error", "seconds": 1}]}, "faults[0].seconds"),
        ({"faults": [{"fault": "server_error", "status": 404}]}, "faults[0].status"),
        ({"faults": [{"fault": "server_error", "share": 1.5}]}, "faults[0].share"),
        ({"faults": [{"fault": "server_error", "share": float("nan")}]}, "faults[0].share"),
        ({"faults": [{"fault": "server_error", "times": -1}]}, "faults[0].times"),
        ({"faults": [{"fault": "server_error", "methods": "GET"}]}, "faults[0].methods"),
        ({"faults": [{"fault": "server_error", "methods": ["TRACE"]}]}, "faults[0].methods"),
        ({"faults": [{"fault": "server_error", "path": "Users"}]}, "faults[0].path"),
        ({"faults": [{"fault": "wrong_content_type", "content_type": "a\r\nx: y"}]}, "faults[0].content_type"),
        ({"faults": [{"fault": "too_many_requests", "as_date": 1}]}, "faults[0].as_date"),
        ({"faults": [{"fault": "bad_group", "how": "gone"}]}, "faults[0].how"),
        ({"faults": [{"fault": "lose_attribute", "attribute": ""}]}, "faults[0].attribute"),
        ({"faults": [{"fault": "server_error"}] * 51}, "faults"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_said_with_its_place(document: dict[str, Any], place: str) -> None:
    faults = Faults()
    faults.arm({"seed": 5, "faults": [{"fault": "server_error"}]})
    with pytest.raises(Refused) as refused:
        faults.arm(document)
    assert refused.value.status == 422
    assert f": {place}: " in refused.value.title
    assert faults.document()["seed"] == 5  # nothing changed
