"""What Microsoft Entra sends and RFC 7644 does not know, rewritten into what it means.

Entra writes a manager as a plain string, and names values by filtered paths as the keys of an operation without a
path. What else it does (capital operations, "False", values that do not exist yet, members removed by value) is a
setting of scim2-models. Source: Microsoft, "Known issues and resolutions with SCIM 2.0 protocol compliance".
"""

import json
from typing import Any

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager".lower()


def understood(body: bytes) -> bytes:
    """The body with Entra's own forms rewritten; anything else, JSON or not, is returned as it came."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(document, dict):
        return body
    rewritten = _rewritten(document)
    # most bodies hold nothing of Entra's: those go on untouched, byte by byte
    return body if rewritten == document else json.dumps(rewritten).encode()


def _rewritten(document: dict[str, Any]) -> dict[str, Any]:
    rewritten = _manager_objects(document)
    name = next((key for key in rewritten if key.lower() == "operations"), "")
    if isinstance(operations := rewritten.get(name), list):
        rewritten[name] = [part for operation in operations for part in _operations(operation)]
    return rewritten


def _manager_objects(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with every manager that is a plain string as the object that RFC 7643 wants."""
    rewritten: dict[str, Any] = {}
    for key, value in document.items():
        if key.lower() == MANAGER:
            rewritten[key] = _manager(value)
        elif key.lower() == ENTERPRISE.lower() and isinstance(value, dict):
            rewritten[key] = {
                name: _manager(item) if name.lower() == "manager" else item for name, item in value.items()
            }
        else:
            rewritten[key] = value
    return rewritten


def _manager(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) and value else value


def _operations(operation: Any) -> list[Any]:
    """One operation as those it stands for; one of a Bulk request carries a body of its own."""
    if not isinstance(operation, dict):
        return [operation]
    if "method" in operation and isinstance(data := operation.get("data"), dict):
        return [operation | {"data": _rewritten(data)}]
    path, value = operation.get("path"), operation.get("value")
    if isinstance(path, str) and path.lower() == MANAGER:
        return [{**operation, "value": _manager(value)}] if "value" in operation else [operation]
    if path or not isinstance(value, dict):
        return [operation]
    value = _manager_objects(value)
    filtered = {key: item for key, item in value.items() if "[" in key}
    rest = {key: item for key, item in value.items() if "[" not in key}
    named = [{**operation, "path": key, "value": item} for key, item in filtered.items()]
    return [{**operation, "value": rest}, *named] if rest or not named else named
