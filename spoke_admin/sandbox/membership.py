"""Who is in which group: a row for each member, so that a change of members costs what it touches, not the group.

A group holds a member once, whatever else is said about it (RFC 7643, section 2.4: the same value SHOULD NOT be
returned more than once). Members come in the order in which they were added.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scim2_models import MutabilityException

from spoke_admin.sandbox.attributes import comparable
from spoke_admin.sandbox.documents import MARKS_AT_ONCE, compact, marks

Entry = Mapping[str, str]
"""A member as clients write it: some of NAMES, none of them empty."""

NAMES = ("value", "$ref", "type", "display")


@dataclass(frozen=True)
class Added:
    """Members that are in the group afterwards; one that is there already stays as it is."""

    entries: Sequence[Entry]


@dataclass(frozen=True)
class Removed:
    """Members that leave: those for whom `where` holds, SQL on the table of members, named m."""

    where: str
    bound: tuple[object, ...]


@dataclass(frozen=True)
class Replaced:
    """The members the group has afterwards. `by_put`: what must not change of those who stay is looked at."""

    entries: Sequence[Entry]
    by_put: bool = False


Change = Added | Removed | Replaced


class Members:
    """The table `member`; a group is named by its place among the resources."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.create_function("member_part", 3, member_part, deterministic=True)

    def apply(self, group: int, change: Change) -> bool:
        """Makes a change; whether it was one. Raises MutabilityException."""
        if isinstance(change, Added):
            return self._add(group, change.entries)
        if isinstance(change, Removed):
            delete = f"DELETE FROM member AS m WHERE m.group_place = ? AND ({change.where})"  # noqa: S608  # SQL of ours
            return self._connection.execute(delete, (group, *change.bound)).rowcount > 0
        return self._replace(group, list(_once(filter(None, change.entries))), by_put=change.by_put)

    def drop(self, group: int) -> None:
        """Forgets the members of a group that is gone."""
        self._connection.execute("DELETE FROM member WHERE group_place = ?", (group,))

    def leave(self, resource_id: str) -> list[int]:
        """Takes a resource that is gone out of every group; those groups."""
        rows = self._connection.execute("SELECT group_place FROM member WHERE member_id = ?", (resource_id,))
        groups = list(dict.fromkeys(row[0] for row in rows.fetchall()))
        self._connection.execute("DELETE FROM member WHERE member_id = ?", (resource_id,))
        return groups

    def _add(self, group: int, entries: Sequence[Entry]) -> bool:
        new = {_key(entry): entry for entry in reversed(entries)}  # of two for the same member the first counts
        for key in self._there(group, list(new)):
            del new[key]
        last = self._connection.execute("SELECT max(number) FROM member WHERE group_place = ?", (group,)).fetchone()[0]
        self._insert(group, (last or 0) + 1, reversed(new.values()))
        return bool(new)

    def _there(self, group: int, keys: Sequence[str]) -> Iterator[str]:
        """Which of these members are in the group."""
        for first in range(0, len(keys), MARKS_AT_ONCE):
            some = keys[first : first + MARKS_AT_ONCE]
            found = f"SELECT member_id FROM member WHERE member_id IN ({marks(some)}) AND group_place = ?"  # noqa: S608
            yield from (row[0] for row in self._connection.execute(found, (*some, group)).fetchall())

    def _replace(self, group: int, entries: Sequence[Entry], *, by_put: bool) -> bool:
        rows = self._connection.execute("SELECT entry FROM member WHERE group_place = ? ORDER BY number", (group,))
        old = [row[0] for row in rows.fetchall()]
        if by_put and old:
            known = {_key(entry): entry for entry in map(json.loads, old)}
            entries = [_kept(entry, known.get(_key(entry), {})) for entry in entries]
        new = [_text(entry) for entry in entries]
        # a PUT with the same members in another order changes nothing
        if old == new or (by_put and sorted(old) == sorted(new)):
            return False
        self.drop(group)
        self._insert(group, 1, entries)
        return True

    def _insert(self, group: int, number: int, entries: Iterable[Entry]) -> None:
        self._connection.executemany(
            "INSERT INTO member (group_place, number, member_id, entry) VALUES (?, ?, ?, ?)",
            ((group, place, _key(entry), _text(entry)) for place, entry in enumerate(entries, number)),
        )


def _key(entry: Entry) -> str:
    """What tells members of a group apart: the id, or all that is said of a member that comes without one."""
    value = entry.get("value")
    return _text(entry) if value is None else comparable(value, exact=True)


def _text(entry: Entry) -> str:
    return compact({name: entry[name] for name in NAMES if name in entry})


def _once(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Every member once, the first of each."""
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(_key(entry), entry)
    return found.values()


def _kept(entry: Entry, before: Entry) -> Entry:
    """A member that stays in a PUT: its type cannot change, and `$ref` and type that are left out stay as they were."""
    if before and entry.get("type", before.get("type")) != before.get("type"):
        raise MutabilityException(attribute="type", mutability="immutable")
    return {name: before[name] for name in ("$ref", "type") if name in before} | dict(entry)


def member_part(entry: str, name: str, exact: int) -> str | None:
    """One thing that is said of a member, in the form it is compared in: a function of SQL."""
    part = json.loads(entry).get(name)
    return comparable(part, exact=bool(exact)) if isinstance(part, str) else None
