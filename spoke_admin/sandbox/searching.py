"""Finding resources by filter and in order with SQL, over what `attributes` keeps beside the documents."""

import itertools
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from scim2_models import Resource, ResourceType, ScimFilter, ScimProvider, SearchRequest

from spoke_admin.sandbox.attributes import Attributes
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.documents import Stored, marks
from spoke_admin.sandbox.filter_sql import Among, Condition, Untranslatable

SIGNATURE = "searched"  # the setting that says which columns the tables have
MOST_TOTALS = 64
SELDOM = frozenset({"id", "externalId", "meta"})  # searched by an index, or hardly ever

Totals = dict[tuple[str, tuple[Any, ...]], int]


@dataclass(frozen=True)
class Query:
    """Which places a search finds: `places` is SQL, `bound` the values of its marks."""

    places: str
    bound: tuple[Any, ...]
    order: str = "place"


class SearchTables:
    """The tables `attribute` (a row for each resource) and `entry` (a row for each value of several)."""

    def __init__(self, database: Database, provider: ScimProvider) -> None:
        self._database = database
        codes = itertools.count(1)
        self._models = {
            str(known.name): cast("type[Resource[Any]]", provider.model_for(known)) for known in provider.resource_types
        }
        self._attributes = {name: Attributes(model, codes) for name, model in self._models.items()}
        lists = [entries for known in self._attributes.values() for entries in known.entries.values()]
        self._codes = ", ".join(str(entries.code) for entries in lists)
        self._parts = list(dict.fromkeys(part for entries in lists for part in entries.parts))
        self._inserts = {
            name: _insert("attribute", ["place", "type", *it.names]) for name, it in self._attributes.items()
        }
        for entries in lists:
            columns = ["attribute", "place", "number", "lead", *(f'"{part}"' for part in entries.parts)]
            self._inserts[entries.name] = _insert("entry", columns)
        seldom = (
            column.sql for it in self._attributes.values() for column in it.columns.values() if column.keys[0] in SELDOM
        )
        self._seldom = frozenset(seldom)
        self._totals: Totals = {}
        self._prepare()

    # -- keeping --------------------------------------------------------

    def _prepare(self) -> None:
        """Makes the tables, anew when they were made for other attributes."""
        connection = self._database.connection
        columns = [name for known in self._attributes.values() for name in known.names]
        lists = [
            [entries.name, *entries.parts] for known in self._attributes.values() for entries in known.entries.values()
        ]
        signature = json.dumps([columns, lists])
        row = connection.execute("SELECT value FROM setting WHERE name = ?", (SIGNATURE,)).fetchone()
        if row is not None and row[0] == signature:
            return
        parts = "".join(f', "{part}"' for part in self._parts)
        with self._database.transaction():
            connection.execute("DROP TABLE IF EXISTS attribute")
            connection.execute("DROP TABLE IF EXISTS entry")
            # a column is the quicker to look at the fewer bytes stand before it
            kept = ", ".join(sorted(columns, key=self._seldom.__contains__))
            connection.execute(f"CREATE TABLE attribute (place INTEGER PRIMARY KEY, type TEXT NOT NULL, {kept})")
            connection.execute(
                f"CREATE TABLE entry (attribute INTEGER, place INTEGER, number INTEGER, lead INTEGER{parts},"
                " PRIMARY KEY (attribute, place, number)) WITHOUT ROWID"
            )
            connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (SIGNATURE, signature))
            rows = connection.execute("SELECT place, type, created, modified, document FROM resource").fetchall()
            for place, name, created, modified, document in rows:
                self.keep(place, name, created, modified, json.loads(document))

    def keep(self, place: int, name: str, created: str, modified: str, document: Mapping[str, Any]) -> None:
        """Notes what a document holds. What was noted for the place before has to be forgotten first."""
        known = self._attributes[name]
        whole = {**document, "meta": {"resourceType": name, "created": created, "lastModified": modified}}
        execute = self._database.connection.execute
        values, rows = known.read(whole)
        execute(self._inserts[name], (place, name, *values))
        for entries, number, lead, forms in rows:
            execute(self._inserts[entries.name], (entries.code, place, number, lead, *forms))
        self._totals.clear()

    def forget(self, place: int) -> None:
        execute = self._database.connection.execute
        execute("DELETE FROM attribute WHERE place = ?", (place,))
        if self._codes:
            # the numbers of ours make it a look-up by the key instead of a scan
            execute(f"DELETE FROM entry WHERE attribute IN ({self._codes}) AND place = ?", (place,))  # noqa: S608
        self._totals.clear()

    # -- finding --------------------------------------------------------

    def query(self, types: Sequence[ResourceType], search_request: SearchRequest[Any]) -> Query:
        """What answers the search. Raises Untranslatable where only the documents can."""
        names = [str(known.name) for known in types]
        order = self._order(names, search_request)
        if search_request.filter is None:
            # the only search without a scan: the index by type has the places in their order
            table = "resource" if order == "place" else "attribute"
            return Query(f"SELECT place FROM {table} WHERE type IN ({marks(names)})", tuple(names), order)  # noqa: S608
        conditions = [self._condition(name, search_request.filter) for name in names]
        if len(names) == 1 and isinstance(among := conditions[0][0], Among) and order == "place":
            return Query(f"SELECT DISTINCT place FROM ({among.places})", tuple(conditions[0][1]))  # noqa: S608
        bound = [value for name, (_, values) in zip(names, conditions, strict=True) for value in (*values, name)]
        # the type comes last: hardly any row of another type has a value where the condition looks
        where = " OR ".join(f"({text}) AND type = ?" for text, _ in conditions)
        return Query(f"SELECT place FROM attribute WHERE {where}", tuple(bound), order)  # noqa: S608

    def _condition(self, name: str, scim_filter: "ScimFilter[Any]") -> tuple[str, list[Any]]:
        single = scim_filter if scim_filter.model is not None else _bound(scim_filter, self._models[name])
        condition = Condition(name, self._attributes[name], single)
        return condition.text(), condition.bound

    def selected(self, name: str, text: str) -> tuple[str, tuple[Any, ...]]:
        """What holds for the values of a selection, `members[...]`, and its bound values. Raises Untranslatable."""
        condition = Condition(name, self._attributes[name], _bound(text, self._models[name]))
        return condition.inside(), tuple(condition.bound)

    def _order(self, names: Sequence[str], search_request: SearchRequest[Any]) -> str:
        """The ORDER BY: resources without a value last, or first when descending; equal ones in order of creation."""
        if search_request.sort_by is None:
            return "place"
        column = None
        if len(names) == 1 and (binding := search_request.sort_binding(self._models[names[0]])) is not None:
            known = self._attributes[names[0]]
            if not binding.is_multivalued and (found := known.columns.get(binding.urn)) is not None:
                column = found.sql
            head, _, part = binding.urn.rpartition(".")
            if binding.is_multivalued and (entries := known.entries.get(head)) is not None and part in entries.parts:
                of_place = f"e.attribute = {entries.code} AND e.place = attribute.place AND e.lead"
                column = f'(SELECT e."{part}" FROM entry e WHERE {of_place})'  # noqa: S608  # names of ours
        if column is None:
            raise Untranslatable
        way = " DESC" if search_request.sort_order == SearchRequest.SortOrder.descending else ""
        return f"{column} IS NULL{way}, {column}{way}, place"

    def page(self, query: Query, start: int, count: int) -> tuple[int, list[int]]:
        """How many places the query finds, and those of one page. A total is remembered until something changes.

        Raises Untranslatable for a query that is nested deeper than SQLite takes.
        """
        try:
            return self._page(query, start, count)
        except sqlite3.OperationalError as fault:
            if "too large" in str(fault) or "overflow" in str(fault):
                raise Untranslatable from None
            raise

    def _page(self, query: Query, start: int, count: int) -> tuple[int, list[int]]:
        execute = self._database.connection.execute
        rows = execute(
            f"{query.places} ORDER BY {query.order} LIMIT ? OFFSET ?", (*query.bound, count, start)
        ).fetchall()
        places = [row[0] for row in rows]
        key = (query.places, query.bound)
        total = self._totals.get(key)
        if total is None and len(places) < count and (places or start == 0):
            total = start + len(places)  # the page is the last one
        if total is None and places and query.order == "place":
            # the search for the page has seen everything up to its last place
            rest = f"SELECT count(*) FROM ({query.places}) WHERE place > ?"  # noqa: S608  # SQL of ours
            total = start + len(places) + int(execute(rest, (*query.bound, places[-1])).fetchone()[0])
        if total is None:
            total = int(execute(f"SELECT count(*) FROM ({query.places})", query.bound).fetchone()[0])  # noqa: S608
        if len(self._totals) >= MOST_TOTALS:
            self._totals.clear()
        self._totals[key] = total
        return total, places


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks(columns)})"  # noqa: S608  # names of ours


def in_order(places: Sequence[int], found: Sequence[Stored]) -> list[Stored]:
    """The resources in the order of their places."""
    by_place = {row.place: row for row in found}
    return [by_place[place] for place in places]


def _bound(scim_filter: "ScimFilter[Any] | str", model: type[Resource[Any]]) -> "ScimFilter[Any]":
    return cast("ScimFilter[Any]", cast(Any, ScimFilter)[model](str(scim_filter)))
