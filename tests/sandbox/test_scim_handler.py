"""What is answered from text is what scim2-server would have answered from models; ETags, groups, Bulk, projections."""

from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from scim2_models import Context
from scim2_server.requests import ScimRequest

from tests.sandbox.conftest import BASE_URL, ENTERPRISE, PATCH_OP, USER, DirectDoor, MakeDoor
from tests.sandbox.test_filter_sql import users

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
HEADERS = {"content-type": "application/scim+json"}


@pytest.fixture
def rfc(make_door: MakeDoor) -> DirectDoor:
    return make_door("rfc")


def with_headers(door: DirectDoor, method: str, path: str, **headers: str) -> Any:
    request = ScimRequest(method, BASE_URL, path, {}, HEADERS | {k.replace("_", "-"): v for k, v in headers.items()})
    return door.door.respond(request)


def by_models(door: DirectDoor, identifier: str) -> dict[str, Any]:
    """What scim2-server's own way of answering makes of a user."""
    service = door.door._handler.service
    kind = service.get_resource_type("User")
    with door.door.provider:
        published = service.publish(BASE_URL, door.door.storage.get(kind, identifier))
        return published.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=users)
def test_text_and_models_answer_alike(rfc: DirectDoor, document: dict[str, Any]) -> None:
    user = rfc.create(**document)
    try:
        group = rfc.call("POST", "/Groups", {"displayName": "Ä", "members": [{"value": user["id"]}]}).document
        shown = rfc.read(user)
        assert shown == by_models(rfc, user["id"])
        assert shown == user | {"groups": shown["groups"], "meta": shown["meta"]}
        assert rfc.call("GET", "/Users").document["Resources"] == [shown]
        assert rfc.call("DELETE", f"/Groups/{group['id']}").status == 204
    finally:
        assert rfc.call("DELETE", f"/Users/{user['id']}").status == 204


def test_references_are_made_whole(rfc: DirectDoor) -> None:
    boss = rfc.create(userName="boss@example.com")
    manager = {"value": boss["id"], "$ref": f"Users/{boss['id']}"}
    user = rfc.create(**{"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": manager}})
    for shown in (user, rfc.read(user), rfc.call("GET", "/Users").document["Resources"][1]):
        assert shown[ENTERPRISE]["manager"]["$ref"] == boss["meta"]["location"]


def test_patch_answers_with_the_resource(rfc: DirectDoor) -> None:
    user = rfc.create()
    answered = rfc.patch(user, {"op": "replace", "path": "title", "value": "Boss"})
    assert (answered.status, answered.document) == (200, rfc.read(user))
    unchanged = rfc.patch(user, {"op": "replace", "path": "title", "value": "Boss"})
    assert (unchanged.status, unchanged.document) == (200, answered.document)


class TestGroupsOfAUser:
    def test_they_are_derived(self, rfc: DirectDoor) -> None:
        user = rfc.create(groups=[{"value": "made up"}])
        assert "groups" not in user
        group = rfc.call("POST", "/Groups", {"displayName": "IT", "members": [{"value": user["id"]}]}).document
        held = {"value": group["id"], "$ref": group["meta"]["location"], "display": "IT", "type": "direct"}
        for shown in (
            rfc.read(user),
            rfc.call("GET", "/Users").document["Resources"][0],
            rfc.put(user, title="Boss", groups=[]).document,
            rfc.patch(user, {"op": "add", "path": "title", "value": "Chief"}).document,
            rfc.call("GET", f"/Users/{user['id']}", attributes="groups").document,
        ):
            assert shown["groups"] == [held]
        rfc.call(
            "PATCH", f"/Groups/{group['id']}", {"Operations": [{"op": "replace", "value": {"displayName": "Ops"}}]}
        )
        assert rfc.read(user)["groups"][0]["display"] == "Ops"
        rfc.call("DELETE", f"/Groups/{group['id']}")
        assert "groups" not in rfc.read(user)

    def test_groups_in_groups_and_circles(self, rfc: DirectDoor) -> None:
        user = rfc.create()
        inner = rfc.call("POST", "/Groups", {"displayName": "inner", "members": [{"value": user["id"]}]}).document
        outer = rfc.call("POST", "/Groups", {"displayName": "outer", "members": [{"value": inner["id"]}]}).document
        circle = [{"op": "add", "path": "members", "value": [{"value": outer["id"]}]}]
        assert rfc.call("PATCH", f"/Groups/{inner['id']}", {"Operations": circle}).status == 200
        held = {group["display"]: group["type"] for group in rfc.read(user)["groups"]}
        assert held == {"inner": "direct", "outer": "indirect"}
        assert rfc.call("GET", "/Users", filter='groups.display eq "outer"').document["totalResults"] == 1

    def test_they_cannot_be_written(self, rfc: DirectDoor) -> None:
        user = rfc.create()
        refused = rfc.patch(user, {"op": "add", "path": "groups", "value": [{"value": "x"}]})
        assert (refused.status, refused.document["scimType"]) == (400, "mutability")

    def test_they_count_for_the_entity_tag(self, rfc: DirectDoor) -> None:
        user = rfc.create()
        alone = with_headers(rfc, "GET", f"/Users/{user['id']}").headers["ETag"]
        rfc.call("POST", "/Groups", {"displayName": "IT", "members": [{"value": user["id"]}]})
        assert with_headers(rfc, "GET", f"/Users/{user['id']}", if_none_match=alone).status == 200


class TestConditions:
    def test_reading(self, rfc: DirectDoor) -> None:
        user = rfc.create()
        tag = user["meta"]["version"]
        answered = with_headers(rfc, "GET", f"/Users/{user['id']}", if_none_match=tag)
        assert (answered.status, answered.body, answered.headers["ETag"]) == (304, None, tag)
        assert with_headers(rfc, "GET", f"/Users/{user['id']}", if_none_match='W/"other"').status == 200

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_writing(self, rfc: DirectDoor, method: str) -> None:
        user = rfc.create()
        old = user["meta"]["version"]
        new = rfc.put(user, title="Boss").document["meta"]["version"]
        assert new != old
        body = {"PUT": user | {"title": "x"}, "PATCH": {"Operations": [{"op": "remove", "path": "title"}]}}.get(method)

        def write(tag: str) -> int:
            import json

            content = json.dumps(body).encode() if body else b""
            headers = HEADERS | {"if-match": tag}
            return int(
                rfc.door.respond(ScimRequest(method, BASE_URL, f"/Users/{user['id']}", {}, headers, content)).status
            )

        assert write(old) == 412
        assert rfc.read(user)["title"] == "Boss"
        assert write(new) in (200, 204)


def test_only_what_was_asked_for(rfc: DirectDoor) -> None:
    user = rfc.create(title="Boss", displayName="Ada")
    group = rfc.call("POST", "/Groups", {"displayName": "IT", "members": [{"value": user["id"]}]}).document
    assert "members" not in rfc.call("GET", f"/Groups/{group['id']}", excludedAttributes="members").document
    listed = rfc.call("GET", "/Groups", excludedAttributes="members").document["Resources"]
    assert listed == [{name: value for name, value in group.items() if name != "members"}]
    shown = rfc.call("GET", "/Users", attributes="userName", filter='title eq "boss"').document["Resources"]
    assert shown == [{"schemas": [USER], "id": user["id"], "userName": "ada@example.com"}]
    searched = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "excludedAttributes": ["title"]}
    answered = rfc.call("POST", "/Users/.search", searched).document
    assert answered["totalResults"] == 1
    assert "title" not in answered["Resources"][0]


class TestEntrasForms:
    """Taken in mode rfc as well, as far as the standard leaves it open."""

    def test_they_are_understood(self, rfc: DirectDoor) -> None:
        user = rfc.create(active=True)
        manager = {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": "m1"}
        work = {"op": "Add", "path": 'emails[type eq "work"].value', "value": "ada@example.com"}
        keys = {"op": "Add", "value": {"name.givenName": "Ada", f"{ENTERPRISE}:department": "IT"}}
        off = {"op": "Replace", "path": "active", "value": "False"}
        assert rfc.patch(user, manager, work, keys, off).status == 200
        after = rfc.read(user)
        assert after[ENTERPRISE] == {"manager": {"value": "m1"}, "department": "IT"}
        assert after["emails"] == [{"value": "ada@example.com", "type": "work"}]
        assert (after["name"]["givenName"], after["active"]) == ("Ada", False)

    def test_replacing_what_is_not_there_has_no_target(self, rfc: DirectDoor) -> None:
        user = rfc.create()
        refused = rfc.patch(
            user,
            {"op": "add", "path": "title", "value": "x"},
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "ada@example.com"},
        )
        assert (refused.status, refused.document["scimType"]) == (400, "noTarget")
        assert rfc.read(user) == user  # all or nothing

    def test_removing_members_by_value_never_wipes_the_group(self, rfc: DirectDoor) -> None:
        ids = [rfc.create(userName=f"{name}@example.com")["id"] for name in "abc"]
        group = rfc.call("POST", "/Groups", {"displayName": "All", "members": [{"value": it} for it in ids]}).document
        for value, left in (([{"value": ids[0]}], ids[1:]), ([{"value": "nobody"}], ids[1:]), ([], ids[1:])):
            operation = {"op": "Remove", "path": "members", "value": value}
            answered = rfc.call("PATCH", f"/Groups/{group['id']}", {"Operations": [operation]})
            assert [it["value"] for it in answered.document["members"]] == left, value


class TestBulk:
    def test_it_does_many_things_at_once(self, rfc: DirectDoor) -> None:
        user = {"schemas": [USER, ENTERPRISE], "userName": "ada@example.com", ENTERPRISE: {"manager": "m1"}}
        group = {"schemas": [GROUP], "displayName": "All", "members": [{"value": "bulkId:ada"}]}
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": "ada", "data": user | {"password": "t1meMa$heen"}},
            {"method": "POST", "path": "/Groups", "bulkId": "all", "data": group},
            {"method": "POST", "path": "/Users", "bulkId": "again", "data": user},
        ]
        done = rfc.call("POST", "/Bulk", {"schemas": [BULK], "Operations": operations}).document["Operations"]
        assert [it["status"] for it in done] == ["201", "201", "409"]
        made = rfc.call("GET", "/Users").document["Resources"][0]
        assert made[ENTERPRISE]["manager"] == {"value": "m1"}
        assert made["groups"][0]["display"] == "All"
        rows = rfc.door.storage._database.connection.execute("SELECT document FROM resource").fetchall()
        assert "t1meMa$heen" not in str(rows)
        patch = {"schemas": [PATCH_OP], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
        change = [{"method": "PATCH", "path": f"/Users/{made['id']}", "data": patch}]
        rfc.call("POST", "/Bulk", {"schemas": [BULK], "Operations": change})
        assert rfc.read(made)["active"] is False

    def test_the_rules_hold_for_it(self, door: DirectDoor) -> None:
        phones = [{"type": "work", "value": "1-800-555-0199"}]
        user = {"schemas": [USER], "userName": "ada@example.com", "phoneNumbers": phones}
        gone = {"schemas": [USER], "userName": "bob@example.com", "active": False}
        operations = [{"method": "POST", "path": "/Users", "bulkId": name, "data": data} for name, data in
                      (("ada", user), ("bob", gone))]  # fmt: skip
        done = door.call("POST", "/Bulk", {"schemas": [BULK], "Operations": operations}).document["Operations"]
        assert [it["status"] for it in done] == ["201", "400"]
        (made,) = door.call("GET", "/Users").document["Resources"]
        assert "phoneNumbers" not in made
        assert made["active"] is True
        patch = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"active": False}}]}
        change = [{"method": "PATCH", "path": f"/Users/{made['id']}", "data": patch}]
        door.call("POST", "/Bulk", {"schemas": [BULK], "Operations": change})
        assert door.call("GET", f"/Users/{made['id']}").status == 404


def test_half_a_character_is_refused_in_words(rfc: DirectDoor) -> None:
    for text in ('profileUrl eq "\\ud800"', 'userName eq "\\ud800"', 'emails[value co "\\udfff"]'):
        answered = rfc.call("GET", "/Users", filter=text)
        assert answered.status in (200, 400), text
    assert rfc.call("GET", "/Users/\ud800").status == 404
    assert cast(Any, rfc.call("GET", "/Users").document)["totalResults"] == 0
