"""A stored resource as JSON: its document, "meta" and, for a user, the groups it is in.

What is shown is put together from text, without reading it into models: a page costs what its bytes cost.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MARKS_AT_ONCE = 500  # SQLite takes a bounded number of bound values

COLUMNS = "place, id, type, created, modified, version, document"
# the groups of these people, directly and through groups in groups; UNION ends a circle
GROUPS = """
WITH RECURSIVE held (person, group_id, indirect) AS (
    SELECT member_id, group_id, 0 FROM member WHERE member_id IN ({marks})
    UNION SELECT h.person, m.group_id, 1 FROM held h JOIN member m ON m.member_id = h.group_id
)
SELECT h.person, g.id, g.label, min(h.indirect) FROM held h JOIN resource g ON g.id = h.group_id
GROUP BY h.person, g.id ORDER BY g.place
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
    """A row of the table of resources, and the groups the resource is in."""

    place: int
    id: str
    type: str
    created: str
    modified: str
    number: int
    document: str
    groups: tuple[GroupHeld, ...] = ()

    @property
    def version(self) -> str:
        """The entity tag: another one after every write, and when the groups are other ones."""
        if not self.groups:
            return f'W/"{self.number}"'
        return f'W/"{self.number}.{zlib.crc32(repr(self.groups).encode()):08x}"'

    def json(self, locations: "Locations | None" = None) -> str:
        """The whole resource; with `locations` as a client sees it, without as models keep it."""
        location = {"location": f"{locations.of(self.type)}/{self.id}"} if locations is not None else {}
        meta = {"resourceType": self.type, "created": self.created, "lastModified": self.modified, **location}
        text = f'{self.document[:-1]},"meta":{json.dumps(meta | {"version": self.version})}'
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
    """Where the resources of each type answer, as the client sees it. `endpoints` by resource type: `/Users`."""

    base_url: str
    endpoints: dict[str, str]

    def of(self, type_name: str) -> str:
        return f"{self.base_url.rstrip('/')}/{self.endpoints[type_name].strip('/')}"


def stored(connection: sqlite3.Connection, where: str, bound: Sequence[object]) -> list[Stored]:
    """The resources of the rows that `where`, SQL of ours, finds, in its order, with their groups."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM resource WHERE {where}", bound).fetchall()  # noqa: S608
    groups = groups_of(connection, [row[1] for row in rows if row[2] == "User"])
    return [
        Stored(place, identifier, kind, created, modified, number, document, tuple(groups.get(identifier, ())))
        for place, identifier, kind, created, modified, number, document in rows
    ]


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
