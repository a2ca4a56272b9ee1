"""The stand-in identity provider: Okta's API shape, what Okta's console does, and what Okta sends over SCIM."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spoke_admin.domain.exchange import Caller
from spoke_admin.domain.person import Group, Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Feature
from spoke_admin.sandbox.identity_provider import signing
from spoke_admin.sandbox.identity_provider.answers import OktaError, not_found, refuse
from spoke_admin.sandbox.identity_provider.okta_api import OktaApi
from spoke_admin.sandbox.identity_provider.org import Org
from spoke_admin.sandbox.identity_provider.rehearsal_api import RehearsalApi
from spoke_admin.sandbox.identity_provider.store import Store, now
from spoke_admin.sandbox.people import groups

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class StandInIdentityProvider:
    """The ASGI application below /okta. The guard in front of it has checked Host, Origin, key, type and size."""

    def __init__(
        self, folder: Path, url: str, caller: Caller, profile: ServiceProfile, people: Sequence[Person] | None = None
    ) -> None:
        """`people` fill a fresh folder; one that has begun stays as it is. Without them `begin` fills it."""
        self._store = Store(folder)
        self._org = Org(self._store, caller, profile)
        if people is not None:
            self._org.begin(people, groups(people))
        self._metadata = signing.metadata(signing.certificate_of(folder), url)
        routes = [
            *OktaApi(self._org, url).routes(),
            *RehearsalApi(self._org).routes(),
            Route("/saml/metadata", self._show_metadata, methods=["GET"]),
        ]
        self._application = Starlette(
            routes=routes, exception_handlers={OktaError: refuse, 404: _unknown, 405: _unknown}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)

    def begin(self, people: Sequence[Person], held: Sequence[Group]) -> None:
        """Fills the organisation; what an earlier start that was never finished left is gone."""
        self._store.clear()
        self._org.begin(people, held)

    def close(self) -> None:
        self._store.close()

    def metadata(self) -> str:
        """The SAML metadata (XML)."""
        return self._metadata

    def seed_application(
        self, label: str, base_url: str, token: Secret, features: Sequence[Feature], pushed: Mapping[str, str]
    ) -> str:
        """An application as scenarios start with it: provisioning on, people pushed (person's id -> service's id)."""
        app = self._org.hold(self._org.add_app(label, "rehearsal"), base_url, token)
        app = self._org.change_app(app, features=sorted(feature.value for feature in features))
        moment = now()
        state = {
            "app": app["id"],
            "status": "PROVISIONED",
            "syncState": "SYNCHRONIZED",
            "message": "",
            "created": moment,
        }
        assigned = {
            f"{app['id']}/{person}": state | {"id": person, "externalId": external, "lastUpdated": moment}
            for person, external in pushed.items()
        }
        self._store.put_all("app_user", assigned)
        return str(app["id"])

    async def _show_metadata(self, _: Request) -> Response:
        return Response(self._metadata, media_type="application/samlmetadata+xml")


async def _unknown(request: Request, _: Exception) -> Response:
    return await refuse(request, not_found(f"{request.method} {request.url.path}"))
