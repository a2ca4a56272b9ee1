"""A person as the SCIM user that Okta would send, by the default mapping of the service's profile."""

import re
from typing import Any

from spoke_admin.domain.forecast import mapped
from spoke_admin.domain.person import Person
from spoke_admin.domain.profile import ServiceProfile

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def scim_user(person: Person, profile: ServiceProfile) -> dict[str, Any]:
    """The whole object: every mapped attribute that has a value, active, externalId."""
    body: dict[str, Any] = {"schemas": [CORE], "active": True, "externalId": person.id}
    for attribute in profile.attribute:
        value = mapped(attribute, person)[1]
        if value.strip():
            place(body, attribute.path, value)
    return body


def place(body: dict[str, Any], path: str, value: str) -> None:
    """Sets the value at `title`, `name.givenName`, `emails[type eq "work"].value`, or below a schema's URN."""
    holder = body
    if path.startswith("urn:"):
        urn, _, path = path.rpartition(":")
        holder = body.setdefault(urn, {})
        if urn not in body["schemas"]:
            body["schemas"].append(urn)
    if filtered := re.fullmatch(r'(\w+)\[type eq "(\w+)"\]\.(\w+)', path):
        _place_of_type(holder.setdefault(filtered[1], []), filtered[2], filtered[3], value)
        return
    *parents, name = path.split(".")
    for parent in parents:
        holder = holder.setdefault(parent, {})
    holder[name] = value


def _place_of_type(values: list[dict[str, Any]], kind: str, name: str, value: str) -> None:
    for item in values:
        if item.get("type") == kind:
            item[name] = value
            return
    values.append({"type": kind, name: value, "primary": True})
