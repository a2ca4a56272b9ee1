"""Filters answered by SQL give what scim2-models gives document by document; what SQL cannot say is looked through."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import Group, SCIMException, ScimFilter, SearchRequest, User
from scim2_server.utils import parametrize

from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.modes import played
from spoke_admin.sandbox.scim_door import ScimDoor
from tests.sandbox.conftest import BASE_URL, ENTERPRISE, DirectDoor, MakeDoor

TEXTS = ("", "a", "A", "ab", "Bá", "Bá", "ß", "ſ", "b_%", "a\x00b", "a\x1fb", "ada@example.com", "\U0001f600")
texts = st.sampled_from(TEXTS)
flags = st.booleans() | st.none()
entries = st.lists(
    st.fixed_dictionaries(
        {}, optional={"value": texts.filter(bool), "type": st.sampled_from(["work", "Home"]), "display": texts}
    ),
    max_size=3,
)
users = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "externalId": texts,
        "displayName": texts,
        "active": flags,
        "name": st.fixed_dictionaries({}, optional={"givenName": texts, "familyName": texts}),
        "emails": entries,
        "roles": entries,
        "addresses": st.lists(st.fixed_dictionaries({}, optional={"locality": texts, "type": texts}), max_size=2),
        ENTERPRISE: st.fixed_dictionaries(
            {}, optional={"department": texts, "manager": st.fixed_dictionaries({"value": texts})}
        ),
    },
)
# the grammar writes strings as JSON
literals = st.sampled_from(
    [f'"{text}"' for text in ("", "a", "A", "b", "Bá", "ß", "_", "%", "ada", "work", "x")]
    + ['"a\\u0000b"', '"\\u0000"', '"a\\u001fb"', '"\\u001f"', '"\\ud800"', '"\\ud83d\\ude00"', "null"]
)
STRINGS = (
    "userName", "title", "externalId", "displayName", "name.givenName", "name.familyName", "emails", "emails.value",
    "emails.type", "emails.display", "roles.value", "addresses.locality", f"{ENTERPRISE}:department",
    f"{ENTERPRISE}:manager.value", "groups.value", "groups.display", "id", "profileUrl", "meta.resourceType",
)  # fmt: skip
PRESENT = (*STRINGS, "name", "addresses", "roles", "groups", "active", "meta.created", "x509Certificates", "schemas",
           f"{ENTERPRISE}:manager", "meta", "emails.primary")  # fmt: skip
INSIDE = ("value", "type", "display", "shoeSize")


def comparisons(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
    return st.tuples(st.sampled_from(names), operators, literals).map(" ".join)


simple = st.one_of(
    comparisons(STRINGS),
    st.sampled_from(PRESENT).map(lambda name: f"{name} pr"),
    st.sampled_from(
        [
            "active eq true",
            "active ne false",
            "active eq null",
            'meta.created gt "2000-01-01T00:00:00Z"',
            'meta.created lt "2000-01-01T00:00:00Z"',
            'meta.created co "20"',
            'schemas eq "x"',
            "meta.created ne null",
            'x509Certificates.type eq "a"',
            'meta.version eq "a"',
        ]
    ),
)
inside = st.recursive(
    comparisons(INSIDE) | st.sampled_from(INSIDE).map(lambda name: f"{name} pr"),
    lambda inner: (
        inner.map("not ({})".format) | st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join)
    ),
    max_leaves=3,
)
selections = st.tuples(st.sampled_from(["emails", "roles", "addresses", "groups", "schemas"]), inside)
filters = st.recursive(
    simple | selections.map(lambda pair: f"{pair[0]}[{pair[1]}]"),
    lambda inner: (
        inner.map("not ({})".format)
        | st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda parts: f"({''.join(parts)})")
    ),
    max_leaves=4,
)


@pytest.fixture
def filled(tmp_path: Path, profile: ServiceProfile) -> Iterator[ScimDoor]:
    """A service with a group of groups, and users made by the example."""
    database = Database(tmp_path / "filled")
    yield ScimDoor(database, played(profile, "rfc"), BASE_URL)
    database.close()


def refill(door: ScimDoor, documents: list[dict[str, Any]]) -> None:
    storage = door.storage
    connection = storage._database.connection
    for table in ("resource", "attribute", "entry", "member"):
        connection.execute(f"DELETE FROM {table}")
    storage._tables._totals.clear()
    ids = []
    for number, document in enumerate(documents):
        whole = {"schemas": [str(User.__schema__)], "userName": f"u{number}{document.get('title', '')}"} | document
        ids.append(door.add("User", whole))
    group = {"schemas": [str(Group.__schema__)]}
    inner = door.add("Group", group | {"displayName": "A", "members": [{"value": it} for it in ids[:1]]})
    door.add("Group", group | {"displayName": "Bá", "members": [{"value": it} for it in [inner, *ids[1:2]]]})


def search(model: Any, **asked: object) -> "SearchRequest[Any]":
    """A search as the server reads it from a query."""
    found: SearchRequest[Any] = parametrize(SearchRequest, model).model_validate(asked)
    return found


def matching(door: ScimDoor, text: str) -> list[str] | None:
    """The ids that scim2-models finds, in order of creation; None for a filter it refuses."""
    kind = door._handler.service.get_resource_type("User")
    model = door._handler.service.get_model(kind)
    try:
        scim_filter = parametrize(ScimFilter, model)(text)
    except (SCIMException, UnicodeError):
        return None
    everyone = door.storage.search([kind], search(model)).resources
    return [str(it.id) for it in everyone if cast(Any, scim_filter).match(it)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(users, max_size=4), texts=st.lists(filters, min_size=1, max_size=6))
def test_sql_and_models_agree(filled: ScimDoor, documents: list[dict[str, Any]], texts: list[str]) -> None:
    refill(filled, documents)
    kind = filled._handler.service.get_resource_type("User")
    model = filled._handler.service.get_model(kind)
    with filled.provider:
        for text in texts:
            expected = matching(filled, text)
            if expected is None:
                continue
            try:
                asked = search(model, filter=text, count=1000, start_index=1)
            except ValueError:  # an attribute the model does not declare is refused before the storage sees it
                continue
            total, rows = filled.storage.rows([kind], asked)
            assert ([row.id for row in rows], total) == (expected, len(expected)), text


@pytest.mark.parametrize(
    "text",
    [
        'userName co "a"', 'userName sw "a" and active eq true', 'emails.value ew "com"', 'emails[type eq "work"]',
        f'{ENTERPRISE}:department eq "x"', "not (title pr) and title pr", 'meta.created gt "2020-01-01T00:00:00Z"',
        'groups.display eq "a"', 'groups[value eq "a"] or userName eq "b"', 'addresses[locality co "a" and type pr]',
        " or ".join(f'title eq "{number}"' for number in range(1500)),
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_what_clients_ask_is_answered_by_sql(filled: ScimDoor, text: str) -> None:
    kind = filled._handler.service.get_resource_type("User")
    model = filled._handler.service.get_model(kind)
    with filled.provider:
        tables = filled.storage._tables
        assert tables.page(tables.query([kind], search(model, filter=text)), 0, 10) == (0, [])  # else: Untranslatable


@pytest.mark.parametrize("sort_by", ["userName", "title", "name.familyName", "emails", "meta.created", "active"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_sorted_pages_end_and_repeat_nothing(make_door: MakeDoor, sort_by: str, order: str) -> None:
    door = make_door("rfc")
    for number in range(23):
        door.create(
            userName=f"{number * 7 % 23:02}@example.com",
            title=("b", "a", "A")[number % 3] if number % 4 else None,
            name={"familyName": "Z" if number % 2 else "y"},
            emails=[
                {"value": f"{number % 5}@example.com"},
                {"value": f"{number}@x.example", "primary": number % 2 == 0},
            ],
            active=bool(number % 2),
        )
    whole = door.call("GET", "/Users", sortBy=sort_by, sortOrder=order, count="100").document["Resources"]
    kind = door.door._handler.service.get_resource_type("User")
    model = door.door._handler.service.get_model(kind)
    with door.door.provider:
        everyone = door.door.storage.search([kind], search(model)).resources
        expected = search(model, sort_by=sort_by, sort_order=order).sort(everyone)
    assert [user["id"] for user in whole] == [user.id for user in expected]
    seen, start = [], 1
    while page := door.call(
        "GET", "/Users", sortBy=sort_by, sortOrder=order, startIndex=str(start), count="5"
    ).document["Resources"]:
        seen += page
        start += len(page)
        assert start < 100
    assert seen == whole


def test_at_the_root_each_type_has_its_own_attributes(make_door: MakeDoor) -> None:
    door = make_door("rfc")
    user = door.create(displayName="Same")
    group = door.call("POST", "/Groups", {"displayName": "same", "members": [{"value": user["id"]}]}).document
    for text, expected in (
        ('displayName eq "SAME"', [user["id"], group["id"]]),
        (f'members.value eq "{user["id"]}"', [group["id"]]),
        ("userName pr", [user["id"]]),
        ("not (userName pr)", [group["id"]]),
        ('meta.resourceType eq "Group"', [group["id"]]),
        ('schemas eq "urn:ietf:params:scim:schemas:core:2.0:Group"', [group["id"]]),
    ):
        answered = door.call("GET", "/", filter=text).document
        assert [it["id"] for it in answered["Resources"]] == expected, text
        assert answered["totalResults"] == len(expected)


def test_tables_of_other_attributes_are_made_anew(tmp_path: Path, profile: ServiceProfile) -> None:
    database = Database(tmp_path / "data")
    door = DirectDoor(ScimDoor(database, played(profile, "rfc"), BASE_URL))
    user = door.create(title="Boss", emails=[{"value": "ada@example.com"}])
    database.close()

    database = Database(tmp_path / "data")  # mode askspoke knows attributes that mode rfc does not
    door = DirectDoor(ScimDoor(database, played(profile, "askspoke"), BASE_URL))
    for text in ('title sw "bo"', 'emails co "ada"', 'emails[value co "ada"]'):
        found = door.call("GET", "/Users", filter=text).document["Resources"]
        assert [it["id"] for it in found] == [user["id"]]
    database.close()


def test_a_moment_is_found_to_the_microsecond(tmp_path: Path, profile: ServiceProfile) -> None:
    database = Database(tmp_path / "data")
    door = DirectDoor(ScimDoor(database, played(profile, "rfc"), BASE_URL))
    door.door.storage._clock = lambda: datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    door.create()
    for text, number in (
        ('meta.created eq "2026-05-06T07:08:09Z"', 1),
        ('meta.created eq "2026-05-06T09:08:09.000+02:00"', 1),
        ('meta.created gt "2026-05-06T07:08:08.999999Z"', 1),
        ('meta.created lt "2026-05-06T07:08:09Z"', 0),
        ('meta.lastModified le "2026-05-06T07:08:09Z"', 1),
    ):
        assert door.call("GET", "/Users", filter=text).document["totalResults"] == number, text
    database.close()


def test_long_and_deep_filters(make_door: MakeDoor) -> None:
    door = make_door("rfc")
    door.create(title="Boss")
    many = " or ".join(f'title eq "{number}"' for number in range(1500))
    named = " or ".join(f'id eq "{number}"' for number in range(1500))
    # scim2-models takes up to 32 expressions within each other; SQLite fewer, around a long one
    deep = "not (title pr and " * 14 + "{}" + ")" * 14
    for text, number in (
        (many, 0),
        (f'{many} or title eq "boss"', 1),
        (named, 0),
        (deep.format("title pr"), 1),
        (deep.format(many), 0),
        (f"not ({deep.format(many)})", 1),
    ):
        search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text}
        answered = door.call("POST", "/Users/.search", search)
        assert (answered.status, answered.document.get("totalResults")) == (200, number), text[:40]


@pytest.mark.parametrize("start", ["a", "a\U0010ffff", "\U0010ffff", "a\ud7ff", "\u00e4", "a\u0000", "a%", "a_"])
def test_beginnings(make_door: MakeDoor, start: str) -> None:
    """Also where the next character is none, or the last there is."""
    door = make_door("rfc")
    titles = [
        "a",
        "b",
        "\U0010ffff",
        "a\U0010ffff",
        "a\U0010ffffb",
        "a\ud7ff",
        "a\ue000",
        "\u00e4\u00e4",
        "a\u0000b",
        "a%",
        "a_b",
    ]
    for number, title in enumerate(titles):
        door.create(userName=str(number), title=title)
    for text, expected in (("{}", True), ("not ({})", False)):
        query = text.format(f"title sw {json.dumps(start)}")
        found = door.call("GET", "/Users", filter=query, count="100").document["Resources"]
        assert [it["title"] for it in found] == [it for it in titles if it.startswith(start) == expected], query
