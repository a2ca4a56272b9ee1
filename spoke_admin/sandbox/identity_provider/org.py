"""The stand-in's organisation: people, groups, applications, and what is pushed when one of them changes.

A SCIM token that an application was given stays in the memory of this object; a restart forgets it.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from spoke_admin.domain.exchange import Caller
from spoke_admin.domain.person import Group, Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Feature
from spoke_admin.sandbox.identity_provider.scim_push import PushFailed, ScimPush
from spoke_admin.sandbox.identity_provider.store import Document, Store, now

FORGOTTEN = "The stand-in was restarted and keeps tokens in memory only: enter the API token again."
NOT_ENABLED = "The API integration is not enabled."


class Org:
    """Everything the stand-in identity provider knows and does; its APIs are thin layers over this."""

    def __init__(self, store: Store, caller: Caller, profile: ServiceProfile) -> None:
        self.store = store
        self.profile = profile
        self._caller = caller
        self._tokens: dict[str, Secret] = {}

    def begin(self, people: Sequence[Person], groups: Sequence[Group]) -> None:
        """Fills a fresh organisation; one that has begun stays as it is."""
        if self.store.get("setting", "begun"):
            return
        self.store.put_all("user", {person.id: user_document(person) for person in people})
        self.store.put_all("group", {group.id: group_document(group) for group in groups})
        self.store.put("setting", "begun", {"at": now()})

    def person(self, user: Document) -> Person:
        profile = user.get("profile") or {}
        return Person(user["id"], {name: str(value) for name, value in profile.items() if value not in (None, "")})

    def user(self, name: str) -> Document | None:
        """By id or by login."""
        if found := self.store.get("user", name):
            return found
        wanted = name.casefold()
        return next((it for it in self.store.all("user") if str(it["profile"].get("login")).casefold() == wanted), None)

    # -- applications ---------------------------------------------------

    def add_app(self, label: str, subdomain: str = "") -> Document:
        app = {
            "id": new_id("0oa"),
            "name": self.profile.name,
            "label": label,
            "status": "ACTIVE",
            "signOnMode": "SAML_2_0",
            "features": [],
            "created": now(),
            "lastUpdated": now(),
            "settings": {"app": {"subdomain": subdomain}},
            "base_url": "",
            "token_last4": "",
        }
        self.store.put("app", str(app["id"]), app)
        self.store.log("application.lifecycle.create", "SUCCESS", label)
        return app

    def change_app(self, app: Document, **changes: object) -> Document:
        app = app | changes | {"lastUpdated": now()}
        self.store.put("app", app["id"], app)
        return app

    def delete_app(self, app: Document) -> None:
        for assigned in self.app_users(app["id"]):
            self.store.delete("app_user", f"{app['id']}/{assigned['id']}")
        for mapping in self.push_mappings(app["id"]):
            self.store.delete("push_mapping", f"{app['id']}/{mapping['mappingId']}")
        self._tokens.pop(app["id"], None)
        self.store.delete("app", app["id"])
        self.store.log("application.lifecycle.delete", "SUCCESS", app["label"])

    def scim(self, app: Document) -> ScimPush:
        """The way to the application's service. Raises PushFailed as long as there is none."""
        if not app.get("base_url"):
            raise PushFailed(NOT_ENABLED)
        if app["id"] not in self._tokens:
            raise PushFailed(FORGOTTEN)
        return ScimPush(self._caller, app["base_url"], self._tokens[app["id"]], self.profile)

    async def enable_api_integration(self, app: Document, base_url: str, token: Secret) -> Document:
        """Stores both after Okta's test of credentials. Raises PushFailed; then nothing was changed."""
        await ScimPush(self._caller, base_url, token, self.profile).test()
        return self.hold(app, base_url, token)

    def hold(self, app: Document, base_url: str, token: Secret) -> Document:
        """Stores address and token without a test: for the starting states of scenarios."""
        self._tokens[app["id"]] = token
        self.store.log("application.provision.integration.enable", "SUCCESS", app["label"])
        return self.change_app(app, base_url=base_url, token_last4=token.last_four)

    def disable_api_integration(self, app: Document) -> Document:
        self._tokens.pop(app["id"], None)
        self.store.log("application.provision.integration.disable", "SUCCESS", app["label"])
        return self.change_app(app, base_url="", token_last4="", features=[])

    # -- assignments ----------------------------------------------------

    def app_users(self, app_id: str) -> list[Document]:
        return [it for it in self.store.all("app_user") if it["app"] == app_id]

    def keep_app_user(self, assigned: Document, **changes: object) -> Document:
        assigned = assigned | changes | {"lastUpdated": now()}
        self.store.put("app_user", f"{assigned['app']}/{assigned['id']}", assigned)
        return assigned

    async def assign(self, app: Document, user: Document) -> Document:
        """Assigns and, with the feature on, pushes. A failure is kept in words with the assignment."""
        there = self.store.get("app_user", f"{app['id']}/{user['id']}")
        fresh = {"app": app["id"], "id": user["id"], "created": now(), "externalId": "", "message": ""}
        assigned = self.keep_app_user(there or fresh, status="ACTIVE", syncState="DISABLED")
        if Feature.PUSH_NEW_USERS not in app["features"]:
            return self.keep_app_user(assigned, message="Not pushed: Create Users is off.")
        return await self._push(app, assigned, user, "push_new_user")

    async def profile_changed(self, user: Document) -> None:
        """Pushes an update to every application with the feature on that knows the person."""
        for assigned in [it for it in self.store.all("app_user") if it["id"] == user["id"]]:
            app = self.store.get("app", assigned["app"])
            if app and assigned["externalId"] and Feature.PUSH_PROFILE_UPDATES in app["features"]:
                await self._push(app, assigned, user, "push_profile_update")

    async def _push(self, app: Document, assigned: Document, user: Document, event: str) -> Document:
        person, name = self.person(user), f"application.provision.user.{event}"
        try:
            if app["status"] != "ACTIVE":
                raise PushFailed("The application is not active.")
            scim, external = self.scim(app), assigned["externalId"]
            if external:
                await scim.update(external, person)
            else:
                external = await scim.create(person)
        except PushFailed as failed:
            self.store.log(name, "FAILURE", person.login, failed.message)
            state = {"status": "STAGED", "syncState": "ERROR"} if not assigned["externalId"] else {"syncState": "ERROR"}
            return self.keep_app_user(assigned, **state, message=failed.message, **_again(failed))
        self.store.log(name, "SUCCESS", person.login)
        done = {"status": "PROVISIONED", "syncState": "SYNCHRONIZED", "externalId": external, "message": ""}
        return self.keep_app_user(assigned, **done, tryAgainAt=None)

    async def unassign(self, app: Document, assigned: Document) -> None:
        """Takes the assignment away; with the feature on the service is told to deactivate. Raises PushFailed."""
        if assigned["externalId"] and Feature.PUSH_USER_DEACTIVATION in app["features"]:
            name = "application.provision.user.deactivate"
            try:
                await self.scim(app).deactivate(assigned["externalId"])
            except PushFailed as failed:
                self.store.log(name, "FAILURE", assigned["id"], failed.message)
                self.keep_app_user(assigned, syncState="ERROR", message=failed.message, **_again(failed))
                raise
            self.store.log(name, "SUCCESS", assigned["id"])
        self.store.delete("app_user", f"{app['id']}/{assigned['id']}")

    async def deactivate_user(self, user: Document) -> Document:
        """Okta unassigns whom it deactivates; what could not be told stays with its words."""
        user = user | {"status": "DEPROVISIONED", "lastUpdated": now()}
        self.store.put("user", user["id"], user)
        for assigned in [it for it in self.store.all("app_user") if it["id"] == user["id"]]:
            if app := self.store.get("app", assigned["app"]):
                try:
                    await self.unassign(app, assigned)
                except PushFailed:
                    continue
        return user

    # -- groups ---------------------------------------------------------

    def push_mappings(self, app_id: str) -> list[Document]:
        return [it for it in self.store.all("push_mapping") if it["app"] == app_id]

    async def push_group(self, app: Document, group: Document, name: str) -> Document:
        """Makes the group at the service and fills it with the members who are there."""
        mapping = {
            "mappingId": new_id("gPm"), "app": app["id"], "sourceGroupId": group["id"], "targetGroupName": name,
            "targetGroupId": "", "pushed": [], "status": "ACTIVE", "created": now(), "errorSummary": "",
        }  # fmt: skip
        return await self.fill_group(app, mapping, group)

    async def fill_group(self, app: Document, mapping: Document, group: Document) -> Document:
        """Brings name and members at the service to what they are here; a failure is kept in words."""
        event = "application.provision.group_push.updated"
        name = mapping["targetGroupName"]
        try:
            if Feature.GROUP_PUSH not in app["features"]:
                raise PushFailed("Push groups is off.")
            scim = self.scim(app)
            if not mapping["targetGroupId"]:
                mapping["targetGroupId"] = await scim.create_group(name)
            elif mapping.get("pushedName", name) != name:
                await scim.rename_group(mapping["targetGroupId"], name)
            wanted = self._external_ids(app["id"], group["members"])
            pushed = mapping["pushed"]
            added = [it for it in wanted if it not in pushed]
            await scim.change_members(mapping["targetGroupId"], added, [it for it in pushed if it not in wanted])
            mapping |= {"pushed": wanted, "pushedName": name, "errorSummary": "", "status": "ACTIVE"}
            self.store.log(event, "SUCCESS", name)
        except PushFailed as failed:
            mapping |= {"errorSummary": failed.message, "status": "ERROR"}
            self.store.log(event, "FAILURE", name, failed.message)
        self.store.put("push_mapping", f"{app['id']}/{mapping['mappingId']}", mapping)
        return mapping

    async def group_changed(self, group: Document) -> None:
        """Pushes a renamed group, or changed members, wherever the group is pushed."""
        for mapping in [it for it in self.store.all("push_mapping") if it["sourceGroupId"] == group["id"]]:
            app = self.store.get("app", mapping["app"])
            if app is not None and mapping["status"] != "INACTIVE":
                await self.fill_group(app, mapping, group)

    def _external_ids(self, app_id: str, members: Sequence[str]) -> list[str]:
        known = {it["id"]: it["externalId"] for it in self.app_users(app_id) if it["externalId"]}
        return [known[member] for member in members if member in known]


def _again(failed: PushFailed) -> Mapping[str, Any]:
    """When Okta would try again after it was asked to wait."""
    if failed.wait_s is None:
        return {"tryAgainAt": None}
    return {"tryAgainAt": (datetime.now(UTC) + timedelta(seconds=failed.wait_s)).isoformat(timespec="seconds")}


def user_document(person: Person) -> Document:
    moment = now()
    profile = dict(person.attributes)
    return {"id": person.id, "status": "ACTIVE", "created": moment, "lastUpdated": moment, "profile": profile}


def group_document(group: Group) -> Document:
    profile = {"name": group.name, "description": ""}
    return {
        "id": group.id,
        "type": "OKTA_GROUP",
        "created": now(),
        "profile": profile,
        "members": list(group.member_ids),
    }


def new_id(prefix: str) -> str:
    """An id in Okta's form: a prefix of three and 17 more characters."""
    return prefix + secrets.token_hex(9)[:17]
