"""Whose name stands behind an id: learnt from any answer, in bounded memory and next to no time."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.adapters import audited_people
from spoke_admin.adapters.audited_people import People, host_of, person_in
from spoke_admin.domain.exchange import Reply
from tests.adapters.hostile import CANARY

MIB = 1024 * 1024
NOTHING = Reply(200, {}, b"")


def users(first: int, number: int, name: str = "u{}@example.com") -> dict[str, Any]:
    return {"Resources": [{"id": str(it), "userName": name.format(it)} for it in range(first, first + number)]}


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"id": "7", "userName": "ada"}, "ada"),
        ({"Resources": [{"id": "7", "userName": "ada"}, {"id": "8", "userName": "bob"}]}, "ada"),
        ({"Resources": [{"id": "7", "userName": "ada"}, {"id": "8"}, 3, {"id": 9, "userName": "x"}]}, "ada"),
        ([{"id": "7", "profile": {"login": "ada"}}, {"id": "8", "profile": {"login": "bob"}}], "ada"),
        ({"id": "7", "credentials": {"userName": "ada"}}, "ada"),
        ({"id": "7", "userName": f"x{CANARY}"}, "x…"),
        ({"id": "7", "userName": ""}, ""),
        ({"id": 7, "userName": "ada"}, ""),
        ({"id": "7", "userName": ["ada"]}, ""),
        (None, ""),
    ],
)
def test_a_name_is_learnt_from_any_kind_of_answer(document: Any, name: str) -> None:
    people = People()
    people.learn("acme.example", Reply(200, {}, b"", hidden=CANARY), document)
    assert people.name("acme.example", "7") == name
    assert people.name("other.example", "7") == ""


@pytest.mark.parametrize(
    "without",
    [{"id": "7", "title": "Countess"}, {"Resources": [{"id": "7", "userName": ""}, {"id": "8", "userName": "bob"}]}],
)
def test_an_answer_without_the_name_makes_nobody_unknown(without: Any) -> None:
    people = People()
    people.learn("x", NOTHING, {"id": "7", "userName": "ada"})
    people.learn("x", NOTHING, without)
    assert people.name("x", "7") == "ada"


def test_the_last_half_of_so_many_people_is_known_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audited_people, "MOST_PEOPLE", 1_000)
    people = People()
    for first in range(0, 5_000, 100):
        people.learn("x", NOTHING, users(first, 100))
    known = [number for number in range(5_000) if people.name("x", str(number))]
    assert known[-1] == 4_999
    assert 500 <= len(known) <= 1_100
    assert known == list(range(known[0], 5_000))


@pytest.mark.parametrize("name", ["u{}@example.com", "{}" + "x" * 2_000, "{}" + "\U0001f600" * 2_000])
def test_a_directory_without_end_takes_little_memory(name: str) -> None:
    people = People()
    tracemalloc.start()
    try:
        for first in range(0, 120_000 if len(name) < 20 else 12_000, 100):
            people.learn("acme.example", NOTHING, json.loads(json.dumps(users(first, 100, name))))
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 32 * MIB, f"{kept / MIB:.0f} MiB"


FOREIGN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "userName", "Resources", "profile", "credentials", "login"]), inner)
    ),
    max_leaves=20,
)


@given(FOREIGN)
def test_no_foreign_json_breaks_the_learning(document: Any) -> None:
    people = People()
    people.learn("x", NOTHING, document)
    assert isinstance(people.name("x", "1"), str)


@pytest.mark.parametrize(
    ("url", "person"),
    [
        ("https://a.example/scim/v2/Users", ""),
        ("https://a.example/scim/v2/Users/a%2Fb?x=1", "a/b"),
        ("https://a.example/okta/api/v1/apps/1/users/2", "2"),
        ("https://a.example/scim/v2/Groups/7", None),
    ],
)
def test_the_person_of_an_address(url: str, person: str | None) -> None:
    assert person_in(url) == person
    assert host_of(url) == "a.example"
