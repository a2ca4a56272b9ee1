"""The SCIM door of the stand-in service: scim2-server over our storage, with or without a service's rules."""

import logging
from typing import Any, Literal
from urllib.parse import parse_qsl

from scim2_models import (
    Attribute,
    AuthenticationScheme,
    External,
    Reference,
    Schema,
    SCIMException,
    ScimPolicy,
    ScimProvider,
)
from scim2_models.resources.resource_type import SchemaExtension
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.sandbox.asgi import Receive, Scope, Send, answer
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.rules import PlainService, RemovingStorage, RuledService
from spoke_admin.sandbox.storage import ResourceStorage

Mode = Literal["askspoke", "rfc"]
SPOKE = "urn:ietf:params:scim:schemas:extension:SpokeCustom:2.0:User"

_log = logging.getLogger(__name__)


class ScimDoor:
    """The ASGI application below /scim/v2, and the storage behind it."""

    def __init__(self, database: Database, mode: Mode, profile: ServiceProfile, base_url: str) -> None:
        self._base_url = base_url
        self.provider = scim_provider(mode)
        removes = mode == "askspoke" and profile.user.deactivation == "removes"
        self.storage = (RemovingStorage if removes else ResourceStorage)(database, self.provider)
        service = PlainService(self.provider)
        if mode == "askspoke":
            service = RuledService(self.provider)
            service.profile = profile
        self._handler = ScimHandler(service, self.storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = ScimRequest(
            method=scope["method"],
            base_url=self._base_url,
            path=scope["path"].removeprefix(scope.get("root_path", "")),
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            body=(await receive()).get("body", b""),
        )
        response = self.respond(request)
        headers = dict(response.headers)
        await answer(send, int(response.status), response.body, headers, headers.pop("Content-Type"))

    def respond(self, request: ScimRequest) -> ScimResponse:
        """One call, from beginning to end without a pause: nothing else happens to the data meanwhile."""
        try:
            return self._handler.handle(request)
        except SCIMException as refusal:
            return self._handler.service.error_response(refusal)
        except Exception as fault:  # noqa: BLE001  # a fault of ours is answered with 500 in SCIM's own form
            _log.exception("%s %s failed", request.method, request.path.split("/")[1:2])
            return self._handler.service.error_response(fault)

    def add(self, resource_type: str, document: dict[str, Any]) -> str:
        """Stores a resource as if it had been created; its id. For the starting states of scenarios."""
        kind = self._handler.service.get_resource_type(resource_type)
        with self.provider:
            model = self._handler.service.get_model(kind)
            return str(self.storage.create(kind, model.model_validate(document)).id)


def scim_provider(mode: Mode) -> ScimProvider:
    """What the stand-in announces and tolerates: the standard and nothing else, or what askSpoke has to cope with."""
    schemas = load_default_schemas()
    types = load_default_resource_types()
    config = load_default_service_provider_config()
    config.authentication_schemes = [
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="bearer_token",
            description="The API token of the service's SCIM settings.",
            spec_uri=Reference[External]("https://datatracker.ietf.org/doc/html/rfc6750"),
        )
    ]
    if config.change_password is not None:
        config.change_password.supported = False
    policy = ScimPolicy()
    if mode == "askspoke":
        schemas[SPOKE] = _spoke_schema()
        user = types["User"]
        user.schema_extensions = [
            *(user.schema_extensions or []),
            SchemaExtension(schema=Reference[Any](SPOKE), required=False),
        ]
        if config.bulk is not None:
            config.bulk.supported = False
        policy = ScimPolicy(
            unknown=ScimPolicy.Unknown.ignore,
            remove_value_as_filter=ScimPolicy.RemoveValue.apply,
            unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
        )
    return ScimProvider.from_discovery(schemas.values(), types.values(), config=config, policy=policy)


def _spoke_schema() -> Schema:
    start_date = Attribute(
        name="startDate", type=Attribute.Type.string, multi_valued=False, description="The first day at work."
    )
    return Schema(id=SPOKE, name="SpokeCustomUser", description="askSpoke's own attributes.", attributes=[start_date])
