"""SCIM resources in SQLite: what scim2-server reads and writes, found by SQL.

Every resource is one JSON document; what it can be found by is kept beside it, and so are the members of a group. A
search that no column answers looks at the documents of the type. Without a sort the order is that of creation, so that
paging by startIndex is stable.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Union, cast

from pydantic import ValidationError
from scim2_models import (
    InvalidValueException,
    NotFoundException,
    Path,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    ScimFilter,
    ScimProvider,
    SearchRequest,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage

from spoke_admin.sandbox.attributes import comparable
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.documents import MARKS_AT_ONCE, Stored, compact, marks, members_of, stored
from spoke_admin.sandbox.filter_sql import Untranslatable
from spoke_admin.sandbox.membership import Change, Members, Removed, Replaced
from spoke_admin.sandbox.searching import SearchTables, in_order

LARGEST = 2**62  # within what SQLite counts with

Document = dict[str, Any]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Interference:
    """What a rehearsal asks to go wrong in a call: attributes that are silently lost, groups that cannot be written.

    `refused` are names of groups; "" stands for all of them.
    """

    lost: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


NO_INTERFERENCE = Interference()


class ResourceStorage(ScimStorage):
    """The users and groups of one stand-in. `provider` names the resource types and their models."""

    def __init__(self, database: Database, provider: ScimProvider, clock: Callable[[], datetime] = now) -> None:
        self._interference = NO_INTERFERENCE
        self._database = database
        self._provider = provider
        self._clock = clock
        self._tables = SearchTables(database, provider)
        self._members = Members(database.connection)

    @contextmanager
    def operation(self) -> Iterator[None]:
        with self._database.transaction():
            yield

    @contextmanager
    def interfered(self, interference: Interference) -> Iterator[None]:
        """Lets things go wrong within."""
        self._interference, before = interference, self._interference
        try:
            yield
        finally:
            self._interference = before

    @property
    def loses(self) -> bool:
        """Whether attributes are lost just now: then models have to be written, which know one from the other."""
        return bool(self._interference.lost)

    # -- reading --------------------------------------------------------

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        return self.read(self.row(resource_type, resource_id))

    def row(self, resource_type: ResourceType, resource_id: str, *, with_members: bool = True) -> Stored:
        """One resource as it is kept. Raises NotFoundException."""
        # an id with half a character, which no stored text can hold and SQLite does not take
        sound = not any("\ud800" <= sign <= "\udfff" for sign in resource_id)
        bound = (resource_id, resource_type.name)
        connection = self._database.connection
        found = stored(connection, "id = ? AND type = ?", bound, with_members=with_members) if sound else []
        if not found:
            raise NotFoundException(detail=f"{resource_type.name} {resource_id!r} not found")
        return found[0]

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        total, rows = self.rows(resource_types, search_request)
        return SearchPage(total, [self.read(row) for row in rows])

    def members(self, row: Stored) -> tuple[str, ...]:
        """The members of a group whose row was read without them, JSON each."""
        return members_of(self._database.connection, row.place)

    def rows(
        self,
        resource_types: Sequence[ResourceType],
        search_request: SearchRequest[Any],
        *,
        with_members: bool = True,
    ) -> tuple[int, list[Stored]]:
        """How many resources a search finds, and those of its page as they are kept."""
        types = list({known.name: known for known in resource_types}.values())
        start = min(search_request.start_index_0 or 0, LARGEST)
        count = LARGEST if search_request.count is None else min(search_request.count, LARGEST)
        with suppress(Untranslatable):
            total, places = self._tables.page(self._tables.query(types, search_request), start, count)
            return total, in_order(places, self._rows_at(places, with_members=with_members))
        found = self._looked_through(types, search_request)
        return len(found), found[start : start + count]

    def _rows_at(self, places: Sequence[int], *, with_members: bool) -> list[Stored]:
        found: list[Stored] = []
        for first in range(0, len(places), MARKS_AT_ONCE):
            some = places[first : first + MARKS_AT_ONCE]
            found += stored(self._database.connection, f"place IN ({marks(some)})", some, with_members=with_members)
        return found

    def _looked_through(self, types: list[ResourceType], search_request: SearchRequest[Any]) -> list[Stored]:
        """The matches among all documents of the types, in order: for the rare search that no column answers."""
        names = [known.name for known in types]
        where = f"type IN ({marks(names)}) ORDER BY place"
        rows = stored(self._database.connection, where, names, with_members=True)
        found = [(row, self.read(row)) for row in rows]
        if search_request.filter is not None:
            matches = self._matcher(types, search_request.filter)
            found = [pair for pair in found if matches(pair[1])]
        if search_request.sort_by is None:
            return [row for row, _ in found]
        values = [search_request.sort_value(resource) for _, resource in found]
        keys = [(value is None, "" if value is None else value) for value in values]
        descending = search_request.sort_order == SearchRequest.SortOrder.descending
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)
        return [found[number][0] for number in order]

    def _matcher(self, types: list[ResourceType], scim_filter: "ScimFilter[Any]") -> Callable[[Resource[Any]], bool]:
        if not scim_filter.models:
            models = tuple(self._model(known) for known in types)
            scim_filter = cast(Any, ScimFilter)[Union[models]](str(scim_filter))  # noqa: UP007  # built at run time
        return scim_filter.match

    def _model(self, resource_type: ResourceType) -> type[Resource[Any]]:
        return cast("type[Resource[Any]]", self._provider.model_for(resource_type))

    def read(self, row: Stored) -> Resource[Any]:
        """The model of what is kept."""
        return self._model(self._type_of(row)).model_validate_json(row.json())

    def _type_of(self, row: Stored) -> ResourceType:
        return next(known for known in self._provider.resource_types if known.name == row.type)

    # -- writing --------------------------------------------------------

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        return self.read(self.row(resource_type, self.add(resource_type, resource)))

    def add(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        resource_id: str = "",
        created: datetime | None = None,
    ) -> str:
        """Stores a new resource; its id. `resource_id` and `created` (UTC) are those of one that was loaded."""
        identifier = resource_id or _new_id()
        self._refuse_bad_group(resource_type, getattr(resource, "display_name", None))
        document = self._written(self._without_lost(resource), identifier)
        members = document.pop("members", ())
        values = _looked_up(document)
        moment = _text(self._clock())
        made = moment if created is None else _text(created)
        with self._database.transaction() as connection:
            self._check_unique(resource_type, identifier, values[0])
            row = (identifier, resource_type.name, *values, made, moment, self._database.next_number())
            place = connection.execute(
                "INSERT INTO resource (id, type, user_name, external_id, display_name, label, created, modified,"
                " version, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, compact(document)),
            ).lastrowid
            self._tables.keep(int(place or 0), resource_type.name or "", made, moment, document)
            if members:
                self._members.apply(int(place or 0), Replaced(members))
        return identifier

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        with self._database.transaction():
            row = self._expected(resource_type, resource.id, expected_version)
            self._refuse_bad_group(resource_type, getattr(resource, "display_name", None), row)
            document = self._written(self._without_lost(resource, row), row.id)
            members = document.pop("members", ())
            self._check_unique(resource_type, row.id, _looked_up(document)[0])
            self._put(row, document)
            if row.type == "Group":
                self._members.apply(row.place, Replaced(members))
            return self.read(self.row(resource_type, row.id))

    def change_group(
        self, resource_type: ResourceType, row: Stored, group: Resource[Any] | None, changes: Sequence[Change]
    ) -> Stored:
        """Writes a group that was read without its members, unless it is None, and changes of those; the new row.

        When nothing changes, the row stays as it is, and so does its version. Raises SCIMException.
        """
        with self._database.transaction():
            self._refuse_bad_group(resource_type, getattr(group, "display_name", None), row)
            changed = [self._members.apply(row.place, change) for change in changes]
            if group is None and not any(changed):
                return row
            self._put(row, json.loads(row.document) if group is None else self._written(group, row.id))
            return self.row(resource_type, row.id, with_members=False)

    def removed(self, selection: str) -> Removed:
        """What a selection of members, `members[...]`, means for their rows. Raises Untranslatable."""
        return Removed(*self._tables.selected("Group", selection))

    def _put(self, row: Stored, document: Document) -> None:
        moment = _text(self._clock())
        self._database.connection.execute(
            "UPDATE resource SET user_name = ?, external_id = ?, display_name = ?, label = ?, modified = ?,"
            " version = ?, document = ? WHERE place = ?",
            (*_looked_up(document), moment, self._database.next_number(), compact(document), row.place),
        )
        self._tables.forget(row.place)
        self._tables.keep(row.place, row.type, row.created, moment, document)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """Removes the resource, and its id from every group that held it."""
        with self._database.transaction() as connection:
            row = self._expected(resource_type, resource_id, expected_version)
            self._refuse_bad_group(resource_type, None, row)
            connection.execute("DELETE FROM resource WHERE place = ?", (row.place,))
            self._tables.forget(row.place)
            if row.type == "Group":
                self._members.drop(row.place)
            for holder in self._rows_at(self._members.leave(resource_id), with_members=False):
                self._put(holder, json.loads(holder.document))

    def _expected(self, resource_type: ResourceType, resource_id: str | None, expected_version: str | None) -> Stored:
        """The row, without members, of a resource that is about to be written."""
        row = self.row(resource_type, resource_id or "", with_members=False)
        if expected_version is not None and row.version != expected_version:
            raise PreconditionFailedException
        return row

    def _check_unique(self, resource_type: ResourceType, resource_id: str, user_name: str | None) -> None:
        if user_name is None:
            return
        owner = self._database.connection.execute(
            "SELECT id FROM resource WHERE type = ? AND user_name = ?", (resource_type.name, user_name)
        ).fetchone()
        if owner is not None and owner[0] != resource_id:
            raise UniquenessException(detail=f"A {resource_type.name} with this userName exists already.")

    def _refuse_bad_group(self, resource_type: ResourceType, name: str | None, row: Stored | None = None) -> None:
        if not self._interference.refused or resource_type.name != "Group":
            return
        names = {
            str(it).casefold() for it in (name, json.loads(row.document).get("displayName") if row else None) if it
        }
        if names & {it.casefold() for it in self._interference.refused} or "" in self._interference.refused:
            raise InvalidValueException(detail="This group cannot be written.")

    def _without_lost(self, resource: Resource[Any], row: Stored | None = None) -> Resource[Any]:
        """What is left of a resource: attributes that are lost stay as they were."""
        if not self._interference.lost:
            return resource
        kept = resource.model_copy(deep=True)
        before = self.read(self.row(self._type_of(row), row.id)) if row is not None else None
        for name in self._interference.lost:
            # a path this resource has not, or without which it would be none (`schemas`)
            with suppress(SCIMException, ValidationError):
                _lose(kept, before, name)
        return kept

    def _written(self, resource: Resource[Any], identifier: str) -> Document:
        """What is kept of a resource, its members too: all but what is made when it is shown."""
        document: Document = json.loads(resource.model_dump_json(exclude={"id", "meta", "groups"}))
        return {"schemas": document.pop("schemas"), "id": identifier, **document}


def _lose(kept: Resource[Any], before: Resource[Any] | None, name: str) -> None:
    """Takes an attribute out of `kept`, or gives it back what it had before. Raises SCIMException, ValidationError.

    A path into several values, `emails[type eq "work"].value`, gives all of them back as they were.
    """
    path = whole = cast(Any, Path)[type(kept)](name)
    binding = path.resolve() if path.model is None else None
    if binding is not None and binding.is_multivalued:
        urn = binding.urn if binding.sub_field_name is None else binding.urn.rpartition(".")[0]
        whole = cast(Any, Path)[type(kept)](urn)
    there = whole.get(before, strict=False) if before is not None else None
    if there is None:
        path.delete(kept)
    else:
        whole.set(kept, there)


def _new_id() -> str:
    """Unique and not to be guessed; ids made later are greater, so that their index grows at its end."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _looked_up(document: Document) -> tuple[str | None, ...]:
    """userName, externalId and displayName as they are compared, and displayName as it is."""
    name, external, display = (document.get(key) for key in ("userName", "externalId", "displayName"))
    return (
        None if name is None else comparable(name, exact=False),
        None if external is None else comparable(external, exact=True),
        None if display is None else comparable(display, exact=False),
        display,
    )
