"""SCIM operations over our storage. What is only created, read or listed is answered as it is kept, without models."""

from http import HTTPStatus
from typing import Any, cast

from scim2_models import BulkOperation, Resource, ResourceType, SearchRequest
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation, Target

from spoke_admin.sandbox.documents import Locations, Stored
from spoke_admin.sandbox.rules import PlainService
from spoke_admin.sandbox.storage import ResourceStorage

LIST = (
    '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],'
    '"totalResults":%d,"startIndex":%d,"itemsPerPage":%d,"Resources":[%s]}'
)


class WrittenResponse(ScimResponse):
    """A response whose body is written already: JSON in UTF-8."""

    def __init__(self, status: HTTPStatus, content: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, None, headers or {})
        self.content = content.encode()


class StandInHandler(ScimHandler):
    """scim2-server's handler; where a client asks for some of the attributes only, models do the choosing."""

    service: PlainService
    storage: ResourceStorage

    def create(self, request: ScimRequest) -> ScimResponse:
        with self.service.provider:
            target = self.service.route(request, Operation.create)
            resource_type = self.service.resource_type_at(cast(str, target.endpoint))
            resource = self.service.read_creation(resource_type, request.body, request.header("Content-Type"))
            with self.storage.operation():
                row = self.storage.row(resource_type, self.storage.add(resource_type, resource))
            if row.refers:
                return self.service.creation_response(request.base_url, self.storage.get(resource_type, row.id))
            response = self._written(request.base_url, row, HTTPStatus.CREATED)
            response.headers["Location"] = response.headers["Content-Location"]
            return response

    def query(self, request: ScimRequest) -> ScimResponse:
        with self.service.provider:
            target = self.service.route(request, Operation.query)
            resource_type = self.service.resource_type_at(cast(str, target.endpoint))
            row = self.storage.row(resource_type, cast(str, target.resource_id))
            if row.refers or {"attributes", "excludedAttributes"} & set(request.query):
                return super().query(request)
            if not self.service.read_conditions(request).check(row.version, "GET"):
                return ScimResponse(HTTPStatus.NOT_MODIFIED, None, {"ETag": row.version})
            return self._written(request.base_url, row, HTTPStatus.OK)

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

    def _found(self, request: ScimRequest, target: Target, asked: SearchRequest[Any]) -> ScimResponse:
        types = self.service.searched_types(target.endpoint)
        if asked.attributes or asked.excluded_attributes:
            page = self.storage.search(types, asked)
            return self.service.search_response(request.base_url, types, page, asked)
        total, rows = self.storage.rows(types, asked)
        locations = self._locations(request.base_url)
        shown = [self._shown(request.base_url, row, locations) for row in rows]
        return WrittenResponse(HTTPStatus.OK, LIST % (total, asked.start_index or 1, len(rows), ",".join(shown)))

    def apply_bulk_operation(
        self, resource_type: ResourceType, operation: BulkOperation[Resource[Any]]
    ) -> Resource[Any] | None:
        if operation.method == BulkOperation.Method.post:
            created = self.service.as_created(cast("Resource[Any]", operation.data))
            return self.storage.create(resource_type, created)
        return super().apply_bulk_operation(resource_type, operation)

    def _written(self, base_url: str, row: Stored, status: HTTPStatus) -> WrittenResponse:
        locations = self._locations(base_url)
        headers = {"Content-Location": f"{locations.of(row.type)}/{row.id}", "ETag": row.version}
        return WrittenResponse(status, row.json(locations), headers)

    def _shown(self, base_url: str, row: Stored, locations: Locations) -> str:
        return self.service.published(base_url, self.storage.read(row)) if row.refers else row.json(locations)

    def _locations(self, base_url: str) -> Locations:
        kinds = self.service.provider.resource_types
        return Locations(base_url, {str(kind.name): str(kind.endpoint) for kind in kinds})
