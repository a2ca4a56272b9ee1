"""What active = false does: hidden, disabled, or removed; in every form it is sent in. With --write only."""

from spoke_admin.doctor.checks import About, Check, Examination, Operation, someone, taken
from spoke_admin.doctor.documents import identifier_of
from spoke_admin.doctor.exchanges import quoted
from spoke_admin.doctor.results import Area, Verdict, declared, failed, passed, skipped, warned
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import get, text

EXPECTED = "200 or 204; the user can still be read, with active false."
OKTA_OFF: Operation = {"op": "replace", "value": {"active": False}}


async def _state(exam: Examination, identifier: str) -> str:
    """What became of a user: "active", "disabled", "removed", or the words of a refusal."""
    reply, now = await exam.read("Users", identifier)
    if reply.status in (404, 410):
        return "removed"
    if not reply.ok:
        return f"unreadable ({exam.said(reply)})"
    return "disabled" if text(get(now, "active")).lower() == "false" else "active"


async def _judged(exam: Examination, identifier: str, reply: Reply) -> Verdict:
    """What deactivating did, held against the profile."""
    taken(exam, reply)
    state = await _state(exam, identifier)
    removes = exam.profile.user.deactivation == "removes"
    if state == "removed":
        if removes:
            return declared(f"HTTP {reply.status}, and the account is removed.", exam.profile.user.deactivation_quote)
        return failed(f"HTTP {reply.status}, and the account is removed.", fix="See deactivate_okta.")
    if state == "disabled" and not removes:
        return passed(f"HTTP {reply.status}, and the user is disabled.")
    if state == "disabled":
        return warned("The user is disabled, and the profile says that it is removed.", fix="Correct the profile.")
    return failed(f"HTTP {reply.status}, and the user is {state}.")


@About(
    "deactivate_okta",
    "Deactivating as Okta does it disables the user",
    Area.DEACTIVATING,
    trips="Okta never deletes: everyone who is unassigned is deactivated so. Where that removes the account, its data"
    " goes with it; where it does nothing, people who left still get in.",
    expected=EXPECTED,
    fix="Have active false disable the user and keep it; a service that removes accounts says so in its profile.",
    source="Okta: PATCH /Users/ID {active: false}; RFC 7643, section 4.1.1",
    needs=("create_okta",),
    writes=True,
)
async def deactivate_okta(exam: Examination) -> Verdict:
    identifier = exam.own["okta"]
    return await _judged(exam, identifier, await exam.patch("Users", identifier, OKTA_OFF))


@About(
    "deactivated_is_found",
    "A disabled user is still found",
    Area.DEACTIVATING,
    trips="Okta looks for the person before it makes them again: hidden, they are not found, and then refused as a"
    " duplicate.",
    expected="The user by user name, with active false.",
    fix="Have disabled users shown by lists and filters.",
    source="Okta: reactivation; RFC 7644, section 3.4.2",
    needs=("deactivate_okta",),
    writes=True,
)
async def deactivated_is_found(exam: Examination) -> Verdict:
    identifier = exam.own["okta"]
    reply, now = await exam.read("Users", identifier)
    if not reply.ok:
        return skipped("The account was removed.")
    found_reply, found = await exam.find("/Users", f'userName eq "{quoted(text(get(now, "userName")))}"')
    if any(identifier_of(user) == identifier for user in found):
        return passed("It is.")
    return failed(f"It is hidden: {exam.said(found_reply)}, {len(found)} users.")


@About(
    "reactivate",
    "A disabled user comes back",
    Area.DEACTIVATING,
    trips="Okta and Entra reactivate people who return: refused, they get no account, and no new one either.",
    expected="200 or 204; active true.",
    fix="Have active true taken from disabled users.",
    source="Okta: PATCH /Users/ID {active: true}",
    needs=("deactivate_okta",),
    writes=True,
)
async def reactivate(exam: Examination) -> Verdict:
    identifier = exam.own["okta"]
    if await _state(exam, identifier) == "removed":
        return skipped("The account was removed; the same user name can be made anew.")
    reply = await exam.patch("Users", identifier, {"op": "replace", "value": {"active": True}})
    taken(exam, reply)
    state = await _state(exam, identifier)
    return passed(f"HTTP {reply.status}.") if state == "active" else failed(f"HTTP {reply.status}, and it is {state}.")


@About(
    "deactivate_entra",
    "“False” as a text deactivates, too",
    Area.DEACTIVATING,
    trips="Entra sends active as the text “False”: refused, people who left still get in; read as “some text, so true”,"
    " as well.",
    expected=EXPECTED,
    fix="Have the texts “True” and “False” read as booleans; until then set Entra's flag aadOptscim062020.",
    source="Entra: Replace active “False”",
    needs=("create_entra",),
    writes=True,
)
async def deactivate_entra(exam: Examination) -> Verdict:
    identifier = exam.own["entra"]
    reply = await exam.patch("Users", identifier, {"op": "Replace", "path": "active", "value": "False"})
    return await _judged(exam, identifier, reply)


@About(
    "deactivate_put",
    "Deactivating by PUT disables the user",
    Area.DEACTIVATING,
    trips="Okta's older applications, and providers that only put.",
    expected=EXPECTED,
    fix="Have active false taken in a PUT as in a PATCH.",
    source="RFC 7644, section 3.5.1",
    needs=("users_list",),
    writes=True,
)
async def deactivate_put(exam: Examination) -> Verdict:
    identifier = someone(exam, "full", "again", "location")
    reply, now = await exam.read("Users", identifier)
    if not isinstance(now, dict):
        return failed(f"The user cannot be read: {exam.said(reply)}.")
    reply = await exam.ask.ask("PUT", exam.address("Users", identifier), {**now, "active": False})
    return await _judged(exam, identifier, reply)


CHECKS: tuple[Check, ...] = (deactivate_okta, deactivated_is_found, reactivate, deactivate_entra, deactivate_put)
