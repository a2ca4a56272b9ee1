"""Members of groups: what is done row by row is what models would do, and costs what it touches."""

import json
import statistics
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import Context, SCIMException
from scim2_server.conditions import Conditions

from tests.sandbox.conftest import BASE_URL, PATCH_OP, DirectDoor, MakeDoor

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PEOPLE = tuple("abcdefgh")

Operation = dict[str, Any]
Entry = dict[str, Any]


@pytest.fixture
def rfc(make_door: MakeDoor) -> DirectDoor:
    return make_door("rfc")


def made(door: DirectDoor, members: list[Entry], name: str = "All") -> str:
    """A new group; its path."""
    answered = door.call("POST", "/Groups", {"schemas": [GROUP], "displayName": name, "members": members})
    assert answered.status == 201, answered
    return f"/Groups/{answered.document['id']}"


def patch(door: DirectDoor, path: str, *operations: Operation, **query: str) -> Any:
    return door.call("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **query)


def ids(document: dict[str, Any]) -> list[str]:
    return [member["value"] for member in document.get("members", [])]


def entry(person: str) -> Entry:
    """Every second one comes with a name."""
    return {"value": person} | ({"display": f"Person {person}"} if ord(person) % 2 else {})


def listed(people: list[str]) -> list[Entry]:
    return [entry(person) for person in people]


people = st.lists(st.sampled_from(PEOPLE), max_size=5, unique=True)
cases = st.sampled_from(["members", "Members", f"{GROUP}:members"])
# an operation, and what it makes of a set of people
OPERATIONS = st.one_of(
    st.builds(
        lambda op, path, some: ({"op": op, "path": path, "value": listed(some)}, lambda old: old | set(some)),
        st.sampled_from(["add", "Add"]), cases, people,
    ),
    st.builds(
        lambda op, key, some: (
            {"op": op, "value": {key: listed(some), "displayName": "x"}}, lambda old: old | set(some)
        ),
        st.sampled_from(["add", "Add"]), cases, people,
    ),
    st.builds(
        lambda op, path, some: ({"op": op, "path": path, "value": listed(some)}, lambda _: set(some)),
        st.sampled_from(["replace", "Replace"]), cases, people,
    ),
    st.builds(
        lambda some: ({"op": "replace", "value": {GROUP: {"members": listed(some)}}}, lambda _: set(some)), people
    ),
    st.builds(
        lambda op, path, some: (
            {"op": op, "path": path, "value": [{"value": one} for one in some]}, lambda old: old - set(some)
        ),
        st.sampled_from(["remove", "Remove"]), cases, people,
    ),
    st.builds(
        lambda one: ({"op": "Remove", "path": "members", "value": [entry(one)]}, lambda old: old - {one}),
        st.sampled_from(PEOPLE),
    ),
    st.builds(
        lambda one: ({"op": "remove", "path": f'members[value eq "{one}"]'}, lambda old: old - {one}),
        st.sampled_from(PEOPLE),
    ),
    st.builds(
        lambda one, two: (
            {"op": "remove", "path": f'members[value eq "{one}" or display eq "PERSON {two}"]'},
            lambda old: old - {one} - ({two} if "display" in entry(two) else set()),
        ),
        st.sampled_from(PEOPLE), st.sampled_from(PEOPLE),
    ),
    st.just(({"op": "remove", "path": "members"}, lambda _: set())),
    st.just(({"op": "replace", "path": "members", "value": None}, lambda _: set())),
    st.just(({"op": "replace", "value": {"displayName": "Renamed", "externalId": "x"}}, lambda old: old)),
)  # fmt: skip


def by_models(door: DirectDoor, path: str, body: bytes) -> dict[str, Any]:
    """What the models alone make of a PATCH of the whole group, as a client would see it. Raises SCIMException."""
    service = door.door._handler.service
    kind = service.get_resource_type("Group")
    with door.door.provider:
        group = door.door.storage.get(kind, path.rpartition("/")[2])
        patch_op = service.read_patch(kind, body, "application/json")
        changed = service.apply_patch(group, patch_op, Conditions())
        return service.published(BASE_URL, group if changed is None else changed)


def without_meta(document: dict[str, Any]) -> dict[str, Any]:
    """The document as far as a change shows in it, members in an order of their own."""
    members = sorted(document.get("members", []), key=lambda member: str(member.get("value")))
    left = {name: value for name, value in document.items() if name not in ("meta", "members")}
    return left | {"members": members}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=people, steps=st.lists(st.lists(OPERATIONS, min_size=1, max_size=3), min_size=1, max_size=5))
def test_rows_models_and_sets_agree(rfc: DirectDoor, first: list[str], steps: list[list[Any]]) -> None:
    path = made(rfc, listed(first))
    expected = set(first)
    try:
        for step in steps:
            operations = [operation for operation, _ in step]
            for _, effect in step:
                expected = effect(expected)
            body = json.dumps({"schemas": [PATCH_OP], "Operations": operations}).encode()
            models, before = by_models(rfc, path, body), rfc.call("GET", path).document
            answered = rfc.send("PATCH", path, body)
            assert answered.status == 200, answered
            assert sorted(ids(answered.document)) == sorted(expected)
            assert without_meta(answered.document) == without_meta(models)
            assert answered.document == rfc.call("GET", path).document
            same = without_meta(answered.document) == without_meta(before) and ids(answered.document) == ids(before)
            kept = answered.document["meta"]["version"] == before["meta"]["version"]
            assert kept == same if len(step) == 1 else same or not kept
            for person in PEOPLE:
                found = rfc.call("GET", "/Groups", filter=f'members.value eq "{person}"').document["totalResults"]
                assert found == (person in expected)
    finally:
        assert rfc.call("DELETE", path).status == 204


MEMBER = st.fixed_dictionaries(
    {"value": st.sampled_from(PEOPLE)},
    optional={"type": st.sampled_from(["User", "Group"]), "$ref": st.sampled_from(["Users/a", "Users/b"]),
              "display": st.sampled_from(["Ä", "Z"])},
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    old=st.lists(MEMBER, max_size=4, unique_by=lambda it: it["value"]),
    new=st.none() | st.lists(MEMBER, max_size=4, unique_by=lambda it: it["value"]),
)
def test_a_put_does_what_models_would_do(rfc: DirectDoor, old: list[Entry], new: list[Entry] | None) -> None:
    path = made(rfc, old)
    service = rfc.door._handler.service
    kind = service.get_resource_type("Group")
    body = {"schemas": [GROUP], "displayName": "All"} | ({} if new is None else {"members": new})
    before = rfc.call("GET", path).document
    expected: Any
    with rfc.door.provider:
        current = rfc.door.storage.get(kind, path.rpartition("/")[2])
        replacement = service.read_replacement(kind, json.dumps(body).encode(), "application/json")
        try:
            changed = service.apply_replacement(current, replacement, Conditions())
            expected = service.published(BASE_URL, changed or current)
        except SCIMException as refusal:
            changed, expected = None, refusal.scim_type
    answered = rfc.call("PUT", path, body)
    assert answered.status == (400 if isinstance(expected, str) else 200)
    if isinstance(expected, str):
        assert answered.document["scimType"] == expected
        assert rfc.call("GET", path).document == before
    else:
        shown = {"members": answered.document.get("members"), "displayName": answered.document["displayName"]}
        assert shown == {"members": expected.get("members"), "displayName": "All"}
        assert (answered.document["meta"]["version"] == before["meta"]["version"]) == (changed is None)
    assert rfc.call("DELETE", path).status == 204


@pytest.mark.parametrize(
    "query",
    [
        {"attributes": "members"}, {"attributes": "MEMBERS,displayName"}, {"attributes": "displayName"},
        {"attributes": "members.value"}, {"attributes": "members.display,members.type"}, {"attributes": "members.$ref"},
        {"attributes": f"{GROUP}:members"}, {"attributes": GROUP}, {"excludedAttributes": "members"},
        {"excludedAttributes": f"displayName,{GROUP}:Members"}, {"excludedAttributes": "members.display"},
        {"excludedAttributes": "members.value,members.$ref"}, {"excludedAttributes": "displayName"},
        {"attributes": ""},
    ],
    ids=str,
)  # fmt: skip
def test_what_was_asked_for_is_what_models_show(rfc: DirectDoor, query: dict[str, str]) -> None:
    members = [
        {"value": "a", "display": "Ä", "$ref": "Users/a", "type": "User"}, {"value": "b"},
        {"value": "c", "type": "User"},
    ]  # fmt: skip
    path = made(rfc, members)
    service = rfc.door._handler.service
    kind = service.get_resource_type("Group")
    with rfc.door.provider:
        group = service.publish(BASE_URL, rfc.door.storage.get(kind, path.rpartition("/")[2]))
        asked = service.read_response_parameters(kind, query)
        expected = group.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked)
    assert rfc.call("GET", path, **query).document == expected
    assert rfc.call("GET", "/Groups", **query).document["Resources"] == [expected]
    assert patch(rfc, path, {"op": "add", "path": "members", "value": [{"value": "a"}]}, **query).document == expected
    same = {"schemas": [GROUP], "displayName": "All", "members": members}
    assert rfc.call("PUT", path, same, **query).document == expected


class TestEntra:
    def test_a_reference_of_null_says_nothing(self, rfc: DirectDoor) -> None:
        path = made(rfc, [{"value": "a", "$ref": "Users/a"}, {"value": "b"}])
        added = patch(rfc, path, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "c"}]})
        assert ids(added.document) == ["a", "b", "c"]
        removed = patch(rfc, path, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "a"}]})
        assert ids(removed.document) == ["b", "c"]

    def test_nothing_but_a_removal_without_values_empties_a_group(self, rfc: DirectDoor) -> None:
        path = made(rfc, listed(["a", "b"]))
        harmless: list[Operation] = [
            {"op": "Remove", "path": "members", "value": []},
            {"op": "Remove", "path": "members", "value": [{"value": "nobody"}]},
            {"op": "remove", "path": 'members[value eq "nobody"]'},
            {"op": "add", "value": {"members": None}},
            {"op": "add", "path": "members", "value": []},
        ]
        for operation in harmless:
            assert ids(patch(rfc, path, operation).document) == ["a", "b"], operation
        refused: list[Operation] = [
            {"op": "remove", "path": "members", "value": "a"},
            {"op": "remove", "path": "members", "value": [{}]},
            {"op": "remove", "path": "members", "value": [None]},
            {"op": "remove"},
        ]
        for operation in refused:
            assert patch(rfc, path, operation).status == 400, operation
        assert ids(rfc.call("GET", path).document) == ["a", "b"]


def test_a_member_is_in_a_group_once(rfc: DirectDoor) -> None:
    twice = [{"value": "a"}, {"value": "a", "display": "Ada"}]
    path = made(rfc, twice)
    assert rfc.call("GET", path).document["members"] == [{"value": "a"}]
    again: list[Operation] = [
        {"op": "add", "path": "members", "value": twice},
        {"op": "add", "value": {"members": twice[1]}},
    ]
    for operation in again:
        assert patch(rfc, path, operation).document["members"] == [{"value": "a"}]
    replaced = patch(rfc, path, {"op": "replace", "path": "members", "value": twice[::-1]})
    assert replaced.document["members"] == [twice[1]]


def test_a_put_in_another_order_changes_nothing(rfc: DirectDoor) -> None:
    path = made(rfc, listed(["a", "b", "c"]))
    before = rfc.call("GET", path).document
    again = {"schemas": [GROUP], "displayName": "All", "members": listed(["c", "a", "b"])}
    assert rfc.call("PUT", path, again).document == before
    assert rfc.call("PUT", path, again | {"members": listed(["c", "a"])}).document != before


def test_what_is_said_of_a_member_is_changed(rfc: DirectDoor) -> None:
    """By models: rows know members, not what is said of them."""
    path = made(rfc, listed(["a", "b"]))
    named = patch(rfc, path, {"op": "replace", "path": 'members[value eq "b"].display', "value": "Bea"})
    assert named.document["members"] == [entry("a"), {"value": "b", "display": "Bea"}]
    added = patch(rfc, path, {"op": "add", "path": 'members[value eq "c"]', "value": {"display": "Cy"}})
    assert added.document["members"][2] == {"value": "c", "display": "Cy"}
    assert rfc.call("GET", "/Groups", filter='members.display eq "bea"').document["totalResults"] == 1
    assert rfc.call("GET", "/Groups", filter='members[value eq "a" and display co "B"]').document["totalResults"] == 0


def test_all_or_nothing(rfc: DirectDoor) -> None:
    path = made(rfc, listed(["a"]))
    before = rfc.call("GET", path).document
    add: Operation = {"op": "add", "path": "members", "value": [{"value": "b"}]}
    for bad in (
        {"op": "add", "path": "members", "value": ["c"]},
        {"op": "remove", "path": "displayName"},
        {"op": "replace", "path": "nothing", "value": 1},
    ):
        assert patch(rfc, path, add, bad).status == 400, bad
        assert rfc.call("GET", path).document == before


def test_who_is_gone_is_in_no_group(rfc: DirectDoor) -> None:
    user = rfc.create()
    paths = [made(rfc, [{"value": user["id"]}, {"value": "b"}], name) for name in ("one", "two")]
    versions = [rfc.call("GET", path).document["meta"]["version"] for path in paths]
    nested = made(rfc, [{"value": paths[0].rpartition("/")[2]}], "nested")
    assert rfc.call("DELETE", f"/Users/{user['id']}").status == 204
    assert rfc.call("DELETE", paths[0]).status == 204
    assert "members" not in rfc.call("GET", nested).document
    left = rfc.call("GET", paths[1]).document
    assert ids(left) == ["b"]
    assert left["meta"]["version"] != versions[1]


def test_bulk_changes_members(rfc: DirectDoor) -> None:
    path = made(rfc, listed(["a", "b"]))
    bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    operation = {"op": "Remove", "path": "members", "value": [{"value": "a"}]}
    change = {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": [operation]}}
    replace = {"method": "PUT", "path": path, "data": {"schemas": [GROUP], "displayName": "All", "members": []}}
    for step, left in ((change, ["b"]), (replace, [])):
        done = rfc.call("POST", "/Bulk", {"schemas": [bulk], "Operations": [step]}).document["Operations"][0]
        shown = rfc.call("GET", path).document
        assert (done["status"], done["version"], ids(shown)) == ("200", shown["meta"]["version"], left)


def test_a_change_costs_what_it_touches(rfc: DirectDoor) -> None:
    """Processor time of changes of 20 members in a group of 10,000 beside those in a group of 40."""
    numbers = [f"{number:032x}" for number in range(10_000)]
    some: list[Entry] = [{"value": one} for one in numbers[10:30]]
    groups = [made(rfc, [{"value": one} for one in numbers[:size]], str(size)) for size in (40, 10_000)]

    def taken(path: str, method: str, *operations: Operation) -> float:
        begin = time.process_time()
        body = {"schemas": [PATCH_OP], "Operations": list(operations)} if operations else None
        assert rfc.call(method, path, body, excludedAttributes="members").status == 200
        return time.process_time() - begin

    calls: list[tuple[Operation, ...]] = [
        ({"op": "Remove", "path": "members", "value": some},),
        ({"op": "add", "path": "members", "value": some},),
        tuple({"op": "remove", "path": f'members[value eq "{one["value"]}"]'} for one in some),
        ({"op": "add", "value": {"members": some}},),
        ({"op": "replace", "value": {"displayName": "Members renamed"}},),
        ({"op": "replace", "value": {"displayName": "All"}},),
        (),
    ]
    small, large = [], []
    for _ in range(5):
        for operations in calls:
            method = "PATCH" if operations else "GET"
            small.append(taken(groups[0], method, *operations))
            large.append(taken(groups[1], method, *operations))
    assert statistics.median(large) < 4 * statistics.median(small)
    for place in range(len(calls)):
        assert min(large[place :: len(calls)]) < 6 * min(small[place :: len(calls)]), calls[place]
