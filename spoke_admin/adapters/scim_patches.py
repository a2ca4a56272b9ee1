"""The body of a PATCH: as RFC 7644 writes it, with a path for each change, or as Okta does, without one.

Source of Okta's form: its SCIM guide; `{"op": "replace", "value": {"active": false}}`, and for groups
`remove members[value eq "id"]` and `add members` in one request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from spoke_admin.adapters.scim_forms import absent
from spoke_admin.adapters.scim_paths import AttributePath, parse_path, selected
from spoke_admin.domain.error import AdminError

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class PatchForm(StrEnum):
    """OKTA: one replacement without a path; what stands below a selector, and removals, keep theirs."""

    RFC = "rfc"
    OKTA = "okta"


@dataclass(frozen=True, slots=True)
class Change:
    """A value at a path; None, "" or an empty list clears it."""

    path: str
    value: Any = None


def patch_body(operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [dict(operation) for operation in operations]}


def operations(
    changes: Sequence[Change], form: PatchForm = PatchForm.RFC, before: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The operations of some changes. Raises AdminError for none, or for a path that is none.

    `before`: the resource as it is. A value below a selector that selects nothing yet is then added as a whole: to
    replace it, RFC 7644 has the service answer noTarget (section 3.5.2.3).
    """
    if not changes:
        raise AdminError("There is nothing to change.", "Choose at least one value.")
    parsed = [(parse_path(change.path), change) for change in changes]
    bare: dict[str, Any] = {}
    missing: dict[tuple[str, str, str], dict[str, Any]] = {}
    result: list[dict[str, Any]] = []
    for path, change in parsed:
        if absent(change.value):
            result.append({"op": "remove", "path": change.path})
        elif path.selector is not None and path.sub and before is not None and not path.items(before):
            name, wanted = path.selector
            missing.setdefault((path.attribute, name, wanted), {name: wanted})[path.sub] = change.value
        elif form is PatchForm.OKTA and path.selector is None:
            _put(bare, path, change.value)
        else:
            result.append({"op": "replace", "path": change.path, "value": change.value})
    if bare:
        result.insert(0, {"op": "replace", "value": bare})
    return [*result, *({"op": "add", "path": key[0], "value": [item]} for key, item in missing.items())]


def _put(document: dict[str, Any], path: AttributePath, value: Any) -> None:
    """The value in its place in a nested document; two parts of one attribute meet there."""
    holder = document.setdefault(path.urn, {}) if path.urn else document
    if path.sub:
        inside = holder.setdefault(path.name, {})
        if isinstance(inside, dict):
            inside[path.sub] = value
            return
    holder[path.name] = value


def member_changes(add: Iterable[str], remove: Iterable[str]) -> list[Change]:
    """What a group's members are to be after a change: for each id there, or not there."""
    there = [Change(selected("members", "value", it), it) for it in add]
    return [*there, *(Change(selected("members", "value", it)) for it in remove)]


def member_operations(add: Sequence[str], remove: Sequence[str]) -> list[dict[str, Any]]:
    """Removals one by one, as a path: a service that overlooks a removal's value would empty the group."""
    gone = [{"op": "remove", "path": selected("members", "value", it)} for it in remove]
    return [*gone, *([{"op": "add", "path": "members", "value": [{"value": it} for it in add]}] if add else [])]


def rename_operations(group_id: str, name: str, form: PatchForm) -> list[dict[str, Any]]:
    """Okta renames a group by a replacement that repeats the id."""
    if form is PatchForm.OKTA:
        return [{"op": "replace", "value": {"id": group_id, "displayName": name}}]
    return [{"op": "replace", "path": "displayName", "value": name}]
