"""Making test objects, each written down first, and taking them away again."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from spoke_admin.doctor.asking import NoAnswerError, NoTimeError
from spoke_admin.doctor.checks import Examination
from spoke_admin.doctor.documents import document, identifier_of
from spoke_admin.doctor.exchanges import is_marked, quoted
from spoke_admin.doctor.marked import Kind, Marked
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import get, text

AT_A_TIME = 8
TRIES = 2  # of taking an object away: a connection that broke off, or one 5xx, leaves nothing behind
UNANSWERED = timedelta(minutes=10)  # for so long a creation without an answer may still take effect

End = Literal["gone", "there", "never seen"]

log = logging.getLogger(__name__)


async def make(exam: Examination, kind: Kind, body: Mapping[str, Any], what: str = "") -> Reply:
    """Posts a test object, written down first. `what` is the word by which other checks find its id."""
    marked = exam.journal.making(kind, str(body["userName" if kind == "Users" else "displayName"]))
    exam.made.append(marked)
    try:
        reply = await exam.ask.ask("POST", f"/{kind}", body)
    except NoTimeError:  # nothing was sent, or a 429 came: there is nothing to remove
        exam.journal.gone(marked)
        exam.made.remove(marked)
        raise
    if (identifier := await note(exam, marked, reply)) and what:
        exam.own[what] = identifier
    return reply


async def note(exam: Examination, marked: Marked, reply: Reply) -> str:
    """Takes in the answer to a creation: the new id, "" when there is none, or it is not that of a test object.

    A service that answers with somebody else must not make us change or delete that one.
    """
    if 400 <= reply.status < 500:  # refused: there is nothing to remove
        exam.journal.gone(marked)
        exam.made.remove(marked)
        return ""
    found = document(reply) if reply.ok else None
    identifier = identifier_of(found)
    if not identifier:
        return ""
    if not is_marked(found):  # only the id was sent, or another user
        found = (await exam.read(marked.kind, identifier))[1]
    if not is_marked(found):
        return ""
    exam.made[exam.made.index(marked)] = exam.journal.made(marked, identifier)
    return identifier


async def remove(exam: Examination, all_marked: Sequence[Marked], *, ours: bool) -> list[Marked]:
    """Removes test objects, groups first; those that stay. `ours`: made in this very run, so their ids are sure.

    What was never answered and is not there is no finding, and stays in the journal for a while all the same.
    """
    stay: list[Marked] = []
    places = asyncio.Semaphore(AT_A_TIME)

    async def one(marked: Marked) -> None:
        async with places:
            try:
                end = await _tried(exam, marked, ours=ours)
                if end == "gone":
                    exam.journal.gone(marked)
            except AdminError as fault:  # the journal: it is looked for once more by the next run, and not there
                log.info("%s", fault.title)
                end = "gone"
        if end == "there":
            stay.append(marked)

    for kind in ("Groups", "Users"):
        async with asyncio.TaskGroup() as group:
            for marked in all_marked:
                if marked.kind == kind:
                    group.create_task(one(marked))
    return stay


async def _tried(exam: Examination, marked: Marked, *, ours: bool) -> End:
    """What became of it after one more try where the first one failed."""
    for _ in range(TRIES):
        try:
            end = await _end_of(exam, marked, ours=ours)
        except NoAnswerError:
            continue
        except NoTimeError:
            break
        if end != "there":
            return end
    return "there"


async def _end_of(exam: Examination, marked: Marked, *, ours: bool) -> End:
    if marked.id:
        return "gone" if await _deleted(exam, marked, marked.id, sure=ours) else "there"
    if identifiers := await _looked_for(exam, marked):
        ends = [await _deleted(exam, marked, identifier, sure=False) for identifier in identifiers]
        return "gone" if all(ends) else "there"
    old = marked.since is not None and exam.now() - marked.since > UNANSWERED
    return "gone" if old else "never seen"


async def _looked_for(exam: Examination, marked: Marked) -> set[str]:
    """Ids of what was made without an answer: by its name, else by the externalId that was sent with it."""
    conditions = [f'{marked.naming} eq "{quoted(marked.name)}"']
    if marked.kind == "Users":
        conditions.append(f'externalId eq "{quoted(marked.name.partition("@")[0])}"')
    for condition in conditions:
        reply, found = await exam.find(f"/{marked.kind}", condition)
        if not reply.ok:
            continue
        named = marked.name.partition("@")[0].lower()
        ids = {identifier_of(it) for it in found if is_marked(it) and _named(it, named)}
        if ids := ids - {""}:
            return ids
    return set()


def _named(resource: object, name: str) -> bool:
    return any(text(get(resource, key)).lower().startswith(name) for key in ("userName", "displayName", "externalId"))


async def _deleted(exam: Examination, marked: Marked, identifier: str, *, sure: bool) -> bool:
    """Whether it is gone. What cannot be shown to be a test object is left alone: ids may be given out twice."""
    address = exam.address(marked.kind, identifier)
    if not sure:
        reply, there = await exam.read(marked.kind, identifier)
        if reply.status in (404, 410) or (reply.ok and document(reply) is not None and not is_marked(there)):
            return True
        if not reply.ok:
            return False
    reply = await exam.ask.ask("DELETE", address)
    if reply.status in (404, 410):
        return True
    after, there = await exam.read(marked.kind, identifier)
    if after.status in (404, 410):
        return True
    if marked.kind == "Users" and text(get(there, "active")).lower() != "false":
        await exam.patch("Users", identifier, {"op": "replace", "value": {"active": False}})
        after, _ = await exam.read("Users", identifier)
    return after.status in (404, 410)
