"""The storage holds scim2-server's own contract, and what a stand-in adds to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from scim2_models import ScimProvider
from scim2_server.testing import ScimStorageContract

from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.modes import Mode, played
from spoke_admin.sandbox.scim_door import ScimDoor
from spoke_admin.sandbox.storage import ResourceStorage
from tests.sandbox.conftest import BASE_URL, DirectDoor, MakeDoor


class TestContract(ScimStorageContract):
    # cursors (RFC 9865) are not announced: clients page by startIndex, as Okta does
    test_cursor_pages_every_resource_once = None  # type: ignore[assignment]  # not collected
    test_cursor_pages_in_sort_order = None  # type: ignore[assignment]
    test_cursor_pages_equal_sort_values_once = None  # type: ignore[assignment]
    test_cursor_pages_back = None  # type: ignore[assignment]
    test_cursor_gives_stable_pages_when_a_resource_of_the_page_is_deleted = None
    test_cursor_gives_stable_pages_when_a_resource_is_created = None  # type: ignore[assignment]
    test_cursor_pages_back_after_a_deletion = None  # type: ignore[assignment]
    test_cursor_with_count_zero = None  # type: ignore[assignment]
    test_cursor_at_the_root = None  # type: ignore[assignment]

    @pytest.fixture
    def storage(self, tmp_path: Path, provider: ScimProvider) -> Iterator[ResourceStorage]:
        database = Database(tmp_path / "data")
        yield ResourceStorage(database, provider)
        database.close()


@pytest.mark.parametrize("mode", ["askspoke", "rfc"])
def test_everything_survives_a_restart(tmp_path: Path, profile: ServiceProfile, mode: Mode) -> None:
    database = Database(tmp_path / "data")
    door = DirectDoor(ScimDoor(database, played(profile, mode), BASE_URL))
    user = door.create(title="Boss", emails=[{"value": "ada@example.com", "type": "work", "primary": True}])
    group = door.call("POST", "/Groups", {"displayName": "All", "members": [{"value": user["id"]}]}).document
    user = door.read(user)
    assert [held["value"] for held in user["groups"]] == [group["id"]]
    database.close()

    database = Database(tmp_path / "data")
    door = DirectDoor(ScimDoor(database, played(profile, mode), BASE_URL))
    assert door.read(user) == user
    assert door.call("GET", f"/Groups/{group['id']}").document == group
    later = door.create(userName="bob@example.com")
    versions = [resource["meta"]["version"] for resource in (user, group, later)]
    assert len(set(versions)) == 3
    assert door.call("DELETE", f"/Users/{user['id']}").status == 204
    assert "members" not in door.call("GET", f"/Groups/{group['id']}").document
    database.close()


def test_looked_up_by_index(door: DirectDoor) -> None:
    for name in ("ada", "bob", "eve"):
        door.create(userName=f"{name}@example.com", externalId=f"00u-{name}", displayName=name.title())
    wanted = door.call("GET", "/Users", filter='userName eq "BOB@Example.com"').document["Resources"][0]
    for scim_filter, number in (
        ('externalId eq "00u-bob"', 1),
        ('externalId eq "00U-BOB"', 0),  # exact by definition
        ('displayName eq "bob"', 1),
        (f'id eq "{wanted["id"]}"', 1),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob@example.com"', 1),
        ('userName eq "bob@example.com" and active eq true', 1),
        ('name.familyName eq "bob"', 0),
        ('userName eq "\\ud800"', 0),
        ('userName eq "bob@example.com\\u0000"', 0),
    ):
        answered = door.call("GET", "/Users", filter=scim_filter)
        assert answered.status == 200, scim_filter
        assert answered.document["totalResults"] == number, scim_filter
    statements: list[str] = []
    connection = cast(Any, door.door.storage)._database.connection
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT type, document FROM resource WHERE type IN (?) AND user_name = ?", ("User", "x")
    ).fetchall()
    statements.extend(row[3] for row in plan)
    assert any("unique_user_name" in statement for statement in statements), statements


def test_pages_are_stable(door: DirectDoor) -> None:
    names = [f"person-{number:02}@example.com" for number in range(25)]
    for name in names:
        door.create(userName=name)
    door.call("PATCH", "/Users/x", {"Operations": []})
    seen: list[str] = []
    for start in range(1, 26, 10):
        page = door.call("GET", "/Users", startIndex=str(start), count="10").document
        assert (page["totalResults"], page["startIndex"]) == (25, start)
        seen += [user["userName"] for user in page["Resources"]]
    assert seen == names
    assert door.call("GET", "/Users", startIndex="26", count="10").document["Resources"] == []
    assert door.call("GET", "/Users", count="0").document["totalResults"] == 25
    for wild in ("99999999999999999999", "-99999999999999999999"):
        assert door.call("GET", "/Users", startIndex=wild, count=wild).status == 200


def test_a_user_name_is_free_again_and_unique_meanwhile(make_door: MakeDoor) -> None:
    door = make_door("rfc")
    user = door.create()
    assert door.call("POST", "/Users", {"userName": "ADA@EXAMPLE.COM", "schemas": user["schemas"]}).status == 409
    other = door.create(userName="bob@example.com")
    assert door.put(other, userName="Ada@example.com").status == 409
    assert door.call("DELETE", f"/Users/{user['id']}").status == 204
    assert door.create()["id"] != user["id"]
