"""A thin, tolerant SCIM client: opens servers that strict ones refuse, and says what is wrong with the rest."""

import re
from collections.abc import Mapping
from typing import Any

from spoke_admin.adapters.http import reason_of
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Caller, Reply
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import ScimCounts

JSON = {"accept": "application/scim+json, application/json"}


class ScimClient:
    """Reads users and groups below a SCIM base URL, with the token given at each call."""

    def __init__(self, base_url: str, caller: Caller) -> None:
        self.base_url = base_url
        self._caller = caller

    async def counts(self, token: Secret) -> ScimCounts:
        """How many users and groups there are. Raises AdminError: wrong token, wrong address, no SCIM."""
        return ScimCounts(users=await self._total("Users", token), groups=await self._total("Groups", token))

    async def find_user(self, user_name: str, profile: ServiceProfile, token: Secret) -> Mapping[str, str] | None:
        """The user of this userName as attribute paths of the profile -> text, without what is not set."""
        quoted = user_name.replace("\\", "\\\\").replace('"', '\\"')
        page = await self._page("Users", token, {"filter": f'{profile.user.identifier} eq "{quoted}"', "count": "2"})
        for found in _resources(page):
            if str(found.get("userName", "")).casefold() == user_name.casefold():
                return attributes(found, profile)
        return None

    async def _total(self, endpoint: str, token: Secret) -> int:
        page = await self._page(endpoint, token, {"startIndex": "1", "count": "1"})
        total = page.get("totalResults")
        try:
            return int(total) if isinstance(total, int | str) else len(_resources(page))
        except ValueError:
            return len(_resources(page))

    async def _page(self, endpoint: str, token: Secret, query: Mapping[str, str]) -> Mapping[str, Any]:
        url = f"{self.base_url}/{endpoint}"
        bearer = f"Bearer {token.reveal()}"
        reply = await self._caller(Call("GET", url, query=query, headers=JSON, authorization=bearer))
        if not reply.ok:
            raise _refused(reply, self.base_url)
        document = reply.document()
        if not isinstance(document, dict) or not ({"Resources", "totalResults", "schemas"} & document.keys()):
            raise AdminError(
                f"{self.base_url} is not a SCIM service: it answered JSON of another kind.",
                "Check the base URL; it often ends in /scim/v2.",
            )
        return document


def _resources(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = page.get("Resources")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _refused(reply: Reply, base_url: str) -> AdminError:
    said = reason_of(reply).get("detail")
    detail = f"HTTP {reply.status}: {said}" if isinstance(said, str) else f"HTTP {reply.status}"
    if reply.status == 401:
        remedy = "Copy the API token again from the service's settings, or regenerate it there."
        return AdminError(f"{base_url} refuses the API token.", remedy, detail)
    if reply.status == 403:
        return AdminError(f"{base_url} forbids this.", "Check that SCIM is enabled and what the token may do.", detail)
    if reply.status in (404, 405, 410):
        return AdminError(
            f"There is no SCIM service at {base_url}.", "Check the base URL; it often ends in /scim/v2.", detail
        )
    if reply.status == 429:
        return AdminError(f"{base_url} asks to wait.", "Try again in a few minutes.", detail)
    return AdminError(f"{base_url} answered with HTTP {reply.status}.", "Try again; see the detail.", detail)


def attributes(resource: Mapping[str, Any], profile: ServiceProfile) -> dict[str, str]:
    """What a SCIM resource holds at the paths of a profile; never raises on foreign JSON."""
    found = {attribute.path: value_at(resource, attribute.path) for attribute in profile.attribute}
    return {path: text for path, text in found.items() if text}


def value_at(resource: Mapping[str, Any], path: str) -> str:
    """The text at a path: `title`, `name.givenName`, `emails[type eq "work"].value`, or below a schema's URN.

    "" when there is none. A manager that is a plain string is taken as its value (Entra sends it so).
    """
    holder: Any = resource
    if path.startswith("urn:"):
        urn, _, path = path.rpartition(":")
        holder = _get(resource, urn)
    if filtered := re.fullmatch(r'(\w+)\[type eq "(\w+)"\]\.(\w+)', path):
        return _text(_of_type(_get(holder, filtered[1]), filtered[2], filtered[3]))
    for name in path.split("."):
        if isinstance(holder, str) and name == "value":
            return holder
        holder = _get(holder, name)
    return _text(holder)


def _of_type(values: Any, kind: str, name: str) -> Any:
    items = [item for item in values if isinstance(item, dict)] if isinstance(values, list) else []
    return next((_get(item, name) for item in items if str(_get(item, "type")).lower() == kind.lower()), None)


def _get(holder: Any, name: str) -> Any:
    """SCIM attribute names do not mind case (RFC 7643, section 2.1)."""
    if not isinstance(holder, dict):
        return None
    if name in holder:
        return holder[name]
    return next((value for key, value in holder.items() if str(key).lower() == name.lower()), None)


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""
