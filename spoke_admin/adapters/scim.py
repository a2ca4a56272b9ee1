"""A thin, tolerant SCIM client: opens servers that strict ones refuse, and says what is wrong with the rest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spoke_admin.adapters.http import reason_of
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import MOST_JSON_BYTES, Call, Caller, Reply
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import ScimCounts, ServiceUser, ServiceUsers, TellUsers

JSON = {"accept": "application/scim+json, application/json"}
MOST_BYTES = 1024 * 1024  # one user or one number: a larger answer ignores what was asked for
SHORT_PAGE = 100
PAGE_BYTES = MOST_JSON_BYTES  # 40 KiB for each of 100 users, where a service sends them whole
MOST_PAGES = 10_000
MOST_USERS = 1_000_000
LONGEST_NAME = 500  # characters of a user name or an id: beyond, nobody's roster could hold it
NEEDED = {"attributes": "userName,externalId,active"}  # what makes pages small where a service honours it


class ScimClient:
    """Reads users and groups below a SCIM base URL, with the token given at each call."""

    def __init__(self, base_url: str, caller: Caller) -> None:
        self.base_url = base_url
        self._caller = caller

    async def reach(self) -> None:
        """One call without a token: whether a server answers there that may speak SCIM. Raises AdminError when not."""
        reply = await self._caller(Call("GET", f"{self.base_url}/ServiceProviderConfig", headers=JSON))
        if reply.media_type in ("text/html", "application/xhtml+xml"):
            raise _no_scim(self.base_url, "it answered a web page", f"HTTP {reply.status}")

    async def counts(self, token: Secret) -> ScimCounts:
        """How many users and groups there are. Raises AdminError: wrong token, wrong address, no SCIM."""
        return ScimCounts(users=await self._total("Users", token), groups=await self._total("Groups", token))

    async def find_user(self, user_name: str, profile: ServiceProfile, token: Secret) -> Mapping[str, str] | None:
        """The user of this identifier as attribute paths of the profile -> text, without what is not set.

        Raises AdminError when the service answers with others only: then it cannot be told whether the user is there.
        """
        identifier = profile.user.identifier
        quoted = user_name.replace("\\", "\\\\").replace('"', '\\"')
        page = await self._page(
            "Users", token, {"filter": f'{identifier} eq "{quoted}"', "startIndex": "1", "count": "2"}
        )
        found = _resources(page)
        for user in found:
            if value_at(user, identifier).casefold() == user_name.casefold():
                return attributes(user, profile)
        if found:
            raise AdminError(
                f"{self.base_url} ignores the filter by {identifier}: it answered with other users.",
                f"A person cannot be looked up there. Ask the service's support for filters by {identifier}.",
            )
        return None

    async def users(self, token: Secret, progress: TellUsers | None = None) -> ServiceUsers:
        """Everyone the service shows. Raises AdminError like `counts`, also when a later page is refused.

        Ends with the page that brings nobody new, not with `totalResults`: some services put the length of the page
        there, some begin again with the first page for ever.
        """
        gathered = _Gathered()
        only: Mapping[str, str] = NEEDED
        for _ in range(MOST_PAGES):
            query = {"startIndex": str(gathered.came + 1), "count": str(SHORT_PAGE), **only}
            reply = await self._reply("Users", token, query, PAGE_BYTES)
            if only and not gathered.came and reply.status in (400, 500, 501):
                only = {}  # it may be the choice of attributes that is refused
                continue
            if gathered.may_be_all and reply.status in (400, 404, 416):
                break  # beyond its last user a service may refuse instead of showing an empty page
            page = self._listing(reply)
            if only and not gathered.came and _none_named(page):
                only = {}  # the choice of attributes was taken to leave out what was asked for
                continue
            anyone_new = gathered.take(page)
            if progress is not None:
                progress(*gathered.progress)
            if not anyone_new or len(gathered.seen) >= MOST_USERS:
                break
        return gathered.result()

    async def _total(self, endpoint: str, token: Secret) -> int:
        """`totalResults`; where a service leaves it out, what a page of 100 holds."""
        page = await self._page(endpoint, token, {"startIndex": "1", "count": "1"})
        if (total := _whole_number(_get(page, "totalResults"))) is not None:
            return total
        page = await self._page(endpoint, token, {"startIndex": "1", "count": str(SHORT_PAGE)})
        return len(_resources(page))

    async def _page(self, endpoint: str, token: Secret, query: Mapping[str, str]) -> Mapping[str, Any]:
        return self._listing(await self._reply(endpoint, token, query, MOST_BYTES))

    async def _reply(self, endpoint: str, token: Secret, query: Mapping[str, str], most_bytes: int) -> Reply:
        url = f"{self.base_url}/{endpoint}"
        bearer = f"Bearer {token.reveal()}"
        return await self._caller(
            Call("GET", url, query=query, headers=JSON, authorization=bearer, most_bytes=most_bytes)
        )

    def _listing(self, reply: Reply) -> Mapping[str, Any]:
        """The list an answer holds. Raises AdminError when it is a refusal or something else."""
        if not reply.ok:
            raise _refused(reply, self.base_url)
        try:
            document = reply.document()
        except AdminError as fault:
            if "json" in reply.media_type:
                raise
            came = reply.quote(reply.media_type) or "something without a type"
            raise _no_scim(self.base_url, f"it answered {came}", fault.detail) from None
        if not isinstance(document, dict) or not _is_list_response(document):
            raise _no_scim(self.base_url, "it answered JSON of another kind", f"HTTP {reply.status}")
        return document


@dataclass(slots=True)
class _Gathered:
    """What the pages held so far.

    `came` counts entries as they were sent, repeated ones too: the next page begins after them. `seen` has the ids,
    `promised` the largest total that was named: a list that shrinks while it is read moves users to pages already read.
    """

    users: list[ServiceUser] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    came: int = 0
    promised: int | None = None
    unreadable: int = 0
    ended: bool = False

    @property
    def may_be_all(self) -> bool:
        """Whether some came, and no more were promised."""
        return self.came > 0 and (self.promised or 0) <= self.came

    @property
    def progress(self) -> tuple[int, int]:
        """Users read, users in all; 0 where that is unknown or was untrue."""
        number, promised = len(self.seen), min(self.promised or 0, MOST_USERS)
        return number, promised if promised >= number else 0

    def take(self, page: Mapping[str, Any]) -> bool:
        """Takes a page in; whether it held anyone new."""
        total = _whole_number(_get(page, "totalResults"))
        if total is not None:
            self.promised = max(total, self.promised or 0)
        before = len(self.seen)
        entries = _get(page, "Resources") or []
        for entry in entries:
            self._take_user(entry)
        self.came += len(entries)
        self.ended = not entries
        return len(self.seen) > before

    def _take_user(self, entry: object) -> None:
        name, identifier = _text(_get(entry, "userName")), _text(_get(entry, "id"))
        # a service that leaves ids out still names its users
        key = (identifier or f"\0{name}")[: LONGEST_NAME + 2]
        if key in self.seen:
            return
        readable = bool(name.strip()) and max(len(name), len(identifier)) <= LONGEST_NAME
        if identifier or readable:
            self.seen.add(key)
        if not readable:
            self.unreadable += 1
            return
        # Entra's form of it is a text; a service without inactive users leaves it out
        active = _text(_get(entry, "active")).strip().lower() not in ("false", "0")
        external = _text(_get(entry, "externalId")).strip()[:LONGEST_NAME]
        self.users.append(ServiceUser(identifier, name, external, active))

    def result(self) -> ServiceUsers:
        number = len(self.seen)
        all_came = number == self.promised or (self.ended and number >= (self.promised or 0))
        return ServiceUsers(tuple(self.users), all_came and not self.unreadable, self.promised, self.unreadable)


def _none_named(page: Mapping[str, Any]) -> bool:
    """Whether there are users and none has a user name."""
    users = _resources(page)
    return bool(users) and not any(_get(user, "userName") for user in users)


def _is_list_response(document: Mapping[str, Any]) -> bool:
    """Servers leave out this or that: one of the three is enough, of a kind that can be read."""
    resources = _get(document, "Resources")
    if resources is not None and not isinstance(resources, list):
        return False
    return any(_get(document, name) is not None for name in ("Resources", "totalResults", "schemas"))


def _whole_number(value: object) -> int | None:
    """A count, also as text or as 3.0."""
    try:
        number = int(float(value)) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1
    except (ValueError, OverflowError):
        return None
    return number if number >= 0 else None


def _resources(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = _get(page, "Resources")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _no_scim(base_url: str, reason: str, detail: str) -> AdminError:
    return AdminError(f"{base_url} is not a SCIM service: {reason}.", _address_hint(base_url), detail)


def _address_hint(base_url: str) -> str:
    if "/scim" in base_url.lower():
        return "Compare the base URL with the one on the service's settings page."
    return f"Check the base URL: it often ends in /scim/v2, here {base_url}/scim/v2."


def _refused(reply: Reply, base_url: str) -> AdminError:
    said = reason_of(reply).get("detail")
    detail = f"HTTP {reply.status}: {reply.quote(said)}" if isinstance(said, str) else f"HTTP {reply.status}"
    if reply.status == 401:
        remedy = "Copy the API token again from the service's settings, or regenerate it there."
        return AdminError(f"{base_url} refuses the API token.", remedy, detail)
    if reply.status == 403:
        remedy = f"Check that SCIM is enabled and what the token may do. {_address_hint(base_url)}"
        return AdminError(f"{base_url} forbids this.", remedy, detail)
    if reply.status in (404, 405, 410):
        return AdminError(f"There is no SCIM service at {base_url}.", _address_hint(base_url), detail)
    if reply.status == 429:
        return AdminError(f"{base_url} asks to wait: there were too many calls.", "Try again in a few minutes.", detail)
    if reply.status >= 500:
        return AdminError(f"{base_url} is out of order.", "Try again later; if it stays so, tell its support.", detail)
    return AdminError(f"{base_url} refuses the call.", "Check the base URL and what the token may do.", detail)


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
            return _text(holder)
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
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # JSON can hold half a character, which no file takes
    return str(value) if isinstance(value, int | float) else ""
