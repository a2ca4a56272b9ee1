"""Ways to make a sound service unsound, one at a time."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from tests.doctor.plain_scim import Fault, Forward, altered, answer, refusal


def where(method: str, path: str, when: Callable[[Call], bool] = lambda _call: True) -> Callable[[Call], bool]:
    """Whether a call is of this method and path (a regular expression, whole, below the base URL)."""

    def is_it(call: Call) -> bool:
        below = call.url.partition("?")[0].partition("/v2")[2]
        return call.method == method and re.fullmatch(path, below) is not None and when(call)

    return is_it


def says(is_it: Callable[[Call], bool], reply: Reply) -> Fault:
    """Answers such calls always so, and does nothing."""
    return lambda call, forward: reply if is_it(call) else forward(call)


def both(one: Fault, other: Fault) -> Fault:
    """The faults of both."""
    return lambda call, forward: one(call, lambda heard: other(heard, forward))


def alters(is_it: Callable[[Call], bool], **facts: Any) -> Fault:
    """Does what such calls ask for, and sets the answer's status or body."""
    return lambda call, forward: replace(forward(call), **facts) if is_it(call) else forward(call)


def changes(is_it: Callable[[Call], bool], change: Callable[[Any], Any]) -> Fault:
    """Does what such calls ask for, and alters the JSON of the answer; refusals stay as they are, unless asked for."""

    def fault(call: Call, forward: Forward) -> Reply:
        reply = forward(call)
        return altered(reply, change) if is_it(call) and (reply.ok or "spoke" in call.url) else reply

    return fault


def with_headers(is_it: Callable[[Call], bool], **headers: str) -> Fault:
    """Sets headers of the answers to such calls; names with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def fault(call: Call, forward: Forward) -> Reply:
        reply = forward(call)
        return replace(reply, headers={**reply.headers, **named}) if is_it(call) else reply

    return fault


def hears(is_it: Callable[[Call], bool], heard: Callable[[Call], Call]) -> Fault:
    """Takes such calls for others."""
    return lambda call, forward: forward(heard(call)) if is_it(call) else forward(call)


def fails(is_it: Callable[[Call], bool], error: AdminError) -> Fault:
    """Never answers such calls in full."""

    def fault(call: Call, forward: Forward) -> Reply:
        if is_it(call):
            raise error
        return forward(call)

    return fault


def hangs(call: Call, forward: Forward) -> Reply:
    """Never answers."""
    raise TimeoutError


def swallows(is_it: Callable[[Call], bool], *names: str) -> Fault:
    """Leaves attributes out of what is sent, and answers as if all were well."""

    def heard(call: Call) -> Call:
        body = call.body
        assert isinstance(body, dict)
        kept = {key: value for key, value in body.items() if key not in names}
        if "Operations" in kept:
            kept["Operations"] = [it for it in kept["Operations"] if not _touches(it, names)]
            kept["Operations"] = kept["Operations"] or [{"op": "replace", "path": "nickName", "value": "x"}]
        return replace(call, body=kept)

    return hears(is_it, heard)


def _touches(operation: dict[str, Any], names: tuple[str, ...]) -> bool:
    path = str(operation.get("path", ""))
    value = operation.get("value")
    return any(name in path or (not path and isinstance(value, dict) and name in value) for name in names)


USERS = where("GET", "/Users")
ONE_USER = where("GET", "/Users/.+")
POST_USER = where("POST", "/Users")
PATCH_USER = where("PATCH", "/Users/.+")
PUT_USER = where("PUT", "/Users/.+")
PATCH_GROUP = where("PATCH", "/Groups/.+")
CONFIG = where("GET", "/ServiceProviderConfig")
HTML = answer(200, b"<html><head><title>Welcome</title></head><body>Hello</body></html>", "text/html")


def filtered(part: str) -> Callable[[Call], bool]:
    """A look for users whose condition has this part."""
    return where("GET", "/Users", lambda call: part in call.query.get("filter", ""))


def operation(part: str, path: str = "/(Users|Groups)/.+") -> Callable[[Call], bool]:
    """A PATCH in whose body this part stands."""
    return where("PATCH", path, lambda call: part in str(call.body))


NOT_DONE = refusal(501, "Not implemented.")
