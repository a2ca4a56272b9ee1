"""SCIM resources in SQLite: what scim2-server reads and writes, found by index where clients ask by name.

Every resource is one JSON document beside the few values that clients look up: userName, externalId, id, displayName.
Any other filter and every sort is evaluated over the documents of the type. Without a sort the order is that of
creation, so that paging by startIndex is stable.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Union, cast

from scim2_models import (
    Meta,
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    ScimProvider,
    SearchRequest,
    UniquenessException,
    default_comparison_key,
)
from scim2_models.path import CompareOperator, Comparison, Path
from scim2_server.storage import ScimStorage, SearchPage

from spoke_admin.sandbox.database import Database

COLUMNS = frozenset({"user_name", "external_id", "display_name", "id"})  # named as the fields of the models
LARGEST = 2**62  # within what SQLite counts with

Found = tuple[int, list[Resource[Any]]]


def now() -> datetime:
    return datetime.now(UTC)


class ResourceStorage(ScimStorage):
    """The users and groups of one stand-in. `provider` names the resource types and their models."""

    def __init__(self, database: Database, provider: ScimProvider, clock: Callable[[], datetime] = now) -> None:
        self._database = database
        self._provider = provider
        self._clock = clock

    @contextmanager
    def operation(self) -> Iterator[None]:
        with self._database.transaction():
            yield

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        row = self._database.connection.execute(
            "SELECT document FROM resource WHERE id = ? AND type = ?", (resource_id, resource_type.name)
        ).fetchone()
        if row is None:
            raise NotFoundException(detail=f"{resource_type.name} {resource_id!r} not found")
        return self._read(resource_type, row[0])

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        created = resource.model_copy(deep=True)
        created.id = uuid.uuid4().hex
        moment = self._clock()
        with self._database.transaction() as connection:
            created.meta = Meta(
                resource_type=resource_type.name, created=moment, last_modified=moment, version=self._version()
            )
            values = self._columns(created)
            self._check_unique(resource_type, created, values[0])
            connection.execute(
                "INSERT INTO resource (id, type, user_name, external_id, display_name, version, document)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (created.id, resource_type.name, *values, created.meta.version, _write(created)),
            )
            self._note_members(created)
        return created

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        with self._database.transaction() as connection:
            stored = self._stored(resource_type, resource.id, expected_version)
            updated = resource.model_copy(deep=True)
            updated.meta = cast(Meta, stored.meta).model_copy(
                update={"location": None, "last_modified": self._clock(), "version": self._version()}
            )
            values = self._columns(updated)
            self._check_unique(resource_type, updated, values[0])
            connection.execute(
                "UPDATE resource SET user_name = ?, external_id = ?, display_name = ?, version = ?, document = ?"
                " WHERE id = ?",
                (*values, updated.meta.version, _write(updated), updated.id),
            )
            self._note_members(updated)
        return updated

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """Removes the resource, and its id from every group that held it."""
        with self._database.transaction() as connection:
            self._stored(resource_type, resource_id, expected_version)
            connection.execute("DELETE FROM resource WHERE id = ?", (resource_id,))
            connection.execute("DELETE FROM member WHERE group_id = ?", (resource_id,))
            holders = connection.execute(
                "SELECT r.type, r.document FROM member m JOIN resource r ON r.id = m.group_id WHERE m.member_id = ?",
                (resource_id,),
            ).fetchall()
            for name, document in holders:
                holder_type = next(known for known in self._provider.resource_types if known.name == name)
                holder = cast(Any, self._read(holder_type, document))
                holder.members = [member for member in holder.members or [] if member.value != resource_id] or None
                self.update(holder_type, holder)

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        types = list({known.name: known for known in resource_types}.values())
        start = min(search_request.start_index_0 or 0, LARGEST)
        count = LARGEST if search_request.count is None else min(search_request.count, LARGEST)
        lookup = _lookup(search_request, types)
        if search_request.sort_by is None and lookup is not None:
            return SearchPage(*self._page(types, lookup, start, count))
        _, found = self._page(types, lookup or ("", ""), 0, LARGEST)
        if lookup is None:
            matches = self._matcher(types, cast("ScimFilter[Any]", search_request.filter))
            found = [resource for resource in found if matches(resource)]
        if search_request.sort_by is not None:
            found = _sorted(search_request, found)
        return SearchPage(len(found), found[start : start + count])

    def _page(self, types: list[ResourceType], lookup: tuple[str, str], start: int, count: int) -> Found:
        column, value = lookup
        marks = ", ".join("?" for _ in types)
        # `column` is one of COLUMNS; everything foreign is bound
        where = f"WHERE type IN ({marks})" + (f" AND {column} = ?" if column else "")
        bound = [*(known.name for known in types), *([value] if column else [])]
        execute = self._database.connection.execute
        total = execute(f"SELECT count(*) FROM resource {where}", bound).fetchone()[0]  # noqa: S608
        rows = execute(
            f"SELECT type, document FROM resource {where} ORDER BY place LIMIT ? OFFSET ?",  # noqa: S608
            (*bound, count, start),
        ).fetchall()
        by_name = {known.name: known for known in types}
        return total, [self._read(by_name[name], document) for name, document in rows]

    def _matcher(self, types: list[ResourceType], scim_filter: "ScimFilter[Any]") -> Callable[[Resource[Any]], bool]:
        if not scim_filter.models:
            models = tuple(self._model(known) for known in types)
            scim_filter = cast(Any, ScimFilter)[Union[models]](str(scim_filter))  # noqa: UP007  # built at run time
        return scim_filter.match

    def _model(self, resource_type: ResourceType) -> type[Resource[Any]]:
        return cast("type[Resource[Any]]", self._provider.model_for(resource_type))

    def _read(self, resource_type: ResourceType, document: str) -> Resource[Any]:
        return self._model(resource_type).model_validate_json(document)

    def _stored(
        self, resource_type: ResourceType, resource_id: str | None, expected_version: str | None
    ) -> Resource[Any]:
        stored = self.get(resource_type, resource_id or "")
        if expected_version is not None and cast(Meta, stored.meta).version != expected_version:
            raise PreconditionFailedException
        return stored

    def _version(self) -> str:
        return f'W/"{self._database.next_number()}"'

    def _check_unique(self, resource_type: ResourceType, resource: Resource[Any], user_name: str | None) -> None:
        if user_name is None:
            return
        owner = self._database.connection.execute(
            "SELECT id FROM resource WHERE type = ? AND user_name = ?", (resource_type.name, user_name)
        ).fetchone()
        if owner is not None and owner[0] != resource.id:
            raise UniquenessException(detail=f"A {resource_type.name} with this userName exists already.")

    def _columns(self, resource: Resource[Any]) -> tuple[str | None, ...]:
        """The values of COLUMNS that are looked up, in the form they are compared in."""
        return tuple(_comparable(resource, attribute) for attribute in ("userName", "externalId", "displayName"))

    def _note_members(self, resource: Resource[Any]) -> None:
        if "members" not in type(resource).model_fields:
            return
        connection = self._database.connection
        connection.execute("DELETE FROM member WHERE group_id = ?", (resource.id,))
        connection.executemany(
            "INSERT OR IGNORE INTO member (group_id, member_id) VALUES (?, ?)",
            [(resource.id, member.value) for member in cast(Any, resource).members or [] if member.value],
        )


def _write(resource: Resource[Any]) -> str:
    return resource.model_dump_json()


def _comparable(resource: Resource[Any], attribute: str) -> str | None:
    model = type(resource)
    binding = cast(Any, Path)[model](attribute).resolve()
    if binding is None or binding.model is not model:
        return None
    value = getattr(resource, binding.field_name)
    return default_comparison_key(binding, value) if isinstance(value, str) else None


def _lookup(search_request: SearchRequest[Any], types: list[ResourceType]) -> tuple[str, str] | None:
    """The column and the value that answer the filter by index; ("", "") without a filter, None where none can."""
    scim_filter = search_request.filter
    if scim_filter is None:
        return "", ""
    node = scim_filter.ast
    if len(types) != 1 or scim_filter.model is None or not isinstance(node, Comparison):
        return None
    if node.op != CompareOperator.eq or not isinstance(node.value, str):
        return None
    binding = scim_filter.resolve_comparison(node.attr_path, strict=False)
    if binding is None or binding.model is not scim_filter.model or binding.sub_field_name is not None:
        return None
    # an escape such as "\\ud800" is half a character, which no stored text can equal and SQLite does not take
    if binding.field_name not in COLUMNS or any("\ud800" <= sign <= "\udfff" for sign in node.value):
        return None
    return binding.field_name, default_comparison_key(binding, node.value)


def _sorted(search_request: SearchRequest[Any], resources: list[Resource[Any]]) -> list[Resource[Any]]:
    """By sort value, those without one last; equal ones in the order of creation."""
    keys = [(value is None, "" if value is None else value) for value in map(search_request.sort_value, resources)]
    descending = search_request.sort_order == SearchRequest.SortOrder.descending
    order = sorted(range(len(resources)), key=keys.__getitem__, reverse=descending)
    return [resources[number] for number in order]
