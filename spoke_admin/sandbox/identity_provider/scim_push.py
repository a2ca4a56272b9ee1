"""What Okta sends to a SCIM service, call by call.

The forms are those of Okta's SCIM client: a look-up before each create, GET then PUT of the whole object for an update,
a PATCH without a path to deactivate, never a DELETE of a user; groups are made empty and filled by PATCH.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Caller, Reply
from spoke_admin.domain.person import Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.sandbox.identity_provider.scim_body import scim_user

HEADERS = {
    "user-agent": "Okta SCIM Client 1.0.0",
    "accept": "application/scim+json",
    "content-type": "application/scim+json; charset=utf-8",
}
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PAGE = 100
MOST_PAGES = 1000  # a service that pages for ever ends here


class PushFailed(Exception):  # noqa: N818  # the outcome of a push, not a fault of the program
    """The service did not take it: words for the administrator.

    `wait_s`: it asked to be left alone so long. `gone`: it no longer knows the user or group.
    """

    def __init__(self, message: str, wait_s: int | None = None, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone
        self.message = message
        self.wait_s = wait_s


class ScimPush:
    """Sends to one SCIM base URL with one token, through the caller it is handed."""

    def __init__(self, caller: Caller, base_url: str, token: Secret, profile: ServiceProfile) -> None:
        self._caller = caller
        self._base_url = base_url
        self._token = token
        self._profile = profile

    async def test(self) -> None:
        """Okta's test of credentials. Raises PushFailed."""
        for path, query in (
            ("/Users", {"startIndex": "1", "count": "2"}),
            ("/Groups", {"startIndex": "1", "count": "100"}),
        ):
            page = await self._send("GET", path, query)
            if not isinstance(page, dict) or ("Resources" not in page and "totalResults" not in page):
                raise PushFailed("The address answered, but not as a SCIM service does.")

    async def create(self, person: Person) -> str:
        """Links the user that is there by userName, or creates one; the service's id of it."""
        if there := await self._find(person.login):
            await self.update(there, person)
            return there
        body = scim_user(person, self._profile) | {"groups": [], "password": secrets.token_urlsafe(18)}
        created = await self._send("POST", "/Users", body=body, expected=(201,))
        identifier = created.get("id") if isinstance(created, dict) else None
        if not isinstance(identifier, str) or not identifier:
            raise PushFailed("The service answered the creation without the user it created.")
        return identifier

    async def _find(self, login: str) -> str:
        quoted = login.replace("\\", "\\\\").replace('"', '\\"')
        query = {"filter": f'userName eq "{quoted}"', "startIndex": "1", "count": "100"}
        page = await self._send("GET", "/Users", query)
        for found in _resources(page):
            if str(found.get("userName", "")).casefold() == login.casefold():
                return str(found.get("id") or "")
        return ""

    async def update(self, identifier: str, person: Person) -> None:
        """The whole object: read, overlaid with what is mapped, put back."""
        path = f"/Users/{quote(identifier, safe='')}"
        there = await self._send("GET", path)
        kept = {name: value for name, value in there.items() if name != "meta"} if isinstance(there, dict) else {}
        wanted = scim_user(person, self._profile)
        wanted["schemas"] = sorted({*wanted["schemas"], *(it for it in kept.get("schemas", []) if isinstance(it, str))})
        await self._send("PUT", path, body=kept | wanted)

    async def user(self, identifier: str) -> Any:
        """One user as the service has it."""
        return await self._send("GET", f"/Users/{quote(identifier, safe='')}")

    async def deactivate(self, identifier: str) -> None:
        operation = {"op": "replace", "value": {"active": False}}
        body = {"schemas": [PATCH_OP], "Operations": [operation]}
        await self._send("PATCH", f"/Users/{quote(identifier, safe='')}", body=body)

    async def users(self) -> tuple[list[Mapping[str, Any]], int]:
        """Everyone the service has, in pages of 100, and how many pages it took."""
        found: list[Mapping[str, Any]] = []
        for number in range(MOST_PAGES):
            query = {"startIndex": str(len(found) + 1), "count": str(PAGE)}
            page = await self._send("GET", "/Users", query)
            resources = _resources(page)
            found.extend(resources)
            if not resources or len(found) >= _total(page):
                return found, number + 1
        raise PushFailed(f"The service's list of users does not end: {MOST_PAGES} pages were read.")

    async def create_group(self, name: str) -> str:
        body = {"schemas": [GROUP], "displayName": name, "members": []}
        created = await self._send("POST", "/Groups", body=body, expected=(201,))
        identifier = created.get("id") if isinstance(created, dict) else None
        if not isinstance(identifier, str) or not identifier:
            raise PushFailed("The service answered the creation without the group it created.")
        return identifier

    async def rename_group(self, identifier: str, name: str) -> None:
        await self._patch_group(identifier, [{"op": "replace", "value": {"id": identifier, "displayName": name}}])

    async def change_members(self, identifier: str, added: Sequence[str], removed: Sequence[str]) -> None:
        """Members by the service's ids; removals and additions in one PATCH."""
        operations: list[dict[str, Any]] = [
            {"op": "remove", "path": f'members[value eq "{member}"]'} for member in removed
        ]
        if added:
            operations.append({"op": "add", "path": "members", "value": [{"value": member} for member in added]})
        if operations:
            await self._patch_group(identifier, operations)

    async def delete_group(self, identifier: str) -> None:
        await self._send("DELETE", f"/Groups/{quote(identifier, safe='')}")

    async def _patch_group(self, identifier: str, operations: list[dict[str, Any]]) -> None:
        body = {"schemas": [PATCH_OP], "Operations": operations}
        await self._send("PATCH", f"/Groups/{quote(identifier, safe='')}", body=body)

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        expected: tuple[int, ...] = (200, 201, 204),
    ) -> Any:
        authorization = f"Bearer {self._token.reveal()}"
        call = Call(method, self._base_url + path, query or {}, body, HEADERS, authorization)
        try:
            reply = await self._caller(call)
            if reply.status in expected:
                return reply.document() if reply.body else {}
        except AdminError as fault:
            raise PushFailed(f"{fault.title} {fault.remedy}".strip()) from None
        raise _refused(reply, method, path)


def _refused(reply: Reply, method: str, path: str) -> PushFailed:
    try:
        document = reply.document()
        said = str(document.get("detail") or "") if isinstance(document, dict) else ""
    except AdminError:
        said = ""
    words = {
        401: "The service refuses the API token.",
        404: "The service knows no such user or group." if path.count("/") > 1 else "There is no SCIM service there.",
        409: "The service has a user with this name already.",
        429: "The service asks to wait.",
    }.get(reply.status, f"The service answered {method} {path.split('/')[1]} with HTTP {reply.status}.")
    wait = reply.headers.get("retry-after", "")
    seconds = (int(wait) if wait.isdigit() else 300) if reply.status == 429 else None
    return PushFailed(f"{words} {said}".strip()[:500], seconds, gone=reply.status == 404 and path.count("/") > 1)


def _resources(page: Any) -> list[Mapping[str, Any]]:
    found = page.get("Resources") if isinstance(page, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _total(page: Any) -> int:
    total = page.get("totalResults") if isinstance(page, dict) else None
    return total if isinstance(total, int) else 0
