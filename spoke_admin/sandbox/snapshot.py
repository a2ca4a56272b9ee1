"""A snapshot: the users and groups of a real service, as a file a rehearsal starts from.

`snapshot.json` is `{"users": [...], "groups": [...]}` with SCIM resources as the service showed them; what stands
beside these two is left alone. `users.csv` is a file of users with the columns of Okta's, Entra's or Google's template.
Whatever is wrong is said with its place, and then nothing is loaded.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.person import Group, Person
from spoke_admin.domain.profile import ServiceProfile

JSON_NAME = "snapshot.json"
CSV_NAME = "users.csv"
MOST_BYTES = 512 * 1024 * 1024
MOST_RESOURCES = 200_000
LONGEST_ID = 200

Document = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9._~@:=+-]{1,200}")
_FILTERED = re.compile(r'(\w+)\[type eq "(\w+)"\]\.(\w+)')


@dataclass(frozen=True)
class Snapshot:
    """What a file holds. `people` are the persons of a CSV; then there are no `users` and no `groups`."""

    path: Path
    users: Sequence[Document] = ()
    groups: Sequence[Document] = ()
    people: Sequence[Person] = ()

    def refusal(self, place: str, reason: str) -> AdminError:
        return broken(self.path, f"{place}: {reason}")


def broken(path: Path, reason: str, detail: str = "") -> AdminError:
    return AdminError(
        f"The snapshot {path} cannot be loaded: {reason}.",
        "Correct the place that is named, or export the snapshot again. Nothing was loaded.",
        detail,
    )


def snapshot_in(folder: Path) -> Path | None:
    """The snapshot that lies in a folder. Raises AdminError when there are two."""
    found = [path for name in (JSON_NAME, CSV_NAME) if (path := folder / name).is_file()]
    if len(found) > 1:
        raise AdminError(
            f"{folder} holds two snapshots, {JSON_NAME} and {CSV_NAME}.", "Take away the one that is not meant."
        )
    return found[0] if found else None


def is_snapshot(path: Path) -> bool:
    """Whether a path given as data is a snapshot's file, there or not, rather than a folder."""
    return path.is_file() or (path.suffix.lower() in (".json", ".csv") and not path.is_dir())


def read_snapshot(path: Path) -> Snapshot:
    """Reads and checks a snapshot. Raises AdminError with the place of what is wrong."""
    if path.suffix.lower() == ".csv":
        return Snapshot(path, people=_people(path))
    document = _document(path)
    if not isinstance(document, dict):
        raise broken(path, 'it is not a document {"users": [...], "groups": [...]}')
    users, groups = (_resources(path, document, name, name == "users") for name in ("users", "groups"))
    _refuse_twice(path, "users", users, "userName")
    _refuse_twice(path, "", [*users, *groups], "id", len(users))
    return Snapshot(path, users, groups)


def _document(path: Path) -> Any:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise broken(path, f"it has {size:,} bytes, more than {MOST_BYTES:,}")
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(text, parse_constant=_no_number)
    except FileNotFoundError:
        raise AdminError(f"There is no file {path}.", "Check the name of the snapshot.") from None
    except OSError as fault:
        raise broken(path, "it cannot be read", fault.strerror or str(fault)) from None
    except UnicodeDecodeError as fault:
        raise broken(path, f"byte {fault.start + 1:,} is no UTF-8") from None
    except json.JSONDecodeError as fault:
        words = fault.msg[0].lower() + fault.msg[1:]
        raise broken(path, f"line {fault.lineno}, column {fault.colno}: {words}") from None
    except RecursionError:
        raise broken(path, "it is nested too deeply") from None
    except ValueError as fault:
        raise broken(path, str(fault)) from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _resources(path: Path, document: Mapping[str, Any], name: str, required: bool) -> list[Document]:
    if name not in document and not required:
        return []
    found = document.get(name)
    if not isinstance(found, list):
        raise broken(path, f"{name}: a list is needed" if name in document else f"{name} is missing")
    if len(found) > MOST_RESOURCES:
        raise broken(path, f"{name}: there are {len(found):,}, more than {MOST_RESOURCES:,}")
    needed = "userName" if name == "users" else "displayName"
    for number, resource in enumerate(found):
        place = f"{name}[{number}]"
        if not isinstance(resource, dict):
            raise broken(path, f"{place}: an object is needed")
        if not isinstance(resource.get(needed), str) or not resource[needed].strip():
            raise broken(path, f"{place}.{needed}: a text is needed")
        identifier = resource.get("id")
        if identifier is not None and not (isinstance(identifier, str) and _ID.fullmatch(identifier)):
            raise broken(path, f"{place}.id: it must be 1 to {LONGEST_ID} letters, digits and . _ ~ @ : = + -")
    return found


def _refuse_twice(path: Path, name: str, resources: Sequence[Document], key: str, users: int = 0) -> None:
    """Refuses a value that two resources have. Without a name the first `users` are users, the rest groups.

    An id minds case (RFC 7643, section 3.1), a userName does not (section 4.1.1).
    """

    def place(number: int) -> str:
        if name:
            return f"{name}[{number}]"
        return f"users[{number}]" if number < users else f"groups[{number - users}]"

    seen: dict[str, int] = {}
    for number, resource in enumerate(resources):
        value = resource.get(key)
        if not isinstance(value, str):
            continue
        if (first := seen.setdefault(value if key == "id" else value.casefold(), number)) != number:
            raise broken(path, f"{place(number)}.{key}: {place(first)} has it already")


def _people(path: Path) -> list[Person]:
    from spoke_admin.roster.columns import columns_of
    from spoke_admin.roster.encoding import encoding_of
    from spoke_admin.roster.reading import lines_of
    from spoke_admin.roster.source import empty, opened
    from spoke_admin.roster.table import open_table

    lines: dict[str, int] = {}
    people: list[Person] = []
    with opened(path) as source:
        table = open_table(lines_of(source, encoding_of(source), lambda _done: None))
        if table is None:
            raise empty(path)
        columns = columns_of(table.header.cells)
        if "login" not in {field for fields in columns.fields for field in fields}:
            raise broken(path, f"line {table.header.line}: there is no column login")
        for record in table.rows:
            place = f"line {record.line}"
            if record.unclosed or record.broken:
                raise broken(path, f"{place}: a quote is broken or never closed")
            if len(record.cells) != len(columns.names):
                raise broken(path, f"{place}: it has {len(record.cells)} cells, the header {len(columns.names)}")
            cells = zip(columns.fields, record.cells, strict=True)
            values = {field: cell.strip() for fields, cell in cells for field in fields if cell.strip()}
            login = values.get("login", "")
            if not login:
                raise broken(path, f"{place}: the login is empty")
            if any("\ud800" <= sign <= "\udfff" for text in values.values() for sign in text):
                raise broken(path, f"{place}: there are bytes that are no text")
            if (first := lines.setdefault(login.casefold(), record.line)) != record.line:
                raise broken(path, f"{place}: line {first} has the login {login} already")
            if len(people) >= MOST_RESOURCES:
                raise broken(path, f"there are more than {MOST_RESOURCES:,} users")
            people.append(Person(f"00u{len(people):017}", values))
    return people


def people_of(users: Sequence[Document], profile: ServiceProfile) -> list[Person]:
    """The identity provider's people for these users: what the default mapping of the profile would have sent."""
    taken: set[str] = set()
    people = []
    ways = [(attribute.source, _way(attribute.path)) for attribute in profile.attribute]
    for number, user in enumerate(users):
        external = user.get("externalId")
        identifier = f"00u{number:017}"
        # what the service keeps as externalId is the identity provider's own id, where it makes one
        if isinstance(external, str) and _ID.fullmatch(external) and external not in taken:
            identifier = external
        taken.add(identifier)
        found = {source: _value_at(user, way) for source, way in ways}
        values = {source: value for source, value in found.items() if isinstance(value, str) and value.strip()}
        people.append(Person(identifier, {"email": user["userName"]} | values | {"login": user["userName"]}))
    return people


Way = tuple[tuple[str, ...], str, str]  # to a value: names, the type to choose an entry by, the last name


def _way(path: str) -> Way:
    """The way to a profile's path: `title`, `name.givenName`, `emails[type eq "work"].value`, or below a URN."""
    urn, _, rest = path.rpartition(":")
    within = (urn,) if urn else ()
    if filtered := _FILTERED.fullmatch(rest):
        return (*within, filtered[1]), filtered[2], filtered[3]
    *parents, name = rest.split(".")
    return (*within, *parents), "", name


def _value_at(user: Document, way: Way) -> Any:
    names, kind, last = way
    holder: Any = user
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    if kind:
        entries = holder if isinstance(holder, list) else ()
        holder = next((it for it in entries if isinstance(it, dict) and it.get("type") == kind), None)
    return holder.get(last) if isinstance(holder, dict) else None


def groups_of(groups: Sequence[Document], person_of: Mapping[str, str]) -> list[Group]:
    """The identity provider's groups. `person_of`: whose person a user's id is."""
    found = []
    for number, group in enumerate(groups):
        values = [it.get("value") for it in group.get("members") or [] if isinstance(it, dict)]
        members = tuple(person_of[it] for it in values if isinstance(it, str) and it in person_of)
        found.append(Group(f"00g{number:017}", group["displayName"], members))
    return found
