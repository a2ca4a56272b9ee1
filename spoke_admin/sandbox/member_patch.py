"""A PATCH of a group taken apart: its changes of members, for the rows of members, and the rest, for the models.

The models have read the PATCH already: its paths are sound, and what no group can take is refused. Source: RFC 7644,
section 3.5.2, and what Entra makes of it: members are removed by a list of values, which removes those and no others.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError
from scim2_models import (
    BaseModel,
    InvalidPathException,
    InvalidValueException,
    PatchOp,
    PatchOperation,
    Path,
    Resource,
)

from spoke_admin.sandbox.attributes import comparable
from spoke_admin.sandbox.documents import MARKS_AT_ONCE, marks
from spoke_admin.sandbox.membership import NAMES, Added, Change, Entry, Removed, Replaced

Select = Callable[[str], Removed]
"""What a selection, `members[...]`, means for the rows of members."""


class NotTakenApart(Exception):  # noqa: N818  # a way that is not open, not a fault
    """The PATCH does to members what only the models know how to do."""


def taken_apart(
    patch_op: "PatchOp[Any]", model: type[Resource[Any]], select: Select
) -> tuple["PatchOp[Any]", list[Change]]:
    """The PATCH without its changes of members, and those, in order. Raises NotTakenApart and SCIMException."""
    reader = _Reader(model, select)
    left = [rest for operation in patch_op.operations or [] for rest in reader.rest_of(operation)]
    return patch_op.model_copy(update={"operations": left}), reader.changes


class _Reader:
    """Goes through the operations of one PATCH and gathers its changes of members."""

    def __init__(self, model: type[Resource[Any]], select: Select) -> None:
        self.changes: list[Change] = []
        self._model = model
        self._select = select

    def rest_of(self, operation: "PatchOperation[Any]") -> list["PatchOperation[Any]"]:
        """What the operation does beside changing members: it whole, a part of it, or nothing."""
        path = self._path(operation.path or "")
        if path is not None and path.model is self._model and operation.op != PatchOperation.Op.remove:
            rest = self._rest_of_value(operation.op, operation.value)
            return [operation.model_copy(update={"value": rest})] if rest or not operation.value else []
        if not self._means_members(path):
            return [operation]
        if operation.op == PatchOperation.Op.remove:
            self.changes += self._removals(cast("Path[Any]", path), operation.value)
        else:
            self._write(operation.op, cast("Path[Any]", path), operation.value)
        return []

    def _rest_of_value(self, op: PatchOperation.Op, value: Any) -> Any:
        """A value for the group itself without what it says of members."""
        if not isinstance(value, dict):
            return value
        rest = {}
        for key, item in value.items():
            path = self._path(key)
            if path is not None and path.model is self._model:
                if inner := self._rest_of_value(op, item):
                    rest[key] = inner
            elif self._means_members(path):
                self._write(op, cast("Path[Any]", path), item)
            else:
                rest[key] = item
        return rest if rest.keys() - {"schemas"} else {}

    def _path(self, text: str) -> "Path[Any] | None":
        try:
            return cast("Path[Any]", cast(Any, Path)[self._model](text))
        except InvalidPathException:
            return None

    @staticmethod
    def _means_members(path: "Path[Any] | None") -> bool:
        """Whether the path is that of members, all or some. Raises NotTakenApart when it leads into them."""
        binding = path.resolve() if path is not None and path.model is None else None
        if binding is None or binding.field_name != "members":
            return False
        if binding.sub_field_name is not None:
            raise NotTakenApart
        return True

    def _write(self, op: PatchOperation.Op, path: "Path[Any]", value: Any) -> None:
        if path.value_filter is not None:
            raise NotTakenApart
        items = [] if value is None else value if isinstance(value, list) else [value]
        entries = members_of(items, self._model)
        self.changes.append(Added(entries) if op == PatchOperation.Op.add else Replaced(entries))

    def _removals(self, path: "Path[Any]", value: Any) -> Iterator[Change]:
        if value is None:
            chosen = path.value_filter
            yield Replaced(()) if chosen is None else self._select(f"members[{chosen}]")
            return
        named = [_named(item) for item in (value if isinstance(value, list) else [value])]
        ids = [comparable(names["value"], exact=True) for names in named if names.keys() == {"value"}]
        for first in range(0, len(ids), MARKS_AT_ONCE):
            some = ids[first : first + MARKS_AT_ONCE]
            yield Removed(f"m.member_id IN ({marks(some)})", tuple(some))
        for names in named:
            if names.keys() != {"value"}:
                text = " and ".join(f"{name} eq {json.dumps(item)}" for name, item in names.items())
                yield self._select(f"members[{text}]")


def members_of(items: Sequence[Any], model: type[Resource[Any]]) -> list[Entry]:
    """Members as they are kept. Raises InvalidValueException for what is none."""
    kind = cast("type[BaseModel]", model.get_field_root_type("members"))
    return [entry for entry in (_entry(item, kind) for item in items) if entry]


def _entry(item: Any, kind: type[BaseModel]) -> Entry:
    # nearly all of them are like this; asking the model about each would take a hundred times as long
    if isinstance(item, dict) and item.keys() == {"value"} and isinstance(item["value"], str):
        return item if item["value"] else {}
    try:
        member = kind.model_validate(item)
    except ValidationError as fault:
        raise InvalidValueException(detail=str(fault)) from fault
    return entry_of(member)


def entry_of(member: BaseModel) -> Entry:
    """The model of a member as it is kept; empty when it names nobody."""
    return {name: part for name, part in json.loads(member.model_dump_json()).items() if part}


def _named(item: Mapping[str, Any]) -> dict[str, str]:
    """By what a member to be removed is named. Entra adds `"$ref": null`, which says nothing about the member."""
    known = {name.lower(): name for name in NAMES}
    named = {known.get(name.lower(), ""): part for name, part in item.items() if part is not None}
    if not named or not all(name and isinstance(part, str) for name, part in named.items()):
        raise NotTakenApart
    return named
