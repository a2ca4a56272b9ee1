"""Foreign SCIM JSON, read with tolerance and written at a profile's paths. Nothing in here raises."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

FILTERED = re.compile(r'(\w+)\[type eq "(\w+)"\]\.(\w+)')
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def member(holder: Any, name: str) -> Any:
    """The value of this name. SCIM attribute names do not mind case (RFC 7643, section 2.1)."""
    if not isinstance(holder, dict):
        return None
    if name in holder:
        return holder[name]
    return next((value for key, value in holder.items() if str(key).lower() == name.lower()), None)


def text(value: Any) -> str:
    """A text, number or truth value as text; "" for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int | float) else ""


def texts(value: Any) -> list[str]:
    """The texts of a list; [] for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def whole_number(value: Any) -> int | None:
    """A JSON number that is whole; None for everything else, also for "3"."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def resources(page: Any) -> list[Mapping[str, Any]]:
    """The resources of a list, without what is none."""
    found = member(page, "Resources")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def ids(page: Any) -> list[str]:
    return [text(member(resource, "id")) for resource in resources(page)]


def members(group: Any) -> set[str]:
    """The ids of a group's members."""
    found = member(group, "members")
    values = [text(member(item, "value")) for item in found] if isinstance(found, list) else []
    return {value for value in values if value}


def value_at(resource: Any, path: str) -> str:
    """The text at a profile's path: `title`, `name.givenName`, `emails[type eq "work"].value`, or below a URN."""
    holder = resource
    if path.startswith("urn:"):
        urn, _, path = path.rpartition(":")
        holder = member(resource, urn)
    if filtered := FILTERED.fullmatch(path):
        return text(_of_type(member(holder, filtered[1]), filtered[2], filtered[3]))
    for name in path.split("."):
        if isinstance(holder, str) and name == "value":
            return text(holder)
        holder = member(holder, name)
    return text(holder)


def _of_type(values: Any, kind: str, name: str) -> Any:
    items = [item for item in values if isinstance(item, dict)] if isinstance(values, list) else []
    return next((member(item, name) for item in items if text(member(item, "type")).lower() == kind.lower()), None)


def put_at(resource: dict[str, Any], path: str, value: Any) -> None:
    """Writes a value at a profile's path, making what is missing on the way. For JSON of our own making."""
    holder = resource
    if path.startswith("urn:"):
        urn, _, path = path.rpartition(":")
        holder = resource.setdefault(urn, {})
    if filtered := FILTERED.fullmatch(path):
        items = holder.setdefault(filtered[1], [])
        item = next((it for it in items if it.get("type") == filtered[2]), None)
        if item is None:
            item = {"type": filtered[2], "primary": not items}
            items.append(item)
        item[filtered[3]] = value
        return
    *way, last = path.split(".")
    for name in way:
        holder = holder.setdefault(name, {})
    holder[last] = value


def leaves(value: Any, deepest: int = 12) -> Iterator[str]:
    """Every text and number in a document."""
    if isinstance(value, dict | list) and deepest:
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item, deepest - 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
