"""Resources by id, or by what they are called: also where a service filters otherwise than it was asked."""

from collections.abc import Mapping
from typing import Any

from spoke_admin.adapters.scim_answers import listing, resource
from spoke_admin.adapters.scim_calls import GROUP_BYTES, MOST_BYTES, ScimCalls
from spoke_admin.adapters.scim_listing import PAGE_BYTES, SHORT_PAGE
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.scim_json import resources, text, value_at
from spoke_admin.domain.secret import Secret

CASE_EXACT = {"id", "externalid"}  # RFC 7643, section 3.1


async def read(calls: ScimCalls, kind: str, identifier: str, token: Secret) -> Mapping[str, Any] | None:
    """The resource of this id; None: the service knows none. Raises AdminError."""
    most = MOST_BYTES if kind == "Users" else GROUP_BYTES
    reply = await calls.read(kind, token, identifier, most_bytes=most)
    return None if reply.status in (404, 410) else resource(reply, calls.base_url, identifier)


async def find(calls: ScimCalls, kind: str, attribute: str, value: str, token: Secret) -> tuple[Mapping[str, Any], ...]:
    """The resources whose attribute has this value, as Okta asks for them: `attribute eq "value"`.

    Raises AdminError when the service answers with others only: then it cannot be told whether one is there.
    """
    wanted = text(value)
    quoted = wanted.replace("\\", "\\\\").replace('"', '\\"')
    query = {"filter": f'{attribute} eq "{quoted}"', "startIndex": "1", "count": str(SHORT_PAGE)}
    reply = await calls.read(kind, token, query=query, most_bytes=PAGE_BYTES)
    found = resources(listing(reply, calls.base_url))
    exact = attribute.lower() in CASE_EXACT
    matching = tuple(it for it in found if _equal(value_at(it, attribute), wanted, exact=exact))
    if found and not matching and not any(_equal(value_at(it, attribute), wanted, exact=False) for it in found):
        what = {"Users": "users", "Groups": "groups"}.get(kind, "resources")
        whom = "A person" if kind == "Users" else "One"
        raise AdminError(
            f"{calls.base_url} ignores the filter by {attribute}: it answered with other {what}.",
            f"{whom} cannot be looked up there. Ask the service's support for filters by {attribute}.",
        )
    return matching


def _equal(one: str, other: str, *, exact: bool) -> bool:
    return one == other if exact else one.casefold() == other.casefold()
