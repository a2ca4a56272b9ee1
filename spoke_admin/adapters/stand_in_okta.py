"""The stand-in identity provider, asked over HTTP. Fulfils `domain.systems.IdentityProvider`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from spoke_admin.adapters.http import reason_of
from spoke_admin.adapters.scim import attributes
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Caller, Reply
from spoke_admin.domain.person import Group, Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import ApiIntegration, Application, Assignment, Feature

MOST_PAGES = 1000


class StandInOkta:
    """Okta's API, and below /rehearsal what Okta has no public API for. One application is the service's."""

    title = "Okta"
    stand_in = True

    def __init__(self, url: str, caller: Caller, key: Callable[[], Awaitable[Secret]]) -> None:
        self.url = url
        self._caller = caller
        self._key = key

    def metadata_url(self) -> str:
        return f"{self.url}/saml/metadata"

    async def metadata(self) -> str:
        headers = {"accept": "application/samlmetadata+xml, application/xml"}
        reply = await self._caller(Call("GET", self.metadata_url(), headers=headers))
        if not reply.ok:
            raise _refused(reply, self.url)
        return reply.body.decode("utf-8", "replace")

    async def application(self) -> Application | None:
        found = await self._list("/api/v1/apps")
        active = [app for app in found if app.get("status") == "ACTIVE"]
        return _application(active[0]) if active else None

    async def add_application(self, label: str, subdomain: str) -> None:
        body = {"label": label, "signOnMode": "SAML_2_0", "settings": {"app": {"subdomain": subdomain}}}
        await self._call("POST", "/api/v1/apps", body)

    async def api_integration(self) -> ApiIntegration | None:
        application = await self.application()
        if application is None:
            return None
        reply = await self._reply("GET", f"/rehearsal/apps/{quote(application.id)}/api-integration")
        if reply.status == 404:
            return None
        document = _object(self._document(reply), self.url)
        return ApiIntegration(
            _text(document, "base_url"), _text(document, "token_last4"), document.get("works") is True,
            _text(document, "message"),
        )  # fmt: skip

    async def enable_api_integration(self, base_url: str, token: Secret) -> None:
        body = {"base_url": base_url, "token": token.reveal()}
        await self._call("PUT", f"/rehearsal/apps/{await self._app_id()}/api-integration", body)

    async def enable_features(self, features: frozenset[Feature]) -> None:
        body = {"features": sorted(feature.value for feature in features)}
        await self._call("PUT", f"/rehearsal/apps/{await self._app_id()}/features", body)

    async def people(self) -> Sequence[Person]:
        users = await self._list("/api/v1/users")
        return [_person(user) for user in users if user.get("status") == "ACTIVE" and _text(user, "id")]

    async def groups(self) -> Sequence[Group]:
        found = await self._list("/api/v1/groups")
        return [Group(_text(it, "id"), _text(_part(it, "profile"), "name")) for it in found if _text(it, "id")]

    async def assignments(self) -> Sequence[Assignment]:
        application = await self.application()
        if application is None:
            return []
        return [_assignment(it) for it in await self._list(f"/api/v1/apps/{quote(application.id)}/users")]

    async def user_at_service(self, person_id: str, profile: ServiceProfile) -> Mapping[str, str] | None:
        path = f"/rehearsal/apps/{await self._app_id()}/users/{quote(person_id, safe='')}/at-service"
        reply = await self._reply("GET", path)
        return None if reply.status == 404 else attributes(_object(self._document(reply), self.url), profile)

    async def assign(self, person_id: str) -> None:
        await self._call("POST", f"/api/v1/apps/{await self._app_id()}/users", {"id": person_id})

    async def _app_id(self) -> str:
        application = await self.application()
        if application is None:
            raise AdminError(f"{self.title} has no application of the service yet.", "Add the application first.")
        return quote(application.id)

    async def _list(self, path: str) -> list[Mapping[str, Any]]:
        """All pages of a list: the next page is followed as it is told, and only at this address."""
        found: list[Mapping[str, Any]] = []
        seen: set[str] = set()
        url: str | None = self.url + path
        while url is not None:
            if url in seen or len(seen) >= MOST_PAGES:
                raise AdminError(f"The pages of {path} go round in a circle.", "Restart the stand-ins.")
            seen.add(url)
            reply = await self._at(Call("GET", url))
            document = self._document(reply)
            if not isinstance(document, list):
                raise _foreign(self.url)
            found.extend(item for item in document if isinstance(item, dict))
            url = _next_page(reply, self.url)
        return found

    async def _call(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        return _object(self._document(await self._reply(method, path, body)), self.url)

    async def _reply(self, method: str, path: str, body: object = None) -> Reply:
        return await self._at(Call(method, self.url + path, body=body))

    async def _at(self, call: Call) -> Reply:
        key = await self._key()
        authorized = Call(call.method, call.url, body=call.body, authorization=f"SSWS {key.reveal()}")
        return await self._caller(authorized)

    def _document(self, reply: Reply) -> Any:
        if not reply.ok:
            raise _refused(reply, self.url)
        return reply.document() if reply.body else {}


def _refused(reply: Reply, url: str) -> AdminError:
    """Okta's own summary where there is one."""
    document = reason_of(reply)
    causes = document.get("errorCauses")
    told = (
        [str(cause.get("errorSummary")) for cause in causes if isinstance(cause, dict)]
        if isinstance(causes, list)
        else []
    )
    detail = f"HTTP {reply.status} {document.get('errorCode') or ''} {'; '.join(told)}".strip()
    if reply.status in (401, 403):
        return AdminError(f"{url} refuses the key.", "Give the key that the stand-ins told at their start.", detail)
    summary = document.get("errorSummary")
    if isinstance(summary, str) and summary:
        return AdminError(summary, "Put right what is named, then try again.", detail)
    return AdminError(f"There is no identity provider at {url}.", "Check the address.", detail)


def _foreign(url: str) -> AdminError:
    return AdminError(f"{url} is no identity provider: it answered JSON of another kind.", "Check the address.")


def _object(document: Any, url: str) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise _foreign(url)
    return document


def _next_page(reply: Reply, url: str) -> str | None:
    for link in reply.headers.get("link", "").split(","):
        target, _, relation = link.partition(";")
        if 'rel="next"' in relation:
            address = target.strip().strip("<>")
            if not address.startswith(f"{url}/"):
                raise AdminError("The next page of a list lies at another address.", "Restart the stand-ins.", address)
            return address
    return None


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _application(app: Mapping[str, Any]) -> Application:
    names = app.get("features")
    known = {feature.value for feature in Feature}
    features = frozenset(Feature(name) for name in names if name in known) if isinstance(names, list) else frozenset()
    subdomain = _text(_part(_part(app, "settings"), "app"), "subdomain")
    return Application(_text(app, "id"), _text(app, "label"), features, subdomain)


def _person(user: Mapping[str, Any]) -> Person:
    profile = _part(user, "profile")
    return Person(
        _text(user, "id"), {name: value for name, value in profile.items() if isinstance(value, str) and value}
    )


def _assignment(assigned: Mapping[str, Any]) -> Assignment:
    states = {"SYNCHRONIZED": "pushed", "ERROR": "failed"}
    state = states.get(_text(assigned, "syncState"), "pending")
    return Assignment(_person(assigned), state, _text(assigned, "message"), _text(assigned, "externalId"))  # type: ignore[arg-type]  # one of the three words
