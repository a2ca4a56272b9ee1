"""A stored resource as JSON: its document, "meta", the members of a group, and the groups a user is in.

What is shown is put together from text, without reading it into models: a page costs what its bytes cost.
"""

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MARKS_AT_ONCE = 500  # SQLite takes a bounded number of bound values

COLUMNS = "place, id, type, created, modified, version, document"
# the groups of these people, directly and through groups in groups; UNION ends a circle
GROUPS = """
WITH RECURSIVE held (person, place, indirect) AS (
    SELECT member_id, group_place, 0 FROM member WHERE member_id IN ({marks})
    UNION SELECT h.person, m.group_place, 1
    FROM held h CROSS JOIN resource g ON g.place = h.place CROSS JOIN member m ON m.member_id = g.id
)
SELECT h.person, g.id, g.label, min(h.indirect) FROM held h JOIN resource g ON g.place = h.place
GROUP BY h.person, g.place ORDER BY g.place
"""


@dataclass(frozen=True, slots=True)
class GroupHeld:
    """A group that somebody is in."""

    id: str
    label: str | None
    direct: bool

    def json(self, groups_url: str) -> str:
        shown = {"value": self.id, "$ref": f"{groups_url}/{self.id}"}
        if self.label is not None:
            shown["display"] = self.label
        return json.dumps(shown | {"type": "direct" if self.direct else "indirect"})


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the table of resources, the groups the resource is in, and its members, JSON each, if they were read."""

    place: int
    id: str
    type: str
    created: str
    modified: str
    number: int
    document: str
    groups: tuple[GroupHeld, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The entity tag: another one after every write, and when the groups are other ones."""
        if not self.groups:
            return f'W/"{self.number}"'
        return f'W/"{self.number}.{zlib.crc32(repr(self.groups).encode()):08x}"'

    def json(self, locations: "Locations | None" = None) -> str:
        """The whole resource; with `locations` as a client sees it, without as models keep it."""
        # none of these holds a sign that JSON would have to escape but the quotes of the version
        meta = f'"resourceType":"{self.type}","created":"{self.created}","lastModified":"{self.modified}"'
        if locations is not None:
            meta += f',"location":"{locations.of(self.type)}/{self.id}"'
        version = self.version.replace('"', '\\"')
        text = f'{self.document[:-1]},"meta":{{{meta},"version":"{version}"}}'
        if self.members:
            text += (
                f',"members":[{",".join(self.members if locations is None else map(locations.whole, self.members))}]'
            )
        if self.groups:
            groups_url = locations.of("Group") if locations is not None else "Groups"
            text += f',"groups":[{",".join(group.json(groups_url) for group in self.groups)}]'
        return text + "}"

    @property
    def refers(self) -> bool:
        """Whether the document may hold references that have to be made whole before it is shown."""
        return '"$ref"' in self.document


@dataclass(frozen=True)
class Locations:
    """Where resources answer, as the client sees it: `endpoints` by resource type (`/Users`), and by a reference."""

    base_url: str
    endpoints: dict[str, str]
    referred: Callable[[str], str]

    def of(self, type_name: str) -> str:
        return f"{self.base_url.rstrip('/')}/{self.endpoints[type_name].strip('/')}"

    def whole(self, member: str) -> str:
        """A member, JSON, with its reference as an address."""
        if '"$ref"' not in member:
            return member
        entry = json.loads(member)
        return compact(entry | {"$ref": self.referred(entry["$ref"])}) if "$ref" in entry else member


def stored(connection: sqlite3.Connection, where: str, bound: Sequence[object], *, with_members: bool) -> list[Stored]:
    """The resources of the rows that `where`, SQL of ours, finds, in its order, with their groups."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM resource WHERE {where}", bound).fetchall()  # noqa: S608
    groups = groups_of(connection, [row[1] for row in rows if row[2] == "User"])
    found = [
        Stored(place, identifier, kind, created, modified, number, document, tuple(groups.get(identifier, ())))
        for place, identifier, kind, created, modified, number, document in rows
    ]
    if not with_members:
        return found
    return [replace(row, members=members_of(connection, row.place)) if row.type == "Group" else row for row in found]


def members_of(connection: sqlite3.Connection, group: int) -> tuple[str, ...]:
    """The members of a group, JSON each, in the order in which they were added."""
    rows = connection.execute("SELECT entry FROM member WHERE group_place = ? ORDER BY number", (group,)).fetchall()
    return tuple(row[0] for row in rows)


def groups_of(connection: sqlite3.Connection, people: Sequence[str]) -> dict[str, list[GroupHeld]]:
    """The groups that each of these people is in, in the order in which the groups were made."""
    found: dict[str, list[GroupHeld]] = {}
    for first in range(0, len(people), MARKS_AT_ONCE):
        some = people[first : first + MARKS_AT_ONCE]
        rows = connection.execute(GROUPS.format(marks=marks(some)), some)
        for person, group, label, indirect in rows:
            found.setdefault(person, []).append(GroupHeld(group, label, not indirect))
    return found


def marks(values: Iterable[object]) -> str:
    """As many question marks, with commas between them."""
    return ", ".join("?" for _ in values)


def compact(document: Mapping[str, Any]) -> str:
    """A document as it is kept."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
