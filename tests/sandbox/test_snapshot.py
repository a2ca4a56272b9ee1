"""A rehearsal that starts from a snapshot of a real service, and snapshots that cannot be loaded."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.loading import load
from spoke_admin.sandbox.modes import Mode, played
from spoke_admin.sandbox.scim_door import ScimDoor
from spoke_admin.sandbox.snapshot import is_snapshot, people_of, read_snapshot, snapshot_in
from tests.sandbox.conftest import BASE_URL, ENTERPRISE, USER, scim_client
from tests.sandbox.test_server import refusal, run_sandbox
from tests.stand_ins import StandIns, StartStandIns

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ADA: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE, "urn:example:2.0:Theirs"],
    "id": "7f-1",
    "externalId": "00uAda",
    "userName": "Ada@example.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"type": "work", "value": "ada@example.com", "primary": True}],
    "phoneNumbers": [{"type": "work", "value": "+44 20 7946 0958"}],
    "active": True,
    "groups": [{"value": "made up"}],
    "meta": {"resourceType": "User", "created": "2024-02-03T04:05:06+01:00", "location": "https://real.example/Users/1",
             "version": 'W/"theirs"'},
    ENTERPRISE: {"department": "IT", "manager": {"value": "7f-2", "$ref": "https://real.example/Users/7f-2"}},
    "urn:example:2.0:Theirs": {"shoeSize": 42},
}  # fmt: skip
BOB: dict[str, Any] = {"schemas": [USER], "id": "7f-2", "userName": "bob@example.com", "active": False}
IT: dict[str, Any] = {
    "schemas": [GROUP],
    "id": "g-1",
    "displayName": "IT",
    "members": [{"value": "7f-1", "$ref": "https://real.example/Users/7f-1"}, {"value": "7f-2"}],
}
SNAPSHOT = {"service": "https://real.example/scim/v2", "users": [ADA, BOB], "groups": [IT]}
CSV = "login,email,firstName,lastName,primaryPhone\nada@example.com,ada@example.com,Ada,Lovelace,1-800-555-0199\n"


def put(folder: Path, document: object, name: str = "snapshot.json") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def of_okta(stand_ins: StandIns, path: str) -> Any:
    headers = {"authorization": f"SSWS {stand_ins.key}"}
    return httpx.get(f"{stand_ins.identity_provider_url}/api/v1{path}", headers=headers, trust_env=False).json()


def test_a_folder_with_a_snapshot_starts_from_it(start_stand_ins: StartStandIns, tmp_path: Path) -> None:
    put(tmp_path / "data", SNAPSHOT)
    stand_ins = start_stand_ins(mode="rfc", folder=tmp_path / "data")
    assert "Loaded 2 users and 1 group from snapshot.json." in stand_ins.log
    with scim_client(stand_ins) as scim:
        ada = scim.get("/Users/7f-1").json()
        assert ada["meta"]["created"] == "2024-02-03T03:05:06Z"
        assert ada["meta"]["location"] == f"{stand_ins.scim_url}/Users/7f-1"
        assert [held["value"] for held in ada["groups"]] == ["g-1"]
        assert ada[ENTERPRISE] == {"department": "IT", "manager": {"value": "7f-2"}}
        assert ada["phoneNumbers"][0]["value"] == "+44 20 7946 0958"  # what the real service has, it has
        assert "urn:example:2.0:Theirs" not in ada
        assert scim.get("/Users/7f-2").json()["active"] is False
        assert scim.get("/Users", params={"filter": 'userName eq "ada@EXAMPLE.com"'}).json()["totalResults"] == 1
        assert [it["value"] for it in scim.get("/Groups/g-1").json()["members"]] == ["7f-1", "7f-2"]
        scim.delete("/Users/7f-1")
    people = {user["id"]: user["profile"] for user in of_okta(stand_ins, "/users")}
    assert people["00uAda"]["firstName"] == "Ada"
    assert people["00uAda"]["login"] == "Ada@example.com"
    assert people["00uAda"]["department"] == "IT"
    assert [group["profile"]["name"] for group in of_okta(stand_ins, "/groups")] == ["IT"]
    stand_ins.restart()  # loaded once, not again
    with scim_client(stand_ins) as scim:
        assert scim.get("/Users/7f-1").status_code == 404


def test_where_a_service_removes_accounts_the_inactive_are_left_out(
    start_stand_ins: StartStandIns, tmp_path: Path
) -> None:
    put(tmp_path / "data", SNAPSHOT)
    stand_ins = start_stand_ins(scenario="migrate-users", folder=tmp_path / "data")
    assert "1 inactive user was left out" in stand_ins.log
    with scim_client(stand_ins) as scim:
        assert [user["id"] for user in scim.get("/Users").json()["Resources"]] == ["7f-1"]
        assert [it["value"] for it in scim.get("/Groups/g-1").json()["members"]] == ["7f-1"]
    (app,) = of_okta(stand_ins, "/apps")
    (assigned,) = of_okta(stand_ins, f"/apps/{app['id']}/users")
    assert (assigned["id"], assigned["externalId"]) == ("00uAda", "7f-1")


def test_a_csv_of_users(start_stand_ins: StartStandIns, tmp_path: Path) -> None:
    put(tmp_path / "data", CSV, "users.csv")
    stand_ins = start_stand_ins(scenario="push-groups", folder=tmp_path / "data")
    with scim_client(stand_ins) as scim:
        (ada,) = scim.get("/Users").json()["Resources"]
    assert ada["name"] == {"givenName": "Ada", "familyName": "Lovelace"}
    assert "phoneNumbers" not in ada
    (user,) = of_okta(stand_ins, "/users")
    assert user["profile"]["primaryPhone"] == "1-800-555-0199"


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    path = put(tmp_path, SNAPSHOT, "exported.json")
    with run_sandbox("--mode", "rfc", "--data", str(path), "--end-with-stdin") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["token"]
    assert "Loaded 2 users and 1 group from exported.json." in err
    assert json.loads(path.read_text()) == SNAPSHOT
    assert not list(tmp_path.rglob("service.db"))  # gone with the folder that was made for it


def test_broken_ones_are_refused_and_leave_a_fresh_folder(start_stand_ins: StartStandIns, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    put(folder, {"users": [ADA, BOB | {"emails": [{"value": 5}]}], "groups": []})
    refused = refusal("--mode", "rfc", "--data", str(folder))
    assert "users[1].emails[0].value: " in refused["title"]
    put(folder, SNAPSHOT)
    stand_ins = start_stand_ins(mode="rfc", folder=folder)
    with scim_client(stand_ins) as scim:
        assert scim.get("/Users").json()["totalResults"] == 2


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("", "line 1, column 1: "), ('{"users": [],\n  "groups": [}', "line 2, column 14: "),
        ("[]", "it is not a document"),
        ("{}", "users is missing"), ('{"users": {}}', "users: a list"), ('{"users": [1]}', "users[0]: an object"),
        ('{"users": [], "groups": null}', "groups: a list"), ('{"users": [{}]}', "users[0].userName: "),
        ('{"users": [], "groups": [{"displayName": " "}]}', "groups[0].displayName: "),
        ('{"users": [{"userName": "a", "id": "a/b"}]}', "users[0].id: "), ('{"users": [NaN]}', "NaN is no JSON number"),
        ('{"users": [{"userName": "a"}, {"userName": "A"}]}', "users[1].userName: users[0] has it already"),
        ('{"users": [{"userName": "a", "id": "1"}], "groups": [{"displayName": "g", "id": "1"}]}',
         "groups[0].id: users[0] has it already"),
        ("[" * 200_000, "it is nested too deeply"), (b'{"users": [\xff]}', "byte 12 is no UTF-8"),
    ],
)  # fmt: skip
def test_the_place_is_named(tmp_path: Path, content: str | bytes, place: str) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(AdminError) as refused:
        read_snapshot(path)
    assert place in refused.value.title
    assert str(path) in refused.value.title


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("email\na@example.com\n", "line 1: there is no column login"),
        (CSV + "\nbob@example.com,,\n", "line 4: it has 3 cells, the header 5"),
        (CSV + ",b@example.com,,,\n", "line 3: the login is empty"),
        (CSV + "ADA@example.com,,,,\n", "line 3: line 2 has the login ADA@example.com already"),
        (CSV + 'bob@example.com,"b,,,\n', "line 3: a quote is broken"),
    ],
)
def test_the_line_is_named(tmp_path: Path, text: str, place: str) -> None:
    path = put(tmp_path, text, "users.csv")
    with pytest.raises(AdminError) as refused:
        read_snapshot(path)
    assert place in refused.value.title


@pytest.mark.parametrize(
    ("users", "groups", "place"),
    [
        ([{"userName": "a", "active": "maybe"}], [], "users[0].active: "),
        ([{"userName": "a", "name": []}], [], "users[0].name: "),
        ([{"userName": "a", "meta": {"created": "never"}}], [], "users[0].meta.created: "),
        ([], [{"displayName": "g", "members": [{"value": {}}]}], "groups[0].members[0].value: "),
        ([{"userName": "a", "schemas": [5]}], [], "users[0].schemas"),
    ],
)
@pytest.mark.parametrize("mode", ["askspoke", "rfc"])
def test_what_the_models_refuse_is_said_with_its_place(
    tmp_path: Path, profile: ServiceProfile, mode: Mode, users: list[Any], groups: list[Any], place: str
) -> None:
    snapshot = read_snapshot(put(tmp_path, {"users": users, "groups": groups}))
    database = Database(tmp_path / "data")
    with pytest.raises(AdminError) as refused:
        load(snapshot, ScimDoor(database, played(profile, mode), BASE_URL), profile)
    assert place in refused.value.title
    database.close()


def test_ids_that_differ_in_case_are_two(tmp_path: Path) -> None:
    other = BOB | {"id": "7F-1"}
    read = read_snapshot(put(tmp_path, {"users": [ADA, other], "groups": []}))
    assert [user["id"] for user in read.users] == ["7f-1", "7F-1"]


def test_two_snapshots_and_none(tmp_path: Path) -> None:
    assert snapshot_in(tmp_path) is None
    assert snapshot_in(tmp_path / "not there") is None
    path = put(tmp_path, SNAPSHOT)
    assert snapshot_in(tmp_path) == path
    put(tmp_path, CSV, "users.csv")
    with pytest.raises(AdminError, match="two snapshots"):
        snapshot_in(tmp_path)
    assert is_snapshot(path)
    assert is_snapshot(tmp_path / "missing.json")
    assert not is_snapshot(tmp_path)
    assert not is_snapshot(tmp_path / "new folder")
    with pytest.raises(AdminError, match="There is no file"):
        read_snapshot(tmp_path / "missing.json")


def test_people_have_ids_of_their_own(profile: ServiceProfile) -> None:
    users = [{"userName": name, "externalId": external} for name, external in (("a", "x"), ("b", "x"), ("c", None))]
    people = people_of(users, profile)
    assert len({person.id for person in people}) == 3
    assert people[0].id == "x"
    assert [person.attributes["email"] for person in people] == ["a", "b", "c"]


@pytest.mark.parametrize("scenario", ["migrate-users", "push-groups"])
def test_mode_rfc_knows_every_scenario(start_stand_ins: StartStandIns, scenario: str) -> None:
    stand_ins = start_stand_ins(mode="rfc", scenario=scenario, people=10)
    with scim_client(stand_ins) as scim:
        users = scim.get("/Users").json()
        assert users["totalResults"] == 10
        phones = [user["phoneNumbers"][0]["value"] for user in users["Resources"] if "phoneNumbers" in user]
        assert "1-800-555-0199" in phones  # plain SCIM keeps every number
        # the first of the sample people has a start date, which plain SCIM does not know: it is not pushed
        person = users["Resources"][0]["externalId"]
        headers = {"authorization": f"SSWS {stand_ins.key}"}
        address = f"{stand_ins.identity_provider_url}/api/v1/users/{person}"
        change = {"profile": {"title": "Countess"}}
        assert httpx.post(address, json=change, headers=headers, trust_env=False).status_code == 200
        assert scim.get(f"/Users/{users['Resources'][0]['id']}").json()["title"] == "Countess"
