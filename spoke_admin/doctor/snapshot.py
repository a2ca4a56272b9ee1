"""Everyone and every group of a service, as it shows them: what a rehearsal can start from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spoke_admin.doctor.asking import Asking, NoAnswerError, NoTimeError
from spoke_admin.doctor.documents import document, identifier_of
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.scim_json import get, resources, whole_number

PAGE = 100
SMALLER = (100, 20, 4, 1)  # where a page of resources is larger than is taken in at once
MOST = 1_000_000
Write = Callable[[bytes], object]
Tell = Callable[[str, int, int | None], None]  # users or groups, read so far, how many there are


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was written. `complete` is False where the service promised more than came."""

    users: int
    groups: int
    complete: bool


async def take_snapshot(ask: Asking, write: Write, tell: Tell | None = None) -> Snapshot:
    """Writes {"users": [...], "groups": [...]}, piece by piece. Raises AdminError when a list cannot be read."""
    write(b'{"users": [')
    users, all_users = await _written(ask, "Users", write, tell)
    write(b'],\n"groups": [')
    groups, all_groups = await _written(ask, "Groups", write, tell)
    write(b"]}\n")
    return Snapshot(users, groups, all_users and all_groups)


async def _written(ask: Asking, kind: str, write: Write, tell: Tell | None) -> tuple[int, bool]:
    """How many were written, and whether these are all. Ends with the page that brings nobody new."""
    seen: set[str] = set()
    came, promised = 0, None
    while len(seen) < MOST:
        page = await _page(ask, kind, came + 1)
        if page is None:
            break
        promised = whole_number(get(page, "totalResults"))
        listed, before = resources(page), len(seen)
        for resource in listed:
            key = identifier_of(resource) or json.dumps(resource, sort_keys=True)
            if key not in seen:
                write((b",\n" if seen else b"\n") + json.dumps(resource).encode())
                seen.add(key)
        came += len(listed)
        if tell is not None:
            tell(kind.lower(), len(seen), promised)
        if len(seen) == before or came == promised:
            break
    return len(seen), promised is None or len(seen) >= promised


async def _page(ask: Asking, kind: str, start: int) -> Any:
    """A page from `start` on, None where there is none any more. Raises AdminError."""
    fault = None
    for count in SMALLER:
        try:
            reply = await ask.get(f"/{kind}", {"startIndex": str(start), "count": str(count)})
        except NoAnswerError as error:
            fault = fault or error.fault
            if ask.asked[-1].kind != "broken":
                break
            continue
        except NoTimeError as reason:
            words = f"The {kind.lower()} cannot be read to their end."
            fault = fault or AdminError(words, "Try again, with a longer --deadline.", str(reason))
            break
        found = document(reply)
        if reply.ok and isinstance(found, dict):
            return found
        if start > 1 and reply.status in (400, 404, 416):  # beyond the last one a service may refuse
            return None
        if kind == "Groups" and start == 1 and reply.status in (404, 501):
            return None
        fault = AdminError(
            f"The {kind.lower()} cannot be read: HTTP {reply.status}.",
            "Run the doctor without --snapshot: it says what is wrong.",
        )
        break
    raise fault or AdminError("No answer came.", "Try again.")
