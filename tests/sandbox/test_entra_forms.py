"""Entra's forms are rewritten; everything else goes on byte by byte."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.sandbox.entra_forms import ENTERPRISE, understood

UNTOUCHED = [
    {"userName": "ada@example.com", "manager": "not the enterprise one"},
    {"Operations": [{"op": "replace", "value": {"active": False}}, {"op": "remove", "path": "title"}]},
    {"Operations": [{"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": "m1"}}]},
    {"Operations": [{"op": "remove", "path": f"{ENTERPRISE}:manager"}]},
    {ENTERPRISE: {"manager": {"value": "m1"}}},
    [1, 2],
]


@pytest.mark.parametrize("document", UNTOUCHED)
def test_ordinary_bodies_are_left_alone(document: Any) -> None:
    body = json.dumps(document, indent=3).encode()
    assert understood(body) == body


def test_a_manager_as_a_string() -> None:
    body = json.dumps({ENTERPRISE.upper(): {"Manager": "m1", "department": "x"}}).encode()
    assert json.loads(understood(body)) == {ENTERPRISE.upper(): {"Manager": {"value": "m1"}, "department": "x"}}


def test_filtered_paths_as_keys_become_operations() -> None:
    operation = {"op": "Add", "value": {'emails[type eq "work"].value': "a@example.com", "title": "Boss"}}
    assert json.loads(understood(json.dumps({"operations": [operation]}).encode()))["operations"] == [
        {"op": "Add", "value": {"title": "Boss"}},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "a@example.com"},
    ]


def test_the_bodies_inside_a_bulk_request() -> None:
    user = {"method": "POST", "path": "/Users", "data": {ENTERPRISE: {"manager": "m1"}}}
    patch = {"method": "PATCH", "path": "/Users/1", "data": {"Operations": [{"op": "Add", "value": {"a[b].c": "d"}}]}}
    rewritten = json.loads(understood(json.dumps({"Operations": [user, patch]}).encode()))["Operations"]
    assert rewritten[0]["data"] == {ENTERPRISE: {"manager": {"value": "m1"}}}
    assert rewritten[1]["data"] == {"Operations": [{"op": "Add", "path": "a[b].c", "value": "d"}]}


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    assert isinstance(understood(body), bytes)


def test_deep_nesting() -> None:
    body = b"[" * 200_000
    assert understood(body) == body
