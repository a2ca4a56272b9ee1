"""The SCIM door with the faults that a rehearsal asked for."""

import asyncio
import json
from dataclasses import dataclass
from email.utils import formatdate
from time import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

from spoke_admin.sandbox.asgi import Application, Message, Receive, Scope, Send
from spoke_admin.sandbox.faults import Fault, Faults, Met
from spoke_admin.sandbox.storage import Interference

PIECES_A_SECOND = 20  # of an answer that dribbles
SCIM_TYPE = "application/scim+json"


@dataclass
class Answer:
    """An answer before it is sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def replace_header(self, name: bytes, value: bytes) -> None:
        self.headers = [(key, old) for key, old in self.headers if key != name] + [(name, value)]

    def replace_body(self, body: bytes) -> None:
        self.body = body
        self.replace_header(b"content-length", str(len(body)).encode())


class FaultyDoor:
    """The ASGI application around the SCIM door. The guard in front of it has let the call in."""

    def __init__(self, door: Application, faults: Faults) -> None:
        self._door = door
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        met = self._faults.meet(scope["method"], scope["path"].removeprefix(scope.get("root_path", "")))
        if not met.faults:
            await self._door(scope, receive, send)
            return
        refusal = met.first("too_many_requests", "server_error", "drop_before_commit")
        answer: Answer | None
        if refusal is None:
            answer = await self._carried_out(scope, receive, met)
        else:
            await receive()  # the body, which nobody wants
            answer = _refusal(refusal)
        if (late := met.first("latency")) and await _gone_within(receive, late.seconds):
            return
        if answer is None or met.first("drop_after_commit"):
            await _hang_up(scope, receive)
            return
        for fault in met.faults:
            _alter(answer, fault)
        await _send(answer, met.first("dribble"), receive, send)

    async def _carried_out(self, scope: Scope, receive: Receive, met: Met) -> Answer:
        """What the door answers to the call, which may be another one than was sent."""
        state = dict(scope.get("state") or {})
        refused = tuple(fault.name for fault in met.all("bad_group") if fault.how == "refused")
        lost = tuple(fault.attribute for fault in met.all("lose_attribute"))
        scope = dict(scope) | {"state": state | {"interference": Interference(lost, refused)}}
        if met.first("repeat_page"):
            scope, receive = await _first_page(scope, receive)
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._door(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return Answer(messages[0]["status"], list(messages[0]["headers"]), body)


def _refusal(fault: Fault) -> Answer | None:
    """The answer to a call that is not carried out; None hangs up."""
    if fault.fault == "drop_before_commit":
        return None
    status = 429 if fault.fault == "too_many_requests" else fault.status
    detail = "Too many requests." if status == 429 else "This fault was asked for."
    document = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    answer = Answer(status, [(b"content-type", SCIM_TYPE.encode())], b"")
    answer.replace_body(json.dumps(document).encode())
    if status == 429 and fault.retry_after is not None:
        wait = formatdate(time() + fault.retry_after, usegmt=True) if fault.as_date else str(fault.retry_after)
        answer.replace_header(b"retry-after", wait.encode())
    return answer


async def _first_page(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """A search asked for its first page, whichever page it asked for; any other call as it is."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    scope = dict(scope)
    if "startIndex" in query:
        scope["query_string"] = urlencode(query | {"startIndex": "1"}).encode()
    if not scope["path"].endswith("/.search"):
        return scope, receive
    message = await receive()
    try:
        document = json.loads(message.get("body", b""))
    except ValueError:
        document = None
    if isinstance(document, dict):
        message = dict(message) | {"body": json.dumps(document | {"startIndex": 1}).encode()}
    given = [message]

    async def replayed() -> Message:
        return given.pop() if given else await receive()

    return scope, replayed


def _alter(answer: Answer, fault: Fault) -> None:
    if fault.fault == "wrong_content_type":
        answer.replace_header(b"content-type", fault.content_type.encode())
    if fault.fault == "bad_group" and fault.how == "malformed":
        try:
            document = json.loads(answer.body)
        except ValueError:
            return
        answer.replace_body(json.dumps(_malformed(document, fault.name)).encode())


def _malformed(document: Any, name: str) -> Any:
    """The document, with the members of the group of that name, or of any, as a text instead of a list."""
    if not isinstance(document, dict):
        return document
    if isinstance(listed := document.get("Resources"), list):
        return document | {"Resources": [_malformed(one, name) for one in listed]}
    is_group = any(isinstance(it, str) and it.endswith(":Group") for it in document.get("schemas") or ())
    if is_group and (not name or str(document.get("displayName")).casefold() == name.casefold()):
        return document | {"members": "everyone"}
    return document


async def _send(answer: Answer, dribble: Fault | None, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    pieces = 1
    if dribble is not None:
        pieces = max(1, min(len(answer.body), int(dribble.seconds * PIECES_A_SECOND)))
    size = -(-len(answer.body) // pieces) or 1
    for first in range(0, len(answer.body) or 1, size):
        if dribble is not None and await _gone_within(receive, dribble.seconds / pieces):
            return
        last = first + size >= len(answer.body)
        await send({"type": "http.response.body", "body": answer.body[first : first + size], "more_body": not last})


async def _gone_within(receive: Receive, seconds: float) -> bool:
    """Waits so long; whether the caller hung up meanwhile."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Ends the connection without an answer."""
    scope["state"]["hang_up"]()
    while (await receive())["type"] != "http.disconnect":
        pass
