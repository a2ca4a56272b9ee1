"""The rules that bite, in every form in which Okta and Entra send a change."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.domain.phone import judge_us_phone
from tests.sandbox.conftest import ENTERPRISE, USER, DirectDoor, MakeDoor

GOOD, OTHER_GOOD = "+1 415 555 2671", "(650) 253-0000"
WORK_PHONE = 'phoneNumbers[type eq "work"].value'
WORK_EMAIL = 'emails[type eq "work"].value'
IGNORED = [
    "1-800-555-0199", "1 888 555 0199", "+44 20 7946 0958", "+1 604 555 0123", "787-555-0123", "123", "call me",
    "1-800-FLOWERS", "415 555 2671 ext. 5",
]  # fmt: skip


def phone(value: str, kind: str = "work") -> dict[str, str]:
    return {"value": value, "type": kind}


def phones(user: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((number["type"], number["value"]) for number in user.get("phoneNumbers", []))


def with_good_phone(door: DirectDoor) -> dict[str, Any]:
    user = door.create(emails=[{"value": "ada@example.com", "type": "work"}], phoneNumbers=[phone(GOOD)])
    assert phones(user) == [("work", GOOD)]
    return user


@pytest.mark.parametrize("number", IGNORED)
class TestIgnoredPhone:
    def test_create_keeps_the_user(self, door: DirectDoor, number: str) -> None:
        user = door.create(phoneNumbers=[phone(number)])
        assert "phoneNumbers" not in user
        assert phones(door.read(user)) == []

    def test_create_leaves_out_only_the_bad_one(self, door: DirectDoor, number: str) -> None:
        user = door.create(phoneNumbers=[phone(number), phone(GOOD, "mobile"), phone(OTHER_GOOD, "home")])
        assert phones(user) == [("home", OTHER_GOOD), ("mobile", GOOD)]

    def test_put_keeps_the_number_that_was_there(self, door: DirectDoor, number: str) -> None:
        user = with_good_phone(door)
        answered = door.put(user, phoneNumbers=[phone(number)], title="Boss")
        assert answered.status == 200
        assert phones(answered.document) == [("work", GOOD)]
        assert door.read(user)["title"] == "Boss"

    def test_put_of_another_place_keeps_the_number_that_was_there(self, door: DirectDoor, number: str) -> None:
        user = with_good_phone(door)
        assert phones(door.put(user, phoneNumbers=[phone(number, "mobile")]).document) == [("work", GOOD)]

    def test_put_of_several(self, door: DirectDoor, number: str) -> None:
        user = with_good_phone(door)
        answered = door.put(user, phoneNumbers=[phone(number), phone(OTHER_GOOD, "mobile")])
        assert phones(answered.document) == [("mobile", OTHER_GOOD), ("work", GOOD)]

    @pytest.mark.parametrize(
        "operation",
        [
            {"op": "replace", "path": WORK_PHONE},
            {"op": "Replace", "path": WORK_PHONE},
            {"op": "Add", "path": WORK_PHONE},
            {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value'},
        ],
    )
    def test_patch_by_path(self, door: DirectDoor, number: str, operation: dict[str, object]) -> None:
        user = with_good_phone(door)
        assert door.patch(user, operation | {"value": number}).status in (200, 204)
        assert phones(door.read(user)) == [("work", GOOD)]

    def test_patch_without_path(self, door: DirectDoor, number: str) -> None:
        user = with_good_phone(door)
        for value in ({"phoneNumbers": [phone(number)]}, {WORK_PHONE: number}):
            assert door.patch(user, {"op": "replace", "value": value | {"title": "Boss"}}).status in (200, 204)
            assert phones(door.read(user)) == [("work", GOOD)]
            assert door.read(user)["title"] == "Boss"

    def test_patch_adds_to_the_list(self, door: DirectDoor, number: str) -> None:
        user = with_good_phone(door)
        operation = {"op": "add", "path": "phoneNumbers", "value": [phone(number, "mobile"), phone(OTHER_GOOD, "home")]}
        assert door.patch(user, operation).status in (200, 204)
        assert phones(door.read(user)) == [("home", OTHER_GOOD), ("work", GOOD)]

    def test_rfc_mode_keeps_it(self, make_door: MakeDoor, number: str) -> None:
        door = make_door("rfc")
        user = door.create(phoneNumbers=[phone(number)])
        assert phones(door.read(user)) == [("work", number)]


def test_a_good_number_replaces_and_a_removed_one_is_gone(door: DirectDoor) -> None:
    user = with_good_phone(door)
    door.patch(user, {"op": "Replace", "path": WORK_PHONE, "value": OTHER_GOOD})
    assert phones(door.read(user)) == [("work", OTHER_GOOD)]
    door.patch(user, {"op": "remove", "path": 'phoneNumbers[type eq "work"]'})
    assert phones(door.read(user)) == []
    door.patch(user, {"op": "Add", "path": WORK_PHONE, "value": GOOD})  # to a value that does not exist yet
    assert phones(door.read(user)) == [("work", GOOD)]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    there=st.lists(st.sampled_from(["work", "mobile", "home"]), unique=True),
    sent=st.lists(
        st.tuples(
            st.sampled_from([*IGNORED, GOOD, OTHER_GOOD, "(415) 555-2672"]) | st.text(max_size=20),
            st.sampled_from(["work", "mobile", "home"]),
        ),
        max_size=4,
        unique_by=lambda number: number[1],
    ),
    by_put=st.booleans(),
)
def test_no_update_stores_a_number_the_rule_ignores(
    door: DirectDoor, there: list[str], sent: list[tuple[str, str]], by_put: bool
) -> None:
    user = door.create(phoneNumbers=[phone(GOOD, kind) for kind in there])
    try:
        numbers = [phone(value, kind) for value, kind in sent]
        if by_put:
            assert door.put(user, phoneNumbers=numbers).status == 200
        else:
            operation = {"op": "replace", "path": "phoneNumbers", "value": numbers}
            assert door.patch(user, operation).status in (200, 204)
        after = dict(phones(door.read(user)))
        for value, kind in sent:
            if value and judge_us_phone(value).kept:
                assert after[kind] == value
            elif value and kind in there:
                assert after[kind] == GOOD
        assert all(judge_us_phone(value).kept for value in after.values() if value)
    finally:
        assert door.call("DELETE", f"/Users/{user['id']}").status == 204


class TestFixedIdentity:
    @pytest.mark.parametrize(
        "operations",
        [
            [{"op": "replace", "value": {"userName": "new@example.com"}}],
            [{"op": "Replace", "path": "userName", "value": "new@example.com"}],
            [{"op": "Replace", "path": WORK_EMAIL, "value": "new@example.com"}],
            [{"op": "Add", "path": 'emails[type eq "home"].value', "value": "new@example.com"}],
            [{"op": "replace", "value": {"emails": [{"value": "new@example.com", "type": "work"}]}}],
            [{"op": "replace", "value": {WORK_EMAIL: "new@example.com", f"{USER}:userName": "new@example.com"}}],
            [{"op": "remove", "path": "emails"}],
        ],
    )
    def test_patch(self, door: DirectDoor, operations: list[dict[str, object]]) -> None:
        user = with_good_phone(door)
        title: dict[str, object] = {"op": "Add", "path": "title", "value": "Boss"}
        assert door.patch(user, *operations, title).status in (200, 204)
        after = door.read(user)
        assert after["userName"] == "ada@example.com"
        assert [email["value"] for email in after["emails"]] == ["ada@example.com"]
        assert after["title"] == "Boss"

    def test_put(self, door: DirectDoor) -> None:
        user = with_good_phone(door)
        other = door.create(userName="bob@example.com")
        answered = door.put(user, userName=other["userName"], emails=[{"value": "bob@example.com", "type": "work"}])
        assert answered.status == 200
        assert answered.document["userName"] == "ada@example.com"
        assert answered.document["emails"][0]["value"] == "ada@example.com"

    def test_the_first_e_mail_is_set(self, door: DirectDoor) -> None:
        user = door.create()
        assert door.patch(user, {"op": "Add", "path": WORK_EMAIL, "value": "ada@example.com"}).status in (200, 204)
        assert door.read(user)["emails"] == [{"value": "ada@example.com", "type": "work"}]

    def test_rfc_mode_changes_it(self, make_door: MakeDoor) -> None:
        door = make_door("rfc")
        user = door.create()
        assert door.patch(user, {"op": "replace", "path": "userName", "value": "new@example.com"}).status in (200, 204)
        assert door.read(user)["userName"] == "new@example.com"

    def test_nothing_left_of_a_change_changes_no_version(self, door: DirectDoor) -> None:
        user = with_good_phone(door)
        door.patch(user, {"op": "replace", "value": {"userName": "x", "phoneNumbers": [phone("123")]}})
        assert door.read(user)["meta"] == user["meta"]


class TestDeactivation:
    @pytest.mark.parametrize(
        "operation",
        [
            {"op": "replace", "value": {"active": False}},
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "replace", "path": "active", "value": False},
            {"op": "Add", "path": "active", "value": "False"},
            {"op": "replace", "value": {f"{USER}:active": False, "title": "Gone"}},
        ],
    )
    def test_patch_removes_the_account(self, door: DirectDoor, operation: dict[str, object]) -> None:
        user = with_good_phone(door)
        group = door.call("POST", "/Groups", {"displayName": "All", "members": [{"value": user["id"]}]}).document
        assert door.patch(user, operation).status in (200, 204)
        self.check_gone(door, user, group)

    def test_put_removes_the_account(self, door: DirectDoor) -> None:
        user = with_good_phone(door)
        group = door.call("POST", "/Groups", {"displayName": "All", "members": [{"value": user["id"]}]}).document
        answered = door.put(user, active=False)
        assert answered.status == 200
        assert answered.document["active"] is False
        self.check_gone(door, user, group)

    @staticmethod
    def check_gone(door: DirectDoor, user: dict[str, Any], group: dict[str, Any]) -> None:
        assert door.call("GET", f"/Users/{user['id']}").status == 404
        assert door.put(user).status == 404
        assert door.patch(user, {"op": "replace", "value": {"active": True}}).status == 404
        for scim_filter in ('userName eq "ada@example.com"', f'id eq "{user["id"]}"', "active eq false"):
            assert door.call("GET", "/Users", filter=scim_filter).document["totalResults"] == 0
        assert "members" not in door.call("GET", f"/Groups/{group['id']}").document
        again = door.create()
        assert again["id"] != user["id"]
        assert again["active"] is True

    def test_nobody_is_created_inactive(self, door: DirectDoor) -> None:
        assert (
            door.call("POST", "/Users", {"schemas": [USER], "userName": "a@example.com", "active": False}).status == 400
        )
        assert door.call("GET", "/Users").document["totalResults"] == 0

    def test_rfc_mode_keeps_the_account(self, make_door: MakeDoor) -> None:
        door = make_door("rfc")
        user = door.create(active=True)
        assert door.patch(user, {"op": "replace", "value": {"active": False}}).status in (200, 204)
        assert door.read(user)["active"] is False


class TestWhatIdentityProvidersSend:
    def test_oktas_create_and_test_of_credentials(self, door: DirectDoor) -> None:
        assert door.call("GET", "/Users", startIndex="1", count="2").document["totalResults"] == 0
        assert door.call("GET", "/Groups", startIndex="1", count="100").document["totalResults"] == 0
        lookup = {"filter": 'userName eq "ADA@example.com"', "startIndex": "1", "count": "100"}
        assert door.call("GET", "/Users", **lookup).document["Resources"] == []
        user = door.create(externalId="00u1", groups=[], password="t1meMa$heen", active=True)
        assert "password" not in user
        assert user["externalId"] == "00u1"
        assert [found["id"] for found in door.call("GET", "/Users", **lookup).document["Resources"]] == [user["id"]]
        again = door.call("POST", "/Users", {"schemas": [USER], "userName": "ADA@EXAMPLE.com"})
        assert again.status == 409
        assert again.document["scimType"] == "uniqueness"

    def test_a_password_is_kept_nowhere(self, door: DirectDoor) -> None:
        user = door.create(password="t1meMa$heen")
        door.patch(user, {"op": "replace", "path": "password", "value": "t1meMa$heen"})
        door.put(user, password="t1meMa$heen")
        rows = door.door.storage._database.connection.execute("SELECT document FROM resource").fetchall()
        assert rows
        assert "t1meMa$heen" not in str(rows)

    def test_entras_manager(self, door: DirectDoor) -> None:
        user = door.create(**{"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": "m1"}})
        assert user[ENTERPRISE]["manager"]["value"] == "m1"
        for operation in (
            {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": "m2"},
            {"op": "replace", "value": {f"{ENTERPRISE}:manager": "m2"}},
            {"op": "replace", "value": {ENTERPRISE: {"manager": "m2"}}},
        ):
            assert door.patch(user, operation).status in (200, 204)
            assert door.read(user)[ENTERPRISE]["manager"]["value"] == "m2"
            door.patch(user, {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": "m1"})

    def test_entras_dotted_keys(self, door: DirectDoor) -> None:
        user = with_good_phone(door)
        value = {
            "name.givenName": "Ada",
            f"{ENTERPRISE}:department": "Engines",
            'addresses[type eq "work"].locality': "Bath",
        }
        assert door.patch(user, {"op": "add", "value": value}).status in (200, 204)
        after = door.read(user)
        assert after["name"]["givenName"] == "Ada"
        assert after[ENTERPRISE]["department"] == "Engines"
        assert after["addresses"] == [{"locality": "Bath", "type": "work"}]

    def test_members_are_removed_one_by_one(self, door: DirectDoor) -> None:
        users = [door.create(userName=f"{name}@example.com")["id"] for name in "abc"]
        group = door.call("POST", "/Groups", {"displayName": "All", "members": []}).document
        path = f"/Groups/{group['id']}"

        def patch(*operations: dict[str, object]) -> list[str]:
            assert door.call("PATCH", path, {"Operations": list(operations)}).status in (200, 204)
            return [member["value"] for member in door.call("GET", path).document.get("members", [])]

        members = [{"value": user} for user in users]
        assert patch({"op": "Add", "path": "members", "value": members}) == users
        assert patch({"op": "Remove", "path": "members", "value": [{"value": users[0]}]}) == users[1:]
        swapped = patch(
            {"op": "remove", "path": f'members[value eq "{users[1]}"]'},
            {"op": "add", "path": "members", "value": [{"value": users[0]}]},
        )
        assert swapped == [users[2], users[0]]
        assert patch({"op": "replace", "value": {"id": group["id"], "displayName": "Everybody"}}) == swapped
        assert door.call("GET", "/Groups", filter='displayName eq "everybody"').document["totalResults"] == 1

    def test_attributes_it_does_not_know_are_ignored(self, door: DirectDoor) -> None:
        user = door.create(shoeSize=42, **{"urn:example:2.0:User": {"x": 1}})
        assert "shoeSize" not in user
        assert door.patch(user, {"op": "replace", "value": {"shoeSize": 43, "title": "Boss"}}).status in (200, 204)
        assert door.read(user)["title"] == "Boss"


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
USER_NAMES = ("schemas", "userName", "emails", "phoneNumbers", "active", "name", "meta", "id", "password", ENTERPRISE)
PATHS = ("active", WORK_PHONE, WORK_EMAIL, f"{ENTERPRISE}:manager", "emails", "members", "name.givenName", "x[", "")
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove", "move"]) | any_json},
    optional={
        "path": st.sampled_from(PATHS) | any_json,
        "value": any_json | st.dictionaries(st.sampled_from(PATHS), any_json),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=any_json | st.dictionaries(st.sampled_from(USER_NAMES), any_json),
    patch=st.fixed_dictionaries({"Operations": st.lists(operations, max_size=3) | any_json}) | any_json,
    raw=st.binary(max_size=30),
)
def test_no_body_breaks_it(door: DirectDoor, body: Any, patch: Any, raw: bytes) -> None:
    found = door.call("GET", "/Users", filter='userName eq "whole@example.com"').document["Resources"]
    user = found[0] if found else door.create(userName="whole@example.com", phoneNumbers=[phone(GOOD)])
    if isinstance(body, dict) and "userName" in body:
        body = body | {"userName": "named@example.com"}
    for answered in (
        door.call("POST", "/Users", body),
        door.call("POST", "/Groups", body),
        door.call("PUT", f"/Users/{user['id']}", body),
        door.call("PATCH", f"/Users/{user['id']}", patch),
        door.send("POST", "/Users", raw),
        door.send("PATCH", f"/Users/{user['id']}", raw),
        door.call("POST", "/Users/.search", body),
    ):
        assert answered.status < 500, answered
