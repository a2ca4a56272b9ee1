"""A thin, tolerant SCIM client: opens servers that strict ones refuse, and says what is wrong with the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spoke_admin.adapters.scim_answers import WEB_PAGES, attributes, no_scim
from spoke_admin.adapters.scim_calls import ScimCalls
from spoke_admin.adapters.scim_listing import Listed, ListQuery, read_list, read_total, text_bytes
from spoke_admin.adapters.scim_lookup import find, read
from spoke_admin.adapters.scim_pacing import Pacing
from spoke_admin.adapters.scim_paths import as_list, part
from spoke_admin.adapters.scim_writes import ScimWrites
from spoke_admin.domain.exchange import Caller
from spoke_admin.domain.person import Group
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.scim_json import column, get, text, value_at
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import ScimCounts, ServiceUser, ServiceUsers, TellUsers

__all__ = ["ScimClient", "ServiceGroups", "attributes", "value_at"]

# the choice of attributes is what makes pages small where a service honours it
USERS = ListQuery("Users", "userName", "userName,externalId,active")
GROUPS = ListQuery("Groups", "displayName", "displayName")
GROUPS_WITH_MEMBERS = ListQuery("Groups", "displayName", "displayName,members", page=10)
LONGEST_EXTERNAL_ID = 500
POINTER_BYTES = 8
USER_BYTES, GROUP_BYTES = 80, 120  # of memory, without their texts; a place in a list included


@dataclass(frozen=True, slots=True)
class ServiceGroups:
    """The groups of a service, each once, in its order. `complete` as with `ServiceUsers`."""

    groups: tuple[Group, ...]
    complete: bool
    promised: int | None = None
    unreadable: int = 0


class ScimClient:
    """Reads and writes users and groups below a SCIM base URL, with the token given at each call.

    All calls share one pacing: eight at a time, one pause for all. Belongs to one event loop. Writes are in `writes`.
    """

    def __init__(self, base_url: str, caller: Caller, *, pacing: Pacing | None = None) -> None:
        self.base_url = base_url
        self._calls = ScimCalls(base_url, caller, pacing or Pacing())
        self.writes = ScimWrites(self._calls)

    async def reach(self) -> None:
        """One call without a token: whether a server answers there that may speak SCIM. Raises AdminError when not."""
        reply = await self._calls.read("ServiceProviderConfig", None)
        if reply.media_type in WEB_PAGES:
            raise no_scim(self.base_url, "it answered a web page", f"HTTP {reply.status}")

    async def counts(self, token: Secret) -> ScimCounts:
        """How many users and groups there are. Raises AdminError: wrong token, wrong address, no SCIM."""
        return ScimCounts(
            users=await read_total(self._calls, token, "Users"), groups=await read_total(self._calls, token, "Groups")
        )

    async def find_user(self, user_name: str, profile: ServiceProfile, token: Secret) -> Mapping[str, str] | None:
        """The user of this identifier as attribute paths of the profile -> text, without what is not set.

        Raises AdminError when the service answers with others only: then it cannot be told whether the user is there.
        """
        found = await self.find("Users", profile.user.identifier, user_name, token)
        return attributes(found[0], profile) if found else None

    async def find(self, kind: str, attribute: str, value: str, token: Secret) -> tuple[Mapping[str, Any], ...]:
        """The resources at "Users" or "Groups" whose attribute has this value. Raises AdminError like `find_user`."""
        return await find(self._calls, kind, attribute, value, token)

    async def read(self, kind: str, identifier: str, token: Secret) -> Mapping[str, Any] | None:
        """The resource of this id, as the service shows it; None: there is none. Raises AdminError."""
        return await read(self._calls, kind, identifier, token)

    async def users(self, token: Secret, progress: TellUsers | None = None) -> ServiceUsers:
        """Everyone the service shows. Raises AdminError like `counts`, also when a later page is refused."""
        users: list[ServiceUser] = []

        def take(ids: Sequence[str], names: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> int:
            external_ids = _external_ids(entries)
            users.extend(map(ServiceUser, ids, names, external_ids, map(_works, entries)))
            return USER_BYTES * len(ids) + text_bytes(names) + text_bytes(external_ids)

        listed = await read_list(self._calls, token, USERS, take, progress)
        return ServiceUsers(tuple(users), listed.complete, listed.promised, listed.unreadable)

    async def groups(self, token: Secret, progress: TellUsers | None = None, *, members: bool = False) -> ServiceGroups:
        """Every group the service shows, with the ids of its members where they are asked for. Raises AdminError."""
        groups: list[Group] = []

        def take(ids: Sequence[str], names: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> int:
            came = list(map(_group, ids, names, entries))
            groups.extend(came)
            ids_of_members = sum(text_bytes(it.member_ids) + POINTER_BYTES * len(it.member_ids) for it in came)
            return GROUP_BYTES * len(came) + text_bytes(names) + ids_of_members

        listed = await read_list(self._calls, token, GROUPS_WITH_MEMBERS if members else GROUPS, take, progress)
        return ServiceGroups(tuple(groups), listed.complete, listed.promised, listed.unreadable)

    async def everything(
        self, kind: str, token: Secret, take: Callable[[Mapping[str, Any]], None], progress: TellUsers | None = None
    ) -> Listed:
        """Gives each whole resource of "Users" or "Groups" to `take`, page by page. Raises AdminError."""

        def take_page(_ids: Sequence[str], _names: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> int:
            for entry in entries:
                take(entry)
            return 0

        wanted = ListQuery(kind, "displayName" if kind == "Groups" else "userName", page=25)
        return await read_list(self._calls, token, wanted, take_page, progress)


def _external_ids(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    found = column(entries, "externalId") or [text(get(entry, "externalId")) for entry in entries]
    return [it.strip()[:LONGEST_EXTERNAL_ID] for it in found]


def _works(entry: Mapping[str, Any]) -> bool:
    """Whether a user is active. Entra's form is a text; a service without inactive users leaves it out."""
    active = get(entry, "active")
    return active is True or text(active).strip().lower() not in ("false", "0")


def _group(identifier: str, name: str, entry: Mapping[str, Any]) -> Group:
    members = (text(part(item, "value")) for item in as_list(get(entry, "members")))
    return Group(identifier, name, tuple(dict.fromkeys(it for it in members if it)))
