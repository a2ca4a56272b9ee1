"""What the doctor reads out of foreign SCIM JSON beyond `domain.scim_json`, and writes into its own.

Nothing in here raises.
"""

from collections.abc import Iterator
from typing import Any

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import FILTERED, get, resources, text

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
HIGHEST = 10**15  # of a count that is believed: Python refuses to write out numbers of very many digits


def document(reply: Reply) -> Any:
    """The JSON of an answer, None when it is none."""
    try:
        return reply.document()
    except AdminError:
        return None


def texts(value: Any) -> list[str]:
    """The texts of a list; [] for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def json_count(value: Any) -> int | None:
    """A whole JSON number from 0 on; None for everything else, also for "3" and 3.0."""
    return value if type(value) is int and 0 <= value <= HIGHEST else None


def identifier_of(resource: Any) -> str:
    """The id of a resource, "" when it has none."""
    return text(get(resource, "id"))


def ids(page: Any) -> list[str]:
    return [identifier_of(resource) for resource in resources(page)]


def members(group: Any) -> set[str]:
    """The ids of a group's members."""
    found = get(group, "members")
    values = [text(get(item, "value")) for item in found] if isinstance(found, list) else []
    return {value for value in values if value}


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
