"""The SCIM door of the stand-in service: scim2-server over our storage, with or without a service's rules."""

import json
import logging
from datetime import UTC
from typing import Any, cast
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
from spoke_admin.sandbox.modes import own_attributes
from spoke_admin.sandbox.rules import RemovingStorage, RuledService, is_user, without_password
from spoke_admin.sandbox.scim_handler import StandInHandler, WrittenResponse
from spoke_admin.sandbox.storage import NO_INTERFERENCE, ResourceStorage

_log = logging.getLogger(__name__)


class ScimDoor:
    """The ASGI application below /scim/v2, and the storage behind it."""

    def __init__(self, database: Database, profile: ServiceProfile, base_url: str) -> None:
        """`profile` is the one that is played: its rules hold."""
        self._base_url = base_url
        self.provider = scim_provider(profile)
        self.removes_inactive = profile.user.deactivation == "removes"
        self.storage = (RemovingStorage if self.removes_inactive else ResourceStorage)(database, self.provider)
        self._handler = StandInHandler(RuledService(self.provider, profile), self.storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = ScimRequest(
            method=scope["method"],
            base_url=self._base_url,
            path=scope["path"].removeprefix(scope.get("root_path", "")),
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            body=(await receive()).get("body", b""),
        )
        with self.storage.interfered((scope.get("state") or {}).get("interference", NO_INTERFERENCE)):
            response = self._respond(request)
        headers = dict(response.headers)
        body = response.content if isinstance(response, WrittenResponse) else response.body
        await answer(send, int(response.status), body, headers, headers.pop("Content-Type"))

    def respond(self, request: ScimRequest) -> ScimResponse:
        """One call, from beginning to end without a pause: nothing else happens to the data meanwhile."""
        response = self._respond(request)
        if isinstance(response, WrittenResponse):
            return ScimResponse(response.status, json.loads(response.content), response.headers)
        return response

    def _respond(self, request: ScimRequest) -> ScimResponse:
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
            return self.storage.add(kind, model.model_validate(document))

    def load(self, resource_type: str, document: dict[str, Any]) -> str:
        """Stores a resource as another service has shown it: with its id and the moment it was made; the id.

        What this service does not know is left out. Raises ValidationError and SCIMException.
        """
        kind = self._handler.service.get_resource_type(resource_type)
        with self.provider, self.provider.policy.model_copy(update={"unknown": ScimPolicy.Unknown.ignore}):
            model = self._handler.service.get_model(kind)
            resource = without_password(model.model_validate(_without_references(document)))
            if self.removes_inactive and is_user(resource):
                cast(Any, resource).active = True
            created = resource.meta.created if resource.meta is not None else None
            known = created.astimezone(UTC) if created is not None and created.tzinfo is not None else None
            return self.storage.add(kind, resource, resource.id or "", known)


def _without_references(value: Any) -> Any:
    """The document without `$ref`: those lead to the service it came from."""
    if isinstance(value, dict):
        return {name: _without_references(item) for name, item in value.items() if name != "$ref"}
    return [_without_references(item) for item in value] if isinstance(value, list) else value


def scim_provider(profile: ServiceProfile) -> ScimProvider:
    """What the stand-in announces and tolerates: the standard, and what the profile adds to it.

    A service with attributes of its own ignores those that it does not know: what the forecast says of such a target.
    """
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
    # what Entra sends is taken in both modes; RFC 7644 leaves open what a "remove" with a value means
    own = own_attributes(profile)
    policy = ScimPolicy(
        unknown=ScimPolicy.Unknown.ignore if own else ScimPolicy.Unknown.forbid,
        remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    )
    for urn in dict.fromkeys(attribute.path.rpartition(":")[0] for attribute in own):
        schemas[urn] = _own_schema(urn, profile)
        extension = SchemaExtension(schema=Reference[Any](urn), required=False)
        types["User"].schema_extensions = [*(types["User"].schema_extensions or []), extension]
    return ScimProvider.from_discovery(schemas.values(), types.values(), config=config, policy=policy)


def _own_schema(urn: str, profile: ServiceProfile) -> Schema:
    """A schema that the service adds to the standard ones; all its attributes are plain texts."""
    attributes = [
        Attribute(name=name, type=Attribute.Type.string, multi_valued=False, description=f"{known.label}.")
        for known in own_attributes(profile)
        for within, _, name in [known.path.rpartition(":")]
        if within == urn
    ]
    name = "".join(part for part in urn.split(":")[-3:] if part.isidentifier())  # without the version
    return Schema(id=urn, name=name, description=f"{profile.title}'s own attributes.", attributes=attributes)
