"""Okta's way to answer: documents, pages with a link to the next one, and errors in its form."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from spoke_admin.sandbox.identity_provider.store import Document

MOST_A_PAGE = 200


class OktaError(Exception):  # Okta's own word for it
    """An answer that refuses: HTTP status, Okta's error code, a summary in words."""

    def __init__(self, status: int, code: str, summary: str, causes: Sequence[str] = ()) -> None:
        super().__init__(summary)
        self.status = status
        self.code = code
        self.summary = summary
        self.causes = causes


def not_found(what: str) -> OktaError:
    return OktaError(404, "E0000007", f"Not found: Resource not found: {what}")


def invalid(summary: str, *causes: str) -> OktaError:
    return OktaError(400, "E0000001", f"Api validation failed: {summary}", causes)


async def refuse(_: Request, error: Exception) -> Response:
    """Starlette's handler for OktaError."""
    if not isinstance(error, OktaError):
        raise error
    body = {
        "errorCode": error.code,
        "errorSummary": error.summary,
        "errorLink": error.code,
        "errorId": "rehearsal",
        "errorCauses": [{"errorSummary": cause} for cause in error.causes],
    }
    return JSONResponse(body, error.status)


async def body_of(request: Request) -> Document:
    """The JSON object a call carries. Raises OktaError."""
    try:
        document = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        raise OktaError(400, "E0000003", "The request body was not well-formed.") from None
    if not isinstance(document, dict):
        raise OktaError(400, "E0000003", "The request body is not a JSON object.")
    return document


def text_of(document: Document, name: str, longest: int = 2000) -> str:
    """A required text of a body. Raises OktaError."""
    value = document.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise invalid(name, f"{name}: a text of 1 to {longest} characters is needed")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise invalid(name, f"{name}: it is no valid Unicode text")
    return value.strip()


def page(request: Request, url: str, found: Sequence[Document], key: str = "id") -> Response:
    """A page of a list: `limit`, `after`, and a Link header to the next one."""
    limit = request.query_params.get("limit", str(MOST_A_PAGE))
    if not (limit.isascii() and limit.isdigit() and 1 <= len(limit) <= 6 and int(limit) > 0):
        raise invalid("limit", "limit: a whole number from 1 is needed")
    count, after = min(int(limit), MOST_A_PAGE), request.query_params.get("after")
    places = {item[key]: number for number, item in enumerate(found)}
    if after is not None and after not in places:
        raise invalid("after", "after: this cursor is not known")
    start = places[after] + 1 if after is not None else 0
    shown = found[start : start + count]
    headers = {}
    if start + count < len(found):
        query = {**dict(request.query_params), "limit": str(count), "after": shown[-1][key]}
        headers["link"] = f'<{url}{request.url.path.removeprefix("/okta")}?{urlencode(query)}>; rel="next"'
    return JSONResponse(list(shown), headers=headers)


def answer(document: Any, status: int = 200) -> Response:
    return JSONResponse(document, status)
