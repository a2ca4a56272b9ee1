"""The rules of a service that bite, as its profile states them: what it silently ignores, and what it removes.

They are applied to the state before and the state after a request, so that they hold for every form of it: POST, PUT,
PATCH with and without a path, Okta's and Entra's. Source of the rules: Okta's guide "Configuring Provisioning for
askSpoke", through resources/profiles/askspoke.toml.
"""

from itertools import groupby
from typing import Any, TypeVar, cast

from scim2_models import (
    BaseModel,
    Context,
    InvalidFilterException,
    InvalidValueException,
    PatchOp,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimPolicy,
    ScimProvider,
    SearchRequest,
)
from scim2_server.conditions import Conditions
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from spoke_admin.domain.phone import judge_us_phone
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.sandbox.entra_forms import understood
from spoke_admin.sandbox.storage import ResourceStorage

Model = TypeVar("Model", bound=BaseModel)
Changed = Resource[Any] | None
Asked = ResponseParameters[Any] | None


class PlainService(ScimService):
    """SCIM without a service's own rules. Passwords are taken and forgotten: nobody signs in with them."""

    def read_body(self, model: type[Model], body: bytes, content_type: str | None, scim_ctx: Context) -> Model:
        return super().read_body(model, understood(body), content_type, scim_ctx)

    def read_search(self, resource_types: list[ResourceType], payload: Any) -> tuple[SearchRequest[Any], Any]:
        try:
            return super().read_search(resource_types, payload)
        except UnicodeError:  # half a character, as an escape can write it, where scim2-models wants an address
            raise InvalidFilterException(detail="The filter holds a character that is none.") from None

    def read_creation(self, resource_type: ResourceType, body: bytes, content_type: str | None) -> Resource[Any]:
        return self.as_created(super().read_creation(resource_type, body, content_type))

    def as_created(self, resource: Resource[Any]) -> Resource[Any]:
        """What is stored of a resource that a client asks to create. Raises SCIMException when nothing is."""
        return without_password(resource)

    def apply_replacement(self, current: Resource[Any], replacement: Resource[Any], conditions: Conditions) -> Changed:
        return super().apply_replacement(current, without_password(replacement), conditions)

    def apply_patch(self, current: Resource[Any], patch_op: "PatchOp[Any]", conditions: Conditions) -> Changed:
        self.check_preconditions(current, "PATCH", conditions)
        before = current.model_copy(deep=True)
        policy = self.provider.policy
        # Entra adds to values that do not exist yet; a "replace" of such a value is refused by RFC 7644, 3.5.2.3
        adding = policy.model_copy(update={"unmatched_path_filter": ScimPolicy.UnmatchedPathFilter.create})
        for adds, operations in groupby(patch_op.operations or [], lambda operation: operation.op == "add"):
            run = patch_op.model_copy(update={"operations": list(operations)})
            run.patch(current, adding if adds else policy)
        return None if without_password(current) == before else current

    def patch_response(
        self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]
    ) -> ScimResponse:
        """200 with the resource: a client that reads it needs no second call (RFC 7644, section 3.5.2)."""
        return self.replacement_response(base_url, resource, response_parameters)

    def published(self, base_url: str, resource: Resource[Any], asked: Asked = None) -> dict[str, Any]:
        """A resource as clients see it: of its attributes those that were asked for."""
        shown: dict[str, Any] = self.publish(base_url, resource).model_dump(
            scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked
        )
        return shown


class RuledService(PlainService):
    """SCIM as the service of a profile speaks it: a rule that the profile lacks does not hold."""

    def __init__(self, provider: ScimProvider, profile: ServiceProfile) -> None:
        super().__init__(provider)
        self.profile = profile
        self._removes_inactive = profile.user.deactivation == "removes"

    def as_created(self, resource: Resource[Any]) -> Resource[Any]:
        created = super().as_created(resource)
        if is_user(created):
            user = cast(Any, created)
            if self._removes_inactive:
                if user.active is False:
                    raise InvalidValueException(
                        detail=f"{self.profile.title} has no inactive accounts: active = false removes an account."
                    )
                user.active = True
            keep_accepted_phones(user, [], self.profile)
        return created

    def apply_replacement(self, current: Resource[Any], replacement: Resource[Any], conditions: Conditions) -> Changed:
        before = current.model_copy(deep=True)
        return self._ruled(before, super().apply_replacement(current, replacement, conditions))

    def apply_patch(self, current: Resource[Any], patch_op: "PatchOp[Any]", conditions: Conditions) -> Changed:
        before = current.model_copy(deep=True)
        return self._ruled(before, super().apply_patch(current, patch_op, conditions))

    def _ruled(self, before: Resource[Any], after: Changed) -> Changed:
        """`after` as the service would store it; None when nothing is left of the change."""
        if after is None or not is_user(after):
            return after
        keep_fixed(before, after, self.profile)
        keep_accepted_phones(cast(Any, after), cast(Any, before).phone_numbers or [], self.profile)
        if self._removes_inactive and cast(Any, after).active is None:
            cast(Any, after).active = cast(Any, before).active
        return None if after == before else after


class RemovingStorage(ResourceStorage):
    """Storage of a service that has no inactive accounts: a user who becomes inactive is removed."""

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        if is_user(resource) and cast(Any, resource).active is False:
            self.delete(resource_type, resource.id or "", expected_version=expected_version)
            return resource.model_copy(deep=True)
        return super().update(resource_type, resource, expected_version=expected_version)


def is_user(resource: Resource[Any]) -> bool:
    return "user_name" in type(resource).model_fields


def keep_fixed(before: Resource[Any], after: Resource[Any], profile: ServiceProfile) -> None:
    """Takes back what an update must not change. What had no value yet may still get its first one."""
    for path in profile.user.fixed:
        attribute = path.partition("[")[0].partition(".")[0]
        field = next(
            (
                name
                for name, info in type(after).model_fields.items()
                if (info.serialization_alias or name) == attribute
            ),
            None,
        )
        if field is not None and getattr(before, field):
            setattr(after, field, getattr(before, field))


def keep_accepted_phones(user: Any, there: list[Any], profile: ServiceProfile) -> None:
    """Leaves out the numbers the service ignores; where one stood at the same place (type) before, that one stays.

    When every number that was sent is ignored, the whole change of numbers is.
    """
    if profile.phone is None or not user.phone_numbers:
        return
    sent = user.phone_numbers
    kept = [number for number in sent if not number.value or _accepted(number, there)]
    ignored = [number for number in sent if number not in kept]
    if ignored and not kept:
        user.phone_numbers = list(there) or None
        return
    types = {number.type for number in kept}
    stays = [old for old in there if old.type not in types and any(old.type == bad.type for bad in ignored)]
    user.phone_numbers = [*kept, *stays] or None


def _accepted(number: Any, there: list[Any]) -> bool:
    same = any(old.value == number.value and old.type == number.type for old in there)
    return same or judge_us_phone(number.value).kept


def without_password(resource: Resource[Any]) -> Resource[Any]:
    """The resource itself, its password forgotten."""
    if "password" in type(resource).model_fields:
        cast(Any, resource).password = None
    return resource
