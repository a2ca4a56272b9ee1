"""What Okta offers no public API for, so that every step by hand can be rehearsed: below /rehearsal/apps/ID.

API integration (with Okta's test of credentials), the To App boxes, Import and Confirm Assignments.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Feature
from spoke_admin.sandbox.identity_provider.answers import OktaError, answer, body_of, invalid, not_found, text_of
from spoke_admin.sandbox.identity_provider.okta_api import shown_app
from spoke_admin.sandbox.identity_provider.org import NOT_ENABLED, Org, new_id
from spoke_admin.sandbox.identity_provider.scim_push import PushFailed
from spoke_admin.sandbox.identity_provider.store import Document, now

Endpoint = Callable[[Request], Awaitable[Response]]


class RehearsalApi:
    """The buttons of the console."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        below = "/rehearsal/apps/{app}"
        table: list[tuple[str, dict[str, Endpoint]]] = [
            ("/api-integration", {"GET": self.show, "PUT": self.enable, "DELETE": self.disable}),
            ("/features", {"PUT": self.change_features}),
            ("/users/{user}/at-service", {"GET": self.show_at_service}),
            ("/import", {"POST": self.read_service}),
            ("/import/confirm", {"POST": self.confirm}),
        ]
        return [Route(below + path, call, methods=[method]) for path, calls in table for method, call in calls.items()]

    async def show(self, request: Request) -> Response:
        """The stored address and the answer of a test made now; 404 when nothing is stored."""
        app = self._app(request)
        if not app["base_url"]:
            raise not_found("the API integration (it is not enabled)")
        try:
            await self._org.scim(app).test()
            works, message = True, "passed"
        except PushFailed as failed:
            works, message = False, failed.message
        return answer(
            {"base_url": app["base_url"], "token_last4": app["token_last4"], "works": works, "message": message}
        )

    async def enable(self, request: Request) -> Response:
        app, body = self._app(request), await body_of(request)
        base_url = text_of(body, "base_url").rstrip("/")
        try:
            token = Secret(text_of(body, "token", 8192))
        except AdminError as fault:
            raise invalid("token", f"{fault.title} {fault.remedy}") from None
        if not base_url.startswith(("http://", "https://")):
            raise invalid("base_url", "base_url: an address that begins with https:// is needed")
        try:
            await self._org.enable_api_integration(app, base_url, token)
        except PushFailed as failed:
            raise OktaError(400, "E0000047", f"Test of credentials failed: {failed.message}") from None
        return await self.show(request)

    async def disable(self, request: Request) -> Response:
        self._org.disable_api_integration(self._app(request))
        return Response(status_code=204)

    async def change_features(self, request: Request) -> Response:
        app, wanted = self._app(request), (await body_of(request)).get("features")
        known = {feature.value for feature in Feature}
        if not isinstance(wanted, list) or not all(isinstance(it, str) and it in known for it in wanted):
            raise invalid("features", f"features: a list of {', '.join(sorted(known))} is needed")
        if not app["base_url"]:
            raise OktaError(400, "E0000001", f"Provisioning is not supported: {NOT_ENABLED}")
        return answer(shown_app(self._org.change_app(app, features=sorted(set(wanted)))))

    async def show_at_service(self, request: Request) -> Response:
        """The assigned person's user as the service has it, read with the stored token."""
        app = self._app(request)
        assigned = self._org.store.get("app_user", f"{app['id']}/{request.path_params['user']}")
        if assigned is None or not assigned["externalId"]:
            raise not_found(f"{request.path_params['user']} (AppUser)")
        try:
            return answer(await self._org.scim(app).user(assigned["externalId"]))
        except PushFailed as failed:
            status = 404 if failed.gone else 400
            raise OktaError(status, "E0000001", f"The service was not read: {failed.message}") from None

    async def read_service(self, request: Request) -> Response:
        """Import: reads everyone at the service in pages of 100 and says who would be linked, who created."""
        app = self._app(request)
        try:
            users, pages = await self._org.scim(app).users()
        except PushFailed as failed:
            raise OktaError(400, "E0000001", f"The import failed: {failed.message}") from None
        logins = {str(it["profile"].get("login")).casefold(): it["id"] for it in self._org.store.all("user")}
        found = [
            {"externalId": str(user.get("id") or ""), "userName": name, "match": logins.get(name.casefold())}
            for user in users
            if (name := str(user.get("userName") or ""))
        ]
        self._org.store.put("setting", f"import {app['id']}", {"found": found, "names": _names(users)})
        return answer({"pages": pages, "users": found})

    async def confirm(self, request: Request) -> Response:
        """Confirm Assignments: links the people chosen, and creates those Okta does not know yet."""
        app, chosen = self._app(request), (await body_of(request)).get("externalIds")
        kept = self._org.store.get("setting", f"import {app['id']}")
        if kept is None:
            raise invalid("externalIds", "externalIds: import first")
        if not isinstance(chosen, list) or not all(isinstance(it, str) for it in chosen):
            raise invalid("externalIds", "externalIds: a list of ids from the import is needed")
        counts = {"linked": 0, "created": 0}
        for found in kept["found"]:
            if found["externalId"] in chosen:
                user = self._org.user(found["userName"])
                counts["linked" if user else "created"] += 1
                self._link(app, user or self._create(found["userName"], kept["names"]), found["externalId"])
        return answer(counts)

    def _create(self, login: str, names: dict[str, list[str]]) -> Document:
        given, family = names.get(login, ["", ""])
        profile = {"login": login, "email": login, "firstName": given, "lastName": family}
        user = {"id": new_id("00u"), "status": "ACTIVE", "created": now(), "lastUpdated": now(), "profile": profile}
        self._org.store.put("user", str(user["id"]), user)
        return user

    def _link(self, app: Document, user: Document, external_id: str) -> None:
        there = self._org.store.get("app_user", f"{app['id']}/{user['id']}")
        fresh = {"app": app["id"], "id": user["id"], "created": now(), "message": ""}
        state = {"status": "PROVISIONED", "syncState": "SYNCHRONIZED", "externalId": external_id}
        self._org.keep_app_user((there or fresh) | {"externalId": external_id}, **state)

    def _app(self, request: Request) -> Document:
        if found := self._org.store.get("app", request.path_params["app"]):
            return found
        raise not_found(f"{request.path_params['app']} (AppInstance)")


def _names(users: Any) -> dict[str, list[str]]:
    """First and last name by userName, as far as the service tells them."""
    names = {}
    for user in users:
        name = user.get("name") if isinstance(user.get("name"), dict) else {}
        names[str(user.get("userName") or "")] = [str(name.get("givenName") or ""), str(name.get("familyName") or "")]
    return names
