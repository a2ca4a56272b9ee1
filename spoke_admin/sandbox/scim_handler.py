"""SCIM operations over our storage.

What is only created, read or listed is answered as it is kept, without models; members of a group never become models
unless they have to.
"""

import json
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from scim2_models import BulkOperation, PatchOp, Resource, ResourceType, SearchRequest
from scim2_server.conditions import Conditions
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation, Target

from spoke_admin.sandbox.documents import Locations, Stored, compact
from spoke_admin.sandbox.filter_sql import Untranslatable
from spoke_admin.sandbox.member_patch import NotTakenApart, entry_of, taken_apart
from spoke_admin.sandbox.membership import NAMES, Replaced
from spoke_admin.sandbox.rules import Asked, PlainService
from spoke_admin.sandbox.storage import ResourceStorage

LIST = (
    '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],'
    '"totalResults":%d,"startIndex":%d,"itemsPerPage":%d,"Resources":[%s]}'
)
# a member with everything that can be said of one: what is left of it tells what was asked for
WHOLE_MEMBER = compact(dict.fromkeys(NAMES, "-"))


class WrittenResponse(ScimResponse):
    """A response whose body is written already: JSON in UTF-8."""

    def __init__(self, status: HTTPStatus, content: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, None, headers or {})
        self.content = content.encode()


class StandInHandler(ScimHandler):
    """scim2-server's handler; where a client asks for some of the attributes only, models do the choosing."""

    service: PlainService
    storage: ResourceStorage

    # -- one resource ---------------------------------------------------

    def create(self, request: ScimRequest) -> ScimResponse:
        with self.service.provider:
            target = self.service.route(request, Operation.create)
            resource_type = self.service.resource_type_at(cast(str, target.endpoint))
            resource = self.service.read_creation(resource_type, request.body, request.header("Content-Type"))
            with self.storage.operation():
                row = self.storage.row(resource_type, self.storage.add(resource_type, resource))
            if row.refers:
                return self.service.creation_response(request.base_url, self.storage.get(resource_type, row.id))
            response = self._answered(request.base_url, row, None, HTTPStatus.CREATED)
            response.headers["Location"] = response.headers["Content-Location"]
            return response

    def query(self, request: ScimRequest) -> ScimResponse:
        with self.service.provider:
            target = self.service.route(request, Operation.query)
            resource_type = self.service.resource_type_at(cast(str, target.endpoint))
            asked = self._asked(resource_type, request)
            row = self.storage.row(resource_type, cast(str, target.resource_id), with_members=asked is None)
            if not self.service.read_conditions(request).check(row.version, "GET"):
                return ScimResponse(HTTPStatus.NOT_MODIFIED, None, {"ETag": row.version})
            return self._answered(request.base_url, row, asked)

    def replace(self, request: ScimRequest) -> ScimResponse:
        with self.service.provider:
            target = self.service.route(request, Operation.replace)
            resource_type = self.service.resource_type_at(cast(str, target.endpoint))
            if resource_type.name != "Group" or self.storage.loses:
                return super().replace(request)
            asked = self._asked(resource_type, request)
            identifier, conditions = cast(str, target.resource_id), self.service.read_conditions(request)
            with self.storage.operation():
                self.storage.row(resource_type, identifier, with_members=False)  # who is not there comes first
                group = self.service.read_replacement(resource_type, request.body, request.header("Content-Type"))
                self._replaced(resource_type, identifier, group, conditions)
            row = self.storage.row(resource_type, identifier, with_members=asked is None)
            return self._answered(request.base_url, row, asked)

    def _replaced(
        self, resource_type: ResourceType, resource_id: str, group: Resource[Any], conditions: Conditions
    ) -> Stored:
        """The row of a group, without members, after a PUT."""
        row = self.storage.row(resource_type, resource_id, with_members=False)
        members = [entry_of(member) for member in cast(Any, group).members or ()]
        cast(Any, group).members = None
        changed = self.service.apply_replacement(self.storage.read(row), group, conditions)
        return self.storage.change_group(resource_type, row, changed, [Replaced(members, by_put=True)])

    def patch(self, request: ScimRequest) -> ScimResponse:
        with self.service.provider:
            target = self.service.route(request, Operation.patch)
            resource_type = self.service.resource_type_at(cast(str, target.endpoint))
            if resource_type.name != "Group":
                return super().patch(request)
            asked = self._asked(resource_type, request)
            patch_op = self.service.read_patch(resource_type, request.body, request.header("Content-Type"))
            identifier, conditions = cast(str, target.resource_id), self.service.read_conditions(request)
            with self.storage.operation():
                if self._patched(resource_type, identifier, patch_op, conditions) is None:
                    super().patch_resource(resource_type, identifier, patch_op, conditions)
            row = self.storage.row(resource_type, identifier, with_members=asked is None)
            return self._answered(request.base_url, row, asked)

    def patch_resource(
        self, resource_type: ResourceType, resource_id: str, patch_op: "PatchOp[Any]", conditions: Conditions
    ) -> Resource[Any]:
        if resource_type.name == "Group":
            row = self._patched(resource_type, resource_id, patch_op, conditions)
            if row is not None:
                return self.storage.read(row)
        return super().patch_resource(resource_type, resource_id, patch_op, conditions)

    def _patched(
        self, resource_type: ResourceType, resource_id: str, patch_op: "PatchOp[Any]", conditions: Conditions
    ) -> Stored | None:
        """The row of a group, without members, after a PATCH. None, and nothing done, where models have to do it."""
        if self.storage.loses:
            return None
        row = self.storage.row(resource_type, resource_id, with_members=False)
        try:
            model = self.service.get_model(resource_type)
            rest, changes = taken_apart(patch_op, model, self.storage.removed)
        except (NotTakenApart, Untranslatable):
            return None
        changed = self.service.apply_patch(self.storage.read(row), rest, conditions)
        return self.storage.change_group(resource_type, row, changed, changes)

    def delete_resource(self, resource_type: ResourceType, resource_id: str, conditions: Conditions) -> None:
        row = self.storage.row(resource_type, resource_id, with_members=False)
        self.service.check_deletion(self.storage.read(row), conditions)
        self.storage.delete(resource_type, resource_id, expected_version=row.version)

    # -- many -----------------------------------------------------------

    def search(self, request: ScimRequest) -> ScimResponse:
        with self.service.provider:
            target = self.service.route(request, Operation.search)
            types = self.service.searched_types(target.endpoint)
            return self._found(request, target, self.service.read_search_query(types, request.query)[0])

    def search_with_body(self, request: ScimRequest) -> ScimResponse:
        with self.service.provider:
            target = self.service.route(request, Operation.search_with_body)
            types = self.service.searched_types(target.endpoint)
            content_type = request.header("Content-Type")
            return self._found(request, target, self.service.read_search_body(types, request.body, content_type)[0])

    def _found(self, request: ScimRequest, target: Target, search: SearchRequest[Any]) -> ScimResponse:
        types = self.service.searched_types(target.endpoint)
        asked = search if search.attributes or search.excluded_attributes else None
        total, rows = self.storage.rows(types, search, with_members=asked is None)
        locations = self._locations(request.base_url)
        shown = [self._shown(row, locations, asked) for row in rows]
        return WrittenResponse(HTTPStatus.OK, LIST % (total, search.start_index or 1, len(rows), ",".join(shown)))

    def apply_bulk_operation(
        self, resource_type: ResourceType, operation: BulkOperation[Resource[Any]]
    ) -> Resource[Any] | None:
        if operation.method == BulkOperation.Method.post:
            created = self.service.as_created(cast("Resource[Any]", operation.data))
            return self.storage.create(resource_type, created)
        if operation.method == BulkOperation.Method.put and resource_type.name == "Group" and not self.storage.loses:
            group = cast("Resource[Any]", operation.data)
            conditions = Conditions(if_match=operation.version)
            row = self._replaced(resource_type, cast(str, operation.resource_id), group, conditions)
            return self.storage.read(row)
        return super().apply_bulk_operation(resource_type, operation)

    # -- what is shown --------------------------------------------------

    def _asked(self, resource_type: ResourceType, request: ScimRequest) -> Asked:
        """Which attributes a client wants to see; None for all that are shown by themselves."""
        if not {"attributes", "excludedAttributes"} & request.query.keys():
            return None
        asked = self.service.read_response_parameters(resource_type, request.query)
        return asked if asked.attributes or asked.excluded_attributes else None

    def _answered(
        self, base_url: str, row: Stored, asked: Asked, status: HTTPStatus = HTTPStatus.OK
    ) -> WrittenResponse:
        locations = self._locations(base_url)
        headers = {"Content-Location": f"{locations.of(row.type)}/{row.id}", "ETag": row.version}
        return WrittenResponse(status, self._shown(row, locations, asked), headers)

    def _shown(self, row: Stored, locations: Locations, asked: Asked) -> str:
        if asked is not None and row.type == "Group":
            return self._shown_group(row, locations, asked)
        if asked is not None or row.refers:
            return json.dumps(self.service.published(locations.base_url, self.storage.read(row), asked))
        return row.json(locations)

    def _shown_group(self, row: Stored, locations: Locations, asked: Asked) -> str:
        """What was asked for of a group whose row was read without its members; they are read if they are wanted."""
        sample = self.storage.read(replace(row, members=(WHOLE_MEMBER,)))
        shown = self.service.published(locations.base_url, sample, asked)
        (wanted,) = shown.pop("members", ({},))
        members = self.storage.members(row) if wanted else ()
        if len(wanted) < len(NAMES):
            entries = ({name: part for name, part in json.loads(it).items() if name in wanted} for it in members)
            members = tuple(compact(entry) for entry in entries if entry)
        text = json.dumps(shown)
        return f'{text[:-1]},"members":[{",".join(map(locations.whole, members))}]}}' if members else text

    def _locations(self, base_url: str) -> Locations:
        endpoints = {str(kind.name): str(kind.endpoint) for kind in self.service.provider.resource_types}
        return Locations(base_url, endpoints, partial(self.service.reference_location, base_url))
