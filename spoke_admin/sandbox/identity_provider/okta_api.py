"""The part of Okta's API that the guides need: users, groups, applications, assignments, group push, system log."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spoke_admin.domain.forecast import email_fault
from spoke_admin.sandbox.identity_provider.answers import OktaError, answer, body_of, invalid, not_found, page, text_of
from spoke_admin.sandbox.identity_provider.org import Org, new_id
from spoke_admin.sandbox.identity_provider.scim_push import PushFailed
from spoke_admin.sandbox.identity_provider.store import Document, now

REQUIRED = ("login", "email", "firstName", "lastName")
Endpoint = Callable[[Request], Awaitable[Response]]


class OktaApi:
    """Handlers by path; all state is in the organisation."""

    def __init__(self, org: Org, url: str) -> None:
        self._org = org
        self._url = url

    def routes(self) -> list[Route]:
        table: list[tuple[str, dict[str, Endpoint]]] = [
            ("/api/v1/users", {"GET": self.users, "POST": self.create_user}),
            ("/api/v1/users/{user}", {"GET": self.show_user, "POST": self.update_user, "PUT": self.update_user}),
            ("/api/v1/users/{user}/lifecycle/{change}", {"POST": self.user_lifecycle}),
            ("/api/v1/groups", {"GET": self.groups, "POST": self.create_group}),
            ("/api/v1/groups/{group}", {"GET": self.show_group, "PUT": self.rename_group}),
            ("/api/v1/groups/{group}/users", {"GET": self.group_users}),
            ("/api/v1/groups/{group}/users/{user}", {"PUT": self.add_member, "DELETE": self.remove_member}),
            ("/api/v1/apps", {"GET": self.apps, "POST": self.create_app}),
            ("/api/v1/apps/{app}", {"GET": self.show_app, "PUT": self.change_app, "DELETE": self.delete_app}),
            ("/api/v1/apps/{app}/lifecycle/{change}", {"POST": self.app_lifecycle}),
            ("/api/v1/apps/{app}/users", {"GET": self.app_users, "POST": self.assign}),
            ("/api/v1/apps/{app}/users/{user}", {"GET": self.show_app_user, "DELETE": self.unassign}),
            ("/api/v1/apps/{app}/groups/{group}", {"PUT": self.assign_group}),
            ("/api/v1/apps/{app}/group-push/mappings", {"GET": self.push_mappings, "POST": self.push_group}),
            ("/api/v1/logs", {"GET": self.events}),
        ]
        return [Route(path, call, methods=[method]) for path, calls in table for method, call in calls.items()]

    # -- users ----------------------------------------------------------

    async def users(self, request: Request) -> Response:
        return page(request, self._url, self._org.store.all("user"))

    async def create_user(self, request: Request) -> Response:
        profile = self._profile(await body_of(request), {})
        moment = now()
        user = {"id": new_id("00u"), "status": "ACTIVE", "created": moment, "lastUpdated": moment, "profile": profile}
        self._org.store.put("user", str(user["id"]), user)
        return answer(user)

    async def show_user(self, request: Request) -> Response:
        return answer(self._user(request))

    async def update_user(self, request: Request) -> Response:
        """POST changes the attributes that are given, PUT replaces the profile; both push to the applications."""
        user = self._user(request)
        before = user["profile"] if request.method == "POST" else {}
        user = user | {"profile": self._profile(await body_of(request), before, user["id"]), "lastUpdated": now()}
        self._org.store.put("user", user["id"], user)
        await self._org.profile_changed(user)
        return answer(user)

    async def user_lifecycle(self, request: Request) -> Response:
        user, change = self._user(request), request.path_params["change"]
        if change == "deactivate":
            await self._org.deactivate_user(user)
        elif change == "activate":
            self._org.store.put("user", user["id"], user | {"status": "ACTIVE", "lastUpdated": now()})
        else:
            raise not_found(f"lifecycle operation {change}")
        return answer({})

    def _user(self, request: Request) -> Document:
        if found := self._org.user(request.path_params["user"]):
            return found
        raise not_found(f"{request.path_params['user']} (User)")

    def _profile(self, body: Document, before: Document, own_id: str = "") -> dict[str, str]:
        given = body.get("profile")
        if not isinstance(given, dict):
            raise invalid("profile", "profile: an object is needed")
        profile = {name: value for name, value in (before | given).items() if value is not None}
        wrong = [name for name, value in profile.items() if not isinstance(value, str) or _unwritable(name + value)]
        if wrong:
            raise invalid(wrong[0][:40], f"{wrong[0][:40]}: a text is needed, without characters beyond the BMP")
        if lacking := [name for name in REQUIRED if not profile.get(name, "").strip()]:
            raise invalid(lacking[0], *(f"{name}: the field cannot be left blank" for name in lacking))
        for name in ("login", "email"):
            if fault := email_fault(profile[name]):
                raise invalid(name, f"{name}: must be in the form of an email address. {fault}")
        there = self._org.user(profile["login"])
        if there is not None and there["id"] != own_id:
            raise invalid("login", "login: An object with this field already exists in the current organization")
        return profile

    # -- groups ---------------------------------------------------------

    async def groups(self, request: Request) -> Response:
        return page(request, self._url, [_shown_group(group) for group in self._org.store.all("group")])

    async def create_group(self, request: Request) -> Response:
        group = {
            "id": new_id("00g"),
            "type": "OKTA_GROUP",
            "created": now(),
            "profile": {"name": self._group_name(await body_of(request)), "description": ""},
            "members": [],
        }
        self._org.store.put("group", str(group["id"]), group)
        return answer(_shown_group(group))

    async def show_group(self, request: Request) -> Response:
        return answer(_shown_group(self._group(request)))

    async def rename_group(self, request: Request) -> Response:
        group = self._group(request)
        name = self._group_name(await body_of(request), group["id"])
        old = group["profile"]["name"]
        group = group | {"profile": group["profile"] | {"name": name}}
        self._org.store.put("group", group["id"], group)
        for mapping in self._org.store.all("push_mapping"):
            if mapping["sourceGroupId"] == group["id"] and mapping["targetGroupName"] == old:
                key = f"{mapping['app']}/{mapping['mappingId']}"
                self._org.store.put("push_mapping", key, mapping | {"targetGroupName": name})
        await self._org.group_changed(group)
        return answer(_shown_group(group))

    async def group_users(self, request: Request) -> Response:
        members = (self._org.store.get("user", member) for member in self._group(request)["members"])
        return page(request, self._url, [member for member in members if member is not None])

    async def add_member(self, request: Request) -> Response:
        user = self._user(request)
        return await self._change_members(
            request, lambda members: [*(it for it in members if it != user["id"]), user["id"]]
        )

    async def remove_member(self, request: Request) -> Response:
        user = self._user(request)
        return await self._change_members(request, lambda members: [it for it in members if it != user["id"]])

    async def _change_members(self, request: Request, change: Callable[[list[str]], list[str]]) -> Response:
        group = self._group(request)
        group = group | {"members": change(group["members"])}
        self._org.store.put("group", group["id"], group)
        await self._org.group_changed(group)
        return Response(status_code=204)

    def _group(self, request: Request) -> Document:
        return self._group_of(request.path_params["group"])

    def _group_of(self, name: str) -> Document:
        if found := self._org.store.get("group", name):
            return found
        raise not_found(f"{name} (UserGroup)")

    def _group_name(self, body: Document, own_id: str = "") -> str:
        profile = body.get("profile")
        name = text_of(profile if isinstance(profile, dict) else {}, "name", 255)
        if any(it["profile"]["name"] == name and it["id"] != own_id for it in self._org.store.all("group")):
            raise invalid("name", "name: An object with this field already exists in the current organization")
        return name

    # -- applications and assignments -------------------------------------

    async def apps(self, request: Request) -> Response:
        return page(request, self._url, [shown_app(app) for app in self._org.store.all("app")])

    async def create_app(self, request: Request) -> Response:
        body = await body_of(request)
        settings = body.get("settings")
        inner = settings.get("app") if isinstance(settings, dict) else None
        subdomain = inner.get("subdomain") if isinstance(inner, dict) else ""
        if not isinstance(subdomain, str) or _unwritable(subdomain) or len(subdomain) > 100:
            raise invalid("subdomain", "subdomain: a text of at most 100 characters is needed")
        return answer(shown_app(self._org.add_app(text_of(body, "label", 100), subdomain)))

    async def show_app(self, request: Request) -> Response:
        return answer(shown_app(self.app(request)))

    async def change_app(self, request: Request) -> Response:
        return answer(
            shown_app(self._org.change_app(self.app(request), label=text_of(await body_of(request), "label", 100)))
        )

    async def delete_app(self, request: Request) -> Response:
        app = self.app(request)
        if app["status"] != "INACTIVE":
            raise OktaError(403, "E0000056", "Delete application forbidden: it is active. Deactivate it first.")
        self._org.delete_app(app)
        return Response(status_code=204)

    async def app_lifecycle(self, request: Request) -> Response:
        app, change = self.app(request), request.path_params["change"]
        status = {"activate": "ACTIVE", "deactivate": "INACTIVE"}.get(change)
        if status is None:
            raise not_found(f"lifecycle operation {change}")
        self._org.change_app(app, status=status)
        self._org.store.log(f"application.lifecycle.{change}", "SUCCESS", app["label"])
        return answer({})

    async def app_users(self, request: Request) -> Response:
        return page(request, self._url, [self._shown(it) for it in self._org.app_users(self.app(request)["id"])])

    async def assign(self, request: Request) -> Response:
        app, body = self.app(request), await body_of(request)
        user = self._org.store.get("user", text_of(body, "id", 100))
        if user is None:
            raise not_found(f"{body['id']} (User)")
        if user["status"] != "ACTIVE":
            raise invalid("id", "id: the user is not active")
        return answer(self._shown(await self._org.assign(app, user)))

    async def show_app_user(self, request: Request) -> Response:
        return answer(self._shown(self._app_user(request)))

    async def unassign(self, request: Request) -> Response:
        try:
            await self._org.unassign(self.app(request), self._app_user(request))
        except PushFailed as failed:
            raise OktaError(400, "E0000001", f"The service was not told: {failed.message}") from None
        return Response(status_code=204)

    async def assign_group(self, request: Request) -> Response:
        """Assigns whoever is in the group now; people who are assigned already stay as they are."""
        app, group = self.app(request), self._group(request)
        there = {it["id"] for it in self._org.app_users(app["id"])}
        for member in group["members"]:
            user = self._org.store.get("user", member)
            if user is not None and member not in there and user["status"] == "ACTIVE":
                await self._org.assign(app, user)
        return answer({"id": group["id"]})

    def app(self, request: Request) -> Document:
        if found := self._org.store.get("app", request.path_params["app"]):
            return found
        raise not_found(f"{request.path_params['app']} (AppInstance)")

    def _app_user(self, request: Request) -> Document:
        name = f"{request.path_params['app']}/{self._user(request)['id']}"
        if found := self._org.store.get("app_user", name):
            return found
        raise not_found(f"{request.path_params['user']} (AppUser)")

    def _shown(self, assigned: Document) -> dict[str, Any]:
        user = self._org.store.get("user", assigned["id"]) or {"profile": {}}
        shown = {name: value for name, value in assigned.items() if name != "app"}
        return shown | {"scope": "USER", "profile": user["profile"]}

    # -- group push and log -----------------------------------------------

    async def push_mappings(self, request: Request) -> Response:
        found = [_shown_mapping(it) for it in self._org.push_mappings(self.app(request)["id"])]
        return page(request, self._url, found, "mappingId")

    async def push_group(self, request: Request) -> Response:
        app, body = self.app(request), await body_of(request)
        group = self._group_of(text_of(body, "sourceGroupId", 100))
        if any(it["sourceGroupId"] == group["id"] for it in self._org.push_mappings(app["id"])):
            raise invalid("sourceGroupId", "sourceGroupId: this group is pushed already")
        name = text_of(body, "targetGroupName", 255) if "targetGroupName" in body else group["profile"]["name"]
        return answer(_shown_mapping(await self._org.push_group(app, group, name)))

    async def events(self, request: Request) -> Response:
        return page(request, self._url, self._org.store.all("event"), "uuid")


def shown_app(app: Document) -> dict[str, Any]:
    """An application as Okta shows it: the API integration has no public API, so nothing of it."""
    return {name: value for name, value in app.items() if name not in ("base_url", "token_last4")}


def _shown_group(group: Document) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "members"}


def _shown_mapping(mapping: Document) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in ("app", "pushed", "pushedName")}


def _unwritable(text: str) -> bool:
    """Okta takes no 4-byte UTF-8; a lone surrogate is no text at all."""
    return any(ord(character) > 0xFFFF or 0xD800 <= ord(character) <= 0xDFFF for character in text)
