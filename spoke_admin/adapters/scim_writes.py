"""Writes to a SCIM service: each is read back and held against what was sent; none is repeated in doubt."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from spoke_admin.adapters.http import NotSentError
from spoke_admin.adapters.scim_answers import LONGEST_NAME, asked_to_wait, said, scim_type
from spoke_admin.adapters.scim_calls import ScimCalls
from spoke_admin.adapters.scim_differences import differences, differences_of_changes, side_effects
from spoke_admin.adapters.scim_lookup import find, read
from spoke_admin.adapters.scim_pacing import AskedToWaitError, seconds_asked
from spoke_admin.adapters.scim_patches import (
    Change,
    PatchForm,
    member_changes,
    member_operations,
    operations,
    patch_body,
    rename_operations,
)
from spoke_admin.adapters.scim_paths import parse_path
from spoke_admin.adapters.scim_results import Outcome, ReadBack, WriteResult
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import get, text
from spoke_admin.domain.secret import Secret

SCHEMAS = {
    "Users": "urn:ietf:params:scim:schemas:core:2.0:User",
    "Groups": "urn:ietf:params:scim:schemas:core:2.0:Group",
}
NAMED_BY = {"Users": "userName", "Groups": "displayName"}
Resource = Mapping[str, Any]
Comparison = Callable[[Resource], dict[str, Any]]


class ScimWrites:
    """Creates, replaces, patches and deletes. `kind` is an endpoint: "Users" or "Groups".

    No method raises because of what a service does: a refusal, a silence, an answer of nonsense is told in the result.
    One that is cancelled may have been sent: it is then as unknown as one without an answer. AdminError is raised only
    for arguments that cannot be sent.
    """

    def __init__(self, calls: ScimCalls) -> None:
        self._calls = calls

    async def create(self, kind: str, new: Resource, token: Secret) -> WriteResult:
        """POST. `id` of the result is "" where the service named none and does not show what it made."""
        sent = with_schemas(kind, new)
        reply, result = await self._send("POST", kind, "", token, sent)
        if reply is None or result.outcome is not Outcome.DONE:
            return result
        identifier, fault = await self._id_of_new(reply, kind, sent, token)
        if not identifier:
            return _shown(result, "", ReadBack.GONE if fault is None else ReadBack.UNREADABLE, read_fault=fault)
        return await self._proved(result, token, lambda kept: {"differences": differences(sent, kept)}, identifier)

    async def replace(
        self,
        kind: str,
        identifier: str,
        whole: Resource,
        token: Secret,
        *,
        before: Resource | None = None,
        version: str = "",
    ) -> WriteResult:
        """PUT of a whole resource. `before`: as it is now, for a better account of what was lost.

        `version`: its ETag, where the write is to be refused (412) when it was changed meanwhile.
        """
        sent = with_schemas(kind, whole)
        _, result = await self._send("PUT", kind, identifier, token, sent, version)
        return await self._proved(result, token, lambda kept: {"differences": differences(sent, kept, before)})

    async def patch(
        self,
        kind: str,
        identifier: str,
        changes: Sequence[Change],
        token: Secret,
        *,
        form: PatchForm = PatchForm.RFC,
        before: Resource | None = None,
        version: str = "",
    ) -> WriteResult:
        """PATCH. With `before`, as it is now, side effects are told, and values that do not exist yet are added."""
        body = operations(changes, form, before)
        return await self.patch_with(kind, identifier, body, changes, token, before=before, version=version)

    async def patch_with(
        self,
        kind: str,
        identifier: str,
        body: Sequence[Mapping[str, Any]],
        changes: Sequence[Change],
        token: Secret,
        *,
        before: Resource | None = None,
        version: str = "",
    ) -> WriteResult:
        """PATCH with operations as given: `changes` say what they are to bring about."""
        for change in changes:
            parse_path(change.path)  # what cannot be judged afterwards is not sent
        _, result = await self._send("PATCH", kind, identifier, token, patch_body(body), version)

        def compare(kept: Resource) -> dict[str, Any]:
            effects = side_effects(changes, kept, before) if before is not None else ()
            return {"differences": differences_of_changes(changes, kept, before), "side_effects": effects}

        return await self._proved(result, token, compare)

    async def deactivate(self, identifier: str, token: Secret, *, before: Resource | None = None) -> WriteResult:
        """PATCH of a user as Okta deactivates. Where the service removes such accounts, the read-back is GONE."""
        changes = [Change("active", value=False)]
        return await self.patch("Users", identifier, changes, token, form=PatchForm.OKTA, before=before)

    async def delete(self, kind: str, identifier: str, token: Secret, *, version: str = "") -> WriteResult:
        """DELETE. Done and proved when the read-back is GONE; what was gone already is refused with 404."""
        _, result = await self._send("DELETE", kind, identifier, token, version=version)
        return await self._proved(result, token)

    async def rename_group(
        self,
        group_id: str,
        name: str,
        token: Secret,
        *,
        form: PatchForm = PatchForm.OKTA,
        before: Resource | None = None,
    ) -> WriteResult:
        body = rename_operations(group_id, name, form)
        return await self.patch_with("Groups", group_id, body, [Change("displayName", name)], token, before=before)

    async def change_members(
        self,
        group_id: str,
        token: Secret,
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        before: Resource | None = None,
    ) -> WriteResult:
        """One PATCH that adds and removes members by their ids. With `before`, who else was lost is told."""
        added, gone = list(dict.fromkeys(add)), list(dict.fromkeys(remove))
        if (not added and not gone) or set(added) & set(gone):
            raise AdminError("These members cannot be changed.", "Name some, and none both to be added and removed.")
        changes = member_changes(added, gone)
        return await self.patch_with("Groups", group_id, member_operations(added, gone), changes, token, before=before)

    async def _send(
        self, method: str, kind: str, identifier: str, token: Secret, body: object = None, version: str = ""
    ) -> tuple[Reply | None, WriteResult]:
        if method != "POST" and not identifier:
            raise AdminError(f"A {method} needs the id of a resource.", "Look the resource up first.")
        try:
            reply = await self._calls.write(method, kind, token, identifier, body, version)
        except (NotSentError, AskedToWaitError) as fault:
            return None, WriteResult(Outcome.NOT_SENT, method, kind, identifier, fault=fault)
        except AdminError as fault:
            return None, WriteResult(Outcome.UNKNOWN, method, kind, identifier, fault=fault)
        if reply.ok:
            return reply, WriteResult(Outcome.DONE, method, kind, identifier, reply.status)
        # a gateway, or a service that stumbled after it had stored the change, answers 5xx: only 501 is a clear no
        outcome = Outcome.UNKNOWN if reply.status >= 500 and reply.status != 501 else Outcome.REFUSED
        wait = seconds_asked(reply) if reply.status == 429 else None
        words = _refusal(reply, self._calls.base_url, kind)
        return reply, WriteResult(outcome, method, kind, identifier, reply.status, scim_type(reply), wait, words)

    async def _id_of_new(self, reply: Reply, kind: str, sent: Resource, token: Secret) -> tuple[str, AdminError | None]:
        """The id of what was made: from the answer, its Location, or a look-up by name; "" when none shows it."""
        try:
            document = reply.document() if reply.body else {}
        except AdminError:
            document = {}
        identifier = text(get(document, "id")) or self._calls.identifier_in(reply.headers.get("location", ""), kind)
        if identifier and len(identifier) <= LONGEST_NAME:
            return identifier, None
        named = NAMED_BY.get(kind, "")
        name = text(get(sent, named))
        if not name:
            return "", None
        try:
            found = await find(self._calls, kind, named, name, token)
        except AdminError as fault:
            return "", fault
        return (text(get(found[0], "id")), None) if len(found) == 1 else ("", None)

    async def _proved(
        self, result: WriteResult, token: Secret, compare: Comparison | None = None, new_id: str = ""
    ) -> WriteResult:
        """The result with what a read now shows; what was not done is not read back."""
        if result.outcome is not Outcome.DONE:
            return result
        identifier = new_id or result.id
        try:
            kept = await read(self._calls, result.kind, identifier, token)
        except AdminError as fault:
            return _shown(result, identifier, ReadBack.UNREADABLE, read_fault=fault)
        if kept is None:
            return _shown(result, identifier, ReadBack.GONE)
        return _shown(result, identifier, ReadBack.READ, kept=kept, **(compare(kept) if compare else {}))


def _shown(done: WriteResult, identifier: str, seen: ReadBack, **facts: Any) -> WriteResult:
    """The result of a write that was done, with what the read-back showed."""
    return WriteResult(done.outcome, done.method, done.kind, identifier, done.status, read_back=seen, **facts)


def with_schemas(kind: str, given: Resource) -> dict[str, Any]:
    """The resource with `schemas` in it: that of its kind, and each extension it uses (RFC 7643, section 3)."""
    if get(given, "schemas") is not None:
        return dict(given)
    extensions = [name for name, value in given.items() if name.lower().startswith("urn:") and isinstance(value, dict)]
    return {"schemas": [*([SCHEMAS[kind]] if kind in SCHEMAS else []), *extensions], **given}


def _refusal(reply: Reply, base_url: str, kind: str) -> AdminError:
    """Why a write was not taken, or what is not known about it."""
    what = {"Users": "user", "Groups": "group"}.get(kind, "resource")
    detail = " ".join(part for part in (said(reply), scim_type(reply)) if part)
    if reply.status == 429:
        return asked_to_wait(reply, base_url)
    if reply.status >= 500 and reply.status != 501:
        return AdminError(
            f"{base_url} is out of order; it cannot be told whether the change took effect.",
            "Look whether it did, then try again; if it stays so, tell the service's support.",
            detail,
        )
    title, remedy = _REFUSALS.get(reply.status, ("{url} refuses the change of a {what}.", "See what the service says."))
    return AdminError(title.format(url=base_url, what=what), remedy, detail)


_REFUSALS = {
    401: ("{url} refuses the API token.", "Copy it again from the service's settings, or regenerate it there."),
    403: ("{url} forbids changes of a {what}.", "Check what the token may do."),
    404: ("{url} has no such {what}.", "It may have been removed: read the service's state again."),
    409: ("{url} has such a {what} already.", "Look it up and update it instead."),
    410: ("{url} has no such {what}.", "It may have been removed: read the service's state again."),
    412: ("The {what} was changed at {url} in between.", "Read it again and decide again."),
    413: ("The change of a {what} is too large for {url}.", "Send fewer values at a time."),
    501: ("{url} does not offer this change of a {what}.", "Make it at the service itself."),
}
